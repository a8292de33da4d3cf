"""Kit, patron and print pages over HTTP, with what each refuses."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.domain.barcodes import library_code
from lending.domain.states import KitState
from lending.models.journal import JournalEntry
from lending.models.people import Card, Patron
from tests.cast import ADA, KIT, LUIS, OTHER_KIT, Cast, patron
from tests.web.browsers import Browser
from tests.web.looking import key, kit_state, parts_of, returned, row

# --- Kits -------------------------------------------------------------------------------------------------------------


def test_the_list_shows_ones_own_branches_and_can_be_narrowed(ben: Browser) -> None:
    page = ben.get("/kits").get_data(as_text=True)
    assert KIT in page
    assert "KIT-1060" not in page
    assert "KIT-2001" not in ben.get("/kits?type=work-ready").get_data(as_text=True).partition("<tbody>")[2]
    assert ben.get("/kits?state=nonsense&after=%25").status_code == 200


def test_a_kit_page_tells_who_has_it_now_and_never_who_had_it(ben: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    assert "Ada M." in ben.get(f"/kits/{KIT}").get_data(as_text=True)
    ben.scan(KIT, screen="returns")
    ben.post(f"/inspection/{KIT}", {"key": key(), "all_here": "1"})
    assert "Ada" not in ben.get(f"/kits/{KIT}").get_data(as_text=True)


def test_a_kit_is_withdrawn_with_a_reason_by_a_manager_alone(
    ben: Browser, eli: Browser, sqlite_database: Database
) -> None:
    assert ben.get(f"/kits/{KIT}/withdraw").status_code == 403
    empty = eli.post(f"/kits/{KIT}/withdraw", {"key": key(), "reason": ""})
    assert empty.status_code == 422
    assert "There is a problem" in empty.get_data(as_text=True)
    assert eli.post(f"/kits/{KIT}/withdraw", {"key": key(), "reason": "Screen broken"}).status_code == 303
    assert kit_state(sqlite_database) is KitState.WITHDRAWN
    assert "Screen broken" in eli.get(f"/kits/{KIT}").get_data(as_text=True)


def test_a_kit_that_is_out_is_not_withdrawn(eli: Browser, ben: Browser) -> None:
    ben.scan(KIT, patron=ADA)
    page = eli.post(f"/kits/{KIT}/withdraw", {"key": key(), "reason": "Old"})
    assert page.status_code == 409
    assert "checked out" in page.get_data(as_text=True)


def test_a_part_reported_missing_within_48_hours_is_noted(ben: Browser, sqlite_database: Database) -> None:
    ben.scan(KIT, patron=ADA)
    charger = parts_of(sqlite_database)["Charger"]
    assert ben.post(f"/kits/{KIT}/parts/{charger}/report", {"key": key()}).status_code == 303
    assert "It will not be billed." in ben.get(f"/kits/{KIT}").get_data(as_text=True)


def test_a_part_of_another_kit_is_not_reported(ben: Browser, sqlite_database: Database) -> None:
    ben.scan(KIT, patron=ADA)
    other = parts_of(sqlite_database, OTHER_KIT)["Charger"]
    assert ben.post(f"/kits/{KIT}/parts/{other}/report", {"key": key()}).status_code == 404


def test_a_part_is_replaced_by_another_with_its_own_label(ben: Browser, sqlite_database: Database) -> None:
    laptop = parts_of(sqlite_database)["Laptop"]
    given = {"key": key(), "tag": "PT-7777", "manufacturer": "Makers", "model": "Laptop 2", "serial": "sX9"}
    assert ben.post(f"/kits/{KIT}/parts/{laptop}/replace", given).status_code == 303
    assert "PT-7777" in ben.get(f"/kits/{KIT}").get_data(as_text=True)
    taken = ben.post(
        f"/kits/{OTHER_KIT}/parts/{parts_of(sqlite_database, OTHER_KIT)['Laptop']}/replace", {**given, "key": key()}
    )
    assert taken.status_code == 409
    assert "in use already" in taken.get_data(as_text=True)


def test_a_kit_is_added_and_its_code_must_be_a_kits(ben: Browser, sqlite_database: Database) -> None:
    given = {"kit_type": "work-ready", "branch": "ELA"}
    assert ben.post("/kits/new", {"key": key(), "code": "KIT-5555", **given}).headers["Location"] == "/kits/KIT-5555"
    for code, said in ((ADA, "not a kit"), ("KIT-5555", "in use already"), ("HELLO", "cannot be used")):
        page = ben.post("/kits/new", {"key": key(), "code": code, **given})
        assert page.status_code in (409, 422)
        assert said in page.get_data(as_text=True)
    assert ben.post("/kits/new", {"key": key(), "code": "KIT-5556", **given, "branch": "COM"}).status_code == 422


def test_the_next_free_code_is_proposed_for_a_new_kit(ben: Browser) -> None:
    given = {"kit_type": "work-ready", "branch": "ELA"}
    for code in ("KIT-8002", "KIT-8001"):
        ben.post("/kits/new", {"key": key(), "code": code, **given})
    assert "Scan it, or type it. The next free code is KIT-8003." in ben.get("/kits/new").get_data(as_text=True)


def test_no_code_is_proposed_where_the_range_has_ended(ben: Browser) -> None:
    ben.post("/kits/new", {"key": key(), "code": "KIT-999999", "kit_type": "work-ready", "branch": "ELA"})
    page = ben.get("/kits/new").get_data(as_text=True)
    assert "Scan it, or type it." in page
    assert "next free code" not in page


def test_a_lost_kit_is_declared_by_a_manager_and_comes_back(
    ben: Browser, eli: Browser, sqlite_database: Database
) -> None:
    ben.scan(KIT, patron=ADA)
    assert ben.post(f"/kits/{KIT}/lost", {"key": key()}).status_code == 403
    assert eli.post(f"/kits/{KIT}/lost", {"key": key()}).status_code == 303
    assert kit_state(sqlite_database) is KitState.LOST
    answer = ben.scan(KIT, screen="returns")
    assert "listed as lost" in answer.json["say"]
    assert answer.json["tone"] == "look"


def test_a_kit_sent_to_another_branch_arrives_with_a_scan(
    ben: Browser, cleo: Browser, sqlite_database: Database
) -> None:
    assert ben.post("/kits/KIT-2001/send", {"key": key(), "to_branch": "COM"}).status_code == 303
    slip = ben.get("/slips/kits/KIT-2001/transfer").get_data(as_text=True)
    assert "Compton Library (COM)" in slip
    answer = cleo.scan("KIT-2001", screen="returns", station="COM/Station 1")
    assert answer.json["say"] == "KIT-2001 has arrived. It is free.", answer.json


def test_the_label_is_a_pdf(ben: Browser) -> None:
    answer = ben.get(f"/kits/{KIT}/label.pdf")
    assert answer.content_type == "application/pdf"
    assert answer.data.startswith(b"%PDF")


@pytest.mark.parametrize("form", ["edit", "send"])
def test_a_form_without_its_key_does_nothing(ben: Browser, form: str) -> None:
    assert ben.post(f"/kits/{KIT}/{form}", {"key": "", "note": "x", "to_branch": "COM"}).status_code == 422


def test_a_faulty_kit_is_exchanged_on_the_same_terms(ben: Browser, sqlite_database: Database) -> None:
    ben.scan(KIT, patron=ADA)
    given = {"key": key(), "replacement": OTHER_KIT, "reason": "Screen stays dark"}
    silent = ben.post(f"/kits/{KIT}/exchange", {**given, "reason": ""})
    assert silent.status_code == 422
    same = ben.post(f"/kits/{KIT}/exchange", {**given, "replacement": KIT})
    assert "That is the same kit." in same.get_data(as_text=True)
    assert ben.post(f"/kits/{KIT}/exchange", given).status_code == 303
    assert kit_state(sqlite_database) is not KitState.ON_LOAN
    assert kit_state(sqlite_database, OTHER_KIT) is KitState.ON_LOAN
    assert "Apr 10" in ben.get(f"/kits/{OTHER_KIT}").get_data(as_text=True)


# --- Patrons ----------------------------------------------------------------------------------------------------------


def person(database: Database, patron_id: int) -> Patron:
    with database.read() as session:
        found = session.get(Patron, patron_id)
    assert found is not None
    return found


def test_a_search_by_name_is_masked_and_journalled_without_its_words(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    def tell(session: Any) -> None:
        session.get(Patron, cast.ada_id).email = "ada.morales@example.org"

    sqlite_database.act(tell)
    page = ben.get("/patrons?q=mora").get_data(as_text=True)
    assert "Ada M." in page
    assert "ada.morales@" not in page
    entry = row(sqlite_database, select(JournalEntry).where(JournalEntry.verb == "search_patrons"))
    assert entry.detail == {"found": 1}


def test_two_letters_find_nobody(ben: Browser) -> None:
    assert "Type at least 3 letters" in ben.get("/search?q=ad").get_data(as_text=True)


def test_two_signs_of_a_script_without_an_alphabet_are_a_name(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    sqlite_database.act(lambda session: patron(session, "29999000000042", "王芳", cast.ela))
    found = ben.get("/search", query_string={"q": "王芳"}).get_data(as_text=True)
    assert "0042" in found


@pytest.mark.parametrize("query", ["%", "_", "'", "' OR 1=1 --", "9" * 500, "<b>"])
def test_a_hostile_search_finds_nobody_and_breaks_nothing(ben: Browser, query: str) -> None:
    answer = ben.get("/search", query_string={"q": query})
    assert answer.status_code == 200
    assert "Ada M." not in answer.get_data(as_text=True)


@pytest.mark.parametrize("page", ["search", "patrons"])
def test_an_exact_code_goes_straight_to_its_kit_or_its_patron(
    ben: Browser, sqlite_database: Database, cast: Cast, page: str
) -> None:
    with sqlite_database.read() as session:
        ada = session.get_one(Patron, cast.ada_id).public_id
    straight = {KIT: f"/kits/{KIT}", "PT-10421": f"/kits/{KIT}", ADA: f"/patrons/{ada}"}
    found = {code: ben.get(f"/{page}?q={code}").headers.get("Location") for code in straight}
    assert found == straight


def test_an_exact_card_of_another_library_is_named_and_its_page_stays_shut(cleo: Browser) -> None:
    listed = cleo.get(f"/search?q={ADA}")
    assert listed.status_code == 200
    assert "Ada M." in listed.get_data(as_text=True)


def test_an_exact_code_that_nobody_has_finds_nothing(ben: Browser) -> None:
    for code in ("KIT-104", "KIT-9999", "29999000000999"):
        assert "Nothing found" in ben.get(f"/search?q={code}").get_data(as_text=True), code


def test_a_look_at_a_patron_is_journalled_by_pseudonym(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    ada = person(sqlite_database, cast.ada_id)
    assert "Ada Morales" in ben.get(f"/patrons/{ada.public_id}").get_data(as_text=True)
    entry = row(sqlite_database, select(JournalEntry).where(JournalEntry.verb == "look_at_patron"))
    assert entry.patron == ada.pseudonym


def test_a_patron_is_registered_under_a_card(ben: Browser, sqlite_database: Database) -> None:
    number = library_code("2", "9999", 77)
    given = {"name": "Thuy Nguyễn", "birth_date": "1988-02-29", "language": "en", "home_branch": "ELA", "card": number}
    answer = ben.post("/patrons/new", {"key": key(), **given})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert row(sqlite_database, select(Card.number).where(Card.number == number)) == number
    assert ben.scan(number).json["patron"]["short_name"] == "Thuy N."


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "Fill this in."),
        ({"birth_date": "yesterday"}, "Not a valid date value"),
        ({"birth_date": "2999-01-01"}, "This cannot be right. Look at it again."),
        ({"email": "nobody"}, "This cannot be right. Look at it again."),
        ({"card": ADA}, "in use already"),
        ({"card": KIT}, "not a library card"),
        ({"card": "29999000000770"}, "did not scan right"),
        ({"name": "\u0007\u0007"}, "This cannot be right. Look at it again."),
    ],
)
def test_what_is_wrong_with_a_registration_is_told_at_its_field(
    ben: Browser, sqlite_database: Database, wrong: dict[str, str], said: str
) -> None:
    number = library_code("2", "9999", 77)
    given = {"name": "Thuy", "birth_date": "1988-02-29", "language": "en", "home_branch": "ELA", "card": number}
    answer = ben.post("/patrons/new", {"key": key(), **given, **wrong})
    assert answer.status_code in (409, 422)
    assert said in answer.get_data(as_text=True)
    assert "Error:" in answer.get_data(as_text=True)
    assert row(sqlite_database, select(Card.number).where(Card.number == number)) is None


def test_a_changed_name_is_shown_and_a_surname_is_not_at_the_desk(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    ada = person(sqlite_database, cast.ada_id)
    form = {"name": "Ada Morales Ruiz", "birth_date": "1990-05-17", "language": "es", "expires_on": "2029-01-01"}
    assert ben.post(f"/patrons/{ada.public_id}/edit", {"key": key(), **form}).status_code == 303
    assert ben.scan(ADA).json["patron"]["short_name"] == "Ada R."


def test_a_replaced_card_says_so_and_the_new_one_works(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    ada = person(sqlite_database, cast.ada_id)
    new = library_code("2", "9999", 500)
    assert ben.post(f"/patrons/{ada.public_id}/card", {"key": key(), "card": new}).status_code == 303
    assert "replaced by a newer one" in ben.scan(ADA).json["say"]
    assert ben.scan(new).json["patron"]["short_name"] == "Ada M."


def test_double_records_are_merged_by_a_manager(
    ben: Browser, eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    ada = person(sqlite_database, cast.ada_id)
    assert ben.get(f"/patrons/{ada.public_id}/merge").status_code == 403
    own = eli.post(f"/patrons/{ada.public_id}/merge", {"key": key(), "card": ADA})
    assert "same patron" in own.get_data(as_text=True)
    done = eli.post(f"/patrons/{ada.public_id}/merge", {"key": key(), "card": LUIS})
    assert done.status_code == 303, done.get_data(as_text=True)
    assert ben.scan(LUIS).json["tone"] == "stop"


def test_a_block_by_hand_stops_the_desk_with_its_reason_and_is_lifted(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    ada = person(sqlite_database, cast.ada_id)
    ben.post(f"/patrons/{ada.public_id}/block", {"key": key(), "reason": "Card found on a bus"})
    assert "Card found on a bus" in ben.scan(ADA).json["say"]
    assert ben.scan(KIT, patron=ADA).json["tone"] == "stop"
    ben.post(f"/patrons/{ada.public_id}/unblock", {"key": key()})
    assert ben.scan(KIT, patron=ADA).json["tone"] == "done"


# --- Slips ------------------------------------------------------------------------------------------------------------


def test_the_receipt_lists_the_parts_and_the_reason_of_the_date_and_no_surname(ben: Browser) -> None:
    url = ben.scan(KIT, patron=ADA).json["receipt_url"]
    page = ben.get(url).get_data(as_text=True)
    for said in ("Ada M.", "Laptop", "Charger", "yours to keep", "Fri, Apr 10", "End of Work Ready 7", "48 hours"):
        assert said in page, said
    assert "Morales" not in page
    assert "S10421" not in page


def test_the_receipt_of_a_returned_kit_is_proof_of_its_return(ben: Browser) -> None:
    url = ben.scan(KIT, patron=ADA).json["receipt_url"]
    ben.scan(KIT, screen="returns")
    page = ben.get(url).get_data(as_text=True)
    assert "We have it back:" in page
    assert "It came back on time." in page


def test_inspection_slip_and_parts_list_are_print_pages(ben: Browser) -> None:
    returned(ben)
    assert "To inspection" in ben.get(f"/slips/kits/{KIT}/inspection").get_data(as_text=True)
    assert "What is in this kit" in ben.get(f"/slips/kits/{KIT}/parts").get_data(as_text=True)
    assert ben.get(f"/slips/kits/{KIT}/transfer").status_code == 404


def test_a_receipt_of_another_branch_looks_like_none(ben: Browser, cleo: Browser) -> None:
    url = ben.scan(KIT, patron=ADA).json["receipt_url"]
    assert cleo.get(url).status_code == 404
