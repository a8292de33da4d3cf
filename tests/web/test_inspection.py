"""The inspection's pages over HTTP: the sheet of a returned kit, its marks, what becomes of the kit, and undo."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.domain.states import KitState, LoanState
from lending.models.loans import Loan, LoanPart
from tests.cast import KIT
from tests.web.browsers import Browser
from tests.web.looking import key, kit_state, parts_of, returned, row


def test_a_scanned_kit_opens_its_sheet_with_nothing_ticked(ben: Browser) -> None:
    returned(ben)
    answer = ben.scan(KIT, screen="inspection")
    assert answer.json["go"] == f"/inspection/{KIT}"
    page = ben.get(answer.json["go"]).get_data(as_text=True)
    assert "checked" not in page.partition('id="inspection"')[2].partition("</form>")[0]
    assert "Laptop" in page
    assert "Notebook" not in page


def test_all_parts_here_and_every_step_frees_the_kit(ben: Browser, sqlite_database: Database) -> None:
    returned(ben)
    steps = {f"step-{name}": "1" for name in ("wiped", "charged", "restocked")}
    sent = {"key": key(), "all_here": "1", "initials": "BO", **steps}
    done = ben.post(f"/inspection/{KIT}", sent)
    assert done.headers["Location"] == "/inspection"
    assert kit_state(sqlite_database) is KitState.AVAILABLE
    assert "KIT-1042 is free again." in ben.get("/inspection").get_data(as_text=True)
    assert ben.post(f"/inspection/{KIT}", sent).status_code == 303  # sent twice, done once


def test_a_part_without_a_mark_is_asked_for_by_name_and_the_marks_stay(ben: Browser, sqlite_database: Database) -> None:
    returned(ben)
    parts = parts_of(sqlite_database)
    page = ben.post(f"/inspection/{KIT}", {"key": key(), f"part-{parts['Laptop']}": "here"})
    assert page.status_code == 422
    text = page.get_data(as_text=True)
    assert "There is a problem" in text
    assert "Hotspot" in text
    assert f'value="here" checked' in text  # noqa: F541 - reads as the page writes it
    assert kit_state(sqlite_database) is KitState.TO_INSPECT


def test_all_parts_here_speaks_of_the_rest_and_keeps_what_is_marked(ben: Browser, sqlite_database: Database) -> None:
    returned(ben)
    charger = parts_of(sqlite_database)["Charger"]
    marks = {f"part-{charger}": "damaged", f"note-{charger}": "Bare wire."}
    assert ben.post(f"/inspection/{KIT}", {"key": key(), "all_here": "1", **marks}).status_code == 303
    assert kit_state(sqlite_database) is KitState.REPAIR
    assert "Charger damaged" in ben.get("/inspection").get_data(as_text=True)
    assert row(sqlite_database, select(LoanPart.note).where(LoanPart.part_id == charger)) == "Bare wire."


def test_a_missing_charger_keeps_the_loan_open_and_says_until_when(ben: Browser, sqlite_database: Database) -> None:
    returned(ben)
    parts = parts_of(sqlite_database)
    marks = {f"part-{part_id}": "here" for name, part_id in parts.items() if name != "Notebook"}
    marks[f"part-{parts['Charger']}"] = "missing"
    ben.post(f"/inspection/{KIT}", {"key": key(), **marks})
    assert kit_state(sqlite_database) is KitState.INCOMPLETE
    assert row(sqlite_database, select(Loan.state)) is LoanState.INCOMPLETE
    assert "Charger missing. The patron has until Tue, Mar 10." in ben.get("/inspection").get_data(as_text=True)
    back = ben.post(f"/kits/{KIT}/parts/{parts['Charger']}/back", {"key": key()})
    assert back.status_code == 303
    assert row(sqlite_database, select(Loan.state)) is LoanState.CLOSED


@pytest.mark.parametrize("mark", [{"part-x": "here"}, {"part-1": "eaten"}, {"part-" + "9" * 30: "here"}])
def test_a_mark_of_a_wrong_shape_is_refused(ben: Browser, mark: dict[str, str], sqlite_database: Database) -> None:
    returned(ben)
    assert ben.post(f"/inspection/{KIT}", {"key": key(), **mark}).status_code in (400, 422)
    assert kit_state(sqlite_database) is KitState.TO_INSPECT


def test_a_kit_on_the_shelf_is_not_inspected(ben: Browser) -> None:
    assert ben.scan(KIT, screen="inspection").json["say"] == "KIT-1042 does not wait for inspection: it is free."


def test_an_inspection_is_undone_at_its_own_station(ben: Browser, sqlite_database: Database) -> None:
    returned(ben)
    ben.post(f"/inspection/{KIT}", {"key": key(), "all_here": "1"})
    again = key()
    first, second = (ben.scan("CMD-UNDO", screen="inspection", key=again) for _ in range(2))
    assert first.json["say"] == second.json["say"] == "Undone: KIT-1042 is as it was before."
    assert kit_state(sqlite_database) is KitState.TO_INSPECT
