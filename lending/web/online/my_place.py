"""My place: what the patron waits for, what is kept for them and where, and their seats in sessions.

Leaving a queue or a session takes two taps: the second one stands on a page that says what it means. Source: SCREENS,
"My place in the queue"; RULES 4; issue "Patrons reserve online", Build 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation.reserving import cancel as cancel_reservation
from lending.domain.states import EnrolmentState, ReservationState
from lending.domain.waiting import DayRange
from lending.errors import Reason, Refused
from lending.mail.calendars import Event
from lending.models.base import new_public_id
from lending.phrases import Reader, likely_words, one_stop
from lending.programs.offers import accept_offer
from lending.programs.requeue import requeue
from lending.programs.withdrawal import withdraw
from lending.queries.borrowers_data import current_card
from lending.queries.borrowers_places import (
    MyReservation,
    MySeat,
    calendars,
    my_reservation,
    my_reservations,
    my_seat,
)
from lending.queries.enrolments import KitStanding, Standing, standings
from lending.queries.waiting import waiting_range
from lending.web import current
from lending.web.access import own
from lending.web.online import files
from lending.web.online.opening import opening_words
from lending.web.posting import Doing, NotDone, pressed

bp = Blueprint("my_place", __name__, url_prefix="/my")

Likely = Mapping[str, DayRange | None]
"""Between which days a kit may come, by reservation; ``None`` where too little is known."""

CANCELLED = "cancelled by the patron"
"""Why a reservation ended, for staff."""


@bp.get("/place")
@own
def page() -> ResponseReturnValue:
    """Every reservation and every seat of the patron."""
    return _page()


def _page(not_done: NotDone = NotDone()) -> ResponseReturnValue:
    me, today = current.myself(), current.today()
    with current.library().db.read() as session:
        seats = standings(session, me.patron_id, today=today)
        reserved = my_reservations(session, me.patron_id)
        hours = calendars(session, reserved, since=today)
        reference = current_card(session, me.patron_id) if me.is_provisional else None
        likely = waiting_range(session, [one.reservation for one in reserved if one.position], at=current.now())
    of_seat = {one.enrolment: one for one in reserved if one.enrolment is not None}
    names = {one.seat.id for one in seats}
    page = render_template(
        "online/place.html",
        seats=[_seat(one, of_seat.get(one.seat.id), hours, likely) for one in seats],
        reservations=[_reservation(one, hours, likely) for one in reserved if one.enrolment not in names],
        reference=reference,
        problems=not_done.sentences,
        key=new_public_id(),
    )
    return page, not_done.status


@bp.get("/place/<reservation>.ics")
@own
def file(reservation: str) -> ResponseReturnValue:
    """The time in which a kit may be picked up, for the patron's own calendar."""
    found = _mine(reservation)
    if found.ready_at is None or found.ready_until is None:
        raise Refused.because(Reason.NOT_FOUND)
    where = ", ".join(text for text in (found.branch, found.branch_address) if text)
    what = _("Bring your library card. Your code is %(code)s.", code=found.code)
    event = Event(found.reservation, _("Pick up your kit"), where, found.ready_at, found.ready_until, what)
    return files.calendar(event, name=_("Library kit"), file="pick-up")


@bp.route("/place/<reservation>/cancel", methods=["GET", "POST"])
@own
def cancel(reservation: str) -> ResponseReturnValue:
    """Give a reservation up; the page before says what that means."""
    found = _mine(reservation)
    return _sure(
        lambda session, at, by: cancel_reservation(
            session, reservation=found.reservation, reason=CANCELLED, at=at, by=by
        ),
        told=_("Your reservation is canceled. The kit goes to the next person."),
        heading=_("Cancel your reservation?"),
        sentences=_of_cancelling(found),
        button=_("Yes, cancel it"),
    )


@bp.route("/sessions/<enrolment>/leave", methods=["GET", "POST"])
@own
def leave(enrolment: str) -> ResponseReturnValue:
    """Leave a session or its waiting list; the page before says what that means."""
    found = _my_seat(enrolment)
    return _sure(
        lambda session, at, by: withdraw(session, enrolment=found.enrolment, at=at, by=by),
        told=_("You have left %(session)s.", session=found.cohort),
        heading=_("Leave %(session)s?", session=found.cohort),
        sentences=[
            _("Your seat goes to the next person."),
            _("If a kit is kept for you, it goes to the next person too."),
            _("If you have a kit of this session, we will tell you when to bring it back."),
        ],
        button=_("Yes, leave it"),
    )


@bp.post("/sessions/<enrolment>/accept")
@own
def accept(enrolment: str) -> ResponseReturnValue:
    """Take a seat that is offered."""
    found = _my_seat(enrolment)
    return _button(
        lambda session, at, by: accept_offer(session, enrolment=found.enrolment, at=at, by=by),
        _("You have a seat in %(session)s.", session=found.cohort),
    )


@bp.post("/sessions/<enrolment>/kit")
@own
def ask(enrolment: str) -> ResponseReturnValue:
    """Ask for a kit of the session again, at the end of the queue."""
    found = _my_seat(enrolment)
    return _button(
        lambda session, at, by: requeue(session, enrolment=found.enrolment, at=at, by=by),
        _("You are in the queue for a kit."),
    )


def _button(do: Doing, told: str) -> ResponseReturnValue:
    not_done = pressed(do)
    if not_done is not None:
        return _page(not_done)
    flash(told, "done")
    return redirect(url_for("my_place.page"), 303)


def _sure(do: Doing, *, told: str, heading: str, sentences: list[str], button: str) -> ResponseReturnValue:
    """Ask once more, and on the second tap do it."""
    if request.method == "POST":
        return _button(do, told)
    return render_template(
        "online/sure.html",
        heading=heading,
        sentences=sentences,
        button=button,
        back=url_for("my_place.page"),
        key=new_public_id(),
        tab="place",
    )


def _of_cancelling(found: MyReservation) -> list[str]:
    said = [_("You give up your place in the queue.") if found.position else _("The kit goes to the next person.")]
    if found.cohort is not None:
        said.append(_("You keep your seat in %(session)s.", session=found.cohort))
    return [*said, _("If you want a kit later, you begin at the end of the queue.")]


def _mine(reservation: str) -> MyReservation:
    """The patron's own reservation; somebody else's is none at all."""
    with current.library().db.read() as session:
        found = my_reservation(session, current.myself().patron_id, reservation)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def _my_seat(enrolment: str) -> MySeat:
    with current.library().db.read() as session:
        found = my_seat(session, current.myself().patron_id, enrolment)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def _reservation(one: MyReservation, hours: Any, likely: Likely) -> dict[str, Any]:
    reader = Reader(current.reader().gettext, current.locale(), one.zone)
    is_ready = one.state is ReservationState.READY
    waits = one.state is ReservationState.WAITING
    return {
        "id": one.reservation,
        "what": one.cohort or one.kit_type,
        "kit_type": one.kit_type,
        "waits": waits,
        "is_ready": is_ready,
        "lead": _lead(one),
        "big": _("number %(n)s", n=one.position) if waits else (one.code if is_ready else _("It is kept for you")),
        "likely": likely_words(likely.get(one.reservation), reader),
        "rest": _rest(one, reader),
        "code": one.code,
        "branch": one.branch,
        "branch_phone": one.branch_phone,
        "branch_address": one.branch_address,
        "hours": opening_words(hours[one.branch_id], current.today(), reader) if not waits else [],
        "has_file": is_ready and one.ready_at is not None,
    }


def _lead(one: MyReservation) -> str:
    if one.state is ReservationState.WAITING:
        return str(_("In the queue for a kit you are"))
    if one.state is ReservationState.READY:
        return str(_("Your kit is ready. Your code is"))
    return str(_("A kit is reserved for you."))


def _rest(one: MyReservation, reader: Reader) -> str:
    if one.state is ReservationState.WAITING:
        return str(_("We will tell you when it is your turn. You need not do anything."))
    if one.state is ReservationState.READY and one.ready_until is not None:
        until = {"day": reader.weekday(one.ready_until), "hour": reader.hour(one.ready_until)}
        return one_stop(_("Pick it up by %(day)s, before %(hour)s.", **until))
    if one.pickup_from is not None and one.pickup_from > current.today():
        return str(_("We tell you when it is ready, from %(day)s on.", day=reader.weekday(one.pickup_from)))
    return str(_("We are making it ready. Please wait for our message before you come."))


def _seat(one: Standing, kit: MyReservation | None, hours: Any, likely: Likely) -> dict[str, Any]:
    seat = one.seat
    reader = Reader(current.reader().gettext, current.locale(), seat.zone)
    is_offered = seat.seat is EnrolmentState.OFFERED
    return {
        "id": seat.id,
        "session": one.session,
        "words": _seat_words(one, reader),
        "is_offered": is_offered,
        "kit": None if kit is None else _reservation(kit, hours, likely),
        "has_kit": seat.kit is KitStanding.OUT,
        "may_ask": seat.seat is EnrolmentState.ENROLLED and seat.kit is KitStanding.NONE and seat.went_on_to is None,
    }


def _seat_words(one: Standing, reader: Reader) -> str:
    seat = one.seat
    if seat.seat is EnrolmentState.WAITING:
        return str(_("You are number %(n)s on the waiting list for a seat.", n=seat.position))
    if seat.seat is EnrolmentState.OFFERED and seat.offered_until is not None:
        return str(_("A seat is yours if you take it by %(moment)s.", moment=reader.moment(seat.offered_until)))
    return str(_("You have a seat."))
