"""A notice as an e-mail: plain text and HTML side by side, with a name that stays the same however often it is tried.

Source: RFC 5322 (headers), RFC 3834 (``Auto-Submitted``, so that no vacation notice answers).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

_NAME = re.compile(r"<?notice\.([A-Za-z0-9_-]{1,32})@[^@<>\s]+>?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the library's name, its address, and the host that its message names end with."""

    name: str
    address: str

    @property
    def host(self) -> str:
        """The part after the sign."""
        return parseaddr(self.address)[1].rpartition("@")[2]


def _ascii_domain(address: str) -> str:
    """An address with its domain as every mail server knows it (RFC 5890); the rest is its owner's."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


def message_id(public_id: str, sender: Letterhead) -> str:
    """The name of a notice's message. The same at every try, so that a mailbox can tell a second copy."""
    return f"<notice.{public_id}@{sender.host}>"


def notice_of(message_id: str) -> str | None:
    """The public id of the notice that a message is named for; ``None`` for another's message."""
    named = _NAME.fullmatch(message_id.strip())
    return None if named is None else named[1]


def email(
    *,
    public_id: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    language: str,
    sender: Letterhead,
    at: datetime,
    event: str | None = None,
) -> EmailMessage:
    """One message. ``to`` is an address alone: no name stands in a header that travels in the open.

    ``event`` is a calendar's file, as ``mail/calendars.py`` writes it.
    """
    message = EmailMessage()
    user, _, host = parseaddr(sender.address)[1].rpartition("@")
    message["From"] = Address(sender.name, user, host)
    message["To"] = _ascii_domain(to)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(public_id, sender)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    message["Content-Language"] = language.replace("_", "-")
    if event is not None:
        message.add_attachment(event, subtype="calendar", filename="workshop.ics", params={"method": "PUBLISH"})
    return message
