"""The workshops of the patron's sessions: when and where, each for their own calendar, or all of them at one address.

Source: SCREENS, "Patron pages"; INTERFACES, "Calendar feeds".
"""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from lending.errors import Reason, Refused
from lending.mail.calendars import Event
from lending.phrases import Reader
from lending.queries.borrowers_loans import kits_in_hand
from lending.queries.borrowers_workshops import (
    CalendarOwner,
    calendar_owner,
    my_workshop,
    my_workshops,
    session_workshops,
)
from lending.web import current, languages
from lending.web.access import own, public
from lending.web.online import files
from lending.web.online.workshop_words import event, told

bp = Blueprint("my_workshops", __name__)


@bp.get("/my/workshops")
@own
def page() -> ResponseReturnValue:
    """Every workshop of the patron's sessions, those to come first."""
    me, at, reader = current.myself(), current.now(), current.reader()
    with current.library().db.read() as session:
        found = my_workshops(session, me.patron_id, until=current.today())
    token = files.token_of(me.public_id, me.session_version)
    return render_template(
        "online/workshops.html",
        coming=[told(one, reader) for one in found if one.ends_at > at],
        past=[told(one, reader) for one in found if one.ends_at <= at],
        feed=url_for("my_workshops.feed", token=token, _external=True),
    )


@bp.get("/my/workshops/<workshop>.ics")
@own
def file(workshop: str) -> ResponseReturnValue:
    """One workshop for the patron's own calendar."""
    with current.library().db.read() as session:
        found = my_workshop(session, current.myself().patron_id, workshop)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return files.calendar(event(found, current.reader()), name=found.session, file=f"workshop-{found.n}")


@bp.get("/calendar/<token>.ics")
@public
def feed(token: str) -> ResponseReturnValue:
    """All workshops and due days of one patron, or the workshops of one session, which name nobody."""
    public_id = files.owner_in(token)
    with current.library().db.read() as session:
        if public_id is None:
            found = session_workshops(session, token)
            if found is None:
                raise Refused.because(Reason.NOT_FOUND)
            return files.calendar(*(event(one, current.reader()) for one in found[1]), name=found[0])
        owner = calendar_owner(session, public_id)
    if owner is None or not files.is_genuine(token, owner.public_id, owner.session_version):
        raise Refused.because(Reason.NOT_FOUND)
    language = owner.language if owner.language in languages.codes() else languages.SOURCE
    with force_locale(language):
        return files.calendar(*_events(owner), name=_("Library kit"))


def _events(owner: CalendarOwner) -> list[Event]:
    """What belongs into a patron's calendar: no kit's code, no name of theirs."""
    reader = Reader(_, owner.language)
    with current.library().db.read() as session:
        workshops = my_workshops(session, owner.patron_id, until=current.now().date())
        loans = [one for one in kits_in_hand(session, owner.patron_id) if one.is_out]
    due = [Event(f"due-{one.loan}", _("Bring the kit back"), one.branch, one.due_at, one.due_at) for one in loans]
    return [*(event(one, reader) for one in workshops), *due]
