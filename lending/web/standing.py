"""How somebody stands in a session, in a few words: the seat, and where the kit is.

Source: RULES 4; SCREENS, "Desk".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from lending.domain.states import EnrolmentState
from lending.phrases import Reader
from lending.programs.enrolment import Enrolled, Kit
from lending.queries.enrolments import KitStanding, SeatShown, Standing


def standing(one: Standing, reader: Reader) -> str:
    """``Work Ready 7: has a seat; number 3 in line for a kit``."""
    return f"{one.session}: {_seat(one.seat, reader)}; {_kit(one, reader)}"


def standing_with_a_kit(one: Standing, reader: Reader) -> str:
    """The same for somebody who was handed a kit since: what was promised or lay ready waits for them no longer."""
    if one.seat.kit in (KitStanding.PROMISED, KitStanding.READY):
        return f"{one.session}: {_seat(one.seat, reader)}"
    return standing(one, reader)


def enrolled_words(joined: Enrolled, patron: str, session: str) -> list[str]:
    """What is told of an enrolment in a session (its name): the seat and the kit, each with the place in line."""
    if joined.seat is EnrolmentState.ENROLLED:
        told = [_("%(patron)s has a seat in %(session)s.", patron=patron, session=session)]
    else:
        given = {"patron": patron, "n": joined.seat_position, "session": session}
        told = [_("%(patron)s is number %(n)s on the waiting list of %(session)s.", **given)]
    if joined.kit is Kit.PROMISED:
        told.append(_("A kit is promised."))
    elif joined.kit is Kit.WAITING:
        told.append(_("For a kit they are number %(n)s in line.", n=joined.kit_position))
    return told


def seat_words(seat: SeatShown, reader: Reader) -> str:
    """How somebody's seat stands, on their session's roster."""
    if seat.seat is EnrolmentState.WAITING:
        return str(_("waits, number %(n)s", n=seat.position))
    if seat.seat is EnrolmentState.OFFERED and seat.offered_until is not None:
        return str(_("offered until %(moment)s", moment=reader.moment(seat.offered_until)))
    words: Mapping[Any, str] = {
        EnrolmentState.ENROLLED: _("has a seat"),
        EnrolmentState.COMPLETED: _("has completed it"),
        EnrolmentState.WITHDRAWN: _("has left"),
        EnrolmentState.DROPPED: _("was dropped"),
        EnrolmentState.TRANSFERRED: _("went to another session"),
    }
    return str(words[seat.seat])


def kit_words(seat: SeatShown, reader: Reader) -> str:
    """Where somebody's kit is, on their session's roster."""
    if seat.kit is KitStanding.OUT and seat.due_at is not None:
        return str(_("out, due %(day)s", day=reader.day(seat.due_at)))
    if seat.kit is KitStanding.WAITING:
        return str(_("waits, number %(n)s", n=seat.kit_position))
    if seat.kit is KitStanding.NONE and seat.went_on_to is not None:
        return str(_("went on to %(session)s", session=seat.went_on_to))
    words: Mapping[Any, str] = {
        KitStanding.NONE: _("no kit"),
        KitStanding.PROMISED: _("promised"),
        KitStanding.READY: _("ready on the shelf"),
        KitStanding.BACK: _("back"),
    }
    return str(words.get(seat.kit, _("out")))


def _seat(seat: SeatShown, reader: Reader) -> str:
    if seat.seat is EnrolmentState.WAITING:
        return str(_("number %(n)s on the waiting list", n=seat.position))
    if seat.seat is EnrolmentState.OFFERED and seat.offered_until is not None:
        return str(_("a seat is offered until %(day)s", day=reader.day(seat.offered_until)))
    return seat_words(seat, reader)


def _kit(one: Standing, reader: Reader) -> str:
    seat = one.seat
    if seat.kit is KitStanding.WAITING:
        return str(_("number %(n)s in line for a kit", n=seat.kit_position))
    if seat.kit is KitStanding.PROMISED:
        return str(_("a kit is promised at %(branch)s", branch=one.branch))
    if seat.kit is KitStanding.READY and one.ready_until is not None:
        day = reader.day(one.ready_until)
        given = {"kit": seat.barcode, "branch": one.branch, "day": day, "code": seat.code}
        return str(_("%(kit)s is ready at %(branch)s until %(day)s, code %(code)s", **given))
    if seat.kit is KitStanding.OUT and seat.due_at is not None:
        return str(_("%(kit)s is out, due %(day)s", kit=seat.barcode, day=reader.day(seat.due_at)))
    if seat.kit is KitStanding.BACK:
        return str(_("%(kit)s is back", kit=seat.barcode))
    return kit_words(seat, reader)
