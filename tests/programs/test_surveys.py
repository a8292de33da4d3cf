"""Anonymous answers, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from lending.db import Database
from lending.errors import Reason, Refused
from lending.models.base import Base
from lending.models.cohorts import Workshop
from lending.models.outcomes import Survey, SurveyAnswer
from lending.programs import surveys
from lending.programs.cancelling import cancel_cohort
from lending.programs.surveys import answer_survey, open_survey
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import why
from tests.programs.answering import FULLY, answer, answers, survey_for
from tests.programs.meetings import meeting
from tests.races import race

DURING = NOW + timedelta(hours=2)
"""The workshop has begun an hour ago."""


@pytest.fixture
def survey(database: Database, cast: Cast) -> str:
    """The survey of a workshop that begins in an hour."""
    return survey_for(database, cast, workshop=meeting(database, cast))


def refused(act: Callable[[], object]) -> list[Reason]:
    with pytest.raises(Refused) as caught:
        act()
    return why(caught)


def test_an_answer_is_kept_with_its_words(database: Database, cast: Cast, survey: str) -> None:
    answer(database, cast, survey, "one tap", at=DURING, aware=None, helped=" The examples. ", better="")
    (kept,) = answers(database)
    assert (kept.learned, kept.confident, kept.intends, kept.aware) == (5, 4, 4, None)
    assert (kept.helped, kept.better) == ("The examples.", None)


def test_a_second_tap_is_the_same_answer(database: Database, cast: Cast, survey: str) -> None:
    answer(database, cast, survey, "one tap", at=DURING)
    answer(database, cast, survey, "one tap", at=DURING, learned=1)
    answer(database, cast, survey, "another", at=DURING, learned=1)
    assert sorted(kept.learned or 0 for kept in answers(database)) == [1, 5]


def test_two_taps_at_once_are_one_answer(database: Database, cast: Cast, survey: str) -> None:
    def tap(session: Any) -> None:
        answer_survey(session, survey=survey, mark="tap", given=FULLY, at=DURING, by=cast.nobody)

    outcome = race(database, tap, tap, before="INSERT")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
    assert len(answers(database)) == 1


def test_nothing_tells_who_answered_or_when(database: Database, cast: Cast, survey: str) -> None:
    """Every table but the answers is as it was, and an answer has neither an instant nor anybody in it."""

    def everything() -> dict[str, int]:
        with database.read() as session:
            return {
                table.name: session.execute(text(f'SELECT count(*) FROM "{table.name}"')).scalar_one()  # noqa: S608 - names of our own tables
                for table in Base.metadata.sorted_tables
            }

    before = everything()
    answer(database, cast, survey, "one tap", at=DURING)
    after = everything()
    assert {name for name in after if after[name] != before[name]} == {"survey_answers"}
    columns = set(SurveyAnswer.__table__.columns.keys())
    assert columns == {"mark", "survey_id", "learned", "confident", "intends", "aware", "helped", "better"}


def test_whoever_is_signed_in_answers_as_nobody_or_not_at_all(database: Database, cast: Cast, survey: str) -> None:
    for by in (cast.ada, cast.ben, cast.dora):
        assert refused(lambda by=by: answer(database, cast, survey, "one", at=DURING, by=by)) == [Reason.NOT_PERMITTED]
    assert answers(database) == []


@pytest.mark.parametrize("wrong", [{"learned": 0}, {"learned": 6}, {"aware": True}, {"helped": "x" * 1001}])
def test_what_is_on_no_scale_is_refused(database: Database, cast: Cast, survey: str, wrong: dict[str, Any]) -> None:
    assert refused(lambda: answer(database, cast, survey, "one", at=DURING, **wrong)) == [Reason.VALUE_WRONG]


def test_an_empty_answer_is_none(database: Database, cast: Cast, survey: str) -> None:
    nothing = dict.fromkeys(FULLY)
    assert refused(lambda: answer(database, cast, survey, "one", at=DURING, **nothing)) == [Reason.VALUE_MISSING]


def test_a_survey_is_open_from_the_beginning_until_three_weeks_after(
    database: Database, cast: Cast, survey: str
) -> None:
    assert refused(lambda: answer(database, cast, survey, "one")) == [Reason.SURVEY_CLOSED]
    answer(database, cast, survey, "two", at=DURING + timedelta(days=21))
    late = DURING + timedelta(days=22)
    assert refused(lambda: answer(database, cast, survey, "three", at=late)) == [Reason.SURVEY_CLOSED]
    assert refused(lambda: answer(database, cast, "x" * 16, "four", at=DURING)) == [Reason.NOT_FOUND]


def test_a_session_s_own_is_open_until_three_weeks_after_its_last_day(database: Database, cast: Cast) -> None:
    survey = survey_for(database, cast, cohort="WR-7")
    answer(database, cast, survey, "one")
    answer(database, cast, survey, "two", at=datetime(2026, 5, 2, 6, 59, tzinfo=UTC))
    late = datetime(2026, 5, 2, 7, 0, tzinfo=UTC)
    assert refused(lambda: answer(database, cast, survey, "three", at=late)) == [Reason.SURVEY_CLOSED]


def test_a_cancelled_session_asks_nobody(database: Database, cast: Cast, survey: str) -> None:
    database.act(lambda s: cancel_cohort(s, cohort="WR-7", reason="The roof leaks", at=NOW, by=cast.dora))
    assert refused(lambda: answer(database, cast, survey, "one", at=DURING)) == [Reason.SURVEY_CLOSED]


def test_a_script_that_has_the_link_fills_no_disk(
    database: Database, cast: Cast, survey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys.rules, "MOST_ANSWERS", 2)
    for mark in ("one", "two"):
        answer(database, cast, survey, mark, at=DURING)
    assert refused(lambda: answer(database, cast, survey, "three", at=DURING)) == [Reason.SURVEY_CLOSED]


def test_there_is_one_survey_of_a_workshop_and_one_of_a_session(database: Database, cast: Cast, survey: str) -> None:
    with database.read() as session:
        workshop = session.scalars(select(Workshop.public_id)).one()
    assert survey_for(database, cast, workshop=workshop) == survey
    whole = survey_for(database, cast, cohort="WR-7")
    assert whole != survey
    assert survey_for(database, cast, cohort="WR-7") == whole
    with database.read() as session:
        assert len(session.scalars(select(Survey)).all()) == 2


def test_two_who_make_a_link_at_once_make_one(database: Database, cast: Cast) -> None:
    def making(session: Any) -> str:
        return open_survey(session, cohort="WR-7", at=NOW, by=cast.ben)

    outcome = race(database, making, making, before="INSERT")
    assert (len(set(outcome.done)), outcome.refused, outcome.broken) == (1, [], [])


def test_the_link_is_for_those_who_record_attendance(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    for by in (replace(cast.ben, branch_ids=frozenset({999})), replace(cast.dora, program_ids=frozenset()), cast.ada):

        def make(by: Any = by) -> object:
            return database.act(lambda s: open_survey(s, workshop=workshop, at=NOW, by=by))

        assert refused(make) == [Reason.NOT_PERMITTED]
