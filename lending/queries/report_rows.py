"""The acts behind a figure of a report: which kit, where, when and for which session; never for whom.

A figure is a sum of roll-ups and its list is read from the journal, by the same rule of what an act counts as
(``domain/counting.py``), so that the two can be compared. The roll-ups say on which days there is something to read: a
year of a county has a quarter of a million acts, of which few may count. Source: issue "Managers see what circulated",
Build 2, "every number linked to its list"; BATTERY P7.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from lending.domain.counting import Counter, counters
from lending.domain.periods import Period
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Pool, Program
from lending.models.counts import DailyCount
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitType
from lending.models.stock import Stock
from lending.queries.today import Place

PAGE: Final = 50

VERBS: Mapping[Counter, tuple[str, ...]] = {
    Counter.CHECK_OUT: ("check_out",),
    Counter.RETURN: ("return",),
    Counter.LATE_RETURN: ("return",),
    Counter.STAFF_RENEWAL: ("renew",),
    Counter.PATRON_RENEWAL: ("renew",),
    Counter.AUTO_RENEWAL: ("renew",),
    Counter.EXCHANGE: ("exchange",),
    Counter.IN_LIBRARY: ("in_library",),
    Counter.LOST: ("declare_lost", "assume_lost"),
    Counter.BILLED: ("declare_lost", "assume_lost", "settle_incomplete", "inspect"),
    Counter.UNFILLED: ("cancel_reservation",),
}
"""The counters whose acts can be listed: the verbs of the journal that may count as each."""

_AT_ONCE: Final = 200
"""Rows of the journal that are read at once; the last word on whether an act counts is ``counters``."""

_journal, _kits, _kit_types = table_of(JournalEntry), table_of(Kit), table_of(KitType)
_branches, _cohorts, _programs = table_of(Branch), table_of(Cohort), table_of(Program)
_pools, _stocks = table_of(Pool), table_of(Stock)
_daily, _undone = table_of(DailyCount), _journal.alias("undone")


@dataclass(frozen=True, slots=True)
class Happened:
    """One act that counted: ``recorded_at`` differs from ``at`` where it was written down later.

    A request that ended has no ``kit``: there was none.
    """

    number: int
    at: datetime
    recorded_at: datetime
    zone: str
    branch: str
    kit: str | None
    kit_type: str
    session: str | None
    session_code: str | None


@dataclass(frozen=True, slots=True)
class Happenings:
    """One page of acts, the earliest first; ``after`` is where the next page begins, ``None`` on the last."""

    rows: tuple[Happened, ...]
    after: int | None


@dataclass(frozen=True, slots=True)
class Of:
    """Which acts: of a counter, in a period, of places, narrowed by kit type, program, and the code of a session.

    ``cohort`` is empty for those of no session.
    """

    counter: Counter
    period: Period
    places: Collection[Place]
    kit_type_id: int | None = None
    program_id: int | None = None
    cohort: str | None = None


def happened(session: Session, of: Of, *, after: int = 0, limit: int = PAGE) -> Happenings:
    """The acts that a figure counts, the earliest first, from the one behind ``after`` on (its ``number``). Those that
    were taken back are not among them.
    """
    behind = _place_of(session, after) if after else None
    if after and behind is None:
        return Happenings((), None)
    days = _days(session, of, behind, limit)
    found: list[Happened] = []
    while days and len(found) <= limit:
        rows = session.execute(_acts(of, days, behind)).all()
        found += [_row(row) for row in rows if of.counter in counters(row.verb, row.detail)]
        if len(rows) < _AT_ONCE:
            break
        behind = rows[-1]
    return Happenings(tuple(found[:limit]), found[limit - 1].number if len(found) > limit else None)


def _place_of(session: Session, number: int) -> AnyRow | None:
    """Where an act stands in the list, and at which branch's clock it was."""
    chosen = select(_journal.c.id, _journal.c.at, _branches.c.zone).join(
        _branches, _branches.c.id == _journal.c.branch_id
    )
    return session.execute(chosen.where(_journal.c.id == number)).one_or_none()


def _days(session: Session, of: Of, behind: AnyRow | None, limit: int) -> list[date]:
    """The days on which more than ``limit`` acts of the list lie, in order: the day of the act before, of which it is
    not known how many are left, and as many as it takes.
    """
    reached = None if behind is None else _local_day(behind)
    first = of.period.first if reached is None else reached
    chosen = (
        select(_daily.c.day, func.sum(_daily.c.n).label("n"))
        .outerjoin(_cohorts, _cohorts.c.id == _daily.c.cohort_id)
        .where(
            _daily.c.branch_id.in_(sorted(place.branch_id for place in of.places)),
            _daily.c.day.between(first, of.period.last),
            _daily.c.counter == of.counter,
            *_narrowed(of, kit_type_id=_daily.c.kit_type_id),
        )
        .group_by(_daily.c.day)
        .having(func.sum(_daily.c.n) > 0)
        .order_by(_daily.c.day)
    )
    days: list[date] = []
    expected = 0
    for day, n in session.execute(chosen.limit(limit + 2)):
        days.append(day)
        expected += int(n) if day != reached else 0
        if expected > limit:
            break
    return days


def _local_day(act: AnyRow) -> date:
    at: datetime = act.at
    return at.astimezone(ZoneInfo(act.zone)).date()


def kit_type_id(session: Session, code: str) -> int | None:
    """The row of a kind of kit, for reports that count by it."""
    return session.scalar(select(_kit_types.c.id).where(_kit_types.c.code == code))


def program_id(session: Session, code: str) -> int | None:
    """The row of a program, for reports that count by it."""
    return session.scalar(select(_programs.c.id).where(_programs.c.code == code))


def kinds_of_program(session: Session, program_id: int) -> dict[int, str]:
    """The kinds of kit that are or were set aside for a program's sessions: their codes by their rows."""
    chosen = (
        select(_kit_types.c.id, _kit_types.c.code)
        .join(_stocks, _stocks.c.kit_type_id == _kit_types.c.id)
        .join(_pools, _pools.c.stock_id == _stocks.c.id)
        .join(_cohorts, _cohorts.c.id == _pools.c.cohort_id)
        .where(_cohorts.c.program_id == program_id)
        .distinct()
    )
    return dict(session.execute(chosen).all())


def session_names(session: Session, codes: Collection[str]) -> dict[str, str]:
    """What sessions are called, by their codes."""
    chosen = select(_cohorts.c.code, _cohorts.c.name).where(_cohorts.c.code.in_(sorted(codes)))
    return dict(session.execute(chosen).all())


def sessions_held(session: Session, period: Period) -> list[int]:
    """The rows of the sessions with a day in a period, single workshops apart, to ask what was answered about them."""
    held = _cohorts.c.starts_on <= period.last, _cohorts.c.ends_on >= period.first, ~_cohorts.c.is_single
    return list(session.scalars(select(_cohorts.c.id).where(*held).order_by(_cohorts.c.id)))


def _acts(of: Of, days: Sequence[date], behind: AnyRow | None) -> Select[AnyRow]:
    """What is read of the journal at once: rows of these days that may count, from the one behind ``behind`` on."""
    of_kind: Any = func.coalesce(_kits.c.kit_type_id, _journal.c.detail["kit_type_id"].as_integer())
    chosen = (
        select(
            *(_journal.c[name] for name in ("id", "verb", "at", "recorded_at", "detail")),
            _branches.c.name.label("branch"),
            _branches.c.zone,
            _kits.c.barcode,
            _kit_types.c.name.label("kit_type"),
            _cohorts.c.name.label("session"),
            _cohorts.c.code.label("session_code"),
        )
        .outerjoin(_kits, _kits.c.id == _journal.c.kit_id)
        .join(_kit_types, _kit_types.c.id == of_kind)
        .join(_branches, _branches.c.id == _journal.c.branch_id)
        .outerjoin(_cohorts, _cohorts.c.id == _journal.c.cohort_id)
        .where(_when_and_where(of, days), *_may_count(of.counter), ~_taken_back(of))
        .where(*_narrowed(of, kit_type_id=_kit_types.c.id))
        .order_by(_journal.c.at, _journal.c.id)
        .limit(_AT_ONCE)
    )
    if behind is not None:
        later = _journal.c.at > behind.at
        chosen = chosen.where(or_(later, and_(_journal.c.at == behind.at, _journal.c.id > behind.id)))
    return chosen


def _narrowed(of: Of, *, kit_type_id: Any) -> list[ColumnElement[bool]]:
    """The kind of kit, the session and the program that a list is narrowed to."""
    conditions = []
    if of.kit_type_id is not None:
        conditions.append(kit_type_id == of.kit_type_id)
    if of.cohort is not None:
        conditions.append(_cohorts.c.code == of.cohort if of.cohort else _cohorts.c.id.is_(None))
    if of.program_id is not None:
        conditions.append(_cohorts.c.program_id == of.program_id)
    return conditions


def _when_and_where(of: Of, days: Sequence[date]) -> ColumnElement[bool]:
    """On these days, by the clock of each branch, in the columns of one index."""
    zones: defaultdict[str, list[int]] = defaultdict(list)
    for place in of.places:
        zones[place.zone].append(place.branch_id)
    return or_(
        false(),
        *(
            and_(
                _journal.c.branch_id.in_(sorted(ids)),
                _journal.c.verb.in_(VERBS[of.counter]),
                _journal.c.at >= _midnight(first, zone),
                _journal.c.at < _midnight(last + timedelta(days=1), zone),
            )
            for zone, ids in zones.items()
            for first, last in _runs(days)
        ),
    )


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def _runs(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Days in a row, as the first and the last of each row."""
    for _, run in groupby(enumerate(days), lambda numbered: numbered[1].toordinal() - numbered[0]):
        row = [day for _, day in run]
        yield row[0], row[-1]


def _may_count(counter: Counter) -> list[ColumnElement[bool]]:
    """What the rows of a verb need at least to count as ``counter``, where few of them do."""
    detail = _journal.c.detail
    match counter:
        case Counter.LATE_RETURN:
            return [detail["days_late"].as_integer() > 0]
        case Counter.STAFF_RENEWAL | Counter.PATRON_RENEWAL | Counter.AUTO_RENEWAL:
            return [detail["kind"].as_string() == counter.value]
        case Counter.BILLED:
            return [or_(detail["charge_id"].as_string().is_not(None), detail["charges"].as_string() != "[]")]
    return []


def _taken_back(of: Of) -> ColumnElement[bool]:
    undo: Any = _undone.c.detail["undone"].as_integer()
    # A use in the library is no loan: its undo is found by the kit.
    same = "kit_id" if of.counter is Counter.IN_LIBRARY else "loan_id"
    return exists().where(
        _undone.c[same] == _journal.c[same],
        _undone.c.verb.in_([f"undo_{verb}" for verb in VERBS[of.counter]]),
        undo == _journal.c.id,
    )


def _row(row: AnyRow) -> Happened:
    return Happened(
        number=row.id,
        at=row.at,
        recorded_at=row.recorded_at,
        zone=row.zone,
        branch=row.branch,
        kit=row.barcode,
        kit_type=row.kit_type,
        session=row.session,
        session_code=row.session_code,
    )
