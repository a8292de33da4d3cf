"""Where administration begins, what is kept how long, and how complete a language is."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from lending.db import Database
from lending.models.setting_up import LibrarySetting
from lending.web import translations
from lending.web.administration import PAGES
from tests.circulation.kits_in_hand import rows
from tests.web.browsers import Browser
from tests.web.looking import key

PO = """
msgid ""
msgstr ""
"Language: es\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Kit"
msgstr "Equipo"

msgid "Kits"
msgstr ""

#, fuzzy
msgid "Hold shelf"
msgstr "Repisa"

msgid "%(num)s day"
msgid_plural "%(num)s days"
msgstr[0] "%(num)s día"
msgstr[1] ""
"""


def text_of(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    text: str = answer.get_data(as_text=True)
    return text


def test_every_list_of_administration_is_one_click_from_its_beginning(app: Flask, eli: Browser) -> None:
    rows = [endpoint for _, pages in PAGES for endpoint, _, _ in pages]
    named = set(rows)
    assert len(rows) == len(named), "A page stands in PAGES twice."
    lists = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/administration/") and not rule.arguments and rule.endpoint.endswith(".index")
    }
    assert lists - named == set(), "Add the new page to PAGES of lending/web/administration.py."
    text = text_of(eli, "/administration")
    with app.test_request_context():
        for endpoint in named & set(app.view_functions):
            assert f'href="{app.url_for(endpoint)}"' in text, endpoint


def test_an_administrator_finds_it_in_the_bar_and_nobody_else(eli: Browser, cleo: Browser) -> None:
    assert 'href="/administration"' in text_of(eli, "/kits")
    assert 'href="/administration"' not in text_of(cleo, "/kits")


def test_the_days_until_a_loan_forgets_its_borrower_are_kept(eli: Browser, sqlite_database: Database) -> None:
    assert 'value="30"' in text_of(eli, "/administration/retention")
    assert eli.post("/administration/retention", {"cut_after_days": "45", "key": key()}).status_code == 303
    assert [(row.name, row.value) for row in rows(sqlite_database, LibrarySetting)] == [("cut_after_days", "45")]
    text = text_of(eli, "/administration/retention")
    assert 'value="45"' in text
    assert "45 days after it is over" in text


@pytest.mark.parametrize("days", ["", "-1", "3651", "soon", "1" * 50])
def test_days_that_cannot_be_are_refused(eli: Browser, sqlite_database: Database, days: str) -> None:
    answer = eli.post("/administration/retention", {"cut_after_days": days, "key": key()})
    assert answer.status_code == 422
    assert rows(sqlite_database, LibrarySetting) == []


def test_the_languages_are_listed_with_what_is_missing(eli: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(eli, "/administration/languages")
    assert "Spanish" in text
    tagalog = translations.Language("tl", 100, tuple(f"Sentence {n}" for n in range(60)), is_offered=False)
    monkeypatch.setattr(translations, "found", lambda: (tagalog,))
    text = text_of(eli, "/administration/languages")
    for told in ("not complete", "Sentence 49", "and 10 more"):
        assert told in text
    assert "Sentence 50" not in text


def test_a_library_in_english_alone_is_told_where_languages_come_from(
    eli: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translations, "found", tuple)
    assert "No other language yet" in text_of(eli, "/administration/languages")


def test_a_sentence_without_words_a_guess_and_half_a_plural_are_missing(tmp_path: Path) -> None:
    catalogue = tmp_path / "messages.po"
    catalogue.write_text(PO, encoding="utf-8")
    found = translations.language_of(catalogue, "es")
    assert found.sentences == 4
    assert set(found.missing) == {"Kits", "Hold shelf", "%(num)s day / %(num)s days"}
