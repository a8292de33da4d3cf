"""My place: in line, kept, ready; given up in two taps; a seat taken or left; another library."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.shelf import capture
from lending.db import Database
from lending.domain.states import EnrolmentState, ReservationState
from lending.models.cohorts import Enrolment
from lending.models.people import Patron
from lending.models.reservations import Reservation
from tests.cast import NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import only
from tests.waits import waited_openly
from tests.waits import waiting as wait_for_a_kit
from tests.web.browsers import Browser
from tests.web.looking import key


def page(browser: Browser, url: str = "/my/place") -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def state(database: Database, reservation: str) -> ReservationState:
    return only(database, Reservation, Reservation.public_id == reservation).state


@pytest.fixture
def ready(sqlite_database: Database, cast: Cast, reserved: str) -> str:
    """Ada's open kit lies on the hold shelf; gives the reservation."""
    sqlite_database.act(lambda s: capture(s, kit=OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    return reserved


def test_who_waits_sees_the_place(luis: Browser, waiting: str) -> None:
    told = page(luis)
    assert "number 1" in told
    assert "Compton Library" in told


def test_a_kit_on_the_shelf_shows_its_code_until_when_and_the_hours(
    ada: Browser, ready: str, sqlite_database: Database
) -> None:
    told = page(ada)
    assert only(sqlite_database, Reservation, Reservation.public_id == ready).pickup_code in told
    assert "Pick it up by Wednesday, March 11, before 8 PM." in told
    assert "Bring your library card." in told
    assert "10 AM to 8 PM" in told
    assert "closed" in told, "on Sunday"


def test_the_pick_up_goes_into_the_patrons_calendar(ada: Browser, ready: str) -> None:
    answer = ada.get(f"/my/place/{ready}.ics")
    assert answer.content_type.startswith("text/calendar")
    told = answer.get_data(as_text=True)
    assert "SUMMARY:Pick up your kit" in told
    assert "DTEND:20260312T030000Z" in told
    assert "Morales" not in told


def test_what_is_not_on_the_shelf_has_no_calendar_file(ada: Browser, reserved: str) -> None:
    assert ada.get(f"/my/place/{reserved}.ics").status_code == 404


def test_a_reservation_is_given_up_by_the_second_tap_and_not_by_the_first(
    luis: Browser, waiting: str, sqlite_database: Database
) -> None:
    assert f"/my/place/{waiting}/cancel" in page(luis)
    assert "You give up your place in the queue." in page(luis, f"/my/place/{waiting}/cancel")
    assert state(sqlite_database, waiting) is ReservationState.WAITING
    assert luis.post(f"/my/place/{waiting}/cancel", {"key": key()}).status_code == 303
    assert state(sqlite_database, waiting) is ReservationState.CANCELLED
    assert "Your reservation is canceled." in page(luis)


def test_giving_up_a_sessions_kit_keeps_the_seat(
    ada: Browser, kept_for_ada: str, seat: str, sqlite_database: Database
) -> None:
    assert "You keep your seat in Work Ready 7." in page(ada, f"/my/place/{kept_for_ada}/cancel")
    ada.post(f"/my/place/{kept_for_ada}/cancel", {"key": key()})
    assert only(sqlite_database, Enrolment).state is EnrolmentState.ENROLLED
    assert "Ask for a kit" in page(ada)
    assert ada.post(f"/my/sessions/{seat}/kit", {"key": key()}).status_code == 303
    live = only(sqlite_database, Reservation, Reservation.state == ReservationState.PROMISED)
    assert live.public_id != kept_for_ada


def test_leaving_a_session_takes_two_taps(ada: Browser, seat: str, sqlite_database: Database) -> None:
    assert "Your seat goes to the next person." in page(ada, f"/my/sessions/{seat}/leave")
    assert only(sqlite_database, Enrolment).state is EnrolmentState.ENROLLED
    assert ada.post(f"/my/sessions/{seat}/leave", {"key": key()}).status_code == 303
    assert only(sqlite_database, Enrolment).state is EnrolmentState.WITHDRAWN
    assert "You have left Work Ready 7." in page(ada)
    assert ada.post(f"/my/sessions/{seat}/leave", {"key": key()}).status_code == 404, "there is no such seat any more"


def test_a_seat_that_is_offered_is_taken_with_one_tap(
    ada: Browser, seat: str, sqlite_database: Database, cast: Cast
) -> None:
    def offer(session: Any) -> None:
        row = session.scalars(select(Enrolment)).one()
        row._state, row.offered_until = EnrolmentState.OFFERED, NOW.replace(hour=23)

    sqlite_database.act(offer)
    assert "A seat is yours if you take it by" in page(ada)
    assert ada.post(f"/my/sessions/{seat}/accept", {"key": key()}).status_code == 303
    assert only(sqlite_database, Enrolment).state is EnrolmentState.ENROLLED
    again = ada.post(f"/my/sessions/{seat}/accept", {"key": key()})
    assert again.status_code == 409
    assert "This has changed since you opened the page." in again.get_data(as_text=True)


def test_another_library_means_a_new_place_and_says_so(
    luis: Browser, waiting: str, sqlite_database: Database, cast: Cast
) -> None:
    told = page(luis, f"/my/place/{waiting}/library")
    assert "You lose the place that you have now." in told
    assert "East Los Angeles Library: nobody waits there" in told
    answer = luis.post(f"/my/place/{waiting}/library", {"key": key(), "branch": "ELA"})
    assert answer.status_code == 303
    assert state(sqlite_database, waiting) is ReservationState.CANCELLED
    new = only(sqlite_database, Reservation, Reservation.public_id != waiting, Reservation.patron_id == cast.luis_id)
    assert (new.pickup_branch_id, new.state) == (cast.ela, ReservationState.PROMISED), "a kit is free there"
    assert luis.get(f"/my/place/{waiting}/library").status_code == 404


def test_a_library_without_such_kits_is_not_to_be_had(luis: Browser, waiting: str, sqlite_database: Database) -> None:
    assert luis.post(f"/my/place/{waiting}/library", {"key": key(), "branch": "COM"}).status_code == 422
    assert luis.post(f"/my/place/{waiting}/library", {"key": key(), "branch": "XYZ"}).status_code == 422
    assert state(sqlite_database, waiting) is ReservationState.WAITING


def test_who_is_blocked_is_told_in_their_own_words(
    luis: Browser, waiting: str, sqlite_database: Database, cast: Cast
) -> None:
    sqlite_database.act(lambda s: setattr(s.get(Patron, cast.luis_id), "blocked_reason", "owes a book"))
    answer = luis.post(f"/my/place/{waiting}/library", {"key": key(), "branch": "ELA"})
    assert answer.status_code == 409
    assert "owes a book" not in answer.get_data(as_text=True)
    assert OTHER_OPEN_KIT not in page(luis)


def test_who_waits_is_told_between_which_days_others_had_a_kit(
    luis: Browser, cast: Cast, sqlite_database: Database
) -> None:
    sqlite_database.act(lambda s: waited_openly(s, cast))
    sqlite_database.act(lambda s: wait_for_a_kit(s, cast, cast.luis_id))
    assert "Between Sat, Mar 14 and Sun, Mar 15, if things go as they did." in page(luis)


def test_with_too_short_a_past_who_waits_is_told_the_place_alone(
    luis: Browser, cast: Cast, sqlite_database: Database
) -> None:
    sqlite_database.act(lambda s: waited_openly(s, cast, times=10))
    sqlite_database.act(lambda s: wait_for_a_kit(s, cast, cast.luis_id))
    told = page(luis)
    assert "number 1" in told
    assert "if things go" not in told
