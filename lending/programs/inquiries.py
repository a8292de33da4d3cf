"""Inquiries at a desk or with a counsellor: one more, on this local day, of this topic. Nothing is known of whom.

Source: RULES 7, "Inquiries: anonymous tallies"; the permission sheet, "tally an inquiry".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.journal import record
from lending.circulation.library_settings import settings_now
from lending.circulation.telling import UNDO_WINDOW
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Block, Reason, Refused
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.inquiries import InquiryChannel, InquiryTally
from lending.models.journal import JournalEntry

TALLIED, UNDONE = "tally_inquiry", "undo_tally_inquiry"
"""What the journal calls them."""

MOST_AT_ONCE: Final = 1000
"""Inquiries of one tally, from a sheet of paper; more is a slip of the finger."""

OLDEST: Final = timedelta(days=400)
"""How old a sheet of paper may be."""

_tallies = table_of(InquiryTally)
_ROW = ["day", "branch_id", "topic", "channel", "staff_id"]
_sqlite, _postgresql = sqlite.insert(_tallies), postgresql.insert(_tallies)
_ADD = {
    "sqlite": _sqlite.on_conflict_do_update(index_elements=_ROW, set_={"n": _tallies.c.n + _sqlite.excluded.n}),
    "postgresql": _postgresql.on_conflict_do_update(
        index_elements=_ROW, set_={"n": _tallies.c.n + _postgresql.excluded.n}
    ),
}


@dataclass(frozen=True, slots=True)
class Tallied:
    """A tally, or one that was taken back: how many of which topic, on which local day."""

    topic: str
    channel: InquiryChannel
    n: int
    on: date


def tally(
    session: Session,
    *,
    branch_id: int,
    topic: str,
    channel: InquiryChannel = InquiryChannel.UNSAID,
    n: int = 1,
    on: date | None = None,
    at: datetime,
    by: Actor,
) -> Tallied:
    """Tally ``n`` inquiries of a topic (its code): now, or from paper ``on`` an earlier local day. Fewer than none take
    off what was tallied too much, of one's own.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND`` for the branch, or all of ``VALUE_WRONG`` for the topic, the
    number and a day that is too long ago, and ``DATE_IN_THE_FUTURE``.
    """
    by.permit(Act.TALLY, branch_id)
    if by.staff_id is None:
        raise Refused.because(Reason.NOT_PERMITTED, act=Act.TALLY.value)
    if session.get(Branch, branch_id) is None:
        raise Refused.because(Reason.NOT_FOUND)
    today = local_day(session, branch_id, at)
    day = on or today
    against = [*_against(topic, n, day, today, {one.code for one in settings_now(session).inquiry_topics})]
    if against:
        raise Refused(*against)
    row = {"day": day, "branch_id": branch_id, "topic": topic, "channel": channel, "staff_id": by.staff_id}
    if n > 0:
        session.connection().execute(_ADD[session.connection().dialect.name], {**row, "n": n})
    elif not _take_off(session, row, -n):
        raise Refused.because(Reason.VALUE_WRONG, field="count")
    detail = {"day": day.isoformat(), "topic": topic, "channel": channel.value, "n": n}
    record(session, TALLIED, at=at, by=by, branch_id=branch_id, detail=detail)
    return Tallied(topic, channel, n, day)


def undo_tally(session: Session, *, branch_id: int, at: datetime, by: Actor) -> Tallied:
    """Take back the last tally that this staff member made at a branch within ten minutes.

    Raises ``Refused``: ``NOT_PERMITTED``, or ``NOTHING_TO_UNDO``.
    """
    by.permit(Act.TALLY, branch_id)
    last = _last(session, branch_id, at, by)
    if last is None or by.staff_id is None:
        raise Refused.because(Reason.NOTHING_TO_UNDO)
    told = _told(last)
    row = {
        "day": told.on,
        "branch_id": branch_id,
        "topic": told.topic,
        "channel": told.channel,
        "staff_id": by.staff_id,
    }
    _lock(session, row)
    # Whoever undid it in this very moment had the row first.
    again = _last(session, branch_id, at, by)
    if again is None or again.id != last.id or not _take_off(session, row, told.n):
        raise Refused.because(Reason.NOTHING_TO_UNDO)
    record(session, UNDONE, at=at, by=by, branch_id=branch_id, detail={**last.detail, "undone": last.id})
    return told


def _against(topic: str, n: int, day: date, today: date, topics: set[str]) -> Iterator[Block]:
    if topic not in topics:
        yield Block(Reason.VALUE_WRONG, {"field": "topic"})
    if n == 0 or abs(n) > MOST_AT_ONCE:
        yield Block(Reason.VALUE_WRONG, {"field": "count"})
    if day > today:
        yield Block(Reason.DATE_IN_THE_FUTURE, {"on": day, "field": "day"})
    if day < today - OLDEST:
        yield Block(Reason.VALUE_WRONG, {"field": "day"})


def _take_off(session: Session, row: dict[str, object], n: int) -> bool:
    """Take ``n`` off a tally, which is never less than nothing; whether there were so many."""
    its = (_tallies.c[name] == value for name, value in row.items())
    changed = update(_tallies).where(*its, _tallies.c.n >= n).values(n=_tallies.c.n - n)
    return session.connection().execute(changed.returning(_tallies.c.n)).one_or_none() is not None


def _lock(session: Session, row: dict[str, object]) -> None:
    its = (_tallies.c[name] == value for name, value in row.items())
    session.execute(select(_tallies.c.n).where(*its).with_for_update(key_share=True)).all()


def _last(session: Session, branch_id: int, at: datetime, by: Actor) -> JournalEntry | None:
    """The last tally of this person here that was not taken back, if it is fresh enough to be."""
    recent = session.scalars(
        select(JournalEntry)
        .where(
            JournalEntry.branch_id == branch_id,
            JournalEntry.recorded_at >= at - UNDO_WINDOW,
            JournalEntry.staff_id == by.staff_id,
            JournalEntry.verb.in_((TALLIED, UNDONE)),
        )
        .order_by(JournalEntry.id.desc())
    ).all()
    undone = {entry.detail["undone"] for entry in recent if entry.verb == UNDONE}
    return next((entry for entry in recent if entry.verb == TALLIED and entry.id not in undone), None)


def _told(entry: JournalEntry) -> Tallied:
    detail = entry.detail
    day = date.fromisoformat(detail["day"])
    return Tallied(detail["topic"], InquiryChannel(detail["channel"]), int(detail["n"]), day)
