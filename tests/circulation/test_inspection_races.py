"""Two people inspect one kit at once."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from lending.circulation.inspection import Inspected, inspect
from lending.db import Database
from lending.errors import Reason
from tests.cast import NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import DONE, journalled, lend, receive, seen
from tests.races import race, without_locks


def looking(database: Database, cast: Cast) -> Callable[[Session], Inspected]:
    """Someone finds everything there."""
    parts = seen(database)
    return lambda session: inspect(session, kit=OPEN_KIT, parts=parts, steps=DONE, at=NOW, by=cast.ben)


def test_of_two_people_who_inspect_one_kit_the_second_is_told_so(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    outcome = race(database, looking(database, cast), looking(database, cast))
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.NOT_TO_INSPECT]], [])
    assert len(journalled(database, "inspect")) == 1


def test_without_the_lock_both_would_inspect_it(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    with without_locks(database):
        outcome = race(database, looking(database, cast), looking(database, cast))
    assert (len(outcome.done), outcome.refused) == (2, [])
    assert len(journalled(database, "inspect")) == 2
