"""Reports of messages that could not be delivered, as mail servers write them (RFC 3464)."""

from __future__ import annotations

NAME = "<notice.abc@library.example.org>"


def report(
    *, name: str = NAME, action: str = "failed", status: str = "5.1.1", headers_alone: bool = False, original: str = "x"
) -> bytes:
    """One report about a message with the Message-ID ``name``; without ``original``, about none that it shows."""
    kind = "text/rfc822-headers" if headers_alone else "message/rfc822"
    shown = f"Content-Type: {kind}\n\nMessage-ID: {name}\nSubject: Your kit is due\n\nHello\n" if original else ""
    text = f"""From: MAILER-DAEMON@mail.example.org
To: kits@library.example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

I am sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org
Arrival-Date: Tue, 3 Mar 2026 10:00:00 -0800

Final-Recipient: rfc822; luis@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} unknown

--b1
{shown}
--b1--
"""
    return text.replace("\n", "\r\n").encode()
