"""Verifying somebody who asked online without a card: staff saw who they are, and scan one card.

A card that is nobody's is theirs from now on. One that somebody has is their own, which they had not at hand: what they
asked for goes to the record it belongs to, if the dates of birth agree.
Source: issue "Patrons reserve online", Build 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.merging import merge
from lending.circulation.patrons import find_patron, patron_with_card, replace_card
from lending.domain.actors import Actor
from lending.domain.barcodes import Code, Kind
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.people import Card


@dataclass(frozen=True, slots=True)
class Verified:
    """The record (its public id) that holds what they asked for, and whether it is one that they had before."""

    patron: str
    had_a_card: bool


def verify(session: Session, *, patron: str, card: Code, at: datetime, by: Actor) -> Verified:
    """Verify a newcomer (the public id) by a card: a new one, or the one that they have already.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``WRONG_STATE`` for somebody who is verified, ``CODE_TAKEN``
    where somebody else was born on another day, and for the card as ``replace_card`` and ``merge`` do.
    """
    newcomer = find_patron(session, patron)
    by.permit(Act.CHANGE_PATRON, newcomer.home_branch_id)
    if newcomer.provisional_since is None:
        raise Refused.because(Reason.WRONG_STATE, state="verified")
    if session.scalar(select(Card.id).where(Card.number == card.text)) is None:
        replace_card(session, patron=patron, card=card, at=at, by=by)
        return Verified(patron, had_a_card=False)
    owner = patron_with_card(session, card)
    if owner.id == newcomer.id or owner.birth_date not in (None, newcomer.birth_date):
        raise Refused.because(Reason.CODE_TAKEN, code=card.text, holder=Kind.PATRON.value)
    merged = merge(session, loser=patron, survivor=owner.public_id, at=at, by=by)
    return Verified(merged.patron, had_a_card=True)
