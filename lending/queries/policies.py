"""Lending rules as they are read: which hold where, what is planned, and who changed what.

Source: RULES, introduction, "(setting)".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.policies import Version, versions
from lending.circulation.policy_changes import find_scope
from lending.domain.names import short_name
from lending.domain.policies import EVERYWHERE, Rules, Scope, stands_on
from lending.models.branches import Branch
from lending.models.journal import JournalEntry
from lending.models.kits import KitType
from lending.models.people import Staff

CHANGES = ("set_rules", "follow_rules", "take_back_rules")
"""The verbs that set rules, on the journal."""
NEWEST = 50
"""Changes of a history."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where rules hold, by the codes and names of the kit type and the branch; ``None`` is every one."""

    kit_type: str | None = None
    kit_type_name: str | None = None
    branch: str | None = None
    branch_name: str | None = None

    @property
    def everywhere(self) -> bool:
        """Whether it is no particular place."""
        return self.kit_type is None and self.branch is None


@dataclass(frozen=True, slots=True)
class RulesShown:
    """The rules of a place since or from ``valid_from``, and those that they stand on.

    ``own`` names what differs from those; of rules that hold everywhere it is empty. ``seen`` is what a change of them
    gives back. ``exception`` tells whether there is a version for this very place.
    """

    place: Place
    valid_from: datetime
    planned: bool
    exception: bool
    rules: Rules
    wider: Rules
    seen: str

    @property
    def own(self) -> tuple[str, ...]:
        """What differs from the rules that these stand on."""
        return tuple(name for name, value in self.rules.items() if value != self.wider[name])


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """A change: by whom (``None`` for the system), when, where, from when; from what to what, by the rules' names."""

    verb: str
    at: datetime
    who: str | None
    place: Place
    valid_from: datetime
    changes: Mapping[str, tuple[Any, Any]]


def rules_in_force(session: Session, *, at: datetime) -> list[RulesShown]:
    """The rules that hold at an instant: everywhere first, then the exceptions that say something of their own."""
    found = _shown(session, {each.scope: each for each in versions(session) if each.valid_from <= at}, at)
    return [one for one in found if one.own or not one.exception]


def rules_planned(session: Session, *, at: datetime) -> list[RulesShown]:
    """The rules as they will be where a change is planned after an instant, in the order in which they begin."""
    found = _shown(session, {each.scope: each for each in versions(session)}, at)
    return sorted((one for one in found if one.planned), key=lambda one: one.valid_from)


def rules_to_change(session: Session, kit_type: str | None, branch: str | None, *, at: datetime) -> RulesShown:
    """The rules of a place as a change begins with them: planned ones, where a change is planned.

    Raises ``Refused``: ``NOT_FOUND`` for the kit type or the branch.
    """
    scope = find_scope(session, kit_type, branch)
    last = {version.scope: version for version in versions(session)}
    return _one(scope, last, _Places(session), at)


def history(session: Session, *, newest: int = NEWEST) -> list[RulesChanged]:
    """The changes of rules, the newest first."""
    chosen = (
        select(JournalEntry, Staff.name)
        .outerjoin(Staff, Staff.id == JournalEntry.staff_id)
        .where(JournalEntry.branch_id.is_(None), JournalEntry.verb.in_(CHANGES))
        .order_by(JournalEntry.recorded_at.desc(), JournalEntry.id.desc())
        .limit(newest)
    )
    places = _Places(session)
    return [
        RulesChanged(
            verb=row.verb,
            at=row.recorded_at,
            who=short_name(who) if who else None,
            place=places(Scope(row.detail["kit_type_id"], row.detail["branch_id"])),
            valid_from=datetime.fromisoformat(row.detail["valid_from"]),
            changes={name: (was, to) for name, (was, to) in row.detail.get("changes", {}).items()},
        )
        for row, who in session.execute(chosen)
    ]


class _Places:
    """Kit types and branches by their ids, read once."""

    def __init__(self, session: Session) -> None:
        self.kit_types = {row.id: row for row in session.execute(select(KitType.id, KitType.code, KitType.name))}
        self.branches = {row.id: row for row in session.execute(select(Branch.id, Branch.code, Branch.name))}

    def __call__(self, scope: Scope) -> Place:
        kind = self.kit_types.get(scope.kit_type_id)
        where = self.branches.get(scope.branch_id)
        return Place(
            None if kind is None else kind.code,
            None if kind is None else kind.name,
            None if where is None else where.code,
            None if where is None else where.name,
        )


def _shown(session: Session, book: Mapping[Scope, Version], at: datetime) -> list[RulesShown]:
    places = _Places(session)
    found = [_one(scope, book, places, at) for scope in book]
    return sorted(found, key=lambda one: (one.place.kit_type_name or "", one.place.branch_name or ""))


def _one(scope: Scope, book: Mapping[Scope, Version], places: _Places, at: datetime) -> RulesShown:
    wider = book[stands_on(scope, book)]
    version = book.get(scope, wider)
    return RulesShown(
        place=places(scope),
        valid_from=version.valid_from,
        planned=version.valid_from > at,
        exception=scope != EVERYWHERE and scope in book,
        rules=version.rules,
        wider=wider.rules,
        seen=version.digest,
    )
