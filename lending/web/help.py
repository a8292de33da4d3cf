"""Help, in the same place on every page."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from lending.web.access import public

bp = Blueprint("help", __name__)


@bp.get("/help")
@public
def show() -> ResponseReturnValue:
    """What each screen is for, the keys, and whom to ask."""
    return render_template("help/show.html")
