"""``lending db``: tables brought up to date, looked at, copied and put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lending import paths
from lending.cli.context import library
from lending.cli.saying import FAILED, NO_DATABASE, NO_TABLES, Said

if TYPE_CHECKING:
    from lending.library import Library

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def db() -> None:
    """Upgrade, check, back up and restore the database."""


@db.command()
def upgrade() -> None:
    """Bring the tables to this version. Of several that start at once, one does it and the others wait."""
    with library() as opened:
        set_up(opened)
        click.echo(f"Up to date: {opened.db.check().engine}.")


def set_up(opened: Library) -> None:
    """Bring the tables to this version, and make what no library does without: the policy for everything."""
    from lending.circulation.policies import ensure_general_policy

    opened.db.upgrade()
    at = opened.clock.now()
    opened.db.act(lambda session: ensure_general_policy(session, at=at))


def ensure_up_to_date(opened: Library) -> None:
    """Refuse to serve tables that wait for a migration; those of a newer version are its own to judge."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    with suppress(DBAPIError), opened.db.look() as connection:  # where there is no table, Alembic says what waits
        if set(connection.scalars(text("SELECT version_num FROM alembic_version"))) == {paths.newest_migration()}:
            return
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(paths.MIGRATIONS))
    with opened.db.look() as connection:
        applied = set(MigrationContext.configure(connection).get_current_heads())
    older = applied <= {script.revision for script in scripts.walk_revisions()}
    if older and applied != set(scripts.get_heads()):
        raise Said(NO_TABLES, NO_DATABASE)


@db.command()
def check() -> None:
    """Look at the database: version, migrations that wait, damage. Ends with 1 when something is wrong."""
    with library() as opened:
        health = opened.db.check()
    click.echo(health.engine)
    for problem in health.problems:
        click.echo(problem)
    if health.pending:
        click.echo(f"Migrations that wait: {', '.join(health.pending)}. Run: lending db upgrade")
    if health.problems or health.pending:
        raise SystemExit(FAILED)
    click.echo("Nothing waits and nothing is broken.")


@db.command()
@click.argument("file", type=_FILE)
def backup(file: Path) -> None:
    """Copy the database to FILE while the desks work, and prove that the copy can be read."""
    with library() as opened, _told():
        opened.db.backup(file)
    click.echo(f"Copied to {file}.")


@db.command()
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Do not ask first, for scripts.")
def restore(file: Path, yes: bool) -> None:
    """Put the copy in FILE in the place of everything there is, then bring its tables to this version.

    It asks first where somebody works already. All or nothing: a copy that is not whole changes nothing.
    """
    from lending.cli.demo import has_staff

    with library() as opened, _told():
        if not yes and file.is_file() and has_staff(opened):
            place = opened.db.write_engine.url.render_as_string(hide_password=True)
            click.echo(f"{place} holds a library. All that was done in it since the copy was made will be gone.")
            click.confirm("Put the copy in its place?", abort=True)
        opened.db.restore(file)
        opened.db.upgrade()
    click.echo(f"Restored from {file}.")


@contextmanager
def _told() -> Iterator[None]:
    """Copying says in a sentence what went wrong, such as a full disk."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        raise Said(str(error)) from None
