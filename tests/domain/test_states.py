"""The state machines: every state meets every verb, and either moves as its table says or is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from lending.domain import states
from lending.domain.states import (
    CHARGE_MOVES,
    ENROLMENT_MOVES,
    KIT_MOVES,
    LINE_MOVES,
    LIVE_ENROLMENTS,
    LIVE_RESERVATIONS,
    LOAN_MOVES,
    PROMISED_RESERVATIONS,
    RESERVATION_MOVES,
    ChargeState,
    ChargeVerb,
    EnrolmentState,
    EnrolmentVerb,
    KitState,
    KitVerb,
    LineState,
    LineVerb,
    LoanState,
    LoanVerb,
    NoSuchMove,
    ReservationState,
    ReservationVerb,
    after,
)
from lending.models.charges import Charge
from lending.models.cohorts import Enrolment
from lending.models.kits import Kit
from lending.models.lines import Line
from lending.models.loans import Loan
from lending.models.reservations import Reservation


@dataclass(frozen=True)
class Machine:
    """One machine as the product's interface names it: where a row begins, where it ends for good, and its row."""

    moves: Mapping[tuple[Any, Any], Any]
    states: type[StrEnum]
    verbs: type[StrEnum]
    row: Callable[..., Any]
    named: str
    begins: str
    ends: str


MACHINES = {
    "kit": Machine(
        KIT_MOVES,
        KitState,
        KitVerb,
        Kit,
        named="available on_shelf on_loan in_use to_inspect turnaround incomplete repair missing lost withdrawn",
        begins="available",
        ends="",  # even a withdrawn kit may be reinstated
    ),
    "loan": Machine(
        LOAN_MOVES,
        LoanState,
        LoanVerb,
        Loan,
        named="out received incomplete claimed lost closed undone",
        begins="out",
        ends="undone",  # a closed one may still be opened by the undo of its inspection
    ),
    "reservation": Machine(
        RESERVATION_MOVES,
        ReservationState,
        ReservationVerb,
        Reservation,
        named="waiting promised pulling in_transit ready picked_up expired cancelled",
        begins="waiting",
        ends="expired cancelled",
    ),
    "enrolment": Machine(
        ENROLMENT_MOVES,
        EnrolmentState,
        EnrolmentVerb,
        Enrolment,
        named="waiting offered enrolled withdrawn dropped transferred completed",
        begins="waiting",
        ends="withdrawn dropped transferred completed",
    ),
    "line": Machine(
        LINE_MOVES,
        LineState,
        LineVerb,
        Line,
        named="active suspending suspended restoring ended",
        begins="active",
        ends="",  # a carrier may wake a SIM again, or give its number to another one
    ),
    "charge": Machine(
        CHARGE_MOVES,
        ChargeState,
        ChargeVerb,
        Charge,
        named="owed paid waived cancelled refund_due refunded",
        begins="owed",
        ends="waived cancelled refunded",
    ),
}
each_machine = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES.keys())


def _pairs() -> Iterator[Any]:
    for name, machine in MACHINES.items():
        for state, verb in product(machine.states, machine.verbs):
            yield pytest.param(machine, state, verb, id=f"{name}-{state}-{verb}")


def _reachable(machine: Machine) -> set[str]:
    seen = {machine.begins}
    while more := {to for (start, _), to in machine.moves.items() if start in seen} - seen:
        seen |= more
    return seen


@pytest.mark.parametrize(("machine", "state", "verb"), list(_pairs()))
def test_a_verb_moves_a_row_as_its_table_says_or_is_refused(machine: Machine, state: StrEnum, verb: StrEnum) -> None:
    row = machine.row(_state=state)
    if (state, verb) in machine.moves:
        row.move(verb)
        assert row.state is machine.moves[state, verb] is after(machine.moves, state, verb)
        return
    with pytest.raises(NoSuchMove, match=f"^{state.value} cannot {verb.value}$") as refused:
        row.move(verb)
    assert (refused.value.state, refused.value.verb) == (state, verb)
    assert row.state is state


@each_machine
def test_the_states_are_named_as_the_interface_names_them(machine: Machine) -> None:
    assert [state.value for state in machine.states] == machine.named.split()


@each_machine
def test_every_state_is_reached_from_the_beginning(machine: Machine) -> None:
    assert _reachable(machine) == set(machine.states)


@each_machine
def test_only_these_states_are_final(machine: Machine) -> None:
    assert set(machine.states) - {state for state, _ in machine.moves} == set(machine.ends.split())


@each_machine
def test_every_verb_moves_something(machine: Machine) -> None:
    assert {verb for _, verb in machine.moves} == set(machine.verbs)


@each_machine
def test_a_move_leads_elsewhere(machine: Machine) -> None:
    assert [pair for pair, to in machine.moves.items() if pair[0] is to] == []


@each_machine
def test_an_undo_leads_back_to_where_its_act_may_have_begun(machine: Machine) -> None:
    for (state, verb), to in machine.moves.items():
        if verb.value.startswith("undo"):
            forth = {move for (start, move), end in machine.moves.items() if start is to and end is state}
            # A loan that is undone did not come from a state: its check-out made it.
            assert forth or to is LoanState.UNDONE, f"{verb} leads from {state} to {to}, and no act the other way"


@each_machine
def test_a_row_takes_no_state_but_by_a_move(machine: Machine) -> None:
    row = machine.row(_state=machine.states(machine.begins))
    with pytest.raises(AttributeError):
        row.state = machine.states(machine.begins)


def test_every_machine_of_the_library_is_tested_here() -> None:
    tables = {id(table) for name, table in vars(states).items() if name.endswith("_MOVES")}
    assert tables == {id(machine.moves) for machine in MACHINES.values()}


def test_a_kit_that_is_out_is_never_withdrawn() -> None:
    with pytest.raises(NoSuchMove):
        after(KIT_MOVES, KitState.ON_LOAN, KitVerb.WITHDRAW)


def test_only_a_free_kit_or_one_on_the_shelf_is_handed_out() -> None:
    lent_from = {state for state, verb in KIT_MOVES if verb is KitVerb.CHECK_OUT}
    assert lent_from == {KitState.AVAILABLE, KitState.ON_SHELF}


def test_only_a_free_kit_is_captured_for_a_promise() -> None:
    assert {state for state, verb in KIT_MOVES if verb is KitVerb.CAPTURE} == {KitState.AVAILABLE}


def test_a_returned_kit_is_free_only_after_inspection_and_turnaround() -> None:
    """No path from a return leads to the shelf but through the turnaround, unless somebody undoes the return."""
    forward = {pair: to for pair, to in KIT_MOVES.items() if not pair[1].value.startswith("undo")}
    freed_from = {state for (state, verb), to in forward.items() if to is KitState.AVAILABLE}
    assert freed_from == {KitState.TURNAROUND, KitState.ON_SHELF}
    assert {to for (_, verb), to in forward.items() if verb is KitVerb.RETURN} == {KitState.TO_INSPECT}


def test_a_return_ends_every_loan_whose_kit_is_not_back_and_no_other() -> None:
    returned = {state for state, verb in LOAN_MOVES if verb is LoanVerb.RETURN}
    assert returned == {LoanState.OUT, LoanState.CLAIMED, LoanState.LOST}


def test_a_promise_can_be_picked_up_or_cancelled() -> None:
    for verb in (ReservationVerb.PICK_UP, ReservationVerb.CANCEL):
        assert {state for state, move in RESERVATION_MOVES if move is verb} == LIVE_RESERVATIONS
    assert {ReservationState.WAITING} == LIVE_RESERVATIONS - PROMISED_RESERVATIONS


def test_a_live_seat_can_be_given_up() -> None:
    assert {state for state, verb in ENROLMENT_MOVES if verb is EnrolmentVerb.WITHDRAW} == LIVE_ENROLMENTS
