"""``lending jobs``: the library at its own work, or one sweep by hand, as if it were another instant."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from lending.cli.context import library
from lending.cli.database import ensure_up_to_date
from lending.jobs.sweeps import SWEEPS

if TYPE_CHECKING:
    from lending.library import Library


class Instant(click.ParamType[datetime]):
    """An ISO instant with its offset, such as 2026-05-25T18:00:00-07:00."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not an ISO instant such as 2026-05-25T18:00:00-07:00", param, ctx)
        if not 2000 <= instant.year < 2200:
            self.fail(f"{value!r} is not an instant of this library's time", param, ctx)
        if instant.tzinfo is None:
            self.fail(f"{value!r} says no offset; write it with one, such as {value}-07:00", param, ctx)
        return instant.astimezone(UTC)


@click.group(invoke_without_command=True)
@click.pass_context
def jobs(context: click.Context) -> None:
    """Run every job at its time until asked to stop, or one now.

    Start it on as many machines as you like: one runs the jobs, the others stand by and take over when it is gone.
    """
    if context.invoked_subcommand is None:
        with library() as opened:
            ensure_up_to_date(opened)
            serve(opened)


def serve(opened: Library) -> None:
    """Run the jobs until SIGTERM or Ctrl+C; what is under way ends first."""
    from lending import logs
    from lending.jobs.process import Jobs

    logs.configure(opened.settings.log_level)
    process = Jobs(opened)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: process.stop())
    process.run()


@jobs.command()
@click.argument("name", type=click.Choice(sorted(SWEEPS)))
@click.option("--at", type=Instant(), help="The instant it is to be; now, without it.")
def run(name: str, at: datetime | None) -> None:
    """Run the sweep NAME once."""
    with library() as opened:
        done = SWEEPS[name](opened, at or opened.clock.now())
    click.echo(f"{name}: {done} done.")
