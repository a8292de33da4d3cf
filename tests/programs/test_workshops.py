"""Signing in to workshops, counting heads and views, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.cohorts import (
    AttendanceMode,
    Cohort,
    CohortStatus,
    HeadCountKind,
    RecordedViews,
    WorkshopMode,
)
from lending.models.journal import JournalEntry
from lending.programs.workshops import (
    SignedIn,
    post_recording,
    record_views,
    set_head_count,
    sign_in,
    undo_sign_in,
)
from tests.cast import ADA, LUIS, MINA, NOW, Cast
from tests.programs.meetings import BEGINS, attendances, come, head_counts, meeting, public_id_of
from tests.races import race, without_locks

ONSITE, VIRTUAL = AttendanceMode.ONSITE, AttendanceMode.VIRTUAL


def heads(
    database: Database, cast: Cast, workshop: str, kind: HeadCountKind, n: int | None, by: Actor | None = None
) -> None:
    """Ben counts."""
    actor = by or cast.ben
    database.act(lambda session: set_head_count(session, workshop=workshop, kind=kind, n=n, at=NOW, by=actor))


def post(database: Database, cast: Cast, workshop: str, on: date, **given: Any) -> None:
    """Dora posts a recording."""
    values = {"workshop": workshop, "posted_on": on, "at": NOW + timedelta(days=40), "by": cast.dora, **given}
    database.act(lambda session: post_recording(session, **values))


def watch(database: Database, cast: Cast, workshop: str, day: date, views: int) -> None:
    """Dora looks up how often the recording was viewed."""
    at = NOW + timedelta(days=40)
    database.act(lambda session: record_views(session, workshop=workshop, day=day, views=views, at=at, by=cast.dora))


def refusal(act: Callable[[], object]) -> list[Reason]:
    """Why an act is refused."""
    with pytest.raises(Refused) as refused:
        act()
    return [block.reason for block in refused.value.blocks]


def test_one_scan_signs_somebody_in_and_another_changes_nothing(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    assert come(database, cast, workshop, ADA) == SignedIn(workshop, "Ada M.", ONSITE, again=False)
    assert come(database, cast, workshop, ADA) == SignedIn(workshop, "Ada M.", ONSITE, again=True)
    assert attendances(database) == [(cast.ada_id, ONSITE)]


def test_a_scan_the_other_way_mends_how_somebody_attends(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    come(database, cast, workshop, ADA)
    assert come(database, cast, workshop, ADA, VIRTUAL) == SignedIn(workshop, "Ada M.", VIRTUAL, again=False)
    assert attendances(database) == [(cast.ada_id, VIRTUAL)]


def test_anyone_with_a_card_may_attend(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    assert not come(database, cast, workshop, MINA).again
    assert attendances(database) == [(cast.mina_id, ONSITE)]


def test_the_journal_says_that_somebody_attends_and_never_who(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    come(database, cast, workshop, ADA)
    with database.read() as session:
        entry = session.scalars(select(JournalEntry).where(JournalEntry.verb == "sign_in")).one()
    assert (entry.patron, entry.cohort_id, entry.branch_id) == (None, cast.cohort, cast.ela)
    assert entry.detail == {"workshop": workshop, "mode": "onsite"}


def test_a_sign_in_is_taken_back(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    come(database, cast, workshop, ADA)
    undo = {"workshop": workshop, "patron": public_id_of(database, cast.ada_id), "at": NOW, "by": cast.ben}
    database.act(lambda session: undo_sign_in(session, **undo))
    assert attendances(database) == []
    assert refusal(lambda: database.act(lambda session: undo_sign_in(session, **undo))) == [Reason.NOTHING_TO_UNDO]


def test_another_branch_takes_back_only_whom_it_sees_on_the_sheet(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast, WorkshopMode.VIRTUAL)
    for card in (ADA, MINA):
        come(database, cast, workshop, card, VIRTUAL)

    def undo(patron_id: int) -> None:
        whose = public_id_of(database, patron_id)
        database.act(lambda session: undo_sign_in(session, workshop=workshop, patron=whose, at=NOW, by=cast.cleo))

    assert refusal(lambda: undo(cast.ada_id)) == [Reason.NOTHING_TO_UNDO]
    undo(cast.mina_id)
    assert attendances(database) == [(cast.ada_id, VIRTUAL)]


@pytest.mark.parametrize(
    ("held", "came"), [(WorkshopMode.ONSITE, VIRTUAL), (WorkshopMode.VIRTUAL, ONSITE)], ids=["onsite", "virtual"]
)
def test_a_workshop_is_attended_as_it_is_held(
    database: Database, cast: Cast, held: WorkshopMode, came: AttendanceMode
) -> None:
    workshop = meeting(database, cast, held)
    assert refusal(lambda: come(database, cast, workshop, ADA, came)) == [Reason.VALUE_WRONG]
    kind = HeadCountKind.DEVICES if came is VIRTUAL else HeadCountKind.ONSITE
    assert refusal(lambda: heads(database, cast, workshop, kind, 3)) == [Reason.VALUE_WRONG]


def test_nobody_attends_before_the_day_of_the_workshop(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast, begins=BEGINS + timedelta(days=1))
    assert refusal(lambda: come(database, cast, workshop, ADA)) == [Reason.WORKSHOP_TO_COME]
    assert refusal(lambda: heads(database, cast, workshop, HeadCountKind.ONSITE, 3)) == [Reason.WORKSHOP_TO_COME]


def test_everything_against_a_count_is_said_at_once(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast, WorkshopMode.VIRTUAL, begins=BEGINS + timedelta(days=1))
    assert refusal(lambda: come(database, cast, workshop, ADA, ONSITE)) == [
        Reason.WORKSHOP_TO_COME,
        Reason.VALUE_WRONG,
    ]
    assert refusal(lambda: heads(database, cast, workshop, HeadCountKind.DEVICES, -1)) == [
        Reason.VALUE_WRONG,
        Reason.WORKSHOP_TO_COME,
    ]


def test_nobody_attends_a_cancelled_session(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)

    def cancel(session: Session) -> None:
        session.get_one(Cohort, cast.cohort).status = CohortStatus.CANCELLED

    database.act(cancel)
    assert refusal(lambda: come(database, cast, workshop, ADA)) == [Reason.COHORT_OVER]


def test_an_unknown_card_or_workshop_is_refused(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    assert refusal(lambda: come(database, cast, workshop, "29999000009999")) == [Reason.CARD_UNKNOWN]
    assert refusal(lambda: come(database, cast, "nowhere", ADA)) == [Reason.NOT_FOUND]


def test_the_desk_of_a_branch_that_lends_for_the_session_records_what_is_on_line(
    database: Database, cast: Cast
) -> None:
    workshop = meeting(database, cast, WorkshopMode.VIRTUAL)
    come(database, cast, workshop, ADA, VIRTUAL)
    heads(database, cast, workshop, HeadCountKind.DEVICES, 9, by=cast.cleo)
    assert head_counts(database) == {HeadCountKind.DEVICES: 9}


def test_a_lead_of_other_programmes_records_nothing(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    stranger = Actor(cast.dora.role, cast.dora.door, "x" * 16, staff_id=cast.dora_id, program_ids=frozenset({9}))

    def sign(session: Session) -> SignedIn:
        return sign_in(session, workshop=workshop, patron=ADA, mode=ONSITE, at=NOW, by=stranger)

    assert refusal(lambda: database.act(sign)) == [Reason.NOT_PERMITTED]


def test_registrations_of_another_program_are_told_before_the_day_and_are_no_attendance(
    database: Database, cast: Cast
) -> None:
    workshop = meeting(database, cast, WorkshopMode.VIRTUAL, begins=BEGINS + timedelta(days=9))
    heads(database, cast, workshop, HeadCountKind.REGISTERED, 300)
    assert head_counts(database) == {HeadCountKind.REGISTERED: 300}


def test_a_count_takes_the_place_of_an_earlier_one_and_may_be_taken_away(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    heads(database, cast, workshop, HeadCountKind.ONSITE, 12)
    heads(database, cast, workshop, HeadCountKind.ONSITE, 14)
    heads(database, cast, workshop, HeadCountKind.PEAK_VIEWERS, 0)
    assert head_counts(database) == {HeadCountKind.ONSITE: 14, HeadCountKind.PEAK_VIEWERS: 0}
    heads(database, cast, workshop, HeadCountKind.PEAK_VIEWERS, None)
    assert head_counts(database) == {HeadCountKind.ONSITE: 14}


@pytest.mark.parametrize("n", [-1, 100_001])
def test_a_count_that_cannot_be_is_refused(database: Database, cast: Cast, n: int) -> None:
    workshop = meeting(database, cast)
    assert refusal(lambda: heads(database, cast, workshop, HeadCountKind.ONSITE, n)) == [Reason.VALUE_WRONG]


def test_views_are_kept_by_day_and_the_later_number_holds(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    post(database, cast, workshop, date(2026, 3, 4))
    watch(database, cast, workshop, date(2026, 3, 6), 120)
    watch(database, cast, workshop, date(2026, 3, 6), 140)
    watch(database, cast, workshop, date(2026, 3, 7), 60)
    with database.read() as session:
        found = session.execute(select(RecordedViews.day, RecordedViews.views).order_by(RecordedViews.day)).all()
    assert [tuple(row) for row in found] == [(date(2026, 3, 6), 140), (date(2026, 3, 7), 60)]
    assert attendances(database) == []


def test_views_come_after_posting_and_not_from_the_future(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    assert refusal(lambda: watch(database, cast, workshop, date(2026, 3, 6), 1)) == [Reason.VALUE_MISSING]
    post(database, cast, workshop, date(2026, 3, 5))
    assert refusal(lambda: watch(database, cast, workshop, date(2026, 3, 4), 1)) == [Reason.VALUE_WRONG]
    assert refusal(lambda: watch(database, cast, workshop, date(2026, 5, 1), 1)) == [Reason.DATE_IN_THE_FUTURE]
    assert refusal(lambda: watch(database, cast, workshop, date(2026, 3, 6), -1)) == [Reason.VALUE_WRONG]


def test_everything_against_a_count_of_views_is_said_at_once(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    post(database, cast, workshop, date(2026, 3, 5))
    assert refusal(lambda: watch(database, cast, workshop, date(2026, 5, 1), -1)) == [
        Reason.VALUE_WRONG,
        Reason.DATE_IN_THE_FUTURE,
    ]


def test_a_recording_is_posted_after_the_workshop_and_before_its_views(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    assert refusal(lambda: post(database, cast, workshop, date(2026, 3, 2))) == [Reason.DATE_IN_THE_PAST]
    assert refusal(lambda: post(database, cast, workshop, date(2026, 5, 2))) == [Reason.DATE_IN_THE_FUTURE]
    post(database, cast, workshop, date(2026, 3, 4))
    watch(database, cast, workshop, date(2026, 3, 6), 5)
    assert refusal(lambda: post(database, cast, workshop, date(2026, 3, 7))) == [Reason.VALUE_WRONG]


def signing(cast: Cast, workshop: str) -> Callable[[Session], SignedIn]:
    """Ada's card is scanned at one of two doors."""
    by = cast.ben
    return lambda session: sign_in(session, workshop=workshop, patron=ADA, mode=ONSITE, at=NOW, by=by)


def test_a_card_scanned_at_two_doors_at_once_is_one_attendance(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    outcome = race(database, signing(cast, workshop), signing(cast, workshop), before="INSERT")
    assert (outcome.refused, outcome.broken) == ([], [])
    assert sorted(answer.again for answer in outcome.done) == [False, True]
    assert len(attendances(database)) == 1


def test_without_the_lock_one_of_the_two_doors_would_break(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    with without_locks(database):
        outcome = race(database, signing(cast, workshop), signing(cast, workshop), before="INSERT")
    assert len(outcome.broken) == 1


def test_two_people_signed_in_at_once_are_two(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    by = cast.ben
    outcome = race(
        database,
        signing(cast, workshop),
        lambda session: sign_in(session, workshop=workshop, patron=LUIS, mode=ONSITE, at=NOW, by=by),
        before="INSERT",
    )
    assert [answer.again for answer in outcome.done] == [False, False]
