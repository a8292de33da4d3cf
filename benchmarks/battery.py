"""``python -m benchmarks.battery``: the long forms of the tests of races and faults, as a table and as a file.

Each is a figure that should be 0 (faults) or stay below its reach; the tests run the same in small. The exit code is 1
when one does not hold.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks import clocks, draining, figures, inwards, last_kits, nights, rude
from benchmarks.engines import ENGINES, Engine
from benchmarks.figures import Figure
from lending.clock import SystemClock
from lending.db import Database
from tests.journeys.turns import EVERY_LOOK
from tests.machine.test_machine import LONG_FORM, STEPS
from tests.year.county import County
from tests.year.tally import told
from tests.year.year import FULL, Year

EXAMPLES = 5_000
MACHINES = 2
"""Processes that share the examples of the machine; each has a seed of its own."""
LATEST = Path(__file__).with_name("battery.json")
ROOT = Path(__file__).parents[1]


def year(engine: Engine, *, today: date) -> Iterator[Figure]:
    """A whole Work Ready year: laws broken in any night, and counts that are not what was fed in."""
    database = Database.from_url(engine.migrated())
    with tempfile.TemporaryDirectory(prefix="lending-year-") as folder:
        county = County.open(database, Path(folder), first_day=today, kits=FULL.kits)
        played = Year(county, FULL, today)
        nights = {day: broken for day in played.play() if (broken := county.broken())}
        for day, broken in list(nights.items())[:5]:
            print(f"In the night after {day}: {broken}")
        fed, kept = played.tally, told(database)
        off = {
            (name, key): n
            for name in ("circulation", "enrolled", "left", "attended", "lost")
            for key, n in _differences(getattr(fed, name), getattr(kept, name)).items()
        }
        for what, n in list(off.items())[:20]:
            print(f"{what}: fed in {n} more than was kept")
        differences = sum(abs(n) for n in off.values())
    database.close()
    beside = {"days": float(played.days), "requests": float(county.requests)}
    yield Figure("Year", engine.name, "nights in which a law was broken", len(nights), "nights", reach=0, beside=beside)
    circulated = {"circulated": float(sum(fed.circulation.values())), "enrolled": float(sum(fed.enrolled.values()))}
    yield Figure("Year", engine.name, "counts beside what was fed in", differences, "off", reach=0, beside=circulated)


def _differences(fed: Any, kept: Any) -> dict[Any, int]:
    return {key: fed[key] - kept[key] for key in fed.keys() | kept.keys() if fed[key] != kept[key]}


def machine(engine: Engine, *, today: date) -> Iterator[Figure]:
    """R6: any acts in any order beside a plain model, at full length and with other examples at every run."""
    arguments = ("-q", "-p", "no:cacheprovider", "tests/machine", "-k", f"on_{engine.name}")
    asked = {**os.environ, LONG_FORM: str(EXAMPLES // MACHINES)}
    playing = [
        subprocess.Popen([sys.executable, "-m", "pytest", *arguments], env=asked, cwd=ROOT) for _ in range(MACHINES)
    ]
    falsified = sum(one.wait() != 0 for one in playing)
    what = f"{EXAMPLES:,} examples of {STEPS} steps beside a plain model"
    yield Figure("R6", engine.name, what, falsified, "falsified", reach=0)


def looks(engine: Engine, *, today: date) -> Iterator[Figure]:
    """Every page in every state, language and width, where the checks look at each in one language by turns."""
    tests = [f"tests/journeys/test_{name}.py" for name in ("accessibility", "pseudo_locale")]
    looking = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(looking, env={**os.environ, EVERY_LOOK: "1"}, cwd=ROOT, check=False)
    what = "every page in every language and at every width"
    yield Figure("Looks", engine.name, what, int(done.returncode != 0), "runs with a fault", reach=0)


PARTS: dict[str, Callable[..., Iterator[Figure]]] = {
    "R1": last_kits.last_kits_of_a_cohort,
    "R6": machine,
    "R12": nights.killed,
    "R13": rude.rude_servers,
    "R13 outage": rude.outage,
    "R13 desk": draining.draining,
    "R14": clocks.clocks,
    "R15": nights.returns,
    "S9": inwards.inwards,
    "Rush": last_kits.rush_of_the_pilot,
    "Year": year,
    "Looks": looks,
}


@click.command()
@click.option("--engine", type=click.Choice([*ENGINES, "both"]), default="both", help="Try on one engine alone.")
@click.option("--only", multiple=True, type=click.Choice(list(PARTS)), help="Try these alone.")
def main(engine: str, only: tuple[str, ...]) -> None:
    """Try, print the table, keep the figures."""
    # Asked to stop, it still takes its servers, files and databases away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    at = SystemClock().now()
    found: list[tuple[str, Figure]] = []
    for name in ENGINES if engine == "both" else [engine]:
        with ENGINES[name]() as opened:
            for part, run in PARTS.items():
                if not only or part in only:
                    print(f"{part} on {name} ...", file=sys.stderr)
                    found += [(part, figure) for figure in run(opened, today=at.date())]
    figures.show([figure for _, figure in found], "The battery")
    keep(found, at)
    raise SystemExit(not all(figure.reached for _, figure in found))


def keep(found: Sequence[tuple[str, Figure]], at: datetime) -> None:
    """Write the figures to ``benchmarks/battery.json``; those of parts that were not tried now stay as they were."""
    rows = [
        {"part": part, "at": at.isoformat(timespec="seconds"), **asdict(figure), "reached": figure.reached}
        for part, figure in found
    ]
    tried = {(row["part"], row["engine"]) for row in rows}
    before = json.loads(LATEST.read_text(encoding="utf-8"))["figures"] if LATEST.exists() else []
    rows = [row for row in before if (row.get("part"), row["engine"]) not in tried] + rows
    kept = {"machine": figures.machine(), "figures": rows}
    LATEST.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
