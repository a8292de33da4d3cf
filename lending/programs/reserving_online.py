"""One confirmation of the pages where people reserve: a seat with a kit, or a kit alone, and what is signed for it.

Whoever has no card yet is registered provisionally in the same act, so that nothing of them is kept when it is refused.
Source: issue "Patrons reserve online", Build 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.locks import find_card
from lending.circulation.provisional import register_provisionally
from lending.circulation.reserving import reserve
from lending.circulation.signing import TextToSign, sign_online, texts_to_sign
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, Enrolment
from lending.models.journal import JournalEntry
from lending.models.kits import KitType
from lending.models.people import Patron
from lending.models.reservations import Reservation
from lending.programs.enrolment import enrol

_MADE = frozenset({"enrol", "reserve"})


@dataclass(frozen=True, slots=True)
class Wish:
    """A kit of a type (its code) at a library, in a session (its code) or in none, and the answers to its questions."""

    kit_type: str
    branch_id: int
    cohort: str | None = None
    answers: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signature:
    """What was typed instead of a signature, and the names of the texts that stood on the page."""

    typed_name: str = ""
    read: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody without a card: what they say of themselves, and a digest of where they ask from."""

    details: Mapping[str, object]
    address: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmation made: the patron and the enrolment or the reservation, by their public ids."""

    patron: str
    made: str


def confirm(
    session: Session, wish: Wish, *, whose: str | Stranger, signature: Signature, language: str, at: datetime, by: Actor
) -> Confirmed:
    """Give somebody what they wish for: a patron by the card number, or a ``Stranger``, who is registered first.

    Raises ``Refused`` as ``register_provisionally``, ``enrol``, ``reserve`` and ``sign_online`` do.
    """
    if isinstance(whose, Stranger):
        newcomer = register_provisionally(
            session, details=whose.details, home_branch_id=wish.branch_id, address=whose.address, at=at, by=by
        )
        card, by = newcomer.reference, replace(by, patron_id=newcomer.patron_id)
    else:
        card = whose
    made = _given(session, wish, card, at=at, by=by)
    patron_id = find_card(session, card)
    sign_online(
        session,
        patron_id=patron_id,
        texts=texts_for(session, wish, patron_id=patron_id, language=language, at=at),
        read=signature.read,
        typed_name=signature.typed_name,
        cohort_id=_cohort_id(session, wish.cohort),
        at=at,
        by=by,
    )
    return Confirmed(session.get_one(Patron, patron_id).public_id, made)


def confirmed_before(session: Session, act: str) -> Confirmed:
    """What the act with this id confirmed, so that a second tap is answered like the first. ``KEY_REUSED``: nothing."""
    rows = session.scalars(select(JournalEntry).where(JournalEntry.act == act, JournalEntry.verb.in_(_MADE)))
    for row in rows:
        of, name = (Enrolment, "enrolment") if row.verb == "enrol" else (Reservation, "reservation")
        made = str(row.detail[name])
        patron = session.scalar(
            select(Patron.public_id).join(of, of.patron_id == Patron.id).where(of.public_id == made)
        )
        if patron is not None:
            return Confirmed(patron, made)
    raise Refused.because(Reason.KEY_REUSED)


def texts_for(session: Session, wish: Wish, *, patron_id: int | None, language: str, at: datetime) -> list[TextToSign]:
    """What is still to be signed for a wish; ``NOT_FOUND`` for a session or a kind of kit that there is not."""
    kit_type_id = session.scalar(select(KitType.id).where(KitType.code == wish.kit_type))
    if kit_type_id is None:
        raise Refused.because(Reason.NOT_FOUND)
    return texts_to_sign(
        session,
        patron_id=patron_id,
        kit_type_id=kit_type_id,
        branch_id=wish.branch_id,
        cohort_id=_cohort_id(session, wish.cohort),
        language=language,
        at=at,
    )


def _given(session: Session, wish: Wish, card: str, *, at: datetime, by: Actor) -> str:
    """Enrol or reserve; gives what was made."""
    where, kit_type = wish.branch_id, wish.kit_type
    if wish.cohort is None:
        return reserve(session, patron=card, kit_type=kit_type, pickup_branch_id=where, at=at, by=by).reservation
    return enrol(
        session,
        patron=card,
        cohort=wish.cohort,
        pickup_branch_id=where,
        kit_type=kit_type,
        answers=wish.answers,
        at=at,
        by=by,
    ).enrolment


def _cohort_id(session: Session, code: str | None) -> int | None:
    if code is None:
        return None
    found = session.scalar(select(Cohort.id).where(Cohort.code == code))
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found
