"""The link of a survey, sent to whoever attended and to whoever took part, once, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lending.db import Database
from lending.models.cohorts import AttendanceMode
from lending.models.notices import Channel
from lending.models.outcomes import Survey, SurveyAnswer
from lending.notice_words import code_of
from lending.notice_words.rendered import linked, reader_of, rendered
from lending.programs.completion import COMPLETED, complete_cohorts
from lending.programs.survey_notices import WORKSHOP_SURVEY, tell_of_surveys
from lending.queries.notices import NoticeFacts, facts_of
from tests.cast import ADA, LUIS, Cast
from tests.programs.meetings import come, meeting
from tests.programs.members import notices

HERE = ZoneInfo("America/Los_Angeles")
THAT_EVENING = datetime(2026, 3, 3, 20, tzinfo=HERE)
NEXT_MORNING = datetime(2026, 3, 4, 9, tzinfo=HERE)
SITE = "https://kits.example.org"


def sweep(database: Database, cast: Cast, at: datetime = NEXT_MORNING) -> int:
    return database.act(lambda session: tell_of_surveys(session, at=at, by=cast.system))


def the_survey(database: Database) -> str:
    with database.read() as session:
        return session.scalars(select(Survey.public_id)).one()


def said(database: Database, notice: str, channel: Channel = Channel.EMAIL, site: str | None = SITE) -> str:
    """The letter or the text, as it is sent."""
    with database.read() as session:
        found = facts_of(session, notice, at=NEXT_MORNING)
    assert isinstance(found, NoticeFacts)
    facts = linked(replace(found, channel=channel), site)
    code = code_of(facts)
    assert code is not None
    words = rendered(code, facts, None, library="County", reader=reader_of("en", facts.zone), channel=channel)
    return words.short if channel is Channel.TEXT else words.text


def test_who_attended_is_asked_once_on_the_morning_after(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    come(database, cast, workshop, ADA)
    come(database, cast, workshop, LUIS, AttendanceMode.VIRTUAL)
    assert [sweep(database, cast, at) for at in (THAT_EVENING, NEXT_MORNING, NEXT_MORNING)] == [0, 2, 0]
    assert {one.patron_id for one in notices(database, WORKSHOP_SURVEY)} == {cast.ada_id, cast.luis_id}


def test_who_was_not_there_is_not_asked_nor_anybody_days_later(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    assert sweep(database, cast) == 0
    come(database, cast, workshop, ADA)
    assert sweep(database, cast, NEXT_MORNING + timedelta(days=3)) == 0


def test_everybody_gets_the_same_link_and_no_answer_leads_to_anybody(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    for card in (ADA, LUIS):
        come(database, cast, workshop, card)
    sweep(database, cast)
    link = f"{SITE}/s/{the_survey(database)}"
    letters = [said(database, one.public_id) for one in notices(database, WORKSHOP_SURVEY)]
    assert [letter.count(link) for letter in letters] == [1, 1]
    assert link in said(database, notices(database, WORKSHOP_SURVEY)[0].public_id, Channel.TEXT)
    names = set(SurveyAnswer.__table__.columns.keys())
    assert not names & {"patron_id", "notice_id", "at", "created_at"}


def test_the_thanks_at_the_end_of_a_session_carry_its_link(database: Database, cast: Cast) -> None:
    over = datetime(2026, 4, 11, 0, tzinfo=HERE)
    database.act(lambda session: complete_cohorts(session, at=over, by=cast.system, limit=10))
    (thanks,) = notices(database, COMPLETED)
    assert f"{SITE}/s/{the_survey(database)}" in said(database, thanks.public_id)


def test_a_library_without_public_pages_thanks_without_a_link(database: Database, cast: Cast) -> None:
    over = datetime(2026, 4, 11, 0, tzinfo=HERE)
    database.act(lambda session: complete_cohorts(session, at=over, by=cast.system, limit=10))
    (thanks,) = notices(database, COMPLETED)
    letter = said(database, thanks.public_id, site=None)
    assert "http" not in letter
    assert "Tell us what helped you and what did not." in letter
