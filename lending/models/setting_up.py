"""What an administrator gives the library: its own settings, pictures, and files with many rows."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, unique
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId, enum_column


class LibrarySetting(Base):
    """One of the settings that administrators change on a page, such as the library's name and colours.

    What an operator sets for the processes is in ``config.py``. ``value`` is read by the rule that belongs to ``name``.
    """

    __tablename__ = "library_settings"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str]
    changed_at: Mapped[datetime]


class Picture(Base):
    """A photo of a kit type or a part, or the library's logo, re-drawn by this program. Never of a person.

    Pictures are never changed, so that a browser may keep one for good; a new one has a public id of its own.
    """

    __tablename__ = "pictures"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    media_type: Mapped[str] = mapped_column(String(40))
    content: Mapped[bytes]
    width: Mapped[int]
    height: Mapped[int]
    made_at: Mapped[datetime]


@unique
class ImportState(StrEnum):
    """How far a file with many rows has come."""

    UPLOADED = "uploaded"
    DONE = "done"
    UNDONE = "undone"
    DISCARDED = "discarded"


class ImportRun(Base):
    """A file of patrons, kits, branches or kit types, from the page where it was given to the undoing of it.

    ``content`` is kept until the file is imported or discarded; ``columns`` says which column is which field.
    ``busy_since``: a process reads it now, and has looked at ``rows_done`` of its ``rows``; ``report``: what it found.
    """

    __tablename__ = "import_runs"
    __table_args__ = (Index("ix_import_runs_made_at", "made_at"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[ImportState] = enum_column(ImportState, default=ImportState.UPLOADED)
    file_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes | None]
    columns: Mapped[dict[str, Any]]
    report: Mapped[dict[str, Any] | None]
    busy_since: Mapped[datetime | None]
    rows: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_added: Mapped[int] = mapped_column(default=0)
    rows_changed: Mapped[int] = mapped_column(default=0)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]


class ImportRow(Base):
    """A row that an import added (``before`` is ``None``) or changed (what it was before), so that it can be undone."""

    __tablename__ = "import_rows"

    id: Mapped[Id]
    import_run_id: Mapped[int] = mapped_column(ForeignKey("import_runs.id"), index=True)
    row_id: Mapped[int]
    before: Mapped[dict[str, Any] | None]
