"""Rows locked for an act, in the one order of ``lending/db.py``.

Each function locks rows of one kind and reads them anew, so that what the act sees is what it holds. Ids are found
without a lock (``find_kit``), then locked, then checked again by the verb.
Source: ARCHITECTURE, "Transactions and locks".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.errors import Reason, Refused
from lending.models.base import AnyRow, Base
from lending.models.branches import Branch
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.people import Card, Patron, PatronStatus
from lending.models.reservations import Reservation
from lending.models.stock import Stock

Named = TypeVar("Named", bound=Base)


@dataclass(frozen=True, slots=True)
class KitIds:
    """What a kit's code leads to, before anything is locked. ``patron_id`` is whose unreceived loan it is on."""

    kit_id: int
    stock_id: int
    kit_type_id: int
    branch_id: int
    loan_id: int | None
    loan_branch_id: int | None
    patron_id: int | None


_IDS = select(
    Kit.id, Kit.stock_id, Kit.kit_type_id, Kit.branch_id, Loan.id, Loan.branch_id, Loan.patron_id
).outerjoin_from(Kit, Loan, (Loan.kit_id == Kit.id) & unreceived)


def find_kit(session: Session, code: str) -> KitIds:
    """The ids behind a kit's code, without a lock; ``Refused`` (``KIT_UNKNOWN``) when no kit has it."""
    row = session.execute(_IDS.where(Kit.barcode == code)).one_or_none()
    if row is None:
        raise Refused.because(Reason.KIT_UNKNOWN, kit=code)
    return KitIds(*row)


def find_card(session: Session, number: str) -> int:
    """The id of the patron whose card this is, without a lock. ``Refused``: ``CARD_UNKNOWN``, ``CARD_REPLACED``."""
    return holder_of(look_up_card(session, number))


def look_up_card(session: Session, number: str) -> AnyRow | None:
    """Whose card has a number (``patron_id``), and whether it ended (``ended_at``); ``None`` where nobody's has it.

    For acts that are permitted by whose card it is: who may not do them learns nothing about cards.
    """
    return session.execute(select(Card.patron_id, Card.ended_at).where(Card.number == number)).one_or_none()


def holder_of(card: AnyRow | None) -> int:
    """The id of the patron whose current card was looked up. ``Refused``: ``CARD_UNKNOWN``, ``CARD_REPLACED``."""
    if card is None:
        raise Refused.because(Reason.CARD_UNKNOWN)
    if card.ended_at is not None:
        raise Refused.because(Reason.CARD_REPLACED)
    return int(card.patron_id)


def keep_calendar(session: Session, branch_id: int | None) -> None:
    """Keep the days on which a branch is open, or with ``None`` each of them, as they are until the act ends.

    For whatever works out a date that a closing would move. Locked to be read: such acts do not wait for each other,
    but a closing waits for them, and moves the date, or they for it, and read the new calendar.
    """
    chosen = select(Branch.id).order_by(Branch.id)
    if branch_id is not None:
        chosen = chosen.where(Branch.id == branch_id)
    session.execute(chosen.with_for_update(read=True)).all()


def lock_named(session: Session, chosen: Select[Named]) -> Named:
    """Lock the one row that ``chosen`` finds by its public id; ``Refused`` (``NOT_FOUND``) where there is none."""
    locked = chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = session.scalars(locked).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return row


def lock_patron(session: Session, patron_id: int) -> Patron:
    """Lock one patron."""
    return lock_patrons(session, [patron_id])[patron_id]


def lock_card_holder(session: Session, number: str) -> Patron:
    """Lock whose card this is. ``Refused``: as ``find_card``; ``CARD_UNKNOWN`` also when the record was merged into
    another in this very moment.
    """
    person = lock_patron(session, find_card(session, number))
    if person.status is not PatronStatus.ACTIVE:
        raise Refused.because(Reason.CARD_UNKNOWN)
    return person


def lock_patrons(session: Session, patron_ids: Collection[int]) -> dict[int, Patron]:
    """Lock patrons, in the order of their ids."""
    chosen = select(Patron).where(Patron.id.in_(sorted(set(patron_ids)))).order_by(Patron.id)
    found = session.scalars(chosen.with_for_update(key_share=True).execution_options(populate_existing=True))
    return {patron.id: patron for patron in found}


def lock_stocks(session: Session, stock_ids: Collection[int]) -> None:
    """Lock stocks, in the order of their ids."""
    chosen = select(Stock.id).where(Stock.id.in_(sorted(set(stock_ids)))).order_by(Stock.id)
    session.execute(chosen.with_for_update(key_share=True)).all()


def lock_kits(session: Session, kit_ids: Collection[int]) -> dict[int, Kit]:
    """Lock kits, in the order of their ids."""
    chosen = select(Kit).where(Kit.id.in_(sorted(set(kit_ids)))).order_by(Kit.id)
    found = session.scalars(chosen.with_for_update(of=Kit, key_share=True).execution_options(populate_existing=True))
    return {kit.id: kit for kit in found}


def lock_kit(session: Session, kit_id: int) -> Kit:
    """Lock one kit."""
    return lock_kits(session, [kit_id])[kit_id]


def lock_kit_and_stock(session: Session, code: str) -> Kit:
    """Lock a kit, by its code, and before it the stock it belongs to: for whatever may free it.

    ``Refused``: ``KIT_UNKNOWN``; ``BUSY`` when it was given to another stock in this very moment.
    """
    ids = find_kit(session, code)
    lock_stocks(session, [ids.stock_id])
    kit = lock_kit(session, ids.kit_id)
    if kit.stock_id != ids.stock_id:
        raise Refused.because(Reason.BUSY)
    return kit


def lock_loan(session: Session, loan_id: int) -> Loan:
    """Lock one loan. Its kit is locked before it by whatever moves both."""
    chosen = select(Loan).where(Loan.id == loan_id)
    return session.scalars(chosen.with_for_update(key_share=True).execution_options(populate_existing=True)).one()


def lock_unreceived_loan(session: Session, kit_id: int) -> Loan | None:
    """Lock the loan that a kit is out on, if it is; the kit is locked already."""
    chosen = select(Loan).where(Loan.kit_id == kit_id, unreceived)
    return session.scalars(
        chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()


def lock_reservation(session: Session, reservation_id: int) -> Reservation:
    """Lock one reservation. Its stock, and its kit if it has one, are locked before it."""
    chosen = select(Reservation).where(Reservation.id == reservation_id)
    return session.scalars(chosen.with_for_update(key_share=True).execution_options(populate_existing=True)).one()
