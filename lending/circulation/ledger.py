"""The sealed ledger: who had a device, or the service of a line, that ECF money paid for.

A row is written in the very act that cuts a loan's link, so that the name is either on the loan or sealed, and never
nowhere. Until then the loan's own rows say the same (``held``). Source: 47 CFR 54.1715; RULES 8, "Two clocks" (B).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.domain.ledger import KEPT_YEARS, is_ecf, keep_until
from lending.domain.sealed_names import NameSeal
from lending.domain.states import LoanState
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.kits import Part
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan, LoanPart, LoanPartState
from lending.models.people import Patron
from lending.models.privacy import LedgerEnd, LedgerEntry, LedgerKind

_entries = table_of(LedgerEntry)
_ONCE = {
    "sqlite": sqlite.insert(_entries).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(_entries).on_conflict_do_nothing(),
}


@dataclass(frozen=True, slots=True)
class Held:
    """One device or service in somebody's hands, without the name. Days are the lending branch's."""

    kind: LedgerKind
    loan_part_id: int
    part_id: int
    line_id: int | None
    branch_id: int
    part_type: str
    make: str
    model: str
    serial: str | None
    download_mbps: int | None
    upload_mbps: int | None
    data_cap_gb: int | None
    out_on: date
    in_on: date | None
    notified_as: LedgerEnd | None
    notified_on: date | None

    @property
    def about(self) -> str:
        """What the seal of the name is bound to."""
        return f"{self.kind.value}:{self.loan_part_id}:{self.line_id or 0}"


def held(session: Session, which: ColumnElement[bool]) -> Iterator[tuple[Held, str]]:
    """What the loans of ``which`` (a condition on ``Loan``) say that still name their borrower, with the full name."""
    for part in session.execute(_devices().where(which)):
        if is_ecf(part.LoanPart.fund):
            yield _device(part), part.name
    for line in session.execute(_services().where(which)):
        if is_ecf(line.Line.fund) and _was_in(line.LinePlacement, served := _service(line)):
            yield served, line.name


def seal_loans(session: Session, which: ColumnElement[bool], seal: NameSeal, *, at: datetime) -> int:
    """Write what the loans of ``which`` leave in the ledger, names sealed; how many rows. Part of the act that cuts."""
    rows = [
        asdict(one)
        | {"sealed_name": seal.seal(name, one.about), "key_mark": seal.mark, "sealed_at": at}
        | {"keep_until": keep_until((one.out_on, one.in_on, one.notified_on))}
        for one, name in held(session, which)
    ]
    if rows:
        connection = session.connection()
        connection.execute(_ONCE[connection.dialect.name], rows)
    return len(rows)


def forget_old(session: Session, *, today: date) -> int:
    """Delete what was kept long enough: ten years after the last date of the device, its delivery among them."""
    later = _entries.alias()
    long_ago = today.replace(year=today.year - KEPT_YEARS, day=min(today.day, 28))
    still = or_(
        exists().where(later.c.part_id == _entries.c.part_id, later.c.keep_until >= today),
        exists().where(Part.id == _entries.c.part_id, Part.delivered_on >= long_ago),
        exists().where(
            LoanPart.part_id == _entries.c.part_id, Loan.id == LoanPart.loan_id, Loan.patron_id.is_not(None)
        ),
    )
    return session.connection().execute(delete(_entries).where(_entries.c.keep_until < today, ~still)).rowcount


def key_marks(session: Session) -> dict[str, int]:
    """The marks of the keys with which names are sealed, and how many names each."""
    counted = select(_entries.c.key_mark, func.count()).group_by(_entries.c.key_mark)
    return {row[0]: row[1] for row in session.execute(counted)}


def _devices() -> Select[LoanPart, Loan, str, str]:
    return (
        select(LoanPart, Loan, Patron.name.label("name"), Branch.zone.label("zone"))
        .join(Loan, Loan.id == LoanPart.loan_id)
        .join(Patron, Patron.id == Loan.patron_id)
        .join(Branch, Branch.id == Loan.branch_id)
        .where(LoanPart.fund.is_not(None), Loan.state != LoanState.UNDONE)
        .order_by(LoanPart.id)
    )


def _services() -> Select[LoanPart, Loan, str, str, Line, LinePlacement]:
    """The lines that ever sat in a part that went out."""
    return (
        select(LoanPart, Loan, Patron.name.label("name"), Branch.zone.label("zone"), Line, LinePlacement)
        .join(Loan, Loan.id == LoanPart.loan_id)
        .join(Patron, Patron.id == Loan.patron_id)
        .join(Branch, Branch.id == Loan.branch_id)
        .join(LinePlacement, LinePlacement.part_id == LoanPart.part_id)
        .join(Line, Line.id == LinePlacement.line_id)
        .where(Line.fund.is_not(None), Loan.state != LoanState.UNDONE)
        .order_by(LoanPart.id, LinePlacement.id)
    )


def _was_in(placement: LinePlacement, served: Held) -> bool:
    """Whether the line sat in the part while the loan lasted."""
    ended = served.in_on or served.notified_on
    left_before = placement.until is not None and placement.until < served.out_on
    return not left_before and (ended is None or placement.since <= ended)


def _device(row: AnyRow) -> Held:
    part: LoanPart = row.LoanPart
    return Held(
        kind=LedgerKind.DEVICE,
        line_id=None,
        make=part.manufacturer,
        model=part.model,
        serial=part.serial,
        download_mbps=None,
        upload_mbps=None,
        data_cap_gb=None,
        **_whose(row),
    )


def _service(row: AnyRow) -> Held:
    line: Line = row.Line
    return Held(
        kind=LedgerKind.SERVICE,
        line_id=line.id,
        make=line.carrier,
        model=line.plan,
        serial=line.iccid,
        download_mbps=line.download_mbps,
        upload_mbps=line.upload_mbps,
        data_cap_gb=line.data_cap_gb,
        **_whose(row),
    )


class _Whose(TypedDict):
    loan_part_id: int
    part_id: int
    branch_id: int
    part_type: str
    out_on: date
    in_on: date | None
    notified_as: LedgerEnd | None
    notified_on: date | None


def _whose(row: AnyRow) -> _Whose:
    """The part, the branch and the days, which a device and the service in it have in common."""
    part: LoanPart = row.LoanPart
    loan: Loan = row.Loan
    zone = ZoneInfo(row.zone)

    def day(instant: datetime | None) -> date | None:
        return None if instant is None else instant.astimezone(zone).date()

    notified_as, notified_at = _notified(part, loan)
    missing = part.state is LoanPartState.MISSING
    swapped = part.settled_at if part.state is LoanPartState.SWAPPED else None
    return {
        "loan_part_id": part.id,
        "part_id": part.part_id,
        "branch_id": loan.branch_id,
        "part_type": part.name,
        "out_on": loan.checked_out_at.astimezone(zone).date(),
        "in_on": None if missing else day(swapped or loan.received_at),
        "notified_as": notified_as,
        "notified_on": day(notified_at),
    }


def _notified(part: LoanPart, loan: Loan) -> tuple[LedgerEnd | None, datetime | None]:
    """As what a part was notified instead of coming back whole, and when."""
    if part.state is LoanPartState.MISSING:
        return LedgerEnd.MISSING, part.reported_missing_at or loan.received_at or loan.lost_at
    if part.state is LoanPartState.DAMAGED:
        return LedgerEnd.DAMAGED, loan.received_at
    if loan.lost_at is not None and part.state is not LoanPartState.SWAPPED:
        return LedgerEnd.LOST, loan.lost_at
    return None, None
