"""Acts that many tests of the desk begin with: a kit goes out, comes back and is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from lending.circulation.checkout import CheckedOut, check_out
from lending.circulation.inspection import Inspected, PartSeen, inspect
from lending.circulation.returns import Returned, return_kit
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.completeness import Found
from lending.errors import Block, Reason, Refused
from lending.models.base import Base
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitTypePart, Part, TurnaroundStepKind
from tests.cast import LUIS, NOW, OPEN_KIT, Cast

RETURNABLE = ("Laptop", "Hotspot", "Charger", "Case")
DONE = {
    TurnaroundStepKind.WIPED: "erased in four passes",
    TurnaroundStepKind.CHARGED: "",
    TurnaroundStepKind.RESTOCKED: "",
}
"""Every step that the cast's policy asks for."""

Row = TypeVar("Row", bound=Base)


def lend(database: Database, cast: Cast, kit: str = OPEN_KIT, card: str = LUIS, *, at: datetime = NOW) -> CheckedOut:
    """Ben hands out a kit at East Los Angeles."""
    return database.act(
        lambda session: check_out(session, kit=kit, patron=card, branch_id=cast.ela, at=at, by=cast.ben)
    )


def receive(
    database: Database,
    cast: Cast,
    kit: str = OPEN_KIT,
    *,
    at: datetime = NOW,
    branch_id: int | None = None,
    by: Actor | None = None,
) -> Returned:
    """Ben takes a kit back at East Los Angeles, unless it is someone else elsewhere."""
    return database.act(
        lambda session: return_kit(session, kit=kit, branch_id=branch_id or cast.ela, at=at, by=by or cast.ben)
    )


def part_id(database: Database, name: str, kit: str = OPEN_KIT) -> int:
    """The id of a kit's part of this name."""
    with database.read() as session:
        return session.scalars(
            select(Part.id)
            .join(KitTypePart, KitTypePart.id == Part.kind_id)
            .join(Kit, Kit.id == Part.kit_id)
            .where(Kit.barcode == kit, KitTypePart.name == name)
        ).one()


def seen(database: Database, kit: str = OPEN_KIT, **findings: Found | PartSeen) -> dict[int, PartSeen]:
    """Every returnable part here, but for those named otherwise."""
    said = {name: findings.get(name, Found.HERE) for name in RETURNABLE}
    return {
        part_id(database, name, kit): found if isinstance(found, PartSeen) else PartSeen(found)
        for name, found in said.items()
    }


def look(
    database: Database,
    cast: Cast,
    parts: Mapping[int, PartSeen],
    kit: str = OPEN_KIT,
    *,
    steps: Mapping[TurnaroundStepKind, str] = DONE,
    at: datetime = NOW,
    by: Actor | None = None,
) -> Inspected:
    """Ben inspects a kit."""
    return database.act(lambda session: inspect(session, kit=kit, parts=parts, steps=steps, at=at, by=by or cast.ben))


def back_without(database: Database, cast: Cast, *missing: str, kit: str = OPEN_KIT, at: datetime = NOW) -> Inspected:
    """A kit that is out comes back and is inspected at once, these parts missing."""
    receive(database, cast, kit, at=at)
    return look(database, cast, seen(database, kit, **dict.fromkeys(missing, Found.MISSING)), kit, at=at)


def rows(database: Database, row: type[Row], *conditions: Any) -> list[Row]:
    """The rows of a table, in the order in which they were made."""
    with database.read() as session:
        chosen = select(row).where(*conditions).order_by(*row.__table__.primary_key)
        return list(session.scalars(chosen))


def only(database: Database, row: type[Row], *conditions: Any) -> Row:
    """The one row there is."""
    found = rows(database, row, *conditions)
    assert len(found) == 1
    return found[0]


def kit_row(database: Database, kit: str = OPEN_KIT) -> Kit:
    """A kit's row."""
    return only(database, Kit, Kit.barcode == kit)


def journalled(database: Database, verb: str) -> list[JournalEntry]:
    """The journal's rows of one verb."""
    return rows(database, JournalEntry, JournalEntry.verb == verb)


def why(refused: pytest.ExceptionInfo[Refused]) -> list[Reason]:
    """The reasons of a refusal."""
    return [block.reason for block in refused.value.blocks]


def block(refused: pytest.ExceptionInfo[Refused]) -> Block:
    """The only reason of a refusal, with its detail."""
    (found,) = refused.value.blocks
    return found
