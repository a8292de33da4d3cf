"""The acts behind a figure of a report: which kit, where, when and for which session; never for whom.

A figure is a sum of roll-ups and its list is read from the journal, by the same rule of what an act counts as
(``domain/counting.py``), so that the two can be compared. Source: issue "Managers see what circulated", Build 2, "every
number linked to its list".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from lending.domain.counting import Counter, counters
from lending.domain.periods import Period
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Program
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitType
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
"""Rows of the journal that are read at once; of some verbs few count."""

_LATEST_WORD: Final = timedelta(days=62)
"""How long after an act it may have been written down: a book drop after a long closing, a desk without a network."""

_journal, _kits, _kit_types = table_of(JournalEntry), table_of(Kit), table_of(KitType)
_branches, _cohorts, _programs = table_of(Branch), table_of(Cohort), table_of(Program)
_undone = _journal.alias("undone")


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
    """The acts that a figure counts, from the one after ``after`` on. Those that were taken back are not among them."""
    found: list[Happened] = []
    acts, behind = _acts(of).limit(_AT_ONCE), after
    while len(found) <= limit:
        rows = session.execute(acts.where(_journal.c.id > behind)).all()
        found += [_row(row) for row in rows if of.counter in counters(row.verb, row.detail)]
        if len(rows) < _AT_ONCE:
            break
        behind = rows[-1].id
    return Happenings(tuple(found[:limit]), found[limit - 1].number if len(found) > limit else None)


def kit_type_id(session: Session, code: str) -> int | None:
    """The row of a kind of kit, for reports that count by it."""
    return session.scalar(select(_kit_types.c.id).where(_kit_types.c.code == code))


def program_id(session: Session, code: str) -> int | None:
    """The row of a program, for reports that count by it."""
    return session.scalar(select(_programs.c.id).where(_programs.c.code == code))


def session_names(session: Session, codes: Collection[str]) -> dict[str, str]:
    """What sessions are called, by their codes."""
    chosen = select(_cohorts.c.code, _cohorts.c.name).where(_cohorts.c.code.in_(sorted(codes)))
    return dict(session.execute(chosen).all())


def sessions_held(session: Session, period: Period) -> list[int]:
    """The rows of the sessions with a day in a period, to ask what was answered about them."""
    held = _cohorts.c.starts_on <= period.last, _cohorts.c.ends_on >= period.first
    return list(session.scalars(select(_cohorts.c.id).where(*held).order_by(_cohorts.c.id)))


def _acts(of: Of) -> Select[AnyRow]:
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
        .where(_journal.c.verb.in_(VERBS[of.counter]), _when_and_where(of), ~_taken_back(of))
        .order_by(_journal.c.id)
    )
    if of.kit_type_id is not None:
        chosen = chosen.where(_kit_types.c.id == of.kit_type_id)
    if of.cohort is not None:
        chosen = chosen.where(_cohorts.c.code == of.cohort if of.cohort else _journal.c.cohort_id.is_(None))
    if of.program_id is not None:
        chosen = chosen.where(_cohorts.c.program_id == of.program_id)
    return chosen


def _when_and_where(of: Of) -> ColumnElement[bool]:
    """On the days of the period, by the clock of each branch; the index goes by when it was written down."""
    zones: defaultdict[str, list[int]] = defaultdict(list)
    for place in of.places:
        zones[place.zone].append(place.branch_id)
    conditions = []
    for zone, ids in zones.items():
        first = datetime.combine(of.period.first, time(), ZoneInfo(zone))
        last = datetime.combine(of.period.last + timedelta(days=1), time(), ZoneInfo(zone))
        written = _journal.c.recorded_at
        conditions.append(
            and_(
                _journal.c.branch_id.in_(sorted(ids)),
                and_(written >= first, written < last + _LATEST_WORD),
                and_(_journal.c.at >= first, _journal.c.at < last),
            )
        )
    return or_(false(), *conditions)


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
