"""``lending counts``: the managers' roll-ups, compared with the journal or made anew from it."""

from __future__ import annotations

import click

from lending.cli.context import library
from lending.cli.saying import FAILED


@click.group()
def counts() -> None:
    """The counts that managers read."""


@counts.command()
@click.option("--check", is_flag=True, help="Compare only, change nothing. Ends with 1 and prints what differs.")
def rebuild(check: bool) -> None:
    """Make the counts anew from the journal, all at once; acts wait meanwhile."""
    from lending.circulation import recounting
    from lending.domain.actors import Actor, Door
    from lending.domain.permissions import Role
    from lending.models.base import new_public_id

    with library() as opened:
        if not check:
            by = Actor(role=Role.SYSTEM, door=Door.CLI, act=new_public_id())
            wrong = opened.db.act(lambda session: recounting.rebuild(session, by=by))
            click.echo(f"Counted anew. {wrong} differed.")
            return
        with opened.db.snapshot() as session:
            found = recounting.differences(session)
    for row in found:
        click.echo(", ".join(f"{name}={value}" for name, value in row.items()))
    click.echo("The counts are those of the journal." if not found else f"{len(found)} differ.")
    if found:
        raise SystemExit(FAILED)
