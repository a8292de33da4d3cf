"""Workshop pages: sign-in by scan and by plain form, counts and views apart, a meeting's list."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete

from lending.db import Database
from lending.models.cohorts import AttendanceMode, HeadCountKind, WorkshopMode
from lending.models.people import StaffBranch
from tests.cast import ADA, KIT, LUIS, Cast
from tests.programs.meetings import attendances, head_counts, meeting, public_id_of
from tests.web.browsers import Browser, signed_in

KEY = "k" * 16


@pytest.fixture
def workshop(sqlite_database: Database, cast: Cast) -> str:
    """A workshop in the room and on line, in an hour."""
    return meeting(sqlite_database, cast)


@pytest.fixture
def dora(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Dora, who leads Work Ready, at East Los Angeles."""
    found = signed_in(new_browser(), "dora")
    found.post("/station", {"station": "ELA/Station 1"})
    return found


def text(answer: Any) -> str:
    """The page's text."""
    return str(answer.get_data(as_text=True))


def attend(browser: Browser, workshop: str, card: str, mode: str = "onsite", **more: Any) -> Any:
    """Scan a card at the sign-in."""
    return browser.scan(card, screen="workshop", subject=workshop, mode=mode, **more)


def test_one_scan_signs_in_and_the_next_says_so(ben: Browser, workshop: str) -> None:
    first = attend(ben, workshop, ADA).json
    assert (first["tone"], first["say"].replace("\u2068", "").replace("\u2069", "")) == (
        "done",
        "Ada M. is signed in, in the room.",
    )
    assert attend(ben, workshop, ADA).json["tone"] == "again"


def test_the_same_scan_sent_twice_gives_the_same_answer(ben: Browser, workshop: str) -> None:
    first = attend(ben, workshop, ADA, key="one scan").json
    assert attend(ben, workshop, ADA, key="one scan").json == first


def test_a_kit_at_the_sign_in_is_told_for_what_it_is(ben: Browser, workshop: str, sqlite_database: Database) -> None:
    answer = attend(ben, workshop, KIT)
    assert (answer.status_code, answer.json["say"]) == (422, "That is a kit, not a library card. Scan the card.")
    assert attendances(sqlite_database) == []


def test_a_lead_signs_people_in_too(dora: Browser, workshop: str, sqlite_database: Database, cast: Cast) -> None:
    assert attend(dora, workshop, LUIS, "virtual").json["tone"] == "done"
    assert attendances(sqlite_database) == [(cast.luis_id, AttendanceMode.VIRTUAL)]


def test_a_lead_lends_nothing_through_the_same_door(dora: Browser) -> None:
    answer = dora.scan(KIT, patron=ADA)
    assert answer.status_code == 403


def test_without_scripts_the_page_does_the_same(ben: Browser, workshop: str, sqlite_database: Database) -> None:
    page = ben.post(
        f"/workshops/{workshop}",
        {"code": ADA, "key": KEY, "station": "ELA/Station 1", "subject": workshop, "mode": "onsite"},
    )
    assert "is signed in, in the room." in text(page)
    assert 'value="onsite" checked' in text(page)
    assert len(attendances(sqlite_database)) == 1


def test_counts_are_kept_and_shown_apart_from_views(ben: Browser, workshop: str, sqlite_database: Database) -> None:
    answer = ben.post(f"/workshops/{workshop}/counts", {"key": KEY, "onsite": "7", "devices": "12"})
    assert answer.status_code == 303
    assert head_counts(sqlite_database) == {HeadCountKind.ONSITE: 7, HeadCountKind.DEVICES: 12}
    page = text(ben.get(f"/workshops/{workshop}"))
    assert "Recording, not attendance" in page
    assert "not known" in page


def test_a_count_below_nothing_is_told_at_its_field(ben: Browser, workshop: str, sqlite_database: Database) -> None:
    answer = ben.post(f"/workshops/{workshop}/counts", {"key": KEY, "onsite": "-2"})
    assert answer.status_code == 422
    assert "A whole number, 0 or more." in text(answer)
    assert head_counts(sqlite_database) == {}


def test_views_before_posting_are_refused_on_the_page(ben: Browser, workshop: str) -> None:
    answer = ben.post(f"/workshops/{workshop}/views", {"key": KEY, "day": "2026-03-03", "count": "5"})
    assert answer.status_code == 422
    assert "day the recording was posted" in text(answer)


def test_a_recording_and_its_views(ben: Browser, workshop: str) -> None:
    assert ben.post(f"/workshops/{workshop}/recording", {"key": KEY, "posted_on": "2026-03-03"}).status_code == 303
    views = {"key": KEY + "2", "day": "2026-03-03", "count": "5"}
    assert ben.post(f"/workshops/{workshop}/views", views).status_code == 303
    assert "Tue, Mar 3" in text(ben.get(f"/workshops/{workshop}"))


def test_who_signed_in_is_listed_and_taken_back(
    ben: Browser, workshop: str, sqlite_database: Database, cast: Cast
) -> None:
    attend(ben, workshop, ADA)
    page = text(ben.get(f"/workshops/{workshop}/people"))
    assert "Ada M." in page
    assert "Morales" not in page
    ada = public_id_of(sqlite_database, cast.ada_id)
    assert ben.post(f"/workshops/{workshop}/people", {"key": KEY, "patron": ada}).status_code == 303
    assert attendances(sqlite_database) == []


def test_a_lead_without_a_branch_counts_and_posts_without_a_station(
    new_browser: Callable[[], Browser], workshop: str, sqlite_database: Database, cast: Cast
) -> None:
    sqlite_database.act(lambda session: session.execute(delete(StaffBranch)) and None)
    dora = signed_in(new_browser(), "dora")
    page = dora.get(f"/workshops/{workshop}")
    assert (page.status_code, 'id="scan"' in text(page)) == (200, False)
    assert dora.post(f"/workshops/{workshop}/counts", {"key": KEY, "onsite": "7"}).status_code == 303
    assert head_counts(sqlite_database) == {HeadCountKind.ONSITE: 7}
    posted = {"key": KEY + "r", "posted_on": "2026-03-03"}
    assert dora.post(f"/workshops/{workshop}/recording", posted).status_code == 303
    wrong = dora.post(f"/workshops/{workshop}/views", {"key": KEY + "v", "day": "2026-03-03", "count": "-1"})
    assert (wrong.status_code, "A whole number, 0 or more." in text(wrong)) == (422, True)


def test_a_lead_opens_a_workshop_from_anywhere(new_browser: Callable[[], Browser], workshop: str) -> None:
    dora = signed_in(new_browser(), "dora")
    page = dora.get(f"/workshops/{workshop}")
    assert (page.status_code, 'id="scan"' in text(page)) == (200, False)


def upload(browser: Browser, workshop: str, data: bytes) -> Any:
    """Send a file."""
    form = {"key": KEY, "file": (io.BytesIO(data), "participants.csv")}
    return browser.post(f"/workshops/{workshop}/participants", form, content_type="multipart/form-data")


def test_a_meetings_list_is_taken_in_and_told_by_rows(
    ben: Browser, workshop: str, sqlite_database: Database, cast: Cast
) -> None:
    page = text(upload(ben, workshop, b"Name,Email\nAda Morales,\niPad,\n"))
    assert "2 rows read. The workshop has 2 devices now." in page
    assert "iPad" not in page
    assert attendances(sqlite_database) == [(cast.ada_id, AttendanceMode.VIRTUAL)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"Card\n1\n", "No row names the column 'name'."),
        (b"Name\n=1+1\n", "Row 2: The cell begins like a spreadsheet"),
        (b"Name\n\xff\n", "The file is not UTF-8 (line 2)."),
    ],
)
def test_a_file_that_is_no_list_is_told_clearly(
    ben: Browser, workshop: str, sqlite_database: Database, data: bytes, said: str
) -> None:
    answer = upload(ben, workshop, data)
    assert answer.status_code == 422
    assert said in text(answer).replace("&#39;", "'")
    assert head_counts(sqlite_database) == {}


def test_near_workshops_and_a_sessions_own_are_listed(
    dora: Browser, workshop: str, sqlite_database: Database, cast: Cast
) -> None:
    meeting(sqlite_database, cast, WorkshopMode.VIRTUAL, n=2)
    for address in ("/workshops", "/sessions/WR-7/workshops"):
        page = text(dora.get(address))
        assert "Workshop 1" in page
        assert "Workshop 2" in page


def test_another_branchs_workshop_is_not_there(cleo: Browser, ben: Browser) -> None:
    for address in ("/workshops/" + "x" * 16, "/sessions/WR-99/workshops"):
        assert ben.get(address).status_code == 404
