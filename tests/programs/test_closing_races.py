"""A branch is closed while dates there are worked out: whoever is second reads what the first has written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.closures import ClosurePlan, enter_closure
from lending.circulation.renewal import set_due_date
from lending.circulation.shelf import capture
from lending.db import Database
from lending.models.loans import Loan
from lending.models.reservations import Reservation
from lending.programs.cancelling import cancel_cohort
from lending.programs.moving import transfer
from lending.programs.plans import CohortChange
from lending.programs.redating import change_cohort
from lending.programs.withdrawal import release_no_shows, withdraw
from tests.cast import ADA, KIT, LUIS, NOW, Cast
from tests.programs import members
from tests.programs.meetings import come, meeting
from tests.races import SURELY, Race, overtake, without_locks

Doing = Callable[[Session], Any]
Hasten = Callable[[Database, Cast], Doing]

IN_NOTICE = (date(2026, 3, 9), date(2026, 3, 16))
"""Closed when the notice period of somebody who leaves today ends; the branch opens again on the 17th."""
DUE_IN_NOTICE, DUE_AFTER = date(2026, 3, 10), date(2026, 3, 17)


def closing(cast: Cast, first: date, last: date) -> Doing:
    """Eli closes East Los Angeles."""
    by = cast.eli
    plan = ClosurePlan(cast.ela, first, last, "Flood", emergency=True)
    return lambda session: enter_closure(session, plan=plan, at=NOW, by=by)


def shelving(cast: Cast) -> Doing:
    """Ben puts Ada's kit on the shelf."""
    by = cast.ben
    return lambda session: capture(session, kit=KIT, branch_id=cast.ela, at=NOW, by=by)


def overtaken(database: Database, closes: Doing, act: Doing) -> None:
    """A closing has worked out all, and is about to be written when the other comes; nothing keeps them apart."""
    with without_locks(database):
        overtake(database, closes, act, before="INSERT INTO closures", patience=SURELY)


def beside(database: Database, closes: Doing, act: Doing, first: str, before: str) -> Race[Any]:
    """The two at once: the one that is ``first`` has worked out all, and is about to write when the other comes."""
    if first == "the closing":
        return overtake(database, closes, act, before="INSERT INTO closures")
    return overtake(database, act, closes, before=before)


def shelved_until(database: Database) -> datetime:
    """Until when Ada's kit waits for her."""
    with database.read() as session:
        return session.scalars(select(Reservation.ready_until).where(Reservation.ready_until.is_not(None))).one()


@pytest.mark.parametrize("first", ["the closing", "the scan"])
def test_a_kit_shelved_while_its_branch_is_closed_waits_until_it_is_open_again(
    database: Database, cast: Cast, first: str
) -> None:
    closes = closing(cast, date(2026, 3, 5), date(2026, 3, 12))
    outcome = beside(database, closes, shelving(cast), first, "UPDATE")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
    assert shelved_until(database) == datetime(2026, 3, 20, 3, 0, tzinfo=UTC), "Thursday the 19th at closing"


def test_without_the_lock_a_kit_would_wait_on_the_shelf_of_a_closed_branch(database: Database, cast: Cast) -> None:
    overtaken(database, closing(cast, date(2026, 3, 5), date(2026, 3, 12)), shelving(cast))
    assert shelved_until(database).date() < date(2026, 3, 13)


def leaving(database: Database, cast: Cast) -> Doing:
    """Ada withdraws."""
    seat, by = members.adas_seat(database, cast), cast.ben
    return lambda session: withdraw(session, enrolment=seat, at=NOW, by=by)


def cancelling(database: Database, cast: Cast) -> Doing:
    """Dora cancels Ada's session."""
    by = cast.dora
    return lambda session: cancel_cohort(session, cohort="WR-7", reason="No teacher", at=NOW, by=by)


def to_a_waiting_list(database: Database, cast: Cast) -> Doing:
    """Ada goes on to a session that is full."""
    members.next_cohort(database, cast, capacity=1)
    members.join(database, cast, LUIS, cohort="WR-8")
    seat, by = members.adas_seat(database, cast), cast.ben
    return lambda session: transfer(session, enrolment=seat, to_cohort="WR-8", at=NOW, by=by)


def shortening(database: Database, cast: Cast) -> Doing:
    """Dora ends Ada's session in the notice period."""
    by, change = cast.dora, CohortChange(ends_on=DUE_IN_NOTICE, return_by=DUE_IN_NOTICE)
    return lambda session: change_cohort(session, cohort="WR-7", change=change, at=NOW, by=by)


def dropping(database: Database, cast: Cast) -> Doing:
    """Ada missed the first day, on which Luis was."""
    members.change_cohort(database, cast, first_day_mandatory=True)
    come(database, cast, meeting(database, cast, begins=NOW.replace(hour=15)), LUIS)
    by = cast.dora
    return lambda session: release_no_shows(session, cohort="WR-7", at=NOW, by=by)


def by_hand(database: Database, cast: Cast) -> Doing:
    """Eli wants the kit back sooner."""
    by = cast.eli
    return lambda session: set_due_date(session, kit=KIT, on=DUE_IN_NOTICE, reason="A visit", at=NOW, by=by)


HASTENED: tuple[Hasten, ...] = (leaving, cancelling, shortening, by_hand)
BOTH_ORDERS = [(hasten, first) for hasten in HASTENED for first in ("the closing", "the other")]


def due_on(database: Database) -> date:
    """The local day on which Ada's kit is due."""
    with database.read() as session:
        return session.scalars(select(Loan.due_at)).one().astimezone(ZoneInfo("America/Los_Angeles")).date()


@pytest.mark.parametrize(
    ("hasten", "first"), [*BOTH_ORDERS, (to_a_waiting_list, "the closing"), (dropping, "the closing")]
)
def test_no_kit_is_hastened_to_a_day_that_is_being_closed(
    database: Database, cast: Cast, hasten: Hasten, first: str
) -> None:
    members.hand_out(database, cast, ADA, KIT)
    act = hasten(database, cast)
    outcome = beside(database, closing(cast, *IN_NOTICE), act, first, "INSERT INTO loan_terms")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
    assert due_on(database) == DUE_AFTER


@pytest.mark.parametrize("hasten", HASTENED)
def test_without_the_lock_a_kit_would_be_due_on_a_closed_day(database: Database, cast: Cast, hasten: Hasten) -> None:
    members.hand_out(database, cast, ADA, KIT)
    act = hasten(database, cast)
    overtaken(database, closing(cast, *IN_NOTICE), act)
    assert due_on(database) == DUE_IN_NOTICE
