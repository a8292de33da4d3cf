"""A library in use: what every door needs to act, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol

from lending.clock import Clock, clock_from
from lending.db import Database
from lending.domain.barcodes import CodeSpaces
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

    @property
    def spaces(self) -> CodeSpaces:
        """Which codes this library uses, as its settings say."""
        return CodeSpaces(
            patron_prefix=self.settings.patron_card_prefix,
            item_prefix=self.settings.item_prefix,
            institution=self.settings.institution,
            kit_pattern=self.settings.kit_code_pattern,
        )


def open_library(settings: Settings) -> Library:
    """The library that ``settings`` describe. Its database is connected to when it is first used."""
    database = Database.from_url(settings.database_url, threads=settings.web_threads)
    return Library(db=database, clock=clock_from(settings.clock), mailer=None, settings=settings)
