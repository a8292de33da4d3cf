"""Closing a branch and what it moves, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.closures import (
    CLOSED,
    ClosurePlan,
    enter_closure,
    preview_closure,
    remove_closure,
)
from lending.circulation.lost import declare_lost
from lending.circulation.redating import Redating, Thing, Why
from lending.circulation.renewal import renew
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import ReservationState
from lending.errors import Reason, Refused
from lending.models.branches import Closure
from lending.models.cohorts import Workshop
from lending.models.journal import JournalEntry
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.notices import Notice
from lending.models.reservations import Reservation
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OPEN_KIT, Cast, kit
from tests.races import overtake, without_locks

FRIDAY, SATURDAY, MONDAY = date(2026, 4, 10), date(2026, 4, 11), date(2026, 4, 13)
OPEN_DUE = date(2026, 4, 14)
"""42 days from the standing day: when an open loan is due."""

Act = Callable[[Session], Any]


def flood(cast: Cast, **given: Any) -> ClosurePlan:
    """East Los Angeles is closed from Friday, 10 April, to Saturday: water in the cellar."""
    values = {
        "branch_id": cast.ela,
        "starts_on": FRIDAY,
        "ends_on": SATURDAY,
        "reason": "Flood",
        "emergency": True,
        **given,
    }
    return ClosurePlan(**values)


def close(
    database: Database, cast: Cast, *, by: Actor | None = None, seen: str | None = None, **given: Any
) -> Redating:
    """Eli enters the closing."""
    plan = flood(cast, **given)
    return database.act(lambda session: enter_closure(session, plan=plan, seen=seen, at=NOW, by=by or cast.eli))


def out(cast: Cast, code: str = KIT, card: str = ADA) -> Act:
    """Ben hands out a kit."""
    by = cast.ben
    return lambda session: check_out(session, kit=code, patron=card, branch_id=cast.ela, at=NOW, by=by)


def every(database: Database, chosen: Any) -> list[Any]:
    """All that a statement finds."""
    with database.read() as session:
        return list(session.scalars(chosen))


def due_days(database: Database) -> list[date]:
    """The days on which loans are due in Los Angeles, in the order of the loans."""
    return [(due_at - timedelta(hours=7)).date() for due_at in every(database, select(Loan.due_at).order_by(Loan.id))]


def test_a_due_date_on_a_closed_day_goes_on_to_the_next_open_one(database: Database, cast: Cast) -> None:
    database.act(out(cast))
    answer = close(database, cast)
    assert [(line.label, line.why, line.becomes) for line in answer.moved] == [
        (KIT, Why.CLOSED, datetime(2026, 4, 14, 1, tzinfo=UTC))
    ]
    assert due_days(database) == [MONDAY]
    [term] = every(database, select(LoanTerm).where(LoanTerm.n == 2))
    assert (term.kind, term.rule, term.cohort_id) == (TermKind.CLOSURE, "emergency_closing", cast.cohort)
    assert every(database, select(Notice.step).where(Notice.term == 2)) == [CLOSED]
    [entry] = every(database, select(JournalEntry).where(JournalEntry.verb == "move_due_date"))
    assert (entry.detail["why"], entry.branch_id) == ("closed", cast.ela)
    [whole] = every(database, select(JournalEntry).where(JournalEntry.verb == "enter_closure"))
    assert whole.detail == answer.as_detail()
    [closure] = every(database, select(Closure))
    assert (closure.reason, closure.emergency, closure.hours) == ("Flood", True, "")


def test_dates_on_other_days_and_at_other_branches_stay(database: Database, cast: Cast) -> None:
    database.act(lambda session: kit(session, "KIT-2060", cast.laptop_hotspot, cast.com))
    by = cast.cleo
    database.act(lambda s: check_out(s, kit="KIT-2060", patron=MINA, branch_id=cast.com, at=NOW, by=by))
    database.act(out(cast, OPEN_KIT, LUIS))
    answer = close(database, cast)
    assert (answer.moved, answer.stays) == ((), ())
    assert due_days(database) == [OPEN_DUE, OPEN_DUE]
    whole = close(database, cast, branch_id=None, starts_on=OPEN_DUE, ends_on=OPEN_DUE)
    assert (len(whole.moved), whole.of) == (2, "")


def test_an_ordinary_closing_entered_early_moves_dates_too(database: Database, cast: Cast) -> None:
    database.act(out(cast, OPEN_KIT, LUIS))
    close(database, cast, starts_on=OPEN_DUE, ends_on=OPEN_DUE, emergency=False, reason="Staff day")
    assert due_days(database) == [OPEN_DUE + timedelta(days=1)]


def test_a_day_that_closes_before_a_kit_is_due_moves_it_to_the_next_open_day(database: Database, cast: Cast) -> None:
    database.act(out(cast))
    [line] = close(database, cast, starts_on=FRIDAY, ends_on=FRIDAY, hours="10:00-12:00").moved
    assert (line.label, line.why, line.becomes) == (KIT, Why.CLOSED, datetime(2026, 4, 12, 0, tzinfo=UTC))
    assert due_days(database) == [FRIDAY + timedelta(days=1)]


def test_a_day_with_longer_hours_keeps_its_due_hour(database: Database, cast: Cast) -> None:
    database.act(out(cast))
    assert close(database, cast, hours="10:00-22:00").moved == ()
    assert due_days(database) == [FRIDAY]


def test_a_kit_on_the_shelf_waits_longer_when_its_last_day_closes_earlier(database: Database, cast: Cast) -> None:
    last_day = datetime(2026, 3, 12, 3, tzinfo=UTC)  # Wednesday the 11th, 20:00 in Los Angeles

    def write(session: Session) -> None:
        row = session.scalars(select(Reservation).where(Reservation.patron_id == cast.ada_id)).one()
        row._state, row.ready_at, row.ready_until = ReservationState.READY, NOW, last_day

    database.act(write)
    day = date(2026, 3, 11)
    [line] = close(database, cast, starts_on=day, ends_on=day, hours="10:00-13:00").moved
    assert line.becomes == datetime(2026, 3, 13, 3, tzinfo=UTC)  # Thursday, 20:00


def test_a_second_closing_goes_on_from_where_the_first_had_moved_it(database: Database, cast: Cast) -> None:
    database.act(out(cast))
    close(database, cast)
    close(database, cast, starts_on=MONDAY, ends_on=OPEN_DUE)
    assert due_days(database) == [OPEN_DUE + timedelta(days=1)]


def test_a_lost_loan_is_not_touched(database: Database, cast: Cast) -> None:
    database.act(out(cast))
    database.act(lambda s: declare_lost(s, kit=KIT, at=NOW, by=cast.eli))
    answer = close(database, cast)
    assert [(line.label, line.why) for line in answer.stays] == [(KIT, Why.LOST)]
    assert due_days(database) == [FRIDAY]


def test_a_kit_waits_on_the_shelf_as_many_open_days_as_before(database: Database, cast: Cast) -> None:
    """Ready on Tuesday, 3 March, it waits until Wednesday the 11th; two closed days make that Friday the 13th."""

    def ready(session: Session) -> None:
        row = session.scalars(select(Reservation)).one()
        row._state, row.ready_at = ReservationState.READY, NOW
        row.ready_until = datetime(2026, 3, 12, 3, tzinfo=UTC)

    def close_again(session: Session) -> Redating:
        plan = flood(cast, starts_on=date(2026, 3, 13), ends_on=date(2026, 3, 13))
        return enter_closure(session, plan=plan, at=NOW + timedelta(days=7), by=cast.eli)

    database.act(ready)
    answer = close(database, cast, starts_on=date(2026, 3, 5), ends_on=date(2026, 3, 6))
    assert [(line.thing, line.becomes) for line in answer.moved] == [
        (Thing.SHELF, datetime(2026, 3, 14, 1, tzinfo=UTC))
    ]
    assert every(database, select(Reservation.ready_until)) == [datetime(2026, 3, 14, 1, tzinfo=UTC)]
    assert len(every(database, select(Notice.id).where(Notice.step == CLOSED))) == 1
    # Another closing, when the first is over: the days on which it was closed still do not count.
    assert [line.becomes for line in database.act(close_again).moved] == [datetime(2026, 3, 15, 0, tzinfo=UTC)]


def test_workshops_on_the_closed_days_are_told(database: Database, cast: Cast) -> None:
    start = datetime(2026, 4, 11, 1, tzinfo=UTC)  # Friday, 18:00 in Los Angeles
    database.act(
        lambda s: s.add(
            Workshop(cohort_id=cast.cohort, n=1, title="One", starts_at=start, ends_at=start + timedelta(hours=1))
        )
    )
    assert close(database, cast).closed_on == (FRIDAY,)


def test_a_preview_changes_nothing_and_lists_what_the_act_then_does(database: Database, cast: Cast) -> None:
    with database.read() as session:
        empty = preview_closure(session, plan=flood(cast), at=NOW, by=cast.eli)
    database.act(out(cast))
    with pytest.raises(Refused) as refusal:
        close(database, cast, seen=empty.digest)
    assert [block.reason for block in refusal.value.blocks] == [Reason.PREVIEW_OUTDATED]
    with database.read() as session:
        seen = preview_closure(session, plan=flood(cast), at=NOW, by=cast.eli)
    assert (every(database, select(Closure)), due_days(database)) == ([], [FRIDAY])
    assert close(database, cast, seen=seen.digest) == seen


def test_of_two_closings_of_the_same_days_the_one_is_taken_back_whose_hours_are_given(
    database: Database, cast: Cast
) -> None:
    close(database, cast)
    close(database, cast, hours="10:00-13:00")
    days: dict[str, Any] = {"branch_id": cast.ela, "starts_on": FRIDAY, "ends_on": SATURDAY}
    with pytest.raises(Refused) as refusal:
        database.act(lambda s: remove_closure(s, **days, at=NOW, by=cast.eli))
    assert [(block.reason, block.detail) for block in refusal.value.blocks] == [
        (Reason.VALUE_MISSING, {"field": "hours"})
    ]
    database.act(lambda s: remove_closure(s, **days, hours="", at=NOW, by=cast.eli))
    assert every(database, select(Closure.hours)) == ["10:00-13:00"]


@pytest.mark.parametrize("day", [date.min, date(1999, 12, 31), date(2200, 1, 1), date.max])
@pytest.mark.parametrize("look", [preview_closure, enter_closure])
def test_days_that_nobody_plans_with_are_refused(database: Database, cast: Cast, look: Any, day: date) -> None:
    plan = flood(cast, starts_on=day, ends_on=day)
    with pytest.raises(Refused) as refusal:
        database.act(lambda session: look(session, plan=plan, at=NOW, by=cast.eli))
    assert [block.detail["field"] for block in refusal.value.blocks] == ["starts_on", "ends_on"]


def test_a_closing_taken_back_moves_no_date_back(database: Database, cast: Cast) -> None:
    database.act(out(cast))
    close(database, cast)
    days: dict[str, Any] = {"branch_id": cast.ela, "starts_on": FRIDAY, "ends_on": SATURDAY}
    database.act(lambda s: remove_closure(s, **days, at=NOW, by=cast.eli))
    assert (every(database, select(Closure)), due_days(database)) == ([], [MONDAY])
    with pytest.raises(Refused) as refusal:
        database.act(lambda s: remove_closure(s, **days, at=NOW, by=cast.eli))
    assert [block.reason for block in refusal.value.blocks] == [Reason.NOT_FOUND]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"ends_on": date(2026, 4, 9)}, Reason.VALUE_WRONG),
        ({"ends_on": date(2028, 4, 9)}, Reason.VALUE_WRONG),
        ({"reason": " "}, Reason.VALUE_MISSING),
        ({"hours": "morning"}, Reason.VALUE_WRONG),
        ({"branch_id": 999_999}, Reason.NOT_FOUND),
    ],
)
def test_what_is_no_closing_is_refused(database: Database, cast: Cast, given: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(Refused) as refusal:
        close(database, cast, **given)
    assert [block.reason for block in refusal.value.blocks] == [reason]


def test_the_same_closing_is_entered_once(database: Database, cast: Cast) -> None:
    close(database, cast)
    with pytest.raises(Refused) as refusal:
        close(database, cast)
    assert [block.reason for block in refusal.value.blocks] == [Reason.ALREADY_EXISTS]


def test_managers_close_their_own_branch_and_administrators_the_library(database: Database, cast: Cast) -> None:
    for by, branch_id in ((cast.ben, cast.ela), (cast.dora, cast.ela), (cast.cleo, cast.ela), (cast.cleo, None)):
        with pytest.raises(Refused) as refusal:
            close(database, cast, by=by, branch_id=branch_id)
        assert [block.reason for block in refusal.value.blocks] == [Reason.NOT_PERMITTED]
    assert close(database, cast, by=cast.cleo, branch_id=cast.com).of == "COM"


# --- Beside other acts ---


def closing(cast: Cast, **given: Any) -> Act:
    """Eli closes the branch."""
    plan, by = flood(cast, **given), cast.eli
    return lambda session: enter_closure(session, plan=plan, at=NOW, by=by)


@pytest.mark.parametrize("first", ["the check-out", "the closing"])
def test_a_loan_made_while_its_branch_is_closed_is_due_on_an_open_day(
    database: Database, cast: Cast, first: str
) -> None:
    acts = [out(cast), closing(cast)]
    outcome = overtake(database, *(acts if first == "the check-out" else reversed(acts)), before="INSERT")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
    assert due_days(database) == [MONDAY]


def test_without_the_lock_a_loan_would_be_due_on_a_closed_day(database: Database, cast: Cast) -> None:
    with without_locks(database):
        outcome = overtake(database, out(cast), closing(cast), before="INSERT")
    assert len(outcome.done) == 2
    assert due_days(database) == [FRIDAY]


@pytest.mark.parametrize("first", ["the renewal", "the closing"])
def test_a_loan_renewed_while_its_branch_is_closed_is_due_on_an_open_day(
    database: Database, cast: Cast, first: str
) -> None:
    """Due on 14 April, the loan is renewed to Tuesday, 26 May, which becomes a closed day."""
    database.act(out(cast, OPEN_KIT, LUIS))
    day, by = date(2026, 5, 26), cast.ben
    acts: list[Act] = [
        lambda session: renew(session, kit=OPEN_KIT, at=NOW, by=by),
        closing(cast, starts_on=day, ends_on=day),
    ]
    outcome = overtake(database, *(acts if first == "the renewal" else reversed(acts)))
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
    assert due_days(database) == [date(2026, 5, 27)]
