"""What a stop says on the screen where it happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.states import KitState
from lending.models.cohorts import Pool
from lending.models.kits import Kit
from lending.programs.enrolment import enrol
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OTHER_KIT, Cast
from tests.programs.meetings import meeting
from tests.programs.members import change_cohort, join
from tests.web.browsers import Browser


def say(browser: Browser, code: str, screen: str, **more: Any) -> str:
    """What is said about a scan, without the marks around names."""
    said = str(browser.scan(code, screen=screen, **more).get_json()["say"])
    return said.replace("\u2068", "").replace("\u2069", "")


def test_who_waits_for_a_seat_is_told_the_place_and_not_to_enroll(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    change_cohort(sqlite_database, cast, capacity=1)
    join(sqlite_database, cast, LUIS)
    said = say(ben, KIT, "desk", patron=LUIS)
    assert "Luis R. is number 1 on the waiting list of Work Ready 7." in said
    assert "Enroll them" not in said


def test_who_has_a_promise_at_another_library_is_told_where(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    sqlite_database.act(lambda s: s.execute(update(Pool).values(kits=2)))
    join(sqlite_database, cast, LUIS)
    sqlite_database.act(lambda s: enrol(s, patron=MINA, cohort="WR-7", pickup_branch_id=cast.com, at=NOW, by=cast.eli))
    in_repair = update(Kit).where(Kit.barcode == KIT).values(_state=KitState.REPAIR)
    sqlite_database.act(lambda session: session.execute(in_repair))
    said = say(ben, OTHER_KIT, "desk", patron=MINA)
    assert "A kit is promised to Mina K. at Compton Library." in said
    assert "place in the queue" not in said


def test_a_kit_on_the_shelf_whose_slip_is_lost_gets_a_new_one(ben: Browser) -> None:
    first = ben.scan(KIT, screen="shelf").get_json()
    again = ben.scan(KIT, screen="shelf").get_json()
    assert f"{KIT} is ready under the code " in again["say"]
    assert again["tone"] == "look"
    assert first["receipt_url"] == again["receipt_url"] is not None


def test_a_shelf_scan_is_not_undone_by_a_return(ben: Browser, clock: MovingClock) -> None:
    ben.scan(KIT, screen="shelf")
    clock.set(NOW + timedelta(minutes=11))
    said = say(ben, "CMD-UNDO", "shelf")
    assert said == "That was more than ten minutes ago. Cancel the reservation, then scan the kit here again."


def test_a_kit_that_is_sent_to_where_it_is_or_came_unsent_is_told_so(ben: Browser) -> None:
    assert say(ben, KIT, "transfers", subject="ELA") == f"{KIT} is at East Los Angeles Library already."
    assert say(ben, KIT, "transfers", subject="") == f"{KIT} was not on its way here. Put it back with the free kits."


def test_what_is_not_undone_by_scan_is_undone_on_a_page(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    workshop = meeting(sqlite_database, cast)
    ben.scan(ADA, screen="workshop", subject=workshop, mode="onsite")
    stopped = ben.scan("CMD-UNDO", screen="workshop", subject=workshop, mode="onsite").get_json()
    assert "list of who signed in" in stopped["say"]
    assert stopped["row"]["resolve_url"] == f"/workshops/{workshop}/people"
    ben.scan("CO-WR-7", screen="enrol", patron=LUIS, mode="kit")
    stopped = ben.scan("CMD-UNDO", screen="enrol", patron=LUIS).get_json()
    assert "open the seat on the patron's page" in stopped["say"]
    assert stopped["row"]["resolve_url"].startswith("/patrons/")
