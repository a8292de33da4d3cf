"""Webhooks as administrators see them: each with how it fares, and its messages, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.domain.webhooks import secret_in
from lending.models.journal import JournalEntry
from lending.models.webhooks import DeliveryState, StoppedWhy, Webhook, WebhookDelivery

_OPEN = (DeliveryState.PENDING, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True)
class WebhookShown:
    """A webhook by its public id, never with its secret. ``waiting``: messages that have not left."""

    webhook: str
    url: str
    events: tuple[str, ...]
    active: bool
    made_at: datetime
    failing_since: datetime | None
    stopped_why: StoppedWhy | None
    waiting: int
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryShown:
    """One message on its way: ``id`` for the page behind it, ``delivery`` is the public id that the receiver sees."""

    id: int
    delivery: str
    event: str
    state: DeliveryState
    made_at: datetime
    due_at: datetime
    sent_at: datetime | None
    tries: int
    problem: str | None
    sequence: int | None


def webhooks_shown(session: Session) -> list[WebhookShown]:
    """Every webhook, in the order in which they were added."""
    rows = session.scalars(select(Webhook).order_by(Webhook.id)).all()
    of_each = select(
        WebhookDelivery.webhook_id,
        func.count().filter(WebhookDelivery.state.in_(_OPEN)).label("waiting"),
        func.max(WebhookDelivery.sent_at).label("sent_at"),
    ).group_by(WebhookDelivery.webhook_id)
    known = {row.webhook_id: row for row in session.execute(of_each)}
    return [
        _shown(row, known[row.id].waiting, known[row.id].sent_at) if row.id in known else _shown(row, 0, None)
        for row in rows
    ]


def webhook_shown(session: Session, webhook: str) -> WebhookShown | None:
    """One webhook; ``None`` when there is none of this public id."""
    row = session.scalars(select(Webhook).where(Webhook.public_id == webhook)).one_or_none()
    if row is None:
        return None
    waiting, sent_at = session.execute(
        select(func.count().filter(WebhookDelivery.state.in_(_OPEN)), func.max(WebhookDelivery.sent_at)).where(
            WebhookDelivery.webhook_id == row.id
        )
    ).one()
    return _shown(row, waiting, sent_at)


def secret_of(session: Session, webhook: str, *, key: str) -> str | None:
    """What signs a webhook's messages: shown in the answer to the act that made it, and nowhere else.

    ``key`` is the library's own, with which it was hidden; ``None`` where that has changed.
    """
    kept = session.scalars(select(Webhook.secret).where(Webhook.public_id == webhook)).one()
    return secret_in(kept, key=key, webhook=webhook)


def webhook_of(session: Session, act: str) -> str | None:
    """The webhook that an act was about, by its public id, as the journal keeps it."""
    return _about(session, act).get("webhook")


def deliveries_shown(
    session: Session,
    webhook: str,
    *,
    state: DeliveryState | None = None,
    before: int | None = None,
    of_act: str | None = None,
    limit: int,
) -> list[DeliveryShown]:
    """The newest messages of a webhook, those ``before`` one of them (its id), or the one that an act was about."""
    chosen = (
        select(
            WebhookDelivery.id,
            WebhookDelivery.public_id.label("delivery"),
            *(WebhookDelivery.event, WebhookDelivery.state, WebhookDelivery.made_at, WebhookDelivery.due_at),
            *(WebhookDelivery.sent_at, WebhookDelivery.tries, WebhookDelivery.problem),
            WebhookDelivery.seal_id.label("sequence"),
        )
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(Webhook.public_id == webhook)
        .order_by(WebhookDelivery.id.desc())
        .limit(limit)
    )
    if state is not None:
        chosen = chosen.where(WebhookDelivery.state == state)
    if before is not None:
        chosen = chosen.where(WebhookDelivery.id < before)
    if of_act is not None:
        chosen = chosen.where(WebhookDelivery.public_id == _about(session, of_act).get("delivery"))
    return [DeliveryShown(**row._mapping) for row in session.execute(chosen)]


def _about(session: Session, act: str) -> Mapping[str, Any]:
    return session.scalars(select(JournalEntry.detail).where(JournalEntry.act == act)).first() or {}


def _shown(row: Webhook, waiting: int, sent_at: datetime | None) -> WebhookShown:
    return WebhookShown(
        webhook=row.public_id,
        url=row.url,
        events=tuple(row.events),
        active=row.active,
        made_at=row.made_at,
        failing_since=row.failing_since,
        stopped_why=row.stopped_why,
        waiting=waiting,
        sent_at=sent_at,
    )
