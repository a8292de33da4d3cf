"""Programmes, and the cohorts in which they are held: dates, weekly workshops, and kits allotted to branches.

A cohort is one run of a programme ("session" to staff and patrons). Its pools are allotments against stocks for its
span, from the first pick-up to the day its kits come back; together with the pools of other cohorts they never exceed
what a stock has. Source: RULES 4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record
from lending.circulation.locks import lock_stocks
from lending.circulation.stocks import stock_of
from lending.domain.actors import Actor
from lending.domain.availability import Need, most_needed
from lending.domain.due_dates import default_return_by
from lending.domain.permissions import Act, Role
from lending.domain.registration import plain_text
from lending.domain.states import KitState
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Pool, Program, Workshop, WorkshopMode
from lending.models.kits import Kit, KitType

PICKUP_DAYS = 7
"""From how many days before the start kits may be picked up, unless the plan says otherwise."""

OUT_OF_SERVICE = frozenset({KitState.MISSING, KitState.LOST, KitState.WITHDRAWN})
"""Kits that nobody can plan with. One in repair or without a charger is counted: it will be back."""

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """How many kits of a type (its code) a branch sets aside for a cohort."""

    branch_id: int
    kit_type: str
    kits: int


@dataclass(frozen=True, slots=True)
class WeeklyWorkshops:
    """One workshop a week from ``first_on``: ``starts`` is the wall clock in ``zone``.

    ``titles`` name the first ones; the rest are "Workshop 4" and so on. ``branch_id`` is where people meet, if they do.
    """

    first_on: date
    starts: time
    zone: str
    minutes: int = 90
    count: int = 6
    titles: Sequence[str] = ()
    mode: WorkshopMode = WorkshopMode.VIRTUAL
    branch_id: int | None = None


@dataclass(frozen=True, slots=True)
class CohortPlanned:
    """A cohort as it was planned. ``closed_on`` are workshop days on which a branch of its pools is closed."""

    cohort: str
    return_by: date
    pickup_from: date
    workshops: int
    kits: int
    closed_on: tuple[date, ...]


def plan_program(
    session: Session,
    *,
    code: str,
    name: str,
    description: str = "",
    agreement_code: str | None = None,
    ends_on: date | None = None,
    last_borrow_on: date | None = None,
    at: datetime,
    by: Actor,
) -> str:
    """Add a programme and give its code (lower-case letters, digits and hyphens).

    Raises ``Refused``: ``NOT_PERMITTED``, ``VALUE_MISSING`` or ``VALUE_WRONG`` for a field, ``ALREADY_EXISTS``.
    """
    by.permit(Act.ADMINISTER)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", code):
        raise Refused.because(Reason.VALUE_WRONG, field="code")
    if ends_on is not None and last_borrow_on is not None and last_borrow_on > ends_on:
        raise Refused.because(Reason.VALUE_WRONG, field="last_borrow_on")
    program = Program(
        code=code,
        name=_name(name),
        description=description.strip(),
        agreement_code=agreement_code,
        ends_on=ends_on,
        last_borrow_on=last_borrow_on,
    )
    session.add(program)
    with refusing_twins(Reason.ALREADY_EXISTS, field="code", value=code):
        session.flush()  # the journal names the programme by its id; a code that is taken is refused by name
    record(session, "plan_program", at=at, by=by, detail={"program_id": program.id, "code": code})
    return code


def plan_cohort(
    session: Session,
    *,
    code: str,
    program: str,
    name: str,
    starts_on: date,
    ends_on: date,
    capacity: int,
    pools: Sequence[PoolPlan] = (),
    workshops: WeeklyWorkshops | None = None,
    return_by: date | None = None,
    pickup_from: date | None = None,
    languages: str = "en",
    at: datetime,
    by: Actor,
) -> CohortPlanned:
    """Plan one run of a programme (its code): dates, seats, weekly workshops, and the kits allotted to branches.

    ``return_by`` is by itself the last day, and never before the first open day after the last workshop of any branch
    that lends the kits; ``pickup_from`` is seven days before the start. Raises ``Refused``: ``NOT_FOUND``,
    ``NOT_PERMITTED``, ``VALUE_WRONG`` for every field, ``ALREADY_EXISTS``, and ``POOL_EXCEEDS_STOCK`` for every pool
    that is larger than what its stock has left on some day of the span.
    """
    found = session.scalars(select(Program).where(Program.code == program)).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    permit_for_program(by, Act.PLAN_COHORT, found.id)
    meetings = _workshops(workshops)
    calendars = [branch_calendar(session, id_, since=starts_on) for id_ in _branches(session, pools)]
    last = None if workshops is None else workshops.first_on + (workshops.count - 1) * _WEEK
    back_by = return_by or max(
        (default_return_by(calendar, ends_on, last) for calendar in calendars),
        default=ends_on if last is None else max(ends_on, last + timedelta(days=1)),
    )
    from_on = pickup_from or starts_on - timedelta(days=PICKUP_DAYS)
    _check(code, starts_on, ends_on, from_on, back_by, capacity, workshops, last, pools)
    title = _name(name)
    types = _kit_types(session, pools)
    stocks = {stock_of(session, branch_id=pool.branch_id, kit_type_id=types[pool.kit_type]): pool for pool in pools}
    lock_stocks(session, stocks)
    short = [
        Block(
            Reason.POOL_EXCEEDS_STOCK,
            {"branch_id": pool.branch_id, "kit_type": pool.kit_type, "kits": pool.kits, "left": left},
        )
        for stock_id, pool in stocks.items()
        if pool.kits > (left := kits_left(session, stock_id, from_on, back_by))
    ]
    if short:
        raise Refused(*short)
    cohort = Cohort(
        code=code,
        program_id=found.id,
        name=title,
        starts_on=starts_on,
        ends_on=ends_on,
        return_by=back_by,
        pickup_from=from_on,
        capacity=capacity,
        languages=languages,
        created_at=at,
    )
    session.add(cohort)
    with refusing_twins(Reason.ALREADY_EXISTS, field="code", value=code):
        session.flush()  # pools and workshops need the cohort's id; a code that is taken is refused by name
    for stock_id, pool in stocks.items():
        session.add(Pool(cohort_id=cohort.id, stock_id=stock_id, kits=pool.kits))
    for meeting in meetings:
        meeting.cohort_id = cohort.id
        session.add(meeting)
    kits = sum(pool.kits for pool in pools)
    record(
        session,
        "plan_cohort",
        at=at,
        by=by,
        cohort_id=cohort.id,
        detail={
            "code": code,
            "starts_on": starts_on.isoformat(),
            "ends_on": ends_on.isoformat(),
            "return_by": back_by.isoformat(),
            "pickup_from": from_on.isoformat(),
            "capacity": capacity,
            "kits": {str(stock_id): pool.kits for stock_id, pool in stocks.items()},
        },
    )
    days = [] if workshops is None else [workshops.first_on + n * _WEEK for n in range(workshops.count)]
    closed = tuple(on for on in days if not all(calendar.is_open_on(on) for calendar in calendars))
    return CohortPlanned(code, back_by, from_on, len(meetings), kits, closed)


def permit_for_program(by: Actor, act: Act, program_id: int, branch_id: int | None = None) -> None:
    """Refuse unless ``by`` may do ``act``: a programme lead for their own programmes, others for their branches."""
    if by.role is not Role.PROGRAM:
        by.permit(act, branch_id)
        return
    by.permit(act)
    if program_id not in by.program_ids:
        raise Refused.because(Reason.NOT_PERMITTED, act=act.value)


def kits_left(session: Session, stock_id: int, from_on: date, to_on: date) -> int:
    """How many kits of a stock, which is locked, no cohort has been allotted on any day of a span."""
    in_service = select(func.count()).where(Kit.stock_id == stock_id, Kit.state.not_in(OUT_OF_SERVICE))
    allotted = (
        select(Pool.kits, Cohort.pickup_from, Cohort.return_by)
        .join(Cohort, Cohort.id == Pool.cohort_id)
        .where(
            Pool.stock_id == stock_id,
            Cohort.status == CohortStatus.PLANNED,
            Cohort.pickup_from <= to_on,
            Cohort.return_by >= from_on,
        )
    )
    needs = [Need(*row) for row in session.execute(allotted)]
    return session.scalars(in_service).one() - most_needed(needs, from_on, to_on)


def _branches(session: Session, pools: Sequence[PoolPlan]) -> list[int]:
    wanted = {pool.branch_id for pool in pools}
    known = session.scalars(select(Branch.id).where(Branch.id.in_(wanted)).order_by(Branch.id)).all()
    if len(known) != len(wanted):
        raise Refused.because(Reason.NOT_FOUND)
    return list(known)


def _kit_types(session: Session, pools: Sequence[PoolPlan]) -> dict[str, int]:
    wanted = {pool.kit_type for pool in pools}
    known = session.execute(select(KitType.code, KitType.id).where(KitType.code.in_(wanted)))
    found = {row.code: row.id for row in known}
    if len(found) != len(wanted):
        raise Refused.because(Reason.NOT_FOUND)
    return found


def _workshops(plan: WeeklyWorkshops | None) -> list[Workshop]:
    """The weekly meetings at one wall-clock time, so that a change of the clocks moves none of them."""
    if plan is None:
        return []
    zone = ZoneInfo(plan.zone)
    made = []
    for n in range(plan.count):
        starts_at = datetime.combine(plan.first_on + n * _WEEK, plan.starts, zone)
        made.append(
            Workshop(
                n=n + 1,
                title=plan.titles[n] if n < len(plan.titles) else f"Workshop {n + 1}",
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=plan.minutes),
                mode=plan.mode,
                branch_id=plan.branch_id,
            )
        )
    return made


def _check(
    code: str,
    starts_on: date,
    ends_on: date,
    pickup_from: date,
    return_by: date,
    capacity: int,
    workshops: WeeklyWorkshops | None,
    last_workshop_on: date | None,
    pools: Sequence[PoolPlan],
) -> None:
    """Refuse a plan that does not hold together; everything that is wrong is told at once."""
    wrong = {
        "code": not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{0,31}", code),
        "ends_on": ends_on < starts_on,
        "return_by": return_by < ends_on,
        "pickup_from": pickup_from > starts_on,
        "capacity": capacity < 1,
        "pools": any(pool.kits < 0 for pool in pools)
        or len({(pool.branch_id, pool.kit_type) for pool in pools}) < len(pools),
        "workshops": workshops is not None
        and (
            workshops.count < 1
            or workshops.minutes < 1
            or workshops.first_on < starts_on
            or (last_workshop_on is not None and last_workshop_on > ends_on)
        ),
    }
    if any(wrong.values()):
        raise Refused(*(Block(Reason.VALUE_WRONG, {"field": name}) for name, is_wrong in wrong.items() if is_wrong))


def _name(name: str) -> str:
    try:
        text = plain_text(name, 120)
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field="name") from None
    if text is None:
        raise Refused.because(Reason.VALUE_MISSING, field="name")
    return text
