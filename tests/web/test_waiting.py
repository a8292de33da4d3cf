"""What waits at the desk for the next scan: the faulty kit of an exchange, and the agreement that was signed."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.states import KitState, LoanState
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.policies import AgreementAcceptance, Signing
from tests.cast import ADA, COMPTON_KIT, KIT, LUIS, OPEN_KIT, OTHER_KIT, THIRD_KIT, Cast
from tests.web.browsers import Browser
from tests.web.looking import kit_state

EXCHANGE, SIGNED = "CMD-EXCHANGE", "CMD-SIGNED"
FAULTY = f"{EXCHANGE} {KIT}"
DONE = (
    "KIT-1043 goes out to \u2068Ada M.\u2069 for KIT-1042. Due Fri, Apr 10, as before. "
    "Put KIT-1042 on the inspection cart."
)


@pytest.fixture
def lent(ben: Browser) -> Browser:
    """Ben's desk, after Ada took a kit."""
    ben.scan(KIT, patron=ADA)
    return ben


def scan(browser: Browser, code: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = browser.scan(code, **more).get_json()
    return answer


def states(database: Database) -> list[LoanState]:
    with database.read() as session:
        return list(session.scalars(select(Loan.state).order_by(Loan.id)))


def test_three_scans_exchange_a_kit(lent: Browser, sqlite_database: Database) -> None:
    begun = scan(lent, EXCHANGE)
    assert (begun["say"], begun["kit"], begun["row"]) == ("Exchange: scan the faulty kit.", EXCHANGE, None)
    named = scan(lent, KIT, kit=begun["kit"])
    assert named["say"] == "KIT-1042 of \u2068Ada M.\u2069 is faulty. Now scan the kit that goes out for it."
    assert (named["kit"], named["tone"]) == (FAULTY, "look")
    assert states(sqlite_database) == [LoanState.OUT]
    done = scan(lent, OTHER_KIT, kit=named["kit"])
    assert (done["say"], done["tone"], done["kit"], done["moved"]) == (DONE, "done", None, {})
    assert done["row"]["undo"]
    assert done["receipt_url"].startswith("/slips/loans/")
    assert states(sqlite_database) == [LoanState.RECEIVED, LoanState.OUT]
    assert (kit_state(sqlite_database), kit_state(sqlite_database, OTHER_KIT)) == (
        KitState.TO_INSPECT,
        KitState.ON_LOAN,
    )


def test_an_exchange_stands_in_the_log_of_the_station_and_is_undone_there(
    lent: Browser, sqlite_database: Database
) -> None:
    scan(lent, OTHER_KIT, kit=FAULTY)
    assert DONE in lent.get("/desk").get_data(as_text=True)
    undone = scan(lent, "CMD-UNDO")
    said = "Undone: KIT-1043 is not checked out; KIT-1042 is out again, due as before."
    assert undone["say"] == said
    assert states(sqlite_database) == [LoanState.OUT, LoanState.UNDONE]
    page = lent.get("/desk").get_data(as_text=True)
    assert said in page
    assert "<span>undone</span>" in page
    history = lent.get(f"/kits/{KIT}").get_data(as_text=True)
    assert "Exchange undone, out again" in history


def test_the_same_scan_again_gives_the_same_answer_and_one_exchange(lent: Browser, sqlite_database: Database) -> None:
    key = secrets.token_hex(8)
    first, again = (scan(lent, OTHER_KIT, kit=FAULTY, key=key) for _ in range(2))
    assert first == again
    assert states(sqlite_database) == [LoanState.RECEIVED, LoanState.OUT]


def test_after_ten_minutes_an_exchange_is_not_undone(lent: Browser, clock: MovingClock) -> None:
    scan(lent, OTHER_KIT, kit=FAULTY)
    clock.move(timedelta(minutes=11))
    assert scan(lent, "CMD-UNDO")["say"].startswith("That was more than ten minutes ago.")


def test_the_strip_of_the_patron_shows_the_kit_they_have_now(lent: Browser) -> None:
    done = scan(lent, OTHER_KIT, kit=FAULTY, patron=ADA)
    assert done["patron"]["kit_lines"] == ["KIT-1043, due Fri, Apr 10"]
    undone = scan(lent, "CMD-UNDO", patron=ADA)
    assert undone["patron"]["kit_lines"] == ["KIT-1042, due Fri, Apr 10"]
    assert "patron" not in scan(lent, OTHER_KIT, kit=FAULTY), "nobody is put on the screen by an exchange"


def test_with_a_patron_on_the_screen_a_kit_in_an_exchange_is_not_lent(lent: Browser, sqlite_database: Database) -> None:
    assert scan(lent, KIT, kit=EXCHANGE, patron=ADA)["kit"] == FAULTY
    assert states(sqlite_database) == [LoanState.OUT]


def test_a_kit_that_is_not_out_is_no_faulty_one_and_the_exchange_goes_on(lent: Browser) -> None:
    stopped = scan(lent, OTHER_KIT, kit=EXCHANGE)
    assert stopped["say"].startswith("KIT-1043 was not out: it is free.")
    assert stopped["kit"] == EXCHANGE


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (KIT, "That is the same kit."),
        (OPEN_KIT, "That kit is of another kind."),
        (COMPTON_KIT, "KIT-1060 should be at Compton Library"),
        ("KIT-9999", "We don't know the kit KIT-9999."),
        ("PT-10423", "Scan the kit's own label."),
    ],
)
def test_a_kit_that_cannot_go_out_is_refused_and_another_may_be_scanned(
    lent: Browser, sqlite_database: Database, code: str, said: str
) -> None:
    stopped = scan(lent, code, kit=FAULTY)
    assert said in stopped["say"]
    assert (stopped["tone"], stopped["kit"], stopped["override"]) == ("stop", FAULTY, None)
    assert states(sqlite_database) == [LoanState.OUT]
    assert scan(lent, THIRD_KIT, kit=stopped["kit"])["tone"] == "done"


def test_other_free_kits_are_named_where_the_one_scanned_cannot_go_out(
    lent: Browser, sqlite_database: Database
) -> None:
    busy = update(Kit).where(Kit.barcode == OTHER_KIT).values(_state=KitState.REPAIR)
    sqlite_database.act(lambda session: session.execute(busy))
    assert "Free here: KIT-1044" in scan(lent, OTHER_KIT, kit=FAULTY)["say"]


@pytest.mark.parametrize(("what", "then"), [("claimed", "take it back at Returns."), ("lost", "return it first.")])
def test_a_kit_that_is_claimed_or_lost_is_returned_and_not_exchanged(
    lent: Browser, eli: Browser, what: str, then: str
) -> None:
    eli.post(f"/kits/{KIT}/{what}", {"key": secrets.token_hex(8)})
    told = scan(lent, KIT, kit=EXCHANGE)
    assert told["say"].endswith(then)
    assert told["kit"] is None


def test_a_card_gives_an_exchange_up(lent: Browser, sqlite_database: Database) -> None:
    shown = scan(lent, LUIS, kit=FAULTY)
    assert (shown["patron"]["card"], shown["kit"]) == (LUIS, None)
    assert scan(lent, "CMD-END", kit=FAULTY)["kit"] is None
    assert states(sqlite_database) == [LoanState.OUT]


@pytest.mark.parametrize("screen", ["returns", "cohort", "inspection"])
def test_kits_are_exchanged_at_the_desk_alone(lent: Browser, screen: str) -> None:
    told = scan(lent, EXCHANGE, screen=screen)
    assert told["say"] == "Kits are exchanged at the desk. Scan this there."
    assert told["kit"] is None


def test_the_plain_form_exchanges_too(lent: Browser, sqlite_database: Database) -> None:
    form = {"key": secrets.token_hex(8), "station": "ELA/Station 1", "kit": FAULTY, "code": OTHER_KIT}
    page = lent.post("/desk", form).get_data(as_text=True)
    assert DONE in page
    waits = lent.post("/desk", {**form, "key": secrets.token_hex(8), "code": EXCHANGE, "kit": ""})
    assert f'name="kit" value="{EXCHANGE}"' in waits.get_data(as_text=True)


def test_at_another_branch_the_faulty_kit_is_sent_home(lent: Browser, cleo: Browser, cast: Cast) -> None:
    cleo.post("/station", {"station": "COM/Station 1"})
    done = scan(cleo, COMPTON_KIT, kit=FAULTY, station="COM/Station 1")
    assert done["say"].endswith("Send KIT-1042 to East Los Angeles Library.")
    assert done["tone"] == "look"


# --- The agreement ----------------------------------------------------------------------------------------------------


@pytest.fixture
def unsigned(sqlite_database: Database, cast: Cast) -> None:
    """Nobody has signed the agreement."""
    sqlite_database.act(lambda session: session.execute(delete(AgreementAcceptance)))


@pytest.mark.usefixtures("unsigned")
def test_the_agreement_is_signed_by_a_scan_between_the_card_and_the_kit(
    ben: Browser, sqlite_database: Database
) -> None:
    assert scan(ben, ADA)["patron"]["agreement_missing"]
    signed = scan(ben, SIGNED, patron=ADA)
    assert signed["say"] == "\u2068Ada M.\u2069 signed the agreement just now. Scan the kit."
    assert (signed["signed"], signed["row"]) == (True, None)
    assert states(sqlite_database) == []
    assert scan(ben, KIT, patron=ADA, agreement=True)["tone"] == "done"
    with sqlite_database.read() as session:
        assert session.scalars(select(AgreementAcceptance.how)).all() == [Signing.AT_DESK]


@pytest.mark.usefixtures("unsigned")
def test_the_plain_form_ticks_the_agreement(ben: Browser) -> None:
    form = {"key": secrets.token_hex(8), "station": "ELA/Station 1", "patron": ADA, "code": SIGNED}
    box = ben.post("/desk", form).get_data(as_text=True).partition('id="agreement"')[2].partition(">")[0]
    assert "checked" in box
    box = ben.get("/desk").get_data(as_text=True).partition('id="agreement"')[2].partition(">")[0]
    assert "checked" not in box


def test_who_has_signed_is_not_ticked_again(ben: Browser) -> None:
    told = scan(ben, SIGNED, patron=ADA)
    assert (told["say"], told["signed"]) == ("No agreement is missing from \u2068Ada M.\u2069", False)


def test_without_a_patron_there_is_nobody_to_sign(ben: Browser) -> None:
    told = scan(ben, SIGNED, kit=KIT)
    assert (told["say"], told["signed"], told["kit"]) == ("Scan a card first, then this.", False, KIT)


def test_the_commands_are_printed_for_the_desk(ben: Browser) -> None:
    sheet = ben.get("/slips/commands.pdf")
    assert sheet.content_type == "application/pdf"
    assert sheet.data.startswith(b"%PDF")
    assert 'href="/slips/commands.pdf"' in ben.get("/help").get_data(as_text=True)
