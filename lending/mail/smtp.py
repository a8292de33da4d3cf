"""Mail to a server that speaks SMTP: one connection for many messages, and what its answers mean.

A server that is away or not ready is tried again later; what it refuses for good is not. Never called in a transaction.
Source: RFC 5321, 4.2.1 (the first digit of a reply) and 4.5.4.1 (trying again); RFC 3463 (what a refusal is about).
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from lending.mail.bounces import ADDRESS_IS_WRONG
from lending.mail.carriers import Away, NotEver, NotNow

TIMEOUT_SECONDS = 30.0
"""How long the server may be silent. Shorter than the lease of a claim."""

SERVICE_ENDS = 421
"""The server says that it is closing the connection, whatever was asked."""


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    """Send a message. A server that writes no letters but ASCII's cannot reach some addresses, and others it can."""
    try:
        server.send_message(message)
    except smtplib.SMTPNotSupportedError:
        raise NotEver("address not in ascii", address_is_wrong=True) from None


class SmtpMailer:
    """Sends to the server at an address such as ``smtp://host:25`` or ``smtps://user:password@host:465``.

    On ``smtp://`` the connection is encrypted where the server offers it; a password is sent encrypted or not at all.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(url)
        self._encrypted = parts.scheme == "smtps"
        self._host, self._port = parts.hostname or "", parts.port or (465 if self._encrypted else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._timeout = timeout
        self._server: smtplib.SMTP | None = None

    def send(self, message: EmailMessage) -> None:
        """Hand one message to the server. Raises ``Away``, ``NotNow`` or ``NotEver``."""
        try:
            server = self._connected()
            _hand_over(server, message)
        except smtplib.SMTPRecipientsRefused as refused:
            raise self._said(*next(iter(refused.recipients.values()))) from None
        except smtplib.SMTPDataError as refused:
            raise self._said(refused.smtp_code, refused.smtp_error) from None
        # A server that refuses this library's own name or address refuses every message: for now it is away.
        except (smtplib.SMTPException, OSError) as gone:
            self.close()
            raise Away(type(gone).__name__) from None

    def close(self) -> None:
        """Hang up, if there is a connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            context = ssl.create_default_context()
            if self._encrypted:
                server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
            else:
                server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
            self._server = server
            server.ehlo_or_helo_if_needed()
            is_encrypted = self._encrypted
            if not is_encrypted and server.has_extn("starttls"):
                server.starttls(context=context)
                is_encrypted = True
            if self._user and not is_encrypted:
                raise smtplib.SMTPNotSupportedError("a password is not sent in the open")
            if self._user:
                server.login(self._user, self._password)
        return self._server

    def _said(self, code: int, reply: bytes | str) -> Away | NotNow | NotEver:
        """What a reply to a message means; the connection is ready for the next one, or closed."""
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        if code == SERVICE_ENDS:
            self.close()
            return Away(f"smtp {code}")
        try:
            if self._server is not None:
                self._server.rset()
        except (smtplib.SMTPException, OSError):
            self.close()  # it hung up after refusing; it is called again for the next message
        if code < 500:
            return NotNow(f"smtp {code}")
        return NotEver(f"smtp {code}", address_is_wrong=text.startswith(ADDRESS_IS_WRONG))
