"""The published figures, fed as acts and read back: the same numbers, each added up from the raw events besides."""

from __future__ import annotations

from datetime import date

from lending.domain.counting import Counter
from lending.domain.indicators import Indicator
from lending.domain.periods import Period, between, month_of
from lending.queries.counts import total
from lending.queries.indicators import Indicators, indicators
from lending.queries.public_survey import public_survey
from tests.reference.feed import MONTH, SINCE, ZONE, Feed, day

LAST = date(2026, 3, 31)
MONTH_END = day(2026, 4, 1)


def test_the_countys_month(fed: Feed) -> None:
    """772 check-outs, 28 events, 8,450 registered and 2,907 attended, of 400 kits."""
    raw, found = fed.raw, read(fed, month_of(MONTH))
    events = sum(what == "workshop devices" and on >= MONTH for what, on, _ in raw.events)
    registered = raw.sum("workshop registered", since=MONTH) + raw.sum("seat WR-B")
    fed_in = {
        Indicator.CHECK_OUTS: raw.sum("check-out", since=MONTH),
        Indicator.EVENTS: events,
        Indicator.REGISTERED: registered,
        Indicator.ATTENDED: raw.sum("workshop devices", since=MONTH),
        Indicator.DISTRIBUTED: 386,
        Indicator.LOCATIONS: 1,
    }
    assert {which: found.numbers[which] for which in fed_in} == fed_in
    assert list(fed_in.values())[:4] == [772, 28, 8450, 2907]
    assert [row.n(Counter.CHECK_OUT) for row in (*found.by_month, *found.by_branch)] == [772, 772]


def test_what_makes_up_the_772_is_said(fed: Feed) -> None:
    with fed.database.read() as session:
        counted = total(session, None, month_of(MONTH))
    assert counted.n(Counter.CHECK_OUT) == 772
    assert counted.n(Counter.STAFF_RENEWAL, Counter.PATRON_RENEWAL, Counter.AUTO_RENEWAL, Counter.EXCHANGE) == 0


def test_work_ready_since_december(fed: Feed) -> None:
    """678 circulations, and 8,087 who attended live or viewed a recording: told apart, and their sum called reach."""
    raw, found = fed.raw, read(fed, between(SINCE, LAST), program_id=fed.cast.program)
    live, views = raw.sum("workshop devices"), raw.sum("view")
    of_work_ready = raw.sum("seat WR-A", "seat WR-B")
    assert (live, views, live + views, of_work_ready) == (3807, 4280, 8087, 678)
    assert (found.workshops.attended, found.workshops.views) == (live, views)
    assert (found.numbers[Indicator.REACH], found.numbers[Indicator.CHECK_OUTS]) == (8087, 678)


def test_the_survey_of_the_month_agrees_with_itself(fed: Feed) -> None:
    with fed.database.read() as session:
        asked = public_survey(session, None, month_of(MONTH), zone=ZONE.key, at=MONTH_END)
    assert (asked[553], asked[600], asked[608], asked[610], asked[618]) == (772, 28, 28, 2907, 2907)
    assert (asked.sessions_agree, asked.attendance_agrees, asked.uncounted) == (True, True, 0)


def read(fed: Feed, period: Period, program_id: int | None = None) -> Indicators:
    with fed.database.read() as session:
        return indicators(session, None, period, zone=ZONE.key, at=MONTH_END, program_id=program_id)
