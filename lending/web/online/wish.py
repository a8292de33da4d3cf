"""What somebody has chosen so far on the pages where they reserve: kept in their browser's signed session alone.

Nothing of it stands in an address, and it is forgotten after half an hour in which nothing was done, because many
reserve on the library's own computers. Source: SCREENS, "Reserve, one question a page".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import session

from lending.web import current, shifts

_KEPT: Final = "wish"
NAMES: Final = frozenset({"person", "choice", "place", "answers", "reach"})
"""What is kept of a wish: who asks without a card, what they chose, where, their answers, and how they are told."""


def get() -> dict[str, Any]:
    """What was chosen so far, by ``NAMES``; empty for a new wish and one that was left alone too long."""
    kept = session.get(_KEPT)
    if not isinstance(kept, dict) or shifts.now().timestamp() - kept.get("at", 0) > shifts.PATRONS_PAUSE:
        return {}
    return {name: value for name, value in kept.items() if name in NAMES}


def keep(**chosen: Any) -> None:
    """Keep what was chosen on one page beside the rest."""
    session[_KEPT] = {**get(), **chosen, "at": int(shifts.now().timestamp())}


def forget(*names: str) -> None:
    """Take back some of what was chosen, or without names all of it."""
    left = {name: value for name, value in get().items() if names and name not in names}
    session.pop(_KEPT, None)
    if left:
        keep(**left)


def person() -> Mapping[str, str] | None:
    """Who asks without a card, as they said; ``None`` for a patron who is signed in, or where nobody said."""
    return None if current.borrower() is not None else get().get("person")
