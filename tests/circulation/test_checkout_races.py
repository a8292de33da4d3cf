"""Desks at once: one kit, one patron, the last kits, and what an act finds changed when its turn comes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lending.circulation.checkout import CheckedOut, check_out
from lending.db import Database
from lending.domain.states import ReservationState
from lending.errors import Reason
from lending.models.cohorts import Pool
from lending.models.loans import Loan
from tests.cast import (
    ADA,
    KIT,
    LUIS,
    MINA,
    NOW,
    OPEN_KIT,
    OTHER_KIT,
    OTHER_OPEN_KIT,
    THIRD_KIT,
    Cast,
    kit,
    patron,
    promise,
)
from tests.circulation.kits_in_hand import rows
from tests.races import race, without_compare_and_set, without_locks, without_unique_index

DESKS = 50


def out(cast: Cast, code: str, card: str, *, at: datetime = NOW) -> Callable[[Session], CheckedOut]:
    """A desk at East Los Angeles hands out a kit."""
    return lambda session: check_out(session, kit=code, patron=card, branch_id=cast.ela, at=at, by=cast.ben)


def unreceived(database: Database) -> list[Loan]:
    """The loans whose kit is not back."""
    return rows(database, Loan, Loan.received_at.is_(None))


# --- One kit (BATTERY R2) ---


def test_of_fifty_desks_that_scan_one_kit_one_lends_it_and_the_others_are_told(database: Database, cast: Cast) -> None:
    cards = [f"2999900001{n:04}" for n in range(DESKS)]
    database.act(lambda session: [patron(session, card, "Noor Haddad", cast.ela) for card in cards])
    outcome = race(database, *(out(cast, OPEN_KIT, card) for card in cards))
    assert (len(outcome.done), outcome.broken) == (1, [])
    assert outcome.refused == [[Reason.ON_LOAN_TO_ANOTHER]] * (DESKS - 1)
    assert len(rows(database, Loan)) == 1


def test_without_the_lock_the_state_is_compared_and_the_second_finds_it_changed(database: Database, cast: Cast) -> None:
    with without_locks(database):
        outcome = race(database, out(cast, OPEN_KIT, LUIS), out(cast, OPEN_KIT, MINA))
    assert (len(outcome.done), outcome.refused) == (1, [[Reason.CHANGED_SINCE]])


def test_without_that_too_the_database_has_the_last_word(database: Database, cast: Cast) -> None:
    with without_locks(database), without_compare_and_set(database, "kits"):
        outcome = race(database, out(cast, OPEN_KIT, LUIS), out(cast, OPEN_KIT, MINA))
    assert len(outcome.done) == 1
    assert [type(error) for error in outcome.broken] == [IntegrityError]
    assert len(unreceived(database)) == 1


def test_with_nothing_left_one_kit_would_be_lent_twice(database: Database, cast: Cast) -> None:
    with ExitStack() as away:
        away.enter_context(without_unique_index(database, "uq_loans_unreceived_kit_id", "loans"))
        away.enter_context(without_locks(database))
        away.enter_context(without_compare_and_set(database, "kits"))
        outcome = race(database, out(cast, OPEN_KIT, LUIS), out(cast, OPEN_KIT, MINA))
        assert len(outcome.done) == 2
        assert len({loan.kit_id for loan in unreceived(database)}) == 1


# --- One patron ---


def test_of_ten_kits_scanned_at_once_a_patron_gets_one(database: Database, cast: Cast) -> None:
    codes = [f"KIT-30{n:02}" for n in range(10)]
    database.act(lambda session: [kit(session, code, cast.laptop_hotspot, cast.ela) for code in codes])
    outcome = race(database, *(out(cast, code, LUIS) for code in codes))
    assert (len(outcome.done), outcome.broken) == (1, [])
    assert outcome.refused == [[Reason.LIMIT_REACHED]] * 9


def test_without_the_lock_a_patron_would_get_two(database: Database, cast: Cast) -> None:
    with without_locks(database):
        outcome = race(database, out(cast, OPEN_KIT, LUIS), out(cast, OTHER_OPEN_KIT, LUIS))
    assert len(outcome.done) == 2
    assert len({loan.patron_id for loan in unreceived(database)}) == 1


def test_one_promise_is_not_kept_twice_and_the_second_is_told_why(database: Database, cast: Cast) -> None:
    outcome = race(database, out(cast, KIT, ADA), out(cast, OTHER_KIT, ADA))
    assert (len(outcome.done), outcome.broken) == (1, [])
    assert Reason.LIMIT_REACHED in outcome.refused[0]


# --- The last kits ---


def _walk_ins(database: Database, cast: Cast) -> list[str]:
    """Three kits; two are promised, to Ada and Mina; Luis and Noor have seats, and no promise."""

    def begin(session: Session) -> None:
        pool_id = session.scalars(select(Pool.id).where(Pool.kits == 2)).one()
        noor = patron(session, "29999000000042", "Noor Haddad", cast.ela)
        promise(session, cast, patron_id=cast.mina_id, pool_id=pool_id)
        for patron_id in (cast.luis_id, noor):
            promise(session, cast, patron_id=patron_id, pool_id=pool_id, state=ReservationState.CANCELLED)

    database.act(begin)
    return [LUIS, "29999000000042"]


def test_of_two_walk_ins_one_gets_the_kit_that_no_promise_needs(database: Database, cast: Cast) -> None:
    luis, noor = _walk_ins(database, cast)
    outcome = race(database, out(cast, OTHER_KIT, luis), out(cast, THIRD_KIT, noor))
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.NEEDED_FOR_PROMISES]], [])
    for card, code in ((ADA, KIT), (MINA, OTHER_KIT if outcome.done[0].kit == THIRD_KIT else THIRD_KIT)):
        database.act(out(cast, code, card))


def test_without_the_lock_a_promise_would_find_no_kit(database: Database, cast: Cast) -> None:
    luis, noor = _walk_ins(database, cast)
    with without_locks(database):
        outcome = race(database, out(cast, OTHER_KIT, luis), out(cast, THIRD_KIT, noor))
    assert len(outcome.done) == 2, "two promises stand, and one kit is left"


@pytest.mark.parametrize("first", ["the promised patron", "the walk-in"])
def test_the_last_kit_goes_to_whom_it_was_promised(database: Database, cast: Cast, first: str) -> None:
    """Whoever scans first, the walk-in never gets it: free kits are counted, not raced for."""
    _walk_ins(database, cast)
    for code, card in ((THIRD_KIT, LUIS), (OTHER_KIT, MINA)):
        database.act(out(cast, code, card))
    racers = [out(cast, KIT, ADA), out(cast, KIT, "29999000000042")]
    outcome = race(database, *(racers if first == "the promised patron" else reversed(racers)))
    assert ([answer.patron_name for answer in outcome.done], outcome.broken) == (["Ada M."], [])
    assert outcome.refused[0][0] in {Reason.NEEDED_FOR_PROMISES, Reason.ON_LOAN_TO_ANOTHER}
