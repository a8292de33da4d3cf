"""Claims about parts: marks that tell one from another, replacement, tags that move, and codes that lead to a kit."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation import parts
from lending.circulation.lines import GivenLine, add_line
from lending.circulation.parts import GivenPart, PartFound
from lending.circulation.tasks import open_task, part_subject
from lending.domain.states import KitState
from lending.errors import Block, Reason
from lending.models.kits import Kit, KitTypePart, Part, PartState
from lending.models.lines import LinePlacement
from lending.models.policies import Policy
from lending.models.tasks import Task, TaskKind
from tests.circulation.town import AT, Town, card, scan

CODE, OTHER = "KIT-00042", "KIT-00043"
IMEI, IMEISV = "490154203237518", "4901542032375101"
ICCID = "8944501234567890124"


def _part(town: Town, name: str, code: str = CODE) -> Part:
    found: Part = town.one(
        select(Part)
        .join(Part.kind)
        .join(Part.kit)
        .where(KitTypePart.name == name, Kit.barcode == code, Part.state != PartState.RETIRED)
    )
    return found


def _state(town: Town, code: str = CODE) -> KitState:
    return KitState(town.one(select(Kit.state).where(Kit.barcode == code)))


def _lose(town: Town, *names: str) -> None:
    """Inspection missed these parts of the kit."""
    ids = [_part(town, name).id for name in names]

    def put(session: Any) -> None:
        session.scalars(select(Kit).where(Kit.barcode == CODE)).one()._state = KitState.INCOMPLETE
        for part in session.scalars(select(Part).where(Part.id.in_(ids))):
            part.state = PartState.MISSING
            open_task(
                session,
                TaskKind.REORDER_PART,
                subject=part_subject(part.id),
                branch_id=town.ela,
                what="part",
                at=AT,
                kit_id=part.kit_id,
            )

    town.database.act(put)


def _found(town: Town, text: str) -> PartFound | None:
    with town.database.read() as session:
        return parts.resolve_part_code(session, text)


def test_a_replaced_part_is_retired_and_kept(town: Town) -> None:
    town.add_kit()
    old = _part(town, "Charger")
    town.act(parts.replace_part, by=town.ben, kit=CODE, part_id=old.id, part=GivenPart("Charger", 2, model="45 W"))
    kept = town.one(select(Part).where(Part.id == old.id))
    assert (kept.state, kept.retired_at, kept.kit_id) == (PartState.RETIRED, AT, old.kit_id)
    assert _part(town, "Charger").model == "45 W"


def test_an_incomplete_kit_goes_on_when_the_last_missing_part_is_replaced(town: Town) -> None:
    town.add_kit()
    _lose(town, "Charger", "Case")
    first = town.act(parts.replace_part, by=town.ben, kit=CODE, part_id=_part(town, "Charger").id)
    assert (first.kit_state, _part(town, "Charger").quantity) == (KitState.INCOMPLETE, 2)
    last = town.act(parts.replace_part, by=town.ben, kit=CODE, part_id=_part(town, "Case").id)
    assert last.kit_state is _state(town) is KitState.TURNAROUND
    assert {task.outcome for task in town.every(select(Task))} == {"replaced"}


def test_a_kit_whose_turnaround_is_done_is_free_when_it_is_whole_again(town: Town) -> None:
    def ask_for_nothing(session: Any) -> None:
        policy = session.scalars(select(Policy)).one()
        policy.needs_wipe = policy.needs_charge = policy.needs_restock = False

    town.database.act(ask_for_nothing)
    town.add_kit()
    _lose(town, "Charger")
    replaced = town.act(parts.replace_part, by=town.ben, kit=CODE, part_id=_part(town, "Charger").id)
    assert replaced.kit_state is KitState.AVAILABLE


def test_a_part_is_replaced_by_one_of_its_kind(town: Town) -> None:
    town.add_kit()
    verb: dict[str, Any] = {"kit": CODE, "part_id": _part(town, "Charger").id, "part": GivenPart("Case")}
    assert town.refused(parts.replace_part, by=town.ben, **verb) == [Block(Reason.VALUE_WRONG, {"field": "kind"})]
    assert _part(town, "Charger").state is PartState.HERE


def test_a_part_of_another_kit_or_a_retired_one_is_not_replaced(town: Town) -> None:
    town.add_kit()
    town.add_kit(OTHER)
    there = _part(town, "Case", OTHER).id
    assert town.reasons(parts.replace_part, by=town.ben, kit=CODE, part_id=there) == [Reason.PART_UNKNOWN]
    old = _part(town, "Case").id
    town.act(parts.replace_part, by=town.ben, kit=CODE, part_id=old)
    assert town.reasons(parts.replace_part, by=town.ben, kit=CODE, part_id=old) == [Reason.PART_UNKNOWN]


@pytest.mark.parametrize("state", [KitState.ON_LOAN, KitState.LOST, KitState.WITHDRAWN])
def test_the_parts_of_a_kit_that_is_not_in_the_library_stay(town: Town, state: KitState) -> None:
    town.add_kit()

    def put(session: Any) -> None:
        session.scalars(select(Kit)).one()._state = state

    town.database.act(put)
    part_id = _part(town, "Case").id
    assert town.reasons(parts.replace_part, by=town.ben, kit=CODE, part_id=part_id) == [Reason.WRONG_STATE]
    assert town.reasons(parts.add_part, by=town.ben, kit=CODE, part=GivenPart("Case")) == [Reason.WRONG_STATE]


def test_a_part_of_an_unexpected_kind_is_refused(town: Town) -> None:
    town.add_kit()
    verb: dict[str, Any] = {"kit": CODE, "part": GivenPart("Printer")}
    assert town.refused(parts.add_part, by=town.ben, **verb) == [Block(Reason.PART_UNKNOWN, {"part": "Printer"})]


def test_a_serial_is_one_of_its_manufacturers_in_its_exact_case(town: Town) -> None:
    town.add_kit(parts=[])
    town.act(parts.add_part, by=town.ben, kit=CODE, part=GivenPart("Chromebook", serial="5cdX", manufacturer="HP"))
    town.act(parts.add_part, by=town.ben, kit=CODE, part=GivenPart("Chromebook", serial="5CDX", manufacturer="HP"))
    town.act(parts.add_part, by=town.ben, kit=CODE, part=GivenPart("Chromebook", serial="5cdX", manufacturer="Acer"))
    twin = GivenPart("Chromebook", serial=" 5cdX ", manufacturer="HP")
    assert town.refused(parts.add_part, by=town.ben, kit=CODE, part=twin) == [
        Block(Reason.ALREADY_EXISTS, {"field": "serial", "value": "5cdX"})
    ]


def test_a_serial_taken_while_it_was_asked_for_is_refused_by_name(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.add_kit(parts=[GivenPart("Chromebook", serial="5cdX", manufacturer="HP")])
    monkeypatch.setattr(parts, "_refuse_twins", lambda session, values: None)
    twin = GivenPart("Chromebook", serial="5cdX", manufacturer="HP")
    assert town.reasons(parts.add_part, by=town.ben, kit=CODE, part=twin) == [Reason.ALREADY_EXISTS]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("imei", "490154203237519"),
        ("imei", "49015420323751"),
        ("imei", "hotspot"),
        ("quantity", 0),
        ("price_cents", -1),
        ("serial", "x" * 81),
        ("model", "a\x00b"),
        ("delivered_on", "soon"),
    ],
)
def test_a_mark_that_cannot_be_is_refused_by_its_name(town: Town, field: str, value: Any) -> None:
    town.add_kit(parts=[])
    given = GivenPart("Hotspot", **{field: value})
    assert town.refused(parts.add_part, by=town.ben, kit=CODE, part=given) == [
        Block(Reason.VALUE_WRONG, {"field": field})
    ]


def test_an_imei_is_one_of_the_worlds_however_it_is_written(town: Town) -> None:
    town.add_kit(parts=[GivenPart("Hotspot", imei="49-015420-323751-8")])
    twin = GivenPart("Hotspot", imei=IMEI)
    assert town.reasons(parts.add_part, by=town.ben, kit=CODE, part=twin) == [Reason.ALREADY_EXISTS]


def test_a_tag_is_no_card_and_no_kits_label(town: Town) -> None:
    town.add_kit()
    for code, reason in (
        (card(1), Reason.CODE_SPACE),
        (scan("KIT-00099"), Reason.CODE_SPACE),
        (scan(IMEI), Reason.CODE_IS_A_DEVICE_NUMBER),
    ):
        given = GivenPart("Case", tag=code)
        assert town.reasons(parts.add_part, by=town.ben, kit=CODE, part=given) == [reason]


def test_an_inventory_number_of_no_space_may_be_a_tag(town: Town) -> None:
    town.add_kit(parts=[GivenPart("Case", tag=scan("LACo 004711"))])
    assert _part(town, "Case").tag == "LACo 004711"


def test_a_tag_moves_from_one_part_to_another(town: Town) -> None:
    tag = scan("PT-1234")
    town.add_kit(parts=[GivenPart("Chromebook", tag=tag), GivenPart("Hotspot")])
    town.add_kit(OTHER)
    there = _part(town, "Chromebook", OTHER).id
    town.act(parts.move_tag, by=town.ben, kit=OTHER, part_id=there, tag=tag)
    assert (_part(town, "Chromebook").tag, _part(town, "Chromebook", OTHER).tag) == (None, "PT-1234")
    assert len(town.journal("move_tag")) == 2
    new = scan("PT-9999")
    town.act(parts.move_tag, by=town.ben, kit=OTHER, part_id=there, tag=new)
    assert _part(town, "Chromebook", OTHER).tag == "PT-9999"


def test_a_tag_is_not_taken_from_another_branchs_kit(town: Town) -> None:
    tag = scan("PT-1234")
    town.add_kit()
    town.add_kit(OTHER, branch_id=town.com, by=town.cleo, parts=[GivenPart("Case", tag=tag)])
    verb: dict[str, Any] = {"kit": CODE, "part_id": _part(town, "Case").id, "tag": tag}
    assert town.reasons(parts.move_tag, by=town.ben, **verb) == [Reason.NOT_PERMITTED]


def test_every_mark_of_a_part_leads_to_its_kit(town: Town) -> None:
    town.add_kit(
        parts=[
            GivenPart("Hotspot", tag=scan("PT-1234"), imei=IMEI, serial="mf910-X", manufacturer="ZTE"),
            GivenPart("Case"),
        ]
    )
    hotspot = _part(town, "Hotspot")
    line = GivenLine(number="+12135550199", iccid=ICCID, carrier="Cellco")
    town.act(add_line, by=town.ben, line=line, kit=CODE, part_id=hotspot.id, on=AT.date())
    for text, mark in (
        ("PT-1234", "tag"),
        (IMEI, "imei"),
        (IMEISV, "imei"),
        (ICCID, "iccid"),
        ("mf910-X", "serial"),
    ):
        assert _found(town, text) == PartFound(mark, hotspot.id, "Hotspot", CODE)
    for text in ("MF910-X", "PT-9999", "490154203237526", ICCID[:-1], ""):
        assert _found(town, text) is None


def test_a_replaced_hotspot_gives_up_its_line(town: Town) -> None:
    town.add_kit()
    old = _part(town, "Hotspot")
    line = GivenLine(number="+12135550199", iccid=ICCID, carrier="Cellco")
    town.act(add_line, by=town.ben, line=line, kit=CODE, part_id=old.id, on=AT.date())
    town.act(parts.replace_part, by=town.ben, kit=CODE, part_id=old.id)
    assert town.one(select(LinePlacement)).until == AT.date()
    assert _found(town, ICCID) is None


def test_a_retired_part_still_says_where_it_belonged(town: Town) -> None:
    town.add_kit(parts=[GivenPart("Chromebook", serial="5cdX", manufacturer="HP")])
    old = _part(town, "Chromebook")
    town.act(parts.replace_part, by=town.ben, kit=CODE, part_id=old.id)
    found = _found(town, "5cdX")
    assert found == PartFound("serial", old.id, "Chromebook", CODE)
