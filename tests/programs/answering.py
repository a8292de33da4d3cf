"""People answer a survey of the cast's session."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from lending.db import Database
from lending.models.outcomes import SurveyAnswer
from lending.programs.surveys import answer_survey, open_survey
from tests.cast import NOW, Cast

FULLY = {"learned": 5, "confident": 4, "intends": 4, "aware": 5}


def survey_for(database: Database, cast: Cast, *, workshop: str | None = None, cohort: str | None = None) -> str:
    """Ben makes the link; gives the survey's public id."""
    return database.act(lambda s: open_survey(s, workshop=workshop, cohort=cohort, at=NOW, by=cast.ben))


def answer(database: Database, cast: Cast, survey: str, mark: str, **given: Any) -> None:
    """Somebody answers, in agreement unless they say otherwise."""
    values = {"at": NOW, **{name: given.pop(name) for name in ("at", "by") if name in given}}
    by = values.pop("by", cast.nobody)
    said = {**FULLY, **given}
    database.act(lambda s: answer_survey(s, survey=survey, mark=mark, given=said, by=by, **values))


def answers(database: Database) -> list[SurveyAnswer]:
    """All answers there are."""
    with database.read() as session:
        return list(session.scalars(select(SurveyAnswer).order_by(SurveyAnswer.mark)))
