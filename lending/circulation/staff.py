"""Staff accounts: who may sign in, where they may act, and their tokens.

No password is hashed here: a door does it outside any transaction (``lending/passwords.py``), after the guess was
counted (``circulation/sign_ins.py``). Source: the permission sheet, "staff; tokens"; BATTERY S8.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record
from lending.circulation.locks import lock_named
from lending.domain.actors import Actor
from lending.domain.permissions import Act, Role
from lending.domain.registration import needed_text, read_details, text_of
from lending.errors import Block, Reason, Refused
from lending.models.base import new_public_id
from lending.models.branches import Branch
from lending.models.cohorts import Program
from lending.models.people import ApiToken, Staff, StaffBranch, StaffProgram

_STAFF_ROLES = frozenset({Role.DESK, Role.COUNSELLOR, Role.PROGRAM, Role.MANAGER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class StaffChanged:
    """A staff account after an act: its public id and the name it signs in with."""

    staff: str
    username: str


ADDED = "add_staff"
"""What the journal calls that an account was added."""


def add_staff(
    session: Session,
    *,
    username: str,
    name: str,
    role: Role,
    email: str | None = None,
    language: str = "en",
    password_hash: str | None = None,
    branch_ids: Collection[int] = (),
    program_ids: Collection[int] = (),
    at: datetime,
    by: Actor,
) -> StaffChanged:
    """Add an account. No branch is never every branch; an administrator reaches all by the role alone.

    ``username`` is lower-case letters, digits, dots, hyphens and underscores. Raises ``Refused``: ``VALUE_WRONG`` and
    ``VALUE_MISSING`` for every field, ``ALREADY_EXISTS``.
    """
    by.permit(Act.ADMINISTER)
    values = _checked(username, name, role, email, language, at)
    if session.scalars(select(Staff.id).where(Staff.username == values["username"])).first() is not None:
        raise Refused.because(Reason.ALREADY_EXISTS, field="username", value=values["username"])
    row = Staff(**values, role=role, password_hash=password_hash, created_at=at)
    session.add(row)
    with refusing_twins(Reason.ALREADY_EXISTS, field="username", value=values["username"]):
        session.flush()  # the branches need the account's id; a name taken a moment ago is refused by name
    _scope(session, row, branch_ids, program_ids)
    record(session, ADDED, at=at, by=by, detail={"staff_id": row.id, "role": role.value})
    return StaffChanged(row.public_id, row.username)


def scope(
    session: Session, *, staff: str, branch_ids: Collection[int], program_ids: Collection[int], at: datetime, by: Actor
) -> StaffChanged:
    """Say which branches and programmes an account (its public id) may act for, from now on these and no others."""
    by.permit(Act.ADMINISTER)
    row = _lock(session, staff)
    session.execute(delete(StaffBranch).where(StaffBranch.staff_id == row.id))
    session.execute(delete(StaffProgram).where(StaffProgram.staff_id == row.id))
    _scope(session, row, branch_ids, program_ids)
    detail = {"staff_id": row.id, "branch_ids": sorted(branch_ids), "program_ids": sorted(program_ids)}
    record(session, "scope_staff", at=at, by=by, detail=detail)
    return StaffChanged(row.public_id, row.username)


def change_staff(
    session: Session,
    *,
    staff: str,
    name: str,
    role: Role,
    email: str | None,
    language: str,
    branch_ids: Collection[int],
    program_ids: Collection[int],
    at: datetime,
    by: Actor,
) -> StaffChanged:
    """Say anew who an account (its public id) is, what its role is and where it acts. Its sign-in name stays.

    Raises ``Refused``: ``NOT_FOUND``, ``VALUE_WRONG`` and ``VALUE_MISSING`` for every field, ``LAST_ADMINISTRATOR``.
    """
    by.permit(Act.ADMINISTER)
    row = _lock_beside_administrators(session, staff)
    values = _checked(row.username, name, role, email, language, at)
    if role is not Role.ADMIN:
        _leave_an_administrator(session, row)
    session.execute(delete(StaffBranch).where(StaffBranch.staff_id == row.id))
    session.execute(delete(StaffProgram).where(StaffProgram.staff_id == row.id))
    for field, value in values.items():
        setattr(row, field, value)
    row.role = role
    _scope(session, row, branch_ids, program_ids)
    detail = {"branch_ids": sorted(branch_ids), "program_ids": sorted(program_ids)}
    record(session, "change_staff", at=at, by=by, detail={"staff_id": row.id, "role": role.value, **detail})
    return StaffChanged(row.public_id, row.username)


def set_password(
    session: Session, *, staff: str, password_hash: str, version: str | None = None, at: datetime, by: Actor
) -> StaffChanged:
    """Keep the hash of an account's new password, and end all its open sessions.

    One's own, or any by an administrator. The hash is made before the act, by ``lending.passwords.hash_password``.
    ``version`` is the ``session_version`` that a link was made for: used once, it changes (``LINK_SPENT``).
    """
    row = _lock(session, staff)
    if by.staff_id is None or by.staff_id != row.id:
        by.permit(Act.ADMINISTER)
    if version is not None and version != row.session_version:
        raise Refused.because(Reason.LINK_SPENT)
    row.password_hash = password_hash
    row.session_version = new_public_id()
    record(session, "set_password", at=at, by=by, detail={"staff_id": row.id})
    return StaffChanged(row.public_id, row.username)


def link_subject(session: Session, *, staff: str, subject: str | None, at: datetime, by: Actor) -> StaffChanged:
    """Let whom the library's sign-in service calls ``subject`` sign in as this account, or with ``None`` nobody.

    All its sessions end. Raises ``Refused``: ``NOT_FOUND``, ``VALUE_WRONG``, ``ALREADY_EXISTS``.
    """
    by.permit(Act.ADMINISTER)
    row = _lock(session, staff)
    row.oidc_subject = text_of("subject", subject, 255)
    row.session_version = new_public_id()
    with refusing_twins(Reason.ALREADY_EXISTS, field="subject"):
        session.flush()  # the subject of another account is refused by name
    record(session, "link_subject", at=at, by=by, detail={"staff_id": row.id, "linked": row.oidc_subject is not None})
    return StaffChanged(row.public_id, row.username)


def invite(session: Session, *, staff: str, at: datetime, by: Actor) -> StaffChanged:
    """Let a door make a link with which the account's owner chooses a password; links made before open nothing more.

    Whoever is signed in with the account is signed out, because the links hang on its session version.
    """
    by.permit(Act.ADMINISTER)
    row = _lock(session, staff)
    row.session_version = new_public_id()
    record(session, "invite_staff", at=at, by=by, detail={"staff_id": row.id})
    return StaffChanged(row.public_id, row.username)


def deactivate(session: Session, *, staff: str, at: datetime, by: Actor) -> StaffChanged:
    """Close an account: it signs in no more, its sessions end and its tokens are revoked. It is kept for its acts.

    Raises ``Refused``: ``NOT_FOUND``, ``LAST_ADMINISTRATOR``.
    """
    by.permit(Act.ADMINISTER)
    row = _lock_beside_administrators(session, staff)
    _leave_an_administrator(session, row)
    row.active = False
    row.password_hash = None
    row.session_version = new_public_id()
    for token in session.scalars(select(ApiToken).where(ApiToken.staff_id == row.id, ApiToken.revoked_at.is_(None))):
        token.revoked_at = at
    record(session, "deactivate_staff", at=at, by=by, detail={"staff_id": row.id})
    return StaffChanged(row.public_id, row.username)


def reopen(session: Session, *, staff: str, at: datetime, by: Actor) -> StaffChanged:
    """Open a closed account (else ``NOT_FOUND``) again, without the password and the tokens that it had."""
    by.permit(Act.ADMINISTER)
    row = lock_named(session, select(Staff).where(Staff.public_id == staff, ~Staff.active))
    row.active = True
    record(session, "reopen_staff", at=at, by=by, detail={"staff_id": row.id})
    return StaffChanged(row.public_id, row.username)


# --- Tokens ----------------------------------------------------------------------------------------------------


def make_token(session: Session, *, staff: str, name: str, at: datetime, by: Actor) -> str:
    """A new bearer token for an account (its public id), in the clear this once: only its digest is kept.

    ``name`` says what it is for. Raises ``Refused``: ``NOT_FOUND``, ``VALUE_MISSING`` or ``VALUE_WRONG`` for the name.
    """
    by.permit(Act.ADMINISTER)
    row = _lock(session, staff)
    purpose, token = needed_text("name", name, 60), secrets.token_urlsafe(32)
    kept = ApiToken(staff_id=row.id, name=purpose, digest=token_digest(token), created_at=at)
    session.add(kept)
    session.flush()  # the journal names the token by its id
    record(session, "make_token", at=at, by=by, detail={"staff_id": row.id, "token_id": kept.id})
    return token


def revoke_token(session: Session, *, staff: str, name: str, at: datetime, by: Actor) -> int:
    """Revoke an account's tokens of this name, at once; gives how many were alive. ``NOT_FOUND`` when none was."""
    by.permit(Act.ADMINISTER)
    row = _lock(session, staff)
    alive = session.scalars(
        select(ApiToken).where(ApiToken.staff_id == row.id, ApiToken.name == name, ApiToken.revoked_at.is_(None))
    ).all()
    if not alive:
        raise Refused.because(Reason.NOT_FOUND)
    for token in alive:
        token.revoked_at = at
        record(session, "revoke_token", at=at, by=by, detail={"staff_id": row.id, "token_id": token.id})
    return len(alive)


def token_digest(token: str) -> str:
    """What is kept of a token: SHA-256, because 32 random bytes cannot be guessed and so need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


# --- Checks ----------------------------------------------------------------------------------------------------


def _lock(session: Session, staff: str) -> Staff:
    return lock_named(session, select(Staff).where(Staff.public_id == staff, Staff.active))


def _lock_beside_administrators(session: Session, staff: str) -> Staff:
    """An active account, locked together with everybody who administers: so two of them cannot close each other."""
    chosen = select(Staff).where((Staff.public_id == staff) | (Staff.role == Role.ADMIN), Staff.active)
    locked = chosen.order_by(Staff.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    found = {row.public_id: row for row in session.scalars(locked)}
    if staff not in found:
        raise Refused.because(Reason.NOT_FOUND)
    return found[staff]


def _leave_an_administrator(session: Session, row: Staff) -> None:
    """Refuse to take away the last account that administers: only on the server could that role be given again."""
    others = select(Staff.id).where(Staff.role == Role.ADMIN, Staff.active, Staff.id != row.id)
    if row.role is Role.ADMIN and session.scalars(others).first() is None:
        raise Refused.because(Reason.LAST_ADMINISTRATOR)


def _scope(session: Session, row: Staff, branch_ids: Collection[int], program_ids: Collection[int]) -> None:
    branches, programs = set(branch_ids), set(program_ids)
    known_branches = set(session.scalars(select(Branch.id).where(Branch.id.in_(branches))))
    known_programs = set(session.scalars(select(Program.id).where(Program.id.in_(programs))))
    if (known_branches, known_programs) != (branches, programs):
        raise Refused.because(Reason.NOT_FOUND)
    session.add_all(StaffBranch(staff_id=row.id, branch_id=branch_id) for branch_id in sorted(branches))
    session.add_all(StaffProgram(staff_id=row.id, program_id=program_id) for program_id in sorted(programs))


def _checked(
    username: str, name: str, role: Role, email: str | None, language: str, at: datetime
) -> dict[str, str | None]:
    """The texts of an account; everything that is wrong with it is told at once."""
    against = []
    values: dict[str, str | None] = {"username": username.strip().lower()}
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,59}", values["username"] or ""):
        against.append(Block(Reason.VALUE_WRONG, {"field": "username"}))
    if role not in _STAFF_ROLES:
        against.append(Block(Reason.VALUE_WRONG, {"field": "role"}))
    try:
        given = {"name": name, "email": email, "language": language}
        values.update(
            {key: str(value) if value else None for key, value in read_details(given, today=at.date()).items()}
        )
    except Refused as refused:
        against += refused.blocks
    if len(values.get("name") or "") > 120:
        against.append(Block(Reason.VALUE_WRONG, {"field": "name"}))
    if against:
        raise Refused(*against)
    return values
