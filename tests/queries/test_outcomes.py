"""How people heard, who coaches and which stories may be shown; on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.periods import Period, PeriodKind
from lending.errors import Reason, Refused
from lending.models.outcomes import HeardFrom
from lending.programs.captains import name_captain
from lending.programs.hearing import Heard, note_heard
from lending.programs.stories import withdraw_story
from lending.queries.captains import CaptainFigures, captain_figures, captains_of
from lending.queries.hearing import heard
from lending.queries.stories import StoryFigures, Use, stories, story_figures
from tests.cast import ADA, LUIS, NOW, Cast, assemble
from tests.circulation.kits_in_hand import why
from tests.programs.meetings import meeting
from tests.programs.members import adas_seat, change_cohort, join
from tests.programs.registering import sign_up
from tests.programs.test_stories import tell

MARCH = Period(PeriodKind.MONTH, date(2026, 3, 1), date(2026, 3, 31))
APRIL = Period(PeriodKind.MONTH, date(2026, 4, 1), date(2026, 4, 30))


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits."""
    return assemble(database)


def say(database: Database, cast: Cast, enrolment: str, told: Heard) -> None:
    database.act(lambda s: note_heard(s, enrolment=enrolment, heard=told, at=NOW, by=cast.dora))


def test_sources_are_counted_and_friends_by_their_session(database: Database, cast: Cast) -> None:
    say(database, cast, adas_seat(database, cast), Heard(HeardFrom.FRIEND, "WR-7"))
    luis = join(database, cast, LUIS, pickup_branch_id=cast.com, by=cast.cleo)
    say(database, cast, luis.enrolment, Heard(HeardFrom.FLYER))
    sign_up(database, cast, meeting(database, cast), heard=Heard(HeardFrom.FRIEND))
    with database.read() as session:
        found = heard(session, None, MARCH)
        at_com = heard(session, {cast.com}, MARCH)
        assert heard(session, None, APRIL).asked == 0
        assert heard(session, None, MARCH, program="another").asked == 0
    assert (found.asked, found.peer_referrals) == (3, 2)
    assert (found.sources[HeardFrom.FLYER], found.sources[HeardFrom.STAFF]) == (1, 0)
    assert found.friends_of == {("WR-7", "Work Ready 7"): 1}
    assert (at_com.asked, at_com.friends_of) == (1, {})


def test_captains_are_shown_short_beside_what_was_typed_before(database: Database, cast: Cast) -> None:
    change_cohort(database, cast, captains="Ana Ruiz, Bo Li")
    for given in ({"patron": ADA}, {"name": "Noor Aziz"}):

        def do(session: Any, given: dict[str, str] = given) -> object:
            return name_captain(session, cohort="WR-7", at=NOW, by=cast.dora, **given)

        database.act(do)
    with database.read() as session:
        found = captains_of(session, "WR-7", by=cast.ben)
        figures = captain_figures(session, None, MARCH)
        assert captain_figures(session, {cast.ela}, MARCH, program="work-ready") == figures
        assert captain_figures(session, {999_999}, MARCH) == CaptainFigures(0, 0, 0)
        with pytest.raises(Refused) as refused:
            captains_of(session, "WR-7", by=replace(cast.dora, program_ids=frozenset()))
    assert why(refused) == [Reason.NOT_FOUND]
    assert (found.text, [(one.name, one.has_record) for one in found.captains]) == (
        "Ana Ruiz, Bo Li",
        [("Ada M.", True), ("Noor Aziz", False)],
    )
    assert figures == CaptainFigures(captains=2, returned=0, sessions=1)


def shown(database: Database, by: Actor, use: Use | None = None) -> list[str]:
    with database.read() as session:
        return [one.text for one in stories(session, by=by, use=use)]


def test_a_story_is_shown_for_what_was_agreed_to_and_to_nobody_else(database: Database, cast: Cast) -> None:
    tell(database, cast, text="For the web and the funder.")
    tell(database, cast, text="For print.", for_web=False, for_funder=False, for_print=True)
    assert shown(database, cast.ben) == ["For print.", "For the web and the funder."]
    assert shown(database, cast.dora, Use.WEB) == ["For the web and the funder."]
    assert shown(database, cast.eli, Use.PRINT) == ["For print."]
    assert shown(database, cast.cleo) == []
    assert shown(database, replace(cast.dora, program_ids=frozenset())) == []


def test_a_story_without_consent_is_never_shown_again_and_still_counts_as_taken_back(
    database: Database, cast: Cast
) -> None:
    kept, gone = tell(database, cast, text="Kept."), tell(database, cast, text="Gone.")
    database.act(lambda s: withdraw_story(s, story=gone, at=NOW, by=cast.ben))
    assert shown(database, cast.eli) == ["Kept."]
    with database.read() as session:
        assert story_figures(session, {cast.ela}, MARCH) == StoryFigures(kept=1, withdrawn=1)
        assert story_figures(session, {cast.com}, MARCH) == StoryFigures(0, 0)
    assert kept != gone
