"""What gateways tell the library: signed, fresh, once, and nothing without a secret."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from lending.circulation import notices
from lending.circulation.journal import UNCHANGED
from lending.circulation.telling import tell
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.signatures import SIGNATURE, signed
from lending.models.branches import Branch
from lending.models.journal import JournalEntry
from lending.models.notices import Carrier, Channel, Notice, NoticeState
from lending.models.people import Patron
from lending.queries.invariants import INVARIANTS
from tests.cast import NOW, Cast

TEXTS, BOUNCES = "the text gateway's secret, 40 signs long.", "the mail server's secret, 40 signs long.."
PHONE = "+12135550142"


@pytest.fixture
def hooked(app: Flask, sqlite_database: Database, cast: Cast) -> Flask:
    """The application with both secrets; Luis has agreed to text messages, and his library has a telephone."""
    library = app.extensions["lending"]
    app.extensions["lending"] = replace(
        library, settings=replace(library.settings, text_secret=TEXTS, bounce_secret=BOUNCES)
    )
    change(sqlite_database, cast, phone=PHONE, text_consent_at=NOW, text_consent_wording="Yes.", language="en")
    sqlite_database.act(lambda s: s.execute(update(Branch).where(Branch.id == cast.ela).values(phone="323-555-0100")))
    return app


def change(database: Database, cast: Cast, **values: object) -> None:
    database.act(lambda session: session.execute(update(Patron).where(Patron.id == cast.luis_id).values(**values)))


def post(app: Flask, path: str, said: Any, *, secret: str = TEXTS, at: Any = NOW, **headers: str) -> Any:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    sent = {**signed(secret, body, at=at), **headers}
    return app.test_client().post(f"/hooks/{path}", data=body, headers=sent, content_type="application/json")


def text(app: Flask, said: str, **options: Any) -> Any:
    return post(app, "texts", {"from": "(213) 555-0142", "text": said}, **options)


def agreed(database: Database, cast: Cast) -> bool:
    with database.read() as session:
        return session.get_one(Patron, cast.luis_id).text_consent_at is not None


MEANS_STOP = [
    *("STOP", " stop\n", "STOP.", "\u201cStop!\u201d", "\uff33\uff34\uff2f\uff30", "Stop all"),
    *("unsubscribe", "CANCEL", "End", "quit"),
    *("revoke", "OPT OUT", "opt-out", "optout"),
    *("Alto", "\u00a1ALTO!", "Baja", "cancelar"),
]
"""What carriers name, what the regulator adds, and the same in Spanish."""


@pytest.mark.parametrize("word", MEANS_STOP)
def test_a_word_that_means_stop_is_honoured_at_once(
    hooked: Flask, sqlite_database: Database, cast: Cast, word: str
) -> None:
    answer = text(hooked, word)
    assert answer.status_code == 200
    assert answer.json == {"reply": "Public Library: You get no more text messages from us."}
    assert not agreed(sqlite_database, cast)


def test_help_is_answered_with_the_librarys_telephone(hooked: Flask, sqlite_database: Database, cast: Cast) -> None:
    assert "323-555-0100" in text(hooked, "Help").json["reply"]
    assert agreed(sqlite_database, cast)


def test_start_says_how_and_agrees_to_nothing(hooked: Flask, sqlite_database: Database, cast: Cast) -> None:
    text(hooked, "STOP")
    assert "tell us at the library" in text(hooked, "START").json["reply"]
    assert not agreed(sqlite_database, cast)


@pytest.mark.parametrize("words", ["Please stop by tomorrow", "When is it due?", "👍"])
def test_other_words_are_not_answered_and_change_nothing(
    hooked: Flask, sqlite_database: Database, cast: Cast, words: str
) -> None:
    assert text(hooked, words).json == {"reply": None}
    assert agreed(sqlite_database, cast)


def test_an_old_message_another_body_and_another_secret_do_nothing(
    hooked: Flask, sqlite_database: Database, cast: Cast
) -> None:
    answers = [
        text(hooked, "STOP", at=NOW - timedelta(minutes=6)),
        text(hooked, "STOP", at=NOW + timedelta(minutes=6)),
        text(hooked, "STOP", secret="x" * 40),
        text(hooked, "STOP", **{SIGNATURE: ""}),
        hooked.test_client().post("/hooks/texts", json={"from": PHONE, "text": "STOP"}),
    ]
    assert [answer.status_code for answer in answers] == [401] * 5
    assert agreed(sqlite_database, cast)


def test_a_message_that_is_sent_again_does_nothing_more(
    hooked: Flask, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    text(hooked, "STOP")
    change(sqlite_database, cast, text_consent_at=NOW, text_consent_wording="Yes, again.")
    clock.move(timedelta(minutes=2))
    assert text(hooked, "STOP").status_code == 200
    assert agreed(sqlite_database, cast), "the patron agreed anew after that message"
    with sqlite_database.read() as session:
        stops = select(func.count()).select_from(JournalEntry).where(JournalEntry.verb == "stop_texts")
        assert session.scalar(stops) == 1


def test_a_message_that_finds_nothing_to_do_is_on_the_journal_as_that(
    hooked: Flask, sqlite_database: Database, cast: Cast
) -> None:
    change(sqlite_database, cast, phone=None)
    assert text(hooked, "STOP").status_code == 200
    law = next(each for each in INVARIANTS if each.name == "act_on_journal")
    with sqlite_database.read() as session:
        assert law.find(session) == []
        said = session.scalars(select(JournalEntry).order_by(JournalEntry.id.desc()).limit(1)).one()
    assert (said.verb, said.detail) == (UNCHANGED, {"asked": "stop_texts"})


def test_without_a_secret_there_is_nothing_here(app: Flask) -> None:
    for path in ("texts", "bounces"):
        assert post(app, path, {"from": PHONE, "text": "STOP"}).status_code == 404


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"no JSON", 400),
        (b"[" * 5000, 400),
        ([1], 400),
        ({}, 422),
        ({"from": PHONE}, 422),
        ({"from": PHONE, "text": 1}, 422),
        ({"from": "nobody", "text": "STOP"}, 422),
        ({"from": PHONE, "text": "a\0b"}, 422),
        (b"x" * 20_000, 413),
    ],
)
def test_what_is_no_text_message_is_refused_calmly(hooked: Flask, said: Any, status: int) -> None:
    answer = post(hooked, "texts", said)
    assert answer.status_code == status
    assert set(answer.json) == {"problem"}


def test_mail_that_came_back_is_noted_once(hooked: Flask, sqlite_database: Database, cast: Cast) -> None:
    change(sqlite_database, cast, email="luis@example.org")
    sqlite_database.act(lambda s: tell(s, "news", subject="programme:1", patron_id=cast.luis_id, at=NOW))
    claimed = sqlite_database.act(lambda s: notices.claim(s, Channel.EMAIL, at=NOW, by=cast.system))
    assert claimed is not None
    sqlite_database.act(lambda s: notices.mark_sent(s, claimed.id, Carrier.SMTP, at=NOW, by=cast.system))
    said = {"message_id": f"<notice.{claimed.public_id}@example.org>", "permanent": True, "address_is_wrong": True}
    delay = {**said, "permanent": False}
    assert post(hooked, "bounces", said, secret=TEXTS).status_code == 401
    assert post(hooked, "bounces", delay, secret=BOUNCES).json == {"noted": False}
    assert [post(hooked, "bounces", said, secret=BOUNCES).json["noted"] for _ in range(2)] == [True, False]
    with sqlite_database.read() as session:
        found = {tuple(row) for row in session.execute(select(Notice.channel, Notice.state))}
    assert found == {(Channel.EMAIL, NoticeState.FAILED), (Channel.TEXT, NoticeState.PENDING)}


@pytest.mark.parametrize("said", [{}, {"message_id": "<a@b>"}, {"message_id": "<a@b>", "permanent": "yes"}])
def test_what_is_no_report_is_refused(hooked: Flask, said: dict[str, Any]) -> None:
    assert post(hooked, "bounces", said, secret=BOUNCES).status_code == 422


def test_a_report_about_another_programs_message_is_no_news(hooked: Flask) -> None:
    said = {"message_id": "<abc@example.org>", "permanent": True}
    assert post(hooked, "bounces", said, secret=BOUNCES).json == {"noted": False}
