"""P9: how long a web worker takes to start, and how much memory it has after a day's kinds of work."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from benchmarks.engines import Engine
from benchmarks.figures import Figure
from benchmarks.rows import kit
from benchmarks.serving import OURS, Desk, HttpLine, Server, serving
from benchmarks.speed import library

STARTS = 5
SECONDS, MEGABYTES = 1.5, 120.0


def started(engine: Engine, *, today: date) -> Iterator[Figure]:
    """P9: from nothing to the first answer, the quickest of a few starts; memory after the journeys."""
    url = library(engine, today=today)
    ready = []
    for _ in range(STARTS - 1):
        with serving(OURS, url) as server:
            ready.append(server.ready_seconds)
    with serving(OURS, url) as server:
        ready.append(server.ready_seconds)
        _journeys(Desk(HttpLine(server.port)))
        resident, shared_out = _memory(server)
    # Noise of the machine only ever adds: the quickest start is nearest to what starting takes.
    yield Figure(
        "P9",
        engine.name,
        "start of the web door to its first answer",
        min(ready),
        "s",
        reach=SECONDS,
        beside={"slowest": max(ready), **(_slowest_imports() if min(ready) > SECONDS else {})},
    )
    yield Figure(
        "P9",
        engine.name,
        "memory of a web worker after the journeys",
        resident,
        "MB",
        reach=MEGABYTES,
        beside={"shared pages counted by share (PSS)": shared_out},
    )


def _journeys(desk: Desk) -> None:
    """Check-out, return, inspection, the kit's page, search: what imports everything that a desk uses."""
    for n in range(1, 31):
        desk.check_out(n)
        desk.take_back(n)
        desk.get("/desk")
        desk.get("/returns")
        page = desk.get(f"/inspection/{kit(n)}").decode()
        key = re.search(r'name="key"[^>]*value="([^"]+)"', page)
        assert key is not None, "the inspection form carries no key"
        desk.post(f"/inspection/{kit(n)}", key=key[1], all_here="1", **{f"step-{name}": "1" for name in STEPS})
        desk.get("/inspection")
        desk.get(f"/kits/{kit(n)}")
        desk.get("/search?q=ada+morales")


STEPS = ("wiped", "charged", "restocked")


def _memory(server: Server) -> tuple[float, float]:
    """Resident and proportional memory of the worker, in MB."""
    told = server.worker().memory_full_info()
    return told.rss / 1e6, told.pss / 1e6


def _slowest_imports() -> dict[str, float]:
    """The modules that take longest to import, in milliseconds with what they import themselves."""
    command = [sys.executable, "-X", "importtime", "-c", "import lending.app"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]).stderr
    lines = re.findall(r"import time:\s+\d+ \|\s+(\d+) \| ( *)(\S+)", told)
    outer = [(int(micro) / 1000, name) for micro, indent, name in lines if len(indent) <= 4]
    return {f"{name} ms": took for took, name in sorted(outer, reverse=True)[:5]}
