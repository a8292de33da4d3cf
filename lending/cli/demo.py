"""``lending demo``: a made-up county library to look at and to try things on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lending.cli.context import library
from lending.cli.saying import FAILED, Said

if TYPE_CHECKING:
    from lending.cli.demonstration import Summary
    from lending.library import Library

SEED = 7
SIZES = ("small", "county")


@click.command()
@click.option("--seed", type=int, default=SEED, show_default=True, help="The same seed makes the same library.")
@click.option("--size", type=click.Choice(SIZES), default="small", show_default=True)
@click.option("--remove", is_flag=True, help="Take the demonstration away again; it asks twice.")
def demo(seed: int, size: str, remove: bool) -> None:
    """Make the demonstration in an empty library, or take it away."""
    from lending.settings import Profile

    with library() as opened:
        if remove:
            _remove(opened)
            return
        if opened.settings.profile is Profile.PRODUCTION:
            raise Said("The production profile makes nothing up. Set LENDING_PROFILE=demonstration.", FAILED)
        if has_staff(opened):
            raise Said("Somebody works here already; the demonstration is made in an empty library alone.", FAILED)
        summary = make(opened, seed=seed, size=size)
    for line in [*sign_in_lines(), *hint_lines(summary)]:
        click.echo(line)


def _remove(opened: Library) -> None:
    """Take the demonstration away: everything there is, where all of it is the demonstration's."""
    from lending.circulation.demonstration import check_removal, remove_demonstration
    from lending.cli.context import operator
    from lending.paths import set_heads_aside

    with opened.db.read() as session:
        check_removal(session)
    click.confirm("Everything in this library is made up. Take all of it away?", abort=True)
    click.confirm("Nobody can bring it back. Are you sure?", abort=True)
    opened.db.act(lambda session: remove_demonstration(session, by=operator()))
    set_heads_aside(opened.settings.instance)
    click.echo("The library is empty. Start it, and its first page sets it up.")


def hint_lines(summary: Summary) -> list[str]:
    """Lines that say what to scan to try each screen."""
    return [f"{code}  {hint}" for hint, code in summary.hints]


def make(opened: Library, *, seed: int = SEED, size: str = "small") -> Summary:
    """Make the demonstration, whole or not at all where the database is a file that is not there yet."""
    from lending.db import Database

    url = opened.db.write_engine.url
    file = Path(url.database or "")
    if not opened.db.is_sqlite or file.exists():
        opened.db.upgrade()
        return _make(opened, seed, size)
    # Made beside its place and moved there when whole, so that a start that was interrupted leaves nothing half done.
    making = file.with_name(f"{file.name}.making")
    for stale in file.parent.glob(f"{making.name}*"):
        stale.unlink()
    beside = Database.from_url(url.set(database=str(making)))
    try:
        beside.upgrade()
        summary = _make(replace(opened, db=beside), seed, size)
    finally:
        beside.close()
    making.rename(file)
    return summary


def sign_in_lines() -> list[str]:
    """Who may sign in to the demonstration, a line each."""
    from lending.cli.demonstration import PASSWORD, PIN, SIGN_INS

    width = max(len(username) for username, _ in SIGN_INS)
    staff = [f"{username:{width}}  {PASSWORD}  {who}" for username, who in SIGN_INS]
    return [*staff, f"{'any card':{width}}  {PIN:{len(PASSWORD)}}  patron, by card number and PIN"]


def has_staff(opened: Library) -> bool:
    """Whether anybody works in this library yet; no where there are no tables."""
    from sqlalchemy import select
    from sqlalchemy.exc import DBAPIError

    from lending.models.people import Staff

    if opened.db.is_sqlite and not Path(opened.db.write_engine.url.database or "").exists():
        return False
    try:
        with opened.db.read() as session:
            return session.scalar(select(Staff.id).limit(1)) is not None
    except DBAPIError:
        return False  # an unreachable database is told by the upgrade that follows


def _make(opened: Library, seed: int, size: str) -> Summary:
    from lending.cli.demonstration import make_demonstration

    with _progress() as progress:
        return make_demonstration(opened, seed=seed, size=size, progress=progress)


@contextmanager
def _progress() -> Iterator[Callable[[float, str], None]]:
    """A bar on standard error: how far it is, from 0 to 1, and what is being made."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Making the demonstration", total=1.0)
        yield lambda done, what: bar.update(task, completed=done, description=what)
