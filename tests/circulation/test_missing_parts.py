"""Parts reported early, brought back late, and billed, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lending.circulation.charges import pay_charge
from lending.circulation.missing_parts import (
    PartBack,
    PartReported,
    bring_back_part,
    report_missing_part,
    settle_incomplete_loans,
)
from lending.db import Database
from lending.domain.completeness import Found
from lending.domain.states import ChargeState, KitState, LoanState
from lending.errors import Reason, Refused
from lending.models.charges import Charge
from lending.models.kits import Part, PartState
from lending.models.loans import Loan, LoanPart, LoanPartState
from lending.models.notices import Notice, NoticeState
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import (
    back_without,
    journalled,
    kit_row,
    lend,
    look,
    only,
    part_id,
    receive,
    rows,
    seen,
    why,
)
from tests.races import race, without_locks

AFTER_THE_DEADLINE = NOW + timedelta(days=8)


def bring(database: Database, cast: Cast, part: str) -> PartBack:
    """Someone brings a part to Ben."""
    missing = part_id(database, part)
    return database.act(lambda session: bring_back_part(session, kit=OPEN_KIT, part_id=missing, at=NOW, by=cast.ben))


def report(database: Database, cast: Cast, hours: float, part: str = "Charger") -> PartReported:
    """Luis says so many hours after check-out that a part was not in the bag."""
    missing = part_id(database, part)
    at = NOW + timedelta(hours=hours)
    return database.act(lambda session: report_missing_part(session, kit=OPEN_KIT, part_id=missing, at=at, by=cast.ben))


def settle(database: Database, cast: Cast) -> int:
    """One run of the sweep after the deadline."""
    return database.act(lambda session: settle_incomplete_loans(session, at=AFTER_THE_DEADLINE, by=cast.system))


def test_case_1_a_part_brought_back_in_time_closes_the_loan_without_a_bill(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    answer = bring(database, cast, "Charger")
    assert (answer.part, answer.loan_state, answer.kit_state) == ("Charger", LoanState.CLOSED, KitState.AVAILABLE)
    assert settle(database, cast) == 0
    assert rows(database, Charge) == []
    assert only(database, Notice, Notice.step == "part_missing").state is NoticeState.CANCELLED


def test_the_loan_waits_for_the_last_of_two_parts(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger", "Hotspot")
    assert bring(database, cast, "Charger").loan_state is LoanState.INCOMPLETE
    assert kit_row(database).state is KitState.INCOMPLETE
    assert settle(database, cast) == 1
    assert only(database, Charge).amount_cents == 9000  # the hotspot's price alone


def test_a_part_that_comes_back_after_it_was_billed_takes_its_charge_away(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    settle(database, cast)
    answer = bring(database, cast, "Charger")
    assert (answer.loan_state, answer.kit_state) == (LoanState.CLOSED, KitState.AVAILABLE)
    assert only(database, Charge).state is ChargeState.CANCELLED
    assert only(database, Task).outcome == "brought_back"


def test_a_part_that_comes_back_after_it_was_paid_becomes_a_refund(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    settle(database, cast)
    charge = only(database, Charge).public_id
    database.act(lambda session: pay_charge(session, charge=charge, at=AFTER_THE_DEADLINE, by=cast.ben))
    bring(database, cast, "Charger")
    assert only(database, Charge).state is ChargeState.REFUND_DUE
    assert only(database, Task, Task.kind == TaskKind.REFUND).patron_id == cast.luis_id


def test_a_part_that_is_not_missing_is_not_brought_back(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    with pytest.raises(Refused) as refused:
        bring(database, cast, "Laptop")
    assert why(refused) == [Reason.PART_NOT_MISSING]


def test_a_part_of_another_kit_is_not_brought_back(database: Database, cast: Cast) -> None:
    foreign = part_id(database, "Charger", "KIT-2002")
    with pytest.raises(Refused) as refused:
        database.act(lambda session: bring_back_part(session, kit=OPEN_KIT, part_id=foreign, at=NOW, by=cast.ben))
    assert why(refused) == [Reason.PART_UNKNOWN]


def test_a_part_reported_missing_within_48_hours_is_not_billed(database: Database, cast: Cast) -> None:
    lend(database, cast)
    assert report(database, cast, 48).part == "Charger"
    back = NOW + timedelta(days=5)
    receive(database, cast, at=back)
    answer = look(database, cast, seen(database, Charger=Found.MISSING), at=back)
    assert (answer.loan_state, answer.owed_until) == (LoanState.CLOSED, None)
    assert answer.kit_state is KitState.INCOMPLETE  # the kit still needs a charger
    assert settle(database, cast) == 0
    assert rows(database, Charge) == []
    assert only(database, Task).kind is TaskKind.REORDER_PART
    went_out = only(database, LoanPart, LoanPart.state == LoanPartState.MISSING)
    assert went_out.settled_at == back


def test_a_part_reported_after_48_hours_is_refused_and_billed_as_any_other(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        report(database, cast, 48.01)
    assert why(refused) == [Reason.TOO_LATE_TO_REPORT]
    assert back_without(database, cast, "Charger").loan_state is LoanState.INCOMPLETE


def test_reporting_a_part_again_changes_nothing(database: Database, cast: Cast) -> None:
    lend(database, cast)
    report(database, cast, 1)
    report(database, cast, 2)
    went_out = only(database, LoanPart, LoanPart.reported_missing_at.is_not(None))
    assert went_out.reported_missing_at == NOW + timedelta(hours=1)
    assert len(journalled(database, "report_missing_part")) == 1


def test_a_part_of_a_kit_that_is_not_out_is_not_reported(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        report(database, cast, 1)
    assert why(refused) == [Reason.NOT_ON_LOAN]


def test_of_two_sweeps_at_once_one_bills_and_the_other_finds_nothing(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    outcome = race(
        database,
        *[lambda session: settle_incomplete_loans(session, at=AFTER_THE_DEADLINE, by=cast.system)] * 2,
    )
    assert (sorted(outcome.done), outcome.refused, outcome.broken) == ([0, 1], [], [])
    assert only(database, Charge).amount_cents == 4000


def test_without_the_lock_two_sweeps_would_bill_together(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    with without_locks(database):
        outcome = race(
            database,
            *[lambda session: settle_incomplete_loans(session, at=AFTER_THE_DEADLINE, by=cast.system)] * 2,
        )
    assert 0 not in outcome.done  # neither saw that the other was at it


def test_case_1_a_loan_settles_while_its_kit_is_out_again(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    missing = part_id(database, "Charger")
    bring(database, cast, "Charger")
    again = NOW + timedelta(hours=1)
    lend(database, cast, at=again)
    assert [loan.state for loan in rows(database, Loan)] == [LoanState.CLOSED, LoanState.OUT]
    assert only(database, Part, Part.id == missing).state is PartState.HERE
