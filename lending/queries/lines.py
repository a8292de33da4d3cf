"""Mobile lines: what the carriers are to be asked today, as a list and as a file, and lines that nobody uses.

A file for a carrier names lines and what is asked, never a patron. Source: RULES 6, "Hotspot lines"; RULES 8,
"messages to carriers name the line, never the patron".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import Session

from lending.domain.spreadsheets import harmless
from lending.domain.states import LineState, LoanState
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.kits import Kit, Part
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan
from lending.models.tasks import Task, TaskKind
from lending.queries.scope import Branches, within

IDLE_DAYS = 60
"""A line that nobody had on loan for so many days is paid for in vain."""

COLUMNS = ("number", "iccid", "carrier", "plan", "action")
ACTIONS = {LineState.SUSPENDING: "suspend", LineState.RESTORING: "restore"}
"""What a carrier is asked to do for a line in each state; other states ask for nothing."""


@dataclass(frozen=True, slots=True)
class LineAsked:
    """A line of which something is asked. ``asked`` counts how often it was put before the carrier."""

    number: str
    iccid: str
    carrier: str
    plan: str
    state: LineState
    kit: str
    branch_name: str
    since: datetime | None
    asked: int


@dataclass(frozen=True, slots=True)
class LineIdle:
    """An active line whose kit nobody had for ``IDLE_DAYS``. ``since``: when its last loan ended, if there was one."""

    number: str
    carrier: str
    plan: str
    kit: str
    branch_name: str
    since: datetime | None


def lines_asked(session: Session, *, branch_ids: Branches, carrier: str | None = None) -> list[LineAsked]:
    """What is asked of the carriers, or of one, for the lines in the kits of the reader's branches."""
    tasks = table_of(Task)
    of_line = and_(
        tasks.c.kind.in_((TaskKind.SUSPEND_LINE, TaskKind.RESTORE_LINE)),
        tasks.c.subject == func.concat("line:", Line.id),
        tasks.c.closed_at.is_(None),
    )
    chosen = (
        _placed(branch_ids)
        .add_columns(
            Line.iccid, Line.state, tasks.c.opened_at.label("since"), func.coalesce(tasks.c.tries, 0).label("asked")
        )
        .outerjoin(tasks, of_line)
        .where(Line.state.in_(ACTIONS))
        .order_by(Line.carrier, Line.state, Line.number)
    )
    if carrier is not None:
        chosen = chosen.where(Line.carrier == carrier)
    return [LineAsked(**row._mapping) for row in session.execute(chosen)]


def idle_lines(session: Session, *, branch_ids: Branches, at: datetime) -> list[LineIdle]:
    """The active lines in the reader's branches' kits that nobody had for ``IDLE_DAYS``, the longest idle first."""
    since = at - timedelta(days=IDLE_DAYS)
    last = (
        select(func.max(Loan.received_at))
        .where(Loan.kit_id == Kit.id, Loan.state != LoanState.UNDONE)
        .correlate(Kit)
        .scalar_subquery()
    )
    used = exists().where(
        Loan.kit_id == Kit.id, Loan.state != LoanState.UNDONE, Loan.received_at.is_(None) | (Loan.received_at > since)
    )
    chosen = (
        _placed(branch_ids)
        .add_columns(last.label("since"))
        .where(Line.state == LineState.ACTIVE, LinePlacement.since <= since.date(), ~used)
        .order_by(last.is_not(None), last, Line.number)
    )
    return [LineIdle(**row._mapping) for row in session.execute(chosen)]


def line_states(session: Session, numbers: Collection[str], *, branch_ids: Branches) -> dict[str, LineState]:
    """Where the lines of these numbers stand that are in the kits of the reader's branches."""
    chosen = _placed(branch_ids).add_columns(Line.state).where(Line.number.in_(numbers)).order_by(Line.number)
    return {row.number: row.state for row in session.execute(chosen)}


def carrier_file(lines: Iterable[LineAsked]) -> str:
    """What is asked, as CSV: no patron and no kit; what a spreadsheet would run as a formula is made text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for line in lines:
        values = (line.number, line.iccid, line.carrier, line.plan, ACTIONS[line.state])
        writer.writerow([_harmless(value) for value in values])
    return out.getvalue()


def _harmless(value: str) -> str:
    """A plus before nothing but digits is a telephone number, which a carrier must be able to read."""
    if value.startswith("+") and value[1:].replace(" ", "").replace("-", "").isdecimal():
        return value
    return harmless(value)


def _placed(branch_ids: Branches) -> Select[str, str, str, str, str]:
    return (
        select(
            Line.number,
            Line.carrier,
            Line.plan,
            Kit.barcode.label("kit"),
            Branch.name.label("branch_name"),
        )
        .join(LinePlacement, and_(LinePlacement.line_id == Line.id, LinePlacement.until.is_(None)))
        .join(Part, Part.id == LinePlacement.part_id)
        .join(Kit, Kit.id == Part.kit_id)
        .join(Branch, Branch.id == Kit.branch_id)
        .where(within(Kit.branch_id, branch_ids))
    )
