"""The first page: what the library lends, for everybody; the desk, for the people who work at it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lending.domain.permissions import Act
from lending.web import current
from lending.web.access import public

bp = Blueprint("start", __name__)


@bp.get("/")
@public
def page() -> ResponseReturnValue:
    """What a kit is and where one is free; staff are sent to the desk, or to the search if they do not circulate."""
    if current.staff() is not None:
        return redirect(url_for("desk.desk") if current.may_anywhere(Act.CIRCULATE) else url_for("desk.search"))
    return render_template("online/start.html")
