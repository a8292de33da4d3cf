"""A record is erased: what stands against it, what it means, and the second tap. Source: RULES 8, "erasure"."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation.erasure import against_erasure, erase
from lending.circulation.patrons import find_patron
from lending.domain.actors import Actor
from lending.domain.names import short_name
from lending.domain.permissions import Act
from lending.errors import Block, Reason
from lending.ledger_key import LedgerKeyLost
from lending.queries.privacy_requests import asked_at
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm
from lending.web.posting import posted, status
from lending.web.privacy.copies import copies, gone_on

bp = Blueprint("erasing", __name__, url_prefix="/patrons")


@bp.route("/<public_id>/erasure", methods=["GET", "POST"])
@allow(Act.MERGE_PATRONS)
def page(public_id: str) -> ResponseReturnValue:
    """Say what erasing a record means and what stands against it; erase it."""
    form = KeyedForm()
    try:
        seal = current.library().name_seal()
    except LedgerKeyLost:
        form.form_errors.append(current.sentence(Block(Reason.LEDGER_KEY_LOST)))
        seal = None

    def do(session: Session, at: datetime, by: Actor) -> None:
        assert seal is not None  # noqa: S101 - the form is not read without one
        erase(session, patron=public_id, seal=seal, at=at, by=by)

    if seal is not None and posted(form, do):
        flash(_("The record is erased. Nothing here names the person any more."), "done")
        return redirect(url_for("patrons.index"), 303)
    with current.library().db.read() as session:
        found = find_patron(session, public_id)
        against = [current.sentence(block) for block in against_erasure(session, found.id)]
        asked = asked_at(session, found.id)
    reader = current.reader()
    return render_template(
        "privacy/erase.html",
        form=form,
        name=found.name,
        short=short_name(found.name),
        asked=None if asked is None else reader.day_and_year(asked),
        against=against,
        sentences=_means(),
        may=not against and seal is not None,
        back=url_for("patrons.show", public_id=public_id),
    ), status(form)


def _means() -> list[str]:
    """What erasing means, in the words for whoever does it."""
    found = [
        _("Name, address, contacts, PIN and card numbers are emptied, and nobody can bring them back."),
        _("Their places in line and their seats end, and go to the next person."),
        _("Loans and attendance stay for counting, without a name."),
        _("For equipment that federal ECF money paid for, the name is sealed first, as the law asks for."),
    ]
    kept = copies(current.library())
    if kept:
        day = current.reader().day_and_year(gone_on(current.library(), current.today()))
        found.append(_("Copies of the database hold the name until %(day)s.", day=day))
    return found
