"""Whom a notice is for: a patron, or somebody who registered for one workshop and has no record.

Who registered is reached by e-mail, or by text if they agreed to that; nobody writes them a letter, because nobody
asked where they live. What concerns them belongs to the library where the workshop is held; on line, to the first where
its session lends kits, or else to the first there is. Source: RULES 6, "Channels per patron"; RULES 7, "Registered".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, null, select, update
from sqlalchemy.orm import Session

from lending.circulation.locks import lock_patron
from lending.circulation.telling import CONTACT, channel_of, new_notice, put_in_outbox, reaching
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Pool, Workshop
from lending.models.notices import Channel, Notice
from lending.models.outcomes import Registration
from lending.models.people import Patron
from lending.models.stock import Stock

REGISTERED_NOTICE: Final = "registered"
"""The step of the notice that confirms a registration."""

REGISTERED_MOVED: Final = "registered_workshop_moved"
"""The step of the notice to who registered that the workshop is held at another time."""

REGISTERED_CANCELLED: Final = "registered_workshop_cancelled"
"""The step of the notice to them that it is not held."""

REGISTERED_TOMORROW: Final = "registered_workshop_tomorrow"
"""The step of the notice to them that it is tomorrow."""

_patrons, _registrations, _workshops = table_of(Patron), table_of(Registration), table_of(Workshop)
_branches, _pools, _stocks = table_of(Branch), table_of(Pool), table_of(Stock)

_lent_at = (
    select(func.min(_stocks.c.branch_id))
    .join(_pools, _pools.c.stock_id == _stocks.c.id)
    .where(_pools.c.cohort_id == _workshops.c.cohort_id)
    .correlate(_workshops)
    .scalar_subquery()
)
_first_of_all = select(func.min(_branches.c.id)).scalar_subquery()

PLACE: Final[ColumnElement[int]] = func.coalesce(_workshops.c.branch_id, _lent_at, _first_of_all)
"""The key of the library to which a workshop belongs, beside the row of the workshop."""

REACHED: Final = (
    _registrations.c.email,
    _registrations.c.email_refused_at,
    _registrations.c.phone,
    _registrations.c.text_consent_at,
    null().label("notice_channel"),
)
"""What says how somebody who registered is reached, under the names of ``telling.CONTACT``."""

_PATRON = select(*CONTACT, _patrons.c.home_branch_id.label("branch_id"), null().label("reference"))
_REGISTERED = select(*REACHED, PLACE.label("branch_id"), _registrations.c.reference).join_from(
    _registrations, _workshops, _workshops.c.id == _registrations.c.workshop_id
)
_PEOPLE = (
    select(_registrations.c.id, _registrations.c.public_id, *REACHED)
    .where(_registrations.c.cancelled_at.is_(None))
    .order_by(_registrations.c.id)
)


def addressee(session: Session, notice: Notice) -> AnyRow | None:
    """How whom a notice is for is reached, with ``branch_id``, their library, and the ``reference`` of a registration.

    ``None`` once the link is cut.
    """
    if notice.registration_id is not None:
        return session.execute(_REGISTERED.where(_registrations.c.id == notice.registration_id)).one_or_none()
    return session.execute(_PATRON.where(_patrons.c.id == notice.patron_id)).one_or_none()


def lock_addressee(session: Session, notice: Notice) -> bool:
    """Lock whom a notice is for; whether there is still somebody."""
    if notice.patron_id is not None:
        lock_patron(session, notice.patron_id)
        return True
    chosen = select(Registration.id).where(Registration.id == notice.registration_id)
    return session.scalars(chosen.with_for_update(key_share=True)).one_or_none() is not None


def keep_wrong_address(session: Session, notice: Notice, *, at: datetime) -> None:
    """Keep that there is nobody at an address. A consent to text messages was given for a number, and goes with it."""
    values: dict[str, Any] = {"text_consent_at": None, "text_consent_wording": None}
    if notice.channel is Channel.EMAIL:
        values = {"email_refused_at": at}
    whose, key = (
        (_patrons, notice.patron_id) if notice.registration_id is None else (_registrations, notice.registration_id)
    )
    session.execute(update(whose).where(whose.c.id == key).values(values))


def channel_left(notice: Notice, person: AnyRow) -> Channel | None:
    """The channel that reaches whom a notice is for now; ``None`` where there is none."""
    if notice.registration_id is None:
        return channel_of(person)
    return next(iter(reaching(person)), None)


def registered(session: Session, *which: ColumnElement[bool]) -> Iterable[AnyRow]:
    """Those who registered, and did not cancel, and how they are reached."""
    return session.execute(_PEOPLE.where(*which)).all()


def registered_for(session: Session, workshop_ids: Collection[int]) -> Iterable[AnyRow]:
    """The same of some workshops."""
    return registered(session, _registrations.c.workshop_id.in_(sorted(workshop_ids)))


def tell_registered(
    session: Session, step: str, people: Iterable[AnyRow], *, at: datetime, act: str | None = None
) -> int:
    """Tell people who registered of something, once or, with the name of an ``act``, once for that; how many hear.

    Each row has ``id``, ``public_id`` and the columns ``REACHED``; who cannot be reached is not told.
    """
    told = [
        new_notice(
            step,
            person,
            subject=":".join(("registration", person.public_id, *([act] if act else []))),
            patron_id=None,
            registration_id=person.id,
            at=at,
        )
        for person in people
        if reaching(person)
    ]
    if told:
        put_in_outbox(session, told)
    return len(told)
