"""P3: how many statements a check-out and a return send over HTTP, with an empty past and with a long one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from benchmarks.engines import Engine
from benchmarks.figures import Figure
from benchmarks.inside import InsideLine, application, counting
from benchmarks.serving import Desk
from benchmarks.speed import library

MANY = 20_000
REACH = {"check-out": 16, "return": 15}


def counted(engine: Engine, *, today: date) -> Iterator[Figure]:
    """P3: sign-in, key, journal and roll-ups included, BEGIN and COMMIT not."""
    empty, full = (_count(library(engine, today=today, past_loans=loans)) for loans in (0, MANY))
    for act, reach in REACH.items():
        yield Figure(
            "P3",
            engine.name,
            f"statements of a {act}",
            max(empty[act], full[act]),
            "",
            reach=reach,
            beside={"with no past loans": empty[act], f"with {MANY:,}": full[act]},
        )


def _count(url: str) -> dict[str, int]:
    with application(url) as (app, _):
        desk = Desk(InsideLine(app))
        desk.check_out(1)
        desk.take_back(1)
        with counting() as out:
            desk.check_out(2)
        with counting() as back:
            desk.take_back(2)
    return {"check-out": len(out), "return": len(back)}
