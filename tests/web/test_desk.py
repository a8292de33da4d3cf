"""The desk over HTTP: card and kit in either order, returns, and every stop with its sentence."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.barcodes import library_code
from lending.models.journal import JournalEntry
from lending.models.loans import Loan
from tests.cast import ADA, IMEI, KIT, LUIS, OPEN_KIT, OTHER_KIT, Cast, assemble
from tests.databases import counting
from tests.web.browsers import Browser, an_app, signed_in


def loans(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Loan)) or 0


def test_a_card_shows_the_patron_and_changes_nothing(ben: Browser, sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        before = session.scalar(select(func.count()).select_from(JournalEntry))
    answer = ben.scan(ADA)
    assert answer.status_code == 200
    patron = answer.json["patron"]
    assert patron["short_name"] == "Ada M."
    assert patron["session"] == "Work Ready 7: has a seat; a kit is promised at East Los Angeles Library"
    assert "Morales" not in answer.get_data(as_text=True)
    with sqlite_database.read() as session:
        assert session.scalar(select(func.count()).select_from(JournalEntry)) == before


def test_two_scans_check_a_kit_out_and_the_sentence_says_why_it_is_due(ben: Browser, sqlite_database: Database) -> None:
    patron = ben.scan(ADA).json["patron"]
    answer = ben.scan(KIT, patron=patron["card"])
    assert answer.status_code == 200, answer.json
    assert answer.json["say"] == "KIT-1042 checked out to \u2068Ada M.\u2069 Due Fri, Apr 10 (end of Work Ready 7)."
    assert answer.json["tone"] == "done"
    assert answer.json["row"]["undo"]
    assert answer.json["moved"] == {"out": 1, "kits_out": 1}
    assert loans(sqlite_database) == 1


def test_a_kit_first_waits_for_its_card(ben: Browser, sqlite_database: Database) -> None:
    first = ben.scan(KIT)
    assert first.json["kit"] == KIT
    assert first.json["tone"] == "look"
    assert loans(sqlite_database) == 0
    second = ben.scan(ADA, kit=KIT)
    assert second.json["tone"] == "done", second.json
    assert second.json["patron"]["kits_out"] == 1
    assert loans(sqlite_database) == 1


def test_the_patrons_public_id_is_as_good_as_the_card(ben: Browser, sqlite_database: Database) -> None:
    patron = ben.scan(ADA).json["patron"]
    assert ben.scan(KIT, patron=patron["public_id"]).json["tone"] == "done"


def test_the_same_key_gives_the_same_answer_and_one_loan(ben: Browser, sqlite_database: Database) -> None:
    key = secrets.token_hex(8)
    first, again = (ben.scan(KIT, patron=ADA, key=key) for _ in range(2))
    assert first.json == again.json
    assert first.json["tone"] == "done"
    assert loans(sqlite_database) == 1


def test_the_same_key_with_another_body_is_refused(ben: Browser, sqlite_database: Database) -> None:
    key = secrets.token_hex(8)
    ben.scan(KIT, patron=ADA, key=key)
    assert ben.scan(OTHER_KIT, patron=ADA, key=key).status_code == 409
    assert loans(sqlite_database) == 1


def test_a_kit_this_patron_has_is_a_double_scan(ben: Browser, sqlite_database: Database) -> None:
    ben.scan(KIT, patron=ADA)
    answer = ben.scan(KIT, patron=ADA)
    assert answer.json["tone"] == "again"
    assert answer.json["moved"] == {}
    assert loans(sqlite_database) == 1


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("", 422, "Nothing was scanned."),
        ("   ", 422, "Nothing was scanned."),
        ("HELLO", 404, "We don't know HELLO."),
        ("29999000000019", 422, "That did not scan right."),
        ("KIT-9999", 404, "We don't know the kit KIT-9999."),
        (library_code("2", "8888", 1), 404, "another library's"),
        (library_code("3", "8888", 1), 404, "another library's"),
        (IMEI, 422, "IMEI"),
        ("CO-WR7", 422, "a session's code, not a kit"),
        ("<script>alert(1)</script>", 404, "We don't know"),
        ("%(kit)s %s {0}", 404, "We don't know"),
        ("KIT-1042\u0000KIT-1043", 404, "We don't know"),
        ("9" * 190, 404, "We don't know"),
    ],
)
def test_a_code_that_is_no_kit_gets_its_own_sentence_and_changes_nothing(
    ben: Browser, sqlite_database: Database, code: str, status: int, said: str
) -> None:
    answer = ben.scan(code, patron=ADA)
    assert (answer.status_code, answer.json["tone"]) == (status, "stop")
    assert said in answer.json["say"]
    assert loans(sqlite_database) == 0


def test_a_part_is_told_with_its_kit_and_never_lent(ben: Browser, sqlite_database: Database) -> None:
    said = ben.scan(IMEI, patron=ADA).json["say"]
    assert KIT in said
    assert "Scan the kit's own label." in said
    assert loans(sqlite_database) == 0


def test_an_unknown_code_scanned_again_is_sent_to_search(ben: Browser) -> None:
    ben.scan("HELLO")
    answer = ben.scan("HELLO")
    assert "Search for it, or add it" in answer.json["say"]
    assert answer.json["row"]["resolve_url"] == "/search?q=HELLO"


def test_a_card_in_the_kit_box_of_returns_is_named(ben: Browser) -> None:
    answer = ben.scan(ADA, screen="returns")
    assert answer.json["say"] == "That is a library card, not a kit. Scan the kit's own label."


def test_a_patron_outside_the_session_is_told_the_way_in(ben: Browser, sqlite_database: Database) -> None:
    answer = ben.scan(KIT, patron=LUIS)
    assert answer.json["tone"] == "stop"
    assert "no seat" in answer.json["say"]
    assert loans(sqlite_database) == 0


def test_a_desk_may_not_override_the_session_rule_and_is_not_offered_to(ben: Browser) -> None:
    answer = ben.scan(KIT, patron=LUIS)
    assert answer.json["override"] is None
    forced = ben.scan(KIT, patron=LUIS, override={"reasons": ["not_in_cohort"], "note": "She asked."})
    assert forced.json["tone"] == "stop"


def test_an_override_needs_a_reason_and_is_then_done(eli: Browser, sqlite_database: Database) -> None:
    answer = eli.scan(KIT, patron=LUIS)
    assert "not_in_cohort" in answer.json["override"]["reasons"], answer.json
    reasons = answer.json["override"]["reasons"]
    silent = eli.scan(KIT, patron=LUIS, override={"reasons": reasons, "note": " "})
    assert silent.json["say"] == "Type a reason first. It is kept with your name."
    assert loans(sqlite_database) == 0
    done = eli.scan(KIT, patron=LUIS, override={"reasons": reasons, "note": "Joined by telephone."})
    assert done.json["tone"] == "done", done.json


def test_nothing_a_scanner_types_overrides(eli: Browser, sqlite_database: Database) -> None:
    eli.scan(KIT, patron=LUIS)
    for code in ("CMD-OVERRIDE", "CMD-ALL-HERE", KIT):
        assert eli.scan(code, patron=LUIS).json["tone"] != "done"
    assert loans(sqlite_database) == 0


def test_a_date_set_by_hand_is_the_due_date(eli: Browser, sqlite_database: Database) -> None:
    key = secrets.token_hex(8)
    answer = eli.scan(KIT, patron=ADA, date="2026-03-20", key=key)
    assert "Due Fri, Mar 20 (set by hand)" in answer.json["say"]
    assert eli.scan(KIT, patron=ADA, date="2026-03-20", key=key).json == answer.json


def test_a_desk_may_not_set_a_due_date_and_nothing_is_lent(ben: Browser, sqlite_database: Database) -> None:
    answer = ben.scan(KIT, patron=ADA, date="2026-03-20")
    assert answer.status_code == 403
    assert loans(sqlite_database) == 0


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_date_beyond_all_calendars_is_refused(eli: Browser, sqlite_database: Database, day: str) -> None:
    assert eli.scan(OPEN_KIT, patron=LUIS, date=day).status_code in (409, 422)
    assert loans(sqlite_database) == 0
    assert eli.scan(OPEN_KIT, patron=LUIS).status_code == 200
    assert eli.scan(OPEN_KIT, screen="returns", date=day).status_code in (409, 422)


def test_a_return_is_one_scan_and_says_where_the_kit_goes(ben: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    answer = ben.scan(KIT, screen="returns")
    assert answer.json["say"] == "KIT-1042 is back. Put it on the inspection cart."
    assert answer.json["moved"] == {"in_": 1}
    assert answer.json["receipt_url"].startswith("/slips/loans/")


def test_a_label_read_twice_at_returns_changes_nothing(ben: Browser, clock: MovingClock) -> None:
    ben.scan(KIT, patron=ADA)
    ben.scan(KIT, screen="returns")
    clock.move(timedelta(seconds=2))
    answer = ben.scan(KIT, screen="returns")
    assert (answer.json["say"], answer.json["tone"]) == ("Same scan twice. Nothing changed.", "again")
    clock.move(timedelta(seconds=9))
    later = ben.scan(KIT, screen="returns")
    assert (
        later.json["say"]
        == "KIT-1042 was not out: it is waiting for inspection. Nothing changed. Put it on the inspection cart."
    )


def test_a_book_drop_counts_as_of_the_last_closing(ben: Browser, clock: MovingClock) -> None:
    clock.move(timedelta(days=-2))
    ben.scan(KIT, patron=ADA, override={"reasons": ["before_pickup_window"], "note": "early"})
    clock.move(timedelta(days=2))
    answer = ben.scan(KIT, screen="returns", book_drop=True)
    assert "from the book drop: counted as of Mon, Mar 2, 6:00" in answer.json["say"], answer.json


def test_a_day_set_by_hand_dates_a_return_back(ben: Browser, clock: MovingClock) -> None:
    ben.scan(KIT, patron=ADA)
    clock.move(timedelta(days=3))
    assert ben.scan(KIT, screen="returns", date="2026-03-30").json["say"] == (
        "That day is still to come. Choose an earlier one."
    )
    assert ben.scan(KIT, screen="returns", date="2026-03-02").json["say"].startswith("The kit was checked out after")
    assert ben.scan(KIT, screen="returns", date="2026-03-04").json["tone"] == "done"


def test_undo_takes_back_the_last_act_of_the_station(ben: Browser, sqlite_database: Database) -> None:
    ben.scan(KIT, patron=ADA)
    answer = ben.scan("CMD-UNDO", patron=ADA)
    assert answer.json["say"] == "Undone: KIT-1042 is not checked out."
    assert answer.json["moved"] == {"out": -1, "kits_out": -1}
    assert ben.scan("CMD-UNDO").json["say"] == "There is nothing to undo at this station."


def test_commands_end_and_receipt_answer_without_a_row(ben: Browser) -> None:
    end = ben.scan("CMD-END", patron=ADA)
    assert end.json["patron"] is None
    assert end.json["row"] is None
    assert ben.scan("CMD-RECEIPT").json["say"] == "There is no receipt to print."
    ben.scan(KIT, patron=ADA)
    assert ben.scan("CMD-RECEIPT").json["go"].startswith("/slips/loans/")


def test_renew_gives_the_patrons_open_kit_a_later_day(ben: Browser, clock: MovingClock) -> None:
    out = ben.scan(OPEN_KIT, patron=LUIS)
    assert out.json["tone"] == "done", out.json
    clock.move(timedelta(days=30))
    answer = ben.scan("CMD-RENEW", patron=LUIS)
    assert answer.json["say"].startswith("KIT-2001 renewed. Due "), answer.json


def test_a_scan_of_another_station_changes_nothing(ben: Browser, sqlite_database: Database) -> None:
    answer = ben.scan(KIT, patron=ADA, station="COM/Station 1")
    assert answer.status_code == 409
    assert "another station" in answer.json["say"]
    assert loans(sqlite_database) == 0


@pytest.mark.parametrize(
    "body",
    [
        {"code": 7},
        {"code": "x" * 300},
        {"key": ""},
        {"key": "\u00e9" * 12},
        {"screen": "attic"},
        {"date": "tomorrow"},
        {"patron": {"id": 1}},
        {"patron": "a\0b"},
        {"patron": "\ud800"},
        {"override": {"reasons": ["not_in_cohort"], "note": "a\0b"}},
        {"override": {"reasons": ["not_in_cohort"], "note": "\ud800"}},
    ],
)
def test_a_scan_of_a_wrong_shape_is_refused(ben: Browser, body: dict[str, object]) -> None:
    given = {"code": KIT, "key": secrets.token_hex(8), "screen": "desk", "station": "", **body}
    answer = ben.client.post("/desk/scans", json=given, headers={"X-CSRFToken": ben.token})
    assert answer.status_code == 422
    assert "say" not in answer.json


def test_fields_that_are_not_asked_for_change_nothing(ben: Browser, sqlite_database: Database) -> None:
    answer = ben.scan(KIT, patron=ADA, branch="COM", due_at="2030-01-01", role="admin", fee=0)
    assert "Due Fri, Apr 10" in answer.json["say"]
    with sqlite_database.read() as session:
        assert session.scalars(select(Loan)).one().branch_id is not None


def test_a_check_out_is_at_most_16_statements_and_a_return_15(ben: Browser, sqlite_database: Database) -> None:
    token, patron = ben.token, ben.scan(ADA).json["patron"]

    def statements(screen: str) -> list[str]:
        body = {"code": KIT, "key": secrets.token_hex(8), "screen": screen, "station": "ELA/Station 1"}
        with counting(sqlite_database) as sent:
            body["patron"] = patron["card"]
            answer = ben.client.post("/desk/scans", json=body, headers={"X-CSRFToken": token})
        assert answer.json["tone"] == "done", answer.json
        return list(sent)

    assert len(statements("desk")) <= 16
    assert len(statements("returns")) <= 15


def test_the_plain_form_does_the_same_without_scripts(ben: Browser, sqlite_database: Database) -> None:
    key = secrets.token_hex(8)
    shown = ben.post("/desk", {"code": ADA, "key": key, "station": "ELA/Station 1"})
    assert "Ada M." in shown.get_data(as_text=True)
    again = secrets.token_hex(8)
    data = {"code": KIT, "key": again, "station": "ELA/Station 1", "patron": ADA}
    done = ben.post("/desk", data)
    assert done.status_code == 200
    assert "Due Fri, Apr 10" in done.get_data(as_text=True)
    ben.post("/desk", data)  # somebody reloads the page
    assert loans(sqlite_database) == 1


def test_the_plain_form_tells_a_stop_with_its_status(ben: Browser, sqlite_database: Database) -> None:
    page = ben.post("/desk", {"code": KIT, "key": secrets.token_hex(8), "station": "", "patron": LUIS})
    assert page.status_code == 409
    assert "no seat" in page.get_data(as_text=True)


def test_the_log_tells_the_day_in_the_sentences_of_the_answers(ben: Browser) -> None:
    said = [ben.scan(KIT, patron=ADA).json["say"], ben.scan(KIT, screen="returns").json["say"]]
    page = ben.get("/desk").get_data(as_text=True)
    for sentence in said:
        assert sentence in page
    assert '<dd data-f="out">1</dd>' in page
    assert '<dd data-f="in_">1</dd>' in page


def test_only_the_newest_act_offers_undo(ben: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    ben.scan(KIT, screen="returns")
    page = ben.get("/returns").get_data(as_text=True)
    log = page.partition('id="log"')[2].partition("</tbody>")[0]
    assert log.count('data-command="undo"') == 1


def test_hostile_names_are_shown_and_not_run(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    from lending.models.people import Patron

    def rename(session: object) -> None:
        session.get(Patron, cast.ada_id).name = "<script>alert(1)</script> \u202eevil"  # type: ignore[attr-defined]  # it is a session

    sqlite_database.act(rename)
    ben.scan(KIT, patron=ADA)
    page = ben.get("/desk").get_data(as_text=True)
    assert "<script>alert" not in page


def test_a_kit_first_that_is_refused_shows_the_person_and_names_the_kit(
    ben: Browser, sqlite_database: Database
) -> None:
    answer = ben.scan(LUIS, kit=KIT)
    assert answer.json["tone"] == "stop"
    assert answer.json["row"]["kit"] == KIT
    assert LUIS not in answer.json["row"].values()
    assert answer.json["patron"]["short_name"] == "Luis R."
    assert loans(sqlite_database) == 0


def test_a_kit_of_another_branch_says_where_it_should_be(ben: Browser) -> None:
    assert ben.scan("KIT-1060").json["say"].startswith("KIT-1060 should be at Compton Library.")


def test_the_desk_is_the_same_on_postgresql(postgres_database: Database, clock: MovingClock, tmp_path: object) -> None:
    assemble(postgres_database)
    ben = signed_in(Browser(an_app(postgres_database, clock, tmp_path).test_client()), "ben")
    token, key = ben.token, secrets.token_hex(8)

    def scan(code: str, screen: str, key: str) -> tuple[int, str]:
        body = {"code": code, "key": key, "screen": screen, "station": "ELA/Station 1", "patron": ADA}
        with counting(postgres_database) as sent:
            answer = ben.client.post("/desk/scans", json=body, headers={"X-CSRFToken": token})
        return len(sent), answer.json["say"]

    statements, said = scan(KIT, "desk", key)
    assert (statements <= 16, scan(KIT, "desk", key)[1]) == (True, said)
    statements, back = scan(KIT, "returns", secrets.token_hex(8))
    assert (statements <= 15, back) == (True, "KIT-1042 is back. Put it on the inspection cart.")
    for page in ("/desk", "/inspection", f"/inspection/{KIT}", f"/kits/{KIT}", "/kits", "/search?q=Morales"):
        assert ben.get(page).status_code == 200, page
