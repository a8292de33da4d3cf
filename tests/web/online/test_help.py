"""Help and failures, in the layout and the words of whoever reads them."""

from __future__ import annotations

from collections.abc import Callable

from tests.web.browsers import Browser


def test_help_stands_at_the_foot_of_every_page_and_speaks_to_patrons(
    ada: Browser, new_browser: Callable[[], Browser]
) -> None:
    for browser, url in ((ada, "/my"), (ada, "/my/place"), (new_browser(), "/"), (new_browser(), "/my/sign-in")):
        assert '<footer class="foot">' in browser.get(url).get_data(as_text=True)
        told = browser.get("/help").get_data(as_text=True)
        assert "How do I get a kit?" in told
        assert "<kbd>" not in told


def test_staff_read_about_their_screens(ben: Browser) -> None:
    told = ben.get("/help").get_data(as_text=True)
    assert "<kbd>" in told
    assert "How do I get a kit?" not in told


def test_what_is_not_there_is_told_to_patrons_without_a_word_of_the_desk(
    ada: Browser, ben: Browser, new_browser: Callable[[], Browser]
) -> None:
    for browser in (ada, new_browser()):
        answer = browser.get("/my-kitten")
        told = answer.get_data(as_text=True)
        assert answer.status_code == 404
        assert "bar--online" in told
        assert "Go to the first page" in told
        assert "desk" not in told.partition("<main")[2]
    assert "Go to the desk" in ben.get("/my-kitten").get_data(as_text=True)


def test_a_form_without_its_token_is_told_calmly(ada: Browser) -> None:
    answer = ada.client.post("/my/preferences", data={"email": "x"})
    assert answer.status_code == 400
    assert "Nothing was changed." in answer.get_data(as_text=True)
    assert "bar--online" in answer.get_data(as_text=True)
