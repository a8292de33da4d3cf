"""Where the library's files lie: beside the package in a checkout, inside it when installed from the wheel.

In git ``templates/``, ``migrations/`` and ``config.py`` stand at the top, where people look for them. The wheel carries
them in ``lending/_bundle/``, so that an installed library runs from any folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLE = _PACKAGE / "_bundle"

IN_CHECKOUT: bool = not _BUNDLE.is_dir()
"""Whether the library runs from its source tree."""

_ROOT = _PACKAGE.parent if IN_CHECKOUT else _BUNDLE

TEMPLATES: Path = _ROOT / "templates"
MIGRATIONS: Path = _ROOT / "migrations"
CONFIG: Path = _ROOT / "config.py"
STATIC: Path = _PACKAGE / "static"
LOCALE: Path = _PACKAGE / "locale"


def instance_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of what this library makes: its database file, its secret key, its uploads. Not created here.

    ``LENDING_INSTANCE`` names it; without it, it is ``instance/`` in a checkout and the user's state folder elsewhere.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("LENDING_INSTANCE")
    if named:
        return Path(named).expanduser().absolute()
    if IN_CHECKOUT:
        return _ROOT / "instance"
    return _state_folder(environ) / "lending"


def newest_migration() -> str:
    """The revision of the newest migration, by its file's name: to ask Alembic takes a tenth of a start."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _state_folder(environ: Mapping[str, str]) -> Path:
    """The user's folder for programs' state, as the platform has it (XDG Base Directory on Unix)."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    return Path(environ.get("XDG_STATE_HOME") or home / ".local" / "state")


HEADS = "journal-heads.txt"
"""The file in the instance folder in which each line is an instant and a head of the journal, the newest last."""


def set_heads_aside(instance: Path) -> None:
    """Put the heads of a journal that is gone on purpose out of the way, so that a new one may begin."""
    kept = instance / HEADS
    if kept.exists():
        kept.replace(kept.with_suffix(".old"))
