"""An inspection taken back, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from lending.circulation.charges import pay_charge
from lending.circulation.inspection import PartSeen
from lending.circulation.undo import Undone, undo
from lending.db import Database
from lending.domain.completeness import Found
from lending.domain.states import ChargeState, KitState, LoanState
from lending.errors import Reason, Refused
from lending.models.charges import Charge
from lending.models.kits import Kit, Part, PartState, TurnaroundStep
from lending.models.loans import Loan, LoanPart, LoanPartState
from lending.models.notices import Notice, NoticeState
from lending.models.tasks import Task
from tests.cast import NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import back_without, kit_row, lend, look, only, receive, rows, seen, why


def take_back(database: Database, cast: Cast) -> Undone:
    """Ben takes back what his station did last."""
    return database.act(lambda session: undo(session, at=NOW, by=cast.ben))


def waits_again(database: Database) -> None:
    """The kit waits for inspection as if nobody had looked."""
    loan = only(database, Loan)
    assert (kit_row(database).state, loan.state) == (KitState.TO_INSPECT, LoanState.RECEIVED)
    assert (loan.settled_at, loan.incomplete_until, kit_row(database).turnaround_since) == (None, None, NOW)
    assert {part.state for part in rows(database, LoanPart)} == {LoanPartState.OUT, LoanPartState.GIVEN}
    assert {part.state for part in rows(database, Part)} == {PartState.HERE}
    assert rows(database, TurnaroundStep) == []


def test_an_inspection_that_freed_the_kit_is_taken_back(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    look(database, cast, seen(database))
    assert take_back(database, cast) == Undone("inspect", OPEN_KIT, only(database, Loan).public_id)
    waits_again(database)


def test_a_part_said_to_be_missing_by_mistake_is_not_asked_for(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    take_back(database, cast)
    waits_again(database)
    assert only(database, Notice, Notice.step == "part_missing").state is NoticeState.CANCELLED
    back = look(database, cast, seen(database, Charger=Found.MISSING))
    assert back.loan_state is LoanState.INCOMPLETE
    assert only(database, Notice, Notice.step == "part_missing").state is NoticeState.PENDING


def test_charges_and_tasks_of_the_inspection_go_with_it(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    cracked = PartSeen(Found.DAMAGED, note="cracked", charge_cents=7500)
    look(database, cast, seen(database, Laptop=cracked))
    take_back(database, cast)
    waits_again(database)
    charge = only(database, Charge)
    assert (charge.state, charge.ended_reason) == (ChargeState.CANCELLED, "undone")
    assert only(database, Task).outcome == "undone"


def test_an_inspection_whose_charge_was_paid_is_not_taken_back(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Case")
    charge = only(database, Charge).public_id
    database.act(lambda session: pay_charge(session, charge=charge, at=NOW, by=cast.eli))
    with pytest.raises(Refused) as refused:
        take_back(database, cast)
    assert why(refused) == [Reason.CHANGED_SINCE]


def test_a_kit_that_was_freed_and_taken_for_somebody_is_not_inspected_anew(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    look(database, cast, seen(database))
    captured = update(Kit).where(Kit.barcode == OPEN_KIT).values(_state=KitState.ON_SHELF)
    database.act(lambda session: session.execute(captured))
    with pytest.raises(Refused) as refused:
        take_back(database, cast)
    assert why(refused) == [Reason.CHANGED_SINCE]


def test_a_second_look_is_not_taken_back(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    look(database, cast, seen(database))
    with pytest.raises(Refused) as refused:
        take_back(database, cast)
    assert why(refused) == [Reason.NOTHING_TO_UNDO]
