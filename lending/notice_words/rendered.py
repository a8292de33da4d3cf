"""A notice put into words: facts, a language and perhaps the library's own text in, a subject and paragraphs out.

A language that is not complete is not spoken: the library's own is. Source: SCREENS, "Words".
"""

from __future__ import annotations

import gettext as catalogues
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from lending import paths
from lending.domain.names import greeted_name
from lending.domain.placeholders import fill
from lending.domain.waiting import DayRange
from lending.models.notices import Channel
from lending.notice_words import MESSAGES, Message
from lending.notice_words.message import LINK
from lending.notice_words.registrations import where_held
from lending.phrases import N_, Reader
from lending.queries.notice_texts import OwnWords
from lending.queries.notices import NoticeFacts

_BREAK = "\n\n"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notice in words. ``short`` is what goes to a telephone."""

    language: str
    subject: str
    paragraphs: tuple[str, ...]
    short: str

    @property
    def text(self) -> str:
        """The letter without any marks."""
        return _BREAK.join(self.paragraphs) + "\n"


@cache
def spoken() -> frozenset[str]:
    """The languages that are complete."""
    return frozenset({"en", *(path.parent.parent.name for path in paths.LOCALE.glob("*/LC_MESSAGES/messages.mo"))})


def language_for(wanted: str, default: str) -> str:
    """The language in which somebody is told who asked for ``wanted``."""
    return next((code for code in (wanted, default) if code in spoken()), "en")


def reader_of(language: str, zone: str) -> Reader:
    """Whoever reads ``language``, which is spoken, on the clock of ``zone``."""
    return Reader(catalogue_of(language).gettext, language, zone)


@cache
def catalogue_of(language: str) -> catalogues.NullTranslations:
    """The sentences of a language, with its words for one and for many."""
    return catalogues.translation("messages", paths.LOCALE, [language], fallback=True)


def words_of(message: Message, channel: Channel, reader: Reader) -> OwnWords:
    """The words that come with the product, as an administrator would begin to change them."""
    link = f" {{{LINK}}}" if message.asks else ""
    if channel is Channel.TEXT:
        return OwnWords("", reader.gettext(message.text) + link)
    parts = [reader.gettext(part) for part in message.body]
    parts[len(message.paragraphs)] += link  # behind the last of them, which the greeting moves on by one
    return OwnWords(reader.gettext(message.subject), _BREAK.join(parts))


def linked(facts: NoticeFacts, site_url: str | None) -> NoticeFacts:
    """The facts with the link of the survey or the registration that they speak of, under the address of the library's
    public pages.
    """
    if site_url is None:
        return facts
    survey = None if facts.survey is None else f"{site_url}/s/{facts.survey}"
    mine = None if facts.registration is None else f"{site_url}/workshops/registered/{facts.registration}"
    return replace(facts, survey_link=survey, registration_link=mine)


def rendered(
    code: str, facts: NoticeFacts, own: OwnWords | None, *, library: str, reader: Reader, channel: Channel
) -> Rendered:
    """A notice in words: the library's own for its channel, if there are any. Raises ``UnknownPlace``."""
    message = MESSAGES[code]
    places = places_of(facts, reader, library)
    letter = own if own is not None and channel is not Channel.TEXT else words_of(message, Channel.EMAIL, reader)
    text = own if own is not None and channel is Channel.TEXT else words_of(message, Channel.TEXT, reader)
    return Rendered(
        language=reader.locale,
        subject=fill(letter.subject, places),
        paragraphs=tuple(filled for part in parted(letter.body) if (filled := fill(part, places).strip())),
        short=fill(text.body, {name: plain(value) for name, value in places.items()}).strip(),
    )


def parted(body: str) -> list[str]:
    """The paragraphs of a body, which empty lines part."""
    return [part.strip() for part in re.split(r"\n[ \t]*(?:\n[ \t]*)+", body.strip())]


def plain(text: str) -> str:
    """``text`` with the blanks that any telephone knows."""
    return " ".join(text.split())


def places_of(facts: NoticeFacts, reader: Reader, library: str) -> Mapping[str, str]:
    """What stands in the places; those that these facts do not fill are left out.

    ``likely`` is a sentence of its own or, where too little is known, nothing; so is the link of a survey.
    """
    found: dict[str, str | None] = {
        "first_name": greeted_name(facts.name),
        "library": library,
        "branch": facts.branch,
        "phone": facts.branch_phone or facts.branch,
        "kit_type": facts.kit_type,
        "pickup_code": facts.pickup_code,
        "pin_code": facts.pin_code,
        "session": facts.cohort,
        "workshop": facts.workshop,
        LINK: facts.survey_link or "",
        "registration_link": facts.registration_link or "",
        "reference": facts.reference,
        "where": None if facts.mode is None else where_held(facts.mode, facts.held_at, reader),
        "agreement": facts.agreement,
        "agreement_text": facts.agreement_text,
        "place": None if facts.place is None else str(facts.place),
        "likely": "" if facts.likely is None else _your_turn(facts.likely, reader),
        "days_late": None if facts.due_at is None else str(facts.days_late),
        "parts": reader.listed(list(facts.parts)) if facts.parts else None,
        "owed": None if facts.owed_cents is None else reader.money(facts.owed_cents),
    }
    days = {
        "due_day": facts.due_at,
        "was_due_day": facts.was_due_at,
        "back_by": facts.back_by,
        "ready_day": facts.ready_until,
        "pickup_from": facts.pickup_from,
        "starts_on": facts.starts_on,
        "ends_on": facts.ends_on,
        "signed_on": facts.signed_at,
    }
    moments = {
        "due_moment": facts.due_at,
        "ready_until": facts.ready_until,
        "offered_until": facts.offered_until,
        "workshop_moment": facts.workshop_at,
        "pin_until": facts.pin_until,
    }
    found |= {name: None if day is None else reader.day(day) for name, day in days.items()}
    found |= {name: None if moment is None else reader.moment(moment) for name, moment in moments.items()}
    return {name: value for name, value in found.items() if value is not None}


def _your_turn(days: DayRange, reader: Reader) -> str:
    said = reader.gettext(N_("If things go as they did, it is your turn between %(first)s and %(last)s."))
    return said % {"first": reader.day(days.first), "last": reader.day(days.last)}
