"""Patrons who sign in to their own pages: what their card and PIN open, and whom a session belongs to.

Apart from ``queries/patrons.py``, where staff find patrons: what is here is asked for one patron alone, by themselves.
Source: SCREENS, "Patron pages"; BATTERY S2 and S7.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, exists, select
from sqlalchemy.orm import Session

from lending.domain.names import short_name
from lending.models.base import constant, table_of
from lending.models.branches import Branch
from lending.models.people import Card, EndedSession, Patron, PatronStatus
from lending.queries.staff import SignIn

_patrons, _cards, _branches, _ended = table_of(Patron), table_of(Card), table_of(Branch), table_of(EndedSession)


@dataclass(frozen=True, slots=True)
class PatronAccount:
    """A patron who is signed in. A change of ``session_version`` ends their sessions.

    ``zone`` is that of their home branch. ``is_provisional``: nobody has checked yet who they are.
    """

    patron_id: int
    public_id: str
    name: str
    language: str
    session_version: str
    home_branch_id: int
    zone: str
    is_provisional: bool

    @property
    def short_name(self) -> str:
        """``Ada M.``, as the desk calls them too."""
        return short_name(self.name)


_ACCOUNT = (
    select(
        _patrons.c.id,
        _patrons.c.public_id,
        _patrons.c.name,
        _patrons.c.language,
        _patrons.c.session_version,
        _patrons.c.home_branch_id,
        _patrons.c.provisional_since,
        _branches.c.zone,
    )
    .join(_branches, _branches.c.id == _patrons.c.home_branch_id)
    .where(
        _patrons.c.public_id == bindparam("public_id"),
        _patrons.c.status == constant(PatronStatus.ACTIVE),
        ~exists().where(_ended.c.digest == bindparam("browser")),
    )
)
_SIGN_IN = (
    select(_patrons.c.public_id, _patrons.c.session_version, _patrons.c.pin_hash)
    .join(_cards, _cards.c.patron_id == _patrons.c.id)
    .where(
        _cards.c.number == bindparam("number"),
        _cards.c.ended_at.is_(None),
        _patrons.c.status == constant(PatronStatus.ACTIVE),
    )
)


def patron_account(connection: Connection, public_id: str, *, browser: str = "") -> PatronAccount | None:
    """The patron with this public id, in one statement.

    ``browser`` is the digest of the session that asks; one that was signed out of finds nobody.
    """
    row = connection.execute(_ACCOUNT, {"public_id": public_id, "browser": browser}).one_or_none()
    if row is None:
        return None
    return PatronAccount(
        patron_id=row.id,
        public_id=row.public_id,
        name=row.name,
        language=row.language,
        session_version=row.session_version,
        home_branch_id=row.home_branch_id,
        zone=row.zone,
        is_provisional=row.provisional_since is not None,
    )


def patron_sign_in_of(session: Session, number: str) -> SignIn | None:
    """What a PIN is compared with; ``None`` when ``number`` is nobody's current card."""
    row = session.connection().execute(_SIGN_IN, {"number": number}).one_or_none()
    return None if row is None else SignIn(row.public_id, row.session_version, row.pin_hash)


def keeps_history(session: Session, patron_id: int) -> bool:
    """Whether a patron wants to see their earlier loans."""
    return bool(
        session.connection().execute(select(_patrons.c.keeps_history).where(_patrons.c.id == patron_id)).scalar_one()
    )
