"""Staff accounts and the stations they stand at, as a door needs them for each request.

The account behind a session is read by one statement, because every request pays for it (BATTERY P3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, exists, select
from sqlalchemy.orm import Session

from lending.domain.names import short_name
from lending.domain.permissions import Role
from lending.models.base import table_of
from lending.models.branches import Branch, Station
from lending.models.people import EndedSession, Staff, StaffBranch, StaffProgram

_staff, _branches, _stations = table_of(Staff), table_of(Branch), table_of(Station)
_ended = table_of(EndedSession)
_staff_branches, _staff_programs = table_of(StaffBranch), table_of(StaffProgram)


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """A staff member who may act, and where. A change of ``session_version`` ends their sessions.

    ``has_second_factor``: their sign-in asks for a code besides the password.
    """

    staff_id: int
    public_id: str
    username: str
    name: str
    role: Role
    language: str
    session_version: str
    has_second_factor: bool
    branch_ids: frozenset[int]
    program_ids: frozenset[int]

    @property
    def short_name(self) -> str:
        """``Ben O.``, as the desk shows it."""
        return short_name(self.name)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a sign-in is compared with. ``password_hash`` is ``None`` for an account without one."""

    public_id: str
    session_version: str
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class StationPlace:
    """A station and its branch. ``address`` names it outside the server: the branch's code and the station's name."""

    station_id: int
    branch_id: int
    address: str
    name: str
    branch_code: str
    branch_name: str
    zone: str


# One row for each branch and programme of the person: few, and a single statement on both engines.
_ACCOUNT = (
    select(
        _staff.c.id,
        _staff.c.public_id,
        _staff.c.username,
        _staff.c.name,
        _staff.c.role,
        _staff.c.language,
        _staff.c.session_version,
        _staff.c.totp_confirmed_at,
        _staff_branches.c.branch_id,
        _staff_programs.c.program_id,
    )
    .select_from(
        _staff.outerjoin(_staff_branches, _staff_branches.c.staff_id == _staff.c.id).outerjoin(
            _staff_programs, _staff_programs.c.staff_id == _staff.c.id
        )
    )
    .where(
        _staff.c.public_id == bindparam("public_id"),
        _staff.c.active,
        ~exists().where(_ended.c.digest == bindparam("browser")),
    )
)
_SIGN_IN = select(_staff.c.public_id, _staff.c.session_version, _staff.c.password_hash).where(
    _staff.c.username == bindparam("username"), _staff.c.active
)
_STATIONS = (
    select(
        _stations.c.id,
        _stations.c.branch_id,
        _stations.c.name,
        _branches.c.code.label("branch_code"),
        _branches.c.name.label("branch_name"),
        _branches.c.zone,
    )
    .join(_branches, _branches.c.id == _stations.c.branch_id)
    .order_by(_branches.c.name, _stations.c.name)
)


def account(connection: Connection, public_id: str, *, browser: str = "") -> StaffAccount | None:
    """The active account with this public id, with its branches and programmes, in one statement.

    ``browser`` is the digest of the session that asks; one that was signed out of finds no account.
    """
    rows = connection.execute(_ACCOUNT, {"public_id": public_id, "browser": browser}).all()
    if not rows:
        return None
    first = rows[0]
    return StaffAccount(
        staff_id=first.id,
        public_id=first.public_id,
        username=first.username,
        name=first.name,
        role=first.role,
        language=first.language,
        session_version=first.session_version,
        has_second_factor=first.totp_confirmed_at is not None,
        branch_ids=frozenset(row.branch_id for row in rows if row.branch_id is not None),
        program_ids=frozenset(row.program_id for row in rows if row.program_id is not None),
    )


def sign_in_of(session: Session, username: str) -> SignIn | None:
    """What to compare a sign-in with; ``None`` when no active account has this name."""
    row = session.connection().execute(_SIGN_IN, {"username": username}).one_or_none()
    return None if row is None else SignIn(row.public_id, row.session_version, row.password_hash)


def account_of_subject(session: Session, subject: str) -> str | None:
    """The public id of the active account that the sign-in service's ``subject`` was linked to, if one was."""
    chosen = select(_staff.c.public_id).where(_staff.c.oidc_subject == subject, _staff.c.active)
    return session.scalars(chosen).one_or_none()


def stations(session: Session, branch_ids: Iterable[int] | None) -> list[StationPlace]:
    """The stations of these branches, or with ``None`` of every branch (the administrator's), by branch and name."""
    chosen = _STATIONS if branch_ids is None else _STATIONS.where(_stations.c.branch_id.in_(sorted(set(branch_ids))))
    return [
        StationPlace(
            station_id=row.id,
            branch_id=row.branch_id,
            address=f"{row.branch_code}/{row.name}",
            name=row.name,
            branch_code=row.branch_code,
            branch_name=row.branch_name,
            zone=row.zone,
        )
        for row in session.connection().execute(chosen)
    ]


@dataclass(frozen=True, slots=True)
class Administrator:
    """Somebody who is told when the library cannot help itself: where, and in which language."""

    email: str
    language: str


def administrators(session: Session) -> list[Administrator]:
    """The active administrators who gave an address, in the order in which they were added."""
    chosen = select(_staff.c.email, _staff.c.language).where(
        _staff.c.role == Role.ADMIN, _staff.c.active, _staff.c.email.is_not(None)
    )
    return [Administrator(*row) for row in session.execute(chosen.order_by(_staff.c.id))]


def other_administrators(session: Session, staff_id: int) -> tuple[list[Administrator], int]:
    """The other active administrators who gave an address, and how many there are who gave none."""
    chosen = select(_staff.c.email, _staff.c.language).where(
        _staff.c.role == Role.ADMIN, _staff.c.active, _staff.c.id != staff_id
    )
    rows = session.execute(chosen.order_by(_staff.c.id)).all()
    reached = [Administrator(row.email, row.language) for row in rows if row.email]
    return reached, len(rows) - len(reached)
