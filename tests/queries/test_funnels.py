"""How far the people of a session came, from rows that outlive their names."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lending.circulation.exchange import exchange
from lending.db import Database
from lending.domain.periods import between, month_of
from lending.domain.states import EnrolmentState, KitState
from lending.models.cohorts import Attendance, AttendanceMode, Cohort, Enrolment, HeadCountKind, Workshop
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.reservations import Reservation
from lending.programs.moving import roll_over, transfer
from lending.programs.workshops import seats_of, set_head_count, sign_in
from lending.queries.funnels import Funnel, funnel, funnels
from lending.queries.losses import overdue_now
from lending.queries.report_rows import sessions_held
from tests.cast import ADA, KIT, LUIS, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, put, seat
from tests.circulation.kits_in_hand import lend, receive, rows
from tests.programs.members import adas_seat, next_cohort

MARCH = month_of(NOW.date())
WEEK_SIX = NOW + timedelta(days=35)
LATER = NOW + timedelta(days=90)


def shown(database: Database, cast: Cast, scope: Any = None) -> Funnel:
    with database.read() as session:
        return funnel(session, scope, cast.cohort, at=LATER)


def six_workshops(database: Database, cast: Cast, *, attended: int, patron_id: int) -> None:
    """Work Ready 7 has six, of which somebody came to the first few."""

    def hold(session: Session) -> None:
        seats = seats_of(session, cast.cohort, [patron_id])
        for n in range(1, 7):
            about = {"starts_at": NOW, "ends_at": NOW + timedelta(hours=1), "title": "Part", "n": n}
            held = put(session, Workshop(cohort_id=cast.cohort, **about))
            if n <= attended:
                who = {"patron_id": patron_id, "enrolment_id": seats.get(patron_id)}
                session.add(Attendance(workshop_id=held.id, mode=AttendanceMode.ONSITE, at=NOW, **who))

    database.act(hold)


def go_on(database: Database, cast: Cast, verb: Any, *, at: datetime) -> None:
    """Ada goes on to Work Ready 8."""
    given = {"enrolment": adas_seat(database, cast), "to_cohort": "WR-8", "at": at, "by": cast.ben}
    database.act(lambda session: verb(session, **given))


def seat_of_promise(database: Database, cast: Cast) -> None:
    """Ada's promise hangs on her seat, as it does for everybody who enrols."""

    def join(session: Session) -> None:
        enrolment = session.scalars(select(Enrolment).where(Enrolment.patron_id == cast.ada_id)).one()
        session.execute(update(Reservation).values(enrolment_id=enrolment.id))
        enrolment.seated_at = NOW

    database.act(join)


def test_a_funnel_narrows_from_seats_to_kits_that_are_back_in_time(database: Database, cast: Cast) -> None:
    seat_of_promise(database, cast)
    six_workshops(database, cast, attended=4, patron_id=cast.ada_id)
    lend(database, cast, KIT, ADA)
    found = shown(database, cast)
    assert (found.enrolled, found.picked_up, found.attended, found.on_time) == (1, 1, 1, 0)
    assert (found.enough, found.workshops, found.answered) == (4, 6, None)
    receive(database, cast, KIT, at=NOW + timedelta(days=7))
    assert shown(database, cast).on_time == 1


def test_three_of_six_are_not_enough(database: Database, cast: Cast) -> None:
    seat_of_promise(database, cast)
    six_workshops(database, cast, attended=3, patron_id=cast.ada_id)
    assert shown(database, cast).attended == 0


def test_how_often_people_came_is_not_known_where_devices_alone_were_counted(database: Database, cast: Cast) -> None:
    seat_of_promise(database, cast)
    six_workshops(database, cast, attended=0, patron_id=cast.ada_id)
    with database.read() as session:
        workshops = session.scalars(select(Workshop.public_id)).all()
    for workshop in workshops:
        given = {"workshop": workshop, "kind": HeadCountKind.DEVICES, "n": 41, "at": NOW, "by": cast.dora}
        database.act(lambda session, given=given: set_head_count(session, **given))
    found = shown(database, cast)
    assert (found.enrolled, found.attended) == (1, None), "41 devices are no 41 people of this session, and not none"


def test_who_came_without_a_seat_says_nothing_of_those_who_have_one(database: Database, cast: Cast) -> None:
    seat_of_promise(database, cast)
    six_workshops(database, cast, attended=4, patron_id=cast.luis_id)
    assert (shown(database, cast).enrolled, shown(database, cast).attended) == (1, None)


def test_a_kit_that_was_exchanged_and_the_one_for_it_are_one_persons(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(lambda session: session.execute(update(Loan).values(cohort_id=cast.cohort)))
    swap = {"kit": OPEN_KIT, "replacement": OTHER_OPEN_KIT, "branch_id": cast.ela, "reason": "it does not start"}
    database.act(lambda session: exchange(session, **swap, at=NOW, by=cast.ben))
    assert (shown(database, cast).picked_up, shown(database, cast).on_time) == (1, 0)
    database.act(
        lambda session: session.execute(update(Kit).where(Kit.barcode == OPEN_KIT).values(state=KitState.AVAILABLE))
    )
    again = swap | {"kit": OTHER_OPEN_KIT, "replacement": OPEN_KIT}
    database.act(lambda session: exchange(session, **again, at=NOW + timedelta(days=1), by=cast.ben))
    assert (shown(database, cast).picked_up, shown(database, cast).on_time) == (1, 0)
    receive(database, cast, OPEN_KIT, at=NOW + timedelta(days=7))
    assert (shown(database, cast).picked_up, shown(database, cast).on_time) == (1, 1)


def test_a_late_return_is_not_on_time(database: Database, cast: Cast) -> None:
    seat_of_promise(database, cast)
    lend(database, cast, KIT, ADA)
    receive(database, cast, KIT, at=NOW + timedelta(days=60))
    assert (shown(database, cast).picked_up, shown(database, cast).on_time) == (1, 0)


def test_it_stays_when_every_name_is_cut(database: Database, cast: Cast) -> None:
    seat_of_promise(database, cast)
    six_workshops(database, cast, attended=5, patron_id=cast.ada_id)
    lend(database, cast, KIT, ADA)
    receive(database, cast, KIT, at=NOW + timedelta(days=7))
    before = shown(database, cast)

    def cut(session: Session) -> None:
        for table in (Loan, Reservation, Enrolment, Attendance):
            session.execute(update(table).values(patron_id=None))

    database.act(cut)
    assert shown(database, cast) == before
    assert (before.attended, before.on_time) == (1, 1)


def test_whoever_signs_in_is_counted_for_the_seat(database: Database, cast: Cast) -> None:
    def hold(session: Session) -> str:
        seat(session, cast, cast.luis_id)
        ends = NOW + timedelta(hours=1)
        return put(session, Workshop(cohort_id=cast.cohort, n=1, title="Start", starts_at=NOW, ends_at=ends)).public_id

    workshop = database.act(hold)
    about = {"workshop": workshop, "patron": LUIS, "mode": AttendanceMode.VIRTUAL, "at": NOW, "by": cast.dora}
    database.act(lambda session: sign_in(session, **about))
    [attended] = rows(database, Attendance)
    [held] = rows(database, Enrolment, Enrolment.patron_id == cast.luis_id)
    assert attended.enrolment_id == held.id


def test_who_went_over_to_another_session_is_not_counted_here(database: Database, cast: Cast) -> None:
    seat_of_promise(database, cast)
    database.act(lambda session: session.execute(update(Enrolment).values(_state=EnrolmentState.TRANSFERRED)))
    assert shown(database, cast).enrolled == 0


def test_a_kit_that_rolled_over_was_picked_up_for_both_cohorts(database: Database, cast: Cast) -> None:
    seat_of_promise(database, cast)
    lend(database, cast, KIT, ADA)
    next_id = next_cohort(database, cast)
    go_on(database, cast, roll_over, at=WEEK_SIX)
    with database.read() as session:
        both = [funnel(session, None, one, at=WEEK_SIX) for one in (cast.cohort, next_id)]
    assert [(one.enrolled, one.picked_up, one.on_time) for one in both] == [(1, 1, 0), (1, 1, 0)]
    receive(database, cast, KIT, at=WEEK_SIX + timedelta(days=7))
    with database.read() as session:
        assert [funnel(session, None, one, at=WEEK_SIX).on_time for one in (cast.cohort, next_id)] == [1, 1]


def test_who_was_transferred_has_picked_the_kit_up_for_the_new_cohort_alone(database: Database, cast: Cast) -> None:
    seat_of_promise(database, cast)
    lend(database, cast, KIT, ADA)
    next_id = next_cohort(database, cast)
    go_on(database, cast, transfer, at=NOW + timedelta(days=3))
    with database.read() as session:
        both = [funnel(session, None, one, at=WEEK_SIX) for one in (cast.cohort, next_id)]
    assert [(one.enrolled, one.picked_up) for one in both] == [(0, 0), (1, 1)]


def test_another_branch_counts_nobody_who_picks_up_here(database: Database, cast: Cast) -> None:
    seat_of_promise(database, cast)
    lend(database, cast, KIT, ADA)
    found = shown(database, cast, {cast.com})
    assert (found.enrolled, found.picked_up) == (0, 0)


def test_sessions_are_those_that_were_held_in_the_period(database: Database, cast: Cast) -> None:
    with database.read() as session:
        assert [one.cohort for one in funnels(session, None, MARCH, at=NOW, program_id=cast.program)] == ["WR-7"]
        assert funnels(session, None, MARCH, at=NOW, answered={cast.cohort: 9})[0].answered == 9
        earlier = between(NOW.date() - timedelta(days=60), NOW.date() - timedelta(days=1))
        assert funnels(session, None, earlier, at=NOW) == []


def test_overdue_kits_are_told_by_how_long_they_are(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    lend(database, cast)
    due = {row.kit_id: row.due_at for row in rows(database, Loan)}
    with database.read() as session:
        first = overdue_now(session, None, at=min(due.values()) + timedelta(days=2))
        none = overdue_now(session, {cast.com}, at=NOW)
    [late] = [row for row in first if row.overdue]
    assert (late.out, late.ages, late.rate) == (1, (1, 0, 0, 0), 1.0)
    assert none == []


def test_before_enough_workshops_were_held_nobody_knows_who_comes_often(database: Database, cast: Cast) -> None:
    six_workshops(database, cast, attended=2, patron_id=cast.ada_id)
    with database.read() as session:
        known = [funnel(session, None, cast.cohort, at=at).attended for at in (NOW - timedelta(days=90), LATER)]
    assert known == [None, 0]


def test_a_single_workshop_has_no_seats_and_is_no_session(database: Database, cast: Cast) -> None:
    database.act(lambda session: session.execute(update(Cohort).values(is_single=True)))
    with database.read() as session:
        assert funnels(session, None, MARCH, at=NOW) == []
        assert sessions_held(session, MARCH) == []
