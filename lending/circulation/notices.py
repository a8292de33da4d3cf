"""Notices on their way out: claimed one by one, asked once more whether they still hold, sent, and marked.

A claim is a transaction of its own, and so is the mark: nothing is held while a message travels. A process that dies in
between leaves a claim that another takes over when it has grown old. What the other side refuses for good becomes work
for staff, and the person is told by another way if there is one. Source: RULES 6; BATTERY R12, R13, R15.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, bindparam, select, update
from sqlalchemy.orm import Session

from lending.circulation.addressees import addressee, channel_left, keep_wrong_address, lock_addressee
from lending.circulation.calendars import branch_calendar
from lending.circulation.journal import record, record_unchanged
from lending.circulation.notice_ends import ends_now
from lending.circulation.pin_codes import PIN_CODE
from lending.circulation.tasks import open_task
from lending.circulation.telling import new_notice, put_in_outbox
from lending.domain.actors import Actor
from lending.domain.calendars import Calendar
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.notices import Carrier, Channel, Notice, NoticeState
from lending.models.people import Patron
from lending.models.tasks import TaskKind

_notices = table_of(Notice)

QUIET_FROM, QUIET_UNTIL = time(21), time(8)
"""No telephone rings in between, on the clock of the patron's own branch, or of where the workshop is held."""

AT_ONCE = frozenset({PIN_CODE})
"""What somebody asked for this very moment rings at night too."""

_WITHIN_MINUTES = frozenset({Channel.EMAIL, Channel.TEXT})
"""The channels that reach somebody who waits for it."""

LEASE = timedelta(minutes=10)
"""How old a claim is before it counts as left behind; longer than any message may take."""

FIRST_PAUSE, LONGEST_PAUSE, GIVE_UP_AFTER = timedelta(minutes=5), timedelta(hours=4), timedelta(days=4)
"""Between tries, each time twice as long; after four days a message is not worth sending any more."""

BOUNCED = "bounced"
"""The problem of a message that came back after it had left."""


def _first(*which: ColumnElement[bool]) -> Select[Notice]:
    """The first row of an index: one statement for what is due and what was left behind would sort the whole heap."""
    return (
        select(Notice)
        .where(*which, Notice.channel == bindparam("of", type_=_notices.c.channel.type))
        .order_by(Notice.due_at)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )


_instant = _notices.c.due_at.type
_before, _now = bindparam("before", type_=_instant), bindparam("now", type_=_instant)
_DUE = _first(Notice.state == NoticeState.PENDING, Notice.due_at <= _before)
_LEFT_BEHIND = _first(Notice.state == NoticeState.SENDING, Notice.claimed_at < _before)
_THIS = update(_notices).where(_notices.c.id == bindparam("this"))
_CLAIM = _THIS.values(state=NoticeState.SENDING, claimed_at=_now, tries=_notices.c.tries + 1)
_MINE = _THIS.where(_notices.c.state == NoticeState.SENDING)
"""One that this process claimed; if somebody else took it over meanwhile, it is theirs."""
_SENT = _MINE.values(
    state=NoticeState.SENT,
    claimed_at=None,
    sent_at=_now,
    carrier=bindparam("by", type_=_notices.c.carrier.type),
    problem=None,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A notice that this process sends now: by ``id`` for the mark, by ``public_id`` for the world."""

    id: int
    public_id: str
    tries: int


def claim(session: Session, channel: Channel, *, at: datetime, by: Actor) -> Claim | None:
    """Claim the notice of a channel that is due longest and still holds; ``None`` when there is none.

    Those that no longer hold are cancelled on the way, those that a later step overtook superseded, and a text that is
    due at night waits for the morning.
    """
    by.permit(Act.ADMINISTER)
    while (notice := _next(session, channel, at)) is not None:
        if (ends := ends_now(session, notice, at=at)) is not None:
            notice.state = ends
        elif notice.channel is Channel.TEXT and not _may_be_texted(session, notice):
            tell_otherwise(session, notice, at=at)
        elif notice.step in AT_ONCE:
            return _claimed(session, notice, at)
        elif notice.channel is Channel.TEXT and (morning := _after_the_night(session, notice, at)) is not None:
            notice.state, notice.due_at = NoticeState.PENDING, morning
        else:
            return _claimed(session, notice, at)
        session.flush()  # the next look must not find it again
    return None


def _claimed(session: Session, notice: Notice, at: datetime) -> Claim:
    session.connection().execute(_CLAIM, {"this": notice.id, "now": at})
    return Claim(notice.id, notice.public_id, notice.tries + 1)


def _next(session: Session, channel: Channel, at: datetime) -> Notice | None:
    """The notice that is due longest or, when none is, one that was left behind in a claim; locked."""
    for chosen, before in ((_DUE, at), (_LEFT_BEHIND, at - LEASE)):
        found: Notice | None = session.scalars(chosen, {"of": channel, "before": before}).one_or_none()
        if found is not None:
            return found
    return None


def mark_sent(session: Session, notice_id: int, carrier: Carrier, *, at: datetime, by: Actor) -> None:
    """Keep that a notice left the house."""
    by.permit(Act.ADMINISTER)
    session.connection().execute(_SENT, {"this": notice_id, "now": at, "by": carrier})


def try_later(session: Session, notice_id: int, problem: str, *, at: datetime, by: Actor) -> datetime | None:
    """Keep that the other side was not ready: when it is tried again, or ``None`` if that is not worth it any more."""
    by.permit(Act.ADMINISTER)
    row = session.execute(select(Notice.tries, Notice.made_at).where(Notice.id == notice_id)).one()
    again: datetime = at + min(FIRST_PAUSE * 2 ** (row.tries - 1), LONGEST_PAUSE)
    if again - row.made_at > GIVE_UP_AFTER:
        _refused(session, notice_id, problem, at)
        return None
    _mark(session, notice_id, state=NoticeState.PENDING, due_at=again, problem=problem[:80])
    return again


def give_up(
    session: Session, notice_id: int, problem: str, *, address_is_wrong: bool, at: datetime, by: Actor
) -> Channel | None:
    """Keep that the other side refused for good; the channel by which the person is told instead, if there is one.

    An address that does not exist is not written to again until it is changed.
    """
    by.permit(Act.ADMINISTER)
    notice = session.scalars(select(Notice).where(Notice.id == notice_id)).one()
    if address_is_wrong:
        keep_wrong_address(session, notice, at=at)
    _refused(session, notice_id, problem, at)
    return _tell_by_another(session, notice, at=at)


def bounced(session: Session, notice: str, *, address_is_wrong: bool, at: datetime, by: Actor) -> bool:
    """Keep that an e-mail (the notice's public id) which had left the house came back; whether that was news.

    As when it is refused at the door: work for staff, and the person is told by another channel, if there is one.
    """
    by.permit(Act.ADMINISTER)
    chosen = select(Notice).where(Notice.public_id == notice, Notice.channel == Channel.EMAIL)
    found = session.scalars(chosen).one_or_none()
    if found is None or not lock_addressee(session, found):
        return False
    row = session.scalars(chosen.with_for_update(key_share=True).execution_options(populate_existing=True)).one()
    if row.state not in (NoticeState.SENT, NoticeState.SENDING):
        return False
    row.state, row.claimed_at, row.problem = NoticeState.FAILED, None, BOUNCED
    session.flush()  # what follows are statements
    if address_is_wrong:
        keep_wrong_address(session, row, at=at)
    _ask_staff(session, row, at)
    _tell_by_another(session, row, at=at)
    person = addressee(session, row)
    record(
        session,
        "note_bounce",
        at=at,
        by=by,
        branch_id=None if person is None else person.branch_id,
        loan_id=row.loan_id,
        detail={"notice": row.public_id, "address_is_wrong": address_is_wrong},
    )
    return True


def tell_otherwise(session: Session, notice: Notice, *, at: datetime) -> None:
    """Cancel a locked notice that waits, and tell whom it is for by another channel, if there is one."""
    notice.state = NoticeState.CANCELLED
    _tell_by_another(session, notice, at=at)


def _tell_by_another(session: Session, notice: Notice, *, at: datetime) -> Channel | None:
    """Tell of the same by the channel that reaches the person now, unless it is the one that failed.

    What somebody asked for this moment comes by no letter and no call, and is as old as it was.
    """
    person = addressee(session, notice)
    instead = None if person is None else channel_left(notice, person)
    if person is None or instead is None or instead is notice.channel:
        return None
    is_asked_for = notice.step in AT_ONCE
    if is_asked_for and instead not in _WITHIN_MINUTES:
        return None
    again = new_notice(
        notice.step,
        person,
        subject=notice.subject,
        patron_id=notice.patron_id,
        registration_id=notice.registration_id,
        loan_id=notice.loan_id,
        term=notice.term,
        at=notice.made_at if is_asked_for else at,
        due_at=max(notice.due_at, at),
    )
    put_in_outbox(session, [again])
    return instead


def letters_waiting(session: Session, branch_ids: Collection[int] | None, *, at: datetime, limit: int) -> list[str]:
    """The letters (public ids) that are due to patrons of these branches, or of all, and still hold: oldest first,
    and those to people without an address last.
    """
    chosen = (
        select(Notice)
        .join(Patron, Patron.id == Notice.patron_id)
        .where(Notice.channel == Channel.LETTER, Notice.state == NoticeState.PENDING, Notice.due_at <= at)
        .order_by(Patron.street.is_(None), Notice.due_at, Notice.id)
    )
    if branch_ids is not None:
        chosen = chosen.where(Patron.home_branch_id.in_(sorted(branch_ids)))
    return [
        notice.public_id for notice in session.scalars(chosen.limit(limit)) if ends_now(session, notice, at=at) is None
    ]


def mark_printed(session: Session, *, letters: Collection[str], at: datetime, by: Actor) -> int:
    """Keep that letters (public ids) were printed; how many. One that is not to be sent any more ends instead.

    A letter that somebody else marked meanwhile stays as it is. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``.
    """
    chosen = (
        select(Notice, Patron.home_branch_id)
        .join(Patron, Patron.id == Notice.patron_id)
        .where(Notice.public_id.in_(letters), Notice.channel == Channel.LETTER)
        .order_by(Notice.id)
        .with_for_update(of=Notice, key_share=True)
        .execution_options(populate_existing=True)
    )
    found = session.execute(chosen).all()
    if not found or len(found) < len(set(letters)):
        raise Refused.because(Reason.NOT_FOUND)
    for branch_id in sorted({branch_id for _, branch_id in found}):
        by.permit(Act.CIRCULATE, branch_id)
    printed: Counter[int] = Counter()
    for notice, branch_id in found:
        if notice.state is not NoticeState.PENDING:
            continue
        if (ends := ends_now(session, notice, at=at)) is not None:
            notice.state = ends
        else:
            notice.state, notice.sent_at, notice.carrier = NoticeState.SENT, at, Carrier.PRINTED
            printed[branch_id] += 1
    if not printed:
        record_unchanged(session, "print_letters", at=at, by=by)
    for branch_id, number in sorted(printed.items()):
        record(session, "print_letters", at=at, by=by, branch_id=branch_id, detail={"letters": number})
    return printed.total()


def quiet_until(calendar: Calendar, at: datetime) -> datetime | None:
    """When the telephone may ring again; ``None`` when it may ring now."""
    today = calendar.local_date(at)
    if at < calendar.instant(today, QUIET_UNTIL):
        return calendar.instant(today, QUIET_UNTIL)
    if at >= calendar.instant(today, QUIET_FROM):
        return calendar.instant(today + timedelta(days=1), QUIET_UNTIL)
    return None


def notice_subject(public_id: str) -> str:
    """The subject of tasks about one notice."""
    return f"notice:{public_id}"


def _after_the_night(session: Session, notice: Notice, at: datetime) -> datetime | None:
    person = addressee(session, notice)
    return None if person is None else quiet_until(branch_calendar(session, person.branch_id, since=at.date()), at)


def _mark(session: Session, notice_id: int, **values: object) -> None:
    """Change a notice that this process claimed."""
    session.execute(_MINE.values(claimed_at=None, **values), {"this": notice_id})


def _may_be_texted(session: Session, notice: Notice) -> bool:
    """Whether the person still agrees to text messages; what was asked of others in the meantime counts at once."""
    person = addressee(session, notice)
    return person is not None and person.text_consent_at is not None


def _refused(session: Session, notice_id: int, problem: str, at: datetime) -> None:
    _mark(session, notice_id, state=NoticeState.FAILED, problem=problem[:80])
    _ask_staff(session, session.scalars(select(Notice).where(Notice.id == notice_id)).one(), at)


def _ask_staff(session: Session, notice: Notice, at: datetime) -> None:
    """Who registered without a card is found by the reference of the registration."""
    person = addressee(session, notice)
    if person is not None:
        open_task(
            session,
            TaskKind.BOUNCE,
            subject=notice_subject(notice.public_id),
            branch_id=person.branch_id,
            what=person.reference or notice.step,
            at=at,
            loan_id=notice.loan_id,
            patron_id=notice.patron_id,
        )
