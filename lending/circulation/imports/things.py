"""Importing branches, kit types and kits: row by row through the same verbs as every other door.

They are few, so each import is one transaction of verbs; the first thing wrong in any row and all of it is rolled back
by the door, after every row was looked at. Source: INTERFACES, ``lending import``; RULES 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.branches import make_branch
from lending.circulation.imports.cells import Cells, rows_of
from lending.circulation.imports.columns import BRANCHES, KIT_TYPES, KITS, Template
from lending.circulation.imports.report import Fault, Problem, Progress, Report, of_refusal, quietly
from lending.circulation.imports.sheets import Sheet
from lending.circulation.journal import record
from lending.circulation.kits import ExpectedPart, add_kit_type, make_kit
from lending.circulation.parts import GivenPart
from lending.circulation.reservations import serve_stock
from lending.domain.actors import Actor
from lending.domain.barcodes import CodeSpaces, read
from lending.domain.permissions import Act
from lending.errors import Refused
from lending.models.branches import Branch
from lending.models.kits import KitType, KitTypePart

_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "branches": {"code": "code", "name": "name", "hours": "hours", "zone": "zone", "address": "address"},
    "kit-types": {"code": "code", "name": "name", "whole_price_cents": "price", "parts": "part", "part": "part"},
    "kits": {
        "code": "barcode",
        "part": "part",
        "place": "place",
        "note": "note",
        "kind": "part",
        "price_cents": "price",
    }
    | {name: name for name in ("tag", "serial", "imei", "quantity", "delivered_on", "manufacturer", "model", "fund")},
}
"""The column of each field that a verb may refuse."""


def import_branches(
    session: Session, sheet: Sheet, *, zone: str, file: str, at: datetime, by: Actor, progress: Progress = quietly
) -> Report:
    """Add branches; ``zone`` is that of a branch that names none."""
    by.permit(Act.ADMINISTER)
    work = _Work("branches", session, len(sheet.rows), progress)
    for cells in rows_of(sheet, BRANCHES, work.problems):
        if not work.first(cells, "code", cells.text("code").upper()):
            continue
        values = {name: cells.text(name) for name in ("name", "hours", "address", "phone")}
        floats, code, own = cells.yes("floats", False), cells.text("code").upper(), cells.text("zone") or zone
        work.do(cells, partial(_add_branch, session, code=code, zone=own, floats=floats, **values, at=at, by=by))
    return work.done(file, at, by)


def import_kit_types(
    session: Session, sheet: Sheet, *, file: str, at: datetime, by: Actor, progress: Progress = quietly
) -> Report:
    """Add kit types with the parts they should hold, a row for each part."""
    by.permit(Act.ADMINISTER)
    work = _Work("kit-types", session, len(sheet.rows), progress)
    for group in _grouped(sheet, work, "code", KIT_TYPES):
        head = group[0]
        work.agree(group, ("name", "price", "cohort_only", "description"))
        parts = [
            ExpectedPart(
                cells.text("part"),
                quantity=cells.number("quantity", 1),
                returnable=cells.yes("returnable", True),
                price_cents=cells.cents("part_price") or 0,
                bills_alone=cells.yes("bills_alone", False),
            )
            for cells in group
        ]
        price, cohort_only = head.cents("price"), head.yes("cohort_only", False)
        code, name, description = (head.text(column) for column in ("code", "name", "description"))
        if price is not None:
            verb = partial(_add_kit_type, session, code=code, name=name, description=description, parts=parts)
            work.do(head, partial(verb, whole_price_cents=price, cohort_only=cohort_only, at=at, by=by))
    return work.done(file, at, by)


def import_kits(
    session: Session,
    sheet: Sheet,
    *,
    spaces: CodeSpaces,
    file: str,
    at: datetime,
    by: Actor,
    progress: Progress = quietly,
) -> Report:
    """Add kits, each with the parts its rows name and, for what they do not, what its type expects."""
    by.permit(Act.ADMINISTER)
    work = _Work("kits", session, len(sheet.rows), progress)
    branches = {code: branch_id for branch_id, code in session.execute(select(Branch.id, Branch.code))}
    expected = _expected(session)
    for group in _grouped(sheet, work, "barcode", KITS):
        head = group[0]
        work.agree(group, ("kit_type", "branch"))
        kit_type, branch_id = head.text("kit_type"), branches.get(head.text("branch").upper())
        if kit_type and kit_type not in expected:
            head.note("kit_type", Fault.UNKNOWN_KIT_TYPE)
        if branch_id is None and head.text("branch"):
            head.note("branch", Fault.UNKNOWN_BRANCH)
        given = [_part(cells, spaces) for cells in group if cells.text("part")]
        if branch_id is None or kit_type not in expected:
            continue
        parts = given + _rest(expected[kit_type], given)
        code, place, note = read(head.text("barcode"), spaces), head.text("place") or None, head.text("note") or None
        verb = partial(_add_kit, session, code=code, kit_type=kit_type, branch_id=branch_id, parts=parts)
        work.do(head, partial(verb, place=place, note=note, at=at, by=by))
    return work.done(file, at, by)


def _add_branch(session: Session, *, code: str, at: datetime, by: Actor, **values: Any) -> int:
    """A branch whose journal row names its code alone, so that the import can be undone."""
    made = make_branch(session, code=code, **values, by=by)
    record(session, "add_branch", at=at, by=by, detail={"code": code})
    return made.id


def _add_kit(session: Session, *, branch_id: int, at: datetime, by: Actor, **values: Any) -> int:
    """A kit whose journal row names its code alone, so that the import can be undone."""
    kit = make_kit(session, branch_id=branch_id, **values, at=at, by=by)
    detail = {"kit": kit.barcode, "kit_type_id": kit.kit_type_id}
    record(session, "add_kit", at=at, by=by, branch_id=branch_id, detail=detail)
    serve_stock(session, kit.stock_id, at=at, by=by)
    return kit.id


def _add_kit_type(session: Session, *, code: str, **values: Any) -> int:
    """A kit type; gives its key."""
    add_kit_type(session, code=code, **values)
    return session.scalars(select(KitType.id).where(KitType.code == code)).one()


def _expected(session: Session) -> dict[str, dict[str, int]]:
    """How many of each part the kits of each type should hold, by the codes of the types."""
    found: dict[str, dict[str, int]] = {code: {} for code in session.scalars(select(KitType.code))}
    chosen = select(KitType.code, KitTypePart.name, KitTypePart.quantity).join(KitTypePart.kit_type)
    for code, name, quantity in session.execute(chosen.order_by(KitTypePart.position)):
        found[code][name] = quantity
    return found


def _part(cells: Cells, spaces: CodeSpaces) -> GivenPart:
    tag = cells.text("tag")
    return GivenPart(
        cells.text("part"),
        quantity=cells.number("quantity", 1),
        tag=read(tag, spaces) if tag else None,
        manufacturer=cells.text("manufacturer"),
        model=cells.text("model"),
        serial=cells.text("serial") or None,
        imei=cells.text("imei") or None,
        network_name=cells.text("network_name") or None,
        network_password=cells.text("network_password") or None,
        fund=cells.text("fund") or None,
        purchase_reference=cells.text("purchase_reference") or None,
        delivered_on=cells.text("delivered_on") or None,
        price_cents=cells.cents("price"),
    )


def _rest(expected: Mapping[str, int], given: list[GivenPart]) -> list[GivenPart]:
    """What the type expects beyond the parts that were named."""
    named = Counter[str]()
    for part in given:
        named[part.kind] += part.quantity
    return [GivenPart(name, most - named[name]) for name, most in expected.items() if most > named[name]]


def _grouped(sheet: Sheet, work: _Work, key: str, template: Template) -> list[list[Cells]]:
    """The rows that belong together, in the order of their first; each but the first adds a part."""
    found: dict[str, list[Cells]] = {}
    for cells in rows_of(sheet, template, work.problems):
        group = found.setdefault(cells.text(key), [])
        if group and not cells.values.get("part"):
            cells.note(key, Fault.REPEATED, first=group[0].row)
        group.append(cells)
    return list(found.values())


@dataclass(slots=True)
class _Work:
    """One import under way: what was added, what is wrong, and how far it is."""

    kind: str
    session: Session
    rows: int
    progress: Progress
    made: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    def first(self, cells: Cells, column: str, value: str) -> bool:
        """Whether no earlier row has this value; noted when one has."""
        earlier = self.seen.setdefault(value, cells.row)
        if earlier != cells.row:
            cells.note(column, Fault.REPEATED, first=earlier)
        return earlier == cells.row

    def agree(self, group: list[Cells], columns: tuple[str, ...]) -> None:
        """Note the rows of a group that say something else than its first."""
        for cells in group[1:]:
            for name in columns:
                if cells.values.get(name, "") != group[0].values.get(name, ""):
                    cells.note(name, Fault.DISAGREES, first=group[0].row, other=name)

    def do(self, cells: Cells, verb: Callable[[], int]) -> None:
        """Do one row, and note why it is refused."""
        self.progress(cells.row - 1, self.rows)
        try:
            # A refusal half way through must not stand in the way of looking at the rows after it.
            with self.session.begin_nested():
                made = verb()
        except Refused as refused:
            self.problems += of_refusal(cells.row, refused, _COLUMNS[self.kind], cells.values)
        else:
            self.made.append(made)

    def done(self, file: str, at: datetime, by: Actor) -> Report:
        """Write the import itself to the journal, and tell what it came to."""
        detail = {"file": file, "added": len(self.made)}
        record(self.session, f"import_{self.kind.replace('-', '_')}", at=at, by=by, detail=detail)
        problems = tuple(sorted(self.problems, key=lambda problem: problem.row))
        return Report(self.rows, len(self.made), problems=problems, made=tuple(self.made))
