"""Dates that move for many people at once: worked out first, as one list, then shown or written.

A preview and the act that follows work out the same list; the act writes it in a few statements however many loans
there are, each loan with a new term, a notice and a journal row of its own. Source: RULES 4, "Cohort moved", and 3,
"Emergency closing"; issue "Kits follow cohorts", Build 5.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum, unique
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import calendar_of
from lending.circulation.checkout_statements import (
    branches,
    cohorts,
    enrolments,
    kits,
    loans,
    patrons,
    reservations,
    terms,
    unreceived,
)
from lending.circulation.policies import policy_for
from lending.circulation.telling import CONTACT, UNDO_WINDOW
from lending.domain.calendars import SEARCH_DAYS, Calendar, Closure, WeeklyHours
from lending.domain.due_dates import Due
from lending.domain.redating import shelf_until
from lending.domain.states import LIVE_ENROLMENTS, PROMISED_RESERVATIONS, EnrolmentState, LoanState, ReservationState
from lending.models.base import AnyRow
from lending.models.loans import TermKind


@unique
class Thing(StrEnum):
    """What has a date."""

    LOAN = "loan"
    PROMISE = "promise"
    SHELF = "shelf"
    WORKSHOP = "workshop"


@unique
class Why(StrEnum):
    """Why a date moves, or stays."""

    COHORT_MOVED = "cohort_moved"
    COHORT_CANCELLED = "cohort_cancelled"
    AS_EARLY_AS_NOTICE_ALLOWS = "as_early_as_notice_allows"
    CLOSED = "closed"
    NO_NOTICE_LEFT = "no_notice_left"
    BY_HAND = "by_hand"
    SHORTENED = "shortened"
    LEFT = "left"
    CLAIMED = "claimed"
    LOST = "lost"
    HELD_ALREADY = "held_already"


@dataclass(frozen=True, slots=True)
class Moved:
    """One date that moves. ``label`` is the kit's or the pick-up code, or a workshop's title: never a person's name.

    ``was`` and ``becomes`` are UTC: a due date, the end of a time on the shelf, a workshop's beginning, or the first
    moment of the day from which a promised kit may be picked up. ``zone`` is where people read them.
    """

    thing: Thing
    id: str
    label: str
    branch: str
    zone: str
    was: datetime
    becomes: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Stays:
    """One date that does not move with the others, and why."""

    thing: Thing
    id: str
    label: str
    branch: str
    zone: str
    at: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Changed:
    """One value of a plan that changes, as text."""

    field: str
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class Redating:
    """Everything that an act changes, or would change: what a preview lists, and the act then did.

    ``of`` is the code of the cohort, or of the branch; empty for the whole library. ``counts`` says how many seats and
    promises are given or end. ``closed_on`` are workshop days on which a branch of the cohort is closed.
    """

    of: str
    changed: tuple[Changed, ...] = ()
    moved: tuple[Moved, ...] = ()
    stays: tuple[Stays, ...] = ()
    closed_on: tuple[date, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def as_detail(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and for the answer of a repeated request."""
        found: dict[str, Any] = json.loads(json.dumps(asdict(self), default=_as_text))
        return found

    @property
    def digest(self) -> str:
        """The same for the same list: what a preview hands to the act, so that nothing else is confirmed."""
        canonical = json.dumps(self.as_detail(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class LoanMove:
    """A loan with its new due date, ``None`` where it stays; ``row`` is one of ``OPEN_LOANS``."""

    row: AnyRow
    due: Due | None
    why: Why
    policy_id: int | None = None

    def shown(self) -> Moved | Stays:
        """The line of the list."""
        row = self.row
        where = (Thing.LOAN, row.public_id, row.barcode, row.branch, row.zone)
        if self.due is None:
            return Stays(*where, row.due_at, self.why)
        return Moved(*where, row.due_at, self.due.at, self.why)


@dataclass(frozen=True, slots=True)
class ShelfMove:
    """A reservation with its new time on the shelf, ``None`` where it stays; ``row`` is one of ``PROMISES``."""

    row: AnyRow
    until: datetime | None
    why: Why

    def shown(self) -> Moved | Stays:
        """The line of the list."""
        row = self.row
        where = (Thing.SHELF, row.public_id, row.barcode or row.pickup_code, row.branch, row.zone)
        if self.until is None:
            return Stays(*where, row.ready_until, self.why)
        return Moved(*where, row.ready_until, self.until, self.why)


_of_newest_term = (
    select(terms.c.kind)
    .where(terms.c.loan_id == loans.c.id, terms.c.kind != TermKind.CLOSURE)
    .order_by(terms.c.n.desc())
    .limit(1)
    .correlate(loans)
    .scalar_subquery()
)
_enrolled = exists().where(
    enrolments.c.patron_id == loans.c.patron_id,
    enrolments.c.cohort_id == loans.c.cohort_id,
    enrolments.c.state.in_(LIVE_ENROLMENTS | {EnrolmentState.COMPLETED}),
)
_gone = exists().where(
    enrolments.c.patron_id == loans.c.patron_id,
    enrolments.c.cohort_id == loans.c.cohort_id,
    enrolments.c.state.in_([EnrolmentState.WITHDRAWN, EnrolmentState.DROPPED]),
)
OPEN_LOANS = (
    select(
        *(
            loans.c[name]
            for name in ("id", "public_id", "kit_id", "kit_type_id", "patron_id", "cohort_id", "branch_id")
        ),
        *(loans.c[name] for name in ("state", "term", "due_at")),
        kits.c.barcode,
        branches.c.code.label("branch"),
        branches.c.zone,
        _of_newest_term.label("term_kind"),
        (_gone & ~_enrolled).label("left_cohort"),
        *CONTACT,
    )
    .select_from(
        loans.join(kits, kits.c.id == loans.c.kit_id)
        .join(branches, branches.c.id == loans.c.branch_id)
        .outerjoin(patrons, patrons.c.id == loans.c.patron_id)
    )
    .where(unreceived)
    .order_by(loans.c.id)
)
"""The loans whose kit is not back, with what moves them. ``term_kind`` passes over terms that a closing made."""

PROMISES = (
    select(
        *(
            reservations.c[name]
            for name in ("id", "public_id", "patron_id", "kit_id", "kit_type_id", "cohort_id", "state", "pickup_code")
        ),
        reservations.c.pickup_branch_id.label("branch_id"),
        reservations.c.ready_at,
        reservations.c.ready_until,
        cohorts.c.pickup_from,
        kits.c.barcode,
        branches.c.code.label("branch"),
        branches.c.zone,
        *CONTACT,
    )
    .select_from(
        reservations.join(branches, branches.c.id == reservations.c.pickup_branch_id)
        .outerjoin(kits, kits.c.id == reservations.c.kit_id)
        .outerjoin(cohorts, cohorts.c.id == reservations.c.cohort_id)
        .outerjoin(patrons, patrons.c.id == reservations.c.patron_id)
    )
    .where(reservations.c.state.in_(PROMISED_RESERVATIONS))
    .order_by(reservations.c.id)
)
"""Promises, with what re-dating those on the hold shelf needs."""


class Ground:
    """Calendars and policies of the branches that one act meets, each read once.

    ``closure`` is one that is not entered yet, for the branches in ``closed``; ``None`` for all of them. ``weeks`` are
    the zones and weekly hours that branches will keep instead of theirs.
    """

    def __init__(
        self,
        session: Session,
        *,
        at: datetime,
        closure: Closure | None = None,
        closed: Iterable[int] | None = None,
        weeks: Mapping[int, tuple[str, WeeklyHours]] | None = None,
    ) -> None:
        self._session, self._at = session, at
        # How long a kit lies on the shelf is counted from the day it was put there, over every closing since.
        first = at.date() if closure is None else min(at.date(), closure.starts_on)
        self._since = first - timedelta(days=SEARCH_DAYS)
        self._closure, self._closed = closure, None if closed is None else frozenset(closed)
        self._weeks = weeks or {}
        self._calendars: dict[int, Calendar] = {}
        self._policies: dict[tuple[int, int], AnyRow] = {}

    def known(self, branch_id: int) -> Calendar:
        """The calendar of a branch as it is entered."""
        if branch_id not in self._calendars:
            branch = self._session.execute(
                select(branches.c.zone, branches.c.hours).where(branches.c.id == branch_id)
            ).one()
            self._calendars[branch_id] = calendar_of(
                self._session, branch_id, branch.zone, branch.hours, since=self._since
            )
        return self._calendars[branch_id]

    def calendar(self, branch_id: int) -> Calendar:
        """The calendar of a branch as it will be."""
        known = self.known(branch_id)
        if branch_id in self._weeks:
            return Calendar(*self._weeks[branch_id], known.closures)
        if self._closure is None or (self._closed is not None and branch_id not in self._closed):
            return known
        return Calendar(known.zone, known.hours, (*known.closures, self._closure))

    def policy(self, row: AnyRow) -> AnyRow:
        """The policy for the kit type and branch of a loan or reservation."""
        key = (row.kit_type_id, row.branch_id)
        if key not in self._policies:
            self._policies[key] = policy_for(
                self._session, kit_type_id=row.kit_type_id, branch_id=row.branch_id, at=self._at
            )
        return self._policies[key]


def open_loans(session: Session, chosen: ColumnElement[bool]) -> Sequence[AnyRow]:
    """The loans whose kit is not back and that fit, in the order of their ids."""
    return session.execute(OPEN_LOANS.where(chosen)).all()


def promises(session: Session, chosen: ColumnElement[bool]) -> Sequence[AnyRow]:
    """The promises that fit, in the order of their ids."""
    return session.execute(PROMISES.where(chosen)).all()


def on_shelf(rows: Iterable[AnyRow]) -> list[AnyRow]:
    """Those of them that wait on the hold shelf until a day."""
    return [row for row in rows if row.state is ReservationState.READY and row.ready_until is not None]


def shelf_end(calendar: Calendar, policy: AnyRow, row: AnyRow, pickup_from: date | None) -> datetime | None:
    """Until when a kit on the hold shelf would wait there, counted from its ready notice as when it was captured."""
    ready_at = (row.ready_at or row.ready_until) + UNDO_WINDOW
    return shelf_until(calendar, policy.shelf_open_days, ready_at=ready_at, pickup_from=pickup_from)


def stands_apart(row: AnyRow) -> Why | None:
    """Why a loan's date is none of those that move with a cohort or a closing: its kit is claimed back, or lost."""
    return {LoanState.CLAIMED: Why.CLAIMED, LoanState.LOST: Why.LOST}.get(row.state)


def lines(moves: Iterable[LoanMove | ShelfMove]) -> tuple[tuple[Moved, ...], tuple[Stays, ...]]:
    """The list of what moves, and of what stays for a reason."""
    shown = [move.shown() for move in moves]
    return (
        tuple(line for line in shown if isinstance(line, Moved)),
        tuple(line for line in shown if isinstance(line, Stays)),
    )


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
