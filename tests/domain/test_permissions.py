"""Who may do what: the client's permission sheet, line by line, against every role."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lending.domain import permissions
from lending.domain.permissions import GRANTS, OVERRIDES, Act, Role, Scope, may, may_override
from lending.errors import Reason

COLUMNS = (Role.PATRON, Role.DESK, Role.COUNSELLOR, Role.PROGRAM, Role.MANAGER, Role.ADMIN)

ACTS: Mapping[str, tuple[str, set[Act]]] = {
    # What the sheet says for patron, desk, counsellor, program, manager, admin; and the acts that it means.
    "check out / return / inspect / exchange": ("no yes no no yes yes", {Act.CIRCULATE}),
    "renew": ("own yes no no yes yes", {Act.RENEW}),
    "override: not in a cohort / limit / household / cool-down / debt": ("no no no yes yes yes", {Act.OVERRIDE_PATRON}),
    "override: bad check digit / agreement on paper / before pick-up window": (
        "no yes no yes yes yes",
        {Act.OVERRIDE_PAPER},
    ),
    "set a due date by hand": ("no no no yes yes yes", {Act.SET_DUE_DATE}),
    "undo own last act (10 minutes)": ("no yes no no yes yes", {Act.UNDO}),
    "find a patron by name; see contact details": ("no yes yes yes yes yes", {Act.FIND_PATRON}),
    "register or change a patron; replace a card": ("own yes no no yes yes", {Act.CHANGE_PATRON}),
    "merge patrons; erase a patron": ("no no no no yes yes", {Act.MERGE_PATRONS}),
    "reserve / cancel": ("own yes no yes yes yes", {Act.RESERVE}),
    "enrol / withdraw / transfer": ("own yes no yes yes yes", {Act.ENROL}),
    "create or move a cohort; allot kits": ("no no no yes no yes", {Act.PLAN_COHORT}),
    "record attendance": ("no yes no yes yes yes", {Act.RECORD_ATTENDANCE}),
    "tally an inquiry; make a referral": ("no yes yes yes yes yes", {Act.TALLY}),
    "add or change kits and parts; print labels": ("no yes no no yes yes", {Act.CHANGE_KIT}),
    "withdraw a kit; declare lost or missing": ("no no no no yes yes", {Act.WITHDRAW_KIT}),
    "transfer kits": ("no yes no yes yes yes", {Act.TRANSFER_KIT}),
    "enter closures; emergency closing": ("no no no no yes yes", {Act.CLOSE_BRANCH}),
    "waive or cancel a charge": ("no no no no yes yes", {Act.WAIVE_CHARGE}),
    "record a payment": ("no yes no no yes yes", {Act.RECORD_PAYMENT}),
    # Two acts on one line: the desk sees today only, and a counsellor's own tallies are theirs by TALLY.
    "see counts and reports: today": ("no yes no yes yes yes", {Act.SEE_TODAY}),
    "see counts and reports": ("no no no yes yes yes", {Act.SEE_COUNTS}),
    "export statistics": ("no no no yes yes yes", {Act.EXPORT_STATISTICS}),
    "close a month": ("no no no no yes yes", {Act.CLOSE_MONTH}),
    "export patrons; open the sealed ledger": ("no no no no no yes", {Act.EXPORT_PATRONS}),
    "policies; kit types; notice texts; staff; tokens; imports; retention": ("no no no no no yes", {Act.ADMINISTER}),
}

SCOPES = {
    Scope.EXACT_SCAN: {Act.CIRCULATE},
    Scope.OWN_STATION: {Act.UNDO},
    Scope.WHOLE_SYSTEM: {Act.MERGE_PATRONS, Act.EXPORT_PATRONS, Act.ADMINISTER},
    Scope.OWN_PROGRAMS: {Act.ENROL, Act.PLAN_COHORT, Act.RECORD_ATTENDANCE},
}
"""Where an act may be done, as the sheet's last column says; every other act belongs to one's own branches."""

OVERRIDABLE = {
    Reason.NOT_IN_COHORT: "no no no yes yes yes",
    Reason.LIMIT_REACHED: "no no no yes yes yes",
    Reason.HOUSEHOLD_LIMIT: "no no no yes yes yes",
    Reason.COOL_DOWN: "no no no yes yes yes",
    Reason.OWES: "no no no yes yes yes",
    Reason.CODE_MISREAD: "no yes no yes yes yes",
    Reason.AGREEMENT_NOT_SIGNED: "no yes no yes yes yes",
    Reason.BEFORE_PICKUP_WINDOW: "no yes no yes yes yes",
    # RULES 3: a cohort's loan is renewed by override, and what that sets is a due date by hand.
    Reason.COHORT_LOAN: "no no no yes yes yes",
}

NEVER = (
    Reason.PROMISED_TO_ANOTHER,
    Reason.INCOMPLETE,
    Reason.NOT_WIPED,
    Reason.LOST,
    Reason.WITHDRAWN,
    Reason.CARD_BLOCKED,
)
"""The sheet's line of what nobody overrides."""


@pytest.mark.parametrize(("cells", "acts"), ACTS.values(), ids=ACTS.keys())
def test_a_role_may_do_what_the_sheet_says(cells: str, acts: set[Act]) -> None:
    """A patron's "own" is no grant of the role: it is theirs because the record is, as the account's door decides."""
    for role, cell in zip(COLUMNS, cells.split(), strict=True):
        for act in acts:
            assert may(role, act) is (cell == "yes"), f"{role} and {act}: the sheet says {cell}"


def test_every_act_is_a_line_of_the_sheet() -> None:
    listed = [act for _, acts in ACTS.values() for act in acts]
    assert sorted(listed) == sorted(Act)
    assert set(GRANTS) == set(Act)


def test_every_act_is_done_where_the_sheet_says() -> None:
    for act, (_, scope) in GRANTS.items():
        stated = next((where for where, acts in SCOPES.items() if act in acts), Scope.OWN_BRANCHES)
        assert scope is stated, act


@pytest.mark.parametrize("reason", Reason)
def test_a_role_may_override_what_the_sheet_says(reason: Reason) -> None:
    cells = OVERRIDABLE.get(reason, "no no no no no no")
    assert [may_override(role, reason) for role in COLUMNS] == [cell == "yes" for cell in cells.split()]


@pytest.mark.parametrize("reason", NEVER)
def test_nobody_overrides_what_the_sheet_says_never_of(reason: Reason) -> None:
    assert reason not in OVERRIDES
    assert not any(may_override(role, reason) for role in Role)


def test_the_system_acts_but_overrides_nothing_and_exports_no_patrons() -> None:
    assert not any(may_override(Role.SYSTEM, reason) for reason in Reason)
    assert {act for act in Act if not may(Role.SYSTEM, act)} == {*OVERRIDES.values(), Act.EXPORT_PATRONS}


def test_no_role_is_granted_an_act_that_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Default deny: an act without a line in the table is nobody's."""
    others = {act: granted for act, granted in GRANTS.items() if act is not Act.TALLY}
    monkeypatch.setattr(permissions, "GRANTS", others)
    assert not any(may(role, Act.TALLY) for role in COLUMNS)
