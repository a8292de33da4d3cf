"""Kits given up for lost, and claims that they were returned, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lending.circulation.charges import pay_charge, refund_charge
from lending.circulation.lines import GivenLine, put_line
from lending.circulation.lost import Claimed, DeclaredLost, claim_returned, declare_lost
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import ChargeState, KitState, LineState, LoanState
from lending.errors import Reason, Refused
from lending.models.charges import Charge, ChargeKind
from lending.models.lines import Line, LinePlacement
from lending.models.loans import ClaimEnd, Loan
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import journalled, kit_row, lend, look, only, receive, rows, seen, why

THREE_WEEKS_LATE = NOW + timedelta(days=42 + 21)


def give_up(database: Database, cast: Cast, *, by: Actor | None = None) -> DeclaredLost:
    """Eli declares the open kit lost."""
    return database.act(lambda session: declare_lost(session, kit=OPEN_KIT, at=THREE_WEEKS_LATE, by=by or cast.eli))


def claim(database: Database, cast: Cast) -> Claimed:
    """Luis says that he brought it back."""
    return database.act(lambda session: claim_returned(session, kit=OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.ben))


def test_case_9_a_lost_kit_is_charged_once_as_a_whole_and_its_line_ends(database: Database, cast: Cast) -> None:
    lend(database, cast)
    answer = give_up(database, cast)
    assert (answer.charged_cents, answer.lines_ended) == (45000, 1)
    loan = only(database, Loan)
    assert (loan.state, loan.lost_at) == (LoanState.LOST, THREE_WEEKS_LATE)
    assert kit_row(database).state is KitState.LOST
    charge = only(database, Charge)
    assert (charge.kind, charge.amount_cents, charge.patron_id) == (ChargeKind.WHOLE_KIT, 45000, cast.luis_id)
    assert only(database, Line, Line.number.endswith("2001")).state is LineState.ENDED
    with pytest.raises(Refused) as refused:
        give_up(database, cast)
    assert why(refused) == [Reason.LOST]
    assert len(rows(database, Charge)) == 1


def test_case_9_a_lost_kit_that_comes_back_complete_has_its_charge_removed(database: Database, cast: Cast) -> None:
    lend(database, cast)
    give_up(database, cast)
    assert receive(database, cast, at=THREE_WEEKS_LATE + timedelta(days=5)).was_lost
    answer = look(database, cast, seen(database), at=THREE_WEEKS_LATE + timedelta(days=5))
    assert answer.loan_state is LoanState.CLOSED
    charge = only(database, Charge)
    assert (charge.state, charge.ended_reason) == (ChargeState.CANCELLED, "returned")
    loan = only(database, Loan)
    assert loan.lost_at == THREE_WEEKS_LATE  # the history stays
    assert [entry.verb for entry in journalled(database, "declare_lost") + journalled(database, "cancel_charge")] == [
        "declare_lost",
        "cancel_charge",
    ]
    assert answer.kit_state is KitState.TURNAROUND  # its line has ended: a new one must be placed first


def test_case_9_what_was_paid_for_a_lost_kit_becomes_a_refund(database: Database, cast: Cast) -> None:
    lend(database, cast)
    give_up(database, cast)
    charge = only(database, Charge).public_id
    database.act(lambda session: pay_charge(session, charge=charge, at=THREE_WEEKS_LATE, by=cast.ben))
    receive(database, cast, at=THREE_WEEKS_LATE + timedelta(days=5))
    assert only(database, Charge).state is ChargeState.REFUND_DUE
    assert only(database, Task, Task.kind == TaskKind.REFUND).closed_at is None
    database.act(lambda session: refund_charge(session, charge=charge, at=THREE_WEEKS_LATE, by=cast.ben))
    assert only(database, Charge).state is ChargeState.REFUNDED
    assert only(database, Task, Task.kind == TaskKind.REFUND).outcome == "refunded"


def test_a_kit_that_is_not_out_is_not_declared_lost(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        give_up(database, cast)
    assert why(refused) == [Reason.NOT_ON_LOAN]


def test_the_desk_may_not_declare_a_kit_lost(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        give_up(database, cast, by=cast.ben)
    assert why(refused) == [Reason.NOT_PERMITTED]


def test_a_claim_stops_the_clock_and_asks_someone_to_look(database: Database, cast: Cast) -> None:
    lend(database, cast)
    claim(database, cast)
    loan = only(database, Loan)
    assert (loan.state, loan.claimed_at) == (LoanState.CLAIMED, NOW)
    task = only(database, Task)
    assert (task.kind, task.what, task.patron_id) == (TaskKind.CLAIM, OPEN_KIT, cast.luis_id)
    with pytest.raises(Refused) as refused:
        claim(database, cast)
    assert why(refused) == [Reason.WRONG_STATE]


def test_a_claimed_kit_that_is_not_found_is_declared_lost_after_all(database: Database, cast: Cast) -> None:
    lend(database, cast)
    claim(database, cast)
    give_up(database, cast)
    assert only(database, Loan).state is LoanState.LOST
    assert only(database, Task).outcome == "lost"


def test_a_claimed_kit_that_comes_back_answers_the_claim(database: Database, cast: Cast) -> None:
    lend(database, cast)
    claim(database, cast)
    receive(database, cast)
    assert only(database, Loan).state is LoanState.RECEIVED
    assert only(database, Task).outcome == "returned_by_patron"
    assert only(database, Loan).claim_end is ClaimEnd.RETURNED_BY_PATRON


def test_a_kit_whose_line_ended_is_free_only_when_it_works_again(database: Database, cast: Cast) -> None:
    back = THREE_WEEKS_LATE + timedelta(days=5)
    lend(database, cast)
    give_up(database, cast)
    receive(database, cast, at=back)
    assert look(database, cast, seen(database), at=back).kit_state is KitState.TURNAROUND
    ended = only(database, Line, Line.number.endswith("2001"))
    placed = only(database, LinePlacement, LinePlacement.line_id == ended.id)
    given = GivenLine(number=ended.number, iccid="", carrier="")
    put: dict[str, Any] = {"kit": OPEN_KIT, "part_id": placed.part_id, "on": back.date()}
    database.act(lambda session: put_line(session, line=given, **put, at=back, by=cast.ben))
    assert only(database, Line, Line.id == ended.id).state is LineState.ACTIVE
    assert kit_row(database).state is KitState.AVAILABLE
