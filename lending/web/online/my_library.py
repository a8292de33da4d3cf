"""Another library for the pick-up, while one waits. Source: issue "Patrons reserve online", Build 2."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from wtforms import RadioField
from wtforms.validators import InputRequired

from lending.domain.states import ReservationState
from lending.errors import Reason, Refused
from lending.programs.another_library import pick_up_elsewhere
from lending.queries.borrowers_places import Elsewhere, elsewhere, my_reservation
from lending.web import current
from lending.web.access import own
from lending.web.forms import KeyedForm, offer
from lending.web.posting import posted, status

bp = Blueprint("my_library", __name__, url_prefix="/my")


class LibraryForm(KeyedForm):
    """Where a kit is to be picked up."""

    branch = RadioField(lazy_gettext("Library"), validators=[InputRequired(lazy_gettext("Choose one of the list."))])


@bp.route("/place/<reservation>/library", methods=["GET", "POST"])
@own
def page(reservation: str) -> ResponseReturnValue:
    """Wait at another library; the place there is a new one."""
    form = LibraryForm()
    with current.library().db.read() as session:
        found = my_reservation(session, current.myself().patron_id, reservation)
        if found is None or found.state is not ReservationState.WAITING:
            raise Refused.because(Reason.NOT_FOUND)
        others = elsewhere(session, found)
    ids = {one.code: one.branch_id for one in others}
    offer(form.branch, [(one.code, _label(one)) for one in others])

    def do(session: Any, at: Any, by: Any) -> None:
        pick_up_elsewhere(session, reservation=reservation, pickup_branch_id=ids[form.branch.data], at=at, by=by)

    if posted(form, do):
        flash(_("You wait at the other library now."), "done")
        return redirect(url_for("my_place.page"), 303)
    return render_template("online/library.html", form=form, mine=found, others=bool(others)), status(form)


def _label(one: Elsewhere) -> str:
    if not one.waiting:
        return str(_("%(library)s: nobody waits there", library=one.name))
    waiting = ngettext("%(num)s person waits there", "%(num)s people wait there", one.waiting)
    return f"{one.name}: {waiting}"
