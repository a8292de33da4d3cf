"""Lending rules that an administrator sets, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.policies import DEFAULTS, RULES, policy_for
from lending.circulation.policy_changes import RulesSet, restore_rules, set_rules, take_back_planned
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.policies import BOUNDS, Rules
from lending.errors import Block, Reason, Refused
from lending.models.loans import Loan
from lending.models.policies import Policy
from lending.queries.policies import history, rules_in_force, rules_planned, rules_to_change
from tests.cast import ADA, NOW, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import journalled, lend, only, rows, why
from tests.races import race, without_locks

SOON, LATER = NOW + timedelta(hours=1), NOW + timedelta(days=30)
LAPTOP = "laptop-hotspot"


def seen(database: Database, kit_type: str | None = None, branch: str | None = None) -> str:
    with database.read() as session:
        return rules_to_change(session, kit_type, branch, at=NOW).seen


def change(
    database: Database,
    cast: Cast,
    rules: Rules,
    *,
    kit_type: str | None = None,
    branch: str | None = None,
    valid_from: datetime | None = None,
    at: datetime = SOON,
    by: Actor | None = None,
) -> RulesSet:
    """Eli sets rules, having looked at what holds there."""
    of: dict[str, Any] = {"kit_type": kit_type, "branch": branch, "seen": seen(database, kit_type, branch)}
    act: dict[str, Any] = {"rules": rules, "valid_from": valid_from, "at": at, "by": by or cast.eli}
    return database.act(lambda session: set_rules(session, **of, **act))


def in_force(database: Database, cast: Cast, at: datetime, *, branch_id: int | None = None) -> Any:
    """The policy of an open loan at East Los Angeles, or elsewhere."""
    where = {"kit_type_id": cast.laptop_hotspot, "branch_id": branch_id or cast.ela}
    with database.read() as session:
        return policy_for(session, **where, at=at)


def test_a_rule_holds_from_now_on_and_what_held_before_is_kept(database: Database, cast: Cast) -> None:
    assert change(database, cast, {"loan_days": 28}) == RulesSet(SOON, 0)
    assert (in_force(database, cast, NOW).loan_days, in_force(database, cast, SOON).loan_days) == (42, 28)
    assert in_force(database, cast, SOON).renewals == in_force(database, cast, NOW).renewals
    (entry,) = journalled(database, "set_rules")
    assert entry.detail == {
        "kit_type_id": None,
        "branch_id": None,
        "valid_from": SOON.isoformat(),
        "changes": {"loan_days": [42, 28]},
    }


def test_case_12_a_new_period_changes_no_due_date_and_holds_for_the_next_loan(database: Database, cast: Cast) -> None:
    lend(database, cast)
    due = only(database, Loan).due_at
    change(database, cast, {"loan_days": 7})
    assert only(database, Loan).due_at == due
    lend(database, cast, OTHER_OPEN_KIT, ADA, at=SOON)
    assert min(loan.due_at for loan in rows(database, Loan)) < due - timedelta(days=30)


def test_an_exception_holds_for_its_kit_type_and_its_branch_alone(database: Database, cast: Cast) -> None:
    change(database, cast, {"shelf_open_days": 10}, branch="COM")
    change(database, cast, {"agreement": "per_loan", "household_limit": 2}, kit_type=LAPTOP, branch="ELA")
    here, there = in_force(database, cast, SOON), in_force(database, cast, SOON, branch_id=cast.com)
    assert (here.agreement, here.household_limit, here.shelf_open_days) == ("per_loan", 2, 7)
    assert (there.agreement, there.household_limit, there.shelf_open_days) == ("once", None, 10)
    with database.read() as session:
        shown = [(one.place.kit_type, one.place.branch, one.own) for one in rules_in_force(session, at=SOON)]
    assert shown == [
        (None, None, ()),
        (None, "COM", ("shelf_open_days",)),
        (LAPTOP, "ELA", ("household_limit", "agreement")),
    ]


def test_an_exception_follows_the_library_in_what_is_not_its_own(database: Database, cast: Cast) -> None:
    change(database, cast, {"loan_days": 14}, kit_type=LAPTOP)
    assert change(database, cast, {"loan_days": 28, "renewals": 1}) == RulesSet(SOON, 1)
    found = in_force(database, cast, SOON)
    assert (found.loan_days, found.renewals) == (14, 1)
    (entry,) = journalled(database, "follow_rules")
    assert (entry.detail["kit_type_id"], entry.detail["changes"]) == (cast.laptop_hotspot, {"renewals": [3, 1]})


def test_an_exception_that_ends_is_as_everywhere_and_stays_so(database: Database, cast: Cast) -> None:
    change(database, cast, {"loan_days": 14}, kit_type=LAPTOP)
    of: dict[str, Any] = {"kit_type": LAPTOP, "branch": None, "seen": seen(database, LAPTOP), "by": cast.eli}
    database.act(lambda session: restore_rules(session, **of, at=SOON))
    assert in_force(database, cast, SOON).loan_days == 42
    change(database, cast, {"loan_days": 28})
    assert in_force(database, cast, SOON).loan_days == 28
    with database.read() as session:
        assert [one.place.kit_type for one in rules_in_force(session, at=SOON)] == [None]


def test_only_an_exception_ends(database: Database, cast: Cast) -> None:
    of: dict[str, Any] = {"branch": None, "seen": seen(database), "at": SOON, "by": cast.eli}
    for kit_type in (None, LAPTOP):
        with pytest.raises(Refused) as refused:
            database.act(partial(restore_rules, kit_type=kit_type, **of))
        assert why(refused) == [Reason.NOT_FOUND]


def test_what_is_set_as_it_is_makes_no_version(database: Database, cast: Cast) -> None:
    change(database, cast, {"loan_days": 42})
    change(database, cast, {"loan_days": 42}, kit_type=LAPTOP)
    assert len(rows(database, Policy)) == 1
    assert len(journalled(database, "change_nothing")) == 2


def test_a_planned_change_begins_on_its_day_and_is_taken_back_before(database: Database, cast: Cast) -> None:
    change(database, cast, {"renewals": 1}, kit_type=LAPTOP)
    change(database, cast, {"loan_days": 28}, valid_from=LATER)
    found = [in_force(database, cast, at).loan_days for at in (SOON, LATER)]
    assert found == [42, 28]
    with database.read() as session:
        planned = [(one.place.kit_type, one.rules["loan_days"]) for one in rules_planned(session, at=SOON)]
    assert planned == [(None, 28), (LAPTOP, 28)]
    taken = database.act(lambda session: take_back_planned(session, valid_from=LATER, at=SOON, by=cast.eli))
    assert (taken, in_force(database, cast, LATER).loan_days, len(rows(database, Policy))) == (2, 42, 2)
    assert len(journalled(database, "take_back_rules")) == 2


def test_nothing_begins_before_a_planned_change_or_in_the_past(database: Database, cast: Cast) -> None:
    change(database, cast, {"loan_days": 28}, valid_from=LATER)
    for begins, reasons in (
        (SOON, [Reason.CHANGE_PLANNED]),
        (NOW - timedelta(days=1), [Reason.DATE_IN_THE_PAST]),
    ):
        with pytest.raises(Refused) as refused:
            change(database, cast, {"renewals": 1}, branch="COM", valid_from=begins)
        assert why(refused) == reasons
    change(database, cast, {"renewals": 1}, branch="COM", valid_from=LATER)
    found = in_force(database, cast, LATER, branch_id=cast.com)
    assert (found.renewals, found.loan_days) == (1, 28)


@pytest.mark.parametrize("days", [-1, 0, 29, 31])
def test_only_the_change_that_is_planned_last_is_taken_back(database: Database, cast: Cast, days: int) -> None:
    change(database, cast, {"loan_days": 28}, valid_from=LATER)
    another = NOW + timedelta(days=days)
    with pytest.raises(Refused) as refused:
        database.act(lambda session: take_back_planned(session, valid_from=another, at=NOW, by=cast.eli))
    assert why(refused) == [Reason.CHANGED_SINCE]
    with pytest.raises(Refused) as refused:
        database.act(lambda session: take_back_planned(session, valid_from=LATER, at=LATER, by=cast.eli))
    assert why(refused) == [Reason.CHANGED_SINCE], "it holds by now"


def test_all_that_is_wrong_is_told_and_nothing_changes(database: Database, cast: Cast) -> None:
    wrong: Rules = {"loan_days": 0, "agreement": "sometimes", "owes_limit_cents": 10_000_000}
    with pytest.raises(Refused) as refused:
        change(database, cast, wrong)
    assert why(refused) == [Reason.NUMBER_OUTSIDE, Reason.AMOUNT_OUTSIDE, Reason.VALUE_WRONG]
    assert len(rows(database, Policy)) == 1


def test_only_an_administrator_sets_rules(database: Database, cast: Cast) -> None:
    of: dict[str, Any] = {"kit_type": None, "branch": "COM", "seen": seen(database, branch="COM"), "by": cast.cleo}
    acts: list[Callable[[Session], Any]] = [
        lambda session: set_rules(session, **of, rules={"loan_days": 28}, at=SOON),
        lambda session: restore_rules(session, **of, at=SOON),
        lambda session: take_back_planned(session, valid_from=LATER, at=SOON, by=cast.cleo),
    ]
    for act in acts:
        with pytest.raises(Refused) as refused:
            database.act(act)
        assert why(refused) == [Reason.NOT_PERMITTED]


@pytest.mark.parametrize("of", [{"kit_type": "tablet"}, {"branch": "XYZ"}])
def test_a_kit_type_or_a_branch_that_is_not_there_is_not_found(
    database: Database, cast: Cast, of: dict[str, str]
) -> None:
    scope: dict[str, Any] = {"kit_type": None, "branch": None, **of}
    with pytest.raises(Refused) as refused:
        database.act(lambda s: set_rules(s, **scope, rules={}, seen="", at=SOON, by=cast.eli))
    assert refused.value.blocks == (Block(Reason.NOT_FOUND),)


def test_of_two_administrators_the_second_is_told(database: Database, cast: Cast) -> None:
    before = seen(database, LAPTOP)
    change(database, cast, {"loan_days": 28})
    of: dict[str, Any] = {"kit_type": LAPTOP, "branch": None, "seen": before, "by": cast.eli}
    with pytest.raises(Refused) as refused:
        database.act(lambda session: set_rules(session, **of, rules={"renewals": 1}, at=SOON))
    assert why(refused) == [Reason.CHANGED_SINCE]


def at_once(database: Database, cast: Cast) -> list[Callable[[Session], RulesSet]]:
    """Two administrators set the period, having seen the same."""
    of: dict[str, Any] = {"kit_type": None, "branch": None, "seen": seen(database), "at": SOON, "by": cast.eli}
    return [partial(set_rules, **of, rules={"loan_days": days}) for days in (7, 14)]


def test_of_two_administrators_at_once_the_second_is_told(database: Database, cast: Cast) -> None:
    outcome = race(database, *at_once(database, cast), before="INSERT")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.CHANGED_SINCE]], [])
    assert len(rows(database, Policy)) == 2


def test_without_the_lock_both_would_set_it(database: Database, cast: Cast) -> None:
    with without_locks(database):
        outcome = race(database, *at_once(database, cast), before="INSERT")
    assert (len(outcome.done), outcome.refused) == (2, [])


def test_the_history_says_who_changed_what_and_where(database: Database, cast: Cast) -> None:
    change(database, cast, {"loan_days": 14}, kit_type=LAPTOP, branch="ELA")
    change(database, cast, {"renewals": 1, "auto_renews": True}, valid_from=LATER)
    with database.read() as session:
        told = [(one.verb, one.who, one.place.branch, one.valid_from, dict(one.changes)) for one in history(session)]
    new: dict[str, tuple[Any, Any]] = {"renewals": (3, 1), "auto_renews": (False, True)}
    assert told == [
        ("follow_rules", "Eli H.", "ELA", LATER, new),
        ("set_rules", "Eli H.", None, LATER, new),
        ("set_rules", "Eli H.", "ELA", SOON, {"loan_days": (42, 14)}),
    ]


def test_every_rule_comes_with_a_value_that_may_be_set(database: Database, cast: Cast) -> None:
    assert set(BOUNDS) < set(RULES) == set(DEFAULTS)
    assert {type(DEFAULTS[name]) for name in RULES if name not in (*BOUNDS, "agreement")} == {bool}
    change(database, cast, DEFAULTS)
    with database.read() as session:
        (policy,) = session.scalars(select(Policy)).all()
    assert {name: getattr(policy, name) for name in RULES} == DEFAULTS
