"""Importing branches, kit types and kits through the verbs of every other door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.imports.report import Fault, Report
from lending.circulation.imports.sheets import read_sheet
from lending.circulation.imports.things import import_branches, import_kit_types, import_kits
from lending.db import Database
from lending.domain.states import KitState
from lending.errors import Block, Reason
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType, KitTypePart, Part
from tests.circulation.town import HOURS, SPACES, Town, town_in

WEEK = HOURS.format()


@pytest.fixture
def town(database: Database) -> Town:
    return town_in(database)


def take_in(town: Town, do: Callable[..., Report], *lines: str, **given: Any) -> Report:
    if do is import_kits:
        given["spaces"] = SPACES
    return town.act(do, sheet=read_sheet("\n".join(lines).encode()), file="digest", by=town.ida, **given)


def found(report: Report) -> list[tuple[int, str | None, Any]]:
    return [
        (problem.row, problem.column, problem.what.reason if isinstance(problem.what, Block) else problem.what)
        for problem in report.problems
    ]


def test_branches_are_added_with_the_librarys_zone(town: Town) -> None:
    lines = (
        "code,name,hours,zone,floats",
        f"nor,Norwalk Library,{WEEK},,yes",
        f"HON,Honolulu,{WEEK},Pacific/Honolulu,",
    )
    assert take_in(town, import_branches, *lines, zone="America/Los_Angeles") == Report(2, 2)
    norwalk, honolulu = town.every(select(Branch).where(Branch.code.in_(["NOR", "HON"])).order_by(Branch.id))
    assert (norwalk.zone, norwalk.floats, norwalk.hours) == ("America/Los_Angeles", True, HOURS)
    assert (honolulu.zone, honolulu.floats) == ("Pacific/Honolulu", False)
    assert len({entry.act for entry in (*town.journal("add_branch"), *town.journal("import_branches"))}) == 1


def test_what_is_wrong_with_branches_is_told(town: Town) -> None:
    report = take_in(
        town,
        import_branches,
        "code,name,hours,zone,floats",
        f"ELA,Another,{WEEK},,",
        "NEW,New,mon 10-20,,",
        f"NEW,New,{WEEK},,",
        f"N E,New,{WEEK},,",
        f"NE1,,{WEEK},Mars/Olympus,perhaps",
        zone="America/Los_Angeles",
    )
    assert found(report) == [
        (2, "code", Reason.ALREADY_EXISTS),
        (3, "hours", Reason.VALUE_WRONG),
        (4, "code", Fault.REPEATED),
        (5, "code", Reason.VALUE_WRONG),
        (6, "name", Fault.MISSING),
        (6, "floats", Fault.WRONG),
        (6, "name", Reason.VALUE_MISSING),
        (6, "zone", Reason.VALUE_WRONG),
    ]


def test_a_kit_type_is_made_of_its_rows(town: Town) -> None:
    report = take_in(
        town,
        import_kit_types,
        "code,name,price,part,quantity,part_price,returnable,bills_alone,cohort_only",
        'loaner,Loaner,"$1,250.50",Laptop,,900,,,yes',
        'loaner,Loaner,"$1,250.50",Case,1,25.5,yes,yes,yes',
        'loaner,Loaner,"$1,250.50",Planner,2,,no,,yes',
    )
    assert report == Report(3, 1)
    kit_type = town.one(select(KitType).where(KitType.code == "loaner"))
    assert (kit_type.whole_price_cents, kit_type.cohort_only) == (125_050, True)
    parts = town.every(select(KitTypePart).where(KitTypePart.kit_type_id == kit_type.id).order_by(KitTypePart.position))
    assert [(each.name, each.quantity, each.price_cents, each.returnable, each.bills_alone) for each in parts] == [
        ("Laptop", 1, 90_000, True, False),
        ("Case", 1, 2_550, True, True),
        ("Planner", 2, 0, False, False),
    ]


def test_rows_of_one_type_must_agree(town: Town) -> None:
    lines = ("code,name,price,part", "loaner,Loaner,500,Laptop", "loaner,Lender,500,Case", "work-ready,X,5,Laptop")
    report = take_in(town, import_kit_types, *lines)
    assert found(report) == [(3, "name", Fault.DISAGREES), (4, "code", Reason.ALREADY_EXISTS)]


def test_a_kit_has_the_parts_its_rows_name_and_the_rest_of_its_type(town: Town) -> None:
    report = take_in(
        town,
        import_kits,
        "barcode,kit_type,branch,part,serial,manufacturer,tag,imei,price,delivered_on",
        "KIT-00042,work-ready,ELA,Chromebook,PF1,Lenovo,PT-00421,,325.00,2021-09-30",
        "KIT-00042,work-ready,ELA,Hotspot,H1,Franklin,,490154203237518,,",
        "KIT-00042,work-ready,ELA,Charger,C1,Lenovo,,,,",
        "39999000000016,work-ready,com,,,,,,,",
    )
    assert report == Report(4, 2)
    kit, other = town.every(select(Kit).order_by(Kit.id))
    assert [(each.barcode, each.branch_id, each.state) for each in (kit, other)] == [
        ("KIT-00042", town.ela, KitState.AVAILABLE),
        ("39999000000016", town.com, KitState.AVAILABLE),
    ]
    names = select(KitTypePart.name, Part.quantity, Part.serial).join(Part.kind)
    with town.database.read() as session:
        held = session.execute(names.where(Part.kit_id == kit.id).order_by(Part.id)).all()
        assert [tuple(row) for row in held] == [
            ("Chromebook", 1, "PF1"),
            ("Hotspot", 1, "H1"),
            ("Charger", 1, "C1"),
            ("Charger", 1, None),
            ("Case", 1, None),
            ("Planner", 1, None),
        ]
    laptop = town.one(select(Part).where(Part.serial == "PF1"))
    assert (laptop.tag, laptop.price_cents, str(laptop.delivered_on)) == ("PT-00421", 32_500, "2021-09-30")


def test_what_is_wrong_with_kits_is_told_by_row_and_column(town: Town) -> None:
    town.add_kit("KIT-00001")
    town.register(7)
    report = take_in(
        town,
        import_kits,
        "barcode,kit_type,branch,part,serial,tag,imei,delivered_on",
        "KIT-00001,work-ready,ELA,,,,,",
        "KIT-00002,work-redy,ELA,,,,,",
        "KIT-00003,work-ready,EAL,,,,,",
        "39999000000017,work-ready,ELA,,,,,",
        "29999000000075,work-ready,ELA,,,,,",
        "490154203237518,work-ready,ELA,,,,,",
        "KIT-00004,work-ready,ELA,Gramophone,,,,",
        "KIT-00005,work-ready,ELA,Chromebook,PF1,KIT-00001,,",
        "KIT-00006,work-ready,ELA,Hotspot,,,123,30.09.2021",
        "KIT-00007,work-ready,ELA,Chromebook,PF9,,,",
        "KIT-00008,work-ready,ELA,Chromebook,PF9,,,",
        "KIT-00007,work-ready,COM,Hotspot,,,,",
        "KIT-00008,work-ready,ELA,,,,,",
    )
    assert found(report) == [
        (2, "barcode", Reason.CODE_TAKEN),
        (3, "kit_type", Fault.UNKNOWN_KIT_TYPE),
        (4, "branch", Fault.UNKNOWN_BRANCH),
        (5, "barcode", Reason.CODE_MISREAD),
        (6, "barcode", Reason.CODE_NOT_A_KIT),
        (7, "barcode", Reason.CODE_IS_A_DEVICE_NUMBER),
        (8, "part", Reason.PART_UNKNOWN),
        (9, "tag", Reason.CODE_SPACE),
        (10, "delivered_on", Reason.VALUE_WRONG),
        (10, "imei", Reason.VALUE_WRONG),
        (12, "serial", Reason.ALREADY_EXISTS),
        (13, "branch", Fault.DISAGREES),
        (14, "barcode", Fault.REPEATED),
    ]


@pytest.mark.parametrize("do", [import_branches, import_kit_types, import_kits])
def test_only_an_administrator_imports(town: Town, do: Callable[..., Report]) -> None:
    given = {import_branches: {"zone": "UTC"}, import_kits: {"spaces": SPACES}}.get(do, {})
    assert town.reasons(do, sheet=read_sheet(b"code\n"), file="", by=town.mona, **given) == [Reason.NOT_PERMITTED]
