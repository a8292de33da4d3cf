"""What a session's workshops count, from their rows, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.cohorts import Attendance, AttendanceMode, Cohort, Enrolment, HeadCountKind, WorkshopMode
from lending.programs.enrolment import enrol
from lending.programs.withdrawal import withdraw
from lending.programs.workshops import post_recording, record_views, set_head_count, sign_in
from lending.queries.workshops import SeriesShown, SignInSheet, series, sign_in_sheet, workshops_around
from tests.cast import ADA, LUIS, MINA, NOW, Cast, assemble, patron
from tests.circulation.kits_in_hand import why
from tests.programs.meetings import BEGINS, come, meeting

AFTERWARDS = NOW + timedelta(days=120)


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits."""
    return assemble(database)


def shown(database: Database, by: Actor, *, days: int = 120) -> SeriesShown:
    """Work Ready 7's workshops as somebody sees them."""
    with database.read() as session:
        return series(session, "WR-7", at=NOW + timedelta(days=days), by=by)


def sheet(database: Database, workshop: str, by: Actor) -> SignInSheet:
    """Who signed in, as somebody sees it."""
    with database.read() as session:
        return sign_in_sheet(session, workshop, at=AFTERWARDS, by=by)


def devices(database: Database, cast: Cast, workshop: str, n: int) -> None:
    """Dora counts devices."""
    kind = HeadCountKind.DEVICES
    database.act(
        lambda session: set_head_count(session, workshop=workshop, kind=kind, n=n, at=AFTERWARDS, by=cast.dora)
    )


def fill(database: Database, cast: Cast, people: int) -> None:
    """So many people have seats, Ada among them."""

    def write(session: Session) -> None:
        session.get_one(Cohort, cast.cohort).capacity = people
        for n in range(people - 1):
            card = f"299990001{n:05}"
            patron(session, card, f"Learner {n}", cast.ela)
            enrol(session, patron=card, cohort="WR-7", pickup_branch_id=cast.ela, wants_kit=False, at=NOW, by=cast.eli)

    database.act(write)


def test_case_14_a_month_of_workshops(database: Database, cast: Cast) -> None:
    fill(database, cast, 80)
    weekly = [
        meeting(database, cast, WorkshopMode.VIRTUAL, n=n + 1, begins=BEGINS + timedelta(weeks=n)) for n in range(6)
    ]
    for workshop, n in zip(weekly, (9, 8, 7, 6, 6, 5), strict=True):
        devices(database, cast, workshop, n)
    posted_on = BEGINS.date()

    def watch(session: Session) -> None:
        given = {"workshop": weekly[0], "at": AFTERWARDS, "by": cast.dora}
        post_recording(session, posted_on=posted_on, **given)
        record_views(session, day=posted_on + timedelta(days=30), views=200, **given)
        record_views(session, day=posted_on + timedelta(days=60), views=60, **given)

    database.act(watch)
    found = shown(database, cast.dora)
    counted = found.counted
    assert (counted.sessions, found.registered, counted.attended, counted.survey_views) == (6, 80, 41, 200)
    assert counted.reach == 301


def test_a_workshop_counts_from_its_beginning_on(database: Database, cast: Cast) -> None:
    meeting(database, cast)
    meeting(database, cast, n=2, begins=BEGINS + timedelta(weeks=1))
    found = shown(database, cast.dora, days=1)
    assert found.counted.sessions == 1
    assert [one.counted.sessions for one in found.workshops] == [1, 0]


def test_what_nobody_counted_is_missing(database: Database, cast: Cast) -> None:
    meeting(database, cast)
    counted = shown(database, cast.dora).counted
    assert (counted.attended, counted.survey_views, counted.reach, counted.uncounted) == (None, None, None, 1)


def test_a_hybrid_workshop_is_one_session_split_by_format(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    come(database, cast, workshop, ADA)
    come(database, cast, workshop, LUIS, AttendanceMode.VIRTUAL)
    devices(database, cast, workshop, 12)
    counted = shown(database, cast.dora).counted
    assert (counted.sessions, counted.onsite, counted.virtual, counted.attended) == (1, 1, 12, 13)


def test_a_hybrid_workshop_with_one_half_unknown_has_no_attendance_and_no_reach(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    come(database, cast, workshop, ADA)
    counted = shown(database, cast.dora).counted
    assert (counted.onsite, counted.virtual, counted.attended, counted.reach) == (1, None, None, None)
    assert (counted.sessions, counted.uncounted) == (1, 1)


def test_who_leaves_before_the_first_workshop_was_not_registered(database: Database, cast: Cast) -> None:
    meeting(database, cast)
    assert shown(database, cast.dora).registered == 1
    with database.read() as session:
        seat = session.query(Enrolment.public_id).filter_by(patron_id=cast.ada_id).scalar()
    database.act(lambda session: withdraw(session, enrolment=seat, at=NOW, by=cast.ben))
    assert shown(database, cast.dora).registered == 0


def test_who_drops_out_later_was_registered(database: Database, cast: Cast) -> None:
    meeting(database, cast)
    with database.read() as session:
        seat = session.query(Enrolment.public_id).filter_by(patron_id=cast.ada_id).scalar()
    later = NOW + timedelta(days=9)
    database.act(lambda session: withdraw(session, enrolment=seat, at=later, by=cast.ben))
    assert shown(database, cast.dora).registered == 1


def test_the_sheet_shows_short_names_the_newest_first(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    come(database, cast, workshop, ADA)
    come(database, cast, workshop, MINA)
    found = sheet(database, workshop, cast.ben)
    assert [(one.patron_name, one.card) for one in found.attendees] == [("Mina K.", MINA), ("Ada M.", ADA)]


def test_a_link_that_was_cut_leaves_the_attendance(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    come(database, cast, workshop, ADA)

    def cut(session: Session) -> None:
        session.query(Attendance).one().patron_id = None

    database.act(cut)
    (left,) = sheet(database, workshop, cast.ben).attendees
    assert (left.patron_name, left.card) == (None, None)
    assert shown(database, cast.dora).counted.onsite == 1


def test_whom_it_does_not_concern_sees_nothing(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    stranger = replace(cast.dora, program_ids=frozenset())
    elsewhere = replace(cast.ben, branch_ids=frozenset({999}))
    for by in (stranger, elsewhere):
        for look in (lambda who: shown(database, who), lambda who: sheet(database, workshop, who)):
            with pytest.raises(Refused) as refused:
                look(by)
            assert why(refused) == [Reason.NOT_FOUND]
    assert shown(database, cast.cleo).cohort == "WR-7"


def test_the_nearest_workshops_come_first(database: Database, cast: Cast) -> None:
    days = {"later": 4, "today": 0, "last week": -7, "long ago": -20, "far ahead": 10}
    made = {
        name: meeting(database, cast, n=n, begins=BEGINS + timedelta(days=day))
        for n, (name, day) in enumerate(days.items(), start=1)
    }
    with database.read() as session:
        near = workshops_around(session, at=NOW, by=cast.ben)
        elsewhere = workshops_around(session, at=NOW, by=replace(cast.ben, branch_ids=frozenset({999})))
    assert [one.workshop for one in near] == [made["today"], made["later"], made["last week"]]
    assert elsewhere == []


@pytest.mark.parametrize("mode", [WorkshopMode.VIRTUAL, WorkshopMode.HYBRID], ids=["on line", "elsewhere"])
def test_a_sheet_names_the_people_of_ones_branches_and_whom_one_signed_in(
    database: Database, cast: Cast, mode: WorkshopMode
) -> None:
    workshop = meeting(database, cast, mode)
    for card in (ADA, MINA):
        come(database, cast, workshop, card, AttendanceMode.VIRTUAL)
    by, on_line = cast.cleo, AttendanceMode.VIRTUAL
    database.act(lambda s: sign_in(s, workshop=workshop, patron=LUIS, mode=on_line, at=NOW, by=by))
    assert {one.card for one in sheet(database, workshop, cast.cleo).attendees} == {MINA, LUIS}
    assert sheet(database, workshop, cast.cleo).workshop.told.named_virtual == 3, "the figures count everybody"
    assert {one.card for one in sheet(database, workshop, cast.dora).attendees} == {ADA, MINA, LUIS}


def test_who_picks_up_at_ones_branch_is_on_ones_sheet(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast, WorkshopMode.VIRTUAL)
    where = cast.com
    database.act(lambda s: enrol(s, patron=LUIS, cohort="WR-7", pickup_branch_id=where, at=NOW, by=cast.dora))
    come(database, cast, workshop, LUIS, AttendanceMode.VIRTUAL)
    assert [one.card for one in sheet(database, workshop, cast.cleo).attendees] == [LUIS]


def test_staff_see_everybody_who_came_to_their_own_branch(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast, WorkshopMode.ONSITE)
    database.act(lambda s: sign_in(s, workshop=workshop, patron=MINA, mode=AttendanceMode.ONSITE, at=NOW, by=cast.dora))
    assert [one.card for one in sheet(database, workshop, cast.ben).attendees] == [MINA]
