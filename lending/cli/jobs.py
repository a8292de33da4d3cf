"""``lending jobs``: one sweep by hand, as if it were another instant."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from lending.cli.context import library
from lending.jobs.sweeps import SWEEPS


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
        if instant.tzinfo is None:
            self.fail(f"{value!r} says no offset; write it with one, such as {value}-07:00", param, ctx)
        return instant.astimezone(UTC)


@click.group()
def jobs() -> None:
    """Run a scheduled sweep by hand."""


@jobs.command()
@click.argument("name", type=click.Choice(sorted(SWEEPS)))
@click.option("--at", type=Instant(), help="The instant it is to be; now, without it.")
def run(name: str, at: datetime | None) -> None:
    """Run the sweep NAME once."""
    with library() as opened:
        done = SWEEPS[name](opened, at or opened.clock.now())
    click.echo(f"{name}: {done} done.")
