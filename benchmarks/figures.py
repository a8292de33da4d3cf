"""Figures: what was measured, what it should reach, and how it is shown: a table, a file, a page of the documents."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

LATEST = Path(__file__).with_name("latest.json")
PAGE = Path(__file__).parents[1] / "docs" / "figures.md"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. ``reach`` is the most it may be, or with ``at_least`` the least; ``None``: shown alone.

    ``beside`` holds what it was worked out from, in words and numbers.
    """

    id: str
    engine: str
    what: str
    value: float
    unit: str
    reach: float | None = None
    at_least: bool = False
    beside: dict[str, float] = field(default_factory=dict)

    @property
    def reached(self) -> bool:
        """Whether it is as good as it should be."""
        if self.reach is None:
            return True
        return self.value >= self.reach if self.at_least else self.value <= self.reach


@dataclass(frozen=True, slots=True)
class Times:
    """How long the same act took many times, in milliseconds."""

    median: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        """From measured seconds."""
        ordered = sorted(seconds)
        return cls(median(ordered) * 1000, ordered[int(len(ordered) * 0.95)] * 1000)


def machine() -> str:
    """What kind of machine this is, and nothing that would tell which."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def show(figures: Sequence[Figure], title: str = "Figures of speed") -> None:
    """Print the table."""
    table = Table("", "engine", "what", "measured", "reach", "beside it", title=f"{title} ({machine()})")
    for figure in figures:
        colour = "red" if not figure.reached else "green" if figure.reach is not None else ""
        measured = f"[{colour}]{_number(figure)}[/]" if colour else _number(figure)
        table.add_row(figure.id, figure.engine, figure.what, measured, _reach(figure), _beside(figure))
    Console(width=None if os.isatty(1) else 180).print(table)


def write(figures: Sequence[Figure], *, at: datetime, load: float, quick: bool) -> None:
    """Keep them as ``benchmarks/latest.json``. ``load`` is what the machine was busy with before they were measured."""
    kept = {"at": at.isoformat(timespec="seconds"), "machine": machine(), "load": round(load, 1), "quick": quick}
    rows = [{**asdict(figure), "reached": figure.reached} for figure in figures]
    LATEST.write_text(json.dumps({**kept, "figures": rows}, indent=2) + "\n", encoding="utf-8")


def write_page() -> None:
    """Write ``docs/figures.md`` from ``benchmarks/latest.json``."""
    kept = json.loads(LATEST.read_text(encoding="utf-8"))
    lines = [
        "# Figures of speed",
        "",
        "Written by `python -m benchmarks --page` from what it measured. Ours and the hand-made view are measured in",
        "turn in one run, so a ratio says more than a millisecond; what each figure means stands in `benchmarks/`.",
        "",
        f"Measured on {kept['at'][:10]} on a machine with {kept['machine']}.",
        f"Its load from other work was {kept['load']}; above 1, seconds and milliseconds mean little.",
        "",
        "| | Engine | What | Measured | Reach | Beside it |",
        "|---|---|---|---|---|---|",
    ]
    for row in kept["figures"]:
        reached = row.pop("reached")
        figure = Figure(**row)
        measured = _number(figure) if reached else f"**{_number(figure)}**"
        cells = (figure.id, figure.engine, figure.what, measured, _reach(figure), _beside(figure))
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "A figure in bold did not reach what it should."]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _number(figure: Figure) -> str:
    return f"{_short(figure.value)} {figure.unit}".strip()


def _reach(figure: Figure) -> str:
    if figure.reach is None:
        return ""
    return f"{'≥' if figure.at_least else '≤'} {_short(figure.reach)} {figure.unit}".strip()


def _beside(figure: Figure) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in figure.beside.items())


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
