"""Overdue: each loan climbs its ladder, one step at a time, whoever runs the sweep and how often.

What is due is asked of the database for a branch and a kind of kit at once; a step that a loan has taken in its present
term is kept, so that no run takes it again and a new due date begins anew. Claimed kits take none: their clock stands.
A loan takes only steps that came due after its due date was set. Source: RULES 6; BATTERY P6.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, or_, select, tuple_, update
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.checkout_statements import kits, lines, loans, parts, patrons, placements, terms, unreceived
from lending.circulation.journal import record_each
from lending.circulation.locks import find_kit, lock_kit, lock_stocks, lock_unreceived_loan
from lending.circulation.lost import give_up_for_lost
from lending.circulation.steps import keep_steps, tell_of_terms
from lending.circulation.tasks import line_subject, loan_subject, open_tasks
from lending.circulation.telling import CHANNEL
from lending.domain.actors import Actor
from lending.domain.calendars import Calendar
from lending.domain.ladders import Ladder, Step, StepDue, came_due, chasing, due_now, reminding
from lending.domain.permissions import Act
from lending.domain.states import LINE_MOVES, ChargeState, LineState, LineVerb, LoanState, after
from lending.models.base import AnyRow, constant, table_of
from lending.models.charges import Charge, ChargeKind
from lending.models.ladders import StepTaken
from lending.models.notices import Channel
from lending.models.tasks import TaskKind

_taken, _charges = table_of(StepTaken), table_of(Charge)
_ASKED = update(lines).values(state=after(LINE_MOVES, LineState.ACTIVE, LineVerb.ASK_TO_SUSPEND))
_LOAN = ("id", "kit_id", "patron_id", "cohort_id", "term", "due_at", "state")
_owed = exists().where(
    _charges.c.loan_id == loans.c.id,
    _charges.c.kind == ChargeKind.WHOLE_KIT,
    _charges.c.state == ChargeState.OWED,
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is chased together: the kits of one type that were lent at one branch."""

    branch_id: int
    kit_type_id: int


Cursor = tuple[datetime, int]
"""Where a sweep stopped: the due instant and the id of the last loan it looked at."""


@dataclass(frozen=True, slots=True)
class Climbed:
    """How many loans took a step, and where to go on; ``None`` when none was left."""

    loans: int
    until: Cursor | None


def stretches(session: Session) -> list[Stretch]:
    """Every branch and kit type of which a kit is out or lost."""
    chosen = select(loans.c.branch_id, loans.c.kit_type_id).where(unreceived).distinct()
    return [Stretch(*row) for row in session.execute(chosen.order_by(*chosen.selected_columns))]


def climb(
    session: Session,
    stretch: Stretch,
    ladder: Ladder,
    *,
    at: datetime,
    by: Actor,
    limit: int,
    since: Cursor | None = None,
) -> Climbed:
    """Let the loans of a stretch take the steps that are due, but for giving up, ``limit`` loans at most.

    A patron is told of the latest step alone; what earlier ones ask of staff is asked all the same. A loan that another
    process holds is left to the next run.
    """
    by.permit(Act.ADMINISTER)
    calendar = branch_calendar(session, stretch.branch_id, since=date.min)
    found = _due(session, stretch, ladder, calendar, at=at, limit=limit, since=since)
    if not found:
        return Climbed(0, None)
    chased, reminded = chasing(ladder), reminding(ladder)

    def steps_of(loan: AnyRow) -> Ladder:
        return chased if loan.state is LoanState.OUT else reminded

    _take(session, found, steps_of, calendar, stretch.branch_id, at=at, by=by)
    return Climbed(len(found), (found[-1].due_at, found[-1].id) if len(found) == limit else None)


def to_give_up(session: Session, stretch: Stretch, ladder: Ladder, *, at: datetime) -> list[int]:
    """The loans of a stretch whose kits are to be given up, by their ids."""
    last = _giving_up(ladder, branch_calendar(session, stretch.branch_id, since=date.min), at)
    if last is None:
        return []
    chosen = select(loans.c.id).where(*_of(stretch), loans.c.state == LoanState.OUT, loans.c.due_at < last.due_before)
    return list(session.scalars(chosen.order_by(loans.c.due_at, loans.c.id)))


def assume_lost(session: Session, loan_id: int, ladder: Ladder, *, at: datetime, by: Actor) -> bool:
    """Give up the kit of one loan: charge it once, end its lines, tell the patron. Whether it was still to be done.

    Not when it came back, was renewed or claimed in the meantime: the loan is asked again once it is locked.
    """
    by.permit(Act.ADMINISTER)
    code = session.scalars(select(kits.c.barcode).join(loans, loans.c.kit_id == kits.c.id).where(loans.c.id == loan_id))
    ids = find_kit(session, code.one())
    lock_stocks(session, [ids.stock_id])
    kit = lock_kit(session, ids.kit_id)
    loan = lock_unreceived_loan(session, kit.id)
    if loan is None or loan.id != loan_id or loan.state is not LoanState.OUT:
        return False
    calendar = branch_calendar(session, loan.branch_id, since=date.min)
    last = _giving_up(ladder, calendar, at)
    if last is None or loan.due_at >= last.due_before:
        return False
    give_up_for_lost(session, kit, loan, verb="assume_lost", at=at, by=by)
    session.flush()  # what the loan has become is read by the statement that tells of it
    row = session.execute(_with_patrons(loans).where(loans.c.id == loan_id)).one()
    _take(session, [row], lambda _: chasing(ladder), calendar, loan.branch_id, at=at, by=by)
    return True


def _giving_up(ladder: Ladder, calendar: Calendar, at: datetime) -> StepDue | None:
    return next((due for due in due_now(ladder, calendar=calendar, at=at) if due.step.gives_up), None)


def _of(stretch: Stretch) -> tuple[ColumnElement[bool], ...]:
    return (loans.c.branch_id == stretch.branch_id, loans.c.kit_type_id == stretch.kit_type_id, unreceived)


def _due(
    session: Session,
    stretch: Stretch,
    ladder: Ladder,
    calendar: Calendar,
    *,
    at: datetime,
    limit: int,
    since: Cursor | None,
) -> Sequence[AnyRow]:
    """The loans whose latest step is due and not taken, locked."""
    steps = due_now(ladder, calendar=calendar, at=at)
    if not steps:
        return []
    chased = {step.code for step in chasing(ladder)}
    latest = case(
        *((and_(_stands(due.step, chased), loans.c.due_at < due.due_before), due.step.code) for due in steps),
        else_=None,
    )
    given_up = next((due for due in steps if due.step.gives_up), None)
    still_chased = loans.c.state == constant(LoanState.OUT)
    if given_up is not None:
        still_chased &= loans.c.due_at >= given_up.due_before
    took = exists().where(_taken.c.loan_id == loans.c.id, _taken.c.term == loans.c.term, _taken.c.step == latest)
    chosen = (
        select(*(loans.c[name] for name in _LOAN))
        .where(
            *_of(stretch),
            loans.c.due_at < steps[-1].due_before,
            or_(still_chased, and_(loans.c.state == constant(LoanState.LOST), _owed)),
            latest.is_not(None),
            ~took,
        )
        .order_by(loans.c.due_at, loans.c.id)
        .limit(limit)
        .with_for_update(of=loans, key_share=True, skip_locked=True)
    )
    if since is not None:
        chosen = chosen.where(tuple_(loans.c.due_at, loans.c.id) > since)
    found = chosen.subquery("found")
    return session.execute(_with_patrons(found).order_by(found.c.due_at, found.c.id)).all()


def _with_patrons(found: FromClause) -> Select[Any]:
    """Loans with when their present due date was set, and how their patrons are reached."""
    joined = found.join(terms, and_(terms.c.loan_id == found.c.id, terms.c.n == found.c.term)).outerjoin(
        patrons, patrons.c.id == found.c.patron_id
    )
    columns = (*(found.c[name] for name in _LOAN), terms.c.made_at.label("term_made_at"))
    return select(*columns, CHANNEL.label("channel")).select_from(joined)


def _stands(step: Step, chased: set[str]) -> ColumnElement[bool]:
    """Whether a loan is one that the step acts upon: a kit that is out is chased, one that was given up is owed for."""
    return loans.c.state == constant(LoanState.OUT if step.code in chased else LoanState.LOST)


def _take(
    session: Session,
    found: Sequence[AnyRow],
    steps_of: Callable[[AnyRow], Ladder],
    calendar: Calendar,
    branch_id: int,
    *,
    at: datetime,
    by: Actor,
) -> None:
    """Take the latest step that is due for each loan, and with it the earlier ones that nobody took."""
    alike: dict[tuple[datetime, LoanState], list[AnyRow]] = {}
    for loan in found:
        alike.setdefault((loan.due_at, loan.state), []).append(loan)
    suspended: list[AnyRow] = []
    called: list[AnyRow] = []
    for (due_at, _), group in alike.items():
        due = came_due(steps_of(group[0]), due_on=calendar.local_date(due_at), calendar=calendar, at=at)
        if due:
            late = _take_alike(session, group, due, at=at)
            suspended += late.suspended
            called += late.called
    if suspended:
        _ask_to_suspend(session, suspended, branch_id, at=at, by=by)
    if called:
        _ask_to_call(session, called, branch_id, at=at)


@dataclass(slots=True)
class _Asked:
    """The loans whose steps ask something of staff."""

    suspended: list[AnyRow] = field(default_factory=list)
    called: list[AnyRow] = field(default_factory=list)


def _take_alike(
    session: Session, alike: Sequence[AnyRow], due: Sequence[tuple[Step, datetime]], *, at: datetime
) -> _Asked:
    """Take the steps that are due for loans of one due date: of the latest they are told, if it came due since their
    due date was set; what the earlier ones that they did not take before ask of staff is asked as well.
    """
    *earlier, (latest, since) = due
    asked = _asked_of_staff(session, alike, due)
    keep_steps(session, [step.code for step, _ in earlier], [loan.id for loan in alike], superseded=True, at=at)
    told, passed = _parted(alike, lambda loan: since >= loan.term_made_at)
    keep_steps(session, [latest.code], [loan.id for loan in told], superseded=False, at=at)
    keep_steps(session, [latest.code], [loan.id for loan in passed], superseded=True, at=at)
    by_channel: dict[Channel, list[int]] = {}
    for loan in told if latest.notifies else ():
        by_channel.setdefault(loan.channel, []).append(loan.id)
    for channel, loan_ids in by_channel.items():
        tell_of_terms(session, latest.code, channel, loan_ids, at=at)
    return asked


def _asked_of_staff(session: Session, alike: Sequence[AnyRow], due: Sequence[tuple[Step, datetime]]) -> _Asked:
    """Whose lines are to be suspended and whom to call, for a step that was not taken and no due date overtook."""
    asked = _Asked()
    if not any(step.suspends_lines or step.calls for step, _ in due):
        return asked
    before = _taken_before(session, alike)
    for loan in alike:
        steps = [step for step, since in due if since >= loan.term_made_at and (loan.id, step.code) not in before]
        if not any(step.gives_up for step in steps):
            asked.suspended += [loan] if any(step.suspends_lines for step in steps) else []
            asked.called += [loan] if any(step.calls for step in steps) else []
    return asked


def _parted(rows: Sequence[AnyRow], is_one: Callable[[AnyRow], bool]) -> tuple[list[AnyRow], list[AnyRow]]:
    """Those that are, and those that are not."""
    parts: tuple[list[AnyRow], list[AnyRow]] = ([], [])
    for row in rows:
        parts[not is_one(row)].append(row)
    return parts


def _taken_before(session: Session, found: Sequence[AnyRow]) -> set[tuple[int, str]]:
    terms_of = {loan.id: loan.term for loan in found}
    chosen = select(_taken.c.loan_id, _taken.c.term, _taken.c.step).where(_taken.c.loan_id.in_(terms_of))
    return {(row.loan_id, row.step) for row in session.execute(chosen) if terms_of[row.loan_id] == row.term}


def _ask_to_suspend(session: Session, late: Sequence[AnyRow], branch_id: int, *, at: datetime, by: Actor) -> None:
    """Ask for the active lines of kits to be suspended: a task for each. Their loans are locked, so they are out."""
    by_kit = {loan.kit_id: loan for loan in late}
    chosen = (
        select(lines.c.id, parts.c.kit_id, kits.c.barcode)
        .select_from(
            lines.join(placements, placements.c.line_id == lines.c.id)
            .join(parts, parts.c.id == placements.c.part_id)
            .join(kits, kits.c.id == parts.c.kit_id)
        )
        .where(parts.c.kit_id.in_(by_kit), placements.c.until.is_(None), lines.c.state == constant(LineState.ACTIVE))
        .order_by(lines.c.id)
        .with_for_update(of=lines, key_share=True)
    )
    found = session.execute(chosen).all()
    if not found:
        return
    session.execute(_ASKED.where(lines.c.id.in_([line.id for line in found])))
    common = {"branch_id": branch_id, "opened_at": at}
    open_tasks(
        session,
        TaskKind.SUSPEND_LINE,
        [
            {**common, "subject": line_subject(line.id), "what": line.barcode, "kit_id": line.kit_id}
            | {"loan_id": by_kit[line.kit_id].id, "patron_id": None}
            for line in found
        ],
    )
    record_each(
        session,
        LineVerb.ASK_TO_SUSPEND.value,
        [
            {"branch_id": branch_id, "kit_id": line.kit_id, "loan_id": by_kit[line.kit_id].id}
            | {"cohort_id": by_kit[line.kit_id].cohort_id, "detail": {"line_id": line.id}}
            for line in found
        ],
        at=at,
        by=by,
    )


def _ask_to_call(session: Session, late: Sequence[AnyRow], branch_id: int, *, at: datetime) -> None:
    """Ask for somebody to telephone."""
    codes = dict(
        session.execute(select(kits.c.id, kits.c.barcode).where(kits.c.id.in_([c.kit_id for c in late]))).all()
    )
    open_tasks(
        session,
        TaskKind.CALL,
        [
            {"branch_id": branch_id, "opened_at": at, "subject": loan_subject(loan.id), "what": codes[loan.kit_id]}
            | {"kit_id": loan.kit_id, "loan_id": loan.id, "patron_id": loan.patron_id}
            for loan in late
        ],
    )
