"""A code for a new PIN, given at the desk to a patron who showed who they are, and read aloud.

Source: issue "Patrons reserve online", Build 1 ("reset by e-mail, text or at the desk").
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lending.circulation.pin_codes import CodeGiven, give_code
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.queries import patrons as queries
from lending.web import current
from lending.web.access import allow
from lending.web.acting import act_once

bp = Blueprint("pin_at_desk", __name__, url_prefix="/patrons")


@bp.post("/<public_id>/pin-code")
@allow(Act.CHANGE_PATRON)
def give(public_id: str) -> ResponseReturnValue:
    """Show a code, once: the same button pressed again leads back to the patron."""
    with current.library().db.read() as session:
        patron = queries.patron_shown(session, public_id, branch_ids=current.branch_ids())
    if patron is None:
        raise Refused.because(Reason.NOT_FOUND)
    key = current.library().settings.secret_key
    given: CodeGiven | None = act_once(lambda s, at, by: give_code(s, patron=public_id, key=key, at=at, by=by))
    if given is None:
        return redirect(url_for("patrons.show", public_id=public_id), 303)
    return render_template(
        "patrons/pin_code.html",
        patron={"short_name": patron.short_name, "url": url_for("patrons.show", public_id=public_id)},
        code=f"{given.code[:3]} {given.code[3:]}",
        until=current.reader().moment(given.until),
        address=url_for("pin_codes.code", _external=True),
    )
