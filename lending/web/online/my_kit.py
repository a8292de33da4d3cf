"""My kit: what is due, and when."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from lending.web import current
from lending.web.access import own

bp = Blueprint("my_kit", __name__, url_prefix="/my")


@bp.get("")
@own
def page() -> ResponseReturnValue:
    """What the patron has borrowed."""
    return render_template("online/my_kit.html", me=current.myself())
