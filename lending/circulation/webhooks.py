"""Webhooks as administrators keep them: added, changed, stopped, tried and taken away.

What such a program is told, and how it reaches it, is ``circulation/deliveries.py``. Whether an address may be called
is asked where it is typed, outside of any transaction, and again at every message (``mail/outward.py``).
Source: INTERFACES, "Webhooks"; issue "Nothing goes overdue unnoticed", Build 3.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lending.circulation import seals
from lending.circulation.journal import record, record_unchanged
from lending.circulation.locks import lock_named
from lending.domain.actors import Actor
from lending.domain.addresses import read_url
from lending.domain.permissions import Act
from lending.domain.webhooks import PING, REACHES_BACK, as_kept, new_secret, read_events
from lending.errors import Block, Reason, Refused
from lending.models.base import new_public_id, table_of
from lending.models.webhooks import DeliveryState, Webhook, WebhookDelivery

_deliveries = table_of(WebhookDelivery)

TOO_OLD = "too old"
"""The problem of a message that waited too long in a webhook that stood still."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A webhook (its public id) and what signs its messages from now on."""

    webhook: str
    secret: str


def add_webhook(session: Session, *, url: str, events: Collection[str], key: str, at: datetime, by: Actor) -> Secret:
    """Tell the program at an address of events from now on, by their names and groups (``domain/webhooks.py``).

    ``key`` is the library's own, with which the secret is kept hidden. Raises ``Refused``: ``NOT_PERMITTED``,
    ``VALUE_WRONG`` for the address and for the events.
    """
    by.permit(Act.ADMINISTER)
    against = [*_against_url(url), *_against_events(events)]
    if against:
        raise Refused(*against)
    name, secret = new_public_id(), new_secret()
    made = Webhook(
        public_id=name,
        url=url,
        secret=as_kept(secret, key=key, webhook=name),
        events=read_events(events),
        made_at=at,
        made_by_id=by.staff_id,
        told_seal_id=seals.current(session).number,
    )
    session.add(made)
    record(session, "add_webhook", at=at, by=by, detail={"webhook": name, "events": made.events})
    return Secret(name, secret)


def change_webhook(
    session: Session,
    *,
    webhook: str,
    url: str | None = None,
    events: Collection[str] | None = None,
    active: bool | None = None,
    at: datetime,
    by: Actor,
) -> tuple[str, ...]:
    """Change a webhook (its public id): what is ``None`` stays. Gives the names of what changed.

    One that is stopped keeps its place: started again it is told of what happened meanwhile, up to ``REACHES_BACK``,
    and what still waits is tried at once. Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, ``VALUE_WRONG``.
    """
    row = _lock(session, webhook, by)
    against = [] if url is None else [*_against_url(url)]
    against += [] if events is None else [*_against_events(events)]
    if against:
        raise Refused(*against)
    given = {"url": url, "events": None if events is None else read_events(events), "active": active}
    changed = tuple(name for name, value in given.items() if value is not None and getattr(row, name) != value)
    for name in changed:
        setattr(row, name, given[name])
    if "active" in changed:
        row.stopped_why = row.stopped_told_at = None
    if row.active and {"active", "url"} & set(changed):
        row.failing_since = None
        _try_at_once(session, row.id, at=at)
    if changed:
        record(session, "change_webhook", at=at, by=by, detail={"webhook": webhook, "fields": list(changed)})
    else:
        record_unchanged(session, "change_webhook", at=at, by=by)
    return changed


def renew_secret(session: Session, *, webhook: str, key: str, at: datetime, by: Actor) -> Secret:
    """Sign the messages of a webhook (its public id) with a new secret from now on, kept hidden with ``key``.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``.
    """
    row = _lock(session, webhook, by)
    secret = new_secret()
    row.secret = as_kept(secret, key=key, webhook=webhook)
    record(session, "renew_webhook_secret", at=at, by=by, detail={"webhook": webhook})
    return Secret(webhook, secret)


def remove_webhook(session: Session, *, webhook: str, at: datetime, by: Actor) -> None:
    """Take a webhook (its public id) away, with its messages; the journal keeps that it was there.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``.
    """
    row = _lock(session, webhook, by)
    session.execute(delete(_deliveries).where(_deliveries.c.webhook_id == row.id))
    session.delete(row)
    record(session, "remove_webhook", at=at, by=by, detail={"webhook": webhook})


def try_webhook(session: Session, *, webhook: str, at: datetime, by: Actor) -> str:
    """Put a message that says nothing (``ping``) behind those that wait; gives its public id.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``.
    """
    row = _lock(session, webhook, by)
    name = new_public_id()
    body = {"id": name, "event": PING, "at": at.isoformat(), "recorded_at": at.isoformat(), "sequence": None}
    session.add(
        WebhookDelivery(public_id=name, webhook_id=row.id, event=PING, body=body, due_at=at, made_at=at, seal_id=None)
    )
    record(session, "try_webhook", at=at, by=by, detail={"webhook": webhook, "delivery": name})
    return name


def send_again(session: Session, *, webhook: str, delivery: str, at: datetime, by: Actor) -> None:
    """Send a message (its public id) of a webhook once more, or now if it waits for its next try.

    It does not hold up the others. Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, ``WRONG_STATE`` while it is
    under way and once it is too old to be told.
    """
    row = _lock(session, webhook, by)
    chosen = select(WebhookDelivery).where(WebhookDelivery.public_id == delivery, WebhookDelivery.webhook_id == row.id)
    found = session.scalars(
        chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    if found.state is DeliveryState.SENDING or found.made_at < at - REACHES_BACK:
        raise Refused.because(Reason.WRONG_STATE, state=found.state.value)
    if found.state is not DeliveryState.PENDING:
        found.state, found.sent_at, found.tries, found.is_in_the_way = DeliveryState.PENDING, None, 0, False
    found.due_at, found.problem = at, None
    record(session, "send_webhook_again", at=at, by=by, detail={"webhook": webhook, "delivery": delivery})


def _lock(session: Session, webhook: str, by: Actor) -> Webhook:
    by.permit(Act.ADMINISTER)
    return lock_named(session, select(Webhook).where(Webhook.public_id == webhook))


def _try_at_once(session: Session, webhook_id: int, *, at: datetime) -> None:
    """What waits is due now, but for what is too old."""
    waiting = (_deliveries.c.webhook_id == webhook_id) & (_deliveries.c.state == DeliveryState.PENDING)
    session.execute(update(_deliveries).where(waiting, _deliveries.c.due_at > at).values(due_at=at))


def _against_url(url: str) -> list[Block]:
    try:
        read_url(url)
    except ValueError:
        return [Block(Reason.VALUE_WRONG, {"field": "url"})]
    return []


def _against_events(events: Collection[str]) -> list[Block]:
    try:
        read_events(events)
    except ValueError:
        return [Block(Reason.VALUE_WRONG, {"field": "events"})]
    return []
