"""Changing a kind of kit, on both engines: what it means for the kits there are, and what stays on the list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.checkout import check_out
from lending.circulation.kit_types import (
    KitTypeChange,
    KitTypePlan,
    PlannedPart,
    change_kit_type,
    preview_kit_type,
    show_photo,
)
from lending.circulation.kits import add_kit
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.barcodes import CodeSpaces, read
from lending.domain.pictures import Drawn
from lending.errors import Reason, Refused
from lending.models.kits import KitType, KitTypePart, Part
from lending.models.loans import LoanPart
from lending.models.setting_up import Picture
from tests.cast import ADA, KIT, NOW, Cast

PARTS = tuple(
    PlannedPart(name, returnable=back, price_cents=price, bills_alone=alone, was=name)
    for name, back, price, alone in (
        ("Laptop", True, 30000, False),
        ("Hotspot", True, 9000, False),
        ("Charger", True, 4000, False),
        ("Case", True, 2500, True),
        ("Notebook", False, 0, False),
    )
)
PLAN = KitTypePlan("Work Ready kit", 45000, PARTS, cohort_only=True)


def change(
    database: Database, cast: Cast, *, by: Actor | None = None, seen: str | None = None, **given: Any
) -> KitTypeChange:
    plan, actor = replace(PLAN, **given), by or cast.eli
    return database.act(lambda s: change_kit_type(s, code="work-ready", plan=plan, seen=seen, at=NOW, by=actor))


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[Reason]:
    return [block.reason for block in refused.value.blocks]


def names(database: Database, cast: Cast) -> list[str]:
    with database.read() as session:
        chosen = select(KitTypePart.name).where(KitTypePart.kit_type_id == cast.work_ready)
        return list(session.scalars(chosen.order_by(KitTypePart.position)))


def test_a_kind_as_it_is_changes_nothing(database: Database, cast: Cast) -> None:
    found = change(database, cast)
    assert (found.lines, found.added, found.removed, found.kits, found.out) == ((), (), (), 4, 0)


def test_kits_there_are_keep_what_they_hold_and_new_ones_hold_the_new_part(database: Database, cast: Cast) -> None:
    assert change(database, cast, parts=(*PARTS, PlannedPart("Mouse", price_cents=900))).added == ("Mouse",)
    code = read("KIT-1070", CodeSpaces())
    database.act(lambda s: add_kit(s, code=code, kit_type="work-ready", branch_id=cast.ela, at=NOW, by=cast.eli))
    with database.read() as session:
        mice = session.scalars(select(Part).join(Part.kind).where(KitTypePart.name == "Mouse")).all()
    assert len(mice) == 1


def test_a_loan_keeps_the_prices_it_went_out_with(database: Database, cast: Cast) -> None:
    database.act(lambda s: check_out(s, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    dearer = tuple(replace(part, price_cents=99_900) for part in PARTS)
    found = change(database, cast, parts=dearer)
    assert (found.out, {line.field for line in found.lines}) == (1, {"price_cents"})
    with database.read() as session:
        assert max(session.scalars(select(LoanPart.price_cents))) == 30000


def test_parts_change_names_with_each_other_and_their_order(database: Database, cast: Cast) -> None:
    laptop, hotspot, *rest = PARTS
    swapped = (*rest, replace(hotspot, name="Laptop"), replace(laptop, name="Hotspot"))
    found = change(database, cast, parts=swapped)
    assert {(line.part, line.field, line.becomes) for line in found.lines if line.part} == {
        ("Hotspot", "name", "Laptop"),
        ("Laptop", "name", "Hotspot"),
    }
    assert names(database, cast) == ["Charger", "Case", "Notebook", "Laptop", "Hotspot"]


def test_a_part_that_kits_hold_stays_on_the_list_and_one_that_none_holds_goes(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        change(database, cast, parts=PARTS[1:-1])
    assert [(block.reason, block.detail["part"]) for block in refused.value.blocks] == [
        (Reason.PART_IN_KITS, "Laptop"),
        (Reason.PART_IN_KITS, "Notebook"),
    ]
    change(database, cast, parts=(*PARTS, PlannedPart("Mouse")))
    assert change(database, cast).removed == ("Mouse",)
    assert names(database, cast) == [part.name for part in PARTS]


def test_what_was_seen_is_what_is_done(database: Database, cast: Cast) -> None:
    plan = replace(PLAN, name="Job kit")
    with database.read() as session:
        seen = preview_kit_type(session, code="work-ready", plan=plan, by=cast.eli)
    change(database, cast, whole_price_cents=50000)
    with pytest.raises(Refused) as refused:
        change(database, cast, name="Job kit", seen=seen.digest)
    assert reasons(refused) == [Reason.PREVIEW_OUTDATED]


def test_everything_wrong_is_told_at_once_and_nobody_else_may(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        change(database, cast, name=" ", whole_price_cents=-1, parts=())
    assert {block.detail["field"] for block in refused.value.blocks} == {"name", "whole_price_cents", "parts"}
    for given, reason in (
        ({"statement": "nobody-wrote-it"}, Reason.VALUE_WRONG),
        ({"parts": (replace(PARTS[0], was="Tablet"),)}, Reason.CHANGED_SINCE),
        ({"parts": (PARTS[0], replace(PARTS[1], name="Laptop"))}, Reason.VALUE_WRONG),
        ({"by": cast.cleo}, Reason.NOT_PERMITTED),
    ):
        with pytest.raises(Refused) as refused:
            change(database, cast, **given)
        assert reason in reasons(refused)
    with pytest.raises(Refused) as refused:
        database.act(lambda s: change_kit_type(s, code="none", plan=PLAN, at=NOW, by=cast.eli))
    assert reasons(refused) == [Reason.NOT_FOUND]


def test_a_statement_that_was_published_may_be_asked_for(database: Database, cast: Cast) -> None:
    change(database, cast, statement="borrowing")
    with database.read() as session:
        assert session.get_one(KitType, cast.work_ready).statement == "borrowing"


def test_a_kind_and_its_parts_show_photos_and_keep_no_old_ones(database: Database, cast: Cast) -> None:
    drawn = Drawn("image/jpeg", b"picture", 4, 3)

    def show(**given: Any) -> None:
        database.act(lambda s: show_photo(s, code="work-ready", at=NOW, by=cast.eli, **given))

    show(drawn=drawn)
    show(part="Laptop", drawn=drawn)
    show(part="Laptop", drawn=drawn)
    with database.read() as session:
        of_kind = KitTypePart.kit_type_id == cast.work_ready
        part = session.scalars(select(KitTypePart).where(of_kind, KitTypePart.name == "Laptop")).one()
        kept = set(session.scalars(select(Picture.public_id)))
        assert kept == {part.photo, session.get_one(KitType, cast.work_ready).photo}
    show(part="Laptop", remove=True)
    with pytest.raises(Refused) as refused:
        show(part="Tablet", drawn=drawn)
    assert reasons(refused) == [Reason.NOT_FOUND]
