"""Help, in the same place on every page."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from lending.web import current
from lending.web.access import public

bp = Blueprint("help", __name__)


@bp.get("/help")
@public
def show() -> ResponseReturnValue:
    """For staff what each screen is for, the keys, and whom to ask; for everybody else how to get a kit."""
    return render_template("online/help.html" if current.staff() is None else "help/show.html")
