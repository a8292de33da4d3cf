"""Claims about two who change accounts at once, on both engines, seen to fail without the locks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.staff import deactivate, set_password
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.errors import Reason
from lending.models.base import new_public_id
from lending.models.people import Staff
from tests.cast import LONG_AGO, NOW, Cast, put
from tests.races import Race, race, without_locks


def _two_administrators(database: Database) -> list[str]:
    database.act(
        lambda s: put(s, Staff(username="fay", name="Fay Ito", role=Role.ADMIN, created_at=LONG_AGO)).public_id
    )
    with database.read() as session:
        return list(session.scalars(select(Staff.public_id).where(Staff.role == Role.ADMIN)))


def _close(cast: Cast, account: str) -> Callable[[Session], Any]:
    by = cast.eli
    return lambda session: deactivate(session, staff=account, at=NOW, by=by)


def _administrators(database: Database) -> int:
    with database.read() as session:
        return session.execute(select(func.count()).where(Staff.role == Role.ADMIN, Staff.active)).scalar_one()


def test_two_administrators_cannot_close_each_other(database: Database, cast: Cast) -> None:
    accounts = _two_administrators(database)
    outcome: Race[Any] = race(database, *(_close(cast, account) for account in accounts))
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.LAST_ADMINISTRATOR]], [])
    assert _administrators(database) == 1


def test_without_locks_nobody_would_be_left(database: Database, cast: Cast) -> None:
    """The negative control: the same two acts with nothing that keeps them apart."""
    accounts = _two_administrators(database)
    with without_locks(database):
        race(database, *(_close(cast, account) for account in accounts))
    assert _administrators(database) == 0


def _choose(cast: Cast, account: str, version: str, password_hash: str) -> Callable[[Session], Any]:
    by = Actor(Role.DESK, Door.WEB, new_public_id(), staff_id=cast.ben_id)
    given = {"staff": account, "password_hash": password_hash, "version": version}
    return lambda session: set_password(session, **given, at=NOW, by=by)


def _ben(database: Database, cast: Cast) -> Staff:
    with database.read() as session:
        return session.get_one(Staff, cast.ben_id)


def test_of_two_who_use_one_link_at_once_one_chooses_the_password(database: Database, cast: Cast) -> None:
    ben = _ben(database, cast)
    acts = [_choose(cast, ben.public_id, ben.session_version, chosen) for chosen in ("first", "second")]
    outcome: Race[Any] = race(database, *acts)
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.LINK_SPENT]], [])


def test_without_locks_both_would_choose_it(database: Database, cast: Cast) -> None:
    """The negative control."""
    ben = _ben(database, cast)
    acts = [_choose(cast, ben.public_id, ben.session_version, chosen) for chosen in ("first", "second")]
    with without_locks(database):
        outcome: Race[Any] = race(database, *acts)
    assert len(outcome.done) == 2
