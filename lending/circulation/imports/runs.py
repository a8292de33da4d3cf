"""A file with many rows as the pages take it: given, matched, checked, imported as a whole, and undone within a day.

What was added is taken away again unless it was used since; what was changed gets back what it said unless it was
changed since. Who reads the file, and outside of which transaction, is the door's matter. Source: SCREENS, "imports
... undo within 24 h"; issue "Patrons reserve online", Build 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from lending.circulation.imports.columns import TEMPLATES
from lending.circulation.imports.report import Report
from lending.circulation.journal import record
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.setting_up import ImportRow, ImportRun, ImportState

UNDO_WITHIN: Final = timedelta(hours=24)
STALE_AFTER: Final = timedelta(minutes=15)
"""After so long without an end, the process that read a file is taken to have ended."""

FILES_KEPT: Final = timedelta(days=7)
"""A file that nobody imported is forgotten after it: it is full of people."""

_PIECE: Final = 10_000
_rows = table_of(ImportRow)


def give_file(
    session: Session,
    *,
    kind: str,
    file_name: str,
    content: bytes,
    columns: Iterable[str],
    match: Mapping[str, str],
    at: datetime,
    by: Actor,
) -> str:
    """Keep a file until it is imported, and give its public id. ``match`` is the guess which column is which field."""
    by.permit(Act.ADMINISTER)
    if kind not in TEMPLATES:
        raise Refused.because(Reason.NOT_FOUND)
    run = ImportRun(
        kind=kind,
        file_name=file_name[-200:] or "file",
        content=content,
        columns={"names": list(columns), "match": dict(match)},
        staff_id=by.staff_id,
        made_at=at,
    )
    session.add(run)
    session.flush()  # its public id is made with the row
    return run.public_id


def choose_columns(session: Session, *, run: str, match: Mapping[str, str], by: Actor) -> None:
    """Say which column is which field; what was found with another choice is forgotten.

    Raises ``Refused``: ``NOT_FOUND``, ``WRONG_STATE`` for a file that was imported or is being read.
    """
    row = _lock(session, run, by)
    _refuse_unless_given(row)
    names, template = row.columns["names"], TEMPLATES[row.kind]
    if not set(match) <= {*template.required, *template.optional} or not set(match.values()) <= set(names):
        raise Refused.because(Reason.VALUE_WRONG, field="match")
    row.columns = {"names": names, "match": dict(match)}
    row.report, row.rows_done = None, 0


def begin_reading(session: Session, *, run: str, at: datetime, by: Actor) -> None:
    """Note that a process reads the file now, so that no other does. Raises as ``choose_columns`` does."""
    row = _lock(session, run, by)
    _refuse_unless_given(row, at)
    row.busy_since, row.rows_done = at, 0


def note_progress(session: Session, *, run: str, done: int, total: int) -> None:
    """Note how far the reading has come."""
    row = session.scalars(select(ImportRun).where(ImportRun.public_id == run)).one()
    row.rows_done, row.rows = done, total


def note_report(session: Session, *, run: str, report: Mapping[str, Any]) -> None:
    """Keep what was found; the reading is over."""
    row = session.scalars(select(ImportRun).where(ImportRun.public_id == run)).one()
    row.report, row.busy_since, row.rows = dict(report), None, int(report["rows"])


def note_imported(
    session: Session,
    *,
    run: str,
    report: Report,
    changed: Iterable[tuple[int, dict[str, Any]]] = (),
    at: datetime,
    by: Actor,
) -> None:
    """Keep what was written, in the act that wrote it, so that it can be undone; the file itself is forgotten.

    Raises ``Refused``: ``WRONG_STATE`` for a file that was imported meanwhile.
    """
    row = _lock(session, run, by)
    if row.state is not ImportState.UPLOADED:
        raise Refused.because(Reason.CHANGED_SINCE)
    # Apart: JSON's null is not the null of a column that is left out.
    added: list[dict[str, Any]] = [{"import_run_id": row.id, "row_id": key} for key in report.made]
    befores = [{"import_run_id": row.id, "row_id": key, "before": before} for key, before in changed]
    for written in (added, befores):
        for start in range(0, len(written), _PIECE):
            session.execute(insert(_rows), written[start : start + _PIECE])
    row.state, row.content, row.busy_since, row.done_at = ImportState.DONE, None, None, at
    row.rows_added, row.rows_changed, row.rows = report.added, report.changed, report.rows
    row.report = None


def discard(session: Session, *, run: str, at: datetime, by: Actor) -> None:
    """Forget a file that was not imported. Raises as ``choose_columns`` does."""
    row = _lock(session, run, by)
    _refuse_unless_given(row, at)
    row.state, row.content, row.report = ImportState.DISCARDED, None, None
    record(session, "discard_import", at=at, by=by, detail={"run": run, "kind": row.kind})


def lock_to_undo(session: Session, *, run: str, at: datetime, by: Actor) -> ImportRun:
    """The locked run of an import that may be undone now. Raises ``Refused``: ``NOT_FOUND``, ``NOTHING_TO_UNDO``,
    ``TOO_LATE_TO_UNDO``.
    """
    row = _lock(session, run, by)
    if row.state is not ImportState.DONE or row.done_at is None:
        raise Refused.because(Reason.NOTHING_TO_UNDO)
    if at > row.done_at + UNDO_WITHIN:
        raise Refused.because(Reason.TOO_LATE_TO_UNDO)
    return row


def forget_rows(session: Session, *, at: datetime) -> int:
    """Forget what records said before imports that can be undone no more; of how many rows. Part of a sweep."""
    over = select(ImportRun.id).where((ImportRun.done_at < at - UNDO_WITHIN) | (ImportRun.state == ImportState.UNDONE))
    gone = session.connection().execute(delete(_rows).where(_rows.c.import_run_id.in_(over)))
    return int(gone.rowcount)


def forget_files(session: Session, *, at: datetime) -> int:
    """Forget files that lie there for ``FILES_KEPT`` and nobody imported; how many. Part of a sweep."""
    old = (ImportRun.state == ImportState.UPLOADED) & (ImportRun.made_at < at - FILES_KEPT)
    rows = session.scalars(select(ImportRun).where(old).order_by(ImportRun.id).with_for_update(key_share=True)).all()
    for row in rows:
        row.state, row.content, row.report, row.busy_since = ImportState.DISCARDED, None, None, None
    return len(rows)


def _lock(session: Session, run: str, by: Actor) -> ImportRun:
    by.permit(Act.ADMINISTER)
    chosen = select(ImportRun).where(ImportRun.public_id == run).with_for_update(key_share=True)
    row = session.scalars(chosen.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return row


def _refuse_unless_given(row: ImportRun, at: datetime | None = None) -> None:
    stale = at is not None and row.busy_since is not None and at > row.busy_since + STALE_AFTER
    if row.state is not ImportState.UPLOADED:
        raise Refused.because(Reason.NOTHING_TO_UNDO if row.state is ImportState.UNDONE else Reason.CHANGED_SINCE)
    if row.busy_since is not None and not stale:
        raise Refused.because(Reason.BUSY)
