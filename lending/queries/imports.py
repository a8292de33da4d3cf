"""Imports as administrators see them: the files that were given, how far each has come, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.names import short_name
from lending.models.people import Staff
from lending.models.setting_up import ImportRun, ImportState


@dataclass(frozen=True, slots=True)
class RunShown:
    """One import. ``names`` are the file's columns, ``match`` says which of them each field is."""

    run: str
    kind: str
    state: ImportState
    file_name: str
    names: tuple[str, ...]
    match: Mapping[str, str]
    report: Mapping[str, Any] | None
    busy_since: datetime | None
    rows: int
    rows_done: int
    rows_added: int
    rows_changed: int
    by: str | None
    made_at: datetime
    done_at: datetime | None
    undone_at: datetime | None


_CHOSEN = select(ImportRun, Staff.name).outerjoin(Staff, Staff.id == ImportRun.staff_id)


def runs(session: Session, *, limit: int = 50) -> list[RunShown]:
    """The latest imports, the newest first."""
    found = session.execute(_CHOSEN.order_by(ImportRun.made_at.desc(), ImportRun.id.desc()).limit(limit))
    return [_shown(row, name) for row, name in found]


def run_shown(session: Session, run: str) -> RunShown | None:
    """The import with this public id; ``None`` when there is none."""
    found = session.execute(_CHOSEN.where(ImportRun.public_id == run)).one_or_none()
    return None if found is None else _shown(*found)


def content_of(session: Session, run: str) -> bytes | None:
    """The file of an import, while it is kept."""
    return session.scalars(select(ImportRun.content).where(ImportRun.public_id == run)).one_or_none()


def _shown(row: ImportRun, name: str | None) -> RunShown:
    return RunShown(
        run=row.public_id,
        kind=row.kind,
        state=row.state,
        file_name=row.file_name,
        names=tuple(row.columns["names"]),
        match=row.columns["match"],
        report=row.report,
        busy_since=row.busy_since,
        rows=row.rows,
        rows_done=row.rows_done,
        rows_added=row.rows_added,
        rows_changed=row.rows_changed,
        by=None if name is None else short_name(name),
        made_at=row.made_at,
        done_at=row.done_at,
        undone_at=row.undone_at,
    )
