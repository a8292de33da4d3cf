"""What an act came to is read back from its rows just as its verb gave it, also when the kit has gone on since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.inspection import all_here, inspect
from lending.circulation.renewal import renew, set_due_date
from lending.circulation.returns import return_kit
from lending.circulation.transfers import arrive, send
from lending.circulation.turnaround import record_step
from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.kits import TurnaroundStepKind
from lending.queries.acts import outcome, station_log
from tests.cast import LUIS, NOW, OPEN_KIT, Cast, assemble

WIPED, CHARGED, RESTOCKED = TurnaroundStepKind.WIPED, TurnaroundStepKind.CHARGED, TurnaroundStepKind.RESTOCKED

Step = tuple[str, Callable[[Session, Cast, datetime, Actor], Any]]


def lend(session: Session, cast: Cast, at: datetime, by: Actor) -> Any:
    return check_out(session, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=at, by=by)


def take_back(session: Session, cast: Cast, at: datetime, by: Actor) -> Any:
    return return_kit(session, kit=OPEN_KIT, branch_id=cast.ela, at=at, by=by)


def look(session: Session, cast: Cast, at: datetime, by: Actor) -> Any:
    steps = {WIPED: "erased"}
    return inspect(session, kit=OPEN_KIT, parts=all_here(session, kit=OPEN_KIT), steps=steps, at=at, by=by)


def step(kind: TurnaroundStepKind) -> Callable[[Session, Cast, datetime, Actor], Any]:
    return lambda session, cast, at, by: record_step(session, kit=OPEN_KIT, kind=kind, at=at, by=by)


LIFE: tuple[Step, ...] = (
    ("check out", lend),
    ("undo", lambda session, cast, at, by: undo(session, at=at, by=by)),
    ("check out again", lend),
    (
        "due date by hand",
        lambda session, cast, at, by: set_due_date(
            session, kit=OPEN_KIT, on=date(2026, 4, 5), reason="exam", at=at, by=cast.eli
        ),
    ),
    ("renew", lambda session, cast, at, by: renew(session, kit=OPEN_KIT, at=at, by=by)),
    ("return", take_back),
    ("inspect", look),
    ("send", lambda session, cast, at, by: send(session, kit=OPEN_KIT, to_branch="COM", at=at, by=by)),
    ("arrive", lambda session, cast, at, by: arrive(session, kit=OPEN_KIT, branch_id=cast.com, at=at, by=cast.cleo)),
    ("charged", lambda session, cast, at, by: step(CHARGED)(session, cast, at, cast.cleo)),
    ("restocked, and so free", lambda session, cast, at, by: step(RESTOCKED)(session, cast, at, cast.cleo)),
    (
        "send home",
        lambda session, cast, at, by: send(session, kit=OPEN_KIT, to_branch="ELA", at=at, by=cast.cleo),
    ),
    ("come home", lambda session, cast, at, by: arrive(session, kit=OPEN_KIT, branch_id=cast.ela, at=at, by=by)),
    ("lend it once more", lend),
)


def test_every_act_of_a_kits_life_is_read_back_as_it_was(database: Database) -> None:
    cast = assemble(database)
    given: dict[str, tuple[str, Any]] = {}
    for n, (name, do) in enumerate(LIFE):
        at, acts = NOW + timedelta(minutes=n), []

        def work(session: Session, do: Any = do, at: datetime = at, acts: list[str] = acts) -> Any:
            actor = cast.ben
            done = do(session, cast, at, actor)
            acts[:] = [newest_act(session)]
            return done

        given[name] = database.act(work), acts[0]
    with database.read() as session:
        assert {name: outcome(session, act) for name, (_, act) in given.items()} == {
            name: done for name, (done, _) in given.items()
        }


def newest_act(session: Session) -> str:
    from sqlalchemy import select

    from lending.models.journal import JournalEntry

    return session.scalars(select(JournalEntry.act).order_by(JournalEntry.id.desc()).limit(1)).one()


def test_the_log_of_a_station_tells_each_act_as_it_was(sqlite_database: Database) -> None:
    cast = assemble(sqlite_database)
    done = [
        sqlite_database.act(lambda session, do=do, n=n: do(session, cast, NOW + timedelta(minutes=n), cast.ben))
        for n, do in enumerate((lend, take_back, look, step(CHARGED), step(RESTOCKED), lend))
    ]
    with sqlite_database.read() as session:
        log = station_log(session, cast.desk_station, since=NOW)
    assert [logged.outcome for logged in reversed(log)] == done


@pytest.mark.parametrize("act", ["", "nobody's act"])
def test_an_act_that_left_nothing_behind_is_not_made_up(sqlite_database: Database, act: str) -> None:
    with sqlite_database.read() as session, pytest.raises(Refused) as refused:
        outcome(session, act)
    assert refused.value.blocks[0].reason is Reason.KEY_REUSED
