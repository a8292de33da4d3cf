"""How a message to somebody outside stands, a notice to a patron or a webhook's to a program: a tone and words.

Shown by the macro ``delivery`` of templates/macros.html.
"""

from __future__ import annotations

from collections.abc import Mapping

from lending.models.notices import NoticeState
from lending.models.webhooks import DeliveryState
from lending.phrases import N_

_WAITING, _SENDING = ("out", N_("waiting")), ("out", N_("being sent"))
_SENT, _FAILED = ("done", N_("sent")), ("stop", N_("failed"))

NOTICES: Mapping[NoticeState, tuple[str, str]] = {
    NoticeState.PENDING: _WAITING,
    NoticeState.SENDING: _SENDING,
    NoticeState.SENT: _SENT,
    NoticeState.FAILED: _FAILED,
    NoticeState.SUPERSEDED: ("rest", N_("replaced by a later one")),
    NoticeState.CANCELLED: ("rest", N_("no longer needed")),
}
DELIVERIES: Mapping[DeliveryState, tuple[str, str]] = {
    DeliveryState.PENDING: _WAITING,
    DeliveryState.SENDING: _SENDING,
    DeliveryState.SENT: _SENT,
    DeliveryState.FAILED: _FAILED,
}
