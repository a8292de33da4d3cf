"""``lending lines``: what the carriers are to be asked, as a file."""

from __future__ import annotations

from pathlib import Path

import click

from lending.cli.context import library
from lending.cli.saying import FAILED, Said


@click.group()
def lines() -> None:
    """Work with the mobile lines of kits."""


@lines.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--carrier", help="Of one carrier alone, by its name.")
def export(file: Path, carrier: str | None) -> None:
    """Write into FILE (CSV) which lines are to be suspended and restored; it names no patron."""
    from lending.queries.lines import carrier_file, lines_asked

    with library() as opened, opened.db.read() as session:
        found = lines_asked(session, branch_ids=None, carrier=carrier)
    try:
        file.write_text(carrier_file(found), encoding="utf-8", newline="")
    except OSError as error:
        raise Said(f"{file} cannot be written: {error.strerror}.", FAILED) from None
    click.echo(f"{len(found)} {'line' if len(found) == 1 else 'lines'} in {file}.", err=True)
