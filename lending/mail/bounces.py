"""A mail server's report that a message could not be delivered after all: which message, and whether for good.

Source: RFC 3464 (the report), RFC 3463 (its status codes), RFC 6522 (the parts of such a message).
"""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

ADDRESS_IS_WRONG = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""RFC 3463: no such mailbox, no such host, bad syntax, moved, null MX, disabled."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A message (its Message-ID) that came back. ``permanent``: it is not tried any more."""

    message_id: str
    permanent: bool
    address_is_wrong: bool


def read_bounce(received: bytes) -> Bounce | None:
    """What a report says; ``None`` for a message that is no report, or one that does not name the original."""
    message = message_from_bytes(received, policy=policy.default)
    if message.get_content_type() != "multipart/report":
        return None
    status = next((part for part in message.walk() if part.get_content_type() == "message/delivery-status"), None)
    message_id = _original(message)
    if status is None or message_id is None:
        return None
    action, code = _recipient(status)
    permanent = action == "failed" and code.startswith("5")
    return Bounce(message_id, permanent, permanent and code in ADDRESS_IS_WRONG)


def _recipient(status: Message) -> tuple[str, str]:
    """The action and the status code of the one recipient that a notice has."""
    fields = status.get_payload()
    for block in fields if isinstance(fields, list) else []:
        if isinstance(block, Message) and "Action" in block:
            return str(block["Action"]).strip().lower(), str(block.get("Status", "")).strip().partition(" ")[0]
    return "", ""


def _original(message: EmailMessage | Message) -> str | None:
    """The Message-ID of the message that came back, which the report carries whole or by its headers."""
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            headers = message_from_bytes(content if isinstance(content, bytes) else b"", policy=policy.default)
            return None if headers["Message-ID"] is None else str(headers["Message-ID"]).strip()
        if part.get_content_type() == "message/rfc822":
            content = part.get_payload()
            inner = content[0] if isinstance(content, list) and content else None
            known = inner["Message-ID"] if isinstance(inner, Message) else None
            return None if known is None else str(known).strip()
    return None
