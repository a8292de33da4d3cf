"""Many kits at once, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.new_kits import MOST, add_kits
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.barcodes import CodeSpaces, read
from lending.domain.states import KitState
from lending.errors import Reason, Refused
from lending.models.kits import Kit, Part
from tests.cast import NOW, Cast
from tests.races import race, without_locks

SPACES = CodeSpaces()


def unpack(database: Database, cast: Cast, by: Actor | None = None, **given: Any) -> tuple[str, ...]:
    values = {"first": "KIT-1042", "count": 3, "kit_type": "work-ready", "branch_id": cast.ela, **given}
    values["first"] = read(values["first"], SPACES)
    actor = by or cast.ben
    return database.act(lambda s: add_kits(s, **values, spaces=SPACES, at=NOW, by=actor))


def test_codes_count_up_and_pass_over_those_that_are_taken(database: Database, cast: Cast) -> None:
    assert unpack(database, cast, count=17)[:2] == ("KIT-1045", "KIT-1046")
    with database.read() as session:
        codes = set(session.scalars(select(Kit.barcode)))
        made = session.scalars(select(Kit).where(Kit.barcode == "KIT-1062")).one()
        held = session.scalar(select(func.count()).select_from(Part).where(Part.kit_id == made.id))
    assert {"KIT-1059", "KIT-1060", "KIT-1061"} <= codes
    assert (made.state, held) == (KitState.AVAILABLE, 5)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"count": 0}, Reason.VALUE_WRONG),
        ({"count": MOST + 1}, Reason.VALUE_WRONG),
        ({"first": "KIT-999", "count": 2}, Reason.VALUE_WRONG),
        ({"first": "29999000000018"}, Reason.CODE_NOT_A_KIT),
        ({"kit_type": "none"}, Reason.NOT_FOUND),
    ],
)
def test_what_cannot_be_added_is_refused_whole(
    database: Database, cast: Cast, given: dict[str, Any], reason: Reason
) -> None:
    with pytest.raises(Refused) as refused:
        unpack(database, cast, **given)
    assert [block.reason for block in refused.value.blocks] == [reason]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Kit)) == 6


def test_nobody_adds_kits_at_another_branch(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        unpack(database, cast, branch_id=cast.com)
    assert [block.reason for block in refused.value.blocks] == [Reason.NOT_PERMITTED]


def adds_two(cast: Cast, by: Actor) -> Callable[[Session], tuple[str, ...]]:
    first = read("KIT-1042", SPACES)
    given = {"first": first, "count": 2, "kit_type": "work-ready", "branch_id": cast.ela, "spaces": SPACES}
    return lambda session: add_kits(session, **given, at=NOW, by=by)


def test_two_who_unpack_at_once_get_codes_of_their_own(database: Database, cast: Cast) -> None:
    found = race(database, adds_two(cast, cast.ben), adds_two(cast, cast.eli), before="INSERT")
    assert found.broken == []
    assert sorted(code for codes in found.done for code in codes) == ["KIT-1045", "KIT-1046", "KIT-1047", "KIT-1048"]


def test_without_locks_one_of_them_would_be_turned_away(database: Database, cast: Cast) -> None:
    with without_locks(database):
        found = race(database, adds_two(cast, cast.ben), adds_two(cast, cast.eli), before="INSERT")
    assert len(found.done) < 2
