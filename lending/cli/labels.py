"""``lending labels``: the labels of kits, as a PDF for the sheet in the printer."""

from __future__ import annotations

from pathlib import Path

import click

from lending.cli.context import library
from lending.cli.saying import BAD_INPUT, FAILED, Said

SHEETS = ("5160", "5167", "single", "single-57x32")
SYMBOLOGIES = ("code128", "codabar", "code39")


@click.command()
@click.argument("kits", nargs=-1, required=True)
@click.option("--sheet", type=click.Choice(SHEETS), default="5160", show_default=True, help="The label stock.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The PDF to write."
)
@click.option("--symbology", type=click.Choice(SYMBOLOGIES), default="code128", show_default=True)
@click.option("--qr/--no-qr", default=True, show_default=True, help="A QR code beside the bars.")
@click.option("--start-at", type=int, default=1, show_default=True, help="The first free label of the first sheet.")
@click.option("--offset-x", type=float, default=0.0, help="Move everything right, in millimetres.")
@click.option("--offset-y", type=float, default=0.0, help="Move everything down, in millimetres.")
def labels(
    kits: tuple[str, ...],
    sheet: str,
    output: Path,
    symbology: str,
    qr: bool,
    start_at: int,
    offset_x: float,
    offset_y: float,
) -> None:
    """Print the labels of KITS (their codes), in this order. Print the PDF at actual size."""
    from lending import labels as printing
    from lending.domain.barcodes import read
    from lending.queries.labels import kit_labels

    with library() as opened, opened.db.read() as session:
        found = kit_labels(session, [read(kit, opened.spaces).text for kit in kits])
        name = opened.own_settings().name
    try:
        pdf = printing.print_labels(
            [printing.Label(kit.code, kit.kit_type, kit.branch, name) for kit in found],
            printing.SHEETS[sheet],
            symbology=printing.Symbology(symbology),
            qr=qr,
            start_at=start_at,
            offset_mm=(offset_x, offset_y),
        )
    except printing.LabelError as error:
        raise Said(str(error), BAD_INPUT) from None
    try:
        output.write_bytes(pdf)
    except OSError as error:
        raise Said(f"{output} cannot be written: {error.strerror}.", FAILED) from None
    click.echo(f"{len(found)} {'label' if len(found) == 1 else 'labels'} in {output}. Print at actual size.", err=True)
