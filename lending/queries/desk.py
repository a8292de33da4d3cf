"""What the desk sees: the patron strip, a kit at a glance, the kits that are free, the numbers of the day.

Nothing here changes or locks anything; the verbs decide again under their locks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Label, Select, and_, bindparam, exists, func, null, select
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import IS_NO_STATEMENT, unreceived
from lending.circulation.policies import applicable_policy_id, policies
from lending.domain.checkout import CheckOutFacts, KitFacts, PatronFacts, PolicyFacts, PromiseFacts, blocks
from lending.domain.names import short_name
from lending.domain.states import ChargeState, EnrolmentState, KitState, LoanState, ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.base import AnyRow, table_of, whole_sum
from lending.models.branches import Branch
from lending.models.charges import Charge
from lending.models.cohorts import Cohort, CohortStatus, Enrolment
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan
from lending.models.people import Card, Patron, PatronStatus
from lending.models.policies import AgreementAcceptance, AgreementRule
from lending.models.reservations import Reservation
from lending.queries.enrolments import Standing, standings

_patrons, _cards, _loans, _charges = table_of(Patron), table_of(Card), table_of(Loan), table_of(Charge)
_kits, _kit_types, _branches = table_of(Kit), table_of(KitType), table_of(Branch)
_cohorts, _enrolments, _reservations = table_of(Cohort), table_of(Enrolment), table_of(Reservation)
_acceptances, _journal = table_of(AgreementAcceptance), table_of(JournalEntry)


@dataclass(frozen=True, slots=True)
class KitOut:
    """A kit that a patron has: when it is due, and what was said about it since."""

    kit: str
    due_at: datetime
    state: LoanState


@dataclass(frozen=True, slots=True)
class PatronStrip:
    """A patron as the desk sees them while kits are scanned.

    ``blocks`` stand against lending them any kit; ``session`` is the one that a kit is lent for, ``seats`` how they
    stand in each.
    """

    public_id: str
    card: str | None
    short_name: str
    expires_on: date | None
    session: str | None
    ready_kit: str | None
    ready_until: datetime | None
    kits_out: int
    limit: int
    owes_cents: int
    agreement_missing: bool
    blocks: tuple[Block, ...]
    kits: tuple[KitOut, ...]
    seats: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class KitGlance:
    """A kit at a glance. ``patron_name``, ``due_at`` and ``loan_state`` are set while it is out."""

    barcode: str
    kit_type: str
    state: KitState
    branch_id: int
    branch: str
    in_transit_to_id: int | None
    in_transit_to: str | None
    due_at: datetime | None
    loan_state: LoanState | None
    patron_name: str | None


@dataclass(frozen=True, slots=True)
class Counters:
    """How many kits a station gave out and took in today, less what it took back."""

    out: int
    in_: int


_AT = bindparam("at", type_=_loans.c.due_at.type)
_BRANCH_ID = bindparam("branch_id", type_=_kits.c.id.type)
_theirs = and_(_loans.c.patron_id == _patrons.c.id, unreceived)
_current = _cards.alias("current_card")
_there = _branches.alias("there")


def _scalar(chosen: Select[Any], name: str) -> Label[Any]:
    return chosen.correlate(_patrons).scalar_subquery().label(name)


_PERSON = (
    select(
        _patrons.c.id,
        _patrons.c.public_id,
        _patrons.c.name,
        _patrons.c.birth_date,
        _patrons.c.guardian_agreed_on,
        _patrons.c.provisional_since,
        _patrons.c.expires_on,
        _patrons.c.blocked_reason,
        _current.c.number.label("card"),
        policies.c.kit_limit,
        policies.c.household_limit,
        policies.c.cool_down_hours,
        policies.c.owes_limit_cents,
        policies.c.adult_age,
        policies.c.agreement,
        _scalar(select(func.count()).select_from(_loans).where(_theirs), "unreceived"),
        _scalar(
            select(func.count())
            .select_from(_loans)
            .where(_theirs, _loans.c.state == LoanState.OUT, _loans.c.due_at < _AT),
            "overdue",
        ),
        _scalar(
            select(func.coalesce(whole_sum(_charges.c.amount_cents), 0)).where(
                _charges.c.patron_id == _patrons.c.id, _charges.c.state == ChargeState.OWED
            ),
            "owes_cents",
        ),
        _scalar(select(func.max(_loans.c.received_at)).where(_loans.c.patron_id == _patrons.c.id), "last_received_at"),
        exists()
        .where(_acceptances.c.patron_id == _patrons.c.id, IS_NO_STATEMENT)
        .correlate(_patrons)
        .label("signed_once"),
    )
    .select_from(
        _patrons.outerjoin(
            _current, and_(_current.c.patron_id == _patrons.c.id, _current.c.ended_at.is_(None))
        ).outerjoin(policies, policies.c.id == applicable_policy_id(null(), _BRANCH_ID, _AT))  # type: ignore[arg-type]  # no kit yet, so no kit type
    )
    .where(_patrons.c.status == PatronStatus.ACTIVE)
)
_BY_PUBLIC_ID = _PERSON.where(_patrons.c.public_id == bindparam("patron"))
_BY_CARD = _PERSON.add_columns(_cards.c.ended_at.label("card_ended_at")).join_from(
    _patrons, _cards, and_(_cards.c.patron_id == _patrons.c.id, _cards.c.number == bindparam("patron"))
)

_SEATS = (
    select(_cohorts.c.id, _cohorts.c.name)
    .join(_enrolments, _enrolments.c.cohort_id == _cohorts.c.id)
    .where(
        _enrolments.c.patron_id == bindparam("patron_id"),
        _enrolments.c.state == EnrolmentState.ENROLLED,
        _cohorts.c.status == CohortStatus.PLANNED,
        _cohorts.c.return_by >= bindparam("today"),
    )
    .order_by(_cohorts.c.starts_on, _enrolments.c.id)
)
_READY = (
    select(_kits.c.barcode, _reservations.c.ready_until)
    .join(_kits, _kits.c.id == _reservations.c.kit_id)
    .where(
        _reservations.c.patron_id == bindparam("patron_id"),
        _reservations.c.state == ReservationState.READY,
        _reservations.c.pickup_branch_id == _BRANCH_ID,
    )
    .order_by(_reservations.c.id)
    .limit(1)
)
_THEIR_KITS = (
    select(_kits.c.barcode, _loans.c.due_at, _loans.c.state)
    .join(_loans, _loans.c.kit_id == _kits.c.id)
    .where(_loans.c.patron_id == bindparam("patron_id"), unreceived)
    .order_by(_loans.c.due_at, _loans.c.id)
)
_SIGNED_FOR = select(
    exists().where(
        _acceptances.c.patron_id == bindparam("patron_id"),
        _acceptances.c.cohort_id == bindparam("cohort_id"),
        IS_NO_STATEMENT,
    )
)


def strip_by_card(session: Session, card: str, *, branch_id: int, zone: str, at: datetime) -> PatronStrip:
    """The patron with this card number. Raises ``Refused``: ``CARD_UNKNOWN``, ``CARD_REPLACED``."""
    keys = {"patron": card, "branch_id": branch_id, "at": at}
    row = session.connection().execute(_BY_CARD, keys).one_or_none()
    if row is None:
        raise Refused.because(Reason.CARD_UNKNOWN, code=card)
    if row.card_ended_at is not None:
        raise Refused.because(Reason.CARD_REPLACED)
    return _strip(session, row, branch_id, zone, at)


def strip_by_public_id(session: Session, patron: str, *, branch_id: int, zone: str, at: datetime) -> PatronStrip | None:
    """The patron with this public id, if the record still stands for a person."""
    keys = {"patron": patron, "branch_id": branch_id, "at": at}
    row = session.connection().execute(_BY_PUBLIC_ID, keys).one_or_none()
    return None if row is None else _strip(session, row, branch_id, zone, at)


def _strip(session: Session, row: AnyRow, branch_id: int, zone: str, at: datetime) -> PatronStrip:
    today = at.astimezone(ZoneInfo(zone)).date()
    connection = session.connection()
    seat = connection.execute(_SEATS, {"patron_id": row.id, "today": today}).first()
    ready = connection.execute(_READY, {"patron_id": row.id, "branch_id": branch_id}).first()
    signed = row.agreement in (AgreementRule.NONE, AgreementRule.PER_LOAN) or row.signed_once
    if row.agreement is AgreementRule.PER_COHORT and seat is not None:
        signed = connection.execute(_SIGNED_FOR, {"patron_id": row.id, "cohort_id": seat.id}).scalar_one()
    found = blocks(_facts(row, signed, today, at), lambda reason: False)
    return PatronStrip(
        public_id=row.public_id,
        card=row.card,
        short_name=short_name(row.name),
        expires_on=row.expires_on,
        session=None if seat is None else seat.name,
        ready_kit=None if ready is None else ready.barcode,
        ready_until=None if ready is None else ready.ready_until,
        kits_out=row.unreceived,
        limit=row.kit_limit,
        owes_cents=row.owes_cents,
        agreement_missing=not signed or row.agreement is AgreementRule.PER_LOAN,
        # Having a kit is what most people here are; it stands in the strip as a number and becomes a stop with a scan.
        blocks=tuple(block for block in found if block.reason is not Reason.LIMIT_REACHED),
        kits=_kits_of(session, row.id) if row.unreceived else (),
        seats=standings(session, row.id, today=today),
    )


def _kits_of(session: Session, patron_id: int) -> tuple[KitOut, ...]:
    rows = session.connection().execute(_THEIR_KITS, {"patron_id": patron_id})
    return tuple(KitOut(row.barcode, row.due_at, row.state) for row in rows)


def _facts(row: AnyRow, signed: bool, today: date, at: datetime) -> CheckOutFacts:
    """The facts about the person alone, with a kit against which nothing stands."""
    return CheckOutFacts(
        at=at,
        today=today,
        patron=PatronFacts(
            birth_date=row.birth_date,
            guardian_agreed=row.guardian_agreed_on is not None,
            expires_on=row.expires_on,
            blocked_reason=row.blocked_reason,
            agreement_signed=signed,
            unreceived=row.unreceived,
            overdue=row.overdue,
            owes_cents=row.owes_cents,
            last_received_at=row.last_received_at,
            household_unreceived=None,
            is_provisional=row.provisional_since is not None,
        ),
        kit=KitFacts("", KitState.AVAILABLE, False, False, False, "", True, False, (), None),
        promise=PromiseFacts(True, None, True, None, None, None, 0),
        policy=PolicyFacts(
            kit_limit=row.kit_limit,
            household_limit=row.household_limit,
            cool_down_hours=row.cool_down_hours,
            owes_limit_cents=row.owes_limit_cents,
            adult_age=row.adult_age,
            agreement_needed=row.agreement is not AgreementRule.NONE,
        ),
    )


_GLANCE = (
    select(
        _kits.c.barcode,
        _kits.c.state,
        _kits.c.branch_id,
        _kits.c.in_transit_to_id,
        _kit_types.c.name.label("kit_type"),
        _branches.c.name.label("branch"),
        _there.c.name.label("in_transit_to"),
        _loans.c.due_at,
        _loans.c.state.label("loan_state"),
        _patrons.c.name.label("patron_name"),
    )
    .select_from(
        _kits.join(_kit_types, _kit_types.c.id == _kits.c.kit_type_id)
        .join(_branches, _branches.c.id == _kits.c.branch_id)
        .outerjoin(_there, _there.c.id == _kits.c.in_transit_to_id)
        .outerjoin(_loans, and_(_loans.c.kit_id == _kits.c.id, unreceived))
        .outerjoin(_patrons, _patrons.c.id == _loans.c.patron_id)
    )
    .where(_kits.c.barcode == bindparam("kit"))
)
_FREE = (
    select(_kits.c.barcode)
    .where(
        _kits.c.kit_type_id == select(_kits.c.kit_type_id).where(_kits.c.barcode == bindparam("kit")).scalar_subquery(),
        _kits.c.branch_id == _BRANCH_ID,
        _kits.c.state == KitState.AVAILABLE,
        _kits.c.in_transit_to_id.is_(None),
        _kits.c.barcode != bindparam("kit"),
    )
    .order_by(_kits.c.barcode)
    .limit(bindparam("limit"))
)
_KITS_OUT = (
    select(_kits.c.barcode)
    .join(_loans, _loans.c.kit_id == _kits.c.id)
    .join(_cards, _cards.c.patron_id == _loans.c.patron_id)
    .where(_cards.c.number == bindparam("card"), unreceived)
    .order_by(_loans.c.due_at, _loans.c.id)
)
_COUNTED = (
    select(_journal.c.verb, func.count().label("number"))
    .where(_journal.c.station_id == bindparam("station_id"), _journal.c.recorded_at >= bindparam("since"))
    .group_by(_journal.c.verb)
)


def glance(session: Session, kit: str) -> KitGlance | None:
    """A kit by its code; an exact scan works at any branch."""
    row = session.connection().execute(_GLANCE, {"kit": kit}).one_or_none()
    if row is None:
        return None
    return KitGlance(
        barcode=row.barcode,
        kit_type=row.kit_type,
        state=row.state,
        branch_id=row.branch_id,
        branch=row.branch,
        in_transit_to_id=row.in_transit_to_id,
        in_transit_to=row.in_transit_to,
        due_at=row.due_at,
        loan_state=row.loan_state,
        patron_name=short_name(row.patron_name) if row.patron_name else None,
    )


def free_instead(session: Session, kit: str, *, branch_id: int, limit: int = 3) -> list[str]:
    """Codes of kits of the same type that lie free at the branch: the way out of a stop."""
    return list(session.connection().scalars(_FREE, {"kit": kit, "branch_id": branch_id, "limit": limit}))


def kits_out(session: Session, card: str) -> list[str]:
    """Codes of the kits that the holder of a card has out, the first due first."""
    return list(session.connection().scalars(_KITS_OUT, {"card": card}))


def counters(session: Session, station_id: int, *, since: datetime) -> Counters:
    """The numbers of a station since an instant, such as the beginning of its day."""
    rows = session.connection().execute(_COUNTED, {"station_id": station_id, "since": since})
    found: dict[str, int] = {row.verb: row.number for row in rows}
    return Counters(
        out=found.get("check_out", 0) - found.get("undo_check_out", 0),
        in_=found.get("return", 0) - found.get("undo_return", 0),
    )
