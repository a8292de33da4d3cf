"""``python -m benchmarks``: the figures of speed, as a table and as ``benchmarks/latest.json``.

Ours and hand-made SQL are measured side by side in one run, in turn, because a ratio survives a busy machine and a
millisecond does not. The exit code is 1 when a figure does not reach what it should.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

import click

from benchmarks import county, figures, imports, managers, overdue, patrons, speed, startup, statements, waits
from benchmarks.engines import ENGINES, Engine
from benchmarks.figures import Figure
from lending.clock import SystemClock

Part = Callable[..., Iterator[Figure]]


def parts(quick: bool) -> dict[str, Part]:
    """What can be measured, by its number in the list of figures to reach."""
    return {
        "P1": partial(speed.beside_hand_made, quick=quick),
        "P2": partial(speed.beside_a_long_past, quick=quick),
        "P3": statements.counted,
        "P5": partial(patrons.reserving, quick=quick),
        "P6": partial(overdue.overdue_sweep, quick=quick),
        "P7": partial(managers.pages_beside_a_long_past, quick=quick),
        "P8": partial(imports.imported, quick=quick),
        "P9": startup.started,
        "Availability": partial(county.availability_of_a_county, quick=quick),
        "Re-dating": partial(county.cohort_dated_anew, quick=quick),
        "Waiting": partial(waits.waits_of_the_demonstration, quick=quick),
    }


@click.command()
@click.option("--engine", type=click.Choice([*ENGINES, "both"]), default="both", help="Measure on one engine alone.")
@click.option("--only", multiple=True, type=click.Choice(list(parts(quick=True))), help="Measure these alone.")
@click.option("--quick", is_flag=True, help="Smaller libraries and fewer acts: a look, not a figure.")
@click.option("--page", is_flag=True, help="Also write docs/figures.md.")
def main(engine: str, only: tuple[str, ...], quick: bool, page: bool) -> None:
    """Measure, print the table, keep the figures."""
    # Asked to stop, it still takes its servers, files and databases away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    at = SystemClock().now()
    load = os.getloadavg()[0]
    if load > 1:
        print(f"This machine is busy with something else (load {load:.1f}): expect noise.", file=sys.stderr)
    measured: list[Figure] = []
    for name in ENGINES if engine == "both" else [engine]:
        with ENGINES[name]() as opened:
            for part, measure in parts(quick).items():
                if not only or part in only:
                    measured += _measured(part, measure, opened, at.date())
    figures.show(measured)
    figures.write(measured, at=at, load=load, quick=quick)
    if page:
        figures.write_page()
    raise SystemExit(not all(figure.reached for figure in measured))


def _measured(part: str, measure: Part, engine: Engine, today: date) -> list[Figure]:
    print(f"{part} on {engine.name} ...", file=sys.stderr)
    return list(measure(engine, today=today))


if __name__ == "__main__":
    main()
