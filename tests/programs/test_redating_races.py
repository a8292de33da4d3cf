"""A cohort that is moved while others act on it, and how many statements its kits take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.exchange import exchange
from lending.db import Database
from lending.domain.states import EnrolmentState
from lending.models.cohorts import Cohort, Enrolment, Pool
from lending.models.loans import Loan
from lending.models.notices import Notice
from lending.programs.enrolment import Enrolled, enrol
from lending.programs.plans import CohortChange
from lending.programs.pools import PoolPlan
from lending.programs.redating import COHORT_MOVED, change_cohort
from tests.cast import ADA, KIT, LUIS, MINA, NOW, THIRD_KIT, Cast, kit, patron, promise
from tests.databases import counting
from tests.races import overtake, without_locks

LATER = date(2026, 4, 17)
Act = Callable[[Session], Any]


def moving(cast: Cast, **what: Any) -> Act:
    """Dora changes Work Ready 7."""
    change, by = CohortChange(**what), cast.dora
    return lambda session: change_cohort(session, cohort="WR-7", change=change, at=NOW, by=by)


def out(cast: Cast, code: str = KIT, card: str = ADA) -> Act:
    """Ben hands out a kit."""
    by = cast.ben
    return lambda session: check_out(session, kit=code, patron=card, branch_id=cast.ela, at=NOW, by=by)


def joining(cast: Cast, card: str) -> Callable[[Session], Enrolled]:
    """Ben enrols somebody with a kit."""
    by = cast.ben
    return lambda session: enrol(session, patron=card, cohort="WR-7", pickup_branch_id=cast.ela, at=NOW, by=by)


def every(database: Database, chosen: Any) -> list[Any]:
    """All that a statement finds."""
    with database.read() as session:
        return list(session.scalars(chosen))


def due_days(database: Database) -> set[date]:
    """The days on which kits that are not back are due, in UTC: the evening's next day."""
    return {due_at.date() for due_at in every(database, select(Loan.due_at).where(Loan.received_at.is_(None)))}


@pytest.mark.parametrize("first", ["the exchange", "the move"])
def test_a_kit_exchanged_while_its_cohort_moves_is_due_on_the_new_date(
    database: Database, cast: Cast, first: str
) -> None:
    database.act(out(cast))
    by = cast.ben
    acts: list[Act] = [
        lambda s: exchange(s, kit=KIT, replacement=THIRD_KIT, branch_id=cast.ela, reason="screen", at=NOW, by=by),
        moving(cast, ends_on=LATER),
    ]
    outcome = overtake(database, *(acts if first == "the exchange" else reversed(acts)))
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
    assert due_days(database) == {date(2026, 4, 18)}


@pytest.mark.parametrize("first", ["the enrolment", "the move"])
def test_who_enrols_while_a_cohort_moves_is_told_or_reads_the_new_date(
    database: Database, cast: Cast, first: str
) -> None:
    acts: list[Act] = [joining(cast, LUIS), moving(cast, ends_on=LATER)]
    outcome = overtake(database, *(acts if first == "the enrolment" else reversed(acts)), before="INSERT")
    assert (len(outcome.done), outcome.broken) == (2, [])
    told = select(Notice.patron_id).where(Notice.step == COHORT_MOVED)
    assert (cast.luis_id in every(database, told)) is (first == "the enrolment")


def test_a_pool_is_not_made_smaller_beside_a_promise_from_it(database: Database, cast: Cast) -> None:
    smaller = moving(cast, pools=[PoolPlan(cast.ela, "work-ready", 1)])
    outcome = overtake(database, joining(cast, LUIS), smaller, before="INSERT")
    assert (len(outcome.done), len(outcome.refused)) == (1, 1)
    assert every(database, select(Pool.kits).order_by(Pool.id)) == [2, 1]


def test_without_the_lock_more_would_be_promised_than_the_pool_has(database: Database, cast: Cast) -> None:
    smaller = moving(cast, pools=[PoolPlan(cast.ela, "work-ready", 1)])
    with without_locks(database):
        outcome = overtake(database, joining(cast, LUIS), smaller, before="INSERT")
    assert len(outcome.done) == 2
    assert every(database, select(Pool.kits).order_by(Pool.id)) == [1, 1], "two kits of it are promised"


def test_the_last_seat_is_not_given_to_two_when_there_is_one_more(database: Database, cast: Cast) -> None:
    database.act(moving(cast, capacity=1))
    database.act(joining(cast, LUIS))
    outcome = overtake(database, joining(cast, MINA), moving(cast, capacity=2), before="INSERT")
    assert (len(outcome.done), outcome.broken) == (2, [])
    seated = select(Enrolment.patron_id).where(Enrolment.state == EnrolmentState.ENROLLED)
    assert sorted(every(database, seated)) == sorted([cast.ada_id, cast.luis_id])


# --- Statements ---


def lend(database: Database, cast: Cast, kits: int) -> None:
    """So many kits of the cohort are out, half of them at people with an address for e-mail."""

    def begin(session: Session) -> None:
        pool = session.scalars(select(Pool).where(Pool.kits == 2)).one()
        cohort = session.get_one(Cohort, cast.cohort)
        cohort.capacity, pool.kits = kits + 1, kits + 1
        for n in range(kits):
            kit(session, f"KIT-5{n:03}", cast.work_ready, cast.ela)
            patron_id = patron(session, f"2999900005{n:04}", "Noor Haddad", cast.ela)
            promise(session, cast, patron_id=patron_id, pool_id=pool.id)

    database.act(begin)
    for n in range(kits):
        database.act(out(cast, f"KIT-5{n:03}", f"2999900005{n:04}"))


def said(database: Database, cast: Cast) -> int:
    """The statements of moving the cohort by a week."""
    with counting(database) as statements:
        database.act(moving(cast, ends_on=LATER))
    return len(statements)


def test_moving_a_cohort_takes_no_more_statements_when_more_kits_are_out(database: Database, cast: Cast) -> None:
    database.act(out(cast))
    one = said(database, cast)
    lend(database, cast, 30)
    database.act(moving(cast, ends_on=date(2026, 4, 10), return_by=date(2026, 4, 10)))
    assert said(database, cast) <= one
    assert due_days(database) == {date(2026, 4, 18)}
    assert len(every(database, select(Notice.id).where(Notice.step == COHORT_MOVED))) == 1 + 2 * 31
