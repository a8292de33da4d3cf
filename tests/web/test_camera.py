"""Photos before the web door: a code comes back and nothing happens by itself; hostile files are refused in words."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lending.clock import MovingClock
from lending.db import Database
from lending.models.journal import JournalEntry
from lending.models.loans import Loan
from lending.web import camera
from lending.web.pace import Pace
from tests.cast import ADA, KIT, OTHER_KIT
from tests.labels.photos import label, photo
from tests.web.browsers import Browser

SCREENS = ("/desk", "/returns", "/inspection", "/shelf", "/session-desk", "/sessions/WR-7/desk")


def show(browser: Browser, *contents: bytes, url: str = "/desk/photos", **fields: Any) -> TestResponse:
    files = [(io.BytesIO(content), "photo.jpg") for content in contents]
    return browser.post(url, {"photo": files, **fields}, content_type="multipart/form-data")


def say(answer: TestResponse) -> tuple[int, str, str]:
    return answer.status_code, answer.json["reason"], answer.json["say"]


@pytest.fixture(autouse=True)
def own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "pace", Pace(150, camera.WITHIN))


def test_the_code_in_a_photo_comes_back_and_nothing_is_done(ben: Browser, sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        before = session.query(JournalEntry).count()
    assert show(ben, photo(label(KIT))).json == {"code": KIT}
    assert show(ben, photo(label(KIT)), photo(label(KIT), angle=5)).json == {"code": KIT}
    with sqlite_database.read() as session:
        assert (session.query(JournalEntry).count(), session.query(Loan).count()) == (before, 0)


def test_several_labels_are_named(ben: Browser) -> None:
    assert say(show(ben, photo(label(KIT), label(OTHER_KIT), size=(1600, 1000)))) == (
        422,
        "photo_several",
        f"There are several labels: {KIT} and {OTHER_KIT}. Nothing changed. Show one of them alone.",
    )


@pytest.mark.parametrize("contents", [[], [b"words"], [b""], [b"words"] * 3])
def test_what_is_no_photo_is_refused_with_a_sentence(ben: Browser, contents: list[bytes]) -> None:
    status, reason, sentence = say(show(ben, *contents))
    assert (status, reason) == (422, "picture_unreadable")
    assert sentence.endswith(".")


def test_a_file_that_is_too_long_is_refused_unopened(ben: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    content = photo(label(KIT))
    monkeypatch.setattr(camera, "LARGEST_PHOTO", len(content) - 1)
    assert say(show(ben, content))[:2] == (422, "picture_too_big")


def test_a_photo_needs_the_token_of_its_session(ben: Browser) -> None:
    file = (io.BytesIO(photo(label(KIT))), "photo.jpg")
    assert ben.client.post("/desk/photos", data={"photo": file}).status_code == 400


def test_patrons_and_strangers_show_no_photos(ada: Browser, new_browser: Callable[[], Browser]) -> None:
    for browser in (ada, new_browser()):
        assert show(browser, b"words").status_code in (302, 401)


def test_so_many_photos_a_minute_and_no_more(ben: Browser, clock: MovingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "pace", Pace(2, camera.WITHIN))
    assert [show(ben, b"words").status_code for _ in range(3)] == [422, 422, 429]
    refused = show(ben, b"words")
    assert (refused.headers["Retry-After"], refused.json["reason"]) == ("60", "photos_too_often")
    clock.move(timedelta(minutes=1))
    assert show(ben, b"words").status_code == 422


def test_the_camera_is_let_on_the_pages_that_have_it_and_on_no_other(ben: Browser) -> None:
    for path in SCREENS:
        answer = ben.get(path)
        assert "camera=(self)" in answer.headers["Permissions-Policy"], path
        assert b'id="camera"' in answer.data, path
    for path in ("/search", "/kits", "/help", "/my/sign-in"):
        answer = ben.get(path)
        assert "camera=()" in answer.headers["Permissions-Policy"], path
        assert b'id="camera"' not in answer.data, path


def test_nothing_of_a_photo_is_logged(ben: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        show(ben, photo(label(ADA)))
    assert ADA not in caplog.text


# --- Without scripts --------------------------------------------------------------------------------------------------


def test_a_photo_sent_by_hand_is_a_scan(ben: Browser, sqlite_database: Database) -> None:
    travels = {"station": "ELA/Station 1", "patron": ADA, "key": "k" * 16}
    page = show(ben, photo(label(KIT)), url="/desk", **travels).get_data(as_text=True)
    assert "Due Fri, Apr 10" in page
    show(ben, photo(label(KIT)), url="/desk", **travels)
    with sqlite_database.read() as session:
        assert session.query(Loan).count() == 1, "The same form sent again is the same scan."


def test_a_photo_sent_by_hand_that_shows_no_label_is_told_on_the_page(ben: Browser, sqlite_database: Database) -> None:
    travels = {"station": "ELA/Station 1", "patron": ADA, "key": "k" * 16}
    answer = show(ben, photo(), url="/desk", **travels)
    assert answer.status_code == 422
    assert "No label could be read for sure." in answer.get_data(as_text=True)
    with sqlite_database.read() as session:
        assert session.query(Loan).count() == 0
