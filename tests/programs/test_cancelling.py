"""A cohort that is cancelled, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lending.circulation.checkout import check_out
from lending.circulation.closures import ClosurePlan, enter_closure
from lending.circulation.redating import Redating, Why
from lending.circulation.renewal import set_due_date
from lending.db import Database
from lending.domain.states import EnrolmentState, ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus, Enrolment
from lending.models.journal import JournalEntry
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.notices import Notice
from lending.models.reservations import Reservation
from lending.programs.cancelling import COHORT_CANCELLED, cancel_cohort, preview_cancellation
from lending.programs.cohorts import copy_cohort, plan_cohort
from lending.programs.enrolment import enrol
from lending.programs.plans import CohortChange
from lending.programs.pools import PoolPlan
from lending.programs.programs import plan_program
from lending.programs.redating import change_cohort
from lending.queries.invariants import INVARIANTS
from tests.cast import ADA, KIT, LUIS, MINA, NOW, Cast, patron

OLGA = "29999000000042"


def cancel(database: Database, cast: Cast, **given: Any) -> Redating:
    """Dora cancels Work Ready 7: the room was flooded."""
    values = {"cohort": "WR-7", "reason": "flooded", "at": NOW, "by": cast.dora, **given}
    return database.act(lambda session: cancel_cohort(session, **values))


def why(database: Database, cast: Cast, **given: Any) -> list[Reason]:
    """Why it is not cancelled."""
    with pytest.raises(Refused) as refusal:
        cancel(database, cast, **given)
    return [block.reason for block in refusal.value.blocks]


def next_one(database: Database, cast: Cast, *, capacity: int = 20, kits: int = 1, program: str = "work-ready") -> None:
    """Work Ready 8, in May, with some kits at East Los Angeles."""
    pools = [PoolPlan(cast.ela, "work-ready", kits)]
    database.act(
        lambda session: plan_cohort(
            session,
            code="WR-8",
            program=program,
            name="Work Ready 8",
            starts_on=date(2026, 5, 4),
            ends_on=date(2026, 6, 12),
            capacity=capacity,
            pools=pools,
            at=NOW,
            by=cast.eli,
        )
    )


def join(database: Database, cast: Cast, card: str, cohort: str = "WR-7") -> str:
    """Ben enrols somebody with a kit."""
    by = cast.ben
    return database.act(
        lambda session: enrol(session, patron=card, cohort=cohort, pickup_branch_id=cast.ela, at=NOW, by=by)
    ).enrolment


def every(database: Database, chosen: Any) -> list[Any]:
    """All that a statement finds."""
    with database.read() as session:
        return list(session.scalars(chosen))


def test_promises_and_seats_end_and_a_kit_that_is_out_comes_back_in_seven_days(database: Database, cast: Cast) -> None:
    join(database, cast, LUIS)
    database.act(lambda s: check_out(s, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    answer = cancel(database, cast)
    assert [(line.label, line.why) for line in answer.moved] == [(KIT, Why.COHORT_CANCELLED)]
    assert answer.counts == {"seats_end": 2, "waiting_end": 0, "promises_end": 1, "carried": 0, "carried_kits": 0}
    [due_at] = every(database, select(Loan.due_at))
    assert (due_at - timedelta(hours=7)).date() == NOW.date() + timedelta(days=7)
    assert every(database, select(LoanTerm.kind).where(LoanTerm.n == 2)) == [TermKind.SHORTENED]
    assert set(every(database, select(Enrolment.state))) == {EnrolmentState.WITHDRAWN}
    states = every(database, select(Reservation.state).order_by(Reservation.id))
    assert states == [ReservationState.PICKED_UP, ReservationState.CANCELLED]
    told = every(database, select(Notice.patron_id).where(Notice.step == COHORT_CANCELLED))
    assert sorted(told) == sorted([cast.ada_id, cast.luis_id])
    assert every(database, select(Cohort.status)) == [CohortStatus.CANCELLED]


def test_a_kit_due_sooner_or_by_hand_keeps_its_date(database: Database, cast: Cast) -> None:
    database.act(lambda s: check_out(s, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    late = NOW + timedelta(days=35)
    with database.read() as session:
        soon = preview_cancellation(session, cohort="WR-7", at=late, by=cast.dora)
    assert [line.why for line in soon.stays] == [Why.NO_NOTICE_LEFT]
    on = date(2026, 4, 1)
    database.act(lambda s: set_due_date(s, kit=KIT, on=on, reason="exam", at=NOW, by=cast.eli))
    answer = cancel(database, cast)
    assert ([line.why for line in answer.stays], answer.moved) == ([Why.BY_HAND], ())


def test_queues_go_on_to_the_next_cohort_in_their_order(database: Database, cast: Cast) -> None:
    """Ada and Luis are promised kits, Mina and Olga wait; Olga has no seat yet. In May there is one kit and one seat
    fewer: Ada is promised it, the others wait as they stood."""
    database.act(lambda session: patron(session, OLGA, "Olga Petrova", cast.ela))
    next_one(database, cast, capacity=3)
    fewer = CohortChange(capacity=3)
    database.act(lambda s: change_cohort(s, cohort="WR-7", change=fewer, at=NOW, by=cast.dora))
    for card in (LUIS, MINA, OLGA):
        join(database, cast, card)
    answer = cancel(database, cast, carry_to="WR-8")
    assert (answer.counts["carried"], answer.counts["carried_kits"]) == (4, 4)
    chosen = select(Enrolment).join(Cohort).where(Cohort.code == "WR-8").order_by(Enrolment.id)
    seats = every(database, chosen)
    assert [seat.patron_id for seat in seats[:3]] == [cast.ada_id, cast.luis_id, cast.mina_id]
    assert [seat.state for seat in seats] == [*[EnrolmentState.ENROLLED] * 3, EnrolmentState.WAITING]
    queue = every(
        database,
        select(Reservation).where(Reservation.enrolment_id.in_([seat.id for seat in seats])).order_by(Reservation.id),
    )
    assert [row.patron_id for row in queue] == [seat.patron_id for seat in seats]
    assert [row.state for row in queue] == [ReservationState.PROMISED, *[ReservationState.WAITING] * 3]
    ended = select(Enrolment.state).join(Cohort).where(Cohort.code == "WR-7")
    assert set(every(database, ended)) == {EnrolmentState.TRANSFERRED}


def test_whoever_is_in_the_next_cohort_already_is_not_enrolled_twice(database: Database, cast: Cast) -> None:
    next_one(database, cast)
    join(database, cast, ADA, "WR-8")
    assert cancel(database, cast, carry_to="WR-8").counts["carried"] == 0
    assert every(database, select(func.count()).select_from(Enrolment)) == [2]


def test_a_branch_without_a_pool_in_the_next_cohort_carries_the_seat_alone(database: Database, cast: Cast) -> None:
    next_one(database, cast)
    by = cast.cleo
    database.act(lambda s: enrol(s, patron=MINA, cohort="WR-7", pickup_branch_id=cast.com, at=NOW, by=by))
    answer = cancel(database, cast, carry_to="WR-8")
    assert (answer.counts["carried"], answer.counts["carried_kits"]) == (2, 1)


def test_the_kits_of_a_cancelled_cohort_are_free_for_others(database: Database, cast: Cast) -> None:
    cancel(database, cast)
    all_three = [PoolPlan(cast.ela, "work-ready", 3)]
    planned = database.act(
        lambda session: plan_cohort(
            session,
            code="WR-9",
            program="work-ready",
            name="Work Ready 9",
            starts_on=date(2026, 3, 10),
            ends_on=date(2026, 4, 17),
            capacity=3,
            pools=all_three,
            at=NOW,
            by=cast.dora,
        )
    )
    assert planned.kits == 3


def test_the_act_does_what_its_preview_listed(database: Database, cast: Cast) -> None:
    join(database, cast, LUIS)
    with database.read() as session:
        seen = preview_cancellation(session, cohort="WR-7", at=NOW, by=cast.dora)
    assert every(database, select(Cohort.status)) == [CohortStatus.PLANNED]
    join(database, cast, MINA)
    assert why(database, cast, seen=seen.digest) == [Reason.PREVIEW_OUTDATED]
    with database.read() as session:
        seen = preview_cancellation(session, cohort="WR-7", at=NOW, by=cast.dora)
    assert cancel(database, cast, seen=seen.digest) == seen


def test_who_confirms_one_next_cohort_confirms_no_other(database: Database, cast: Cast) -> None:
    next_one(database, cast, kits=0)
    for code in ("WR-9", "WR-10"):
        more = {"code": code, "starts_on": date(2026, 5, 4), "at": NOW, "by": cast.dora}
        database.act(lambda session, more=more: copy_cohort(session, cohort="WR-8", name="Work Ready", **more))
    with database.read() as session:
        lists = [
            preview_cancellation(session, cohort="WR-7", carry_to=code, at=NOW, by=cast.dora)
            for code in ("WR-9", "WR-10")
        ]
    assert [line.becomes for found in lists for line in found.changed] == ["Work Ready (WR-9)", "Work Ready (WR-10)"]
    assert why(database, cast, carry_to="WR-10", seen=lists[0].digest) == [Reason.PREVIEW_OUTDATED]
    assert cancel(database, cast, carry_to="WR-9", seen=lists[0].digest) == lists[0]


def test_cancelling_needs_a_reason_a_right_and_a_cohort_that_is_not_cancelled(database: Database, cast: Cast) -> None:
    database.act(lambda session: plan_program(session, code="job-skills", name="Job Skills", at=NOW, by=cast.eli))
    next_one(database, cast, program="job-skills")
    assert why(database, cast, reason=" ") == [Reason.REASON_NEEDED]
    assert why(database, cast, by=cast.cleo) == [Reason.NOT_PERMITTED]
    for code in ("WR-7", "WR-8", "WR-99"):
        assert why(database, cast, carry_to=code) == [Reason.VALUE_WRONG]
    assert why(database, cast, cohort="WR-99") == [Reason.NOT_FOUND]
    cancel(database, cast)
    assert why(database, cast) == [Reason.COHORT_CANCELLED]
    [entry] = every(database, select(JournalEntry).where(JournalEntry.verb == "cancel_cohort"))
    assert (entry.detail["reason"], entry.cohort_id) == ("flooded", cast.cohort)


def test_the_laws_of_the_data_hold_after_a_move_a_closing_and_a_cancellation(database: Database, cast: Cast) -> None:
    next_one(database, cast)
    join(database, cast, LUIS)
    database.act(lambda s: check_out(s, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    longer = CohortChange(starts_on=date(2026, 3, 10), capacity=25)
    database.act(lambda s: change_cohort(s, cohort="WR-7", change=longer, at=NOW, by=cast.dora))
    flood = ClosurePlan(cast.ela, date(2026, 4, 17), date(2026, 4, 18), "Flood", emergency=True)
    database.act(lambda s: enter_closure(s, plan=flood, at=NOW, by=cast.eli))
    cancel(database, cast, carry_to="WR-8")
    with database.snapshot() as session:
        assert {law.name: law.find(session) for law in INVARIANTS if law.find(session)} == {}


def test_what_moves_for_many_is_not_undone_at_a_desk(database: Database, cast: Cast) -> None:
    """Whoever closes a library at a desk can still take back the scan before it."""
    out = database.act(lambda s: check_out(s, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    flood = ClosurePlan(cast.com, date(2026, 4, 10), date(2026, 4, 10), "Flood")
    database.act(lambda s: enter_closure(s, plan=flood, at=NOW, by=cast.cleo))
    at_the_desk = replace(cast.eli, station_id=cast.desk_station)
    change = CohortChange(capacity=21)
    database.act(lambda s: change_cohort(s, cohort="WR-7", change=change, at=NOW, by=at_the_desk))
    here = replace(flood, branch_id=cast.ela)
    moved = database.act(lambda s: enter_closure(s, plan=here, at=NOW, by=at_the_desk)).moved
    assert [line.id for line in moved] == [out.loan]
    stations = select(JournalEntry.station_id).where(JournalEntry.verb == "move_due_date")
    assert every(database, stations) == [None]
