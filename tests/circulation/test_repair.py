"""A damaged kit is mended, on both engines."""

from __future__ import annotations

import pytest

from lending.circulation.repair import Repaired, finish_repair
from lending.db import Database
from lending.domain.completeness import Found
from lending.domain.states import KitState
from lending.errors import Reason, Refused
from lending.models.kits import Part, PartState
from lending.models.tasks import Task
from tests.cast import NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import lend, look, only, part_id, receive, rows, seen, why


def mend(database: Database, cast: Cast) -> Repaired:
    """Ben says that it works again."""
    return database.act(lambda session: finish_repair(session, kit=OPEN_KIT, at=NOW, by=cast.ben))


def test_a_mended_kit_with_every_step_done_is_free_again(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    look(database, cast, seen(database, Laptop=Found.DAMAGED))
    answer = mend(database, cast)
    assert (answer.kit_state, answer.parts) == (KitState.AVAILABLE, (part_id(database, "Laptop"),))
    assert only(database, Task).outcome == "repaired"
    assert rows(database, Part, Part.state == PartState.DAMAGED) == []


def test_a_mended_kit_waits_for_the_steps_that_are_left(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    look(database, cast, seen(database, Laptop=Found.DAMAGED), steps={})
    assert mend(database, cast).kit_state is KitState.TURNAROUND


def test_a_kit_that_is_not_in_repair_is_not_mended(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        mend(database, cast)
    assert why(refused) == [Reason.WRONG_STATE]
