"""Verifying somebody who asked online without a card: what they said of themselves, to hold beside their papers.

One scan: a new card, or the one that they have already. Source: issue "Patrons reserve online", Build 1.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from lending.circulation.patrons import note_look
from lending.circulation.verifying import Verified, verify
from lending.domain.barcodes import is_provisional, read
from lending.domain.permissions import Act
from lending.queries import patrons as queries
from lending.queries.patrons import PatronShown
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm
from lending.web.posting import posted, status

bp = Blueprint("verifying", __name__, url_prefix="/patrons")


class VerifyForm(KeyedForm):
    """The card of somebody who has shown who they are."""

    card = StringField(
        lazy_gettext("Library card"),
        description=lazy_gettext("Scan their own card if they have one, else a new card. It cannot be undone."),
        validators=[InputRequired(lazy_gettext("Fill this in.")), Length(max=80)],
    )


@bp.route("/<public_id>/verify", methods=["GET", "POST"])
@allow(Act.CHANGE_PATRON)
def page(public_id: str) -> ResponseReturnValue:
    """What they said, and the scan that verifies it. Looking at contact details is journalled."""
    patron, form = _patron(public_id), VerifyForm()
    done: list[Verified] = []

    def do(session: Any, at: Any, by: Any) -> None:
        card = read(form.card.data, current.spaces())
        done[:] = [verify(session, patron=public_id, card=card, at=at, by=by)]

    if posted(form, do):
        if done and done[0].had_a_card:
            flash(_("Verified. What they asked for is on the card that they have."), "done")
        else:
            flash(_("Verified. The new card is theirs."), "done")
        return redirect(url_for("patrons.show", public_id=done[0].patron if done else public_id), 303)
    if patron.card is None or not is_provisional(patron.card):
        return redirect(url_for("patrons.show", public_id=public_id), 303)
    by, at = current.actor(at_station=current.station()), current.now()
    current.library().db.act(lambda session: note_look(session, patron=public_id, at=at, by=by))
    return render_template("patrons/verify.html", form=form, patron=_shown(patron)), status(form)


def _patron(public_id: str) -> PatronShown:
    with current.library().db.read() as session:
        found = queries.patron_shown(session, public_id, branch_ids=current.branch_ids())
    if found is None:
        abort(404)
    return found


def _shown(patron: PatronShown) -> dict[str, Any]:
    reader = current.reader()
    wishes = [_("%(session)s, a seat", session=one.cohort) for one in patron.enrolments]
    wishes += [_("%(kit)s at %(branch)s", kit=one.kit_type, branch=one.pickup_branch) for one in patron.reservations]
    return {
        "name": patron.name,
        "reference": patron.card,
        "birth_date": reader.birthday(patron.birth_date) if patron.birth_date else None,
        "contact": patron.email or patron.phone,
        "asked_on": reader.day_and_year(patron.created_at),
        "wishes": wishes,
        "back_url": url_for("patrons.show", public_id=patron.patron),
        "edit_url": url_for("patrons.edit", public_id=patron.patron),
    }
