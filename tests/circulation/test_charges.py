"""What is owed and how that ends, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from lending.circulation.charges import ChargeChanged, cancel_charge, pay_charge, refund_charge, waive_charge
from lending.circulation.tasks import finish_task
from lending.db import Database
from lending.domain.states import ChargeState
from lending.errors import Reason, Refused
from lending.models.charges import Charge
from lending.models.tasks import Task, TaskKind
from lending.queries.desk import strip_by_card
from lending.queries.patrons import patron_with_card
from lending.wording import say
from tests.cast import LUIS, NOW, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import back_without, journalled, lend, only, why
from tests.races import race, without_locks


def owed(database: Database, cast: Cast) -> str:
    """Luis owes the price of a case; gives the charge's public id."""
    lend(database, cast)
    back_without(database, cast, "Case")
    return only(database, Charge).public_id


def test_what_is_owed_is_whole_cents_on_either_engine_and_is_said_as_money(database: Database, cast: Cast) -> None:
    owed(database, cast)
    with pytest.raises(Refused) as refused:
        lend(database, cast, OTHER_OPEN_KIT)
    (block,) = refused.value.blocks
    assert (block.reason, "$25.00" in say(block, str)) == (Reason.OWES, True)
    with database.read() as session:
        strip = strip_by_card(session, LUIS, branch_id=cast.ela, zone="America/Los_Angeles", at=NOW)
        shown = patron_with_card(session, LUIS)
    assert json.dumps([strip.owes_cents, shown and shown.owes_cents]) == "[2500, 2500]", "as the desk's script is told"


def test_a_charge_is_paid_once(database: Database, cast: Cast) -> None:
    charge = owed(database, cast)
    answer = database.act(lambda session: pay_charge(session, charge=charge, at=NOW, by=cast.ben))
    assert (answer.amount_cents, answer.state) == (2500, ChargeState.PAID)
    with pytest.raises(Refused) as refused:
        database.act(lambda session: pay_charge(session, charge=charge, at=NOW, by=cast.ben))
    assert why(refused) == [Reason.WRONG_STATE]


def test_a_manager_waives_with_a_reason_and_the_desk_does_not(database: Database, cast: Cast) -> None:
    charge = owed(database, cast)
    with pytest.raises(Refused) as refused:
        database.act(lambda session: waive_charge(session, charge=charge, reason="hardship", at=NOW, by=cast.ben))
    assert why(refused) == [Reason.NOT_PERMITTED]
    with pytest.raises(Refused) as refused:
        database.act(lambda session: waive_charge(session, charge=charge, reason=" ", at=NOW, by=cast.eli))
    assert why(refused) == [Reason.REASON_NEEDED]
    database.act(lambda session: waive_charge(session, charge=charge, reason="hardship", at=NOW, by=cast.eli))
    row = only(database, Charge)
    assert (row.state, row.ended_reason, row.ended_at) == (ChargeState.WAIVED, "hardship", NOW)
    assert "hardship" not in str(journalled(database, "waive_charge")[0].detail)


def test_a_cancelled_charge_that_was_paid_is_handed_back(database: Database, cast: Cast) -> None:
    charge = owed(database, cast)
    database.act(lambda session: pay_charge(session, charge=charge, at=NOW, by=cast.ben))
    database.act(lambda session: cancel_charge(session, charge=charge, reason="found", at=NOW, by=cast.eli))
    assert only(database, Task, Task.kind == TaskKind.REFUND).closed_at is None
    database.act(lambda session: refund_charge(session, charge=charge, at=NOW, by=cast.ben))
    assert only(database, Charge).state is ChargeState.REFUNDED
    assert only(database, Task, Task.kind == TaskKind.REFUND).closed_by_id == cast.ben_id


def test_a_charge_of_another_branch_is_not_paid_here(database: Database, cast: Cast) -> None:
    charge = owed(database, cast)
    with pytest.raises(Refused) as refused:
        database.act(lambda session: pay_charge(session, charge=charge, at=NOW, by=cast.cleo))
    assert why(refused) == [Reason.NOT_PERMITTED]


def test_an_unknown_charge_is_not_found(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        database.act(lambda session: pay_charge(session, charge="nosuchcharge", at=NOW, by=cast.ben))
    assert why(refused) == [Reason.NOT_FOUND]


def test_a_task_is_closed_by_hand_once_and_with_an_outcome(database: Database, cast: Cast) -> None:
    owed(database, cast)
    task = only(database, Task).public_id

    def finish(outcome: str) -> None:
        database.act(lambda session: finish_task(session, task=task, outcome=outcome, at=NOW, by=cast.ben))

    with pytest.raises(Refused) as refused:
        finish(" ")
    assert why(refused) == [Reason.REASON_NEEDED]
    finish("ordered")
    assert only(database, Task).outcome == "ordered"
    with pytest.raises(Refused) as refused:
        finish("ordered again")
    assert why(refused) == [Reason.WRONG_STATE]


def paying(cast: Cast, charge: str) -> Callable[[Session], ChargeChanged]:
    """Ben takes the money."""
    return lambda session: pay_charge(session, charge=charge, at=NOW, by=cast.ben)


def test_of_two_payments_at_once_the_second_is_told_so(database: Database, cast: Cast) -> None:
    charge = owed(database, cast)
    outcome = race(database, paying(cast, charge), paying(cast, charge))
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.WRONG_STATE]], [])


def test_without_the_lock_the_money_would_be_taken_twice(database: Database, cast: Cast) -> None:
    charge = owed(database, cast)
    with without_locks(database):
        outcome = race(database, paying(cast, charge), paying(cast, charge))
    assert len(outcome.done) == 2
