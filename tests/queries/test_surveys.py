"""What surveys were answered, hidden under five, for those it concerns; on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from lending.db import Database
from lending.domain.periods import Period, PeriodKind
from lending.domain.surveys import Agreement
from lending.errors import Reason, Refused
from lending.models.cohorts import WorkshopMode
from lending.queries.scope import Branches
from lending.queries.surveys import (
    SurveyResults,
    answered,
    open_answers,
    results_of,
    survey_asked,
    survey_results,
)
from tests.cast import NOW, Cast, assemble
from tests.circulation.kits_in_hand import why
from tests.programs.answering import answer, survey_for
from tests.programs.meetings import meeting

MARCH = Period(PeriodKind.MONTH, date(2026, 3, 1), date(2026, 3, 31))
APRIL = Period(PeriodKind.MONTH, date(2026, 4, 1), date(2026, 4, 30))
DURING = NOW + timedelta(hours=2)


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits."""
    return assemble(database)


def results(database: Database, scope: Branches = None, period: Period = MARCH) -> SurveyResults:
    with database.read() as session:
        return survey_results(session, scope, period)


def ask(database: Database, cast: Cast, survey: str, ratings: tuple[int | None, ...]) -> None:
    for n, rating in enumerate(ratings):
        answer(database, cast, survey, f"{survey}-{n}", at=DURING, learned=rating, helped=f"Answer {n}", better=None)


def test_agreement_is_counted_over_all_surveys_of_the_period(database: Database, cast: Cast) -> None:
    first = survey_for(database, cast, workshop=meeting(database, cast))
    second = survey_for(database, cast, workshop=meeting(database, cast, WorkshopMode.VIRTUAL, n=2))
    ask(database, cast, first, (5, 4, 3))
    ask(database, cast, second, (1, None, 5))
    found = results(database)
    assert (found.surveys, found.answers, found.is_shown) == (2, 6, True)
    assert found.statements["learned"] == Agreement(5, 3)
    assert found.statements["learned"].percent == 60
    assert found.statements["confident"] == Agreement(6, 6)
    assert results(database, period=APRIL).answers == 0


def test_under_five_no_percentage_and_no_words_are_told(database: Database, cast: Cast) -> None:
    survey = survey_for(database, cast, workshop=meeting(database, cast))
    ask(database, cast, survey, (5, 5, 5, 5))
    found = results(database)
    assert (found.is_shown, found.statements["learned"].percent) == (False, None)
    with database.read() as session:
        assert open_answers(session, None, MARCH) == []
    answer(database, cast, survey, "the fifth", at=DURING, helped=None, better="More time.")
    with database.read() as session:
        words = open_answers(session, None, MARCH)
    assert {(one.helped, one.better) for one in words} == {
        *((f"Answer {n}", None) for n in range(4)),
        (None, "More time."),
    }


def test_a_library_sees_what_was_held_there_and_what_it_lends_kits_for(database: Database, cast: Cast) -> None:
    survey = survey_for(database, cast, workshop=meeting(database, cast))
    ask(database, cast, survey, (5,) * 5)
    assert results(database, {cast.ela}).answers == 5
    assert results(database, {999_999}).answers == 0
    assert results(database, set()).answers == 0


def test_the_survey_at_the_end_belongs_to_the_month_of_the_last_day(database: Database, cast: Cast) -> None:
    whole = survey_for(database, cast, cohort="WR-7")
    ask(database, cast, whole, (5, 4, 4, 5, 2))
    assert (results(database).answers, results(database, period=APRIL).answers) == (0, 5)
    assert results(database, {cast.ela}, APRIL).answers == 5
    with database.read() as session:
        assert answered(session, [cast.cohort, 999_999]) == {cast.cohort: 5, 999_999: 0}
        assert results_of(session, whole, by=cast.dora).answers == 5
        with pytest.raises(Refused) as refused:
            results_of(session, whole, by=replace(cast.dora, program_ids=frozenset()))
    assert why(refused) == [Reason.NOT_FOUND]


def test_a_page_asks_about_a_workshop_or_a_whole_session(database: Database, cast: Cast) -> None:
    workshop = survey_for(database, cast, workshop=meeting(database, cast))
    whole = survey_for(database, cast, cohort="WR-7")
    with database.read() as session:
        of_one, of_all = (survey_asked(session, one, at=DURING) for one in (workshop, whole))
        assert survey_asked(session, "x" * 16, at=NOW) is None
        early = survey_asked(session, workshop, at=NOW)
    assert of_one is not None
    assert of_all is not None
    assert early is not None
    assert (of_one.session, of_one.workshop, of_one.is_open) == ("Work Ready 7", "Workshop 1", True)
    assert (of_all.workshop, of_all.is_open, early.is_open) == (None, True, False)
