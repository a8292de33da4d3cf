"""A library in use: what every door needs to act, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol

from lending.clock import Clock
from lending.db import Database
from lending.settings import Settings


class Mailer(Protocol):
    """What carries a finished message out of the house; never called inside a transaction."""

    def send(self, message: EmailMessage) -> None:
        """Hand ``message`` to the mail server, or raise ``OSError`` or ``smtplib.SMTPException``."""
        ...


@dataclass(frozen=True, slots=True)
class Library:
    """One library with its rows, its clock, its way to send mail and its settings. Made once per process."""

    db: Database
    clock: Clock
    mailer: Mailer | None
    """``None``: nobody carries mail; it stays in the log of notices, marked so."""
    settings: Settings
