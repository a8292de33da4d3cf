"""Loans that are renewed by themselves, where the policy says so; on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lending import settings
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.counting import Counter
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.counts import DailyCount
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.notices import Notice
from lending.models.policies import Policy
from tests.cast import ADA, KIT, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import journalled, lend, only, receive, rows
from tests.circulation.test_reserving import ask

Sweep = Callable[[datetime], int]


@pytest.fixture
def sweep(database: Database, cast: Cast, tmp_path: Path) -> Sweep:
    """A library that renews by itself, and its sweep."""
    database.act(lambda session: session.execute(update(Policy).values(auto_renews=True)) and None)
    opened = Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path))
    return lambda at: SWEEPS["renewals"](opened, at)


def soon(database: Database) -> datetime:
    """A day before the loan is due."""
    return only(database, Loan).due_at - timedelta(days=1)


def test_an_open_loan_is_renewed_two_days_before_it_is_due_and_told(
    database: Database, cast: Cast, sweep: Sweep
) -> None:
    lend(database, cast)
    due = only(database, Loan).due_at
    assert sweep(due - timedelta(days=2, minutes=1)) == 0
    assert sweep(due - timedelta(days=2)) == 1
    loan = only(database, Loan)
    assert loan.due_at > due + timedelta(days=40)
    assert [term.kind for term in rows(database, LoanTerm)] == [TermKind.CHECK_OUT, TermKind.AUTO_RENEWAL]
    assert only(database, Notice, Notice.step == "renewed").subject == f"loan:{loan.public_id}:2"
    assert sweep(due - timedelta(days=1)) == 0, "it is due later now"


def test_it_is_counted_apart_from_what_people_renew(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast)
    sweep(soon(database))
    counted = {row.counter: row.n for row in rows(database, DailyCount)}
    assert counted == {Counter.CHECK_OUT: 1, Counter.AUTO_RENEWAL: 1}


def test_where_somebody_waits_the_kit_is_due_as_before_and_nobody_is_told(
    database: Database, cast: Cast, sweep: Sweep
) -> None:
    lend(database, cast)
    lend(database, cast, OTHER_OPEN_KIT, ADA)
    before = {loan.due_at for loan in rows(database, Loan)}
    ask(database, cast, card="29999000000034")
    assert sweep(min(before) - timedelta(days=1)) == 0
    assert {loan.due_at for loan in rows(database, Loan)} == before
    assert rows(database, Notice, Notice.step == "renewed") == []
    assert journalled(database, "renew") == []


def test_a_loan_of_a_session_and_one_that_is_back_are_not_renewed(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast, KIT, ADA)
    lend(database, cast)
    due = {loan.kit_id: loan.due_at for loan in rows(database, Loan)}
    receive(database, cast, OPEN_KIT, at=min(due.values()) - timedelta(days=10))
    for at in due.values():
        assert sweep(at - timedelta(days=1)) == 0


def test_without_the_setting_nothing_is_renewed(database: Database, cast: Cast, sweep: Sweep) -> None:
    database.act(lambda session: session.execute(update(Policy).values(auto_renews=False)) and None)
    lend(database, cast)
    assert sweep(soon(database)) == 0
