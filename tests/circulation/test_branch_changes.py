"""Changing a branch, and the dates that other hours move, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.branch_changes import BranchPlan, change_branch, preview_branch
from lending.circulation.branches import add_station, rename_station
from lending.circulation.checkout import check_out
from lending.circulation.lost import declare_lost
from lending.circulation.redating import Redating, Why
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.calendars import DAY_NAMES
from lending.errors import Reason, Refused
from lending.models.branches import Branch, Station
from lending.models.journal import JournalEntry
from lending.models.loans import Loan
from lending.models.notices import Notice
from tests.cast import ADA, HOURS, KIT, LUIS, NOW, OPEN_KIT, Cast

PLAN = BranchPlan("ELA", "East Los Angeles Library", "America/Los_Angeles", HOURS.format())
NO_TUESDAYS = HOURS.format().replace("tue 10:00-20:00", "tue closed")
TUESDAY = date(2026, 4, 14)
"""42 days from the standing day: when an open loan is due."""


def change(database: Database, cast: Cast, by: Actor | None = None, seen: str | None = None, **given: Any) -> Redating:
    plan, actor = replace(PLAN, **given), by or cast.eli
    return database.act(
        lambda session: change_branch(session, branch_id=cast.ela, plan=plan, seen=seen, at=NOW, by=actor)
    )


def lend(database: Database, cast: Cast, code: str = OPEN_KIT, card: str = LUIS) -> None:
    by = cast.ben
    database.act(lambda s: check_out(s, kit=code, patron=card, branch_id=cast.ela, at=NOW, by=by))


def due_days(database: Database) -> list[date]:
    with database.read() as session:
        return [(due - timedelta(hours=7)).date() for due in session.scalars(select(Loan.due_at).order_by(Loan.id))]


def the_branch(database: Database, cast: Cast) -> Branch:
    with database.read() as session:
        return session.get_one(Branch, cast.ela)


def test_a_branch_gets_another_name_and_nothing_moves(database: Database, cast: Cast) -> None:
    lend(database, cast)
    answer = change(database, cast, name="ELA Branch", phone="(323) 555-0100", floats=True, code="EAST")
    row = the_branch(database, cast)
    assert (row.code, row.name, row.phone, row.floats) == ("EAST", "ELA Branch", "(323) 555-0100", True)
    assert {line.field for line in answer.changed} == {"code", "name", "phone", "floats"}
    assert (answer.moved, due_days(database)) == ((), [TUESDAY])


def test_hours_that_close_the_due_day_move_the_date_and_tell_the_patron(database: Database, cast: Cast) -> None:
    lend(database, cast)
    [line] = change(database, cast, hours=NO_TUESDAYS).moved
    assert (line.label, line.why) == (OPEN_KIT, Why.CLOSED)
    assert due_days(database) == [TUESDAY + timedelta(days=1)]
    with database.read() as session:
        assert session.scalars(select(Notice.step).where(Notice.term == 2)).all() == ["closed"]
        [entry] = session.scalars(select(JournalEntry).where(JournalEntry.verb == "change_branch"))
    assert entry.branch_id == cast.ela


def test_a_day_that_closes_earlier_moves_the_date_on_and_a_later_one_leaves_it(database: Database, cast: Cast) -> None:
    lend(database, cast)
    change(database, cast, hours=HOURS.format().replace("tue 10:00-20:00", "tue 10:00-21:00"))
    assert due_days(database) == [TUESDAY]
    change(database, cast, hours=HOURS.format().replace("tue 10:00-20:00", "tue 10:00-12:00"))
    assert due_days(database) == [TUESDAY + timedelta(days=1)]


def test_other_branches_and_lost_kits_keep_their_dates(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    database.act(lambda s: declare_lost(s, kit=KIT, at=NOW, by=cast.eli))
    lend(database, cast)
    plan = replace(PLAN, code="COM", hours="; ".join(f"{day} closed" for day in DAY_NAMES))
    by = cast.eli
    elsewhere = database.act(lambda s: change_branch(s, branch_id=cast.com, plan=plan, at=NOW, by=by))
    assert (elsewhere.moved, elsewhere.stays) == ((), ())
    answer = change(database, cast, hours=HOURS.format().replace("fri 10:00-18:00", "fri closed"))
    assert (answer.moved, [line.why for line in answer.stays]) == ((), [Why.LOST])
    assert TUESDAY in due_days(database)


def test_a_look_changes_nothing_and_what_was_seen_is_what_is_done(database: Database, cast: Cast) -> None:
    lend(database, cast)
    plan = replace(PLAN, hours=NO_TUESDAYS)
    with database.read() as session:
        seen = preview_branch(session, branch_id=cast.ela, plan=plan, at=NOW, by=cast.eli)
    assert (len(seen.moved), due_days(database)) == (1, [TUESDAY])
    lend(database, cast, KIT, ADA)
    with pytest.raises(Refused) as refused:
        change(database, cast, hours=NO_TUESDAYS, name="Other", seen=seen.digest)
    assert [block.reason for block in refused.value.blocks] == [Reason.PREVIEW_OUTDATED]
    assert change(database, cast, hours=NO_TUESDAYS, seen=seen.digest) == seen


def test_everything_that_is_wrong_is_told_at_once_and_nobody_else_may(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        change(database, cast, code="e l a", name=" ", hours="mon", zone="Nowhere/Here")
    fields = {block.detail["field"] for block in refused.value.blocks}
    assert fields == {"code", "name", "hours", "zone"}
    with pytest.raises(Refused) as refused:
        change(database, cast, code="COM")
    assert [block.reason for block in refused.value.blocks] == [Reason.ALREADY_EXISTS]
    for by in (cast.ben, cast.cleo, cast.dora):
        with pytest.raises(Refused) as refused:
            change(database, cast, by=by, name="Mine")
        assert [block.reason for block in refused.value.blocks] == [Reason.NOT_PERMITTED]
    assert the_branch(database, cast).code == "ELA"


def test_stations_are_added_and_renamed_and_no_two_are_called_the_same(database: Database, cast: Cast) -> None:
    database.act(lambda s: add_station(s, branch_id=cast.ela, name="Window", at=NOW, by=cast.eli))
    by = cast.eli
    database.act(lambda s: rename_station(s, branch_id=cast.ela, station="Station 1", name="Front desk", at=NOW, by=by))
    with database.read() as session:
        names = set(session.scalars(select(Station.name).where(Station.branch_id == cast.ela)))
    assert names == {"Front desk", "Window"}
    for name, reason in (
        (" ", Reason.VALUE_MISSING),
        ("Window", Reason.ALREADY_EXISTS),
        ("x" * 61, Reason.VALUE_WRONG),
    ):
        with pytest.raises(Refused) as refused:
            database.act(lambda s, name=name: add_station(s, branch_id=cast.ela, name=name, at=NOW, by=cast.eli))
        assert [block.reason for block in refused.value.blocks] == [reason]
    with pytest.raises(Refused) as refused:
        database.act(lambda s: add_station(s, branch_id=cast.ela, name="Mine", at=NOW, by=cast.ben))
    assert [block.reason for block in refused.value.blocks] == [Reason.NOT_PERMITTED]
