"""``lending ledger``: the inventory of ECF equipment, without names, and a new key where the old one is lost.

Names are read on the page by two administrators together; the command line is no person, and reads none.
"""

from __future__ import annotations

import csv
from pathlib import Path

import click

from lending.cli.context import library
from lending.cli.saying import FAILED, Said

DEVICES = (
    *("part_type", "make", "model", "serial", "tag", "kit", "branch", "fund", "purchase_reference", "delivered_on"),
    *("state", "loans", "last_out_on", "keeper"),
)
SERVICES = (
    *("carrier", "plan", "download_mbps", "upload_mbps", "data_cap_gb", "fund", "state", "serial", "kit", "branch"),
)


@click.group()
def ledger() -> None:
    """Equipment that federal ECF money paid for."""


@ledger.command()
@click.option("-o", "--output", "file", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--services", is_flag=True, help="The lines instead of the devices.")
def inventory(file: Path, services: bool) -> None:
    """Write the inventory as CSV. It names no borrower."""
    from lending.domain.spreadsheets import harmless
    from lending.queries import ledger as queries

    with library() as opened, opened.db.read() as session:
        found = queries.services(session) if services else queries.assets(session)
    columns = SERVICES if services else DEVICES
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        for one in found:
            values = (getattr(one, name) for name in columns)
            writer.writerow([harmless("" if value is None else str(value)) for value in values])
    click.echo(f"{len(found)} rows in {file}.")


@ledger.command("new-key")
def new_key() -> None:
    """Make a new key where the old one is lost. Names sealed with the old one are never read again."""
    from lending.ledger_key import make_key

    with library() as opened:
        path = opened.settings.ledger_key_file
        if path.exists():
            raise Said(f"There is a key in {path}. Move it away first, if it is the wrong one.", FAILED)
        make_key(path)
    click.echo(f"A new key is in {path}. Keep a copy of it, apart from the copies of the database.")
