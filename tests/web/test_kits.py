"""A kit's page: what may be done with it there, and what the page says when a button was not done."""

from __future__ import annotations

import secrets
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from lending.circulation.checkout import check_out
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.states import KitState, LineState
from lending.models.charges import Charge
from lending.models.kits import Kit, Part
from lending.models.lines import Line
from lending.models.loans import Loan
from lending.models.people import Patron
from tests.cast import ADA, IMEI, KIT, NOW, OPEN_KIT, Cast
from tests.web.browsers import Browser


def key() -> str:
    return secrets.token_hex(8)


def part(database: Database, model: str, code: str = KIT) -> int:
    with database.read() as session:
        chosen = select(Part.id).join(Kit, Kit.id == Part.kit_id).where(Kit.barcode == code, Part.model == f"{model} 1")
        return session.scalars(chosen).one()


def test_a_button_that_came_too_late_is_told_on_the_kits_page(
    ben: Browser, sqlite_database: Database, clock: MovingClock
) -> None:
    ben.scan(KIT, patron=ADA)
    clock.move(timedelta(hours=49))
    ben.sign_in("ben")
    answer = ben.post(f"/kits/{KIT}/parts/{part(sqlite_database, 'Charger')}/report", {"key": key()})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "is reported within 48 hours" in page
    assert f"<title>Error: {KIT}" in page


def state(database: Database, code: str = KIT) -> KitState:
    with database.read() as session:
        return session.scalars(select(Kit.state).where(Kit.barcode == code)).one()


def due(database: Database, code: str = OPEN_KIT) -> str:
    with database.read() as session:
        at = session.scalars(select(Loan.due_at).join(Kit, Kit.id == Loan.kit_id).where(Kit.barcode == code)).one()
    return f"{at.astimezone(ZoneInfo('America/Los_Angeles')):%Y-%m-%d %H:%M}"


def all_steps() -> dict[str, str]:
    return {f"step-{name}": "1" for name in ("wiped", "charged", "restocked")}


def test_the_parts_of_a_kit_that_is_out_are_not_here(ben: Browser) -> None:
    parts = "What belongs in it"
    assert ">here<" in ben.get(f"/kits/{KIT}").get_data(as_text=True).partition(parts)[2]
    ben.scan(KIT, patron=ADA)
    page = ben.get(f"/kits/{KIT}").get_data(as_text=True)
    assert (">here<" in page, "Out to" in page) == (False, True)


def test_the_network_of_a_hotspot_is_shown_to_staff_of_its_branch_alone(
    ben: Browser, cleo: Browser, sqlite_database: Database
) -> None:
    named = update(Part).where(Part.imei == IMEI).values(network_name="Library 7", network_password="bright-otter-71")
    sqlite_database.act(lambda session: session.execute(named))
    here, elsewhere = (browser.get(f"/kits/{KIT}").get_data(as_text=True) for browser in (ben, cleo))
    assert all(words in here for words in ("Library 7", "bright-otter-71"))
    assert not any(words in elsewhere for words in ("Library 7", "bright-otter-71"))
    for printed in (f"/slips/kits/{KIT}/parts", f"/slips/kits/{KIT}/inspection"):
        assert "bright-otter-71" not in ben.get(printed).get_data(as_text=True), printed


def test_who_collected_a_kit_for_its_patron_stands_on_both_pages(
    ben: Browser, cleo: Browser, sqlite_database: Database, cast: Cast
) -> None:
    brother = "Tomás Morales"
    sqlite_database.act(
        lambda session: check_out(
            session, kit=KIT, patron=ADA, branch_id=cast.ela, collected_by=brother, at=NOW, by=cast.ben
        )
    )
    with sqlite_database.read() as session:
        ada = f"/patrons/{session.get_one(Patron, cast.ada_id).public_id}"
    for address in (f"/kits/{KIT}", ada):
        assert brother in ben.get(address).get_data(as_text=True), address
    assert brother not in cleo.get(f"/kits/{KIT}").get_data(as_text=True)
    ben.scan(KIT, screen="returns")
    assert brother in ben.get(ada).get_data(as_text=True)


def test_a_lost_kit_is_neither_here_nor_out_nor_overdue(ben: Browser, eli: Browser, clock: MovingClock) -> None:
    ben.scan(KIT, patron=ADA)
    clock.move(timedelta(days=60))
    eli.sign_in("eli")
    assert "overdue" in eli.get("/kits").get_data(as_text=True)
    assert eli.post(f"/kits/{KIT}/lost", {"key": key()}).status_code == 303
    page = eli.get(f"/kits/{KIT}").get_data(as_text=True)
    assert (">here<" in page, "Out to" in page, "Ada M." in page) == (False, False, True)
    for address in ("/kits", "/search?q=1042"):
        shown = eli.get(address).get_data(as_text=True)
        assert ("lost" in shown, "overdue" in shown) == (True, False), address


@pytest.mark.parametrize("number", ["1042", "42"])
def test_a_bare_number_finds_the_kit_whose_code_ends_in_it(ben: Browser, number: str) -> None:
    page = ben.get(f"/search?q={number}").get_data(as_text=True)
    assert (f'href="/kits/{KIT}"' in page, f'href="/kits/{OPEN_KIT}"' in page) == (True, False)


def test_a_number_in_which_no_code_ends_finds_no_kit(ben: Browser) -> None:
    assert "/kits/KIT-" not in ben.get("/search?q=104").get_data(as_text=True)
    assert "Type at least 3 letters" in ben.get("/search?q=99").get_data(as_text=True)


def damaged(ben: Browser, database: Database, **more: str) -> None:
    """A kit came back with a cracked screen and was made ready all the same."""
    ben.scan(KIT, patron=ADA)
    ben.scan(KIT, screen="returns")
    laptop = part(database, "Laptop")
    here = {f"part-{part(database, model)}": "here" for model in ("Charger", "Hotspot", "Case")}
    marks = {**here, f"part-{laptop}": "damaged", f"note-{laptop}": "cracked screen"}
    given = {"key": key(), **all_steps(), **marks, **{name.format(laptop): value for name, value in more.items()}}
    answer = ben.post(f"/inspection/{KIT}", given)
    assert answer.status_code == 303, answer.get_data(as_text=True)


def test_a_repaired_kit_says_so_on_its_sheet_and_is_free_again(ben: Browser, sqlite_database: Database) -> None:
    damaged(ben, sqlite_database)
    assert state(sqlite_database) is KitState.REPAIR
    sheet = ben.get(f"/inspection/{KIT}").get_data(as_text=True)
    assert f'formaction="/kits/{KIT}/repaired"' in sheet
    assert 'type="radio"' not in sheet
    assert f'action="/kits/{KIT}/repaired"' in ben.get(f"/kits/{KIT}").get_data(as_text=True)
    assert ben.post(f"/kits/{KIT}/repaired", {"key": key()}).status_code == 303
    assert state(sqlite_database) is KitState.AVAILABLE


def test_damage_may_be_charged_at_the_inspection(ben: Browser, sqlite_database: Database) -> None:
    damaged(ben, sqlite_database, **{"charge-{}": "$45.00"})
    with sqlite_database.read() as session:
        assert session.scalars(select(Charge.amount_cents)).all() == [4500]
    assert "Charged: $45.00." in ben.get("/inspection").get_data(as_text=True)


@pytest.mark.parametrize("typed", ["-5", "much", "1e3", "999999"])
def test_a_charge_that_is_no_amount_is_told_and_nothing_is_saved(
    ben: Browser, sqlite_database: Database, typed: str
) -> None:
    ben.scan(KIT, patron=ADA)
    ben.scan(KIT, screen="returns")
    marks = {f"part-{part(sqlite_database, model)}": "here" for model in ("Charger", "Hotspot", "Case")}
    laptop = part(sqlite_database, "Laptop")
    given = {"key": key(), **marks, f"part-{laptop}": "damaged", f"charge-{laptop}": typed}
    answer = ben.post(f"/inspection/{KIT}", given)
    assert (answer.status_code, state(sqlite_database)) == (422, KitState.TO_INSPECT)
    assert "This cannot be right: charge." in answer.get_data(as_text=True)


def test_a_kit_whose_line_was_suspended_is_free_when_the_line_is_seen_to_work(
    ben: Browser, sqlite_database: Database
) -> None:
    ben.scan(KIT, patron=ADA)
    line = update(Line).where(Line.number.endswith("1042"))
    sqlite_database.act(lambda session: session.execute(line.values(_state=LineState.SUSPENDED)))
    ben.scan(KIT, screen="returns")
    ben.post(f"/inspection/{KIT}", {"key": key(), "all_here": "1", **all_steps()})
    assert state(sqlite_database) is KitState.TURNAROUND
    assert "step-line_active" in ben.get(f"/inspection/{KIT}").get_data(as_text=True)
    ben.post(f"/inspection/{KIT}", {"key": key(), "step-line_active": "1"})
    assert state(sqlite_database) is KitState.AVAILABLE


ANOTHER_LINE = {"number": "+13235550777", "iccid": "8944501234567890124", "carrier": "Cellco"}


@pytest.mark.parametrize("given", [ANOTHER_LINE, {"number": "+12135551042"}], ids=["another", "the same again"])
def test_a_lost_kit_that_returned_is_free_with_a_line_that_works(
    ben: Browser, eli: Browser, sqlite_database: Database, given: dict[str, str]
) -> None:
    ben.scan(KIT, patron=ADA)
    eli.post(f"/kits/{KIT}/lost", {"key": key()})
    ben.scan(KIT, screen="returns")
    ben.post(f"/inspection/{KIT}", {"key": key(), "all_here": "1", **all_steps()})
    sheet = ben.get(f"/inspection/{KIT}").get_data(as_text=True)
    assert "Its line has ended" in sheet
    left = ben.post(f"/inspection/{KIT}", {"key": key()}).get_data(as_text=True)
    assert "is not free yet: line active still to do." in left
    url = f"/kits/{KIT}/parts/{part(sqlite_database, 'Hotspot')}/line"
    assert f'href="{url}"' in ben.get(f"/kits/{KIT}").get_data(as_text=True)
    wrong = ben.post(url, {"key": key(), "number": "+13235550777", "iccid": "12", "carrier": "Cellco"})
    assert "This cannot be right. Look at it again." in wrong.get_data(as_text=True)
    assert ben.post(url, {"key": key(), **given}).status_code == 303
    assert state(sqlite_database) is KitState.AVAILABLE


def test_a_loan_is_renewed_from_the_kits_page(ben: Browser, sqlite_database: Database, clock: MovingClock) -> None:
    ben.scan(OPEN_KIT, patron=ADA)
    assert due(sqlite_database) == "2026-04-14 20:00"
    clock.move(timedelta(days=35))
    ben.sign_in("ben")
    page = ben.get(f"/kits/{OPEN_KIT}").get_data(as_text=True)
    assert f'action="/kits/{OPEN_KIT}/renewal"' in page
    assert "due-date" not in page
    assert ben.post(f"/kits/{OPEN_KIT}/renewal", {"key": key()}).status_code == 303
    assert due(sqlite_database) == "2026-05-26 20:00"


def test_a_due_date_is_changed_from_the_kits_page_by_who_may(
    ben: Browser, eli: Browser, sqlite_database: Database
) -> None:
    ben.scan(OPEN_KIT, patron=ADA)
    url = f"/kits/{OPEN_KIT}/due-date"
    assert ben.get(url).status_code == 403
    assert eli.post(url, {"key": key(), "due_on": "2026-03-22", "reason": ""}).status_code == 422
    past = eli.post(url, {"key": key(), "due_on": "2026-03-01", "reason": "moves away"})
    assert "That day has passed." in past.get_data(as_text=True)
    assert eli.post(url, {"key": key(), "due_on": "2026-03-22", "reason": "moves away"}).status_code == 303
    assert due(sqlite_database) == "2026-03-23 18:00", "a Sunday goes on to the Monday"


def test_one_part_is_given_anew_while_the_kit_stays_out(ben: Browser, sqlite_database: Database) -> None:
    ben.scan(KIT, patron=ADA)
    charger = part(sqlite_database, "Charger")
    assert ben.post(f"/kits/{KIT}/parts/{charger}/swap", {"key": key()}).status_code == 303
    page = ben.get(f"/kits/{KIT}").get_data(as_text=True)
    assert "Another Charger goes out." in page
    assert f"/parts/{charger}/" not in page
    assert state(sqlite_database) is KitState.ON_LOAN
