"""What a scan is answered where something is not as usual: who has the kit, where it goes, what the patron has."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.barcodes import library_code
from lending.domain.states import KitState
from lending.models.charges import Charge
from lending.models.kits import Kit
from lending.models.people import Patron
from lending.programs.withdrawal import withdraw
from tests.cast import ADA, COMPTON_KIT, KIT, LUIS, NOW, OPEN_KIT, OTHER_KIT, Cast
from tests.programs.members import adas_seat, change_cohort, change_program, join
from tests.web.browsers import Browser
from tests.web.looking import kit_state


def key() -> str:
    return secrets.token_hex(8)


def say(browser: Browser, code: str, **more: Any) -> str:
    return str(browser.scan(code, **more).json["say"])


def stand(database: Database, state: KitState, code: str = KIT) -> None:
    database.act(lambda session: session.execute(update(Kit).where(Kit.barcode == code).values(_state=state)))


# --- The patron -------------------------------------------------------------------------------------------------------


def test_the_strip_names_the_kits_that_a_patron_has_and_leads_to_their_page(
    ben: Browser, clock: MovingClock, sqlite_database: Database, cast: Cast
) -> None:
    lent = ben.scan(OPEN_KIT, patron=LUIS).json
    assert lent["kit_line"] == "KIT-2001, due Tue, Apr 14"
    with sqlite_database.read() as session:
        luis = session.get_one(Patron, cast.luis_id).public_id
    patron = ben.scan(LUIS).json["patron"]
    assert (patron["kit_lines"], patron["url"]) == (["KIT-2001, due Tue, Apr 14"], f"/patrons/{luis}")
    clock.move(timedelta(days=50))
    ben.sign_in("ben")
    answer = ben.scan(LUIS).json
    assert answer["patron"]["kit_lines"] == ["KIT-2001, was due Tue, Apr 14"]
    assert answer["row"]["resolve_url"] == f"/patrons/{luis}"


def test_somebody_without_a_session_is_led_to_where_they_are_enrolled(ben: Browser) -> None:
    for lent in (ben.scan(KIT, patron=LUIS), ben.scan(LUIS, kit=KIT)):
        assert lent.status_code == 409
        assert "session" in lent.json["say"]
        assert lent.json["row"]["resolve_url"] == "/enrol"
    assert ben.get("/enrol").status_code == 200


def test_a_refusal_that_lies_in_the_patron_leads_to_the_patron(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    with sqlite_database.read() as session:
        ada = session.get_one(Patron, cast.ada_id).public_id
    ben.scan(KIT, patron=ADA)
    for lent in (ben.scan(OPEN_KIT, patron=ADA), ben.scan(ADA, kit=OPEN_KIT), ben.scan(OPEN_KIT, patron=ada)):
        assert lent.status_code == 409
        assert lent.json["row"]["resolve_url"] == f"/patrons/{ada}"


def test_a_refusal_that_lies_in_the_kit_leads_to_the_kit(ben: Browser, sqlite_database: Database) -> None:
    stand(sqlite_database, KitState.REPAIR)
    assert ben.scan(KIT, patron=ADA).json["row"]["resolve_url"] == f"/kits/{KIT}"


def test_neither_a_claimed_nor_a_lost_kit_counts_as_overdue(ben: Browser, eli: Browser, clock: MovingClock) -> None:
    ben.scan(OPEN_KIT, patron=LUIS)
    clock.move(timedelta(days=50))
    for browser, name in ((ben, "ben"), (eli, "eli")):
        browser.sign_in(name)
    assert "a kit that is overdue" in say(ben, LUIS)
    ben.post(f"/kits/{OPEN_KIT}/claimed", {"key": key()})
    claimed = ben.scan(LUIS).json
    assert "overdue" not in claimed["say"]
    assert claimed["patron"]["kit_lines"] == ["KIT-2001, said to be returned"]
    assert "overdue" not in say(ben, OTHER_KIT, patron=LUIS)
    eli.post(f"/kits/{OPEN_KIT}/lost", {"key": key()})
    lost = ben.scan(LUIS).json
    assert "owes $450.00" in lost["say"]
    assert "overdue" not in lost["say"]
    assert lost["patron"]["kit_lines"] == ["KIT-2001, listed as lost"]


def test_the_reason_of_a_block_ends_with_one_stop(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    with sqlite_database.read() as session:
        ada = session.get_one(Patron, cast.ada_id).public_id
    ben.post(f"/patrons/{ada}/block", {"key": key(), "reason": "Card found on a bus."})
    assert "is blocked: \u2068Card found on a bus\u2069. Speak" in say(ben, ADA)


# --- A kit before its card --------------------------------------------------------------------------------------------


def test_a_kit_that_is_lost_or_claimed_is_told_so_before_its_card(ben: Browser, eli: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    assert "is checked out to \u2068Ada M.\u2069, due Fri, Apr 10." in say(ben, KIT)
    ben.post(f"/kits/{KIT}/claimed", {"key": key()})
    assert say(ben, KIT).startswith("\u2068Ada M.\u2069 says that KIT-1042 was returned.")
    eli.post(f"/kits/{KIT}/lost", {"key": key()})
    assert say(ben, KIT) == "KIT-1042 is listed as lost. If it is in your hands, return it first."


@pytest.mark.parametrize(
    ("state", "then"),
    [
        (KitState.TO_INSPECT, "Inspect it first."),
        (KitState.INCOMPLETE, "Choose another kit."),
        (KitState.MISSING, "If it is in your hands, scan it at Returns."),
        (KitState.WITHDRAWN, "Put it aside."),
    ],
)
def test_a_kit_that_cannot_be_lent_says_what_to_do_with_it(
    ben: Browser, sqlite_database: Database, state: KitState, then: str
) -> None:
    stand(sqlite_database, state)
    assert say(ben, KIT).endswith(then)


def test_other_kits_are_offered_only_where_nothing_stands_against_the_patron(
    ben: Browser, sqlite_database: Database
) -> None:
    stand(sqlite_database, KitState.REPAIR)
    assert "Free here: KIT-1043" in say(ben, KIT, patron=ADA)
    assert "Free here" not in say(ben, KIT, patron=LUIS)


def test_the_number_of_a_hotspot_that_is_not_ours_is_told_for_what_it_is(ben: Browser) -> None:
    assert say(ben, "356938035643809") == "That is the IMEI of a hotspot, not a kit. Scan the kit's own label."


def test_a_kit_on_its_way_is_not_told_to_be_inspected_first(ben: Browser, cleo: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    cleo.scan(KIT, screen="returns", station="COM/Station 1")
    arrives = "KIT-1042 is on its way between libraries. If it arrived here, scan it at Returns."
    assert say(ben, KIT, patron=ADA).startswith(arrives)


def test_a_lost_kit_that_its_own_borrower_brings_to_the_desk_is_told_as_lost(ben: Browser, eli: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    eli.post(f"/kits/{KIT}/lost", {"key": key()})
    lost = "KIT-1042 is listed as lost. If it is in your hands, return it first."
    assert say(ben, KIT, patron=ADA) == lost


# --- Returns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "then"),
    [
        (KitState.AVAILABLE, "Put it back with the free kits."),
        (KitState.TO_INSPECT, "Put it on the inspection cart."),
        (KitState.REPAIR, "Put it with the repairs."),
        (KitState.WITHDRAWN, "Put it aside."),
    ],
)
def test_a_kit_that_was_not_out_is_told_where_it_goes(
    ben: Browser, sqlite_database: Database, state: KitState, then: str
) -> None:
    stand(sqlite_database, state)
    assert say(ben, KIT, screen="returns").endswith(f"Nothing changed. {then}")


def test_a_missing_kit_is_found_by_its_scan(ben: Browser, eli: Browser, sqlite_database: Database) -> None:
    eli.post(f"/kits/{KIT}/missing", {"key": key()})
    found = ben.scan(KIT, screen="returns").json
    assert (found["say"], found["tone"]) == ("KIT-1042 is found. Put it on the inspection cart.", "done")
    assert kit_state(sqlite_database) is KitState.TO_INSPECT
    assert found["say"] in rows_of(ben)[0]
    assert ben.scan(KIT, screen="returns").json["tone"] == "again"


def test_a_missing_kit_that_turns_up_at_another_library_is_found_there(
    cleo: Browser, eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    eli.post(f"/kits/{KIT}/missing", {"key": key()})
    found = cleo.scan(KIT, screen="returns", station="COM/Station 1", key="k" * 16)
    again = cleo.scan(KIT, screen="returns", station="COM/Station 1", key="k" * 16)
    assert found.json == again.json
    with sqlite_database.read() as session:
        assert session.scalars(select(Kit.branch_id).where(Kit.barcode == KIT)).one() == cast.com


def test_a_kit_that_was_just_sent_and_is_scanned_at_returns_is_no_double_scan(ben: Browser) -> None:
    ben.post(f"/kits/{OTHER_KIT}/send", {"key": key(), "to_branch": "COM"})
    told = ben.scan(OTHER_KIT, screen="returns").json
    assert told["say"].endswith("It should be at Compton Library: send it there.")
    assert told["tone"] == "look"


def test_a_kit_whose_check_out_was_just_undone_is_no_double_scan_at_returns(ben: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    ben.scan("CMD-UNDO", patron=ADA)
    assert say(ben, KIT, screen="returns").startswith("KIT-1042 was not out: it is free.")


def test_an_arrival_that_is_read_twice_is_one_scan(ben: Browser, cleo: Browser) -> None:
    ben.post(f"/kits/{OTHER_KIT}/send", {"key": key(), "to_branch": "COM"})
    tones = [cleo.scan(OTHER_KIT, screen="returns", station="COM/Station 1").json["tone"] for _ in range(2)]
    assert tones == ["done", "again"]


def test_a_lost_kit_whose_return_is_undone_is_told_to_be_lost_again_with_its_charge(
    ben: Browser, eli: Browser, sqlite_database: Database
) -> None:
    ben.scan(KIT, patron=ADA)
    eli.post(f"/kits/{KIT}/lost", {"key": key()})
    ben.scan(KIT, screen="returns")
    said = "Undone: KIT-1042 is listed as lost again, with its charge."
    assert [say(ben, "CMD-UNDO", key="k" * 16) for _ in range(2)] == [said, said]
    assert said in rows_of(ben)[0]
    assert kit_state(sqlite_database) is KitState.LOST
    assert ben.scan(ADA).json["patron"]["owes_cents"] == 45000


def test_a_lost_kit_whose_charge_was_waived_is_lost_again_without_one(
    ben: Browser, eli: Browser, clock: MovingClock, sqlite_database: Database, cast: Cast
) -> None:
    ben.scan(KIT, patron=ADA)
    eli.post(f"/kits/{KIT}/lost", {"key": key()})
    with sqlite_database.read() as session:
        charge = session.scalars(select(Charge.public_id)).one()
        ada = session.get_one(Patron, cast.ada_id).public_id
    eli.post(f"/patrons/{ada}/charges/{charge}/waiver", {"key": key(), "reason": "A flood."})
    clock.move(timedelta(minutes=1))
    ben.scan(KIT, screen="returns")
    assert say(ben, "CMD-UNDO") == "Undone: KIT-1042 is listed as lost again."


def test_a_kit_of_another_library_or_on_its_way_there_is_sent_on(ben: Browser, clock: MovingClock) -> None:
    assert say(ben, COMPTON_KIT, screen="returns").endswith("It should be at Compton Library: send it there.")
    ben.post(f"/kits/{OTHER_KIT}/send", {"key": key(), "to_branch": "COM"})
    clock.move(timedelta(minutes=1))
    assert say(ben, OTHER_KIT, screen="returns").endswith("It should be at Compton Library: send it there.")


def test_a_return_that_is_dated_back_says_of_what_day_it_counts(ben: Browser, clock: MovingClock) -> None:
    ben.scan(KIT, patron=ADA)
    clock.move(timedelta(days=3))
    ben.sign_in("ben")
    said = say(ben, KIT, screen="returns", date="2026-03-05")
    assert said.startswith("KIT-1042 is back, counted as of Thu, Mar 5, 8:00\u202fPM. Put it")


def test_a_claimed_kit_that_came_back_settles_the_claim(ben: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    ben.post(f"/kits/{KIT}/claimed", {"key": key()})
    assert "The patron had said that it was returned; that is settled now." in say(ben, KIT, screen="returns")


# --- Inspection and dates ---------------------------------------------------------------------------------------------


def test_a_kit_on_its_way_or_elsewhere_is_not_inspected_here(ben: Browser, cleo: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    ben.scan(KIT, screen="returns")
    cleo.post("/station", {"station": "COM/Station 1"})
    elsewhere = cleo.scan(KIT, screen="inspection", station="COM/Station 1").json
    assert (elsewhere["tone"], elsewhere["go"]) == ("stop", None)
    assert "should be at East Los Angeles" in elsewhere["say"]
    ben.post(f"/kits/{KIT}/send", {"key": key(), "to_branch": "COM"})
    assert "on its way between libraries" in say(ben, KIT, screen="inspection")


def test_a_due_date_on_a_closed_day_says_why_it_is_another(eli: Browser) -> None:
    said = say(eli, OPEN_KIT, patron=LUIS, date="2026-03-22")
    assert said.endswith("Due Mon, Mar 23 (set by hand; the library is closed on Sun, Mar 22).")


def test_an_act_that_cannot_be_undone_takes_the_undo_of_the_one_before(ben: Browser, clock: MovingClock) -> None:
    assert ben.scan(OPEN_KIT, patron=LUIS).json["row"]["act"]
    clock.move(timedelta(days=30))
    ben.sign_in("ben")
    renewed = ben.scan("CMD-RENEW", patron=LUIS).json
    assert (renewed["row"]["act"], renewed["row"]["undo"]) == (True, False)
    assert renewed["kit_line"] == "KIT-2001, due Tue, May 26"
    assert not ben.scan(LUIS).json["row"]["act"]


# --- The log of the day -----------------------------------------------------------------------------------------------


def rows_of(browser: Browser) -> list[str]:
    """The rows of the desk's log, the newest first, without what a scan would make of them later."""
    return (
        browser.get("/desk").get_data(as_text=True).split('<tbody id="log">')[1].split("</tbody>")[0].split("<tr ")[1:]
    )


def test_each_step_is_told_by_its_name_and_only_the_last_one_frees_the_kit(ben: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    ben.scan(KIT, screen="returns")
    ben.post(f"/inspection/{KIT}", {"key": key(), "all_here": "1", "step-wiped": "1"})
    ben.post(f"/inspection/{KIT}", {"key": key(), "step-charged": "1", "step-restocked": "1"})
    restocked, charged, looked = rows_of(ben)[:3]
    assert "KIT-1042: restocked. It is free again." in restocked
    assert "KIT-1042: charged. Still to do: restocked." in charged
    assert "Still to do: charged and restocked." in looked
    history = ben.get(f"/kits/{KIT}").get_data(as_text=True)
    assert "Made ready: charged" in history
    assert "Made ready: restocked" in history


def test_an_act_that_was_taken_back_is_marked_in_the_log_by_a_word(ben: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    ben.scan("CMD-UNDO", patron=ADA)
    undo, lent = rows_of(ben)
    assert (undo.startswith('data-tone="done"'), lent.startswith('data-tone="rest"')) == (True, True)
    assert "<span>undone</span>" in lent
    assert "#done" not in lent


def test_a_check_out_against_a_rule_says_so_at_once_and_in_the_log(eli: Browser) -> None:
    reasons = eli.scan(KIT, patron=LUIS).json["override"]["reasons"]
    done = eli.scan(KIT, patron=LUIS, override={"reasons": reasons, "note": "Joined by telephone."}).json
    assert done["say"].endswith(" A rule was overridden.")
    assert done["say"] in rows_of(eli)[0]
    assert "overridden" not in eli.scan(KIT, screen="returns").json["say"]


def test_a_renewal_against_a_rule_says_so_at_once_and_in_the_log(eli: Browser) -> None:
    eli.scan(KIT, patron=ADA)
    reasons = eli.scan("CMD-RENEW", patron=ADA).json["override"]["reasons"]
    done = eli.scan("CMD-RENEW", patron=ADA, override={"reasons": reasons, "note": "Asked by telephone."}).json
    assert done["say"].endswith(" A rule was overridden.")
    assert done["say"] in rows_of(eli)[0]


def test_a_second_reading_names_the_kit_and_the_patron(ben: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    at_desk = ben.scan(KIT, patron=ADA).json["row"]
    ben.scan(KIT, screen="returns")
    at_returns = ben.scan(KIT, screen="returns").json["row"]
    assert [(row["tone"], row["kit"], row["patron"]) for row in (at_desk, at_returns)] == [("again", KIT, "Ada M.")] * 2


@pytest.mark.parametrize("code", ["29999000000999", library_code("2", "9999", 99), "PT-10423", "HELLO"])
def test_only_a_kit_stands_in_the_column_of_kits(ben: Browser, code: str) -> None:
    row = ben.scan(code).json["row"]
    assert (row["tone"], row["kit"], row["kit_url"]) == ("stop", "", None)


# --- A seat that is offered -------------------------------------------------------------------------------------------


@pytest.fixture
def offered(sqlite_database: Database, cast: Cast) -> None:
    """The one seat of Work Ready 7 is offered to Luis until Wednesday."""
    change_cohort(sqlite_database, cast, capacity=1)
    change_program(sqlite_database, cast, seat_offer_hours=48)
    join(sqlite_database, cast, LUIS)
    seat = adas_seat(sqlite_database, cast)
    sqlite_database.act(lambda session: withdraw(session, enrolment=seat, at=NOW, by=cast.ben))


OFFER = "A seat in Work Ready 7 is offered to \u2068Luis R.\u2069 until "


@pytest.mark.usefixtures("offered")
def test_the_desk_tells_of_the_seat_that_is_offered(ben: Browser) -> None:
    shown = ben.scan(LUIS).get_json()
    assert shown["say"].startswith(OFFER)
    assert shown["tone"] == "look"
    assert "Work Ready 7: a seat is offered until " in shown["patron"]["session"]


@pytest.mark.usefixtures("offered")
def test_the_scan_of_the_sessions_kit_takes_the_offered_seat(ben: Browser, sqlite_database: Database) -> None:
    said = [ben.scan(KIT, patron=LUIS, key="k" * 16).get_json() for _ in range(2)]
    assert "has a seat in Work Ready 7." in said[0]["say"]
    assert f"{KIT} checked out to \u2068Luis R.\u2069" in said[0]["say"]
    assert said[1]["say"] in said[0]["say"], "the same scan again"
    assert kit_state(sqlite_database) is KitState.ON_LOAN


@pytest.mark.usefixtures("offered")
def test_a_kit_and_then_the_card_take_the_offered_seat_too(ben: Browser, sqlite_database: Database) -> None:
    assert "checked out to" in ben.scan(LUIS, kit=KIT).get_json()["say"]
    assert kit_state(sqlite_database) is KitState.ON_LOAN


@pytest.mark.usefixtures("offered")
def test_a_kit_that_cannot_be_lent_takes_no_offered_seat(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    stand(sqlite_database, KitState.REPAIR)
    assert ben.scan(KIT, patron=LUIS).status_code == 409
    assert ben.scan(LUIS).get_json()["say"].startswith(OFFER)


@pytest.mark.usefixtures("offered")
def test_the_desk_of_the_session_takes_the_offered_seat_at_the_card(ben: Browser) -> None:
    assert ben.scan(LUIS, screen="cohort", subject="").get_json()["say"].startswith(OFFER)
    taken = ben.scan(LUIS, screen="cohort", subject="WR-7").get_json()
    assert taken["say"].startswith("\u2068Luis R.\u2069 has a seat in Work Ready 7. A kit is promised.")
    assert taken["patron"]["session"].startswith("Work Ready 7: has a seat; a kit is promised at ")


def test_the_card_tells_how_its_person_stands_in_every_session(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    change_cohort(sqlite_database, cast, capacity=1)
    join(sqlite_database, cast, LUIS)
    shown = ben.scan(LUIS).get_json()["patron"]
    words = "Work Ready 7: number 1 on the waiting list; number 1 in line for a kit"
    assert shown["session"] == words
    page = ben.get(shown["url"]).get_data(as_text=True)
    assert words in page
    assert 'href="/seats/' in page
