"""Webhooks: other programs that are told what happens here, signed, and each message to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, unique
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId, enum_column


class Webhook(Base):
    """An address that is told of events. ``secret`` signs each message (HMAC-SHA256) and is shown once."""

    __tablename__ = "webhooks"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(80))
    events: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


@unique
class DeliveryState(StrEnum):
    """Where a message to another program is on its way."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class WebhookDelivery(Base):
    """One message to one webhook, written with the act that caused it and sent after the commit."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (Index("ix_webhook_deliveries_state_due_at", "state", "due_at"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"), index=True)
    event: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]]
    state: Mapped[DeliveryState] = enum_column(DeliveryState, default=DeliveryState.PENDING)
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(200))
