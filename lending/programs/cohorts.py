"""Cohorts: one run of a programme ("session" to staff and patrons), planned with its seats, workshops and kits.

A cohort's pools are allotments against stocks for its span, from the first pick-up to the day its kits come back.
Source: RULES 4; issue "Kits follow cohorts", Build 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record
from lending.circulation.locks import lock_stocks
from lending.circulation.stocks import stock_of
from lending.domain.actors import Actor
from lending.domain.barcodes import CodeSpaces, Kind, read
from lending.domain.calendars import check_days
from lending.domain.permissions import Act
from lending.domain.registration import plain_text
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Pool, Program, Workshop
from lending.programs.pools import PoolPlan, are_wrong, branches_of, exceeds_stock, kit_types_of, kits_left, pools_of
from lending.programs.timetable import WeeklyWorkshops, closed_days, return_by_of, shifted

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,31}")

PICKUP_DAYS = 7
"""From how many days before the start kits may be picked up, unless the plan says otherwise."""

LONGEST = timedelta(days=366)
"""From the first pick-up to the first day, from there to the last, and from there until the kits are back."""

TEXTS: Mapping[str, int] = {"languages": 60, "partners": 240, "captains": 240, "materials": 500}
"""What may be said of a cohort, and how many characters there are for it."""


@dataclass(frozen=True, slots=True)
class CohortTexts:
    """What people are told of a cohort. ``captains`` are alumni who coach; ``languages`` are codes, apart by commas."""

    languages: str = "en"
    partners: str = ""
    captains: str = ""
    materials: str = ""
    first_day_mandatory: bool = False


@dataclass(frozen=True, slots=True)
class CohortPlanned:
    """A cohort as it was planned. ``closed_on`` are workshop days on which a branch of its pools is closed."""

    cohort: str
    return_by: date
    pickup_from: date
    workshops: int
    kits: int
    closed_on: tuple[date, ...]


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
    texts: CohortTexts = CohortTexts(),
    spaces: CodeSpaces = CodeSpaces(),
    at: datetime,
    by: Actor,
) -> CohortPlanned:
    """Plan one run of a programme (its code): dates, seats, weekly workshops, and the kits allotted to branches.

    The code must be of none of the library's code ``spaces``: it is printed with its own prefix. ``return_by`` is by
    itself the last day, and never before the first open day after the last workshop of any branch that lends the kits;
    ``pickup_from`` is seven days before the start. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``,
    ``VALUE_WRONG`` for every field, ``ALREADY_EXISTS``, and ``POOL_EXCEEDS_STOCK`` for every pool that is larger than
    what its stock has left on some day of the span.
    """
    found = program_of(session, program)
    permit_for_program(by, Act.PLAN_COHORT, found.id)
    first_on = None if workshops is None else workshops.first_on
    check_days(starts_on=starts_on, ends_on=ends_on, return_by=return_by, pickup_from=pickup_from, workshops=first_on)
    keep_program(session, found.id)
    names = branches_of(session, pools)
    calendars = [branch_calendar(session, id_, since=starts_on) for id_ in names]
    days = [] if workshops is None or workshops.is_wrong(starts_on, ends_on) else workshops.days
    last = max(days, default=None)
    back_by = return_by or return_by_of(calendars, ends_on, last)
    from_on = pickup_from or starts_on - timedelta(days=PICKUP_DAYS)
    wrong = {
        "code": _is_wrong(code, spaces),
        **wrong_dates(starts_on, ends_on, back_by, from_on, found.ends_on),
        "capacity": capacity < 1,
        "pools": are_wrong(pools),
        "workshops": workshops is not None and not days,
    }
    refuse_wrong(name, texts, wrong)
    planned = Cohort(
        code=code,
        program_id=found.id,
        name=plain_text(name, 120),
        starts_on=starts_on,
        ends_on=ends_on,
        return_by=back_by,
        pickup_from=from_on,
        capacity=capacity,
        **text_values(texts),
        created_at=at,
    )
    _write(session, planned, pools, names, [] if workshops is None else workshops.meetings(), at=at, by=by)
    kits = sum(pool.kits for pool in pools)
    return CohortPlanned(code, back_by, from_on, len(days), kits, closed_days(calendars, days))


def copy_cohort(
    session: Session,
    *,
    cohort: str,
    code: str,
    starts_on: date,
    name: str | None = None,
    spaces: CodeSpaces = CodeSpaces(),
    at: datetime,
    by: Actor,
) -> CohortPlanned:
    """Plan the next run after an example (its code): everything as there, so many days later as it starts later.

    Workshops keep their titles, places and wall clocks, and are held as long after the start as there; those on closed
    days are told (``closed_on``), not moved. The day on which kits come back follows too if somebody had set it, else
    it is worked out anew. Nobody is enrolled. Without ``name`` it has its code for one. Raises
    ``Refused`` as ``plan_cohort`` does.
    """
    old = session.scalars(select(Cohort).where(Cohort.code == cohort)).one_or_none()
    if old is None:
        raise Refused.because(Reason.NOT_FOUND)
    permit_for_program(by, Act.PLAN_COHORT, old.program_id)
    check_days(starts_on=starts_on)
    program_ends_on = keep_program(session, old.program_id).ends_on
    later = starts_on - old.starts_on
    pools = [PoolPlan(pool.branch_id, pool.kit_type, pool.kits) for pool in pools_of(session, old.id)]
    names = branches_of(session, pools)
    calendars = [branch_calendar(session, id_, since=min(starts_on, old.starts_on)) for id_ in names]
    wrong = {
        "code": _is_wrong(code, spaces),
        "starts_on": program_ends_on is not None and old.ends_on + later > program_ends_on,
    }
    refuse_wrong(name or code, CohortTexts(), wrong)
    zone = zone_of(session, old.id)
    meetings = _meetings_of(session, old, later.days, zone)
    days = local_days(meetings, zone)
    ends_on = old.ends_on + later
    back_by = return_by_of(calendars, ends_on, max(days, default=None))
    old_days = local_days(_meetings_of(session, old, 0, zone), zone)
    if old.return_by != return_by_of(calendars, old.ends_on, max(old_days, default=None)):
        back_by = max(back_by, old.return_by + later)
    planned = Cohort(
        code=code,
        program_id=old.program_id,
        name=plain_text(name or code, 120),
        starts_on=starts_on,
        ends_on=ends_on,
        return_by=back_by,
        pickup_from=old.pickup_from + later,
        capacity=old.capacity,
        first_day_mandatory=old.first_day_mandatory,
        **{text: getattr(old, text) for text in TEXTS},
        created_at=at,
    )
    _write(session, planned, pools, names, meetings, at=at, by=by)
    kits = sum(pool.kits for pool in pools)
    closed = closed_days(calendars, days)
    return CohortPlanned(code, planned.return_by, planned.pickup_from, len(meetings), kits, closed)


def program_of(session: Session, code: str) -> Program:
    """The programme with this code; ``Refused`` (``NOT_FOUND``) when there is none."""
    found = session.scalars(select(Program).where(Program.code == code)).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def keep_program(session: Session, program_id: int) -> Program:
    """Keep a programme from being changed until the act ends: its last day binds what is planned meanwhile.

    Locked to be read, so that two cohorts of it can be planned at once.
    """
    chosen = select(Program).where(Program.id == program_id).with_for_update(read=True)
    return session.scalars(chosen.execution_options(populate_existing=True)).one()


def permit_for_program(
    by: Actor, act: Act, program_id: int, branch_id: int | None = None, *, patron_id: int | None = None
) -> None:
    """Refuse unless ``by`` may do ``act``: a programme lead for their own programmes, others for their branches, and
    where the act is for a patron (``patron_id``), they themselves.
    """
    by.permit_for_program(act, program_id, branch_id, patron_id=patron_id)


def wrong_dates(
    starts_on: date, ends_on: date, return_by: date, pickup_from: date, program_ends_on: date | None
) -> dict[str, bool]:
    """Which of a cohort's dates do not follow each other, are too far apart (``LONGEST``), or outlast its programme."""
    outlasts = program_ends_on is not None and ends_on > program_ends_on
    return {
        "ends_on": not starts_on <= ends_on <= starts_on + LONGEST or outlasts,
        "return_by": not ends_on <= return_by <= ends_on + LONGEST,
        "pickup_from": not starts_on - LONGEST <= pickup_from <= starts_on,
    }


def _is_wrong(code: str, spaces: CodeSpaces) -> bool:
    """Whether a cohort cannot be called that, or a scanner would take it for a card, a kit or another session."""
    return not _CODE.fullmatch(code) or read(code, spaces).kind is not Kind.UNKNOWN


def refuse_wrong(name: str, texts: CohortTexts, wrong: Mapping[str, bool]) -> None:
    """Refuse a plan that does not hold together; everything that is wrong is told at once."""
    against = [*_wrong_texts(name, texts), *(field for field, is_wrong in wrong.items() if is_wrong)]
    blocks = [Block(Reason.VALUE_WRONG, {"field": field}) for field in against]
    if not name.strip():
        blocks.insert(0, Block(Reason.VALUE_MISSING, {"field": "name"}))
    if blocks:
        raise Refused(*blocks)


def text_values(texts: CohortTexts) -> dict[str, object]:
    """What is said of a cohort, as its row keeps it."""
    said: dict[str, object] = {name: plain_text(getattr(texts, name), most) or "" for name, most in TEXTS.items()}
    return {**said, "first_day_mandatory": texts.first_day_mandatory}


def zone_of(session: Session, cohort_id: int) -> str:
    """Whose wall clock a cohort's workshops follow: where they are held, else where its kits are lent, else any's."""
    held_at = select(Workshop.branch_id).where(Workshop.cohort_id == cohort_id, Workshop.branch_id.is_not(None))
    places = [*session.scalars(held_at.limit(1)), *(pool.branch_id for pool in pools_of(session, cohort_id))]
    chosen = select(Branch.zone).order_by(Branch.id).limit(1)
    if places:
        chosen = chosen.where(Branch.id == places[0])
    return session.scalars(chosen).first() or "UTC"


def today_everywhere(session: Session, at: datetime) -> date:
    """The earliest local day of any branch: a cohort whose last day is before it is over for everybody."""
    zones = session.scalars(select(Branch.zone).distinct())
    return min((at.astimezone(ZoneInfo(zone)).date() for zone in zones), default=at.date())


def local_days(meetings: Sequence[Workshop], zone: str) -> list[date]:
    """The local days on which workshops are held."""
    tz = ZoneInfo(zone)
    return [meeting.starts_at.astimezone(tz).date() for meeting in meetings]


def _meetings_of(session: Session, old: Cohort, days: int, zone: str) -> list[Workshop]:
    """The workshops of a cohort, so many days later, as rows that still want their own."""
    return [
        Workshop(
            n=held.n,
            title=held.title,
            starts_at=shifted(held.starts_at, days, zone),
            ends_at=shifted(held.ends_at, days, zone),
            mode=held.mode,
            branch_id=held.branch_id,
        )
        for held in session.scalars(select(Workshop).where(Workshop.cohort_id == old.id).order_by(Workshop.n))
    ]


def _write(
    session: Session,
    planned: Cohort,
    pools: Sequence[PoolPlan],
    names: Mapping[int, str],
    meetings: Sequence[Workshop],
    *,
    at: datetime,
    by: Actor,
) -> None:
    """Add a cohort whose values hold together, unless a stock has too few kits left for its span."""
    types = kit_types_of(session, pools)
    stocks = {stock_of(session, branch_id=pool.branch_id, kit_type_id=types[pool.kit_type]): pool for pool in pools}
    lock_stocks(session, stocks)
    short = [
        exceeds_stock(pool, names[pool.branch_id], left)
        for stock_id, pool in stocks.items()
        if pool.kits > (left := kits_left(session, stock_id, planned.pickup_from, planned.return_by))
    ]
    if short:
        raise Refused(*short)
    session.add(planned)
    with refusing_twins(Reason.ALREADY_EXISTS, field="code", value=planned.code):
        session.flush()  # pools and workshops need the cohort's id; a code that is taken is refused by name
    session.add_all(Pool(cohort_id=planned.id, stock_id=stock_id, kits=pool.kits) for stock_id, pool in stocks.items())
    for meeting in meetings:
        meeting.cohort_id = planned.id
    session.add_all(meetings)
    record(
        session,
        "plan_cohort",
        at=at,
        by=by,
        cohort_id=planned.id,
        detail={
            "code": planned.code,
            "starts_on": planned.starts_on.isoformat(),
            "ends_on": planned.ends_on.isoformat(),
            "return_by": planned.return_by.isoformat(),
            "pickup_from": planned.pickup_from.isoformat(),
            "capacity": planned.capacity,
            "kits": {str(stock_id): pool.kits for stock_id, pool in stocks.items()},
        },
    )


def _wrong_texts(name: str, texts: CohortTexts) -> Iterator[str]:
    for field, value, longest in (("name", name, 120), *((key, getattr(texts, key), n) for key, n in TEXTS.items())):
        try:
            plain_text(value, longest)
        except ValueError:
            yield field
