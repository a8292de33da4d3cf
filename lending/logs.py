"""Logs: one JSON object a line, on standard output, without a patron's data.

No library does so little: structlog brings rich and what draws with it into every web worker, six megabytes and a tenth
of a second of its start (BATTERY P9).
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from typing import Any

_least = logging.INFO


def configure(level: str) -> None:
    """Log from ``level`` (a name such as ``INFO``) on, in this process."""
    global _least  # noqa: PLW0603 - a process has one standard output, and so one level
    _least = logging.getLevelNamesMapping()[level]


def info(event: str, **facts: Any) -> None:
    """What happened as it should."""
    _write(logging.INFO, event, facts)


def warning(event: str, **facts: Any) -> None:
    """What may mend itself."""
    _write(logging.WARNING, event, facts)


def error(event: str, **facts: Any) -> None:
    """What somebody has to look at."""
    _write(logging.ERROR, event, facts)


def bug(failure: BaseException, **facts: Any) -> None:
    """A mistake of this program: its kind, and the last places it came from. What it says may quote a row."""
    came_from = traceback.extract_tb(failure.__traceback__)[-6:]
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in came_from]
    error("bug", kind=type(failure).__name__, where=where, **facts)


def _write(level: int, event: str, facts: dict[str, Any]) -> None:
    if level < _least:
        return
    line = json.dumps({**facts, "event": event, "level": logging.getLevelName(level).lower()}, default=repr)
    sys.stdout.write(f"{line}\n")  # in one piece, so that threads do not write into each other's lines
    sys.stdout.flush()
