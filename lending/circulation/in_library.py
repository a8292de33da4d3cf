"""Kits used without a loan: in the building until closing, or at a workshop or hiring event.

Never a check-out: no limit, no ladder and no bill knows of it. The ordinary scan at Returns takes the kit back, and it
goes to inspection like any other. One that is not back at closing stays in use and so cannot be lent; it is listed, and
nobody is written to. Source: RULES 7, "in-library use (due at closing)"; issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.availability import outlook
from lending.circulation.calendars import branch_calendar
from lending.circulation.counts import count
from lending.circulation.journal import record
from lending.circulation.locks import lock_card_holder, lock_kit_and_stock, lock_kits, lock_stocks
from lending.circulation.policies import policy_for
from lending.circulation.reservations import serve_stock
from lending.circulation.returns import Next, destination
from lending.circulation.turnaround import lines_of, steps_missing
from lending.domain.actors import Actor
from lending.domain.calendars import Calendar
from lending.domain.cards import against_card
from lending.domain.checkout import KitFacts, kit_blocks
from lending.domain.counting import Counter
from lending.domain.due_dates import event_due, in_library_due
from lending.domain.names import short_name
from lending.domain.permissions import Act
from lending.domain.states import KitState, KitVerb, LineState
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Pool, Workshop
from lending.models.hiring import HiringEvent
from lending.models.in_library import KitUse, UseEnd
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitType
from lending.models.stock import Stock

IN_LIBRARY, AT_EVENT, ENDED = "in_library", "event_use", "end_use"
"""What the journal calls them; the first is also the counter that it adds to."""


@dataclass(frozen=True, slots=True)
class InUse:
    """A kit in use, and until when. ``event`` is the workshop's or event's name; ``None`` in the library."""

    use: str
    kit: str
    kit_type: str
    due_at: datetime
    event: str | None
    patron_name: str = ""


@dataclass(frozen=True, slots=True)
class UseEnded:
    """A kit that is back from its use, and where it goes from the counter. ``late``: after the closing it was due at.

    ``owner`` is the name of the branch that it belongs to.
    """

    use: str
    kit: str
    kit_type: str
    next: Next
    owner: str
    late: bool


@dataclass(frozen=True, slots=True)
class _Event:
    """What a kit is used at."""

    name: str
    ends_at: datetime
    cohort_id: int | None = None
    workshop_id: int | None = None
    hiring_event_id: int | None = None


def use_kit(
    session: Session,
    *,
    kit: str,
    branch_id: int,
    patron: str | None = None,
    workshop: str | None = None,
    hiring_event: str | None = None,
    at: datetime,
    by: Actor,
) -> InUse:
    """Hand ``kit`` (its code) out for use in the library, or at a workshop or hiring event (public ids).

    ``patron`` is a card number where somebody shows one; nothing but the card itself stands in the way. Raises
    ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, ``KIT_UNKNOWN``, ``CARD_UNKNOWN``, ``CARD_REPLACED``, ``EVENT_OVER``,
    or all of: what stands against the kit, as for a check-out; ``CARD_BLOCKED``, ``CARD_EXPIRED``; ``NO_OPEN_DAY`` on a
    closed day and after closing; ``NEEDED_FOR_PROMISES`` where nobody can spare it until it is ready again.
    """
    by.permit(Act.CIRCULATE, branch_id)
    branch = session.get(Branch, branch_id)
    if branch is None:
        raise Refused.because(Reason.NOT_FOUND)
    event = _event(session, workshop, hiring_event, at, by)
    person = None if patron is None else lock_card_holder(session, patron)
    row = lock_kit_and_stock(session, kit)
    calendar = branch_calendar(session, branch_id, since=at.date() - timedelta(days=1))
    due = in_library_due(calendar, at=at) if event is None else event_due(calendar, event.ends_at, at=at)
    against = [*kit_blocks(_facts(session, row, branch_id, at=at))]
    if person is not None:
        found = against_card(person.blocked_reason, person.expires_on, calendar.local_date(at))
        against += [Block(reason, detail) for reason, detail in found]
    if due is None:
        against.append(Block(Reason.NO_OPEN_DAY))
    elif not against and _is_needed(session, row, calendar, due.at, at=at):
        against.append(Block(Reason.NEEDED_FOR_PROMISES, {"kit": row.barcode}))
    if against or due is None:
        raise Refused(*against)
    row.move(KitVerb.USE)
    row.place = None
    use = KitUse(
        kit_id=row.id,
        branch_id=branch_id,
        patron_id=None if person is None else person.id,
        workshop_id=None if event is None else event.workshop_id,
        hiring_event_id=None if event is None else event.hiring_event_id,
        staff_id=by.staff_id,
        began_at=at,
        due_at=due.at,
    )
    session.add(use)
    session.flush()  # its public id is made with the row
    cohort_id = None if event is None else event.cohort_id
    verb = IN_LIBRARY if event is None else AT_EVENT
    detail = {"use": use.public_id, "due_at": due.at.isoformat()}
    record(session, verb, at=at, by=by, branch_id=branch_id, kit_id=row.id, cohort_id=cohort_id, detail=detail)
    if event is None:
        day = calendar.local_date(at)
        count(session, Counter.IN_LIBRARY, day=day, branch_id=branch_id, kit_type_id=row.kit_type_id)
    name = "" if person is None else short_name(person.name)
    return InUse(use.public_id, row.barcode, _type(session, row), due.at, None if event is None else event.name, name)


def end_use(session: Session, *, kit: str, branch_id: int, at: datetime, by: Actor) -> UseEnded:
    """Take ``kit`` (its code) back from its use, at any branch; it goes to inspection, or first home to its owner.

    Raises ``Refused``: ``NOT_PERMITTED``, ``KIT_UNKNOWN``, or ``NOT_ON_LOAN`` for a kit that is not in use.
    """
    by.permit(Act.CIRCULATE, branch_id)
    row = lock_kit_and_stock(session, kit)
    if row.state is not KitState.IN_USE:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=kit, state=row.state.value)
    use = open_use(session, row.id)
    owner = session.scalars(
        select(Branch).join(Stock, Stock.branch_id == Branch.id).where(Stock.id == row.stock_id)
    ).one()
    here = session.get_one(Branch, branch_id)
    before = {"branch_from": row.branch_id, "stock_from": row.stock_id}
    goes, to_owner_id, stock_id = destination(
        session,
        branch_id=branch_id,
        floats=here.floats,
        owner_id=owner.id,
        stock_id=row.stock_id,
        kit_type_id=row.kit_type_id,
    )
    row.move(KitVerb.RETURN)
    row.branch_id, row.in_transit_to_id, row.stock_id = branch_id, to_owner_id, stock_id
    row.sent_at = None if to_owner_id is None else at
    row.turnaround_since, row.place = at, None
    row.round += 1
    use.ended_at, use.end = at, UseEnd.RETURNED
    late = at > use.due_at
    detail = {"use": use.public_id, "next": goes.value, "owner": owner.id, "late": late, **before}
    record(session, ENDED, at=at, by=by, branch_id=branch_id, kit_id=row.id, detail=detail)
    return UseEnded(use.public_id, row.barcode, _type(session, row), goes, owner.name, late)


def undo_use(session: Session, entry: JournalEntry, *, at: datetime, by: Actor) -> str:
    """The kit is free again, as if nobody had used it; gives its code. Part of an undo."""
    row, use = _of_entry(session, entry)
    if use.ended_at is not None:
        raise Refused.because(Reason.CHANGED_SINCE)  # it came back, and may be in use by somebody else by now
    row.move(KitVerb.UNDO_USE)
    use.ended_at, use.end = at, UseEnd.UNDONE
    _record_undo(session, entry, row, at=at, by=by)
    if entry.verb == IN_LIBRARY:
        assert entry.branch_id is not None  # noqa: S101 - acts on kits are always journalled with their branch
        day = branch_calendar(session, entry.branch_id, since=entry.at.date()).local_date(entry.at)
        for counter, n in ((Counter.IN_LIBRARY, -1), (Counter.UNDONE, 1)):
            count(session, counter, day=day, branch_id=entry.branch_id, kit_type_id=row.kit_type_id, n=n)
    serve_stock(session, row.stock_id, at=at, by=by)
    return row.barcode


def undo_end_of_use(session: Session, entry: JournalEntry, *, at: datetime, by: Actor) -> str:
    """The kit is in use again, where it was; gives its code. Part of an undo."""
    row, use = _of_entry(session, entry)
    if row.turnaround_since != use.ended_at:
        raise Refused.because(Reason.CHANGED_SINCE)  # it went out and came back again meanwhile
    row.move(KitVerb.UNDO_END_OF_USE)
    row.branch_id, row.stock_id = entry.detail["branch_from"], entry.detail["stock_from"]
    row.in_transit_to_id = row.sent_at = row.turnaround_since = None
    use.ended_at = use.end = None
    _record_undo(session, entry, row, at=at, by=by)
    return row.barcode


def open_use(session: Session, kit_id: int) -> KitUse:
    """The use that a kit is in, which is locked."""
    chosen = select(KitUse).where(KitUse.kit_id == kit_id, KitUse.ended_at.is_(None))
    return session.scalars(chosen.execution_options(populate_existing=True)).one()


def _event(session: Session, workshop: str | None, hiring_event: str | None, at: datetime, by: Actor) -> _Event | None:
    """What a kit is taken to; ``EVENT_OVER`` for one that has ended or does not take place, ``NOT_FOUND`` also for one
    of other branches: those where it is held, and a workshop's also those that lend its session's kits.
    """
    found: _Event | None = None
    stands, branch_ids = True, set[int | None]()
    if workshop is not None:
        row = session.scalars(select(Workshop).where(Workshop.public_id == workshop)).one_or_none()
        if row is None:
            raise Refused.because(Reason.NOT_FOUND)
        stands = session.get_one(Cohort, row.cohort_id).status is CohortStatus.PLANNED
        found = _Event(row.title, row.ends_at, cohort_id=row.cohort_id, workshop_id=row.id)
        lends = select(Stock.branch_id).join(Pool, Pool.stock_id == Stock.id).where(Pool.cohort_id == row.cohort_id)
        branch_ids = {row.branch_id, *session.scalars(lends)}
    elif hiring_event is not None:
        event = session.scalars(select(HiringEvent).where(HiringEvent.public_id == hiring_event)).one_or_none()
        if event is None:
            raise Refused.because(Reason.NOT_FOUND)
        stands = event.cancelled_at is None
        found = _Event(event.name, event.ends_at, hiring_event_id=event.id)
        branch_ids = {event.branch_id}
    if found is not None and not (by.everywhere or branch_ids & by.branch_ids):
        raise Refused.because(Reason.NOT_FOUND)
    if found is not None and not (stands and found.ends_at > at):
        raise Refused.because(Reason.EVENT_OVER)
    return found


def _facts(session: Session, row: Kit, branch_id: int, *, at: datetime) -> KitFacts:
    lines = [line.state for line in lines_of(session, row)]
    return KitFacts(
        barcode=row.barcode,
        state=row.state,
        cohort_only=False,
        held_by_this_patron=False,
        promised_to_another=row.state is KitState.ON_SHELF,
        at_branch=session.get_one(Branch, row.branch_id).name,
        here=row.branch_id == branch_id,
        in_transit=row.in_transit_to_id is not None,
        steps_missing=tuple(step.value for step in steps_missing(session, row, at=at)),
        line_state=next((line for line in lines if line is not LineState.ACTIVE), None),
    )


def _is_needed(session: Session, row: Kit, calendar: Calendar, due_at: datetime, *, at: datetime) -> bool:
    """Whether a promise or an uncollected allotment needs the kit before it could be ready again.

    Whoever waits without a promise stands not in the way: had there been a kit for them, they would have been promised
    it, and this one comes back tonight.
    """
    owner = session.scalars(select(Stock.branch_id).where(Stock.id == row.stock_id)).one()
    policy = policy_for(session, kit_type_id=row.kit_type_id, branch_id=owner, at=at)
    at_home = branch_calendar(session, owner, since=at.date() - timedelta(days=1))
    back_on = calendar.local_date(due_at)
    ahead = outlook(
        session,
        row.stock_id,
        calendar=at_home,
        at=at,
        turnaround_open_days=policy.turnaround_open_days,
        overdue_hold_days=policy.overdue_hold_days,
    )
    return ahead.free(until=at_home.add_open_days(back_on, policy.turnaround_open_days) or back_on) < 1


def _of_entry(session: Session, entry: JournalEntry) -> tuple[Kit, KitUse]:
    """The kit and the use of an act, the kit locked with the stocks that it may go back to."""
    kit = session.get_one(Kit, entry.kit_id)
    lock_stocks(session, {kit.stock_id, entry.detail.get("stock_from", kit.stock_id)})
    row = lock_kits(session, [kit.id])[kit.id]
    return row, session.scalars(select(KitUse).where(KitUse.public_id == entry.detail["use"])).one()


def _record_undo(session: Session, entry: JournalEntry, row: Kit, *, at: datetime, by: Actor) -> None:
    record(
        session,
        f"undo_{entry.verb}",
        at=at,
        by=by,
        branch_id=entry.branch_id,
        kit_id=row.id,
        cohort_id=entry.cohort_id,
        detail={"undone": entry.id},
    )


def _type(session: Session, row: Kit) -> str:
    return session.scalars(select(KitType.code).where(KitType.id == row.kit_type_id)).one()
