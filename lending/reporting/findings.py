"""What numbers show, in one sentence: the heading of a chart.

A sentence says no more than its table: where a number is unknown or hidden, or there are too few to compare, it says
that. Percents are told only from ``ENOUGH`` on, because two more of eight are no rise of a quarter.
Source: SCREENS, "with a heading that states the finding".
"""

from __future__ import annotations

from dataclasses import dataclass

from lending.reporting.report import Number, Table
from lending.reporting.voice import Voice

ENOUGH = 20
"""The least number before from which a change is told in percent."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Sentences about a number against the one before, in the reader's language, with their places.

    ``now`` and ``then`` are the numbers, ``period`` and ``before`` what they are of, ``share`` the change.
    """

    rose: str
    fell: str
    same: str
    few: str
    alone: str
    none: str


def trend(voice: Voice, words: Trend, now: Number, then: Number | None, *, period: str, before: str) -> str:
    """What became of a number: the sentence that its size and the one before allow."""
    if now.value is None:
        return _not_told(voice, now)
    known = then is not None and then.value is not None
    told = {
        "now": voice.count(now.value),
        "then": voice.count(then.value) if then is not None and then.value is not None else "",
        "period": period,
        "before": before,
    }
    if not known or then is None or then.value is None:
        return (words.alone if now.value else words.none) % told
    if now.value == then.value:
        return (words.same if now.value else words.none) % told
    if then.value < ENOUGH:
        return words.few % told
    change = (now.value - then.value) / then.value
    return (words.rose if change > 0 else words.fell) % (told | {"share": voice.share(abs(change))})


def check_outs(voice: Voice, now: Number, then: Number | None, *, period: str, before: str) -> str:
    """Check-outs of a period against the one before."""
    number = round(now.value or 0)
    words = Trend(
        rose=voice.gettext("%(period)s: check-outs rose %(share)s against %(before)s, to %(now)s"),
        fell=voice.gettext("%(period)s: check-outs fell %(share)s against %(before)s, to %(now)s"),
        same=voice.ngettext(
            "%(period)s: %(now)s check-out, as in %(before)s",
            "%(period)s: %(now)s check-outs, as many as in %(before)s",
            number,
        ),
        few=voice.ngettext(
            "%(period)s: %(now)s check-out, after %(then)s in %(before)s; too few to speak of a trend",
            "%(period)s: %(now)s check-outs, after %(then)s in %(before)s; too few to speak of a trend",
            number,
        ),
        alone=voice.ngettext(
            "%(period)s: %(now)s check-out, and nothing to compare it with yet",
            "%(period)s: %(now)s check-outs, and nothing to compare them with yet",
            number,
        ),
        none=voice.gettext("%(period)s: no check-outs"),
    )
    return trend(voice, words, now, then, period=period, before=before)


def check_outs_of(voice: Voice, now: Number, *, period: str) -> str:
    """Check-outs of a period that is compared with nothing."""
    if now.value is None:
        return _not_told(voice, now)
    number = round(now.value)
    sentence = voice.ngettext("%(period)s: %(now)s check-out", "%(period)s: %(now)s check-outs", number)
    return sentence % {"period": period, "now": voice.count(number)}


def most(voice: Voice, table: Table, *, column: int = 0, one: str, first: str, nothing: str) -> str:
    """Which row has the most. ``one``: there is only one; ``first`` names ``label``, ``now`` and ``all``."""
    known = [row for row in table.rows if row.numbers[column].value]
    whole = table.total.numbers[column] if table.total is not None else None
    if whole is not None and whole.value is None and whole.hidden is not None:
        return _not_told(voice, whole)
    if not known:
        hidden = next((row.numbers[column] for row in table.rows if row.numbers[column].hidden is not None), None)
        return nothing if hidden is None else _not_told(voice, hidden)
    ahead = max(known, key=lambda row: row.numbers[column].value or 0)
    told = {"label": ahead.label, "now": voice.number(ahead.numbers[column])}
    if len(table.rows) > 1 and sum(row.numbers[column].value == ahead.numbers[column].value for row in known) > 1:
        return voice.gettext("None stands out: several have the most, %(now)s") % told
    if whole is not None and whole.value is not None:
        told["all"] = voice.number(whole)
    return (one if len(table.rows) == 1 else first) % told


def _not_told(voice: Voice, number: Number) -> str:
    if number.hidden is not None:
        return voice.gettext("Too few to tell without telling of single people")
    return voice.gettext("Nobody counted this")
