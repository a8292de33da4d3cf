"""A faulty kit for another, and one part for another, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lending.circulation.exchange import Exchanged, Swapped, exchange, swap_part
from lending.circulation.missing_parts import report_missing_part
from lending.circulation.renewal import renew
from lending.circulation.undo import Undone, undo
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import KitState, LineState, LoanState, ReservationState
from lending.errors import Reason, Refused
from lending.models.counts import DailyCount
from lending.models.kits import Kit, Part, PartState
from lending.models.lines import Line
from lending.models.loans import Loan, LoanPart, LoanPartState, LoanTerm, TermKind
from lending.models.reservations import Reservation
from lending.models.tasks import Task, TaskKind
from lending.queries.invariants import INVARIANTS
from tests.cast import ADA, COMPTON_KIT, KIT, LUIS, NOW, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import journalled, kit_row, lend, look, only, part_id, receive, rows, seen, why
from tests.races import race, without_locks

LATER = NOW + timedelta(days=7)


def swap_kits(
    database: Database,
    cast: Cast,
    kit: str = OPEN_KIT,
    replacement: str = OTHER_OPEN_KIT,
    *,
    branch_id: int | None = None,
    by: Actor | None = None,
    reason: str = "the screen stays black",
) -> Exchanged:
    """Ben takes a faulty kit in and hands another out."""
    return database.act(
        lambda session: exchange(
            session,
            kit=kit,
            replacement=replacement,
            branch_id=branch_id or cast.ela,
            reason=reason,
            at=LATER,
            by=by or cast.ben,
        )
    )


def swap_charger(database: Database, cast: Cast) -> Swapped:
    """Ben gives another charger for the one in the open kit."""
    charger = part_id(database, "Charger")
    return database.act(
        lambda session: swap_part(session, kit=OPEN_KIT, part_id=charger, branch_id=cast.ela, at=LATER, by=cast.ben)
    )


def test_an_exchange_keeps_the_due_date_and_the_renewals(database: Database, cast: Cast) -> None:
    out = lend(database, cast)
    answer = swap_kits(database, cast)
    assert (answer.due_at, answer.due_on, answer.parts) == (out.due_at, out.due_on, 5)
    old, new = rows(database, Loan)
    assert (old.state, old.received_at, old.due_at) == (LoanState.RECEIVED, LATER, out.due_at)
    assert (new.state, new.exchange_of_id, new.patron_id) == (LoanState.OUT, old.id, cast.luis_id)
    term = only(database, LoanTerm, LoanTerm.loan_id == new.id)
    assert (term.kind, term.due_at, term.policy_id) == (TermKind.EXCHANGE, out.due_at, cast.policy)
    assert (term.reason, "black" in str(journalled(database, "exchange")[0].detail)) == (
        "the screen stays black",
        False,
    )
    assert kit_row(database).state is KitState.TO_INSPECT
    assert kit_row(database, OTHER_OPEN_KIT).state is KitState.ON_LOAN


def test_an_exchange_is_neither_a_check_out_nor_a_return(database: Database, cast: Cast) -> None:
    lend(database, cast)
    swap_kits(database, cast)
    assert {row.counter: row.n for row in rows(database, DailyCount)} == {"check_out": 1, "exchange": 1}


def test_the_faulty_kit_is_inspected_against_what_went_out(database: Database, cast: Cast) -> None:
    lend(database, cast)
    swap_kits(database, cast)
    answer = look(database, cast, seen(database), at=LATER)
    assert (answer.kit_state, answer.loan_state) == (KitState.AVAILABLE, LoanState.CLOSED)


def test_a_cohort_kit_is_exchanged_within_its_promise_and_no_allotment_is_in_the_way(
    database: Database, cast: Cast
) -> None:
    lend(database, cast, KIT, ADA)
    swap_kits(database, cast, KIT, OTHER_KIT)
    old, new = rows(database, Loan)
    promise = only(database, Reservation)
    assert (new.cohort_id, new.reservation_id) == (old.cohort_id, old.reservation_id) == (cast.cohort, promise.id)
    assert promise.state is ReservationState.PICKED_UP


def test_one_patron_still_has_one_kit_after_an_exchange(database: Database, cast: Cast) -> None:
    lend(database, cast)
    swap_kits(database, cast)
    look(database, cast, seen(database), at=LATER)
    with pytest.raises(Refused) as refused:
        lend(database, cast, OPEN_KIT, LUIS, at=LATER)
    assert why(refused) == [Reason.LIMIT_REACHED]


def test_at_another_branch_the_faulty_kit_travels_home(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    answer = swap_kits(database, cast, KIT, COMPTON_KIT, branch_id=cast.com, by=cast.cleo)
    assert answer.to_branch == "ELA"
    kit = kit_row(database, KIT)
    assert (kit.branch_id, kit.in_transit_to_id) == (cast.com, cast.ela)


@pytest.mark.parametrize(
    ("kit", "replacement", "reason"),
    [
        (OPEN_KIT, OPEN_KIT, Reason.EXCHANGE_SAME_KIT),
        (OPEN_KIT, KIT, Reason.EXCHANGE_OTHER_TYPE),
        (OTHER_OPEN_KIT, OPEN_KIT, Reason.NOT_ON_LOAN),
        (OPEN_KIT, "KIT-9999", Reason.KIT_UNKNOWN),
    ],
)
def test_what_cannot_be_exchanged_is_refused_by_name(
    database: Database, cast: Cast, kit: str, replacement: str, reason: Reason
) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        swap_kits(database, cast, kit, replacement)
    assert why(refused) == [reason]
    assert only(database, Loan).state is LoanState.OUT


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (KitState.REPAIR, Reason.IN_REPAIR),
        (KitState.TO_INSPECT, Reason.NOT_INSPECTED),
        (KitState.TURNAROUND, Reason.NOT_READY),
        (KitState.ON_SHELF, Reason.PROMISED_TO_ANOTHER),
        (KitState.ON_LOAN, Reason.ON_LOAN_TO_ANOTHER),
    ],
)
def test_a_replacement_that_may_not_be_lent_is_refused(
    database: Database, cast: Cast, state: KitState, reason: Reason
) -> None:
    lend(database, cast)
    busy = update(Kit).where(Kit.barcode == OTHER_OPEN_KIT).values(_state=state)
    database.act(lambda session: session.execute(busy))
    with pytest.raises(Refused) as refused:
        swap_kits(database, cast)
    assert why(refused) == [reason]


def test_a_replacement_without_a_working_line_is_refused(database: Database, cast: Cast) -> None:
    lend(database, cast)
    cut = update(Line).where(Line.number.endswith("2002")).values(_state=LineState.SUSPENDED)
    database.act(lambda session: session.execute(cut))
    with pytest.raises(Refused) as refused:
        swap_kits(database, cast)
    assert why(refused) == [Reason.LINE_SUSPENDED]


def test_a_replacement_at_another_branch_is_refused(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    with pytest.raises(Refused) as refused:
        swap_kits(database, cast, KIT, COMPTON_KIT)
    assert why(refused) == [Reason.AT_ANOTHER_BRANCH]


def test_an_exchange_needs_a_reason(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        swap_kits(database, cast, reason=" ")
    assert why(refused) == [Reason.REASON_NEEDED]


def undo_it(database: Database, by: Actor, at: datetime = LATER + timedelta(minutes=9)) -> Undone:
    return database.act(lambda session: undo(session, at=at, by=by))


def test_an_exchange_is_undone_as_if_neither_kit_had_changed_hands(database: Database, cast: Cast) -> None:
    lend(database, cast)
    answer = swap_kits(database, cast)
    assert undo_it(database, cast.ben) == Undone("exchange", OTHER_OPEN_KIT, answer.loan, faulty=OPEN_KIT)
    old, new = rows(database, Loan)
    assert (old.state, old.received_at, old.received_branch_id) == (LoanState.OUT, None, None)
    assert new.state is LoanState.UNDONE
    assert kit_row(database).state is KitState.ON_LOAN
    assert kit_row(database, OTHER_OPEN_KIT).state is KitState.AVAILABLE
    assert {row.counter: row.n for row in rows(database, DailyCount)} == {"check_out": 1, "exchange": 0, "undone": 1}
    swap_kits(database, cast)
    assert [loan.state for loan in rows(database, Loan)] == [LoanState.RECEIVED, LoanState.UNDONE, LoanState.OUT]


def test_an_undone_exchange_at_another_branch_leaves_no_kit_on_its_way(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    swap_kits(database, cast, KIT, COMPTON_KIT, branch_id=cast.com, by=cast.cleo)
    undo_it(database, cast.cleo)
    kit, other = kit_row(database, KIT), kit_row(database, COMPTON_KIT)
    assert (kit.state, kit.branch_id, kit.in_transit_to_id) == (KitState.ON_LOAN, cast.ela, None)
    assert (other.state, other.branch_id) == (KitState.AVAILABLE, cast.com)


def test_what_somebody_built_upon_an_exchange_is_not_undone(database: Database, cast: Cast) -> None:
    lend(database, cast)
    swap_kits(database, cast)
    receive(database, cast, OTHER_OPEN_KIT, at=LATER, by=cast.cleo, branch_id=cast.com)
    with pytest.raises(Refused) as refused:
        undo_it(database, cast.ben)
    assert why(refused) == [Reason.CHANGED_SINCE]
    assert kit_row(database).state is KitState.TO_INSPECT


def test_a_renewed_exchange_is_not_undone(database: Database, cast: Cast) -> None:
    lend(database, cast)
    swap_kits(database, cast)
    elsewhere = replace(cast.ben, station_id=None)
    database.act(lambda session: renew(session, kit=OTHER_OPEN_KIT, at=LATER, by=elsewhere))
    with pytest.raises(Refused) as refused:
        undo_it(database, cast.ben)
    assert why(refused) == [Reason.CHANGED_SINCE]


def test_an_exchange_of_more_than_ten_minutes_ago_stands(database: Database, cast: Cast) -> None:
    lend(database, cast)
    swap_kits(database, cast)
    with pytest.raises(Refused) as refused:
        undo_it(database, cast.ben, LATER + timedelta(minutes=11))
    assert why(refused) == [Reason.TOO_LATE_TO_UNDO]


def test_no_law_is_broken_by_an_undone_exchange(database: Database, cast: Cast) -> None:
    lend(database, cast)
    swap_kits(database, cast)
    undo_it(database, cast.ben)
    with database.snapshot() as session:
        assert {law.name: rows for law in INVARIANTS if (rows := law.find(session))} == {}


def exchanging(cast: Cast, kit: str) -> Callable[[Session], Exchanged]:
    """Someone hands out the one kit that is left for this one."""
    return lambda session: exchange(
        session, kit=kit, replacement="KIT-1044", branch_id=cast.ela, reason="broken", at=LATER, by=cast.ben
    )


def test_of_two_exchanges_of_one_kit_at_once_the_second_is_told_so(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    outcome = race(database, exchanging(cast, KIT), exchanging(cast, KIT))
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.NOT_ON_LOAN]], [])
    assert len(rows(database, Loan)) == 2


def test_without_the_lock_nobody_would_be_told(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    with without_locks(database):
        outcome = race(database, exchanging(cast, KIT), exchanging(cast, KIT))
    assert outcome.refused == []  # a unique index stops one of them, by breaking it
    assert outcome.broken


def test_a_part_is_swapped_while_the_kit_stays_out(database: Database, cast: Cast) -> None:
    lend(database, cast)
    answer = swap_charger(database, cast)
    old = only(database, Part, Part.id == answer.old_part_id)
    assert (old.kit_id, old.state) == (None, PartState.DAMAGED)
    states = {part.part_id: part.state for part in rows(database, LoanPart)}
    assert states[answer.old_part_id] is LoanPartState.SWAPPED
    assert states[answer.new_part_id] is LoanPartState.OUT
    assert only(database, Task).kind is TaskKind.REPAIR
    receive(database, cast, at=LATER)
    assert look(database, cast, seen(database), at=LATER).loan_state is LoanState.CLOSED


def test_a_part_reported_missing_is_given_again_and_never_billed(database: Database, cast: Cast) -> None:
    lend(database, cast)
    charger = part_id(database, "Charger")
    database.act(lambda session: report_missing_part(session, kit=OPEN_KIT, part_id=charger, at=NOW, by=cast.ben))
    swap_charger(database, cast)
    assert only(database, Task).kind is TaskKind.REORDER_PART
    receive(database, cast, at=LATER)
    answer = look(database, cast, seen(database), at=LATER)
    assert (answer.loan_state, answer.kit_state) == (LoanState.CLOSED, KitState.AVAILABLE)
