"""Seals: each journal row hashed onto the one sealed before it, so that nothing written down changes unseen.

A seal's digest is SHA-256 of the digest before it and the row as canonical JSON. Seals are numbered without gaps in the
order sealed, which on PostgreSQL may differ a little from the order of the rows: an act that began earlier may end
later. The head (``number:digest``), kept outside the database, also proves that nothing was cut off at the end.
Source: ARCHITECTURE, "Rows" (the journal); BATTERY S10.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum, unique
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, exists, func, insert, select, text
from sqlalchemy.orm import Session

from lending.models.base import table_of
from lending.models.journal import JournalEntry, JournalSeal

BATCH: Final = 5_000
"""Rows sealed in one act at most, so that a desk never waits long for the one turn to write."""

PIECE: Final = 2_000
"""Rows read at a time while verifying, so that a long journal needs little memory."""

LATE: Final = 10_000
"""How many ids behind the highest sealed row are looked at again for rows of acts that ended late."""

SEALING_LOCK: Final = 7_226_511_349
"""An arbitrary number: PostgreSQL's advisory lock of whoever seals, because two sealers would fork the chain."""

_BEGINNING: Final = "0" * 64
_journal, _seals = table_of(JournalEntry), table_of(JournalSeal)
_SEAL = insert(_seals)
_LAST = select(_seals.c.id, _seals.c.digest).order_by(_seals.c.id.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: how many rows are sealed, and the digest of the last."""

    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """From ``number:digest``, as ``str`` writes it; ``ValueError`` for anything else."""
        found = re.fullmatch(r"(\d+):([0-9a-f]{64})", text.strip())
        if found is None:
            raise ValueError("a head is a number, a colon and 64 hexadecimal digits, as sealing printed it")
        return cls(int(found[1]), found[2])


EMPTY: Final = Head(0, _BEGINNING)
"""The head of a journal of which nothing is sealed yet."""


@unique
class Break(StrEnum):
    """What is wrong at the first broken place."""

    CHANGED = "changed"
    """The row is not what was sealed."""
    DELETED = "deleted"
    """The row was sealed and is gone."""
    UNSEALED = "unsealed"
    """The row stands among sealed ones without a seal: it was put in later, or its seal was taken away."""
    SEAL_DELETED = "seal_deleted"
    """A seal is gone, and nothing left says of which row; it came before the row that is named."""
    CUT_OFF = "cut_off"
    """The chain does not reach the head that was kept, or another stands in its place."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken place: ``entry_id`` is the journal row's id, none when only the head tells."""

    kind: Break
    number: int
    entry_id: int | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying found: the end of the chain, rows not yet sealed, and the first broken place if there is one."""

    head: Head
    waiting: int
    broken: Broken | None


def seal(session: Session, *, at: datetime, limit: int = BATCH) -> tuple[int, Head]:
    """Seal up to ``limit`` rows; gives how many were sealed now and the new head. Repeat while it seals ``limit``."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SEALING_LOCK})
    head = _head(session)
    digest, fresh = head.digest, []
    rows = connection.execute(
        select(_journal).where(_journal.c.id > _horizon(session), ~_is_sealed()).order_by(_journal.c.id).limit(limit)
    )
    for number, row in enumerate(rows, start=head.number + 1):
        digest = _chained(digest, canonical(row))
        fresh.append({"id": number, "entry_id": row.id, "digest": digest, "sealed_at": at})
    if fresh:
        connection.execute(_SEAL, fresh)
    return len(fresh), Head(head.number + len(fresh), digest)


def verify(session: Session, *, head: Head | None = None) -> Verified:
    """Walk the chain from its beginning to the first place where it does not hold.

    ``head`` is one that sealing gave at any earlier time and that was kept apart from the database.
    """
    reached = EMPTY
    broken: Broken | None = None
    for each, row in _sealed_rows(session):
        broken = _at_seal(session, reached, each, row)
        if broken is not None:
            break
        reached = Head(each.id, each.digest)
        if head is not None and head.number == reached.number and head != reached:
            broken = Broken(Break.CUT_OFF, reached.number, each.entry_id)
            break
    if broken is None and head is not None and head.number > reached.number:
        broken = Broken(Break.CUT_OFF, reached.number + 1, None)
    if broken is None:
        stray = session.scalar(select(func.min(_journal.c.id)).where(_journal.c.id <= _horizon(session), ~_is_sealed()))
        broken = None if stray is None else Broken(Break.UNSEALED, reached.number, stray)
    waiting = session.scalar(select(func.count()).select_from(_journal).where(~_is_sealed()))
    return Verified(reached, waiting or 0, broken)


def holds(session: Session, head: Head) -> bool:
    """Whether a head that was kept still stands in the chain: one row is read, where ``verify`` reads them all."""
    found = session.scalar(select(_seals.c.digest).where(_seals.c.id == head.number))
    return head == EMPTY or found == head.digest


def current(session: Session) -> Head:
    """The head of the chain as it stands."""
    return _head(session)


def canonical(row: Row[Any]) -> bytes:
    """A journal row as bytes that are the same for the same values on both engines and for all time."""
    values = {column.name: _plain(getattr(row, column.name)) for column in _journal.columns}
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.value if isinstance(value, Enum) else value


def _chained(digest: str, row: bytes) -> str:
    return hashlib.sha256(digest.encode() + row).hexdigest()


def _head(session: Session) -> Head:
    last = session.connection().execute(_LAST).one_or_none()
    return EMPTY if last is None else Head(last.id, last.digest)


def _horizon(session: Session) -> int:
    """Every row up to this id was sealed long ago."""
    highest = session.scalar(select(func.max(_seals.c.entry_id)))
    return max((highest or 0) - LATE, 0)


def _is_sealed() -> ColumnElement[bool]:
    return exists().where(_seals.c.entry_id == _journal.c.id)


def _sealed_rows(session: Session) -> Iterator[tuple[Row[Any], bytes | None]]:
    """Every seal in the order sealed, with its row as bytes (``None`` when it is gone), a piece at a time."""
    last = -1
    while True:
        piece = session.execute(select(_seals).where(_seals.c.id > last).order_by(_seals.c.id).limit(PIECE)).all()
        if not piece:
            return
        rows = _canonical_rows(session, [seal.entry_id for seal in piece])
        for each in piece:
            yield each, rows.get(each.entry_id)
        last = piece[-1].id


def _canonical_rows(session: Session, ids: list[int]) -> dict[int, bytes]:
    """Those of the rows that are there. One that cannot even be read was changed by hand, and stands as nothing."""
    chosen = select(_journal).where(_journal.c.id.in_(ids))
    try:
        return {row.id: canonical(row) for row in session.execute(chosen)}
    except (ValueError, LookupError, TypeError):
        if len(ids) == 1:
            return {ids[0]: b""}
        half = len(ids) // 2
        return _canonical_rows(session, ids[:half]) | _canonical_rows(session, ids[half:])


def _at_seal(session: Session, reached: Head, seal: Row[Any], row: bytes | None) -> Broken | None:
    number = reached.number + 1
    if seal.id != number:
        return _missing_seal(session, reached, seal)
    if row is None:
        return Broken(Break.DELETED, number, seal.entry_id)
    if _chained(reached.digest, row) != seal.digest:
        return Broken(Break.CHANGED, number, seal.entry_id)
    return None


def _missing_seal(session: Session, reached: Head, following: Row[Any]) -> Broken:
    """A seal is gone: its row, if it is still there, is the one without a seal whose id comes before the next one's."""
    number = reached.number + 1
    before = select(func.max(_seals.c.entry_id)).where(_seals.c.id <= reached.number)
    unsealed = select(func.min(_journal.c.id)).where(_journal.c.id < following.entry_id, ~_is_sealed())
    entry_id = session.scalar(unsealed)
    if entry_id is not None:
        return Broken(Break.UNSEALED, number, entry_id)
    after_id = (session.scalar(before) or 0) + 1
    if after_id < following.entry_id and following.id - number == following.entry_id - after_id:
        # As many rows are gone as seals: the rows went with them.
        return Broken(Break.DELETED, number, after_id)
    return Broken(Break.SEAL_DELETED, number, following.entry_id)
