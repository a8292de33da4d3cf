"""Pictures before the web door: shown to everybody, kept by browsers, never mistaken for a page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lending.circulation.pictures import add_picture
from lending.db import Database
from lending.domain.pictures import Drawn
from tests.cast import NOW, Cast
from tests.web.browsers import Browser


@pytest.fixture
def kept(sqlite_database: Database, cast: Cast) -> str:
    """The address of a picture."""
    drawn = Drawn("image/png", b"\x89PNG-and-more", 3, 2)
    return "/pictures/" + sqlite_database.act(lambda s: add_picture(s, drawn=drawn, at=NOW, by=cast.eli))


def test_everybody_sees_a_picture_and_keeps_it(new_browser: Callable[[], Browser], kept: str) -> None:
    answer = new_browser().get(kept)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", b"\x89PNG-and-more")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_picture_that_may_be_kept_carries_nobodys_cookie(ada: Browser, ben: Browser, kept: str) -> None:
    for browser in (ada, ben):
        assert "Set-Cookie" not in browser.get(kept).headers


@pytest.mark.parametrize("name", ["x" * 16, "1", "a" * 200, "..%2fconfig.py"])
def test_a_picture_that_is_not_there_is_not_found_and_the_answer_is_not_kept(ben: Browser, name: str) -> None:
    answer = ben.get(f"/pictures/{name}")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"
