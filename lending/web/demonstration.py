"""A library that is a demonstration: what that means, and the way from it to a library of one's own, asked twice.

Source: SCREENS, "removable demo data".
"""

from __future__ import annotations

import flask_login
from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from lending.circulation.demonstration import check_removal, is_demonstration, remove_demonstration
from lending.domain.permissions import Act
from lending.errors import Refused
from lending.paths import set_heads_aside
from lending.web import current, first_run
from lending.web.access import allow
from lending.wording import status_of

bp = Blueprint("demonstration", __name__, url_prefix="/administration/demonstration")


@bp.route("", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def page() -> ResponseReturnValue:
    """Say whether there is one to take away; the first press asks again, the second does it."""
    library, problems, status = current.library(), list[str](), 200
    with library.db.read() as s:
        there = is_demonstration(s)
        try:
            check_removal(s)
        except Refused as refused:
            problems, status = [current.sentence(block) for block in refused.blocks], status_of(refused.blocks)
    asked = request.method == "POST"
    if asked and not problems and request.form.get("sure") == "yes":
        by = current.actor()
        library.db.act(lambda s: remove_demonstration(s, by=by))
        set_heads_aside(library.settings.instance)
        first_run.begin_again()
        flask_login.logout_user()
        session.clear()
        return redirect(url_for("setup.page", code=first_run.code_of(library.settings)), 303)
    given = {"there": there, "asked": asked, "problems": problems if there else []}
    return render_template("demonstration/show.html", **given), status if asked else 200
