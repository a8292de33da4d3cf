"""Letters to print and the log of notices: what waits here, what went which way, and what stands still."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from lending.db import Database
from lending.models.notices import Carrier, Channel, Notice, NoticeState
from lending.models.people import Patron
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import lend, only, rows
from tests.circulation.test_notices import late
from tests.web.browsers import Browser

LETTERS, LOG = "/notices/letters", "/administration/notices/log"


@pytest.fixture
def letter(sqlite_database: Database, cast: Cast) -> str:
    """A letter to Luis about a kit that is late, and waits."""
    late(sqlite_database, cast)
    lives = {"street": "12 Elm Street", "city": "Los Angeles", "postal_code": "90022"}

    def work(session: Any) -> None:
        session.execute(update(Notice).values(due_at=NOW - timedelta(days=9)))
        session.execute(update(Patron).where(Patron.id == cast.luis_id).values(**lives))

    sqlite_database.act(work)
    return only(sqlite_database, Notice).public_id


def test_a_letter_shows_the_whole_address_and_the_words_and_is_marked_once(
    ben: Browser, letter: str, sqlite_database: Database
) -> None:
    page = ben.get(LETTERS).get_data(as_text=True)
    assert "<bdi>Luis Ramos</bdi><br>" in page.replace("\n", "")
    assert "<bdi>Los Angeles 90022</bdi>" in page
    assert "Hello Luis," in page
    assert "Your kit was due" in page
    assert letter in page
    form = {"key": "n" * 16, "letters": letter}
    assert ben.post(LETTERS, form).status_code == 303
    assert ben.post(LETTERS, form).status_code == 303
    assert only(sqlite_database, Notice).carrier is Carrier.PRINTED
    assert "No letter waits." in ben.get(LETTERS).get_data(as_text=True)


def test_who_has_no_address_is_named_apart(ben: Browser, letter: str, sqlite_database: Database) -> None:
    sqlite_database.act(lambda session: session.execute(update(Patron).values(street=None)))
    page = ben.get(LETTERS).get_data(as_text=True)
    assert "Tell them another way: Luis R." in page
    assert letter not in page


def test_a_letter_of_another_branch_is_not_shown_nor_marked(
    cleo: Browser, letter: str, sqlite_database: Database
) -> None:
    assert letter not in cleo.get(LETTERS).get_data(as_text=True)
    theirs, none = (cleo.post(LETTERS, {"key": "n" * 16, "letters": name}) for name in (letter, "x" * 16))
    assert theirs.status_code == none.status_code == 404
    assert only(sqlite_database, Notice).state is NoticeState.PENDING


def test_the_log_says_what_went_which_way(eli: Browser, cast: Cast, sqlite_database: Database) -> None:
    sqlite_database.act(lambda s: s.execute(update(Patron).values(email="luis@example.org")))
    lend(sqlite_database, cast)
    sent = {"state": NoticeState.SENT, "carrier": Carrier.LOG, "sent_at": NOW}
    sqlite_database.act(lambda s: s.execute(update(Notice).values(**sent)))
    page = eli.get(LOG).get_data(as_text=True)
    for words in ("Receipt", "E-mail", "nobody: no server is set up", "Luis R."):
        assert words in page
    assert "Ramos" not in page
    assert "luis@example.org" not in page
    assert "notice--stop" not in page
    assert "Luis R." not in eli.get(f"{LOG}?state=failed").get_data(as_text=True)
    assert "Luis R." in eli.get(f"{LOG}?state=sent&channel=email&step=receipt").get_data(as_text=True)
    assert "No notice here" in eli.get(f"{LOG}?before={rows(sqlite_database, Notice)[0].id}").get_data(as_text=True)
    assert eli.get(f"{LOG}?state=x&channel=y&before=z").status_code == 200


def test_the_log_is_red_while_notices_fail_or_stand_still(eli: Browser, letter: str, sqlite_database: Database) -> None:
    assert "notice--stop" not in eli.get(LOG).get_data(as_text=True), "a letter waits for a person"
    sqlite_database.act(lambda s: s.execute(update(Notice).values(channel=Channel.EMAIL)))
    assert "1 notice waits longer than an hour" in eli.get(LOG).get_data(as_text=True)
    gone_wrong = {"state": NoticeState.FAILED, "problem": "smtp 550", "due_at": NOW}
    sqlite_database.act(lambda s: s.execute(update(Notice).values(**gone_wrong)))
    page = eli.get(LOG).get_data(as_text=True)
    assert "1 notice failed since yesterday." in page
    assert "smtp 550" in page
    assert letter not in page
