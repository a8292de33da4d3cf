"""Webhooks: other programs that are told what happens here, signed, and each message to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, unique
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text, true
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId, enum_column


@unique
class StoppedWhy(StrEnum):
    """Why a webhook was switched off by itself."""

    GONE = "gone"
    """The receiver answered that it wants no message any more."""
    FAILING = "failing"
    """Nothing got through for days."""


class Webhook(Base):
    """An address that is told of events. ``secret`` hides what signs each message (HMAC-SHA256) and is shown once.

    ``told_seal_id``: the seal of the journal up to which it has been told. ``failing_since``: since when nothing got
    through. ``stopped_why``: empty while it works, and when a person stopped it; ``stopped_told_at``: when the
    administrators were told that it stopped by itself.
    """

    __tablename__ = "webhooks"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(80))
    events: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    told_seal_id: Mapped[int] = mapped_column(default=0, server_default="0")
    failing_since: Mapped[datetime | None]
    stopped_why: Mapped[StoppedWhy | None] = enum_column(StoppedWhy)
    stopped_told_at: Mapped[datetime | None]


@unique
class DeliveryState(StrEnum):
    """Where a message to another program is on its way."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


_OPEN = text("state IN ('pending', 'sending')")


class WebhookDelivery(Base):
    """One message to one webhook about one sealed row of the journal (``seal_id``), or without one to try it.

    Messages leave in the order of their ids: while one ``is_in_the_way``, those behind it wait.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index(
            "ix_webhook_deliveries_open_webhook_id",
            "webhook_id",
            "id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("uq_webhook_deliveries_webhook_id_seal_id", "webhook_id", "seal_id", unique=True),
        Index("ix_webhook_deliveries_made_at", "made_at"),
    )

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
    seal_id: Mapped[int | None]
    is_in_the_way: Mapped[bool] = mapped_column(default=True, server_default=true())
