"""Kits in lists and on a page of their own: where each is, what is in it, what happened to it.

A scanned code is found at any branch (``kit_scanned``); a kit is read where it is, where it goes and where it belongs,
and lists are the reader's own branches' (decision 11). Who has a kit is shown only while the loan is open and only to
its branches: past borrowers are nobody's business (case 13 of RULES 10). Source: RULES 1 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.domain.actors import Door
from lending.domain.names import short_name
from lending.domain.states import KitState, LineState, LoanState
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitType, KitTypePart, Part, PartState, TurnaroundStep, TurnaroundStepKind
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan
from lending.models.people import Patron, Staff
from lending.models.stock import Stock
from lending.queries.scope import Branches, within

PAGE = 50
HISTORY = 50
"""Rows of a kit's history on its page, the newest first."""


@dataclass(frozen=True, slots=True)
class KitInList:
    """A kit in a list. ``due_at`` and ``loan_state`` are set while nobody has received it back."""

    code: str
    kit_type: str
    kit_type_name: str
    branch: str
    branch_name: str
    state: KitState
    in_transit: bool
    place: str | None
    due_at: datetime | None
    loan_state: LoanState | None


@dataclass(frozen=True, slots=True)
class KitList:
    """One page of kits in the order of their codes. ``after`` is the cursor of the next page, ``None`` on the last."""

    kits: tuple[KitInList, ...]
    total: int
    after: str | None


@dataclass(frozen=True, slots=True)
class LineShown:
    """The line whose SIM is in a part."""

    number: str
    iccid: str
    carrier: str
    plan: str
    state: LineState


@dataclass(frozen=True, slots=True)
class PartShown:
    """A part of a kit. Network name and password are for staff of its branch, never for exports or logs."""

    part_id: int
    name: str
    quantity: int
    returnable: bool
    state: PartState
    tag: str | None
    manufacturer: str
    model: str
    serial: str | None
    imei: str | None
    price_cents: int
    photo: str | None
    network_name: str | None = field(repr=False)
    network_password: str | None = field(repr=False)
    line: LineShown | None


@dataclass(frozen=True, slots=True)
class LoanOfKit:
    """The loan a kit is out on. The patron, and who collected it for them, are for readers of its branches alone."""

    loan: str
    due_at: datetime
    checked_out_at: datetime
    state: LoanState
    cohort: str | None
    patron: str | None
    patron_name: str | None
    collected_by: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class StepDone:
    """A turnaround step of the present round, with its proof."""

    kind: TurnaroundStepKind
    at: datetime
    staff_name: str | None
    proof: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a kit's history: what was done, where, by whom and through which door."""

    at: datetime
    recorded_at: datetime
    verb: str
    door: Door
    branch_name: str | None
    staff_name: str | None
    patron_name: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KitShown:
    """A kit on its page. ``branch`` is where it is, ``owner`` whom it belongs to."""

    kit_id: int
    code: str
    kit_type: str
    kit_type_name: str
    whole_price_cents: int
    state: KitState
    branch_id: int
    branch: str
    branch_name: str
    zone: str
    owner: str
    owner_name: str
    in_transit_to: str | None
    place: str | None
    note: str | None
    quarantine_until: datetime | None
    withdrawn_at: datetime | None
    withdrawn_reason: str | None
    parts: tuple[PartShown, ...]
    loan: LoanOfKit | None
    steps: tuple[StepDone, ...]
    history: tuple[Happened, ...]


_kits, _kit_types, _loans, _branches = table_of(Kit), table_of(KitType), table_of(Loan), table_of(Branch)
_stocks, _parts, _kinds, _cohorts = table_of(Stock), table_of(Part), table_of(KitTypePart), table_of(Cohort)
_lines, _placements, _steps = table_of(Line), table_of(LinePlacement), table_of(TurnaroundStep)
_journal, _staff, _patrons = table_of(JournalEntry), table_of(Staff), table_of(Patron)
_owners, _there = _branches.alias("owner"), _branches.alias("there")
_out = and_(_loans.c.kit_id == _kits.c.id, unreceived)

_LIST = (
    select(
        _kits.c.barcode,
        _kits.c.state,
        _kits.c.in_transit_to_id,
        _kits.c.place,
        _kit_types.c.code.label("kit_type"),
        _kit_types.c.name.label("kit_type_name"),
        _branches.c.code.label("branch"),
        _branches.c.name.label("branch_name"),
        _loans.c.due_at,
        _loans.c.state.label("loan_state"),
    )
    .join(_kit_types, _kit_types.c.id == _kits.c.kit_type_id)
    .join(_branches, _branches.c.id == _kits.c.branch_id)
    .outerjoin(_loans, _out)
    .order_by(_kits.c.barcode)
)
_PAGE = (
    select(
        *(_kits.c[name] for name in ("id", "barcode", "state", "branch_id", "place", "note", "round")),
        *(_kits.c[name] for name in ("quarantine_until", "withdrawn_at", "withdrawn_reason")),
        _kit_types.c.code.label("kit_type"),
        _kit_types.c.name.label("kit_type_name"),
        _kit_types.c.whole_price_cents,
        _branches.c.code.label("branch"),
        _branches.c.name.label("branch_name"),
        _branches.c.zone,
        _owners.c.code.label("owner"),
        _owners.c.name.label("owner_name"),
        _there.c.name.label("in_transit_to"),
        _loans.c.public_id.label("loan"),
        _loans.c.due_at,
        _loans.c.checked_out_at,
        _loans.c.state.label("loan_state"),
        _loans.c.branch_id.label("loan_branch_id"),
        _loans.c.collected_by,
        _cohorts.c.name.label("cohort"),
        _patrons.c.public_id.label("patron"),
        _patrons.c.name.label("patron_name"),
    )
    .join(_kit_types, _kit_types.c.id == _kits.c.kit_type_id)
    .join(_branches, _branches.c.id == _kits.c.branch_id)
    .join(_stocks, _stocks.c.id == _kits.c.stock_id)
    .join(_owners, _owners.c.id == _stocks.c.branch_id)
    .outerjoin(_there, _there.c.id == _kits.c.in_transit_to_id)
    .outerjoin(_loans, _out)
    .outerjoin(_cohorts, _cohorts.c.id == _loans.c.cohort_id)
    .outerjoin(_patrons, _patrons.c.id == _loans.c.patron_id)
)
_PARTS = (
    select(
        *(_parts.c[name] for name in ("id", "quantity", "state", "tag", "manufacturer", "model", "serial", "imei")),
        *(_parts.c[name] for name in ("network_name", "network_password")),
        func.coalesce(_parts.c.price_cents, _kinds.c.price_cents).label("price_cents"),
        *(_kinds.c[name] for name in ("name", "returnable", "photo")),
        *(_lines.c[name] for name in ("number", "iccid", "carrier", "plan")),
        _lines.c.state.label("line_state"),
    )
    .join(_kinds, _kinds.c.id == _parts.c.kind_id)
    .outerjoin(_placements, and_(_placements.c.part_id == _parts.c.id, _placements.c.until.is_(None)))
    .outerjoin(_lines, _lines.c.id == _placements.c.line_id)
    .where(_parts.c.state != PartState.RETIRED)
    .order_by(_kinds.c.position, _parts.c.id)
)
_STEPS = (
    select(_steps.c.kind, _steps.c.at, _steps.c.proof, _staff.c.name)
    .outerjoin(_staff, _staff.c.id == _steps.c.staff_id)
    .order_by(_steps.c.at, _steps.c.id)
)
_HISTORY = (
    select(
        *(_journal.c[name] for name in ("at", "recorded_at", "verb", "door", "detail", "branch_id")),
        _branches.c.name.label("branch_name"),
        _staff.c.name.label("staff_name"),
        _loans.c.branch_id.label("loan_branch_id"),
        _patrons.c.name.label("patron_name"),
    )
    .outerjoin(_branches, _branches.c.id == _journal.c.branch_id)
    .outerjoin(_staff, _staff.c.id == _journal.c.staff_id)
    # Only a loan that is still open leads to its patron.
    .outerjoin(
        _loans,
        and_(_loans.c.id == _journal.c.loan_id, _loans.c.state.not_in((LoanState.CLOSED, LoanState.UNDONE))),
    )
    .outerjoin(_patrons, _patrons.c.id == _loans.c.patron_id)
    .order_by(_journal.c.id.desc())
    .limit(HISTORY)
)


def kit_list(
    session: Session,
    *,
    branch_ids: Branches,
    branch: str | None = None,
    kit_type: str | None = None,
    state: KitState | None = None,
    text: str | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> KitList:
    """The kits at the reader's branches, narrowed by branch and type (their codes), state and text.

    The text is the beginning of a code, or a number in which one ends: people say 1056 of KIT-1056.
    ``AVAILABLE`` lists what may be lent now: a kit on its way, or with a line that is not active, may not.
    """
    conditions: list[ColumnElement[bool]] = [within(_kits.c.branch_id, branch_ids)]
    if branch is not None:
        conditions.append(_branches.c.code == branch)
    if kit_type is not None:
        conditions.append(_kit_types.c.code == kit_type)
    if state is not None:
        conditions.append(_kits.c.state == state)
    if state is KitState.AVAILABLE:
        conditions += [_kits.c.in_transit_to_id.is_(None), ~_line_not_active()]
    if text:
        conditions.append(_called(text.strip().upper()))
    chosen = _LIST.where(*conditions)
    total = session.connection().execute(select(func.count()).select_from(_bare(chosen).subquery())).scalar_one()
    if after is not None:
        chosen = chosen.where(_kits.c.barcode > after)
    rows = session.connection().execute(chosen.limit(limit + 1)).all()
    return KitList(
        kits=tuple(_in_list(row) for row in rows[:limit]),
        total=total,
        after=rows[limit - 1].barcode if len(rows) > limit else None,
    )


def kit_scanned(session: Session, code: str) -> KitInList | None:
    """The kit whose label was scanned, at any branch, as a row: what it is, whose and whether it is out."""
    row = session.connection().execute(_LIST.where(_kits.c.barcode == code)).one_or_none()
    return None if row is None else _in_list(row)


def is_read_by(branch_ids: Branches) -> ColumnElement[bool]:
    """Whether a kit is read by somebody of these branches: where it is, where it goes, where its stock belongs."""
    places = (_kits.c.branch_id, _kits.c.in_transit_to_id, _stocks.c.branch_id)
    return or_(*(within(place, branch_ids) for place in places))


def newest_code(session: Session, *, branch_ids: Branches) -> str | None:
    """The code of the kit that was added last at the reader's branches: where the next ones go on."""
    chosen = select(_kits.c.barcode).where(within(_kits.c.branch_id, branch_ids))
    return session.connection().scalars(chosen.order_by(_kits.c.id.desc()).limit(1)).one_or_none()


def kit_shown(session: Session, code: str, *, branch_ids: Branches) -> KitShown | None:
    """The kit with this code; ``None`` when no kit has it that the reader may read. Four statements at most."""
    connection = session.connection()
    row = connection.execute(_PAGE.where(_kits.c.barcode == code, is_read_by(branch_ids))).one_or_none()
    if row is None:
        return None
    steps = connection.execute(_STEPS.where(_steps.c.kit_id == row.id, _steps.c.round == row.round))
    history = connection.execute(_HISTORY.where(_journal.c.kit_id == row.id))
    parts = connection.execute(_PARTS.where(_parts.c.kit_id == row.id))
    copied = ("code", "kit_id", "parts", "loan", "steps", "history")
    return KitShown(
        kit_id=row.id,
        code=row.barcode,
        **{name: row._mapping[name] for name in KitShown.__slots__ if name not in copied},
        parts=tuple(_part(part, branch_ids is None or row.branch_id in branch_ids) for part in parts),
        loan=None if row.loan is None else _loan(row, branch_ids),
        steps=tuple(StepDone(step.kind, step.at, _short(step.name), step.proof) for step in steps),
        history=tuple(_happened(entry, branch_ids) for entry in history),
    )


def _called(text: str) -> ColumnElement[bool]:
    begins = _kits.c.barcode.startswith(text, autoescape=True)
    is_number = text.isascii() and text.isdigit()
    return or_(begins, _kits.c.barcode.endswith(text)) if is_number else begins


def _bare(chosen: Select[Any]) -> Select[Any]:
    """The same rows, to be counted."""
    return chosen.with_only_columns(_kits.c.id).order_by(None)


def _line_not_active() -> ColumnElement[bool]:
    return exists().where(
        _parts.c.kit_id == _kits.c.id,
        _placements.c.part_id == _parts.c.id,
        _placements.c.until.is_(None),
        _lines.c.id == _placements.c.line_id,
        _lines.c.state != LineState.ACTIVE,
    )


def _in_list(row: AnyRow) -> KitInList:
    return KitInList(
        code=row.barcode,
        kit_type=row.kit_type,
        kit_type_name=row.kit_type_name,
        branch=row.branch,
        branch_name=row.branch_name,
        state=row.state,
        in_transit=row.in_transit_to_id is not None,
        place=row.place,
        due_at=row.due_at,
        loan_state=row.loan_state,
    )


def _part(row: AnyRow, theirs: bool) -> PartShown:
    line = None
    if row.number is not None:
        line = LineShown(row.number, row.iccid, row.carrier, row.plan, row.line_state)
    copied = {name: row._mapping[name] for name in PartShown.__slots__ if name not in ("part_id", "line")}
    if not theirs:
        copied["network_name"] = copied["network_password"] = None
    return PartShown(part_id=row.id, line=line, **copied)


def _loan(row: AnyRow, branch_ids: Branches) -> LoanOfKit:
    theirs = branch_ids is None or not {row.branch_id, row.loan_branch_id}.isdisjoint(branch_ids)
    return LoanOfKit(
        loan=row.loan,
        due_at=row.due_at,
        checked_out_at=row.checked_out_at,
        state=row.loan_state,
        cohort=row.cohort,
        patron=row.patron if theirs else None,
        patron_name=_short(row.patron_name) if theirs else None,
        collected_by=row.collected_by if theirs else None,
    )


def _happened(row: AnyRow, branch_ids: Branches) -> Happened:
    theirs = branch_ids is None or not {row.branch_id, row.loan_branch_id}.isdisjoint(branch_ids)
    return Happened(
        at=row.at,
        recorded_at=row.recorded_at,
        verb=row.verb,
        door=row.door,
        branch_name=row.branch_name,
        staff_name=_short(row.staff_name),
        patron_name=_short(row.patron_name) if theirs else None,
        detail=row.detail,
    )


def _short(name: str | None) -> str | None:
    return None if name is None else short_name(name)
