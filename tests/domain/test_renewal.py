"""Claims about renewals: who may keep a kit longer, and who is waiting for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lending.domain.due_dates import Due, DueRule
from lending.domain.permissions import Role, may_override
from lending.domain.renewal import RenewalFacts, blocks
from lending.domain.states import LoanState
from lending.errors import Reason
from lending.wording import say

LATER = Due(datetime(2026, 7, 8, 3, 0, tzinfo=UTC), date(2026, 7, 7), DueRule.RENEWAL)
ADAS_LOAN = RenewalFacts(
    kit="KIT-00042",
    state=LoanState.OUT,
    in_cohort=False,
    renewals_used=0,
    renewals_allowed=3,
    waiting=0,
    free=0,
    blocked_reason=None,
    card_expires_on=None,
    today=date(2026, 5, 20),
    due_at=datetime(2026, 5, 27, 3, 0, tzinfo=UTC),
    renewed=LATER,
)


def reasons(**changed: Any) -> list[Reason]:
    return [block.reason for block in blocks(replace(ADAS_LOAN, **changed), lambda reason: False)]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"renewals_used": 2}, []),
        ({"renewals_used": 3}, [Reason.RENEWALS_USED_UP]),
        ({"renewals_allowed": 0}, [Reason.RENEWALS_USED_UP]),
        ({"waiting": 1, "free": 2}, []),
        ({"waiting": 1, "free": 1}, []),
        ({"waiting": 1, "free": 0}, [Reason.ON_HOLD_FOR_ANOTHER]),
        ({"waiting": 3, "free": 2}, [Reason.ON_HOLD_FOR_ANOTHER]),
        ({"in_cohort": True}, [Reason.COHORT_LOAN]),
        ({"in_cohort": True, "renewals_used": 3}, [Reason.COHORT_LOAN]),
        ({"state": LoanState.RECEIVED}, [Reason.NOT_ON_LOAN]),
        ({"state": LoanState.INCOMPLETE}, [Reason.NOT_ON_LOAN]),
        ({"state": LoanState.CLOSED}, [Reason.NOT_ON_LOAN]),
        ({"state": LoanState.UNDONE}, [Reason.NOT_ON_LOAN]),
        ({"state": LoanState.LOST}, [Reason.LOST]),
        ({"state": LoanState.CLAIMED}, [Reason.WRONG_STATE]),
        ({"state": LoanState.LOST, "waiting": 1, "renewals_used": 9}, [Reason.LOST]),
        ({"blocked_reason": "Address unknown"}, [Reason.CARD_BLOCKED]),
        ({"card_expires_on": date(2026, 5, 19)}, [Reason.CARD_EXPIRED]),
        ({"card_expires_on": date(2026, 5, 20)}, []),
        ({"renewed": None}, [Reason.RENEWAL_GAINS_NOTHING]),
        ({"due_at": LATER.at}, [Reason.RENEWAL_GAINS_NOTHING]),
    ],
)
def test_a_renewal_is_refused_for_its_reasons_and_no_others(changed: dict[str, Any], expected: list[Reason]) -> None:
    assert reasons(**changed) == expected


def test_all_reasons_are_given_at_once() -> None:
    assert reasons(
        renewals_used=3, waiting=1, renewed=None, blocked_reason="Moved", card_expires_on=date(2026, 1, 1)
    ) == [
        Reason.RENEWALS_USED_UP,
        Reason.ON_HOLD_FOR_ANOTHER,
        Reason.RENEWAL_GAINS_NOTHING,
        Reason.CARD_BLOCKED,
        Reason.CARD_EXPIRED,
    ]


@pytest.mark.parametrize(("role", "may"), [(Role.DESK, False), (Role.PROGRAM, True), (Role.MANAGER, True)])
def test_a_cohort_loan_is_renewed_by_those_who_may_set_a_due_date(role: Role, may: bool) -> None:
    found = blocks(replace(ADAS_LOAN, in_cohort=True, waiting=1), lambda reason: may_override(role, reason))
    assert [(block.reason, block.overridable) for block in found] == [
        (Reason.COHORT_LOAN, may),
        (Reason.ON_HOLD_FOR_ANOTHER, False),
    ]


def test_a_refusal_says_how_often_a_loan_may_be_renewed() -> None:
    (block,) = blocks(replace(ADAS_LOAN, renewals_used=3), lambda reason: False)
    assert "renewed 3 times already" in say(block, str)
