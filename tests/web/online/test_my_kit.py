"""My kit: days left, more time in one tap or why not, what is in the bag, and a problem told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.missing_parts import settle_incomplete_loans
from lending.circulation.reserving import reserve
from lending.circulation.returns import return_kit
from lending.clock import MovingClock
from lending.db import Database
from lending.models.kits import Kit, Part
from lending.models.loans import Loan, LoanPart
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from tests.cast import ADA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import back_without, journalled, only, rows
from tests.web.browsers import Browser, signed_in_with_card
from tests.web.looking import key


def page(browser: Browser, url: str = "/my") -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def tell(browser: Browser, loan: str, **form: str) -> Any:
    return browser.post(f"/my/loans/{loan}/problem", {"key": key(), "part": "0", "what": "broken", "words": "", **form})


def test_the_days_left_stand_with_the_day_and_the_hour_of_closing(luis: Browser, lent: str) -> None:
    told = page(luis)
    assert "42 days" in told
    assert "Tuesday, April 14, before 8 PM" in told
    assert "Don't use the book drop." in told
    assert "Notebook" in told


def test_the_last_day_is_told_as_today_and_a_late_kit_without_blame(
    luis: Browser, lent: str, clock: MovingClock
) -> None:
    clock.move(timedelta(days=41))
    assert "tomorrow" in page(luis)
    clock.move(timedelta(days=1))
    assert "today" in page(luis)
    clock.move(timedelta(days=2))
    late = page(luis)
    assert "It was due on" in late
    assert "Tuesday, April 14" in late
    assert "days late" not in late


def test_somebody_without_a_kit_is_shown_the_way_to_one(ada: Browser) -> None:
    assert "You have no kit now." in page(ada)
    assert 'href="/reserve"' in page(ada)


def test_more_time_takes_one_tap(luis: Browser, lent: str, sqlite_database: Database, clock: MovingClock) -> None:
    clock.move(timedelta(days=30))
    luis = signed_in_with_card(luis, "29999000000026")
    assert "Keep it until Tuesday, May 26" in page(luis)
    answer = luis.post(f"/my/loans/{lent}/renewal", {"key": key()})
    assert answer.status_code == 303
    assert "You have more time. Your kit is due on Tuesday, May 26." in page(luis)
    assert only(sqlite_database, Loan).renewals == 1
    assert journalled(sqlite_database, "renew")[0].role.value == "patron"


def test_the_same_tap_twice_renews_once(
    luis: Browser, lent: str, sqlite_database: Database, clock: MovingClock
) -> None:
    clock.move(timedelta(days=30))
    same = key()
    for _ in range(2):
        assert luis.post(f"/my/loans/{lent}/renewal", {"key": same}).status_code == 303
    assert only(sqlite_database, Loan).renewals == 1


def test_why_it_cannot_be_renewed_stands_in_the_place_of_the_button(
    luis: Browser, lent: str, sqlite_database: Database, cast: Cast
) -> None:
    for code in (OTHER_OPEN_KIT,):
        sqlite_database.act(lambda s, code=code: s.query(Kit).filter_by(barcode=code).one().move("withdraw"))
    sqlite_database.act(
        lambda s: reserve(s, patron=ADA, kit_type="laptop-hotspot", pickup_branch_id=cast.ela, at=NOW, by=cast.ben)
    )
    told = page(luis)
    assert "Someone else is waiting for this kit, so it cannot be renewed." in told
    assert "Keep it until" not in told
    answer = luis.post(f"/my/loans/{lent}/renewal", {"key": key()})
    assert answer.status_code == 409
    assert "Someone else is waiting" in answer.get_data(as_text=True)


def test_the_hotspots_network_is_told_while_the_kit_is_out_and_no_longer(
    luis: Browser, ada: Browser, lent: str, sqlite_database: Database, cast: Cast
) -> None:
    def name(session: Any) -> None:
        kit = session.scalars(select(Kit).where(Kit.barcode == OPEN_KIT)).one()
        for part in session.scalars(select(Part).where(Part.kit_id == kit.id, Part.imei.is_(None))):
            if part.model == "Hotspot 1":
                part.network_name, part.network_password = "Library-2001", "quiet-river"

    sqlite_database.act(name)
    assert "quiet-river" in page(luis)
    assert "quiet-river" not in page(ada)
    sqlite_database.act(lambda s: return_kit(s, kit=OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    assert "quiet-river" not in page(luis)
    assert "quiet-river" not in page(luis, f"/my/loans/{lent}")


def test_what_is_owed_for_a_part_that_was_not_brought_back_says_so_and_the_bag_is_no_longer_the_patrons(
    luis: Browser, ben: Browser, lent: str, sqlite_database: Database, cast: Cast
) -> None:
    assert "What is in the bag" in page(luis)
    back_without(sqlite_database, cast, "Charger")
    assert "What was in the bag" in page(luis)
    late = NOW + timedelta(days=8)
    sqlite_database.act(lambda session: settle_incomplete_loans(session, at=late, by=cast.system))
    assert "Missing part: Charger" in page(luis, "/my/loans")
    person = only(sqlite_database, Patron, Patron.id == cast.luis_id)
    assert f"{OPEN_KIT}: missing part: Charger" in ben.get(f"/patrons/{person.public_id}").get_data(as_text=True)


def test_a_problem_becomes_a_task_in_the_patrons_words(
    luis: Browser, ben: Browser, lent: str, sqlite_database: Database, cast: Cast
) -> None:
    assert tell(luis, lent, part="1", words="The screen stays <b>black</b>.").status_code == 303
    task = only(sqlite_database, Task)
    assert (task.kind, task.branch_id, task.patron_id) == (TaskKind.PROBLEM, cast.ela, cast.luis_id)
    assert task.what == "Laptop. The screen stays <b>black</b>."
    shown = ben.get("/tasks").get_data(as_text=True)
    assert "Help with a kit" in shown
    assert "Laptop. The screen stays &lt;b&gt;black&lt;/b&gt;." in shown
    assert "screen" not in str(journalled(sqlite_database, "report_problem")[0].detail)
    ben.post(f"/tasks/{task.public_id}/finish", {"key": key(), "outcome": "exchanged"})
    assert only(sqlite_database, Task).closed_at is not None


def test_a_missing_part_told_within_two_days_is_not_billed(
    luis: Browser, ben: Browser, lent: str, sqlite_database: Database, clock: MovingClock
) -> None:
    clock.move(timedelta(hours=47))
    luis = signed_in_with_card(luis, "29999000000026")
    assert tell(luis, lent, part="3", what="missing").status_code == 303
    assert "You will not be billed for that part." in page(luis)
    assert "missing, you told us" in page(luis)
    (charger,) = rows(sqlite_database, LoanPart, LoanPart.reported_missing_at.is_not(None))
    assert charger.name == "Charger"
    assert "missing: Charger" in ben.get("/tasks").get_data(as_text=True)


def test_one_told_later_is_noted_all_the_same_and_nothing_is_promised(
    luis: Browser, lent: str, sqlite_database: Database, clock: MovingClock
) -> None:
    clock.move(timedelta(hours=49))
    luis = signed_in_with_card(luis, "29999000000026")
    assert tell(luis, lent, part="3", what="missing").status_code == 303
    assert "You will not be billed" not in page(luis)
    assert not rows(sqlite_database, LoanPart, LoanPart.reported_missing_at.is_not(None))
    assert only(sqlite_database, Task).what == "missing: Charger"


def test_what_is_wrong_with_the_form_is_said_at_the_field_and_on_top(luis: Browser, lent: str) -> None:
    answer = tell(luis, lent, part="1", words="")
    told = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "<title>Error:" in told.replace("\n", "").replace("  ", "")
    assert "There is a problem" in told
    assert tell(luis, lent, part="17", words="x").status_code == 422
    assert tell(luis, lent, part="1", words="x" * 141).status_code == 422


def test_the_same_problem_twice_is_one_task(luis: Browser, lent: str, sqlite_database: Database) -> None:
    assert tell(luis, lent, words="It beeps.").status_code == 303
    answer = tell(luis, lent, words="It beeps.")
    assert answer.status_code == 409
    assert "You told us already" in answer.get_data(as_text=True)
    only(sqlite_database, Task)


@pytest.mark.parametrize("keeps", [True, False])
def test_earlier_kits_are_shown_to_those_who_keep_them(
    luis: Browser, lent: str, sqlite_database: Database, cast: Cast, keeps: bool
) -> None:
    def close(session: Any) -> None:
        return_kit(session, kit=OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.ben)
        session.scalars(select(Loan)).one()._state = "closed"
        session.get(Patron, cast.luis_id).keeps_history = keeps

    sqlite_database.act(close)
    assert (OPEN_KIT in page(luis, "/my/loans")) is keeps
