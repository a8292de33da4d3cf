"""Codes for a new PIN: asked for by whoever has the card's number, or given at the desk; used once, within minutes.

A code goes to the e-mail address or the telephone that the library has, never to one that is typed now, and no answer
tells whether the card exists. The newest code alone is good. No row and no journal holds one: its digest is
kept, and the message works it out. Guesses are counted by the row and by ``sign_ins.py``. Source: BATTERY S7; issue
"Patrons reserve online", Build 1.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.circulation.locks import lock_patron
from lending.circulation.patrons import find_patron
from lending.circulation.telling import CONTACT, new_notice, put_in_outbox
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.pins import CODE_HOLDS, CODE_TRIES, check_pin, code_digest, code_named
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.notices import Channel
from lending.models.people import Card, Patron, PatronStatus, PinCode

PIN_CODE = "pin_code"
"""The step of the notice that carries a code."""

KEPT_FOR = timedelta(days=1)
"""How long the digest of a code is kept that opens nothing any more."""


@dataclass(frozen=True, slots=True)
class CodeGiven:
    """A code to be read aloud at the desk, and until when it is good."""

    code: str
    until: datetime


def send_code(session: Session, *, card: str, key: str, at: datetime, by: Actor) -> None:
    """Send a code to whoever's current card this is, by e-mail or else by text; nothing where neither reaches them.

    ``key`` is the library's secret. For the system, on behalf of somebody whom nobody knows yet: it never refuses, so
    that the answer is the same for every number.
    """
    by.permit(Act.CHANGE_PATRON)
    found = _holder(session, card)
    if found is None:
        return
    row = lock_patron(session, found.id)
    channel = _channel(row)
    if row.status is not PatronStatus.ACTIVE or channel is None:
        return
    name = _new_code(session, row, key, at)
    contact = session.execute(select(*CONTACT).where(Patron.id == row.id)).one()
    notice = new_notice(PIN_CODE, contact, subject=f"pin:{name}", patron_id=row.id, at=at)
    put_in_outbox(session, [{**notice, "channel": channel}])
    detail = {"channel": channel.value}
    record(session, "send_pin_code", at=at, by=by, branch_id=row.home_branch_id, patron=row.pseudonym, detail=detail)


def give_code(session: Session, *, patron: str, key: str, at: datetime, by: Actor) -> CodeGiven:
    """A code for a patron (the public id) who stands at the desk and showed who they are.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``.
    """
    found = find_patron(session, patron)
    by.permit(Act.CHANGE_PATRON, found.home_branch_id)
    row = lock_patron(session, found.id)
    if row.status is not PatronStatus.ACTIVE:
        raise Refused.because(Reason.NOT_FOUND)
    name = _new_code(session, row, key, at)
    record(session, "give_pin_code", at=at, by=by, branch_id=row.home_branch_id, patron=row.pseudonym)
    return CodeGiven(code_named(key, name), at + CODE_HOLDS)


def use_code(
    session: Session, *, card: str, code: str, pin: str, pin_hash: str, key: str, at: datetime, by: Actor
) -> str | None:
    """Give a new PIN to whoever's current card this is, if the code is theirs; the patron's public id, else ``None``.

    A wrong code is counted and so is no refusal, which would take the count back; after five of them the right one
    opens nothing either. ``pin_hash`` is the hash of ``pin``. Raises ``Refused`` (``PIN_UNFIT``) with the right code
    alone: what a PIN may not be depends on the birth date.
    """
    by.permit(Act.CHANGE_PATRON)
    found = _holder(session, card)
    if found is None:
        return None
    row = lock_patron(session, found.id)
    kept = _live_code(session, row.id, at)
    if row.status is not PatronStatus.ACTIVE or kept is None:
        return None
    if not hmac.compare_digest(kept.digest, code_digest(key, row.public_id, code)):
        kept.tries += 1
        return None
    check_pin(pin, card=card, birth_date=row.birth_date)
    kept.used_at = at
    row.pin_hash, row.session_version = pin_hash, new_public_id()
    record(session, "set_pin", at=at, by=by, branch_id=row.home_branch_id, patron=row.pseudonym)
    return row.public_id


def _holder(session: Session, card: str) -> Patron | None:
    chosen = select(Patron).join(Card, Card.patron_id == Patron.id).where(Card.number == card, Card.ended_at.is_(None))
    return session.scalars(chosen).one_or_none()


def _channel(row: Patron) -> Channel | None:
    """What reaches somebody within minutes."""
    if row.email is not None and row.email_refused_at is None:
        return Channel.EMAIL
    return Channel.TEXT if row.phone is not None and row.text_consent_at is not None else None


def _new_code(session: Session, row: Patron, key: str, at: datetime) -> str:
    """Keep the digest of a new code, the only one that is good from now on; gives its name. The patron is locked."""
    session.execute(
        update(PinCode)
        .where(PinCode.patron_id == row.id, PinCode.used_at.is_(None), PinCode.ends_at > at)
        .values(ends_at=at)
    )
    name = new_public_id()
    digest = code_digest(key, row.public_id, code_named(key, name))
    session.add(PinCode(patron_id=row.id, digest=digest, made_at=at, ends_at=at + CODE_HOLDS))
    return name


def _live_code(session: Session, patron_id: int, at: datetime) -> PinCode | None:
    chosen = select(PinCode).where(
        PinCode.patron_id == patron_id, PinCode.used_at.is_(None), PinCode.ends_at > at, PinCode.tries < CODE_TRIES
    )
    locked = chosen.order_by(PinCode.id.desc()).limit(1).with_for_update(key_share=True)
    return session.scalars(locked.execution_options(populate_existing=True)).one_or_none()


def forget_codes(session: Session, *, at: datetime) -> int:
    """Forget the codes that open nothing any more since a day; how many. For the sweep."""
    over = delete(PinCode).where(PinCode.ends_at <= at - KEPT_FOR)
    return len(session.execute(over.returning(PinCode.id)).all())
