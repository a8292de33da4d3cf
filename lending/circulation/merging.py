"""Two records of one person become one.

Loans, promises, seats, charges, signatures, tasks and notices follow to the record that stays; the other's card numbers
say that they were merged. Where both had a live seat or promise of the same thing, the better one is kept and the other
ends kindly. Source: RULES 2, "double records merged: loans, promises, charges and blocks follow, the old number says
so".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.circulation.journal import record
from lending.circulation.locks import lock_stocks
from lending.circulation.patrons import current_number, end_card, find_patron, lock_households
from lending.circulation.reservations import cancel_reservation, serve_stock
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.registration import ADDRESS
from lending.domain.states import (
    LIVE_ENROLMENTS,
    LIVE_RESERVATIONS,
    EnrolmentState,
    EnrolmentVerb,
    ReservationState,
)
from lending.errors import Reason, Refused
from lending.models.base import Base, new_public_id, table_of
from lending.models.charges import Charge
from lending.models.cohorts import Attendance, Cohort, Enrolment
from lending.models.in_library import KitUse
from lending.models.loans import Loan
from lending.models.notices import Notice
from lending.models.outcomes import Captain
from lending.models.people import Card, CardEnd, Patron, PatronStatus
from lending.models.policies import AgreementAcceptance
from lending.models.referrals import Referral
from lending.models.reservations import Reservation
from lending.models.tasks import Task

ENDED_REASON = "merged"
"""Why the second of two equal seats or promises ended."""

_FOLLOW: tuple[type[Base], ...] = (
    Loan,
    Reservation,
    Enrolment,
    Attendance,
    Charge,
    AgreementAcceptance,
    Task,
    Notice,
    Referral,
    KitUse,
    Captain,
    Card,
)
"""Everything that hangs on a patron, in the order of locks."""

_BETTER_PROMISE = (
    ReservationState.READY,
    ReservationState.IN_TRANSIT,
    ReservationState.PULLING,
    ReservationState.PROMISED,
    ReservationState.WAITING,
)
_BETTER_SEAT = (EnrolmentState.ENROLLED, EnrolmentState.OFFERED, EnrolmentState.WAITING)

_FILLED = (
    "birth_date",
    "guardian_agreed_on",
    "email",
    "phone",
    "expires_on",
    "blocked_reason",
    "note",
    "notice_channel",
)
"""What the staying record takes over where it says nothing itself; the address goes as a whole, and consent with it."""

_REACHED = ("text_consent_at", "text_consent_wording", "text_stopped_at", "email_refused_at")
"""What is known of a number or an address, and goes with it."""

Row = TypeVar("Row", Reservation, Enrolment)


@dataclass(frozen=True, slots=True)
class Merged:
    """The record that stays, its card, and how many seats and promises ended because it had them already."""

    patron: str
    card: str | None
    ended: int


def merge(session: Session, *, loser: str, survivor: str, at: datetime, by: Actor) -> Merged:
    """Merge the record ``loser`` into ``survivor`` (public ids); what it knew and had is the survivor's from now on.

    What somebody asked for who had no card at hand is merged by whoever may change it: so they are verified.
    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND`` (also for a record merged before), ``SAME_PATRON``,
    ``NOT_VERIFIED`` where nobody has seen yet whose record it is that stays.
    """
    ids = _permitted(session, loser, survivor, by)
    rows = _lock(session, ids)
    if rows[ids[1]].provisional_since is not None:
        raise Refused.because(Reason.NOT_VERIFIED)
    gone, stays = (rows[patron_id] for patron_id in ids)
    seats = _end_second_seats(session, ids, at)
    promises = _end_second_promises(session, ids, seats, at=at, by=by)
    _attend_once(session, ids)
    _coach_once(session, ids)
    ended = len(promises) + len(seats)
    session.flush()  # the unique indexes let the rest follow only when the second of each pair has ended
    if current_number(session, stays.id) is not None:
        end_card(session, gone.id, CardEnd.MERGED, at)
    for kind in _FOLLOW:
        table = table_of(kind)
        session.execute(update(table).where(table.c.patron_id == gone.id).values(patron_id=stays.id))
    session.execute(update(Patron).where(Patron.merged_into_id == gone.id).values(merged_into_id=stays.id))
    _hand_over(gone, stays)
    for row, other in ((stays, gone), (gone, stays)):
        record(
            session,
            "merge_patrons",
            at=at,
            by=by,
            branch_id=row.home_branch_id,
            patron=row.pseudonym,
            detail={"with": other.pseudonym, "stays": row is stays, "ended": ended},
        )
    return Merged(stays.public_id, current_number(session, stays.id), ended)


def _permitted(session: Session, loser: str, survivor: str, by: Actor) -> tuple[int, int]:
    """The keys of both records, unlocked, for whoever may merge them."""
    goes = find_patron(session, loser)
    if goes.provisional_since is None or not by.may(Act.CHANGE_PATRON, goes.home_branch_id):
        by.permit(Act.MERGE_PATRONS)
    if loser == survivor:
        raise Refused.because(Reason.SAME_PATRON)
    return goes.id, find_patron(session, survivor).id


def _lock(session: Session, ids: tuple[int, int]) -> dict[int, Patron]:
    """Lock what a merge touches: the sessions and households of both, both records, the stocks they were promised from.

    ``NOT_FOUND`` when one was merged or erased meanwhile.
    """
    promised = select(Reservation.cohort_id, Reservation.stock_id).where(
        Reservation.patron_id.in_(ids), Reservation.state.in_(LIVE_RESERVATIONS)
    )
    promised_from = session.execute(promised).all()
    seated_in = session.scalars(
        select(Enrolment.cohort_id).where(Enrolment.patron_id.in_(ids), Enrolment.state.in_(LIVE_ENROLMENTS))
    ).all()
    cohort_ids = {*seated_in, *(row.cohort_id for row in promised_from if row.cohort_id is not None)}
    chosen = select(Cohort.id).where(Cohort.id.in_(sorted(cohort_ids))).order_by(Cohort.id)
    session.execute(chosen.with_for_update(key_share=True)).all()
    lock_households(session, *session.scalars(select(Patron.household_id).where(Patron.id.in_(ids))))
    both = select(Patron).where(Patron.id.in_(ids)).order_by(Patron.id)
    found = session.scalars(both.with_for_update(key_share=True).execution_options(populate_existing=True)).all()
    if any(row.status is not PatronStatus.ACTIVE for row in found):
        raise Refused.because(Reason.NOT_FOUND)
    lock_stocks(session, [row.stock_id for row in promised_from])
    return {row.id: row for row in found}


def _end_second_seats(session: Session, ids: tuple[int, int], at: datetime) -> dict[int, int]:
    """Of two live seats in one session keep the better one, then the earlier; gives the kept seat for each ended."""
    chosen = select(Enrolment).where(Enrolment.patron_id.in_(ids), Enrolment.state.in_(LIVE_ENROLMENTS))
    live = session.scalars(chosen.order_by(Enrolment.id)).all()
    pairs = _pairs(sorted(live, key=lambda row: (_BETTER_SEAT.index(row.state), row.id)), lambda row: row.cohort_id)
    for _, second in pairs:
        second.move(EnrolmentVerb.WITHDRAW)
        second.ended_at, second.ended_reason = at, ENDED_REASON
    return {second.id: kept.id for kept, second in pairs}


def _end_second_promises(
    session: Session, ids: tuple[int, int], seats: Mapping[int, int], *, at: datetime, by: Actor
) -> list[int]:
    """Of two live promises of one thing keep the one that has come further, then the earlier; the other is passed on.

    Kits of two sessions in the same weeks are one thing, too. A promise that hung on a seat that ended (``seats``)
    hangs on the kept one.
    """
    chosen = select(Reservation).where(Reservation.patron_id.in_(ids), Reservation.state.in_(LIVE_RESERVATIONS))
    live = session.scalars(
        chosen.order_by(Reservation.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).all()
    for row in live:
        if row.enrolment_id is not None:
            row.enrolment_id = seats.get(row.enrolment_id, row.enrolment_id)
    ranked = sorted(live, key=lambda row: (_BETTER_PROMISE.index(row.state), row.id))
    pairs = _pairs(ranked, lambda row: (row.cohort_id, None if row.cohort_id else row.kit_type_id))
    seconds = [second for _, second in pairs]
    seconds += _of_the_same_weeks(session, ids, [row for row in ranked if row not in seconds])
    for second in seconds:
        cancel_reservation(session, second, reason=ENDED_REASON, at=at, by=by)
    for stock_id in sorted({second.stock_id for second in seconds}):
        serve_stock(session, stock_id, at=at, by=by)
    return [second.id for second in seconds]


def _of_the_same_weeks(session: Session, ids: tuple[int, int], ranked: Sequence[Reservation]) -> list[Reservation]:
    """The promises, best first, of sessions in whose weeks a kit of another is out or promised by a better one."""
    out = (
        select(Loan.cohort_id)
        .join(Enrolment, Enrolment.cohort_id == Loan.cohort_id)
        .where(Loan.patron_id.in_(ids), unreceived)
        .where(Enrolment.patron_id.in_(ids), Enrolment.state.in_(LIVE_ENROLMENTS))
    )
    held = {cohort_id for cohort_id in session.scalars(out) if cohort_id is not None}
    named = {row.cohort_id for row in ranked if row.cohort_id is not None}
    weeks = {row.id: row for row in session.scalars(select(Cohort).where(Cohort.id.in_(held | named)))}
    kept, seconds = [weeks[cohort_id] for cohort_id in held - named], []
    for row in ranked:
        own = weeks.get(row.cohort_id or 0)
        if own is None:
            continue
        if any(other.starts_on <= own.ends_on and other.ends_on >= own.starts_on for other in kept):
            seconds.append(row)
        else:
            kept.append(own)
    return seconds


def _attend_once(session: Session, ids: tuple[int, int]) -> None:
    """Somebody who signed in to a workshop, or coaches a session, with both records does so once: as the staying one
    says.
    """
    gone, stays = ids
    there = select(Attendance.workshop_id).where(Attendance.patron_id == stays)
    session.execute(delete(Attendance).where(Attendance.patron_id == gone, Attendance.workshop_id.in_(there)))
    coached = select(Captain.cohort_id).where(Captain.patron_id == stays)
    session.execute(delete(Captain).where(Captain.patron_id == gone, Captain.cohort_id.in_(coached)))


def _coach_once(session: Session, ids: tuple[int, int]) -> None:
    """Who was named captain of one session with both records is one captain of it."""
    gone, stays = ids
    theirs = select(Captain.cohort_id).where(Captain.patron_id == stays)
    session.execute(delete(Captain).where(Captain.patron_id == gone, Captain.cohort_id.in_(theirs)))


def _pairs(ranked: Sequence[Row], same: Callable[[Row], Hashable]) -> list[tuple[Row, Row]]:
    """Each row that comes second to another of the same thing, behind the one that is kept; best first."""
    kept: dict[Hashable, Row] = {}
    return [(first, row) for row in ranked if (first := kept.setdefault(same(row), row)) is not row]


def _hand_over(gone: Patron, stays: Patron) -> None:
    """Fill what the staying record does not know, and leave nothing about the person in the one that goes."""
    for name in _FILLED:
        if getattr(stays, name) is None:
            setattr(stays, name, getattr(gone, name))
    if stays.street is None:
        for name in (*sorted(ADDRESS), "household_id"):
            setattr(stays, name, getattr(gone, name))
    _reach(gone, stays)
    for name in (*_FILLED, *ADDRESS, *_REACHED, "household_id", "pin_hash"):
        setattr(gone, name, None)
    gone.name = gone.name_key = ""
    gone.session_version, gone.provisional_since = new_public_id(), None
    gone.status, gone.merged_into_id = PatronStatus.MERGED, stays.id


def _reach(gone: Patron, stays: Patron) -> None:
    """What either record knows of the number and the address that stay.

    A merge never brings back the texts that somebody stopped: with the same number on both records a STOP counts more
    than a consent, whichever came later. Source: RULES 6, "STOP ... is honoured at once".
    """
    if stays.phone is not None and stays.phone == gone.phone:
        stops = [stopped for stopped in (stays.text_stopped_at, gone.text_stopped_at) if stopped is not None]
        if stops:
            stays.text_consent_at = stays.text_consent_wording = None
            stays.text_stopped_at = max(stops)
        elif stays.text_consent_at is None:
            stays.text_consent_at, stays.text_consent_wording = gone.text_consent_at, gone.text_consent_wording
    if stays.email is not None and stays.email == gone.email:
        stays.email_refused_at = stays.email_refused_at or gone.email_refused_at
