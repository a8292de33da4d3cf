"""One person's seat: what its page says and does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from lending.circulation.reserving import cancel
from lending.db import Database
from lending.domain.states import ReservationState
from lending.models.cohorts import Pool
from lending.models.reservations import Reservation
from tests.cast import ADA, KIT, LUIS, NOW, Cast
from tests.programs.members import adas_seat, change_cohort, change_program, hand_out, join, next_cohort
from tests.web.browsers import Browser

ASK = "Ask for a kit again"


def key() -> dict[str, str]:
    return {"key": "k" * 16}


def promise_ended(database: Database, cast: Cast) -> str:
    """Ada keeps her seat, but not the promise of a kit; gives the seat."""
    with database.read() as session:
        theirs = session.scalars(select(Reservation.public_id).where(Reservation.patron_id == cast.ada_id)).one()
    database.act(lambda s: cancel(s, reservation=theirs, reason="", at=NOW, by=cast.ben))
    return adas_seat(database, cast)


def kits_in_pool(database: Database, kits: int) -> None:
    database.act(lambda s: s.execute(update(Pool).values(kits=kits)))


def live_kits_of(database: Database, patron_id: int) -> list[ReservationState]:
    with database.read() as session:
        theirs = select(Reservation).where(Reservation.patron_id == patron_id).order_by(Reservation.id)
        return [row.state for row in session.scalars(theirs) if row.state is not ReservationState.CANCELLED]


def scan(browser: Browser, code: str, screen: str, **given: Any) -> Any:
    return browser.scan(code, screen=screen, **given).get_json()


# --- Asking for a kit again -------------------------------------------------------------------------------------------


def test_who_has_a_seat_and_no_kit_asks_for_one_on_its_page(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    seat = promise_ended(sqlite_database, cast)
    assert ASK in ben.get(f"/seats/{seat}").get_data(as_text=True)
    assert ben.post(f"/seats/{seat}/kit/work-ready", key()).status_code == 303
    page = ben.get(f"/seats/{seat}").get_data(as_text=True)
    assert "A kit is promised." in page
    assert ASK not in page
    assert live_kits_of(sqlite_database, cast.ada_id) == [ReservationState.PROMISED]


def test_the_place_in_line_is_said_where_no_kit_is_left(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    seat = promise_ended(sqlite_database, cast)
    kits_in_pool(sqlite_database, 1)
    join(sqlite_database, cast, LUIS)
    ben.post(f"/seats/{seat}/kit/work-ready", key())
    assert "For a kit they are number 1 in line." in ben.get(f"/seats/{seat}").get_data(as_text=True)


def test_who_has_a_kit_or_waits_for_one_is_not_asked(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    seat = adas_seat(sqlite_database, cast)
    assert ASK not in ben.get(f"/seats/{seat}").get_data(as_text=True)
    hand_out(sqlite_database, cast, ADA, KIT)
    assert ASK not in ben.get(f"/seats/{seat}").get_data(as_text=True)


def test_what_stands_against_a_kit_is_said_on_the_page(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    seat = adas_seat(sqlite_database, cast)
    answer = ben.post(f"/seats/{seat}/kit/work-ready", key())
    assert answer.status_code == 409
    assert "has a reservation" in answer.get_data(as_text=True)


def test_the_enroll_scan_asks_for_a_kit_again(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    promise_ended(sqlite_database, cast)
    said = [scan(ben, "CO-WR-7", "enrol", patron=ADA, mode="kit", key="k" * 16)["say"] for _ in range(2)]
    assert said[0] == said[1] == "\u2068Ada M.\u2069 has a seat in Work Ready 7. A kit is promised."
    assert live_kits_of(sqlite_database, cast.ada_id) == [ReservationState.PROMISED]
    assert "in that session already" in scan(ben, "CO-WR-7", "enrol", patron=ADA, mode="kit")["say"]


def test_who_enrolled_for_a_seat_alone_wants_a_kit_after_all(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    join(sqlite_database, cast, LUIS, wants_kit=False)
    assert "in that session already" in scan(ben, "CO-WR-7", "enrol", patron=LUIS, mode="seat")["say"]
    assert scan(ben, "CO-WR-7", "enrol", patron=LUIS, mode="kit")["say"].endswith("A kit is promised.")


# --- Leaving and going on ---------------------------------------------------------------------------------------------


def after(browser: Browser, address: str, **given: str) -> str:
    """The page on which a form's browser lands."""
    answer = browser.post(address, {**key(), **given})
    assert answer.status_code == 303
    return browser.get(answer.headers["Location"]).get_data(as_text=True).replace("\u2068", "").replace("\u2069", "")


def test_who_leaves_alone_leaves_a_seat_and_a_kit_that_nobody_waits_for(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    page = after(ben, f"/seats/{adas_seat(sqlite_database, cast)}/leave", how="withdrawn")
    assert "Ada M. has left the session. Nobody waits for the seat. Nobody waits for the kit." in page


def test_whoever_is_next_is_named_and_the_kit_that_is_out_has_its_new_date(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    change_cohort(sqlite_database, cast, capacity=1)
    join(sqlite_database, cast, LUIS)
    hand_out(sqlite_database, cast, ADA, KIT)
    page = after(ben, f"/seats/{adas_seat(sqlite_database, cast)}/leave", how="withdrawn")
    assert "The seat went to Luis R. " in page
    assert f"{KIT} is now due Tue, Mar 10." in page


def test_an_offer_and_a_promise_that_pass_on_are_told(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    change_cohort(sqlite_database, cast, capacity=1)
    change_program(sqlite_database, cast, seat_offer_hours=48)
    join(sqlite_database, cast, LUIS)
    page = after(ben, f"/seats/{adas_seat(sqlite_database, cast)}/leave", how="withdrawn")
    assert "The seat is offered to Luis R. " in page


def test_who_goes_on_with_the_kit_lands_on_the_new_seat_with_the_new_date(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    next_cohort(sqlite_database, cast)
    hand_out(sqlite_database, cast, ADA, KIT)
    page = after(ben, f"/seats/{adas_seat(sqlite_database, cast)}/move", to="WR-8", roll_over="y")
    assert f"Ada M. has a seat in Work Ready 8. {KIT} is now due Fri, May 22." in page
    assert "Roster of Work Ready 8" in page
    roster = ben.get("/sessions/WR-7/roster").get_data(as_text=True)
    assert "went on to Work Ready 8" in roster
    assert "no kit" not in roster


def test_why_the_kit_did_not_go_along_is_told(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    next_cohort(sqlite_database, cast, kits=0)
    hand_out(sqlite_database, cast, ADA, KIT)
    page = after(ben, f"/seats/{adas_seat(sqlite_database, cast)}/move", to="WR-8", roll_over="y")
    assert "Work Ready 8 has no kit left at this library" in page
