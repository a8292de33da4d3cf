"""Outcome stories: never without consent, and gone when it is taken back; on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.errors import Reason, Refused
from lending.models.journal import JournalEntry
from lending.models.outcomes import Story
from lending.programs.stories import WORDING, StoryTold, keep_story, withdraw_story
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import why

TOLD = StoryTold(
    text="I found work in the sixth week.",
    named_as="Noor, East Los Angeles",
    for_web=True,
    for_funder=True,
    consented_on=date(2026, 3, 2),
    cohort="WR-7",
)


def tell(database: Database, cast: Cast, by: Any = None, **changed: Any) -> str:
    """Ben keeps a story at East Los Angeles."""
    told, actor = replace(TOLD, **changed), by or cast.ben
    return database.act(lambda s: keep_story(s, program="work-ready", branch_id=cast.ela, told=told, at=NOW, by=actor))


def only(database: Database) -> Story:
    with database.read() as session:
        return session.scalars(select(Story)).one()


def test_a_story_is_kept_with_what_was_agreed_to(database: Database, cast: Cast) -> None:
    tell(database, cast)
    row = only(database)
    assert (row.text, row.named_as, row.wording) == (TOLD.text, "Noor, East Los Angeles", WORDING)
    assert (row.for_web, row.for_print, row.for_funder, row.consented_on) == (True, False, True, date(2026, 3, 2))
    assert row.cohort_id == cast.cohort


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"consented_on": None}, [(Reason.VALUE_MISSING, "consented_on")]),
        ({"consented_on": date(2026, 3, 4)}, [(Reason.DATE_IN_THE_FUTURE, "consented_on")]),
        ({"for_web": False, "for_funder": False}, [(Reason.VALUE_MISSING, "uses")]),
        ({"text": " "}, [(Reason.VALUE_MISSING, "text")]),
        ({"text": "x" * 4001}, [(Reason.VALUE_WRONG, "text")]),
        ({"named_as": "x" * 161, "text": ""}, [(Reason.VALUE_MISSING, "text"), (Reason.VALUE_WRONG, "named_as")]),
    ],
)
def test_without_consent_nothing_is_kept(
    database: Database, cast: Cast, changed: dict[str, Any], told: list[tuple[Reason, str]]
) -> None:
    with pytest.raises(Refused) as caught:
        tell(database, cast, **changed)
    assert [(block.reason, block.detail["field"]) for block in caught.value.blocks] == told
    with database.read() as session:
        assert session.scalars(select(Story)).all() == []


def test_consent_taken_back_deletes_the_words_at_once(database: Database, cast: Cast) -> None:
    story = tell(database, cast)
    for _ in range(2):
        database.act(lambda s: withdraw_story(s, story=story, at=NOW, by=cast.dora))
    row = only(database)
    assert (row.text, row.named_as, row.withdrawn_at) == (None, None, NOW)


def test_the_journal_has_neither_the_words_nor_the_name(database: Database, cast: Cast) -> None:
    tell(database, cast)
    with database.read() as session:
        entry = session.scalars(select(JournalEntry).where(JournalEntry.verb == "keep_story")).one()
    assert "Noor" not in str(entry.detail)
    assert "work" not in str(entry.detail)


def test_only_those_of_the_branch_or_the_programme_keep_and_withdraw(database: Database, cast: Cast) -> None:
    for by in (cast.cleo, cast.ada, replace(cast.dora, program_ids=frozenset())):
        with pytest.raises(Refused) as caught:
            tell(database, cast, by)
        assert why(caught) == [Reason.NOT_PERMITTED]
    story = tell(database, cast)
    with pytest.raises(Refused) as caught:
        database.act(lambda s: withdraw_story(s, story=story, at=NOW, by=cast.cleo))
    assert why(caught) == [Reason.NOT_PERMITTED]
