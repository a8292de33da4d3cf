"""Where a person stands who tallies or refers: their station's library, or the only one that is theirs.

A counsellor has no desk to choose; whoever works for several libraries says at which one they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.domain.choices import Choice
from lending.queries.branches import BranchShown, branches
from lending.web import current


@dataclass(frozen=True, slots=True)
class Standing:
    """The library where somebody is."""

    branch_id: int
    code: str
    name: str
    zone: str

    @property
    def today(self) -> date:
        """The local day there."""
        return current.now().astimezone(ZoneInfo(self.zone)).date()


def standing_or_choose() -> Standing | ResponseReturnValue:
    """Where this person is, or the way to choose."""
    own, station = libraries(), current.station()
    here = [place for place in own if station is None or place.branch_id == station.branch_id]
    if len(here) == 1:
        return Standing(here[0].branch_id, here[0].code, here[0].name, here[0].zone)
    return redirect(url_for("account.station", next=request.full_path.rstrip("?")))


def libraries() -> list[BranchShown]:
    """The person's libraries."""
    with current.library().db.read() as session:
        return branches(session, current.branch_ids())


def words_of(choices: Iterable[Choice]) -> dict[str, str]:
    """The names of a list's choices, in its order; those that the product begins with in the reader's language."""
    return {one.code: _(one.name) for one in choices}


def word_of(code: str, words: Mapping[str, str]) -> str:
    """The name of a choice; of one that the library has given up, its code as it can be read."""
    return words.get(code) or code.replace("_", " ").capitalize()
