"""One workshop is changed or dropped, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.branches import Closure
from lending.models.cohorts import AttendanceMode, HeadCountKind, Workshop, WorkshopMode
from lending.models.journal import JournalEntry
from lending.models.notices import Notice
from lending.programs.rescheduling import (
    WORKSHOP_DROPPED,
    WORKSHOP_MOVED,
    WorkshopChange,
    WorkshopChanged,
    WorkshopDropped,
    change_workshop,
    drop_workshop,
)
from lending.programs.workshops import set_head_count, sign_in
from tests.cast import ADA, NOW, Cast
from tests.programs.meetings import BEGINS, come, meeting
from tests.races import overtake, without_locks

TUESDAY = datetime(2026, 3, 11, 1, tzinfo=UTC)
"""Tuesday, 10 March, 18:00 in Los Angeles."""
THURSDAY = TUESDAY + timedelta(days=2)


@pytest.fixture
def workshop(database: Database, cast: Cast) -> str:
    """The second workshop of Work Ready 7."""

    def add(session: Any) -> str:
        ends_at = TUESDAY + timedelta(minutes=90)
        row = Workshop(cohort_id=cast.cohort, n=2, title="Week 2", starts_at=TUESDAY, ends_at=ends_at)
        session.add(row)
        session.flush()
        return str(row.public_id)

    return database.act(add)


def drop(database: Database, by: Actor, workshop: str, at: datetime = NOW) -> WorkshopDropped:
    """Somebody drops a workshop."""
    return database.act(lambda session: drop_workshop(session, workshop=workshop, at=at, by=by))


def change(database: Database, by: Actor, workshop: str, at: datetime = NOW, **what: Any) -> WorkshopChanged:
    """Somebody changes a workshop."""
    given = WorkshopChange(**what)
    return database.act(lambda session: change_workshop(session, workshop=workshop, change=given, at=at, by=by))


def why(database: Database, by: Actor, workshop: str, at: datetime = NOW, **what: Any) -> list[object]:
    """Why it is not changed."""
    with pytest.raises(Refused) as refusal:
        change(database, by, workshop, at, **what)
    return [block.detail.get("field", block.reason) for block in refusal.value.blocks]


@pytest.fixture
def attended(database: Database, cast: Cast) -> str:
    """A workshop on line that has begun; Ada is there, and devices were counted."""
    held = meeting(database, cast, WorkshopMode.VIRTUAL, begins=NOW - timedelta(hours=1))
    come(database, cast, held, ADA, AttendanceMode.VIRTUAL)
    return held


def test_a_workshop_is_not_said_to_be_held_as_those_who_came_could_not_have_attended(
    database: Database, cast: Cast, attended: str
) -> None:
    assert why(database, cast.dora, attended, mode=WorkshopMode.ONSITE) == ["mode"]
    change(database, cast.dora, attended, mode=WorkshopMode.HYBRID)
    assert every(database, select(Workshop.mode)) == [WorkshopMode.HYBRID]


def test_what_was_only_counted_keeps_its_way_to_attend_too(database: Database, cast: Cast) -> None:
    held, by = meeting(database, cast, WorkshopMode.VIRTUAL, begins=NOW), cast.ben
    devices = HeadCountKind.DEVICES
    database.act(lambda session: set_head_count(session, workshop=held, kind=devices, n=4, at=NOW, by=by))
    assert why(database, cast.dora, held, mode=WorkshopMode.ONSITE) == ["mode"]


def test_a_workshop_that_has_begun_keeps_its_length(database: Database, cast: Cast, attended: str) -> None:
    assert why(database, cast.dora, attended, minutes=5) == ["minutes"]
    change(database, cast.dora, attended, title="Interviews", minutes=90)


def every(database: Database, chosen: Any) -> list[Any]:
    """All that a statement finds."""
    with database.read() as session:
        return list(session.scalars(chosen))


def test_a_workshop_is_held_on_another_day_and_people_are_told(database: Database, cast: Cast, workshop: str) -> None:
    answer = change(database, cast.dora, workshop, starts_at=THURSDAY, minutes=60)
    assert (answer.starts_at, answer.ends_at) == (THURSDAY, THURSDAY + timedelta(hours=1))
    assert every(database, select(Notice.patron_id).where(Notice.step == WORKSHOP_MOVED)) == [cast.ada_id]
    [entry] = every(database, select(JournalEntry))
    assert (entry.verb, entry.cohort_id, entry.detail["workshop"]) == ("change_workshop", cast.cohort, workshop)


def test_a_new_title_is_no_news(database: Database, cast: Cast, workshop: str) -> None:
    answer = change(database, cast.dora, workshop, title=" Your  résumé ", mode=WorkshopMode.HYBRID, branch_id=cast.com)
    assert (answer.title, answer.starts_at) == ("Your résumé", TUESDAY)
    [row] = every(database, select(Workshop))
    assert (row.mode, row.branch_id) == (WorkshopMode.HYBRID, cast.com)
    change(database, cast.dora, workshop, branch_id=0)
    assert every(database, select(Workshop.branch_id)) == [None]
    assert every(database, select(Notice)) == []


def test_a_closed_day_is_told_and_not_assumed_away(database: Database, cast: Cast, workshop: str) -> None:
    day = date(2026, 3, 12)
    database.act(lambda session: session.add(Closure(branch_id=cast.com, starts_on=day, ends_on=day, reason="Repairs")))
    assert change(database, cast.dora, workshop, starts_at=THURSDAY).closed
    assert not change(database, cast.dora, workshop, starts_at=TUESDAY).closed


def test_a_time_outside_the_session_or_of_a_workshop_that_was_held_is_refused(
    database: Database, cast: Cast, workshop: str
) -> None:
    after_the_end = datetime(2026, 4, 12, 1, tzinfo=UTC)
    assert why(database, cast.dora, workshop, starts_at=after_the_end, minutes=0, title=" ") == [
        "title",
        "starts_at",
        "minutes",
    ]
    assert why(database, cast.dora, workshop, at=NOW + timedelta(days=9), starts_at=THURSDAY) == ["starts_at"]
    assert why(database, cast.dora, workshop, branch_id=999_999) == [Reason.NOT_FOUND]


def test_only_those_who_plan_the_session_change_its_workshops(database: Database, cast: Cast, workshop: str) -> None:
    for by in (cast.ben, cast.cleo):
        assert why(database, by, workshop, title="Mine") == [Reason.NOT_PERMITTED]
    assert why(database, cast.dora, "nobodys", title="Mine") == [Reason.NOT_FOUND]


def test_a_workshop_that_will_not_be_held_is_dropped_and_people_are_told(
    database: Database, cast: Cast, workshop: str
) -> None:
    meeting(database, cast, n=1)
    meeting(database, cast, n=3)
    assert drop(database, cast.dora, workshop) == WorkshopDropped(workshop, "WR-7", "Week 2", TUESDAY)
    assert every(database, select(Workshop.n).order_by(Workshop.n)) == [1, 3]
    assert every(database, select(Notice.patron_id).where(Notice.step == WORKSHOP_DROPPED)) == [cast.ada_id]
    [entry] = every(database, select(JournalEntry))
    assert (entry.verb, entry.cohort_id, entry.detail["title"]) == ("drop_workshop", cast.cohort, "Week 2")
    with pytest.raises(Refused) as refusal:
        drop(database, cast.dora, workshop)
    assert [block.reason for block in refusal.value.blocks] == [Reason.NOT_FOUND]


def test_a_workshop_that_has_begun_or_was_counted_stays(database: Database, cast: Cast, workshop: str) -> None:
    counted, onsite = meeting(database, cast), HeadCountKind.ONSITE
    database.act(lambda session: set_head_count(session, workshop=counted, kind=onsite, n=4, at=NOW, by=cast.ben))
    signed_in = meeting(database, cast, n=3)
    come(database, cast, signed_in, ADA)
    for held, at in ((counted, NOW), (signed_in, NOW), (workshop, TUESDAY)):
        with pytest.raises(Refused) as refusal:
            drop(database, cast.dora, held, at)
        assert [block.reason for block in refusal.value.blocks] == [Reason.WORKSHOP_HELD]
    assert len(every(database, select(Workshop))) == 3
    assert every(database, select(Notice)) == []


def test_only_those_who_plan_the_session_drop_its_workshops(database: Database, cast: Cast, workshop: str) -> None:
    for by in (cast.ben, cast.cleo):
        with pytest.raises(Refused) as refusal:
            drop(database, by, workshop)
        assert [block.reason for block in refusal.value.blocks] == [Reason.NOT_PERMITTED]


def one_drops_it_while_somebody_signs_in(database: Database, cast: Cast) -> Any:
    """Dora drops a workshop in the moment in which Ada comes to it."""
    held, by, ben = meeting(database, cast), cast.dora, cast.ben
    onsite, before = AttendanceMode.ONSITE, BEGINS - timedelta(minutes=5)

    def dropping(session: Session) -> Any:
        return drop_workshop(session, workshop=held, at=before, by=by)

    def signing_in(session: Session) -> Any:
        return sign_in(session, workshop=held, patron=ADA, mode=onsite, at=before, by=ben)

    return overtake(database, dropping, signing_in, before="DELETE")


def test_nobody_is_signed_in_to_a_workshop_that_is_dropped_at_once(database: Database, cast: Cast) -> None:
    found = one_drops_it_while_somebody_signs_in(database, cast)
    assert (len(found.done), found.refused, found.broken) == (1, [[Reason.NOT_FOUND]], [])


def test_without_the_locks_a_workshop_would_go_at_which_somebody_is(database: Database, cast: Cast) -> None:
    with without_locks(database):
        found = one_drops_it_while_somebody_signs_in(database, cast)
    assert [type(error) for error in found.broken] == [IntegrityError]
