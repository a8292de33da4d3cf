"""The nightly copies of the database: which there are, and when the last of today's is gone. They hold names still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from lending.library import Library


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy: its file's name, the day it was made, and its size in bytes."""

    name: str
    made_on: date
    size: int


def copies(library: Library) -> list[Copy]:
    """The copies that this program made and still keeps, the newest first."""
    folder = library.settings.backup_folder
    files = sorted(folder.glob("lending-????-??-??.*"), reverse=True) if folder.is_dir() else []
    return [copy for copy in map(_copy, files) if copy is not None]


def gone_on(library: Library, today: date) -> date:
    """The day on which no copy of tonight or before is kept any more, while a copy is made each night."""
    return today + timedelta(days=library.settings.backups_kept)


def _copy(file: Path) -> Copy | None:
    try:
        made_on = date.fromisoformat(file.name[len("lending-") :][:10])
        size = file.stat().st_size
    except (ValueError, OSError):
        return None
    return None if file.suffix == ".partial" else Copy(file.name, made_on, size)
