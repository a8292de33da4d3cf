"""Values as people read them: days with their weekday, money, and the library's own words for states and parts.

Everything here takes the reader's ``gettext``, and where it matters the locale and the branch's zone. No web framework
is known here. Source: STYLE of the screens, "weekdays with dates"; SCREENS, "Ana M. Due Fri, Dec 18".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from lending.domain.barcodes import Kind
from lending.domain.due_dates import DueRule
from lending.domain.small_cells import Hidden
from lending.domain.states import ChargeState, KitState, LineState, LoanState, ReservationState
from lending.domain.waiting import DayRange
from lending.field_words import FIELDS

Gettext = Callable[[str], str]


def N_(message: str) -> str:  # noqa: N802 - the name by which gettext's tools know a sentence to be translated later
    """Mark ``message`` for translation where it is written; it is translated where it is read."""
    return message


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a sentence is for: their language and the zone of the branch they stand in."""

    gettext: Gettext
    locale: str = "en"
    zone: str = "UTC"

    def day(self, value: date | datetime) -> str:
        """``Fri, Dec 18``: an instant is told by its local day."""
        return _in_words("MMMEd", self._on(value), self.locale)

    def day_and_year(self, value: date | datetime) -> str:
        """``Fri, Dec 18, 2026``."""
        return _in_words("yMMMEd", self._on(value), self.locale)

    def weekday(self, value: date | datetime) -> str:
        """``Friday, December 18``, where there is room for it."""
        from babel.dates import format_date

        return str(format_date(self._on(value), _in_full(self.locale), locale=self.locale))

    def hour(self, value: datetime) -> str:
        """``8 PM`` and ``7:30 PM``, on the clock of twelve that the county reads."""
        from babel.dates import format_skeleton

        local = value.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        return str(format_skeleton("hm" if local.minute else "h", local, locale=self.locale))

    def birthday(self, value: date) -> str:
        """``Dec 18, 1990``: the weekday helps nobody."""
        return _in_words("yMMMd", value, self.locale)

    def month(self, value: date) -> str:
        """``June 2027``: near enough for a card's expiry."""
        return _in_words("yMMMM", value, self.locale)

    def days(self, first: date, last: date) -> str:
        """``Dec 1 – 18, 2026``: from a day to another."""
        from babel.dates import format_interval

        return str(format_interval(first, last, "yMMMd", locale=self.locale)).replace("\u2009", " ")

    def clock(self, value: datetime) -> str:
        """``14:05``, for logs, where every line has the same width."""
        return f"{value.astimezone(ZoneInfo(self.zone)):%H:%M}"

    def moment(self, value: datetime) -> str:
        """``Fri, Dec 18, 8:00 PM``; it may end a sentence, where ``p. m.`` would stand before another full stop."""
        from babel.dates import format_time

        local = value.astimezone(ZoneInfo(self.zone))
        return f"{self.day(local.date())}, {format_time(local.time(), 'short', locale=self.locale)}"

    def time_of_day(self, value: time) -> str:
        """``8:00 PM``: an hour of opening, on the clock of twelve that the county reads."""
        from babel.dates import format_skeleton

        return str(format_skeleton("hm", datetime.combine(date.min, value), locale=self.locale))

    def moment_and_year(self, value: datetime) -> str:
        """``Fri, Dec 18, 2026, 8:00 PM``, for what is kept."""
        from babel.dates import format_time

        local = value.astimezone(ZoneInfo(self.zone))
        return f"{self.day_and_year(local.date())}, {format_time(local.time(), 'short', locale=self.locale)}"

    def money(self, cents: int) -> str:
        """Whole cents as dollars, ``$12.50``, as the language writes them in the United States."""
        from babel.numbers import format_currency

        return str(format_currency(cents / 100, "USD", locale=self.here))

    def percent(self, value: float) -> str:
        """``71%`` of 71 in a hundred."""
        from babel.numbers import format_percent

        return str(format_percent(value / 100, locale=self.here))

    @property
    def here(self) -> str:
        """The locale by which numbers are written: the language as it is used in the United States, ``8,087``."""
        from babel.localedata import exists

        here = f"{self.locale}_US"
        return here if exists(here) else self.locale

    def language(self, code: str) -> str:
        """``Spanish`` of ``es``; what is no language's code is said as it stands."""
        return self._language(code).capitalize()

    def languages(self, codes: str) -> str:
        """``English and Spanish`` of ``en, es``; ``Inglés y español`` where names of languages are written small."""
        listed = self.listed([self._language(code) for code in codes.split(",") if code.strip()])
        return listed[:1].upper() + listed[1:]

    def _language(self, code: str) -> str:
        """Its name as it is written within a sentence."""
        from babel import Locale, UnknownLocaleError

        try:
            name = Locale.parse(code.strip(), sep="-").get_display_name(self.locale)
        except (UnknownLocaleError, ValueError):
            name = None
        return str(name or code.strip())

    def listed(self, words: list[str]) -> str:
        """``wiped, charged and restocked``."""
        from babel.lists import format_list

        return str(format_list(words, locale=self.locale))

    def _on(self, value: date | datetime) -> date:
        return value.astimezone(ZoneInfo(self.zone)).date() if isinstance(value, datetime) else value


@lru_cache(maxsize=1024)
def _in_words(skeleton: str, on: date, locale: str) -> str:
    """A day as the locale writes it. A desk says the same few days all day long, one cohort's due date above all."""
    from babel.dates import format_skeleton  # heavy, and not every process writes sentences

    return str(format_skeleton(skeleton, on, locale=locale))


@lru_cache(maxsize=64)
def _in_full(locale: str) -> str:
    """How a locale writes a day with its whole names: its pattern for names in full, or its usual one made longer."""
    from babel import Locale

    patterns = Locale.parse(locale).datetime_skeletons
    pattern = str(next(patterns[name] for name in ("MMMMEEEEd", "MMMMEd", "MMMEd") if name in patterns).pattern)
    widened = re.sub(r"E+|c+", "EEEE", pattern)
    return re.sub(r"M{3}(?!M)", "MMMM", widened) if "MMMM" not in widened else widened


def likely_words(days: DayRange | None, reader: Reader) -> str:
    """Between which days a kit may come, for somebody who waits for one; empty where too little is known."""
    if days is None:
        return ""
    said = reader.gettext(N_("Between %(first)s and %(last)s, if things go as they did."))
    return said % {"first": reader.day(days.first), "last": reader.day(days.last)}


def isolated(name: str) -> str:
    """A name inside a sentence, so that letters written from right to left do not turn the words around it."""
    return f"\u2068{name}\u2069"


def one_stop(sentence: str) -> str:
    """``sentence`` with one full stop where a shortened name or hour, which brings its own, stands before another."""
    return sentence.replace(".\u2069.", ".\u2069").replace("..", ".")


KIT_STATES: Mapping[str, str] = {
    KitState.AVAILABLE: N_("free"),
    KitState.ON_SHELF: N_("on the hold shelf"),
    KitState.ON_LOAN: N_("checked out"),
    KitState.IN_USE: N_("in use in the library or at an event"),
    KitState.TO_INSPECT: N_("waiting for inspection"),
    KitState.TURNAROUND: N_("being made ready"),
    KitState.INCOMPLETE: N_("incomplete"),
    KitState.REPAIR: N_("in repair"),
    KitState.MISSING: N_("missing"),
    KitState.LOST: N_("lost"),
    KitState.WITHDRAWN: N_("withdrawn"),
}
LINE_STATES: Mapping[str, str] = {
    LineState.ACTIVE: N_("active"),
    LineState.SUSPENDING: N_("being suspended"),
    LineState.SUSPENDED: N_("suspended"),
    LineState.RESTORING: N_("being restored"),
    LineState.ENDED: N_("ended"),
}
LOAN_STATES: Mapping[str, str] = {
    LoanState.OUT: N_("out"),
    LoanState.RECEIVED: N_("back, to inspect"),
    LoanState.INCOMPLETE: N_("part missing"),
    LoanState.CLAIMED: N_("claimed returned"),
    LoanState.LOST: N_("lost"),
    LoanState.CLOSED: N_("closed"),
    LoanState.UNDONE: N_("undone"),
}
CHARGE_STATES: Mapping[str, str] = {
    ChargeState.OWED: N_("owed"),
    ChargeState.PAID: N_("paid"),
    ChargeState.WAIVED: N_("waived"),
    ChargeState.CANCELLED: N_("canceled"),
    ChargeState.REFUND_DUE: N_("refund due"),
    ChargeState.REFUNDED: N_("refunded"),
}
RESERVATION_STATES: Mapping[str, str] = {
    ReservationState.WAITING: N_("waiting"),
    ReservationState.PROMISED: N_("promised"),
    ReservationState.PULLING: N_("being pulled"),
    ReservationState.IN_TRANSIT: N_("on its way"),
    ReservationState.READY: N_("ready to pick up"),
    ReservationState.PICKED_UP: N_("picked up"),
    ReservationState.EXPIRED: N_("not collected in time"),
    ReservationState.CANCELLED: N_("reservation canceled"),
}
STATES: Mapping[str, str] = {**CHARGE_STATES, **LOAN_STATES, **KIT_STATES}
"""Any state of the tables in one word; a kit's word goes before a loan's of the same name."""

STEPS: Mapping[str, str] = {
    "wiped": N_("wiped"),
    "charged": N_("charged"),
    "restocked": N_("restocked"),
    "line_active": N_("line active"),
}
CODE_KINDS: Mapping[str, str] = {
    Kind.PATRON: N_("a library card"),
    Kind.KIT: N_("a kit"),
    Kind.PART: N_("the label of a part"),
    Kind.COHORT: N_("a session's code"),
    Kind.PLACE: N_("a place's code"),
    Kind.COMMAND: N_("a command of this desk"),
    Kind.IMEI: N_("the IMEI of a hotspot"),
    Kind.IMEISV: N_("the IMEI of a hotspot"),
    Kind.ICCID: N_("the number of a SIM card"),
    Kind.UNKNOWN: N_("another code"),
}
ELIGIBILITY: Mapping[str, str] = {
    "min_age": N_("for people of %(age)s years or more; look at the date of birth"),
    "postal_codes": N_("for people who live near by; look at the postal code"),
    "after_program": N_("for people who have completed %(program)s"),
    "full_card": N_("for people with a full card; note the address on the patron's page"),
    "question": N_("for people who answer yes to “%(question)s”"),
    "question_no": N_("for people who answer no to “%(question)s”"),
}
"""Who may take part, one rule of ``domain/eligibility.py`` each, to follow "This session is"."""

ELIGIBILITY_FOR_PATRONS: Mapping[str, str] = {
    **ELIGIBILITY,
    "min_age": N_("for people of %(age)s years or more"),
    "postal_codes": N_("for people who live near by; we need your address at the desk first"),
    "full_card": N_("for people with a full card; we need your address at the desk first"),
}
"""The same in the words for the person it is about."""

_WHY_DUE: Mapping[str, str] = {
    DueRule.COHORT_RETURN_BY: N_("end of %(cohort)s"),
    DueRule.LOAN_PERIOD: "",
    DueRule.RENEWAL: N_("renewed"),
    DueRule.CEILING_STOCK: N_("others reserved for after that"),
    DueRule.CEILING_PROGRAM_END: N_("end of the program"),
    DueRule.CEILING_CARD_EXPIRY: N_("the card is good until then"),
    DueRule.BY_HAND: N_("set by hand"),
    DueRule.EXCHANGE: N_("as the kit before"),
    DueRule.NOTICE_PERIOD: N_("a week's notice"),
    DueRule.EMERGENCY_CLOSING: N_("the library was closed"),
    DueRule.IN_LIBRARY: N_("use in the library"),
}


def why_due(rule: str, cohort: str | None, gettext: Gettext) -> str:
    """Why a kit is due on its day, in a few words; empty where the usual period says it all."""
    if rule == DueRule.COHORT_RETURN_BY and cohort is None:
        return gettext(N_("end of the session"))
    words = _WHY_DUE[rule]
    return gettext(words) % {"cohort": cohort} if words else ""


HIDDEN: Mapping[Hidden, str] = {Hidden.UNDER_FIVE: N_("under 5"), Hidden.NOT_SHOWN: N_("not shown")}
"""What stands where a count is hidden, because it is small or because a small one could be worked out from it."""

WHY_HIDDEN = N_(
    "To protect people, no count of 1 to 4 is shown. “Not shown” hides another count that would tell what it is."
)


_UNNAMED: Mapping[str, str] = {
    "kit": N_("this kit"),
    "code": N_("this code"),
    "part": N_("a part"),
    "parts": N_("the parts"),
    "kind": N_("another code"),
    "steps": N_("a step"),
    "state": N_("changed"),
    "branch": N_("another library"),
    "cohort": N_("the session"),
    "field": N_("this field"),
    "note": N_("see the patron's page"),
    "rule": N_("not open to this patron"),
    "host": N_("this address"),
}


class Details(dict[str, str]):
    """A block's details as people read them, under the names that sentences use."""

    def __init__(self, detail: Mapping[str, object], reader: Reader, rules: Mapping[str, str] = ELIGIBILITY) -> None:
        super().__init__({name: _shown(name, value, reader) for name, value in detail.items()})
        self._gettext = reader.gettext
        # A kit nobody knows has only its code.
        if "code" not in self and "kit" in self:
            self["code"] = self["kit"]
        texts = detail.get("texts")
        if isinstance(texts, Mapping) and reader.locale in texts:
            self["question"] = str(texts[reader.locale])
        if "rule" in self:
            self["rule"] = reader.gettext(rules[self["rule"]]) % self

    def __missing__(self, name: str) -> str:
        return self._gettext(_UNNAMED.get(name, N_("not known")))


_WORDS_OF: Mapping[str, Mapping[str, str]] = {"state": STATES, "steps": STEPS, "kind": CODE_KINDS, "field": FIELDS}


def _shown(name: str, value: object, reader: Reader) -> str:
    if isinstance(value, list | tuple):
        return reader.listed([_shown(name, one, reader) for one in value])
    if isinstance(value, datetime):
        return reader.moment(value)
    if isinstance(value, date):
        return reader.day_and_year(value) if name == "on" else reader.day(value)
    if name.endswith("cents") and isinstance(value, int):
        return reader.money(value)
    if name in _WORDS_OF:
        known = _WORDS_OF[name].get(str(value))
        return reader.gettext(known) if known else str(value)
    if name == "note":  # what somebody typed stands inside a sentence that has its own stop
        return isolated(str(value).rstrip(" ."))
    return isolated(str(value)) if name == "patron" else str(value)
