"""People without a card yet: a reference and a place in the queue at once, and a card when somebody has seen them.

Their reference stands for the card's number until then: they are found, told and waited for like everybody else, and
handed no kit. Staff verify them by giving them a card (``patrons.replace_card``), or by merging what they asked for
into the record that they have already (``merging.merge``).
Source: issue "Patrons reserve online", Build 1, "No card yet"; RULES 2 and 8.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record
from lending.circulation.patrons import columns_of, today_at
from lending.circulation.sign_ins import reserve_newcomer
from lending.domain.actors import Actor
from lending.domain.barcodes import PROVISIONAL_PREFIX, REFERENCE_LENGTH, REFERENCE_LETTERS
from lending.domain.registration import REQUIRED, read_details
from lending.domain.states import LIVE_ENROLMENTS, LIVE_RESERVATIONS
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Enrolment
from lending.models.people import Card, Patron, PatronStatus
from lending.models.reservations import Reservation

ASKED: Final = frozenset({"name", "birth_date", "email", "phone", "language", "text_consent_wording", "notice_channel"})
"""What people may say of themselves before anybody has seen them."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody without a card: the record (its public id and its key), and the reference that stands for the card."""

    patron: str
    patron_id: int
    reference: str


def register_provisionally(
    session: Session,
    *,
    details: Mapping[str, object],
    home_branch_id: int,
    address: str,
    at: datetime,
    by: Actor,
) -> Newcomer:
    """Register somebody who is not signed in, by what they say (``details``, fields of ``ASKED``).

    ``address`` is a digest of where they ask from: so many an hour and no more may ask from one. Nothing here says
    whether the library knows them; only their own earlier request, with the same name, birth date and contact, does.
    Raises ``Refused``: ``NOT_PERMITTED`` for whoever is signed in, ``TOO_MANY_FROM_HERE`` (``until``),
    ``VALUE_MISSING`` and ``VALUE_WRONG`` for every field (``contact`` for neither e-mail nor phone), ``ASKED_BEFORE``.
    """
    by.permit_newcomer()
    reserve_newcomer(session, address, at=at)
    values = _read(session, details, home_branch_id, at)
    person = Patron(created_at=at, provisional_since=at, **columns_of(values, at))
    if _asked_before(session, person):
        raise Refused.because(Reason.ASKED_BEFORE)
    reference = _new_reference()
    session.add(person)
    session.add(Card(number=reference, patron=person, issued_at=at))
    with refusing_twins(Reason.BUSY):
        session.flush()  # what they ask for hangs on the record; a reference drawn twice is drawn again at the next try
    record(
        session,
        "register_provisionally",
        at=at,
        by=by,
        branch_id=home_branch_id,
        detail={"fields": sorted(name for name, value in values.items() if value is not None)},
    )
    return Newcomer(person.public_id, person.id, reference)


def against_another_request(session: Session, patron_id: int) -> Iterator[Block]:
    """What stands against a request of somebody who is not verified and is locked: they have one already."""
    places = select(Reservation.id).where(Reservation.patron_id == patron_id, Reservation.state.in_(LIVE_RESERVATIONS))
    seats = select(Enrolment.id).where(Enrolment.patron_id == patron_id, Enrolment.state.in_(LIVE_ENROLMENTS))
    if any(session.scalars(found.limit(1)).first() is not None for found in (places, seats)):
        yield Block(Reason.ONE_UNTIL_VERIFIED, {})


def _read(session: Session, details: Mapping[str, object], home_branch_id: int, at: datetime) -> dict[str, object]:
    against = [Block(Reason.VALUE_WRONG, {"field": name}) for name in sorted(details.keys() - ASKED)]
    given = {name: value for name, value in details.items() if name in ASKED} | {"home_branch_id": home_branch_id}
    values: dict[str, object] = {}
    try:
        values = read_details(given, today=today_at(session, home_branch_id, at), required=REQUIRED)
    except Refused as refused:
        against += refused.blocks
    if not any(details.get(name) for name in ("email", "phone")):
        against.append(Block(Reason.VALUE_MISSING, {"field": "contact"}))
    if against:
        raise Refused(*against)
    return values


def _asked_before(session: Session, person: Patron) -> bool:
    """Whether somebody of the same name, birth date and contact asked before and waits to be verified."""
    contacts = [Patron.email == person.email] if person.email else []
    contacts += [Patron.phone == person.phone] if person.phone else []
    same = select(Patron.id).where(
        Patron.provisional_since.is_not(None),
        Patron.status == PatronStatus.ACTIVE,
        Patron.name_key == person.name_key,
        Patron.birth_date == person.birth_date,
        or_(*contacts),
    )
    return session.scalars(same.limit(1)).first() is not None


def _new_reference() -> str:
    return PROVISIONAL_PREFIX + "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(REFERENCE_LENGTH))
