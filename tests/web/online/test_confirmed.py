"""What a confirmation says when somebody comes back to it: how things stand now, and not how they stood."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.states import EnrolmentState, ReservationState
from lending.models.cohorts import Cohort, Enrolment
from lending.models.people import Patron
from lending.models.reservations import Reservation
from tests.cast import ADA, NOW, Cast
from tests.web.browsers import Browser, signed_in_with_card


def shown(browser: Browser, made: str) -> str:
    answer = browser.get(f"/reserve/confirmed/{made}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True).partition("<main")[2]


def move(database: Database, reservation: str, state: ReservationState) -> str:
    """Bring a reservation into a state; gives its code for the pick-up."""

    def work(session: Session) -> str:
        row = session.scalars(select(Reservation).where(Reservation.public_id == reservation)).one()
        row._state = state
        return str(row.pickup_code)

    return database.act(work)


@pytest.mark.parametrize(
    ("state", "headline"),
    [
        (ReservationState.EXPIRED, "Your reservation has ended"),
        (ReservationState.CANCELLED, "Your reservation was canceled"),
        (ReservationState.PICKED_UP, "You picked up your kit"),
    ],
)
def test_what_is_over_is_not_said_to_be_kept(
    ada: Browser, sqlite_database: Database, reserved: str, state: ReservationState, headline: str
) -> None:
    code = move(sqlite_database, reserved, state)
    page = shown(ada, reserved)
    assert headline in page
    for over in ("Your kit is reserved", code, "What to bring", "to my calendar"):
        assert over not in page


def test_a_seat_whose_kit_nobody_picked_up_stays_a_seat(
    ada: Browser, sqlite_database: Database, seat: str, kept_for_ada: str
) -> None:
    assert "to my calendar" in shown(ada, seat)
    move(sqlite_database, kept_for_ada, ReservationState.EXPIRED)
    page = shown(ada, seat)
    assert "You have a seat" in page
    assert "No kit is kept for you now." in page
    assert "to my calendar" not in page
    assert ada.get(f"/reserve/confirmed/{seat}/calendar.ics").status_code == 404


def test_who_is_offered_a_seat_is_told_where_to_take_it(ada: Browser, sqlite_database: Database, seat: str) -> None:
    until = NOW + timedelta(days=2)
    offered = update(Enrolment).values(_state=EnrolmentState.OFFERED, offered_until=until)
    sqlite_database.act(lambda s: s.execute(offered.where(Enrolment.public_id == seat)))
    page = shown(ada, seat)
    assert "A seat is offered to you" in page
    assert "Take the seat on the page My place" in page


def test_a_session_that_runs_is_not_said_to_begin(
    ada: Browser, sqlite_database: Database, cast: Cast, seat: str
) -> None:
    """On its first day it has begun; on the day before, it begins."""
    for starts_on, told in ((NOW.date(), "began on"), (NOW.date() + timedelta(days=1), "begins on")):
        moved = update(Cohort).values(starts_on=starts_on).where(Cohort.id == cast.cohort)
        sqlite_database.act(lambda s, moved=moved: s.execute(moved))
        assert f"Work Ready 7 {told} " in shown(ada, seat)


def test_somebody_comes_of_age_at_midnight_of_the_library(
    ada: Browser, sqlite_database: Database, clock: MovingClock, cast: Cast, reserved: str
) -> None:
    """Nine in the evening of March 3 is March 4 by UTC."""
    born = date(2008, 3, 4)
    sqlite_database.act(lambda s: s.execute(update(Patron).where(Patron.id == cast.ada_id).values(birth_date=born)))
    clock.set(datetime(2026, 3, 4, 5, tzinfo=UTC))
    assert "A parent or guardian" in shown(signed_in_with_card(ada, ADA), reserved)
    clock.set(datetime(2026, 3, 4, 18, tzinfo=UTC))
    assert "A parent or guardian" not in shown(signed_in_with_card(ada, ADA), reserved)
