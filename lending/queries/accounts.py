"""Staff accounts as an administrator sees them: who they are, where they act, and what opens them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lending.domain.permissions import Role
from lending.domain.second_factors import secret_in
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.cohorts import Program
from lending.models.people import ApiToken, RecoveryCode, Staff, StaffBranch, StaffProgram
from lending.queries.journal import detail_of

_staff, _tokens, _recovery = table_of(Staff), table_of(ApiToken), table_of(RecoveryCode)
_branches, _programs = table_of(Branch), table_of(Program)
_staff_branches, _staff_programs = table_of(StaffBranch), table_of(StaffProgram)


@dataclass(frozen=True, slots=True)
class TokenShown:
    """The tokens of one name that are alive: how many, and when the newest was made."""

    name: str
    count: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class AccountShown:
    """One account. ``branches`` and ``programs`` are names by code; ``recovery_codes`` counts those that are left."""

    staff_id: int
    public_id: str
    username: str
    name: str
    role: Role
    email: str | None
    language: str
    active: bool
    has_password: bool
    session_version: str
    created_at: datetime
    second_factor_since: datetime | None
    oidc_subject: str | None
    branches: dict[str, str]
    programs: dict[str, str]
    tokens: tuple[TokenShown, ...]
    recovery_codes: int


def accounts(session: Session) -> list[AccountShown]:
    """Every account: those that are open by name, then those that are closed."""
    return _shown(session, select(Staff).order_by(~Staff.active, Staff.name, Staff.id))


def account_shown(session: Session, public_id: str) -> AccountShown | None:
    """One account, open or closed; ``None`` when there is none."""
    found = _shown(session, select(Staff).where(Staff.public_id == public_id))
    return found[0] if found else None


def added_by(session: Session, act: str, verb: str) -> str:
    """The account (its public id) that an act added; empty where it added none."""
    told = detail_of(session, act, verb) or {}
    chosen = select(_staff.c.public_id).where(_staff.c.id == told.get("staff_id"))
    return session.scalars(chosen).one_or_none() or ""


def unconfirmed_secret(session: Session, staff_id: int, *, key: str) -> str | None:
    """The secret of a second factor that waits for its first code; one that is in use is shown to nobody.

    ``key`` is the library's own, with which it was hidden.
    """
    kept = session.scalars(
        select(_staff.c.totp_secret).where(_staff.c.id == staff_id, _staff.c.totp_confirmed_at.is_(None))
    ).one_or_none()
    return None if kept is None else secret_in(kept, key=key, staff_id=staff_id)


def branch_ids(session: Session, codes: Collection[str]) -> list[int]:
    """The ids of the branches with these codes."""
    return list(session.scalars(select(_branches.c.id).where(_branches.c.code.in_(codes))))


def program_ids(session: Session, codes: Collection[str]) -> list[int]:
    """The ids of the programmes with these codes."""
    return list(session.scalars(select(_programs.c.id).where(_programs.c.code.in_(codes))))


def _shown(session: Session, chosen: Select[Staff]) -> list[AccountShown]:
    rows = list(session.scalars(chosen))
    ids = [row.id for row in rows]
    branches = _named(session, ids, _staff_branches, _branches, "branch_id")
    programs = _named(session, ids, _staff_programs, _programs, "program_id")
    tokens: dict[int, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    alive = select(_tokens.c.staff_id, _tokens.c.name, _tokens.c.created_at).where(
        _tokens.c.staff_id.in_(ids), _tokens.c.revoked_at.is_(None)
    )
    for staff_id, name, made_at in session.execute(alive.order_by(_tokens.c.name, _tokens.c.id)):
        tokens[staff_id][name].append(made_at)
    left: dict[int, int] = defaultdict(int)
    for staff_id in session.scalars(
        select(_recovery.c.staff_id).where(_recovery.c.staff_id.in_(ids), _recovery.c.used_at.is_(None))
    ):
        left[staff_id] += 1
    return [
        AccountShown(
            staff_id=row.id,
            public_id=row.public_id,
            username=row.username,
            name=row.name,
            role=row.role,
            email=row.email,
            language=row.language,
            active=row.active,
            has_password=row.password_hash is not None,
            session_version=row.session_version,
            created_at=row.created_at,
            second_factor_since=row.totp_confirmed_at,
            oidc_subject=row.oidc_subject,
            branches=branches[row.id],
            programs=programs[row.id],
            tokens=tuple(TokenShown(name, len(made), made[-1]) for name, made in tokens[row.id].items()),
            recovery_codes=left[row.id],
        )
        for row in rows
    ]


def _named(session: Session, ids: list[int], given: Any, named: Any, key: str) -> dict[int, dict[str, str]]:
    """The names by code of what each account was given, in the order of the names."""
    chosen = (
        select(given.c.staff_id, named.c.code, named.c.name)
        .join(named, named.c.id == given.c[key])
        .where(given.c.staff_id.in_(ids))
        .order_by(named.c.name)
    )
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for staff_id, code, name in session.execute(chosen):
        found[staff_id][code] = name
    return found
