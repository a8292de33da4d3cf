"""What a patron has reserved, in a few words for staff: the place in the queue and about when, or where the kit is.

Source: RULES 4; SCREENS, "My place in the queue".
"""

from __future__ import annotations

from flask_babel import gettext as _

from lending.domain.states import ReservationState
from lending.domain.waiting import DayRange
from lending.phrases import RESERVATION_STATES, likely_words
from lending.queries.patrons import PatronShown, ReservationShown
from lending.queries.waiting import waiting_range
from lending.web import current


def reserved(patron: PatronShown) -> dict[str, str]:
    """How each live reservation of a patron stands, by its public id."""
    waits = [one.reservation for one in patron.reservations if one.position is not None]
    with current.library().db.read() as session:
        likely = waiting_range(session, waits, at=current.now())
    return {one.reservation: _stands(one, likely.get(one.reservation)) for one in patron.reservations}


def reserved_openly(patron: PatronShown) -> list[str]:
    """Those for no session, each in a line; a session's are told with its seat."""
    stands = reserved(patron)
    return [
        f"{one.kit_type}, {one.pickup_branch}: {stands[one.reservation]}"
        for one in patron.reservations
        if one.cohort is None
    ]


def _stands(one: ReservationShown, likely: DayRange | None) -> str:
    reader = current.reader()
    if one.position is not None:
        place = _("waiting, number %(position)s in the queue", position=one.position)
        return f"{place}. {likely_words(likely, reader)}" if likely is not None else str(place)
    if one.ready_until is not None and one.state is ReservationState.READY:
        return str(_("ready to pick up until %(day)s", day=reader.day(one.ready_until)))
    return str(_(RESERVATION_STATES[one.state]))
