"""What a kit is to a stocktake, by a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lending.domain.states import KitState
from lending.domain.stocktake import STANDS, SeenFacts, Standing, standing

RIGHT = SeenFacts(
    state=KitState.AVAILABLE, expected=True, here=True, in_transit=False, comes_here=False, place="Shelf 1", asked=""
)


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        (RIGHT, Standing.EXPECTED),
        (replace(RIGHT, expected=False), Standing.CAME_SINCE),
        (replace(RIGHT, asked="Shelf 1"), Standing.EXPECTED),
        (replace(RIGHT, asked="Shelf 2"), Standing.OTHER_PLACE),
        (replace(RIGHT, asked="Shelf 2", place=None), Standing.OTHER_PLACE),
        (replace(RIGHT, here=False), Standing.OTHER_BRANCH),
        (replace(RIGHT, here=False, in_transit=True, comes_here=True), Standing.ARRIVING),
        (replace(RIGHT, here=False, in_transit=True), Standing.IN_TRANSIT),
        (replace(RIGHT, state=KitState.ON_LOAN), Standing.OUT),
        (replace(RIGHT, state=KitState.ON_LOAN, here=False), Standing.OUT),
        (replace(RIGHT, state=KitState.LOST, asked="Shelf 2"), Standing.LOST),
        (replace(RIGHT, state=KitState.MISSING), Standing.MISSING),
        (replace(RIGHT, state=KitState.WITHDRAWN), Standing.WITHDRAWN),
    ],
)
def test_what_a_kit_that_was_seen_is(facts: SeenFacts, what: Standing) -> None:
    assert standing(facts) is what


def test_a_kit_stands_in_the_library_or_is_told_for_what_it_is() -> None:
    told = {standing(replace(RIGHT, state=state)) for state in set(KitState) - STANDS}
    assert told == {Standing.OUT, Standing.IN_USE, Standing.LOST, Standing.MISSING, Standing.WITHDRAWN}
    assert {standing(replace(RIGHT, state=state)) for state in STANDS} == {Standing.EXPECTED}
