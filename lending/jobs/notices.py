"""How notices leave the house: e-mail to a mail server, texts to a gateway, calls to a person's list.

What has nobody to carry it is marked so in the log of notices. Each notice is put into words at the moment it is sent,
from the rows as they are then. Source: RULES 6; issue "Nothing goes overdue unnoticed", Build 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from lending.circulation.addressees import REGISTERED_MOVED, REGISTERED_NOTICE, REGISTERED_TOMORROW
from lending.circulation.notices import notice_subject
from lending.circulation.tasks import open_task
from lending.domain.pins import code_named
from lending.domain.placeholders import UnknownPlace
from lending.jobs.sending import Way, send_all
from lending.mail.calendars import Event, calendar_file
from lending.mail.carriers import NotEver
from lending.mail.messages import Letterhead, email
from lending.mail.smtp import SmtpMailer
from lending.mail.texts import TextGateway
from lending.models.notices import Carrier, Channel
from lending.models.tasks import TaskKind
from lending.notice_words import code_of
from lending.notice_words.pages import html_of, text_of
from lending.notice_words.registrations import where_held
from lending.notice_words.rendered import Rendered, language_for, linked, reader_of, rendered
from lending.programs.workshop_notices import WORKSHOP_TOMORROW
from lending.queries.notice_texts import own_words
from lending.queries.notices import NoticeFacts, facts_of

if TYPE_CHECKING:
    from lending.circulation.notices import Claim
    from lending.domain.actors import Actor
    from lending.library import Library, Mailer


_WITH_CALENDAR = frozenset({WORKSHOP_TOMORROW, REGISTERED_NOTICE, REGISTERED_MOVED, REGISTERED_TOMORROW})
"""The steps to which a file for the calendar is attached."""


def send(opened: Library, at: datetime, *, by: Callable[[], Actor]) -> int:
    """Send every notice that is due at ``at``, and then while the clock goes on; how many left."""
    begun = opened.clock.now()
    smtp = SmtpMailer(opened.settings.smtp_url) if opened.mailer is None and opened.settings.smtp_url else None
    try:
        post = Post(opened, opened.mailer or smtp, _gateway(opened))
        return send_all(opened, post.ways(), now=lambda: at + (opened.clock.now() - begun), by=by)
    finally:
        if smtp is not None:
            smtp.close()


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with its facts and its words."""

    facts: NoticeFacts
    words: Rendered


@dataclass(frozen=True, slots=True)
class Post:
    """The post of one library. What has no ``mailer`` or ``gateway`` is written down as sent to nobody."""

    opened: Library
    mailer: Mailer | None
    gateway: TextGateway | None = None

    def ways(self) -> dict[Channel, Way]:
        """How each channel's notices leave. Letters have no way of their own: somebody prints them."""
        return {
            Channel.EMAIL: Way(self.mail, Carrier.LOG if self.mailer is None else Carrier.SMTP),
            Channel.TEXT: Way(self.text, Carrier.LOG if self.gateway is None else Carrier.GATEWAY),
            Channel.CALL: Way(self.call, Carrier.CALLED),
        }

    def mail(self, claimed: Claim, at: datetime) -> None:
        """Send an e-mail. Raises what the mailer raises, and ``NotEver`` where there is no address any more."""
        told = self._told(claimed, at)
        if told.facts.email is None:
            raise NotEver("no address", address_is_wrong=False)
        if self.mailer is None:
            return
        own = self.opened.own_settings()
        message = email(
            public_id=claimed.public_id,
            to=told.facts.email,
            subject=told.words.subject,
            text=text_of(told.words, own),
            html=html_of(told.words, own),
            language=told.words.language,
            sender=Letterhead(own.name, self.opened.settings.mail_from),
            at=at,
            event=_event(told, at),
        )
        self.mailer.send(message)

    def text(self, claimed: Claim, at: datetime) -> None:
        """Send a text. Raises what the gateway raises, and ``NotEver`` where there is no number any more."""
        told = self._told(claimed, at)
        if told.facts.phone is None:
            raise NotEver("no number", address_is_wrong=False)
        if self.gateway is not None:
            self.gateway.send(public_id=claimed.public_id, to=told.facts.phone, text=told.words.short, at=at)

    def call(self, claimed: Claim, at: datetime) -> None:
        """Ask a person to telephone."""
        facts = self._told(claimed, at).facts
        self.opened.db.act(
            lambda session: open_task(
                session,
                TaskKind.CALL,
                subject=notice_subject(facts.notice),
                branch_id=facts.branch_id,
                what=facts.kit or facts.step,
                at=at,
                loan_id=facts.loan_id,
                patron_id=facts.patron_id,
            )
        )

    def _told(self, claimed: Claim, at: datetime) -> Told:
        """The notice in words. A text of the library's own that has become wrong is not sent, but staff hear of it."""
        settings = self.opened.settings
        with self.opened.db.read() as session:
            facts = facts_of(session, claimed.public_id, at=at)
            code = None if facts is None else code_of(facts)
            if facts is None or code is None:
                raise NotEver("nothing to say", address_is_wrong=False)
            language = language_for(facts.language, settings.default_locale)
            own = own_words(session, code, facts.channel, language)
        if facts.pin_code_name is not None:
            facts = replace(facts, pin_code=code_named(settings.secret_key, facts.pin_code_name))
        facts = linked(facts, settings.site_url)
        reader = reader_of(language, facts.zone)
        try:
            library = self.opened.own_settings().name
            words = rendered(code, facts, own, library=library, reader=reader, channel=facts.channel)
        except UnknownPlace as unknown:
            raise NotEver(f"no fact: {unknown.name}", address_is_wrong=False) from None
        return Told(facts, words)


def _gateway(opened: Library) -> TextGateway | None:
    url, secret = opened.settings.text_url, opened.settings.text_secret
    return None if url is None or secret is None else TextGateway(url, secret)


def _event(told: Told, at: datetime) -> str | None:
    """The workshop for the reader's own calendar: tomorrow's, and one for which they registered, wherever it goes."""
    facts = told.facts
    if facts.step not in _WITH_CALENDAR or facts.workshop_at is None or facts.workshop_ends_at is None:
        return None
    where, uid = facts.branch, facts.registration or facts.notice
    if facts.mode is not None:
        where = where_held(facts.mode, facts.held_at, reader_of(told.words.language, facts.zone))
    return calendar_file(Event(uid, facts.workshop or "", where, facts.workshop_at, facts.workshop_ends_at), at=at)
