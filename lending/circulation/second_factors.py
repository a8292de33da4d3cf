"""The second factor of a staff account: set up by its owner, asked for at each sign-in, taken away when it is lost.

A code is taken once, even when it comes many times at the same moment: the database itself compares the step of time
that was taken last, and a recovery code's row that is not used yet. The secret is kept hidden; ``key`` is the library's
own. Source: BATTERY S8; RFC 6238, 5.1 and 5.2; ASVS 6.5.1.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.domain import second_factors as rules
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import new_public_id, table_of
from lending.models.people import RecoveryCode, Staff

_staff, _codes = table_of(Staff), table_of(RecoveryCode)


def begin_second_factor(session: Session, *, key: str, at: datetime, by: Actor) -> str:
    """A new secret for one's own account, which counts once its first code is confirmed; one begun before is forgotten.

    Raises ``Refused`` (``WRONG_STATE``) while another factor is in use.
    """
    row = _own(session, by)
    if row.totp_confirmed_at is not None:
        raise Refused.because(Reason.WRONG_STATE)
    secret = rules.new_secret()
    row.totp_secret, row.totp_last_step = rules.as_kept(secret, key=key, staff_id=row.id), None
    record(session, "begin_second_factor", at=at, by=by, detail={"staff_id": row.id})
    return secret


def confirm_second_factor(
    session: Session, *, code: str, key: str, clock: datetime, at: datetime, by: Actor
) -> list[str]:
    """Ask for the factor from now on, since its owner's telephone makes the right codes; gives ten recovery codes.

    They are given this once. All sessions of the account end. ``clock`` is the machine's instant, by which telephones
    make codes. Raises ``Refused``: ``WRONG_STATE``, also when the key changed since; ``SECOND_FACTOR_WRONG``.
    """
    row = _own(session, by)
    if row.totp_secret is None or row.totp_confirmed_at is not None:
        raise Refused.because(Reason.WRONG_STATE)
    secret = rules.secret_in(row.totp_secret, key=key, staff_id=row.id)
    if secret is None:
        raise Refused.because(Reason.WRONG_STATE)
    step = rules.matching_step(secret, code, clock)
    if step is None:
        raise Refused.because(Reason.SECOND_FACTOR_WRONG)
    row.totp_secret = rules.as_kept(secret, key=key, staff_id=row.id)
    row.totp_confirmed_at, row.totp_last_step, row.session_version = at, step, new_public_id()
    record(session, "confirm_second_factor", at=at, by=by, detail={"staff_id": row.id})
    return _new_codes(session, row.id)


def use_code(session: Session, *, code: str, key: str, clock: datetime, at: datetime, by: Actor) -> None:
    """Take a telephone's code or a recovery code of one's own account, once. ``Refused``: ``SECOND_FACTOR_WRONG``.

    A secret that was kept before there was hiding is hidden by the telephone's next code.
    """
    chosen = select(Staff.id, Staff.totp_secret).where(
        Staff.id == by.staff_id, Staff.active, Staff.totp_confirmed_at.is_not(None)
    )
    found = session.execute(chosen).one_or_none()
    wrong = Refused.because(Reason.SECOND_FACTOR_WRONG)
    if found is None or found.totp_secret is None:
        raise wrong
    staff_id, kept = found.id, found.totp_secret
    secret = rules.secret_in(kept, key=key, staff_id=staff_id)
    step, digest = None if secret is None else rules.matching_step(secret, code, clock), rules.recovery_digest(code)
    if step is not None:
        now_kept = kept if rules.is_hidden(kept) else rules.as_kept(kept, key=key, staff_id=staff_id)
        if not _take_step(session, staff_id, step, kept, now_kept):
            raise wrong
    elif digest is None or not _take_recovery_code(session, staff_id, digest, at):
        raise wrong
    else:
        record(session, "use_recovery_code", at=at, by=by, detail={"staff_id": staff_id})


def renew_recovery_codes(session: Session, *, at: datetime, by: Actor) -> list[str]:
    """Ten new recovery codes for one's own account; the old ones open nothing. ``WRONG_STATE`` without a factor."""
    row = _own(session, by)
    if row.totp_confirmed_at is None:
        raise Refused.because(Reason.WRONG_STATE)
    record(session, "renew_recovery_codes", at=at, by=by, detail={"staff_id": row.id})
    return _new_codes(session, row.id)


def remove_second_factor(session: Session, *, staff: str, at: datetime, by: Actor) -> None:
    """Sign in without the factor again: one's own, or by an administrator anybody's who lost it. All sessions end.

    ``staff`` is the account's public id. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``.
    """
    row = _locked(session, Staff.public_id == staff)
    if by.staff_id is None or by.staff_id != row.id:
        by.permit(Act.ADMINISTER)
    if row.totp_secret is None:
        raise Refused.because(Reason.NOT_FOUND)
    row.totp_secret = row.totp_confirmed_at = row.totp_last_step = None
    row.session_version = new_public_id()
    session.execute(delete(_codes).where(_codes.c.staff_id == row.id))
    record(session, "remove_second_factor", at=at, by=by, detail={"staff_id": row.id})


def _take_step(session: Session, staff_id: int, step: int, kept: str, now_kept: str) -> bool:
    taken = (
        update(_staff)
        .where(_staff.c.id == staff_id, _staff.c.totp_secret == kept)
        .where(or_(_staff.c.totp_last_step.is_(None), _staff.c.totp_last_step < step))
        .values(totp_last_step=step, totp_secret=now_kept)
        .returning(_staff.c.id)
    )
    return session.execute(taken).one_or_none() is not None


def _take_recovery_code(session: Session, staff_id: int, digest: str, at: datetime) -> bool:
    used = (
        update(_codes)
        .where(_codes.c.staff_id == staff_id, _codes.c.digest == digest, _codes.c.used_at.is_(None))
        .values(used_at=at)
        .returning(_codes.c.id)
    )
    return session.execute(used).one_or_none() is not None


def _own(session: Session, by: Actor) -> Staff:
    return _locked(session, Staff.id == by.staff_id)


def _locked(session: Session, whose: ColumnElement[bool]) -> Staff:
    chosen = select(Staff).where(whose, Staff.active)
    locked = chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = session.scalars(locked).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return row


def _new_codes(session: Session, staff_id: int) -> list[str]:
    session.execute(delete(_codes).where(_codes.c.staff_id == staff_id))
    made = rules.new_recovery_codes()
    session.add_all(RecoveryCode(staff_id=staff_id, digest=rules.recovery_digest(code)) for code in made)
    return made
