"""What is reserved: the reference, the code for the pick-up, what happens next, what to bring, and when it is open.

Source: issue "Patrons reserve online", Build 2; SCREENS, "confirmation with a reference".
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from lending.domain.states import LIVE_ENROLMENTS, EnrolmentState, ReservationState
from lending.mail.calendars import Event
from lending.phrases import Reader
from lending.programs.hearing import note_heard
from lending.queries.confirmations import Confirmation, confirmation
from lending.web import current, heard
from lending.web.access import own
from lending.web.acting import act_once
from lending.web.forms import KeyedForm
from lending.web.hours import week_in_words
from lending.web.online import files

bp = Blueprint("confirmed", __name__, url_prefix="/reserve")


class HeardForm(KeyedForm):
    """How somebody heard, asked once everything is done, so that it is one question less before."""

    heard = SelectField(heard.ASKED, default="", validators=[Optional()])


@bp.get("/confirmed/<made>")
@own
def page(made: str) -> ResponseReturnValue:
    """What one patron reserved; somebody else's is not there."""
    found = _mine(made)
    form = HeardForm() if _is_to_ask(found) else None
    if form is not None:
        form.heard.choices = [SelectChoice(*choice) for choice in heard.choices(_("I would rather not say"))]
    return render_template("online/reserve/confirmed.html", it=_shown(found), form=form)


@bp.post("/confirmed/<made>/heard")
@own
def said(made: str) -> ResponseReturnValue:
    """Count how they heard of the session, once; whatever is sent again changes nothing."""
    found = _mine(made)
    told = heard.read(request.form.get("heard"))
    if told is not None and _is_to_ask(found):
        act_once(lambda session, at, by: note_heard(session, enrolment=made, heard=told, at=at, by=by))
        flash(_("Thank you for telling us."), "done")
    return redirect(url_for(".page", made=made), 303)


def _is_to_ask(found: Confirmation) -> bool:
    """Whether a seat was reserved, and nobody counted yet how its person heard."""
    return found.seat in LIVE_ENROLMENTS and not found.has_told_how


@bp.get("/confirmed/<made>/calendar.ics")
@own
def calendar(made: str) -> ResponseReturnValue:
    """The first day of the pick-up, for the reader's own calendar; there is none before anybody knows it."""
    found = _mine(made)
    day = found.pickup_day(current.today())
    if day is None:
        abort(404)
    title = _("Pick up your kit: %(session)s", session=found.name)
    where = ", ".join(text for text in (found.library, found.address) if text)
    opening, closing = found.calendar.opening_at(day), found.calendar.closing_at(day)
    return files.calendar(Event(f"pickup-{found.made}", title, where, opening, closing), name=title, file="pick-up")


def _mine(made: str) -> Confirmation:
    with current.library().db.read() as session:
        found = confirmation(session, current.myself().patron_id, made, at=current.now())
    if found is None:
        abort(404)
    return found


def _shown(found: Confirmation) -> dict[str, Any]:
    reader = Reader(current.reader().gettext, current.locale(), found.zone)
    return {
        "made": found.made,
        "name": found.name,
        "headline": _headline(found),
        "says": list(_says(found, reader)),
        "reference": found.reference or found.made,
        "is_provisional": found.reference is not None,
        "pickup_code": found.pickup_code if found.is_to_come else None,
        "bring": _bring(found) if found.kit is None or found.is_to_come else [],
        "next": _next(found, reader),
        "library": found.library,
        "address": found.address,
        "phone": found.phone,
        "hours": week_in_words(found.calendar.hours),
        "has_calendar": found.pickup_day(current.today()) is not None,
    }


def _headline(found: Confirmation) -> str:
    if found.seat is EnrolmentState.WAITING:
        return str(_("You are on the waiting list"))
    if found.seat is EnrolmentState.OFFERED:
        return str(_("A seat is offered to you"))
    if found.seat is not None:
        return str(_("You have a seat") if found.seat is EnrolmentState.ENROLLED else _("Your seat has ended"))
    without_a_seat = {
        ReservationState.WAITING: _("You are in line for a kit"),
        ReservationState.PICKED_UP: _("You picked up your kit"),
        ReservationState.EXPIRED: _("Your reservation has ended"),
        ReservationState.CANCELLED: _("Your reservation was canceled"),
    }
    return str(
        _("Your kit is reserved") if found.kit is None else without_a_seat.get(found.kit, _("Your kit is reserved"))
    )


def _says(found: Confirmation, reader: Reader) -> Any:
    """How the seat and the kit stand, each in a sentence."""
    if found.seat is EnrolmentState.WAITING:
        yield _("You are number %(n)s on the waiting list for a seat.", n=found.seat_position)
    elif found.seat is EnrolmentState.ENROLLED and found.starts_on is not None:
        day = reader.day_and_year(found.starts_on)
        if found.starts_on <= current.today():
            yield _("%(session)s began on %(day)s.", session=found.name, day=day)
        else:
            yield _("%(session)s begins on %(day)s.", session=found.name, day=day)
    if found.kit is ReservationState.WAITING:
        yield _("You are number %(n)s in line for a kit.", n=found.kit_position)
    elif found.kit in (ReservationState.PROMISED, ReservationState.PULLING, ReservationState.IN_TRANSIT):
        yield _("A kit is kept for you.")
    elif found.kit is ReservationState.READY and found.ready_until is not None:
        yield _("Your kit is ready. Pick it up by %(moment)s.", moment=reader.moment(found.ready_until))


def _next(found: Confirmation, reader: Reader) -> list[str]:
    steps = []
    if found.seat is EnrolmentState.WAITING:
        steps.append(_("When a seat is free for you, we tell you. You need not do anything."))
    elif found.seat is EnrolmentState.OFFERED:
        steps.append(_("Take the seat on the page My place, or it goes to the next person."))
    if found.kit is ReservationState.WAITING:
        steps.append(_("When it is your turn for a kit, we tell you."))
    elif found.kit is ReservationState.PROMISED:
        steps.append(_("We make your kit ready and tell you when you can pick it up."))
    day = found.pickup_day(current.today())
    if day is not None and found.kit is ReservationState.PROMISED:
        steps.append(_("You can pick it up from %(day)s on.", day=reader.day(day)))
    if found.is_given_up:
        steps.append(_("No kit is kept for you now. The page My place shows what you can do."))
    else:
        steps.append(_("Bring the kit back to the desk, never to the book drop."))
    return [str(step) for step in steps]


def _bring(found: Confirmation) -> list[str]:
    if found.reference is not None:
        things = [
            _("A proof of who you are and where you live, such as a driver's license or a letter to you."),
            _("Your reference %(reference)s.", reference=found.reference),
            _("Your library card, if you have one at home."),
        ]
    else:
        things = [_("Your library card.")]
    if found.pickup_code is not None:
        things.append(_("The code %(code)s: it stands on the bag instead of your name.", code=found.pickup_code))
    if found.needs_guardian:
        things.append(_("A parent or guardian: you are under age, and they have to agree."))
    return [str(thing) for thing in things]
