"""A real mail server on loopback for tests, as obliging or as rude as one likes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

Answer = Callable[[str, EmailMessage], str]
"""Says what the server replies to a message to an address."""


def takes_all(_to: str, _message: EmailMessage) -> str:
    return "250 2.0.0 taken"


class Peer:
    """What came in, in order, and how the server answers."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.asked: list[str] = []
        self.answer: Answer = takes_all
        self.to_address: Callable[[str], str] = lambda _: "250 2.1.5 known"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        reply = self.to_address(address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.asked.append(str(message["Message-ID"]))
        reply = self.answer(envelope.rcpt_tos[0], message)
        if reply.startswith("250"):
            self.taken.append(message)
        return reply


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mail_server(peer: Peer, port: int | None = None, *, every_letter: bool = True) -> Iterator[str]:
    """Serve until the end of the block; gives the address. Without ``every_letter`` it writes ASCII alone."""
    controller = Controller(peer, hostname="127.0.0.1", port=port or free_port(), enable_SMTPUTF8=every_letter)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()
