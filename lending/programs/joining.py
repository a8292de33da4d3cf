"""How somebody joins a cohort: what is found before the locks, counted under them, and written. Parts of ``enrol``.

All of it is said in the few statements of ``enrolment_statements``: in the minute a session opens, two hundred people
wait for the one cohort. Source: RULES 4, "First come, first served by acknowledged order".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.checkout import BORROWING_AGREEMENT
from lending.circulation.checkout_statements import SIGN
from lending.circulation.journal import record_each
from lending.circulation.pool_book import set_aside_by
from lending.circulation.provisional import against_another_request
from lending.circulation.reservations import PoolFound, pickup_code, promise_next
from lending.circulation.telling import new_notice, put_in_outbox
from lending.circulation.together import together
from lending.domain.actors import Actor
from lending.domain.eligibility import Applicant
from lending.domain.enrolment import EnrolmentFacts
from lending.domain.states import RESERVATION_MOVES, EnrolmentState, ReservationState, ReservationVerb, after
from lending.errors import Reason, Refused
from lending.models.base import AnyRow, new_public_id
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Program
from lending.models.people import Patron
from lending.models.policies import Signing
from lending.programs import enrolment_statements as sql

ENROLLED, ENROLLED_WITH_KIT, ENROLLED_WITHOUT_KIT = "enrolled", "enrolled_with_kit", "enrolled_without_kit"
WAITLISTED = "waitlisted"
"""The steps of the notice about a new enrolment: with a seat and no kit wanted, a kit kept, none left; or without."""


@dataclass(frozen=True, slots=True)
class Joining:
    """What an enrolment goes by: ids and rules found without a lock, and what was read and counted under the locks."""

    asked: AnyRow
    pool: PoolFound | None
    held: AnyRow
    counted: AnyRow


@dataclass(frozen=True, slots=True)
class Place:
    """A new enrolment: with a seat, or with its ``position`` on the waiting list, 1 for the next."""

    public_id: str
    state: EnrolmentState
    position: int | None


@dataclass(frozen=True, slots=True)
class Queued:
    """A new reservation: promised a kit, or with its ``position`` in the pool's queue, 1 for the next."""

    public_id: str
    state: ReservationState
    position: int | None


def resolve(session: Session, patron: str, cohort: str, branch_id: int) -> Sequence[AnyRow]:
    """What the card, the cohort and the branch stand for, without a lock; a row for each pool, or one without any.

    Raises ``Refused`` (``NOT_FOUND``) for a cohort or a branch that there is not.
    """
    asked = {"card": patron, "cohort": cohort, "branch_id": branch_id}
    rows = session.connection().execute(sql.RESOLVE, asked).all()
    if not rows:
        raise Refused.because(Reason.NOT_FOUND)
    return rows


def check_card(asked: AnyRow) -> None:
    """Refuse a card that was resolved and is nobody's (``CARD_UNKNOWN``) or an old one (``CARD_REPLACED``).

    Asked once the act is permitted: who may not enrol here learns nothing about cards.
    """
    if asked.patron_id is None:
        raise Refused.because(Reason.CARD_UNKNOWN)
    if asked.card_ended_at is not None:
        raise Refused.because(Reason.CARD_REPLACED)


def pool_of(row: AnyRow) -> PoolFound:
    """The pool of a row that was resolved."""
    return PoolFound(row.pool_id, row.stock_id, row.kit_type_id, row.kits)


def lock_and_count(session: Session, asked: AnyRow, pool: PoolFound | None, *, at: datetime) -> Joining:
    """Lock the cohort, the patron and the pool's stock; then count what nobody else can change now.

    ``Refused``: ``CARD_UNKNOWN`` when the patron's record was merged in this very moment.
    """
    ids = {"cohort_id": asked.cohort_id, "patron_id": asked.patron_id}
    in_pool = {"pool_id": None if pool is None else pool.pool_id, "set_aside_by": set_aside_by(at)}
    in_pool["besides"] = asked.cohort_id
    with together(session) as connection:  # the counts begin, and look, when the locks are had
        if pool is None:
            locked = connection.execute(sql.LOCK_SEAT, ids)
        else:
            locked = connection.execute(sql.LOCK_SEAT_AND_STOCK, {**ids, "stock_id": pool.stock_id})
        counted = connection.execute(sql.COUNT, {**ids, **in_pool})
    held = locked.one_or_none()
    if held is None:
        raise Refused.because(Reason.CARD_UNKNOWN)
    return Joining(asked, pool, held, counted.one())


def facts_of_joining(
    session: Session, joining: Joining, answers: Mapping[str, bool], *, wants_kit: bool, at: datetime
) -> EnrolmentFacts:
    """What stands for and against somebody who is joining, by what is locked and counted."""
    asked, held = joining.asked, joining.held
    applicant = Applicant(
        today=at.astimezone(ZoneInfo(asked.zone)).date(),
        birth_date=held.birth_date,
        postal_code=held.postal_code,
        has_address=held.street is not None,
        completed=completed(session, asked.patron_id, asked.eligibility),
        answers=answers,
        is_provisional=held.provisional_since is not None,
    )
    already = joining.counted.already
    found = facts_of(held, held, asked, already=already, wants_kit=wants_kit, applicant=applicant)
    if applicant.is_provisional:
        found = replace(found, asks_elsewhere=any(against_another_request(session, asked.patron_id)))
    return replace(found, kit_of=joining.counted.kit_of) if wants_kit else found


def facts_of(
    held: Cohort | AnyRow,
    person: Patron | AnyRow,
    program: AnyRow,
    *,
    already: bool,
    wants_kit: bool,
    applicant: Applicant,
) -> EnrolmentFacts:
    """The facts of a cohort, a person and a programme that were read, each a row of its class or columns so named."""
    return EnrolmentFacts(
        cohort=held.name,
        cancelled=held.status is CohortStatus.CANCELLED,
        pickup_from=held.pickup_from,
        ends_on=held.ends_on,
        last_borrow_on=program.last_borrow_on,
        program_ends_on=program.program_ends_on,
        wants_kit=wants_kit,
        rules=program.eligibility,
        blocked_reason=person.blocked_reason,
        expires_on=person.expires_on,
        already=already,
        applicant=applicant,
    )


def completed(session: Session, patron_id: int, rules: Mapping[str, Any]) -> frozenset[str]:
    """The codes of the programmes that somebody completed, where a programme's ``rules`` ask for one."""
    if not rules.get("after_program"):
        return frozenset()
    ended = (
        select(Program.code)
        .join(Cohort, Cohort.program_id == Program.id)
        .join(Enrolment, Enrolment.cohort_id == Cohort.id)
        .where(Enrolment.patron_id == patron_id, Enrolment.state == EnrolmentState.COMPLETED)
    )
    return frozenset(session.scalars(ended))


def add_enrolment(session: Session, joining: Joining, *, wants_kit: bool, at: datetime) -> Place:
    """Give a seat while the cohort has one that nobody waits for, else a place on its waiting list."""
    waiting = joining.counted.waiting
    seated = not waiting and joining.counted.seated < joining.held.capacity
    public_id = new_public_id()
    state = EnrolmentState.ENROLLED if seated else EnrolmentState.WAITING
    row = {
        "public_id": public_id,
        "cohort_id": joining.asked.cohort_id,
        "patron_id": joining.asked.patron_id,
        "pickup_branch_id": joining.asked.branch_id,
        "wants_kit": wants_kit,
        "state": state,
        "created_at": at,
        "seated_at": at if seated else None,
    }
    session.connection().execute(sql.ADD_ENROLMENT, row)
    return Place(public_id, state, None if seated else waiting + 1)


@dataclass(frozen=True, slots=True)
class Line:
    """The line before a pool: how many kits it has left, and how many wait for one."""

    pool: PoolFound
    left: int
    waiting: int


def line_of(session: Session, joining: Joining, *, at: datetime, by: Actor) -> Line | None:
    """The line that somebody joins; ``None`` without a pool. A kit that is left goes to whoever waits for it first.

    There is one beside people who wait only where it became free by the day alone.
    """
    pool, counted = joining.pool, joining.counted
    if pool is None:
        return None
    served = len(promise_next(session, pool.pool_id, at=at, by=by)) if counted.kits_left > 0 and counted.ready else 0
    return Line(pool, counted.kits_left - served, counted.queued - served)


def add_reservation(session: Session, joining: Joining, place: Place, line: Line, *, at: datetime) -> Queued:
    """Promise a kit of the pool to somebody with a seat if one is left for them, else give a place in its queue."""
    pool = line.pool
    promised = place.state is EnrolmentState.ENROLLED and line.left > 0
    state = ReservationState.WAITING
    if promised:
        state = after(RESERVATION_MOVES, state, ReservationVerb.PROMISE)
    public_id = new_public_id()
    row = {
        "public_id": public_id,
        "patron_id": joining.asked.patron_id,
        "kit_type_id": pool.kit_type_id,
        "stock_id": pool.stock_id,
        "pickup_branch_id": joining.asked.branch_id,
        "cohort_id": joining.asked.cohort_id,
        "pool_id": pool.pool_id,
        "enrolment": place.public_id,
        "state": state,
        "pickup_code": pickup_code(),
        "queued_at": at,
        "promised_at": at if promised else None,
    }
    session.connection().execute(sql.ADD_RESERVATION, row)
    return Queued(public_id, state, None if promised else line.waiting + 1)


def sign(session: Session, joining: Joining, signed: Signing, *, at: datetime, by: Actor) -> None:
    """Keep that the programme's agreement, or the borrowing agreement, was signed for this cohort."""
    session.connection().execute(
        SIGN,
        {
            "patron_id": joining.asked.patron_id,
            "agreement_code": joining.asked.agreement_code or BORROWING_AGREEMENT,
            "language": joining.held.language,
            "cohort_id": joining.asked.cohort_id,
            "loan_id": None,
            "accepted_at": at,
            "how": signed,
            "typed_name": None,
            "staff_id": by.staff_id,
        },
    )


def tell_of_joining(session: Session, joining: Joining, place: Place, queued: Queued | None, *, at: datetime) -> None:
    """Put one notice into the outbox: of the seat, and of the kit that is kept or waited for with it."""
    step = WAITLISTED
    if place.state is EnrolmentState.ENROLLED and queued is None:
        step = ENROLLED
    elif place.state is EnrolmentState.ENROLLED and queued is not None:
        step = ENROLLED_WITH_KIT if queued.position is None else ENROLLED_WITHOUT_KIT
    subject, patron_id = f"enrolment:{place.public_id}", joining.asked.patron_id
    put_in_outbox(session, [new_notice(step, joining.held, subject=subject, patron_id=patron_id, at=at)])


def record_joining(
    session: Session, joining: Joining, place: Place, queued: Queued | None, *, at: datetime, by: Actor
) -> None:
    """Write the place and, where a kit is promised, the promise to the journal."""
    asked = joining.asked
    where = {"branch_id": asked.branch_id, "cohort_id": asked.cohort_id}
    pool_id = None if joining.pool is None else joining.pool.pool_id
    seat = {"enrolment": place.public_id, "seat": place.state.value, "pool_id": pool_id}
    rows: list[dict[str, Any]] = [{**where, "verb": "enrol", "detail": seat}]
    if queued is not None and queued.position is None:
        promise = {
            "reservation": queued.public_id,
            "from": ReservationState.WAITING.value,
            "to": queued.state.value,
            "pool_id": pool_id,
        }
        rows.append({**where, "verb": "promise", "detail": promise})
    record_each(session, "enrol", rows, at=at, by=by)
