"""``lending journal`` and ``lending invariants``: whether the data is what it should be."""

from __future__ import annotations

import click

from lending.cli.context import library
from lending.cli.saying import BAD_INPUT, FAILED, Said

_BREAKS = {
    "changed": "is not what was sealed: it was changed",
    "deleted": "was sealed and is gone",
    "unsealed": "stands among sealed rows without a seal: it was put in later, or its seal was taken away",
    "seal_deleted": "follows on a seal that is gone",
    "cut_off": "is not where the head that was kept says: the journal was cut off or replaced from there on",
}


@click.group()
def journal() -> None:
    """Seal the journal into its chain, and verify the chain."""


@journal.command()
def seal() -> None:
    """Seal the rows not yet sealed, and print the head (NUMBER:DIGEST). Keep it outside the database."""
    from lending.circulation import seals

    with library() as opened:
        at = opened.clock.now()
        sealed = seals.BATCH
        while sealed == seals.BATCH:
            sealed, head = opened.db.act(lambda session: seals.seal(session, at=at))
    click.echo(str(head))


@journal.command()
@click.option("--head", "kept", metavar="NUMBER:DIGEST", help="A head that sealing printed earlier.")
def verify(kept: str | None) -> None:
    """Walk the chain. Ends with 1 at the first broken row and names it."""
    from lending.circulation import seals

    try:
        head = None if kept is None else seals.Head.parse(kept)
    except ValueError as error:
        raise Said(f"That is not a head: {error}.", BAD_INPUT) from None
    with library() as opened, opened.db.snapshot() as session:
        found = seals.verify(session, head=head)
    if found.broken is None:
        click.echo(f"{found.head.number} rows verified, {found.waiting} not sealed yet.")
        click.echo(str(found.head))
        return
    what = f"seal {found.broken.number}" if found.broken.entry_id is None else f"journal row {found.broken.entry_id}"
    click.echo(f"{what} {_BREAKS[found.broken.kind.value]} (at {found.broken.number} of the chain).")
    raise SystemExit(FAILED)


@click.command()
def invariants() -> None:
    """Check every law of the data. Ends with 1 and prints the rows when one is broken."""
    from lending.queries.invariants import INVARIANTS

    broken = 0
    with library() as opened, opened.db.snapshot() as session:
        for invariant in INVARIANTS:
            rows = invariant.find(session)
            if rows:
                broken += 1
                click.echo(f"BROKEN  {invariant.name}: {invariant.law}")
                for row in rows:
                    click.echo("        " + ", ".join(f"{name}={value}" for name, value in row.items()))
    click.echo(f"{len(INVARIANTS) - broken} of {len(INVARIANTS)} invariants hold.")
    if broken:
        raise SystemExit(FAILED)
