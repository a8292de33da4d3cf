"""Last week's figures by mail: who wants them, and that each gets those of a week once.

A week is taken before its mail is sent and given back when it could not be, so that neither a job that runs twice nor
two of them at once send it again. Source: SCREENS, "Monday e-mail"; ARCHITECTURE ("idempotency keys").
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lending.circulation.acts import once, owner_of_keys
from lending.circulation.journal import record, record_unchanged
from lending.domain.actors import Actor
from lending.domain.periods import Period
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.journal import IdempotencyKey
from lending.models.people import Staff

_keys = table_of(IdempotencyKey)


def want_weekly_mail(session: Session, *, wanted: bool, at: datetime, by: Actor) -> None:
    """Say whether one's own account gets last week's figures on Mondays. ``NOT_FOUND`` for no account of staff."""
    row = session.scalars(select(Staff).where(Staff.id == by.staff_id).with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    if row.weekly_mail is wanted:
        record_unchanged(session, "want_weekly_mail", at=at, by=by)
        return
    row.weekly_mail = wanted
    record(session, "want_weekly_mail", at=at, by=by, detail={"staff_id": row.id, "wanted": wanted})


def take_week(session: Session, staff: str, week: Period, *, at: datetime, by: Actor) -> bool:
    """Whether it is for the caller to send a week's figures to an account (its public id): for the first who asks."""
    by.permit(Act.ADMINISTER)

    def take() -> bool:
        record_unchanged(session, "take_week", at=at, by=by)  # it takes a key, and nothing else
        return True

    return once(session, by=by, key=_key(staff, week), body={}, at=at, do=take, again=lambda _earlier: False)


def give_week_back(session: Session, staff: str, week: Period, *, by: Actor) -> None:
    """Let the next run send a week that did not leave the house."""
    by.permit(Act.ADMINISTER)
    given = _keys.c.actor == owner_of_keys(by), _keys.c.key == _key(staff, week)
    session.connection().execute(delete(_keys).where(*given))


def _key(staff: str, week: Period) -> str:
    return f"weekly-mail:{week.name}:{staff}"
