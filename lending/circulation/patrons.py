"""Patrons: registered, changed, blocked, and their cards replaced.

What a record may say is ``domain/registration.py``'s matter. The journal names patrons by pseudonym and fields by name,
never their values. Source: RULES 2 (cards, household) and 8; the permission sheet, "register or change a patron".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation.checkout import NO_OVERRIDE, Override
from lending.circulation.codes import new_code, refusing_twins
from lending.circulation.journal import record
from lending.circulation.locks import lock_patron
from lending.domain.actors import Actor
from lending.domain.barcodes import Code, Kind
from lending.domain.contacts import address_key
from lending.domain.names import fold
from lending.domain.permissions import Act, Role
from lending.domain.registration import ADDRESS, BY_THEMSELVES, REQUIRED, read_details, text_of
from lending.errors import Reason, Refused
from lending.models.base import new_public_id, table_of
from lending.models.branches import Branch
from lending.models.notices import Channel
from lending.models.people import Card, CardEnd, Household, Patron, PatronStatus

_households = table_of(Household)
_MAKE_HOUSEHOLD = {
    "sqlite": sqlite.insert(_households).on_conflict_do_nothing(index_elements=["address_key"]),
    "postgresql": postgresql.insert(_households).on_conflict_do_nothing(index_elements=["address_key"]),
}


@dataclass(frozen=True, slots=True)
class PatronChanged:
    """A patron after an act: the public id, the current card's number, and which fields changed."""

    patron: str
    card: str | None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardReplaced:
    """A patron's old number, which now says that it was replaced, and the new one."""

    patron: str
    old: str | None
    card: str


def register(
    session: Session,
    *,
    card: Code,
    details: Mapping[str, object],
    home_branch_id: int,
    at: datetime,
    by: Actor,
    override: Override = NO_OVERRIDE,
) -> PatronChanged:
    """Register a person under a card number. ``details`` are fields of ``domain/registration.py``, by name.

    Raises ``Refused``: for the code as ``codes.new_code`` does; ``VALUE_MISSING`` and ``VALUE_WRONG`` for every field.
    """
    by.permit(Act.CHANGE_PATRON, home_branch_id)
    given = {**details, "home_branch_id": home_branch_id}
    values = read_details(given, today=today_at(session, home_branch_id, at), required=REQUIRED)
    number = new_code(session, card, Kind.PATRON, by=by, override=override)
    patron = Patron(created_at=at, **columns_of(values, at))
    patron.household_id = _household(session, _address_key(patron))
    session.add(patron)
    session.add(Card(number=number, patron=patron, issued_at=at))
    with refusing_twins(Reason.CODE_TAKEN, code=number, holder=Kind.PATRON.value):
        session.flush()  # the journal needs the pseudonym; a number taken a moment ago is refused by name
    fields = tuple(sorted(values))
    detail: dict[str, object] = {"fields": fields}
    if not card.valid:
        detail["override"] = [Reason.CODE_MISREAD.value]
    record(
        session,
        "register_patron",
        at=at,
        by=by,
        branch_id=home_branch_id,
        patron=patron.pseudonym,
        detail=detail,
    )
    return PatronChanged(patron.public_id, number, fields)


def change(session: Session, *, patron: str, details: Mapping[str, object], at: datetime, by: Actor) -> PatronChanged:
    """Change the named fields of a patron (the public id) and no other; a field that is given as nothing is emptied.

    Moving the home branch needs both branches; patrons change how they are reached, and no more. Raises ``Refused``:
    ``NOT_FOUND``, ``NOT_PERMITTED``, and ``VALUE_MISSING`` or ``VALUE_WRONG`` for every field.
    """
    found = _permitted_themselves(session, patron, by)
    if by.role is Role.PATRON and not BY_THEMSELVES.issuperset(details):
        raise Refused.because(Reason.NOT_PERMITTED, act=Act.CHANGE_PATRON.value)
    values = read_details(details, today=today_at(session, found.home_branch_id, at))
    moved_to = values.get("home_branch_id")
    if isinstance(moved_to, int):
        by.permit(Act.CHANGE_PATRON, moved_to)
        today_at(session, moved_to, at)
    columns = columns_of(values, at)
    key = _address_key(found, columns)
    household_id = found.household_id
    if moves := not ADDRESS.isdisjoint(values):
        household_id = _household(session, key)
        lock_households(session, household_id, found.household_id)
    row = _lock(session, found)
    fields = tuple(sorted(name for name in values if getattr(row, name) != columns[name]))
    for name, value in (columns | reached(row, columns, at)).items():
        setattr(row, name, value)
    if moves:
        if _address_key(row) != key:
            # Somebody changed the rest of the address between finding and locking.
            raise Refused.because(Reason.BUSY)
        row.household_id = household_id
    record(
        session,
        "change_patron",
        at=at,
        by=by,
        branch_id=row.home_branch_id,
        patron=row.pseudonym,
        detail={"fields": fields},
    )
    return PatronChanged(row.public_id, current_number(session, row.id), fields)


def patron_with_card(session: Session, card: Code) -> Patron:
    """The patron whose current card this is; an exact scan works at any branch.

    Raises ``Refused``: ``CODE_NOT_A_CARD``; ``CARD_REPLACED`` for a number that ended (``current``, for staff alone, is
    the one that stands); ``CODE_MISREAD`` or ``CARD_UNKNOWN`` when nobody has it.
    """
    if card.kind is not Kind.PATRON:
        raise Refused.because(Reason.CODE_NOT_A_CARD, code=card.text, kind=card.kind.value)
    row = session.execute(select(Card, Patron).join(Card.patron).where(Card.number == card.text)).one_or_none()
    if row is None:
        raise Refused.because(Reason.CARD_UNKNOWN if card.valid else Reason.CODE_MISREAD, code=card.text)
    if row.Card.ended_at is not None:
        raise Refused.because(Reason.CARD_REPLACED, card=card.text, current=current_number(session, row.Patron.id))
    patron: Patron = row.Patron
    return patron


def current_number(session: Session, patron_id: int) -> str | None:
    """The number of the patron's current card; ``None`` for one without a card."""
    return session.scalars(
        select(Card.number).where(Card.patron_id == patron_id, Card.ended_at.is_(None))
    ).one_or_none()


def replace_card(
    session: Session, *, patron: str, card: Code, at: datetime, by: Actor, override: Override = NO_OVERRIDE
) -> CardReplaced:
    """Give a patron (the public id) a new card. The old number is kept and says so.

    Whoever had no card before is verified by it: somebody has seen who they are. Loans, promises, charges and blocks
    hang on the patron and so follow; whoever is signed in with the old card is signed out. Raises
    ``Refused`` as ``register`` does, and ``NOT_FOUND``.
    """
    found = _permitted(session, patron, by)
    row = _lock(session, found)
    number = new_code(session, card, Kind.PATRON, by=by, override=override)
    old = current_number(session, row.id)
    end_card(session, row.id, CardEnd.REPLACED, at)
    session.add(Card(number=number, patron_id=row.id, issued_at=at))
    row.session_version = new_public_id()
    verb = "replace_card" if row.provisional_since is None else "verify_patron"
    row.provisional_since = None
    with refusing_twins(Reason.CODE_TAKEN, code=number, holder=Kind.PATRON.value):
        session.flush()  # a number taken a moment ago is refused by name
    detail = {} if card.valid else {"override": [Reason.CODE_MISREAD.value]}
    record(session, verb, at=at, by=by, branch_id=row.home_branch_id, patron=row.pseudonym, detail=detail)
    return CardReplaced(row.public_id, old, number)


def end_card(session: Session, patron_id: int, end: CardEnd, at: datetime) -> None:
    """End the patron's current card, at once, so that another may become the current one. Part of another act."""
    session.execute(
        update(Card).where(Card.patron_id == patron_id, Card.ended_at.is_(None)).values(ended_at=at, end=end)
    )


def block(session: Session, *, patron: str, reason: str, at: datetime, by: Actor) -> PatronChanged:
    """Block a patron (the public id) by hand, with a reason that staff read. Raises ``Refused``: ``REASON_NEEDED``."""
    found = _permitted(session, patron, by)
    why = text_of("reason", reason, 240)
    if why is None:
        raise Refused.because(Reason.REASON_NEEDED)
    return _set_block(session, found, why, "block_patron", at=at, by=by)


def unblock(session: Session, *, patron: str, at: datetime, by: Actor) -> PatronChanged:
    """Take back a block by hand. What follows from debts and overdues stands. ``WRONG_STATE`` when there is none."""
    found = _permitted(session, patron, by)
    if found.blocked_reason is None:
        raise Refused.because(Reason.WRONG_STATE, state="not_blocked")
    return _set_block(session, found, None, "unblock_patron", at=at, by=by)


def set_pin(session: Session, *, patron: str, pin_hash: str | None, at: datetime, by: Actor) -> PatronChanged:
    """Keep the hash of a patron's (the public id) new PIN, or none; who is signed in with the old one is signed out.

    Hashing takes its time and is the door's matter (``lending/passwords.py``). Raises ``Refused``: ``NOT_FOUND``.
    """
    row = _lock(session, _permitted_themselves(session, patron, by))
    row.pin_hash, row.session_version = pin_hash, new_public_id()
    record(session, "set_pin", at=at, by=by, branch_id=row.home_branch_id, patron=row.pseudonym)
    return PatronChanged(row.public_id, current_number(session, row.id), ("pin",))


def note_search(session: Session, *, found: int, at: datetime, by: Actor, branch_id: int | None = None) -> None:
    """Journal that somebody searched for patrons by name, and how many were found; never what was typed."""
    record(session, "search_patrons", at=at, by=by, branch_id=branch_id, detail={"found": found})


def note_look(session: Session, *, patron: str, at: datetime, by: Actor) -> None:
    """Journal that somebody looked at a patron's (the public id) contact details."""
    row = find_patron(session, patron)
    record(session, "look_at_patron", at=at, by=by, branch_id=row.home_branch_id, patron=row.pseudonym)


def find_patron(session: Session, patron: str) -> Patron:
    """The patron with this public id, without a lock. ``NOT_FOUND`` also for a record that was merged or erased."""
    row = session.scalars(
        select(Patron).where(Patron.public_id == patron, Patron.status == PatronStatus.ACTIVE)
    ).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return row


def _permitted(session: Session, patron: str, by: Actor) -> Patron:
    found = find_patron(session, patron)
    by.permit(Act.CHANGE_PATRON, found.home_branch_id)
    return found


def _permitted_themselves(session: Session, patron: str, by: Actor) -> Patron:
    """As ``_permitted``, and the patron themselves."""
    found = find_patron(session, patron)
    by.permit_for_patron(Act.CHANGE_PATRON, found.id, found.home_branch_id)
    return found


def _set_block(
    session: Session, found: Patron, reason: str | None, verb: str, *, at: datetime, by: Actor
) -> PatronChanged:
    row = _lock(session, found)
    row.blocked_reason = reason
    record(session, verb, at=at, by=by, branch_id=row.home_branch_id, patron=row.pseudonym)
    return PatronChanged(row.public_id, current_number(session, row.id), ("blocked_reason",))


def today_at(session: Session, branch_id: int, at: datetime) -> date:
    """The day at the home branch, where a birth date is in the future or not."""
    zone = session.scalars(select(Branch.zone).where(Branch.id == branch_id)).one_or_none()
    if zone is None:
        raise Refused.because(Reason.VALUE_WRONG, field="home_branch_id")
    return at.astimezone(ZoneInfo(zone)).date()


def columns_of(values: Mapping[str, object], at: datetime) -> dict[str, object]:
    """The columns that follow from the fields: the key for searching, and when text messages were agreed to."""
    columns = dict(values)
    if isinstance(name := values.get("name"), str):
        columns["name_key"] = fold(name)[:160]
    if "text_consent_wording" in values:
        columns["text_consent_at"] = None if values["text_consent_wording"] is None else at
    if isinstance(channel := values.get("notice_channel"), str):
        columns["notice_channel"] = Channel(channel)
    return columns


def reached(row: Patron, columns: Mapping[str, object], at: datetime) -> dict[str, object]:
    """What follows for reaching a patron whose columns change. Part of other acts.

    A new address has refused nothing yet. A consent to text messages is for one number and goes with it, unless it is
    given anew; the same wording again is the same consent, with the time at which it was given.
    """
    follows: dict[str, object] = {}
    if columns.get("email", row.email) != row.email:
        follows["email_refused_at"] = None
    new_number = columns.get("phone", row.phone) != row.phone
    wording = columns.get("text_consent_wording", None if new_number else row.text_consent_wording)
    if wording is None:
        return follows | {"text_consent_wording": None, "text_consent_at": None}
    if not new_number and wording == row.text_consent_wording and row.text_consent_at is not None:
        return follows | {"text_consent_at": row.text_consent_at}
    if "text_consent_wording" not in columns:
        return follows
    return follows | {"text_consent_at": at, "text_stopped_at": None}


def _address_key(patron: Patron, changes: Mapping[str, object] | None = None) -> str | None:
    """The household's key of an address, with some of its fields changed."""
    fields: dict[str, Any] = {name: getattr(patron, name) for name in ADDRESS}
    fields.update({name: value for name, value in (changes or {}).items() if name in ADDRESS})
    return address_key(**fields)


def _household(session: Session, key: str | None) -> int | None:
    """The household with this key, made when the address is new; no key matches nobody."""
    if key is None:
        return None
    connection = session.connection()
    connection.execute(_MAKE_HOUSEHOLD[connection.dialect.name], {"address_key": key, "exempt": False})
    return int(connection.execute(select(_households.c.id).where(_households.c.address_key == key)).scalar_one())


def household_of(session: Session, patron: Patron) -> int | None:
    """The household of a patron's address as it stands. Part of another act."""
    return _household(session, _address_key(patron))


def lock_households(session: Session, *household_ids: int | None) -> None:
    """Lock households before the patron that moves between them, as a check-out that counts one does."""
    ids = [household_id for household_id in household_ids if household_id is not None]
    session.execute(
        select(Household.id).where(Household.id.in_(ids)).order_by(Household.id).with_for_update(key_share=True)
    ).all()


def _lock(session: Session, found: Patron) -> Patron:
    """Lock a patron that was found; ``NOT_FOUND`` when the record was merged or erased meanwhile."""
    row = lock_patron(session, found.id)
    if row.status is not PatronStatus.ACTIVE:
        raise Refused.because(Reason.NOT_FOUND)
    return row
