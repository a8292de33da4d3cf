"""A library in use: what every door needs to act, and nothing more."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from lending.clock import Clock, clock_from
from lending.db import Database
from lending.domain.barcodes import CodeSpaces
from lending.domain.library_settings import LibrarySettings
from lending.queries.library_settings import library_settings
from lending.settings import Settings

if TYPE_CHECKING:
    from lending.domain.sealed_names import NameSeal

KEPT_FOR: Final = 5.0
"""Seconds for which a process goes on with the library's own settings before it reads them again: no page pays for
them, and a change is everywhere before anybody has walked to another desk.
"""


class Mailer(Protocol):
    """What carries a finished message out of the house; never called inside a transaction."""

    def send(self, message: EmailMessage) -> None:
        """Hand ``message`` to the mail server, or raise ``OSError`` or ``smtplib.SMTPException``."""
        ...


@dataclass(slots=True)
class _Kept:
    """The library's own settings as this process read them last."""

    found: LibrarySettings | None = None
    read_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Library:
    """One library with its rows, its clock, its way to send mail and its settings. Made once per process."""

    db: Database
    clock: Clock
    mailer: Mailer | None
    """``None``: nobody carries mail; it stays in the log of notices, marked so."""
    settings: Settings
    _kept: _Kept = field(default_factory=_Kept, init=False, repr=False, compare=False)

    def own_settings(self) -> LibrarySettings:
        """What administrators set on pages, as it was some seconds ago at most.

        When the database does not answer, what was known last: a page that says so has a name and colours too.
        """
        kept, now = self._kept, time.monotonic()
        if kept.found is None or now - kept.read_at > KEPT_FOR:
            kept.read_at = now
            try:
                with self.db.read() as session:
                    kept.found = library_settings(session, name=self.settings.library_name)
            except SQLAlchemyError:
                kept.found = kept.found or LibrarySettings(self.settings.library_name)
        return kept.found

    def forget_own_settings(self) -> None:
        """Read the library's own settings again when they are asked for: somebody has changed them."""
        self._kept.found = None

    def name_seal(self) -> NameSeal:
        """What seals and opens the names of the ledger. Raises ``LedgerKeyLost``, with a sentence that helps."""
        from lending.circulation.ledger import key_marks
        from lending.domain.sealed_names import NameSeal
        from lending.ledger_key import ledger_key

        with self.db.read() as session:
            sealed = bool(key_marks(session))
        return NameSeal(ledger_key(self.settings.ledger_key_file, may_make=not sealed))

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
