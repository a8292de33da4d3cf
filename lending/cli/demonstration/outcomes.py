"""What desks tallied in the demonstration's past: inquiries of every week, referrals, and hiring events.

The job desk is at East Los Angeles; Compton began one half a year ago. The numbers are plausible, not measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from lending.cli.demonstration.rehearsal import Do, Step, Story
from lending.cli.demonstration.town import Place, Town
from lending.domain.actors import Actor
from lending.domain.hiring import Figure
from lending.models.inquiries import InquiryChannel
from lending.models.referrals import OutcomeSource, ReferralOutcome
from lending.programs.hiring import EventPlan, plan_event, set_figures
from lending.programs.inquiries import tally
from lending.programs.referrals import make_referral, record_outcome

_WEEKS = {"ELA": 50, "COM": 26}
"""For how many weeks each desk has tallied."""

_TOPICS = {
    "job_search": 14,
    "resume": 9,
    "computer_help": 11,
    "unemployment": 7,
    "training": 4,
    "worksource": 3,
    "other": 5,
}
"""What is asked in a week, more or less."""

_ON_THE_TELEPHONE = frozenset({"unemployment", "worksource", "job_search"})
"""What people ask about by telephone too."""

_EVENTS: tuple[tuple[int, str, dict[str, int]], ...] = (
    (-260, "Autumn hiring expo", {"registered": 90, "attended": 64, "employers": 11, "offers": 7, "people_offered": 6}),
    (-150, "Winter job fair", {"registered": 74, "attended": 41, "employers": 8}),
    (-45, "Warehouse hiring day", {"registered": 52, "attended": 38, "employers": 3, "interviews": 29, "offers": 9}),
    (12, "Spring hiring expo", {}),
)
"""Days from today, the event, and what was counted of it; what nobody counted is not known."""


def tallied(town: Town) -> Iterator[Story]:
    """The inquiries of every week, at the desks that tally them."""
    for code, weeks in _WEEKS.items():
        place = town.places[code]
        yield _inquiries(town, place, weeks)
        yield from (_referral(town, place, n) for n in range(weeks // 2))
    ela = town.places["ELA"]
    yield from (_event(town, ela, days, name, figures) for days, name, figures in _EVENTS)


def _inquiries(town: Town, place: Place, weeks: int) -> Story:
    chance = town.chance("inquiries", place.code)
    for week in range(weeks, 0, -1):
        yield Step(place, town.days_ago(place, 7 * week), 0.5, _a_weeks_inquiries(place, chance.randint(0, 10**9)))


def _a_weeks_inquiries(place: Place, seed: int) -> Do:
    def do(session: Session, at: datetime, by: Actor) -> None:
        chance = Random(seed)  # noqa: S311 - nobody's secret, and the same every time
        for topic, usual in _TOPICS.items():
            n = round(usual * chance.uniform(0.5, 1.5))
            by_phone = n // 3 if topic in _ON_THE_TELEPHONE else 0
            for channel, count in ((InquiryChannel.IN_PERSON, n - by_phone), (InquiryChannel.PHONE, by_phone)):
                if count:
                    tally(session, branch_id=place.id, topic=topic, channel=channel, n=count, at=at, by=by)

    return do


def _referral(town: Town, place: Place, n: int) -> Story:
    """One referral of every other week; half of the answers come a month later, and the newest have none yet."""
    chance = town.chance("referral", place.code, n)
    sent_to = chance.choice(("jobsla", "jobsla", "worksource", "other"))
    made_on = town.days_ago(place, 14 * n + 3)

    def refer(session: Session, at: datetime, by: Actor) -> str:
        day = at.astimezone(ZoneInfo(place.calendar.zone)).date()
        given = {"sent_to": sent_to, "reason": "job_search", "consented_on": day}
        return make_referral(session, branch_id=place.id, **given, at=at, by=by).referral  # type: ignore[arg-type]  # texts and a day

    referral = yield Step(place, made_on, 0.3, refer)
    if chance.random() < 0.6:
        yield Step(place, made_on + timedelta(days=30), 0.6, _answer(referral, chance))


def _answer(referral: str, chance: Random) -> Do:
    outcome = chance.choice((*[ReferralOutcome.ENROLLED] * 3, *ReferralOutcome))
    source = OutcomeSource.CONFIRMED if chance.random() < 0.4 else OutcomeSource.SELF_REPORTED

    def do(session: Session, at: datetime, by: Actor) -> Any:
        return record_outcome(session, referral=referral, outcome=outcome, source=source, at=at, by=by)

    return do


def _event(town: Town, place: Place, days: int, name: str, figures: dict[str, int]) -> Story:
    """An event, planned three weeks before, and what was counted of it on the day after."""
    day = place.calendar.next_open_on_or_after(town.today + timedelta(days=days)) or town.today
    zone = ZoneInfo(place.calendar.zone)
    begins = datetime.combine(day, time(11), zone)
    plan = EventPlan(name, begins, begins + timedelta(hours=3), "work-ready")

    def arrange(session: Session, at: datetime, by: Actor) -> str:
        return plan_event(session, branch_id=place.id, plan=plan, at=at, by=by).event

    def count(session: Session, at: datetime, by: Actor) -> Any:
        counted = {Figure(figure): n for figure, n in figures.items()}
        return set_figures(session, event=event, figures=counted, at=at, by=by)

    event = yield Step(place, town.days_ago(place, 21 - days), 0.4, arrange)
    if figures:
        yield Step(place, day + timedelta(days=1), 0.2, count)
