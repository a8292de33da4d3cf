"""Opening the sealed ledger: one administrator asks and says for what, another approves.

One alone waits a day after every other was told, so that any of them can take it back. Each reading is on the journal.
Source: RULES 8, "only a two-person export opens (one administrator alone: after 24 h and with notice)".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.circulation.locks import lock_named
from lending.domain.actors import Actor
from lending.domain.ledger import Opening, Stand, stand_of
from lending.domain.permissions import Act
from lending.domain.registration import plain_text
from lending.errors import Reason, Refused
from lending.models.privacy import LedgerOpening

LONGEST_REASON = 500

ASKED = "ask_to_open_ledger"
"""What the journal calls that somebody asks."""


@dataclass(frozen=True, slots=True)
class OpeningChanged:
    """A wish to open the ledger (its public id), and how it stands now."""

    opening: str
    stand: Stand


def ask_to_open(session: Session, *, reason: str, at: datetime, by: Actor) -> OpeningChanged:
    """Ask to open the ledger, saying for what.

    Raises ``Refused``: ``NOT_PERMITTED`` (also for whoever is no person), ``REASON_NEEDED``, ``VALUE_WRONG``.
    """
    staff_id = _administrator(by)
    try:
        why = plain_text(reason, LONGEST_REASON)
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field="reason") from None
    if why is None:
        raise Refused.because(Reason.REASON_NEEDED)
    row = LedgerOpening(reason=why, asked_at=at, asked_by_id=staff_id)
    session.add(row)
    session.flush()  # the journal names it by its public id
    return _changed(session, ASKED, row, at=at, by=by)


def approve_opening(session: Session, *, opening: str, at: datetime, by: Actor) -> OpeningChanged:
    """Approve what another administrator asked for: from now on the ledger is open to that one, for a day.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, ``SAME_PERSON``, ``WRONG_STATE`` for one that waits no more.
    """
    staff_id = _administrator(by)
    row = _lock(session, opening)
    if row.asked_by_id == staff_id:
        raise Refused.because(Reason.SAME_PERSON)
    _refuse_unless(row, (Stand.WAITING,), at)
    row.approved_at, row.approved_by_id = at, staff_id
    return _changed(session, "approve_ledger_opening", row, at=at, by=by)


def close_opening(session: Session, *, opening: str, at: datetime, by: Actor) -> OpeningChanged:
    """Take a wish back, or say no to it: any administrator may, while it waits or is open.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, ``WRONG_STATE``.
    """
    _administrator(by)
    row = _lock(session, opening)
    _refuse_unless(row, (Stand.WAITING, Stand.OPEN), at)
    row.closed_at = at
    return _changed(session, "close_ledger_opening", row, at=at, by=by)


def note_reading(session: Session, *, opening: str, rows: int, at: datetime, by: Actor) -> OpeningChanged:
    """Write down that the ledger is read now; nobody reads it before this has been said.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND`` (also for what somebody else asked for), ``LEDGER_NOT_OPEN``.
    """
    staff_id = _administrator(by)
    row = _lock(session, opening)
    if row.asked_by_id != staff_id:
        raise Refused.because(Reason.NOT_FOUND)
    if stand_of(as_rule(row), at) is not Stand.OPEN:
        raise Refused.because(Reason.LEDGER_NOT_OPEN)
    return _changed(session, "read_ledger", row, at=at, by=by, rows=rows)


def note_told(session: Session, *, opening_id: int, at: datetime, by: Actor) -> None:
    """Note that every other administrator was told that somebody asks."""
    by.permit(Act.ADMINISTER)
    row = session.get_one(LedgerOpening, opening_id, with_for_update={"key_share": True})
    if row.told_at is None:
        row.told_at = at
        _changed(session, "tell_of_ledger_opening", row, at=at, by=by)


def as_rule(row: LedgerOpening) -> Opening:
    """The row as the rule of ``domain/ledger.py`` reads it."""
    return Opening(row.asked_at, row.told_at, row.approved_at, row.closed_at)


def _administrator(by: Actor) -> int:
    by.permit(Act.EXPORT_PATRONS)
    if by.staff_id is None:
        raise Refused.because(Reason.NOT_PERMITTED, act=Act.EXPORT_PATRONS.value)
    return by.staff_id


def _lock(session: Session, opening: str) -> LedgerOpening:
    return lock_named(session, select(LedgerOpening).where(LedgerOpening.public_id == opening))


def _refuse_unless(row: LedgerOpening, wanted: tuple[Stand, ...], at: datetime) -> None:
    stand = stand_of(as_rule(row), at)
    if stand not in wanted:
        raise Refused.because(Reason.WRONG_STATE, state=stand.value)


def _changed(
    session: Session, verb: str, row: LedgerOpening, *, at: datetime, by: Actor, **detail: object
) -> OpeningChanged:
    record(session, verb, at=at, by=by, detail={"opening": row.public_id, **detail})
    return OpeningChanged(row.public_id, stand_of(as_rule(row), at))
