"""Ladders that an administrator set, on both engines."""

from __future__ import annotations

import pytest

from lending.circulation.ladders import ladders, restore_ladder, set_ladder
from lending.db import Database
from lending.domain.ladders import DEFAULT, Ladder, Step
from lending.errors import Reason, Refused
from lending.models.ladders import LadderStep
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import journalled, rows, why

OURS = (Step("due_today", 0), Step("overdue", 2, suspends_lines=True), Step("assumed_lost", 30, gives_up=True))


def known(database: Database) -> dict[int | None, Ladder]:
    with database.read() as session:
        return dict(ladders(session))


def set_for(database: Database, cast: Cast, kit_type: str | None, steps: Ladder = OURS) -> None:
    database.act(lambda session: set_ladder(session, kit_type=kit_type, steps=steps, at=NOW, by=cast.eli))


def test_a_kit_type_has_a_ladder_of_its_own_and_the_others_keep_theirs(database: Database, cast: Cast) -> None:
    set_for(database, cast, "laptop-hotspot", tuple(reversed(OURS)))
    assert known(database) == {None: DEFAULT, cast.laptop_hotspot: OURS}
    (entry,) = journalled(database, "set_ladder")
    assert entry.detail["days"] == {"due_today": 0, "overdue": 2, "assumed_lost": 30}


def test_the_librarys_ladder_is_set_twice_and_the_last_one_holds(database: Database, cast: Cast) -> None:
    set_for(database, cast, None)
    set_for(database, cast, None, OURS[:2])
    assert known(database) == {None: OURS[:2]}
    assert journalled(database, "set_ladder")[1].detail["days_from"]["assumed_lost"] == 30


def test_a_ladder_that_is_restored_is_the_librarys_again(database: Database, cast: Cast) -> None:
    set_for(database, cast, "laptop-hotspot")
    for _ in range(2):
        back = database.act(lambda s: restore_ladder(s, kit_type="laptop-hotspot", at=NOW, by=cast.eli))
        assert back == DEFAULT
    assert rows(database, LadderStep) == []
    assert len(journalled(database, "restore_ladder")) == 1, "where nothing was set, nothing is done"


def test_what_is_no_ladder_changes_nothing(database: Database, cast: Cast) -> None:
    set_for(database, cast, None)
    for steps, reasons in (
        ((), [Reason.VALUE_MISSING]),
        ((Step("a", 0, calls=True), Step("b", 0)), [Reason.STEP_ON_THE_SAME_DAY, Reason.STEP_TOO_EARLY]),
    ):
        with pytest.raises(Refused) as refused:
            set_for(database, cast, None, steps)
        assert why(refused) == reasons
    assert known(database) == {None: OURS}


def test_only_an_administrator_sets_a_ladder(database: Database, cast: Cast) -> None:
    for act in (
        lambda session: set_ladder(session, kit_type=None, steps=OURS, at=NOW, by=cast.cleo),
        lambda session: restore_ladder(session, kit_type=None, at=NOW, by=cast.cleo),
    ):
        with pytest.raises(Refused) as refused:
            database.act(act)
        assert why(refused) == [Reason.NOT_PERMITTED]


def test_a_kit_type_that_is_not_there_is_not_found(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        set_for(database, cast, "tablet")
    assert why(refused) == [Reason.NOT_FOUND]
