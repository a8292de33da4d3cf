"""The library's own words for notices: set by an administrator, refused with all that is wrong, and given up again."""

from __future__ import annotations

from typing import Any

import pytest

from lending.circulation.notice_texts import LONGEST_SUBJECT, restore_notice_text, set_notice_text
from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.notices import Channel, NoticeText
from lending.queries.notice_texts import OwnWords, own_words
from tests.cast import NOW, Cast, assemble
from tests.circulation.kits_in_hand import journalled, only, rows

PLACES = frozenset({"first_name", "due_day", "phone"})


@pytest.fixture
def cast(database: Database) -> Cast:
    return assemble(database)


def write(database: Database, by: Actor, channel: Channel = Channel.EMAIL, **given: Any) -> None:
    words = {"subject": "Back on {due_day}?", "body": "Hello {first_name},\r\n\r\nplease come.  ", **given}
    database.act(
        lambda session: set_notice_text(
            session, step="overdue", channel=channel, language="en", places=PLACES, at=NOW, by=by, **words
        )
    )


def against(database: Database, by: Actor, channel: Channel = Channel.EMAIL, **given: Any) -> list[tuple[str, ...]]:
    """Why words are refused: each reason with its field and its place."""
    with pytest.raises(Refused) as refused:
        write(database, by, channel, **given)
    assert rows(database, NoticeText) == []
    return [(block.reason, *map(str, block.detail.values())) for block in refused.value.blocks]


def test_an_administrator_sets_the_words_and_it_is_on_the_journal(database: Database, cast: Cast) -> None:
    write(database, cast.eli)
    with database.read() as session:
        assert own_words(session, "overdue", Channel.EMAIL, "en") == OwnWords(
            "Back on {due_day}?", "Hello {first_name},\n\nplease come."
        )
        assert own_words(session, "overdue", Channel.EMAIL, "es") is None
        assert own_words(session, "overdue", Channel.LETTER, "en") is None
    (entry,) = journalled(database, "set_notice_text")
    assert entry.detail == {"step": "overdue", "channel": "email", "language": "en"}


def test_the_same_words_again_change_nothing_and_other_words_take_their_place(database: Database, cast: Cast) -> None:
    write(database, cast.eli)
    write(database, cast.eli)
    assert len(journalled(database, "set_notice_text")) == 1
    write(database, cast.eli, subject="Please come")
    assert only(database, NoticeText).subject == "Please come"


def test_the_words_of_the_product_come_back(database: Database, cast: Cast) -> None:
    write(database, cast.eli)
    which = {"step": "overdue", "channel": Channel.EMAIL, "language": "en"}
    for _ in range(2):
        database.act(lambda session: restore_notice_text(session, **which, at=NOW, by=cast.eli))
    assert rows(database, NoticeText) == []
    assert len(journalled(database, "restore_notice_text")) == 1


def test_everything_that_is_wrong_is_told_at_once(database: Database, cast: Cast) -> None:
    assert against(database, cast.eli, subject="", body="{gone} {} {due_day.year}") == [
        (Reason.PLACE_UNKNOWN, "body", "gone"),
        (Reason.PLACE_UNKNOWN, "body", "{}"),
        (Reason.PLACE_UNKNOWN, "body", "due_day.year"),
        (Reason.VALUE_MISSING, "subject"),
    ]


@pytest.mark.parametrize("subject", ["a" * (LONGEST_SUBJECT + 1), "one\ntwo", "one\u2028two", "a\0b"])
def test_a_subject_is_one_short_line(database: Database, cast: Cast, subject: str) -> None:
    assert against(database, cast.eli, subject=subject) == [(Reason.VALUE_WRONG, "subject")]


def test_a_subject_tells_nobody_whom_it_is_for(database: Database, cast: Cast) -> None:
    assert against(database, cast.eli, subject="A kit for {first_name}") == [
        (Reason.PLACE_PRIVATE, "subject", "first_name")
    ]


def test_a_text_message_has_no_subject(database: Database, cast: Cast) -> None:
    write(database, cast.eli, Channel.TEXT, subject="{first_name}", body="Kit? {phone}")
    assert only(database, NoticeText).subject == ""


@pytest.mark.parametrize("who", ["ben", "cleo", "dora"])
def test_nobody_else_may(database: Database, cast: Cast, who: str) -> None:
    assert against(database, getattr(cast, who))[0][0] is Reason.NOT_PERMITTED


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\t", "\x9b"])
def test_no_control_that_a_reader_does_not_see_goes_out_with_the_words(
    database: Database, cast: Cast, sign: str
) -> None:
    assert against(database, cast.eli, subject=f"Back{sign}soon") == [(Reason.VALUE_WRONG, "subject")]
    assert against(database, cast.eli, Channel.TEXT, body=f"Back{sign}soon") == [(Reason.VALUE_WRONG, "body")]
