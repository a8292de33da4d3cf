"""Taking a demonstration away: a library whose every row was made up becomes an empty one.

What was tried out in it goes too. Once somebody has added patrons, kits, libraries or staff of their own, nothing is
taken away. It is the one act that empties the append-only tables, and so it asks the database to look away for its
length. Source: SCREENS, "removable demo data"; issue "Patrons reserve online", Build 6.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import Base, table_of
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType
from lending.models.people import Patron, Staff
from lending.models.setting_up import LibrarySetting

MARK: Final = "demonstration"
"""The setting that says that a library is a demonstration, and how far its rows went when it was made."""

_OWN = (Branch, Kit, KitType, Patron, Staff)
"""What nobody adds to a demonstration but for a library of their own."""


def mark(session: Session, *, at: datetime) -> None:
    """Say that all there is was made up. Part of making it."""
    session.add(LibrarySetting(name=MARK, value=json.dumps(_highest(session)), changed_at=at))


def is_demonstration(session: Session) -> bool:
    """Whether this library began as a demonstration."""
    return session.get(LibrarySetting, MARK) is not None


def check_removal(session: Session) -> None:
    """Refuse (``OWN_DATA``) unless everything there is came from the demonstration."""
    kept = session.get(LibrarySetting, MARK)
    if kept is None or _highest(session) != json.loads(kept.value):
        raise Refused.because(Reason.OWN_DATA)


def remove_demonstration(session: Session, *, by: Actor) -> None:
    """Empty every table of a demonstration. Raises ``Refused``: ``NOT_PERMITTED``, ``OWN_DATA``."""
    by.permit(Act.ADMINISTER)
    check_removal(session)
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        _empty_file(connection)
    else:
        _empty_server(connection)


def _highest(session: Session) -> dict[str, int]:
    """The highest keys of what a library of its own begins with."""
    tables = [table_of(model) for model in _OWN]
    return {table.name: session.scalar(select(func.max(table.c.id))) or 0 for table in tables}


def _empty_file(connection: Connection) -> None:
    """On SQLite: the triggers that refuse are taken off and put back as they were, in the same transaction."""
    triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _made in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    _delete_all(connection)
    for _name, made in triggers:
        connection.exec_driver_sql(made)


def _empty_server(connection: Connection) -> None:
    """On PostgreSQL: the tables' own triggers do not fire for the length of the transaction."""
    tables = [table.name for table in Base.metadata.sorted_tables]
    for name in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')
    _delete_all(connection)
    for name in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{name}" ENABLE TRIGGER USER')


def _delete_all(connection: Connection) -> None:
    for table in reversed(Base.metadata.sorted_tables):
        connection.execute(delete(table))
