"""Who may do what: the roles and acts of the library, default deny.

Source: the client's permission sheet. A row that is not in ``GRANTS`` is refused. Branch scope is apart:
a role says *what*, the actor's branches say *where*; no branch is never every branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique

from lending.errors import Reason


@unique
class Role(StrEnum):
    """What a staff member or patron is to the library. One role per account."""

    PATRON = "patron"
    DESK = "desk"
    COUNSELLOR = "counsellor"
    PROGRAM = "program"
    MANAGER = "manager"
    ADMIN = "admin"
    SYSTEM = "system"
    """A sweep or the command line on the server itself. Not an account; acts, never overrides or exports patrons."""


@unique
class Scope(StrEnum):
    """Where a granted act may be done."""

    OWN_BRANCHES = "own_branches"
    EXACT_SCAN = "exact_scan"
    """An exact card or kit scan works at any branch the actor stands in; lists stay scoped."""
    OWN_STATION = "own_station"
    WHOLE_SYSTEM = "whole_system"
    OWN_PROGRAMS = "own_programs"
    SELF = "self"


@unique
class Act(StrEnum):
    """Everything a person can do, named once. Overrides are acts of their own."""

    CIRCULATE = "circulate"
    RENEW = "renew"
    OVERRIDE_PATRON = "override_patron"
    OVERRIDE_PAPER = "override_paper"
    SET_DUE_DATE = "set_due_date"
    UNDO = "undo"
    FIND_PATRON = "find_patron"
    CHANGE_PATRON = "change_patron"
    MERGE_PATRONS = "merge_patrons"
    RESERVE = "reserve"
    ENROL = "enrol"
    PLAN_COHORT = "plan_cohort"
    RECORD_ATTENDANCE = "record_attendance"
    TALLY = "tally"
    CHANGE_KIT = "change_kit"
    WITHDRAW_KIT = "withdraw_kit"
    TRANSFER_KIT = "transfer_kit"
    CLOSE_BRANCH = "close_branch"
    WAIVE_CHARGE = "waive_charge"
    RECORD_PAYMENT = "record_payment"
    SEE_TODAY = "see_today"
    SEE_COUNTS = "see_counts"
    EXPORT_STATISTICS = "export_statistics"
    CLOSE_MONTH = "close_month"
    EXPORT_PATRONS = "export_patrons"
    ADMINISTER = "administer"


_DESK = frozenset({Role.DESK, Role.MANAGER, Role.ADMIN})
_MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})
_LEADS = frozenset({Role.PROGRAM, Role.MANAGER, Role.ADMIN})
_PROGRAM_DESK = frozenset({Role.DESK, Role.PROGRAM, Role.MANAGER, Role.ADMIN})
_STAFF = frozenset({Role.DESK, Role.COUNSELLOR, Role.PROGRAM, Role.MANAGER, Role.ADMIN})

GRANTS: Mapping[Act, tuple[frozenset[Role], Scope]] = {
    Act.CIRCULATE: (_DESK, Scope.EXACT_SCAN),
    Act.RENEW: (_DESK, Scope.OWN_BRANCHES),
    Act.OVERRIDE_PATRON: (_LEADS, Scope.OWN_BRANCHES),
    Act.OVERRIDE_PAPER: (_PROGRAM_DESK, Scope.OWN_BRANCHES),
    Act.SET_DUE_DATE: (_LEADS, Scope.OWN_BRANCHES),
    Act.UNDO: (_DESK, Scope.OWN_STATION),
    Act.FIND_PATRON: (_STAFF, Scope.OWN_BRANCHES),
    Act.CHANGE_PATRON: (_DESK, Scope.OWN_BRANCHES),
    Act.MERGE_PATRONS: (_MANAGERS, Scope.WHOLE_SYSTEM),
    Act.RESERVE: (_PROGRAM_DESK, Scope.OWN_BRANCHES),
    Act.ENROL: (_PROGRAM_DESK, Scope.OWN_PROGRAMS),
    Act.PLAN_COHORT: (frozenset({Role.PROGRAM, Role.ADMIN}), Scope.OWN_PROGRAMS),
    Act.RECORD_ATTENDANCE: (_PROGRAM_DESK, Scope.OWN_PROGRAMS),
    Act.TALLY: (_STAFF, Scope.OWN_BRANCHES),
    Act.CHANGE_KIT: (_DESK, Scope.OWN_BRANCHES),
    Act.WITHDRAW_KIT: (_MANAGERS, Scope.OWN_BRANCHES),
    Act.TRANSFER_KIT: (_PROGRAM_DESK, Scope.OWN_BRANCHES),
    Act.CLOSE_BRANCH: (_MANAGERS, Scope.OWN_BRANCHES),
    Act.WAIVE_CHARGE: (_MANAGERS, Scope.OWN_BRANCHES),
    Act.RECORD_PAYMENT: (_DESK, Scope.OWN_BRANCHES),
    Act.SEE_TODAY: (_PROGRAM_DESK, Scope.OWN_BRANCHES),
    Act.SEE_COUNTS: (_LEADS, Scope.OWN_BRANCHES),
    Act.EXPORT_STATISTICS: (_LEADS, Scope.OWN_BRANCHES),
    Act.CLOSE_MONTH: (_MANAGERS, Scope.OWN_BRANCHES),
    Act.EXPORT_PATRONS: (frozenset({Role.ADMIN}), Scope.WHOLE_SYSTEM),
    Act.ADMINISTER: (frozenset({Role.ADMIN}), Scope.WHOLE_SYSTEM),
}

OWN: frozenset[Act] = frozenset({Act.RENEW, Act.RESERVE, Act.ENROL, Act.CHANGE_PATRON})
"""What patrons do for themselves alone, besides seeing what is theirs. A verb has to ask for it
(``Actor.permit_for_patron``): ``may`` never grants a patron anything."""

OVERRIDES: Mapping[Reason, Act] = {
    Reason.NOT_IN_COHORT: Act.OVERRIDE_PATRON,
    Reason.LIMIT_REACHED: Act.OVERRIDE_PATRON,
    Reason.HOUSEHOLD_LIMIT: Act.OVERRIDE_PATRON,
    Reason.COOL_DOWN: Act.OVERRIDE_PATRON,
    Reason.OWES: Act.OVERRIDE_PATRON,
    Reason.CODE_MISREAD: Act.OVERRIDE_PAPER,
    Reason.AGREEMENT_NOT_SIGNED: Act.OVERRIDE_PAPER,
    Reason.BEFORE_PICKUP_WINDOW: Act.OVERRIDE_PAPER,
    Reason.COHORT_LOAN: Act.SET_DUE_DATE,
}
"""Which reason may be overridden, and the act a role needs for it. What is not here is never overridden."""


def may(role: Role, act: Act) -> bool:
    """Whether ``role`` is granted ``act`` anywhere at all. The system may act but never overrides."""
    if role is Role.SYSTEM:
        return act not in OVERRIDES.values() and act is not Act.EXPORT_PATRONS
    granted = GRANTS.get(act)
    return granted is not None and role in granted[0]


def may_override(role: Role, reason: Reason) -> bool:
    """Whether ``role`` may override ``reason``; false for every reason that is not in ``OVERRIDES``."""
    act = OVERRIDES.get(reason)
    return act is not None and role is not Role.SYSTEM and may(role, act)
