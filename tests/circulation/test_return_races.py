"""A kit comes back while somebody else scans it, takes an act back, moves its cohort or merges its patron."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.checkout import check_out
from lending.circulation.merging import merge
from lending.circulation.returns import return_kit
from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import KitState, LoanState
from lending.errors import Reason
from lending.models.branches import Branch, Station
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.programs.plans import CohortChange
from lending.programs.redating import change_cohort
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, put
from tests.circulation.kits_in_hand import journalled, kit_row, lend, only, rows
from tests.races import Race, overtake, race, without_compare_and_set, without_locks

SOON = NOW + timedelta(minutes=5)
Act = Callable[[Session], Any]


def out(cast: Cast, code: str, card: str, *, by: Actor | None = None) -> Act:
    """A desk at East Los Angeles hands out a kit."""
    by = by or cast.ben
    return lambda session: check_out(session, kit=code, patron=card, branch_id=cast.ela, at=SOON, by=by)


def back(cast: Cast, code: str = OPEN_KIT, *, by: Actor | None = None, branch_id: int | None = None) -> Act:
    """A kit is returned, at East Los Angeles unless told otherwise."""
    by = by or cast.ben
    return lambda session: return_kit(session, kit=code, branch_id=branch_id or cast.ela, at=SOON, by=by)


def undone(cast: Cast) -> Act:
    """Ben's station takes back its last act."""
    return lambda session: undo(session, at=SOON, by=cast.ben)


def at_the_other_desk(database: Database, cast: Cast) -> Actor:
    """Ben's colleague at the second station of the same branch."""
    made = database.act(lambda session: put(session, Station(branch_id=cast.ela, name="Station 2")).id)
    return replace(cast.ben, station_id=made)


def clean(outcome: Race[Any]) -> bool:
    """Nothing broke, and the database broke nothing off either."""
    return not outcome.broken and not outcome.run_again


# --- Two returns ---


def test_of_two_desks_that_receive_one_kit_the_second_is_told_that_it_is_back(database: Database, cast: Cast) -> None:
    lend(database, cast)
    outcome = race(database, back(cast), back(cast, by=at_the_other_desk(database, cast)))
    assert (len(outcome.done), outcome.refused, clean(outcome)) == (1, [[Reason.NOT_ON_LOAN]], True)
    assert len(journalled(database, "return")) == 1


def test_without_the_lock_one_return_would_be_counted_twice(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with ExitStack() as away:
        away.enter_context(without_locks(database))
        for table in ("kits", "loans"):
            away.enter_context(without_compare_and_set(database, table))
        outcome = race(database, back(cast), back(cast))
    assert len(outcome.done) == 2
    assert len(journalled(database, "return")) == 2


# --- A return and a check-out ---


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
def test_a_kit_that_comes_back_is_not_lent_again_at_once(database: Database, cast: Cast, elsewhere: bool) -> None:
    """The kit waits for its inspection; one that went to another branch meanwhile is still found."""
    lend(database, cast)
    receive = back(cast, by=cast.cleo, branch_id=cast.com) if elsewhere else back(cast)
    outcome = overtake(database, receive, out(cast, OPEN_KIT, ADA))
    assert (len(outcome.done), clean(outcome)) == (1, True)
    assert outcome.refused == [[Reason.NOT_INSPECTED, *([Reason.IN_TRANSIT] if elsewhere else [])]]
    assert kit_row(database).state is KitState.TO_INSPECT


def test_a_kit_that_floats_away_is_counted_with_the_stock_it_joined(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(lambda session: session.execute(update(Branch).where(Branch.id == cast.com).values(floats=True)))
    outcome = overtake(database, back(cast, by=cast.cleo, branch_id=cast.com), out(cast, OPEN_KIT, ADA))
    assert (len(outcome.done), clean(outcome)) == (1, True)
    assert outcome.refused == [[Reason.NOT_INSPECTED, Reason.AT_ANOTHER_BRANCH]]


# --- Undo ---


def test_an_undo_and_a_check_out_at_one_station_do_not_wait_for_each_other(database: Database, cast: Cast) -> None:
    """The loan names the station that the undo holds, and both need the stock: neither may be broken off."""
    lend(database, cast)
    outcome = overtake(database, out(cast, OTHER_OPEN_KIT, MINA), undone(cast))
    assert (len(outcome.done), clean(outcome)) == (2, True)


def test_a_kit_whose_check_out_is_taken_back_goes_to_one_patron(database: Database, cast: Cast) -> None:
    lend(database, cast)
    outcome = race(database, undone(cast), out(cast, OPEN_KIT, ADA, by=at_the_other_desk(database, cast)))
    assert clean(outcome)
    assert outcome.refused in ([], [[Reason.ON_LOAN_TO_ANOTHER]])
    live = rows(database, Loan, Loan.state == LoanState.OUT)
    assert len(live) == len(outcome.done) - 1
    assert kit_row(database).state is (KitState.ON_LOAN if live else KitState.AVAILABLE)


def test_a_check_out_is_either_taken_back_or_its_kit_received(database: Database, cast: Cast) -> None:
    lend(database, cast)
    outcome = race(database, undone(cast), back(cast, by=at_the_other_desk(database, cast)))
    assert (len(outcome.done), clean(outcome)) == (1, True)
    assert outcome.refused[0][0] in {Reason.CHANGED_SINCE, Reason.NOT_ON_LOAN}
    loan, kit = only(database, Loan), kit_row(database)
    assert (loan.state, kit.state) in {
        (LoanState.UNDONE, KitState.AVAILABLE),
        (LoanState.RECEIVED, KitState.TO_INSPECT),
    }


def test_without_the_lock_only_the_database_would_see_the_contradiction(database: Database, cast: Cast) -> None:
    """A loan both received and undone breaks a CHECK, which at the desk is an error page and not a sentence."""
    lend(database, cast)
    with without_locks(database):
        outcome = overtake(database, undone(cast), back(cast, by=at_the_other_desk(database, cast)))
    assert [type(error) for error in outcome.broken] == [IntegrityError]


def test_of_two_undos_at_one_station_the_second_finds_nothing(database: Database, cast: Cast) -> None:
    lend(database, cast)
    outcome = race(database, undone(cast), undone(cast))
    assert (len(outcome.done), outcome.refused, clean(outcome)) == (1, [[Reason.NOTHING_TO_UNDO]], True)


def test_without_the_lock_one_act_would_be_taken_back_twice(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with without_locks(database):
        outcome = race(database, undone(cast), undone(cast))
    assert len(outcome.done) == 2


# --- A record that is merged ---


def _merged(cast: Cast, database: Database) -> Act:
    ids = {row.id: row.public_id for row in rows(database, Patron)}
    gone, stays = ids[cast.luis_id], ids[cast.mina_id]
    return lambda session: merge(session, loser=gone, survivor=stays, at=SOON, by=cast.eli)


def test_a_kit_is_never_lent_to_a_record_that_is_being_merged(database: Database, cast: Cast) -> None:
    outcome = overtake(database, _merged(cast, database), out(cast, OPEN_KIT, LUIS))
    assert (outcome.refused, clean(outcome)) == ([[Reason.CARD_REPLACED]], True)
    assert rows(database, Loan) == []


# --- A cohort that is moved ---

MOVED_TO = date(2026, 4, 17)


def _moved(cast: Cast) -> Act:
    """The cohort's kits are due a week later: the cohort first, then the loans under it, as ARCHITECTURE orders."""
    change, by = CohortChange(return_by=MOVED_TO), cast.dora
    return lambda session: change_cohort(session, cohort="WR-7", change=change, at=SOON, by=by)


def _due_days(database: Database) -> set[date]:
    with database.read() as session:
        calendar = branch_calendar(session, only(database, Loan).branch_id, since=date(2026, 3, 1))
        return {calendar.local_date(due_at) for due_at in session.scalars(select(Loan.due_at))}


@pytest.mark.parametrize("first", ["the check-out", "the move"])
def test_a_loan_made_while_its_cohort_moves_is_due_on_the_new_date(database: Database, cast: Cast, first: str) -> None:
    acts = [out(cast, KIT, ADA), _moved(cast)]
    outcome = overtake(database, *(acts if first == "the check-out" else reversed(acts)))
    assert (len(outcome.done), clean(outcome)) == (2, True)
    assert _due_days(database) == {MOVED_TO}


def test_a_return_does_not_wait_for_the_cohort_that_waits_for_its_loan(database: Database, cast: Cast) -> None:
    """The journal names the cohort that the move holds, and the move needs the loan: neither may be broken off."""
    database.act(out(cast, KIT, ADA))
    outcome = overtake(database, back(cast, KIT), _moved(cast))
    assert (len(outcome.done), clean(outcome)) == (2, True)


def test_without_the_lock_a_loan_would_keep_the_old_date(database: Database, cast: Cast) -> None:
    with without_locks(database):
        outcome = overtake(database, out(cast, KIT, ADA), _moved(cast))
    assert len(outcome.done) == 2
    assert _due_days(database) == {date(2026, 4, 10)}
