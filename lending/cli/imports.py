"""``lending import``: branches, kit types, kits and patrons from a file, all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lending.cli.context import library, operator
from lending.cli.saying import BAD_INPUT, Said

if TYPE_CHECKING:
    from lending.circulation.imports.report import Problem, Report
    from lending.circulation.imports.sheets import Sheet
    from lending.library import Library

KINDS = ("branches", "kit-types", "kits", "patrons")
MOST_PROBLEMS = 200
"""Problems told one by one; nobody mends more before trying again."""


class _Checked(Exception):
    """Everything was looked at and nothing is to be kept."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


@click.command(name="import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--check", is_flag=True, help="Look at everything and change nothing.")
def import_(kind: str, file: Path, check: bool) -> None:
    """Import KIND from FILE: all rows, or none where any is wrong.

    FILE is CSV in UTF-8, or XLSX. The columns of each kind stand in docs/imports.md.
    """
    from lending.circulation.imports.report import BadFile
    from lending.circulation.imports.sheets import LARGEST_BYTES, read_sheet

    try:
        with file.open("rb") as opened_file:
            data = opened_file.read(LARGEST_BYTES + 1)
        sheet = read_sheet(data)
        digest = hashlib.sha256(data).hexdigest()
        with library() as opened, _bar() as progress:
            report = _run(opened, kind, sheet, digest, check, progress)
    except BadFile as bad:
        raise Said(sentence(bad.problem), BAD_INPUT) from None
    except OSError as error:
        raise Said(f"{file} cannot be read: {error.strerror}.", BAD_INPUT) from None
    tell(report, check)


def _run(
    opened: Library, kind: str, sheet: Sheet, digest: str, check: bool, progress: Callable[[int, int], None]
) -> Report:
    from lending.circulation.imports import patrons, things

    at, by = opened.clock.now(), operator()
    if kind == "patrons":
        with opened.db.read() as session:
            plan = patrons.plan_patrons(session, sheet, spaces=opened.spaces, at=at, progress=progress)
        if check or plan.problems:
            return plan.report
        return opened.db.act(lambda session: patrons.write_patrons(session, plan, file=digest, at=at, by=by))
    work: dict[str, Callable[..., Report]] = {
        "branches": lambda session, **given: things.import_branches(session, sheet, zone=opened.settings.zone, **given),
        "kit-types": lambda session, **given: things.import_kit_types(session, sheet, **given),
        "kits": lambda session, **given: things.import_kits(session, sheet, spaces=opened.spaces, **given),
    }

    def do(session: object) -> Report:
        report = work[kind](session, file=digest, at=at, by=by, progress=progress)
        if check or report.problems:
            raise _Checked(report)
        return report

    try:
        return opened.db.act(do)
    except _Checked as checked:
        return checked.report


def tell(report: Report, check: bool) -> None:
    """Print the report; ends with an exit code when something is wrong."""
    for problem in report.problems[:MOST_PROBLEMS]:
        where = f"row {problem.row}" + (f", {problem.column}" if problem.column else "")
        click.echo(f"{where}: {sentence(problem)}")
    if len(report.problems) > MOST_PROBLEMS:
        click.echo(f"... and {len(report.problems) - MOST_PROBLEMS} more.")
    if report.problems:
        wrong = len({problem.row for problem in report.problems})
        raise Said(f"{wrong} of {report.rows} rows are wrong. Nothing was changed.", BAD_INPUT)
    counts = f"{report.rows} rows: {report.added} new, {report.changed} changed, {report.unchanged} unchanged."
    click.echo(f"{counts} Nothing was changed, as asked." if check else counts)


def sentence(problem: Problem) -> str:
    """A problem in words."""
    from lending.import_words import say_problem

    return say_problem(problem, str)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, where there is a terminal."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Checking rows")
        yield lambda done, total: bar.update(task, completed=done, total=total)
