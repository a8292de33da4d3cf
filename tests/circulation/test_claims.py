"""Claims that a kit was returned and how they end, and what a lost kit costs that comes back; on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from lending.circulation.lost import claim_returned, declare_lost, take_claim_back
from lending.circulation.returns import Receipt, Returned, return_kit
from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.states import ChargeState, KitState, LoanState
from lending.errors import Reason, Refused
from lending.models.charges import Charge, ChargeKind
from lending.models.loans import ClaimEnd, Loan
from lending.models.policies import Policy
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import journalled, kit_row, lend, only, receive, why

CLAIMED = NOW + timedelta(days=43)
LATER = CLAIMED + timedelta(days=20)


def claim(database: Database, cast: Cast) -> None:
    """Luis says, a day late, that he brought the kit back."""
    lend(database, cast)
    database.act(lambda s: claim_returned(s, kit=OPEN_KIT, branch_id=cast.ela, at=CLAIMED, by=cast.ben) and None)


def find(database: Database, cast: Cast) -> Returned:
    return database.act(
        lambda s: return_kit(
            s, kit=OPEN_KIT, branch_id=cast.ela, at=LATER, by=cast.ben, receipt=Receipt.FOUND_BY_LIBRARY
        )
    )


def give_up(database: Database, cast: Cast) -> None:
    database.act(lambda s: declare_lost(s, kit=OPEN_KIT, at=LATER, by=cast.eli) and None)


def test_a_claimed_kit_found_in_the_library_counts_as_back_since_the_claim(database: Database, cast: Cast) -> None:
    claim(database, cast)
    found = find(database, cast)
    loan = only(database, Loan)
    assert (found.received_at, found.was_claimed) == (CLAIMED, True)
    assert (loan.state, loan.received_at, loan.claim_end) == (LoanState.RECEIVED, CLAIMED, ClaimEnd.FOUND_BY_LIBRARY)
    assert kit_row(database).state is KitState.TO_INSPECT
    assert only(database, Task, Task.kind == TaskKind.CLAIM).outcome == "found_by_library"


def test_a_kit_that_nobody_claimed_is_not_found_so(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        find(database, cast)
    assert why(refused) == [Reason.WRONG_STATE]
    assert only(database, Loan).received_at is None


def test_a_claimed_kit_that_the_patron_brings_is_back_today(database: Database, cast: Cast) -> None:
    claim(database, cast)
    assert receive(database, cast, at=LATER).received_at == LATER
    assert only(database, Loan).claim_end is ClaimEnd.RETURNED_BY_PATRON


def test_a_claimed_kit_that_is_given_up_is_charged(database: Database, cast: Cast) -> None:
    claim(database, cast)
    give_up(database, cast)
    loan = only(database, Loan)
    assert (loan.state, loan.claim_end, loan.claimed_at) == (LoanState.LOST, ClaimEnd.LOST, CLAIMED)
    assert only(database, Charge).kind is ChargeKind.WHOLE_KIT
    assert only(database, Task, Task.kind == TaskKind.CLAIM).outcome == "lost"


def test_a_claim_that_is_taken_back_is_as_if_there_had_been_none(database: Database, cast: Cast) -> None:
    claim(database, cast)
    due = only(database, Loan).due_at
    database.act(lambda s: take_claim_back(s, kit=OPEN_KIT, branch_id=cast.ela, at=LATER, by=cast.ben) and None)
    loan = only(database, Loan)
    assert (loan.state, loan.claimed_at, loan.claim_end, loan.due_at) == (LoanState.OUT, None, None, due)
    assert only(database, Task, Task.kind == TaskKind.CLAIM).outcome == "taken_back"
    assert len(journalled(database, "take_claim_back")) == 1
    with pytest.raises(Refused) as refused:
        database.act(lambda s: take_claim_back(s, kit=OPEN_KIT, branch_id=cast.ela, at=LATER, by=cast.ben) and None)
    assert why(refused) == [Reason.WRONG_STATE]


def set_fee(database: Database, cents: int) -> None:
    database.act(lambda s: s.execute(update(Policy).values(reactivation_fee_cents=cents)) and None)


def test_a_lost_kit_that_comes_back_costs_the_fee_for_its_line_alone(database: Database, cast: Cast) -> None:
    set_fee(database, 1500)
    lend(database, cast)
    give_up(database, cast)
    receive(database, cast, at=LATER)
    bill, fee = (
        only(database, Charge, Charge.kind == ChargeKind.WHOLE_KIT),
        only(database, Charge, Charge.kind == ChargeKind.REACTIVATION),
    )
    assert (bill.state, fee.state, fee.amount_cents, fee.patron_id) == (
        ChargeState.CANCELLED,
        ChargeState.OWED,
        1500,
        cast.luis_id,
    )


def test_without_a_fee_nothing_is_owed_for_it(database: Database, cast: Cast) -> None:
    lend(database, cast)
    give_up(database, cast)
    receive(database, cast, at=LATER)
    assert [charge.kind for charge in [only(database, Charge)]] == [ChargeKind.WHOLE_KIT]


def test_a_lost_kit_whose_return_is_undone_is_owed_for_and_its_fee_is_not(database: Database, cast: Cast) -> None:
    set_fee(database, 1500)
    lend(database, cast)
    give_up(database, cast)
    receive(database, cast, at=LATER)
    database.act(lambda s: undo(s, at=LATER + timedelta(minutes=1), by=cast.ben) and None)
    assert only(database, Charge, Charge.kind == ChargeKind.REACTIVATION).state is ChargeState.CANCELLED
    assert only(database, Charge, Charge.state == ChargeState.OWED).kind is ChargeKind.WHOLE_KIT
