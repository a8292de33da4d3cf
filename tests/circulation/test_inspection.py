"""Inspection, part by part, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from lending.circulation.inspection import PartSeen, all_here
from lending.circulation.missing_parts import settle_incomplete_loans
from lending.db import Database
from lending.domain.completeness import Found
from lending.domain.states import ChargeState, KitState, LoanState
from lending.errors import Reason, Refused
from lending.models.charges import Charge, ChargeKind
from lending.models.kits import Kit, Part, PartState, TurnaroundStep, TurnaroundStepKind
from lending.models.loans import Loan, LoanPart, LoanPartState
from lending.models.notices import Notice
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import (
    DONE,
    back_without,
    block,
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

DEADLINE = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
"""Tuesday, 10 March 2026, 20:00 in Los Angeles: closing time a week after ``NOW``, clocks changed."""


def settle(database: Database, cast: Cast, at: datetime) -> int:
    """One run of the sweep that bills what was not brought back."""
    return database.act(lambda session: settle_incomplete_loans(session, at=at, by=cast.system))


def test_a_complete_kit_with_every_step_done_is_free_again(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast, at=NOW + timedelta(hours=1))
    answer = look(database, cast, seen(database), at=NOW + timedelta(hours=3))
    assert (answer.kit_state, answer.loan_state) == (KitState.AVAILABLE, LoanState.CLOSED)
    assert (answer.missing, answer.steps, answer.charged_cents) == ((), (), 0)
    assert only(database, Loan).settled_at == NOW + timedelta(hours=3)
    assert {step.kind: step.proof for step in rows(database, TurnaroundStep)} == DONE
    assert rows(database, Charge) == []


def test_the_time_from_return_to_free_is_on_the_journal(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast, at=NOW + timedelta(hours=1))
    look(database, cast, seen(database), at=NOW + timedelta(hours=3))
    (freed,) = journalled(database, "free")
    assert freed.detail["seconds"] == 2 * 3600


def test_a_complete_kit_waits_for_the_steps_that_are_left(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    answer = look(database, cast, seen(database), steps={TurnaroundStepKind.CHARGED: "full"})
    assert answer.kit_state is KitState.TURNAROUND
    assert answer.steps == (TurnaroundStepKind.WIPED, TurnaroundStepKind.RESTOCKED)


def test_nothing_is_ticked_beforehand(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    with pytest.raises(Refused) as refused:
        look(database, cast, {part_id(database, "Laptop"): PartSeen(Found.HERE)})
    assert why(refused) == [Reason.PARTS_NOT_COUNTED]
    assert block(refused).detail["parts"] == ["Hotspot", "Charger", "Case"]
    assert kit_row(database).state is KitState.TO_INSPECT
    assert only(database, Loan).state is LoanState.RECEIVED


def test_a_part_of_another_kit_is_refused(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    foreign = part_id(database, "Charger", "KIT-2002")
    with pytest.raises(Refused) as refused:
        look(database, cast, {**seen(database), foreign: PartSeen(Found.HERE)})
    assert why(refused) == [Reason.PART_UNKNOWN]


def test_all_parts_here_names_each_of_them(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    with database.read() as session:
        parts = all_here(session, kit=OPEN_KIT)
    assert parts == seen(database)
    assert look(database, cast, parts).kit_state is KitState.AVAILABLE


def test_case_1_a_missing_charger_keeps_the_loan_open_for_a_week(database: Database, cast: Cast) -> None:
    lend(database, cast)
    answer = back_without(database, cast, "Charger")
    assert (answer.kit_state, answer.loan_state) == (KitState.INCOMPLETE, LoanState.INCOMPLETE)
    assert (answer.missing, answer.owed_until) == (("Charger",), DEADLINE)
    loan = only(database, Loan)
    assert (loan.received_at, loan.settled_at) == (NOW, None)  # the clock stopped, the loan is still open
    assert only(database, Part, Part.state == PartState.MISSING).id == part_id(database, "Charger")
    assert only(database, Notice, Notice.step == "part_missing").patron_id == cast.luis_id
    assert rows(database, Charge) == []
    assert [entry.staff_id for entry in journalled(database, "inspect")] == [cast.ben_id]


def test_case_1_at_the_deadline_only_the_chargers_price_is_charged(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    assert settle(database, cast, DEADLINE - timedelta(seconds=1)) == 0
    assert settle(database, cast, DEADLINE) == 1
    assert settle(database, cast, DEADLINE) == 0
    charge = only(database, Charge)
    assert (charge.kind, charge.amount_cents, charge.patron_id) == (ChargeKind.MISSING_PART, 4000, cast.luis_id)
    assert only(database, Loan).state is LoanState.CLOSED
    task = only(database, Task, Task.kind == TaskKind.REORDER_PART)
    assert (task.what, task.branch_id) == ("Charger", cast.ela)
    assert kit_row(database).state is KitState.INCOMPLETE  # until the charger is replaced


def test_a_missing_case_alone_is_billed_at_once(database: Database, cast: Cast) -> None:
    lend(database, cast)
    answer = back_without(database, cast, "Case")
    assert (answer.kit_state, answer.loan_state) == (KitState.INCOMPLETE, LoanState.CLOSED)
    assert (answer.charged_cents, answer.owed_until) == (2500, None)
    assert only(database, Charge).amount_cents == 2500
    assert only(database, Task).kind is TaskKind.REORDER_PART


def test_a_missing_case_waits_with_a_missing_charger(database: Database, cast: Cast) -> None:
    lend(database, cast)
    answer = back_without(database, cast, "Case", "Charger")
    assert answer.loan_state is LoanState.INCOMPLETE
    assert rows(database, Charge) == []


def test_missing_parts_never_cost_more_than_the_whole_kit(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Laptop", "Hotspot", "Charger", "Case")  # 455.00 of a kit of 450.00
    settle(database, cast, DEADLINE)
    assert [charge.amount_cents for charge in rows(database, Charge)] == [30000, 9000, 4000, 2000]


def test_a_damaged_part_sends_the_kit_to_repair_and_closes_the_loan(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    damaged = PartSeen(Found.DAMAGED, note="cracked lid", charge_cents=7500)
    answer = look(database, cast, seen(database, Laptop=damaged))
    assert (answer.kit_state, answer.loan_state) == (KitState.REPAIR, LoanState.CLOSED)
    assert (answer.damaged, answer.charged_cents) == (("Laptop",), 7500)
    charge = only(database, Charge)
    assert (charge.kind, charge.state) == (ChargeKind.DAMAGE, ChargeState.OWED)
    assert only(database, Task).kind is TaskKind.REPAIR
    went_out = only(database, LoanPart, LoanPart.state == LoanPartState.DAMAGED)
    assert went_out.note == "cracked lid"
    assert "cracked" not in str(journalled(database, "inspect")[0].detail)


@pytest.mark.parametrize(
    "laptop",
    [
        PartSeen(Found.HERE, charge_cents=100),
        PartSeen(Found.DAMAGED, charge_cents=-1),
        PartSeen(Found.DAMAGED, charge_cents=45001),
    ],
)
def test_only_damage_is_charged_and_never_above_the_kits_price(
    database: Database, cast: Cast, laptop: PartSeen
) -> None:
    lend(database, cast)
    receive(database, cast)
    with pytest.raises(Refused) as refused:
        look(database, cast, seen(database, Laptop=laptop))
    assert why(refused) == [Reason.VALUE_WRONG]


def test_a_kit_both_incomplete_and_damaged_is_incomplete_first(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    answer = look(database, cast, seen(database, Laptop=Found.DAMAGED, Charger=Found.MISSING))
    assert (answer.kit_state, answer.loan_state) == (KitState.INCOMPLETE, LoanState.INCOMPLETE)
    assert only(database, Task).kind is TaskKind.REPAIR


def test_a_kit_that_is_not_back_is_not_inspected(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        look(database, cast, seen(database))
    assert why(refused) == [Reason.NOT_TO_INSPECT]


def test_an_inspected_kit_is_not_inspected_again(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    look(database, cast, seen(database))
    with pytest.raises(Refused) as refused:
        look(database, cast, seen(database))
    assert why(refused) == [Reason.NOT_TO_INSPECT]
    assert len(journalled(database, "inspect")) == 1


def test_an_unknown_kit_is_refused(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        look(database, cast, {}, "KIT-9999")
    assert why(refused) == [Reason.KIT_UNKNOWN]


def test_the_desk_of_another_branch_may_not_inspect(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    with pytest.raises(Refused) as refused:
        look(database, cast, seen(database), by=cast.cleo)
    assert why(refused) == [Reason.NOT_PERMITTED]


def test_case_6_a_kit_on_its_way_home_is_inspected_by_its_owner(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast, branch_id=cast.com, by=cast.cleo)
    with pytest.raises(Refused) as refused:
        look(database, cast, seen(database), by=cast.cleo)
    assert why(refused) == [Reason.IN_TRANSIT]


def test_a_kit_without_a_loan_is_inspected_against_its_own_parts(database: Database, cast: Cast) -> None:
    found = update(Kit).where(Kit.barcode == OPEN_KIT).values(_state=KitState.TO_INSPECT)
    database.act(lambda session: session.execute(found))
    answer = look(database, cast, seen(database, Charger=Found.MISSING))
    assert (answer.kit_state, answer.loan, answer.owed_until) == (KitState.INCOMPLETE, None, None)
    assert only(database, Task).kind is TaskKind.REORDER_PART  # nobody is asked to bring it back
    assert rows(database, Charge) == []


def test_an_incomplete_kit_is_inspected_again_when_the_part_is_back(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    answer = look(database, cast, seen(database), at=NOW + timedelta(days=2))
    assert (answer.kit_state, answer.loan_state) == (KitState.AVAILABLE, LoanState.CLOSED)
    assert rows(database, Charge) == []


def test_an_incomplete_kit_is_not_inspected_again_without_naming_what_is_missing(
    database: Database, cast: Cast
) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger", "Hotspot")
    with pytest.raises(Refused) as refused:
        look(database, cast, {part_id(database, "Charger"): PartSeen(Found.HERE)})
    assert block(refused).detail["parts"] == ["Hotspot"]


def test_a_part_that_comes_back_damaged_sends_the_kit_to_repair(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    answer = look(database, cast, {part_id(database, "Charger"): PartSeen(Found.DAMAGED)})
    assert (answer.kit_state, answer.loan_state, answer.damaged) == (
        KitState.REPAIR,
        LoanState.CLOSED,
        ("Charger",),
    )


def test_looking_again_at_a_kit_whose_part_is_still_missing_changes_nothing(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    with pytest.raises(Refused) as refused:
        look(database, cast, seen(database, Charger=Found.MISSING))
    assert why(refused) == [Reason.NOT_TO_INSPECT]
