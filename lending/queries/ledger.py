"""The ledger of what ECF money paid for: its rows, with or without names, and who asked to open it.

Source: 47 CFR 54.1715; RULES 8, "de-identified export by default".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select, true
from sqlalchemy.orm import Session, aliased

from lending.circulation.ledger import Held, held
from lending.circulation.ledger_openings import as_rule
from lending.domain.ledger import OPEN_FOR, Stand, is_ecf, opens_at, stand_of
from lending.domain.sealed_names import NameSeal, Unreadable
from lending.domain.states import LineState, LoanState
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.kits import Kit, KitTypePart, Part, PartState
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan, LoanPart
from lending.models.people import Staff
from lending.models.privacy import LedgerEntry, LedgerOpening


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One device or service in somebody's hands. ``name`` is ``None`` where it was sealed with another key."""

    held: Held
    branch: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Asset:
    """One device that ECF money paid for, without anybody who had it. ``keeper`` answers for it while it stays in."""

    part_type: str
    make: str
    model: str
    serial: str | None
    tag: str | None
    kit: str | None
    branch: str
    fund: str
    purchase_reference: str | None
    delivered_on: date | None
    state: PartState
    loans: int
    last_out_on: date | None
    keeper: str | None


@dataclass(frozen=True, slots=True)
class Service:
    """One line that ECF money pays for, and the device it serves now, without anybody who had it."""

    carrier: str
    plan: str
    download_mbps: int | None
    upload_mbps: int | None
    data_cap_gb: int | None
    fund: str
    state: LineState
    serial: str | None
    kit: str | None
    branch: str | None


@dataclass(frozen=True, slots=True)
class Keeper:
    """A branch, and who answers for the equipment that stays in it."""

    code: str
    name: str
    keeper: str | None


@dataclass(frozen=True, slots=True)
class OpeningShown:
    """A wish to open the ledger. ``opens_at`` is ``None`` while only another administrator can open it."""

    opening: str
    reason: str
    asked_at: datetime
    asked_by: str
    asked_by_id: int
    approved_by: str | None
    opens_at: datetime | None
    stand: Stand


def ledger_rows(session: Session, seal: NameSeal) -> Iterator[LedgerRow]:
    """The whole ledger with names: what is sealed, and what loans say that still name their borrower."""
    branches = {row.id: row.name for row in session.execute(select(Branch.id, Branch.name))}
    columns = [getattr(LedgerEntry, name) for name in Held.__slots__]
    chosen = select(LedgerEntry.sealed_name, *columns).order_by(LedgerEntry.out_on, LedgerEntry.id)
    for sealed, *values in session.execute(chosen):
        one = Held(*values)
        yield LedgerRow(one, branches[one.branch_id], _opened(seal, sealed, one.about))
    for one, name in held(session, true()):
        yield LedgerRow(one, branches[one.branch_id], name)


def how_many(session: Session) -> int:
    """How many rows are sealed."""
    return session.scalar(select(func.count()).select_from(LedgerEntry)) or 0


def assets(session: Session) -> list[Asset]:
    """Every device that ECF money paid for, the retired ones among them."""
    lent = (
        select(LoanPart.part_id, func.count().label("n"), func.max(Loan.checked_out_at).label("last"))
        .join(Loan, Loan.id == LoanPart.loan_id)
        .where(Loan.state != LoanState.UNDONE)
        .group_by(LoanPart.part_id)
        .subquery()
    )
    chosen = (
        select(Part, KitTypePart.name, Kit.barcode, Branch, lent.c.n, lent.c.last)
        .join(KitTypePart, KitTypePart.id == Part.kind_id)
        .outerjoin(Kit, Kit.id == Part.kit_id)
        .outerjoin(Branch, Branch.id == Kit.branch_id)
        .outerjoin(lent, lent.c.part_id == Part.id)
        .where(Part.fund.is_not(None))
        .order_by(Branch.name, Kit.barcode, Part.id)
    )
    return [
        Asset(
            part_type=name,
            make=part.manufacturer,
            model=part.model,
            serial=part.serial,
            tag=part.tag,
            kit=kit,
            branch="" if branch is None else branch.name,
            fund=part.fund or "",
            purchase_reference=part.purchase_reference,
            delivered_on=part.delivered_on,
            state=part.state,
            loans=loans or 0,
            last_out_on=None if last is None else last.astimezone(ZoneInfo(branch.zone if branch else "UTC")).date(),
            keeper=None if branch is None else branch.equipment_keeper,
        )
        for part, name, kit, branch, loans, last in session.execute(chosen)
        if is_ecf(part.fund)
    ]


def services(session: Session) -> list[Service]:
    """Every line that ECF money pays for, the ended ones among them."""
    now = LinePlacement.until.is_(None)
    chosen = (
        select(Line, Part.serial, Kit.barcode, Branch.name)
        .outerjoin(LinePlacement, (LinePlacement.line_id == Line.id) & now)
        .outerjoin(Part, Part.id == LinePlacement.part_id)
        .outerjoin(Kit, Kit.id == Part.kit_id)
        .outerjoin(Branch, Branch.id == Kit.branch_id)
        .where(Line.fund.is_not(None))
        .order_by(Line.id)
    )
    return [
        Service(
            carrier=line.carrier,
            plan=line.plan,
            download_mbps=line.download_mbps,
            upload_mbps=line.upload_mbps,
            data_cap_gb=line.data_cap_gb,
            fund=line.fund or "",
            state=line.state,
            serial=serial,
            kit=kit,
            branch=branch,
        )
        for line, serial, kit, branch in session.execute(chosen)
        if is_ecf(line.fund)
    ]


def keepers(session: Session) -> list[Keeper]:
    """Every branch with who answers for its equipment."""
    chosen = select(Branch.code, Branch.name, Branch.equipment_keeper).order_by(Branch.name)
    return [Keeper(*row) for row in session.execute(chosen)]


def openings(session: Session, *, at: datetime, after: str | None = None, limit: int = 50) -> list[OpeningShown]:
    """The latest wishes to open the ledger, newest first, from behind the one with the public id ``after`` on."""
    chosen = _OPENINGS.order_by(LedgerOpening.id.desc()).limit(limit)
    if after is not None:
        last = session.scalars(select(LedgerOpening.id).where(LedgerOpening.public_id == after)).one_or_none()
        if last is None:
            raise Refused.because(Reason.NOT_FOUND)
        chosen = chosen.where(LedgerOpening.id < last)
    return [_opening(row, at) for row in session.execute(chosen)]


def opening_shown(session: Session, opening: str, *, at: datetime) -> OpeningShown | None:
    """One of them by its public id."""
    row = session.execute(_OPENINGS.where(LedgerOpening.public_id == opening)).one_or_none()
    return None if row is None else _opening(row, at)


_asker, _second = aliased(Staff), aliased(Staff)
_OPENINGS = (
    select(LedgerOpening, _asker.name.label("asked_by"), _second.name.label("approved_by"))
    .join(_asker, _asker.id == LedgerOpening.asked_by_id)
    .outerjoin(_second, _second.id == LedgerOpening.approved_by_id)
)


def _opening(found: AnyRow, at: datetime) -> OpeningShown:
    row: LedgerOpening = found.LedgerOpening
    return OpeningShown(
        opening=row.public_id,
        reason=row.reason,
        asked_at=row.asked_at,
        asked_by=found.asked_by,
        asked_by_id=row.asked_by_id,
        approved_by=found.approved_by,
        opens_at=opens_at(as_rule(row)),
        stand=stand_of(as_rule(row), at),
    )


def untold(session: Session, at: datetime) -> list[tuple[int, int]]:
    """The openings of which the other administrators are not told yet: their ids, and who asked.

    They hear of one that was approved too, while it is open: one person may have two accounts.
    """
    stands = or_(LedgerOpening.approved_at.is_(None), LedgerOpening.approved_at > at - OPEN_FOR)
    chosen = select(LedgerOpening.id, LedgerOpening.asked_by_id).where(
        LedgerOpening.told_at.is_(None), LedgerOpening.closed_at.is_(None), stands
    )
    return [(row.id, row.asked_by_id) for row in session.execute(chosen.order_by(LedgerOpening.id))]


def _opened(seal: NameSeal, sealed: bytes, about: str) -> str | None:
    try:
        return seal.open(sealed, about)
    except Unreadable:
        return None
