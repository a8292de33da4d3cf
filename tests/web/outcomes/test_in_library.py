"""Kits in use: by a command at the desk, at a screen of their own, by a button, and back by the ordinary scan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.states import KitState
from lending.models.cohorts import WorkshopMode
from lending.models.in_library import KitUse, UseEnd
from lending.models.loans import Loan
from tests.cast import COMPTON_KIT, LUIS, NOW, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, THIRD_KIT, Cast
from tests.circulation.kits_in_hand import kit_row, only, rows
from tests.programs.meetings import meeting
from tests.web.browsers import Browser
from tests.web.outcomes.test_hiring import planned

COMMAND = "CMD-IN-LIBRARY"
OUT = f"{OPEN_KIT} is for use in the library, back by Tue, Mar 3, 8:00\u202fPM."


def text(answer: Any) -> str:
    """The page's text."""
    return str(answer.get_data(as_text=True))


def test_the_command_and_the_kit_are_a_use_without_a_loan(ben: Browser, sqlite_database: Database) -> None:
    began = ben.scan(COMMAND).json
    assert (began["say"], began["kit"], began["row"]) == ("Use in the library: scan the kit.", COMMAND, None)
    used = ben.scan(OPEN_KIT, kit=began["kit"]).json
    assert (used["say"], used["tone"], used["kit"]) == (OUT, "done", None)
    assert used["row"]["undo"]
    assert rows(sqlite_database, Loan) == []
    assert only(sqlite_database, KitUse).patron_id is None


def test_a_kit_that_waits_at_the_desk_needs_only_the_command(ben: Browser, sqlite_database: Database) -> None:
    waits = ben.scan(OPEN_KIT).json["kit"]
    assert ben.scan(COMMAND, kit=waits).json["say"] == OUT


def test_with_a_patron_on_the_screen_it_is_noted_as_theirs(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    used = ben.scan(OPEN_KIT, kit=COMMAND, patron=LUIS).json
    assert used["say"].endswith("Noted for \u2068Luis R.\u2069.")
    assert only(sqlite_database, KitUse).patron_id == cast.luis_id


def test_a_new_card_after_the_command_is_the_next_patron(ben: Browser) -> None:
    shown = ben.scan(LUIS, kit=COMMAND).json
    assert shown["patron"]["short_name"] == "Luis R."
    assert shown["kit"] is None


def test_a_refused_kit_leaves_the_command_waiting_for_another(ben: Browser, sqlite_database: Database) -> None:
    refused = ben.scan(COMPTON_KIT, kit=COMMAND).json
    assert (refused["tone"], refused["kit"]) == ("stop", COMMAND)


def test_the_command_belongs_to_the_desk(ben: Browser) -> None:
    assert ben.scan(COMMAND, screen="returns").json["say"] == "Use in the library begins at the desk. Scan this there."


def test_the_ordinary_return_takes_it_back(ben: Browser, sqlite_database: Database) -> None:
    ben.scan(OPEN_KIT, kit=COMMAND)
    back = ben.scan(OPEN_KIT, screen="returns").json
    assert back["say"] == f"{OPEN_KIT} is back from its use. Put it on the inspection cart."
    assert only(sqlite_database, KitUse).end is UseEnd.RETURNED
    again = ben.scan(OPEN_KIT, screen="returns").json
    assert again["tone"] == "again"


def test_the_same_return_sent_twice_is_one(ben: Browser) -> None:
    ben.scan(OPEN_KIT, kit=COMMAND)
    answers = [ben.scan(OPEN_KIT, screen="returns", key="one scan of it").json for _ in range(2)]
    assert answers[0] == answers[1]


def test_a_use_and_its_end_are_undone_by_the_card(ben: Browser, sqlite_database: Database) -> None:
    ben.scan(OPEN_KIT, kit=COMMAND)
    assert ben.scan("CMD-UNDO").json["say"] == f"Undone: {OPEN_KIT} is as it was before."
    assert kit_row(sqlite_database).state is KitState.AVAILABLE


def test_its_own_screen_scans_kits_out_and_back(ben: Browser, sqlite_database: Database) -> None:
    def scan(**more: str) -> Any:
        return ben.scan(OPEN_KIT, screen="in_library", subject="", **more).json

    out = scan(key="out it goes")
    assert out["say"] == OUT
    assert scan(key="out it goes") == out
    assert f"/kits/{OPEN_KIT}" in text(ben.get("/in-library"))
    assert scan()["say"] == f"{OPEN_KIT} is back from its use. Put it on the inspection cart."
    assert "No kit is in use." in text(ben.get("/in-library"))


def test_several_kits_go_to_a_workshop_and_to_a_hiring_event(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    workshop, expo = meeting(sqlite_database, cast, WorkshopMode.ONSITE), planned(ben).rpartition("/")[2]
    first = ben.scan(THIRD_KIT, screen="in_library", subject=f"workshop:{workshop}").json
    assert first["say"].startswith(f"{THIRD_KIT} goes to \u2068Workshop 1\u2069, back by")
    for kit in (OPEN_KIT, OTHER_OPEN_KIT):
        assert ben.scan(kit, screen="in_library", subject=f"hiring_event:{expo}").json["tone"] == "done"
    page = text(ben.get(f"/hiring-events/{expo}/kits"))
    assert OPEN_KIT in page
    assert "Hiring expo" in page
    assert THIRD_KIT not in page.partition('id="in-use"')[2].partition("</section>")[0]
    assert THIRD_KIT in text(ben.get(f"/workshops/{workshop}/kits"))
    needed = ben.scan(OTHER_KIT, screen="in_library", subject=f"workshop:{workshop}").json
    assert needed["tone"] == "stop"
    unknown = ben.scan(OTHER_KIT, screen="in_library", subject="workshop:" + "b" * 16)
    assert unknown.status_code == 404


def test_left_open_at_closing_it_is_told_on_the_pages_and_cannot_be_lent(
    ben: Browser, cast: Cast, clock: MovingClock
) -> None:
    ben.scan(OPEN_KIT, kit=COMMAND)
    assert "due back Tue, Mar 3" in text(ben.get(f"/kits/{OPEN_KIT}"))
    clock.set(NOW + timedelta(hours=26))
    ben.sign_in("ben")
    assert "not back at closing" in text(ben.get("/in-library"))
    assert "Look for it." in text(ben.get(f"/kits/{OPEN_KIT}"))
    assert "is in use in the library or at an event" in ben.scan(OPEN_KIT).json["say"]
    late = ben.scan(OPEN_KIT, screen="returns").json["say"]
    assert late == f"{OPEN_KIT} is back from its use, after closing. Put it on the inspection cart."


def test_a_button_of_the_kits_page_does_the_same(ben: Browser, sqlite_database: Database) -> None:
    assert "Use in the library" in text(ben.get(f"/kits/{OPEN_KIT}"))
    assert ben.post(f"/kits/{OPEN_KIT}/use", {"key": "k" * 16}).status_code == 303
    assert "It is back from its use" in text(ben.get(f"/kits/{OPEN_KIT}"))
    assert ben.post(f"/kits/{OPEN_KIT}/use", {"key": "l" * 16}).status_code == 409
    assert ben.post(f"/kits/{OPEN_KIT}/use-ended", {"key": "m" * 16}).status_code == 303
    page = text(ben.get(f"/kits/{OPEN_KIT}"))
    assert "Used in the library" in page
    assert "Back from its use, to inspection" in page
