"""Patrons found and shown to staff, within their branches.

An exact card works at any branch; searches and pages are the reader's own branches'. A search shows masked contact
details only. Source: RULES 2 and 8; the permission sheet, "find a patron by name; see contact details".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.domain.contacts import masked_email, masked_phone
from lending.domain.names import fold, short_name
from lending.domain.states import (
    LIVE_ENROLMENTS,
    LIVE_RESERVATIONS,
    ChargeState,
    EnrolmentState,
    LoanState,
    ReservationState,
)
from lending.models.base import AnyRow, table_of, whole_sum
from lending.models.branches import Branch
from lending.models.charges import Charge, ChargeKind
from lending.models.cohorts import Cohort, Enrolment
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan, LoanPart
from lending.models.notices import Channel
from lending.models.people import Card, CardEnd, Patron, PatronStatus
from lending.models.reservations import Reservation
from lending.queries.positions import POSITION
from lending.queries.scope import Branches, within

SHORTEST = 3
"""Letters or digits of a search at least, so that it names somebody. A script without an alphabet needs one."""

FOUND = 20
"""Patrons that a search shows at most."""

RECENT = 20
"""Loans on a patron's page at most: the open ones first, then the newest."""


@dataclass(frozen=True, slots=True)
class PatronInList:
    """A patron in a list, by short name and masked contact details. ``card_hint`` is the end of the card's number."""

    patron: str
    short_name: str
    card_hint: str | None
    home_branch: str
    kits_out: int
    blocked: bool
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class PatronsFound:
    """What a search found. ``more``: there are others, which a longer text would find."""

    patrons: tuple[PatronInList, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class CardShown:
    """A card number of a patron, and why it ended."""

    number: str
    issued_at: datetime
    ended_at: datetime | None
    end: CardEnd | None


@dataclass(frozen=True, slots=True)
class LoanShown:
    """A loan of a patron. Overdue is told by ``due_at`` and ``received_at``; ``collected_by`` had it handed to them."""

    loan: str
    kit: str
    kit_type: str
    branch_name: str
    cohort: str | None
    checked_out_at: datetime
    due_at: datetime
    received_at: datetime | None
    state: LoanState
    renewals: int
    collected_by: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChargeShown:
    """A charge of a patron, in whole cents; ``part`` is what it is for, where it is for one part alone."""

    charge: str
    kit: str
    part: str | None
    kind: ChargeKind
    amount_cents: int
    state: ChargeState
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ReservationShown:
    """A live reservation. ``position`` is its place among those that wait, 1 for the next."""

    reservation: str
    kit_type: str
    pickup_branch: str
    cohort: str | None
    state: ReservationState
    position: int | None
    kit: str | None
    pickup_code: str
    ready_until: datetime | None


@dataclass(frozen=True, slots=True)
class EnrolmentShown:
    """A live seat, or a place on a waiting list."""

    enrolment: str
    cohort: str
    cohort_code: str
    state: EnrolmentState
    starts_on: date
    return_by: date


@dataclass(frozen=True, slots=True)
class PatronShown:
    """A patron on their page. What would stand against a loan is ``queries.desk``'s matter."""

    patron: str
    name: str
    short_name: str = field(init=False)
    birth_date: date | None
    guardian_agreed_on: date | None
    email: str | None
    phone: str | None
    text_consent_at: datetime | None
    text_consent_wording: str | None
    text_stopped_at: datetime | None
    notice_channel: Channel | None
    email_refused_at: datetime | None
    street: str | None
    unit: str | None
    city: str | None
    postal_code: str | None
    home_branch_id: int
    home_branch: str
    home_branch_name: str
    zone: str
    language: str
    expires_on: date | None
    blocked_reason: str | None
    keeps_history: bool
    note: str | None
    created_at: datetime
    owes_cents: int
    kits_out: int
    cards: tuple[CardShown, ...]
    loans: tuple[LoanShown, ...]
    charges: tuple[ChargeShown, ...]
    reservations: tuple[ReservationShown, ...]
    enrolments: tuple[EnrolmentShown, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "short_name", short_name(self.name))

    @property
    def card(self) -> str | None:
        """The number of the current card."""
        return next((card.number for card in self.cards if card.ended_at is None), None)


_patrons, _cards, _branches, _loans = table_of(Patron), table_of(Card), table_of(Branch), table_of(Loan)
_charges, _kits, _kit_types, _cohorts = table_of(Charge), table_of(Kit), table_of(KitType), table_of(Cohort)
_reservations, _enrolments, _loan_parts = table_of(Reservation), table_of(Enrolment), table_of(LoanPart)
_current = _cards.alias("current_card")

_kits_out = (
    select(func.count())
    .select_from(_loans)
    .where(_loans.c.patron_id == _patrons.c.id, unreceived)
    .correlate(_patrons)
    .scalar_subquery()
    .label("kits_out")
)
_owes = (
    select(func.coalesce(whole_sum(_charges.c.amount_cents), 0))
    .where(_charges.c.patron_id == _patrons.c.id, _charges.c.state == ChargeState.OWED)
    .correlate(_patrons)
    .scalar_subquery()
    .label("owes_cents")
)
_COPIED = (
    *("name", "birth_date", "guardian_agreed_on", "email", "phone", "street", "unit", "city", "postal_code"),
    *("text_consent_at", "text_consent_wording", "text_stopped_at", "notice_channel", "email_refused_at"),
    *("home_branch_id", "language", "expires_on", "blocked_reason", "keeps_history", "note", "created_at"),
)
_PERSON = (
    select(
        _patrons.c.id,
        _patrons.c.public_id.label("patron"),
        *(_patrons.c[name] for name in _COPIED),
        _branches.c.code.label("home_branch"),
        _branches.c.name.label("home_branch_name"),
        _branches.c.zone,
        _kits_out,
        _owes,
    )
    .join(_branches, _branches.c.id == _patrons.c.home_branch_id)
    .where(_patrons.c.status == PatronStatus.ACTIVE)
)
_SEARCH = (
    select(
        _patrons.c.public_id,
        _patrons.c.name,
        _patrons.c.email,
        _patrons.c.phone,
        _patrons.c.blocked_reason,
        _current.c.number,
        _branches.c.name.label("home_branch"),
        _kits_out,
    )
    .join(_branches, _branches.c.id == _patrons.c.home_branch_id)
    .outerjoin(_current, and_(_current.c.patron_id == _patrons.c.id, _current.c.ended_at.is_(None)))
    .where(_patrons.c.status == PatronStatus.ACTIVE)
    .order_by(_patrons.c.name_key, _patrons.c.id)
)
_LOANS = (
    select(
        _loans.c.public_id.label("loan"),
        _kits.c.barcode.label("kit"),
        _kit_types.c.name.label("kit_type"),
        _branches.c.name.label("branch_name"),
        _cohorts.c.name.label("cohort"),
        *(_loans.c[name] for name in ("checked_out_at", "due_at", "received_at", "state", "renewals", "collected_by")),
    )
    .join(_kits, _kits.c.id == _loans.c.kit_id)
    .join(_kit_types, _kit_types.c.id == _loans.c.kit_type_id)
    .join(_branches, _branches.c.id == _loans.c.branch_id)
    .outerjoin(_cohorts, _cohorts.c.id == _loans.c.cohort_id)
    .where(_loans.c.state != LoanState.UNDONE)
    .order_by(
        case((_loans.c.state == LoanState.CLOSED, 1), else_=0), _loans.c.checked_out_at.desc(), _loans.c.id.desc()
    )
    .limit(RECENT)
)
_CHARGES = (
    select(
        _charges.c.public_id.label("charge"),
        _kits.c.barcode.label("kit"),
        _loan_parts.c.name.label("part"),
        *(_charges.c[name] for name in ("kind", "amount_cents", "state", "made_at")),
    )
    .join(_loans, _loans.c.id == _charges.c.loan_id)
    .join(_kits, _kits.c.id == _loans.c.kit_id)
    .outerjoin(_loan_parts, _loan_parts.c.id == _charges.c.loan_part_id)
    .order_by(_charges.c.made_at.desc(), _charges.c.id.desc())
)
_RESERVATIONS = (
    select(
        _reservations.c.public_id.label("reservation"),
        _kit_types.c.name.label("kit_type"),
        _branches.c.name.label("pickup_branch"),
        _cohorts.c.name.label("cohort"),
        _reservations.c.state,
        POSITION,
        _kits.c.barcode.label("kit"),
        _reservations.c.pickup_code,
        _reservations.c.ready_until,
    )
    .join(_kit_types, _kit_types.c.id == _reservations.c.kit_type_id)
    .join(_branches, _branches.c.id == _reservations.c.pickup_branch_id)
    .outerjoin(_cohorts, _cohorts.c.id == _reservations.c.cohort_id)
    .outerjoin(_kits, _kits.c.id == _reservations.c.kit_id)
    .where(_reservations.c.state.in_(LIVE_RESERVATIONS))
    .order_by(_reservations.c.id)
)
_ENROLMENTS = (
    select(
        _enrolments.c.public_id.label("enrolment"),
        _cohorts.c.name.label("cohort"),
        _cohorts.c.code.label("cohort_code"),
        _enrolments.c.state,
        _cohorts.c.starts_on,
        _cohorts.c.return_by,
    )
    .join(_cohorts, _cohorts.c.id == _enrolments.c.cohort_id)
    .where(_enrolments.c.state.in_(LIVE_ENROLMENTS))
    .order_by(_cohorts.c.starts_on, _enrolments.c.id)
)


def patron_shown(session: Session, patron: str, *, branch_ids: Branches) -> PatronShown | None:
    """The patron with this public id, whose home, open loan or live reservation is at one of the reader's branches."""
    here = or_(
        within(_patrons.c.home_branch_id, branch_ids),
        exists().where(
            _loans.c.patron_id == _patrons.c.id,
            _loans.c.state.not_in((LoanState.CLOSED, LoanState.UNDONE)),
            within(_loans.c.branch_id, branch_ids),
        ),
        exists().where(
            _reservations.c.patron_id == _patrons.c.id,
            _reservations.c.state.in_(LIVE_RESERVATIONS),
            within(_reservations.c.pickup_branch_id, branch_ids),
        ),
    )
    return _shown(session, _PERSON.where(_patrons.c.public_id == patron, here))


def patron_with_card(session: Session, number: str) -> PatronShown | None:
    """The patron whose current or former card has this number: an exact scan works at any branch."""
    whose = select(_cards.c.patron_id).where(_cards.c.number == number).scalar_subquery()
    return _shown(session, _PERSON.where(_patrons.c.id == whose))


def find_patrons(session: Session, text: str, *, branch_ids: Branches, limit: int = FOUND) -> PatronsFound:
    """The patrons of the reader's branches whom ``text`` may mean, by name.

    A text with ``@`` is the beginning of an e-mail address, digits the end of a card or telephone number, anything else
    the beginnings of the words of a name, in any order. A text that is too short finds nobody.
    """
    condition = _meant(text)
    if condition is None:
        return PatronsFound((), more=False)
    chosen = _SEARCH.where(within(_patrons.c.home_branch_id, branch_ids), condition).limit(limit + 1)
    rows = session.connection().execute(chosen).all()
    return PatronsFound(tuple(_in_list(row) for row in rows[:limit]), more=len(rows) > limit)


def is_too_short(text: str) -> bool:
    """Whether a search for ``text`` names nobody, so that people cannot leaf through everybody."""
    return _meant(text) is None


def _meant(text: str) -> ColumnElement[bool] | None:
    """What a search asks for; ``None`` when it names nobody."""
    text = text.strip()
    if "@" in text:
        return func.lower(_patrons.c.email).startswith(text.lower(), autoescape=True)
    if re.fullmatch(r"[0-9 ()+./-]+", text):
        digits = re.sub(r"[^0-9]", "", text)
        if len(digits) < SHORTEST:
            return None
        card = exists().where(_cards.c.patron_id == _patrons.c.id, _cards.c.number.endswith(digits, autoescape=True))
        return or_(card, _patrons.c.phone.endswith(digits, autoescape=True))
    key = fold(text)
    if not key or (key.isascii() and len(key) < SHORTEST):
        return None
    name = _patrons.c.name_key
    return and_(
        *(
            or_(name.startswith(word, autoescape=True), name.contains(f" {word}", autoescape=True))
            for word in key.split()
        )
    )


def _shown(session: Session, chosen: Select[tuple[object, ...]]) -> PatronShown | None:
    """One patron with all that hangs on them, in six statements."""
    connection = session.connection()
    row = connection.execute(chosen).one_or_none()
    if row is None:
        return None
    found = row._mapping
    theirs = found["id"]
    cards = select(*(_cards.c[name] for name in CardShown.__slots__)).where(_cards.c.patron_id == theirs)
    loans = _LOANS.where(_loans.c.patron_id == theirs)
    charges = _CHARGES.where(_charges.c.patron_id == theirs)
    reservations = _RESERVATIONS.where(_reservations.c.patron_id == theirs)
    enrolments = _ENROLMENTS.where(_enrolments.c.patron_id == theirs)
    return PatronShown(
        **{name: value for name, value in found.items() if name != "id"},
        cards=tuple(CardShown(**card._mapping) for card in connection.execute(cards.order_by(_cards.c.id.desc()))),
        loans=tuple(LoanShown(**loan._mapping) for loan in connection.execute(loans)),
        charges=tuple(ChargeShown(**charge._mapping) for charge in connection.execute(charges)),
        reservations=tuple(ReservationShown(**one._mapping) for one in connection.execute(reservations)),
        enrolments=tuple(EnrolmentShown(**one._mapping) for one in connection.execute(enrolments)),
    )


def _in_list(row: AnyRow) -> PatronInList:
    return PatronInList(
        patron=row.public_id,
        short_name=short_name(row.name),
        card_hint=None if row.number is None else row.number[-4:],
        home_branch=row.home_branch,
        kits_out=row.kits_out,
        blocked=row.blocked_reason is not None,
        email=masked_email(row.email),
        phone=masked_phone(row.phone),
    )
