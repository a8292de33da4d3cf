"""The demonstration's kits: each with its label, its parts with serials and IMEIs, a line, prices and a fund."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum import luhn

from lending.circulation.kits import add_kit
from lending.circulation.lines import GivenLine, add_line
from lending.circulation.parts import GivenPart
from lending.cli.demonstration.ground import open_kit_places
from lending.cli.demonstration.town import LAPTOP_HOTSPOT, WORK_READY, Place, Town, acting, open_at, shares
from lending.domain.barcodes import read
from lending.models.kits import Kit, KitTypePart, Part

FIRST_WORK_READY, FIRST_OPEN = 1001, 5001
"""Where the numbers of each kind of kit begin."""

KITS_AT_ONCE = 100

_FUND = "Emergency Connectivity Fund"
_TO_KEEP = ("Headphones", "Workbook", "Planner and notebook")


@dataclass(frozen=True, slots=True)
class NewKit:
    """A kit that was delivered to a branch."""

    number: int
    kit_type: str
    place: Place


def deliveries(town: Town, work_ready: int, open_kits: int) -> Iterator[list[NewKit]]:
    """All kits of the town, in boxes that are unpacked together."""
    places = list(town.places.values())
    kits = iter(
        [
            *_numbered(FIRST_WORK_READY, WORK_READY, places, work_ready),
            *_numbered(FIRST_OPEN, LAPTOP_HOTSPOT, open_kit_places(town), open_kits),
        ]
    )
    while box := list(islice(kits, KITS_AT_ONCE)):
        yield box


def unpack(session: Session, town: Town, kits: list[NewKit]) -> None:
    """Put kits into their branches' stocks, whole and with a working line."""
    for kit in kits:
        at = open_at(kit.place, town.begins_on, 0.5)
        code = town.kit_code(kit.number)
        add_kit(
            session,
            code=code,
            kit_type=kit.kit_type,
            branch_id=kit.place.id,
            parts=_parts(town, kit),
            place=f"Shelf {1 + kit.number % 8}",
            at=at,
            by=acting(town.admin),
        )
        hotspot = session.scalars(
            select(Part.id)
            .join(KitTypePart, KitTypePart.id == Part.kind_id)
            .join(Kit, Kit.id == Part.kit_id)
            .where(Kit.barcode == code.text, KitTypePart.name == "Hotspot")
        ).one()
        add_line(
            session,
            line=_line(kit.number),
            kit=code.text,
            part_id=hotspot,
            on=town.begins_on,
            at=at,
            by=acting(town.admin),
        )


def _numbered(first: int, kit_type: str, places: list[Place], total: int) -> list[NewKit]:
    counts = shares(total, (place.weight for place in places))
    owners = [place for place, count in zip(places, counts, strict=True) for _ in range(count)]
    return [NewKit(first + n, kit_type, place) for n, place in enumerate(owners)]


def _parts(town: Town, kit: NewKit) -> list[GivenPart]:
    number = kit.number
    order = f"PO-{town.begins_on.year}-{1100 + number // 100}"
    delivered_on = town.begins_on - timedelta(days=1)
    imei = f"35999900{number:06d}"
    parts = [
        GivenPart(
            "Chromebook",
            tag=read(f"PT-{number}1", town.spaces),
            manufacturer="Arroyo",
            model="Chromebook 311" if number % 3 else "Chromebook Spin 514",
            serial=f"ARy{number * 7919 % 1_000_000:06d}K",
            price_cents=30_000,
            fund=_FUND,
            purchase_reference=order,
            delivered_on=delivered_on,
        ),
        GivenPart(
            "Hotspot",
            tag=read(f"PT-{number}2", town.spaces),
            manufacturer="Meridian",
            model="MiFi 8000",
            serial=f"MD8{number * 6007 % 1_000_000:06d}",
            imei=imei + str(luhn.calc_check_digit(imei)),
            network_name=f"WorkReady-{number}",
            network_password=f"poppy-{number * 31 % 9000 + 1000}-canyon",
            price_cents=9_000,
            fund=_FUND,
            purchase_reference=order,
            delivered_on=delivered_on,
        ),
        GivenPart("Laptop charger", manufacturer="Arroyo", model="45 W"),
        GivenPart("Hotspot charger", manufacturer="Meridian", model="USB-C"),
        GivenPart("Carrying case", manufacturer="Tule", model="14 inch"),
    ]
    if kit.kit_type == WORK_READY:
        parts += [GivenPart(name) for name in _TO_KEEP]
    return parts


def _line(number: int) -> GivenLine:
    iccid = f"890199900000{number:06d}"
    return GivenLine(
        number=f"+1323555{number:04d}",
        iccid=iccid + str(luhn.calc_check_digit(iccid)),
        carrier="Cellco",
        plan="Library 50 GB",
        upload_mbps=10,
        download_mbps=50,
        data_cap_gb=50,
        fund=_FUND,
    )
