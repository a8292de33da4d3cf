"""Ladders: what a library does as a kit's due date comes and goes, step by step.

A step acts in the morning of its day, on the branch's clock; a day on which the branch is closed acts on its next open
day. Of several steps that are due at once, as after an outage, only the latest is told; what the others ask of staff
is done all the same. Source: RULES 6, "Ladder".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from lending.domain.calendars import Calendar
from lending.errors import Block, Reason

MORNING = time(8)
"""When steps act: before the doors open, and after the quiet hours of telephones end (21 to 8)."""

MOST_DAYS = 365
"""A step acts within a year of the due day."""


_CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,39}", re.ASCII)
"""What names a step for good, on the journal and in the log of notices."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, ``days`` after the due day, or before it where that is negative.

    ``notifies``: the patron is told. ``suspends_lines``: the carrier is asked to suspend the kit's lines. ``calls``: a
    person telephones. ``gives_up``: the kit is assumed lost and billed.
    """

    code: str
    days: int
    notifies: bool = True
    suspends_lines: bool = False
    calls: bool = False
    gives_up: bool = False


Ladder = tuple[Step, ...]
"""Steps in the order of their days, each code once, and none after ``gives_up`` that acts on a kit that is out."""

DEFAULT: Ladder = (
    Step("due_in_7_days", -7),
    Step("due_in_3_days", -3),
    Step("due_today", 0),
    Step("overdue", 1, suspends_lines=True),
    Step("overdue_7_days", 7),
    Step("overdue_14_days", 14, calls=True),
    Step("assumed_lost", 21, gives_up=True),
    Step("bill_reminder", 35),
)
"""The ladder of RULES 6."""


@dataclass(frozen=True, slots=True)
class StepDue:
    """A step with the day before which a loan must have been due for it to act now."""

    step: Step
    due_before: datetime
    """The instant at which the last due day begins that is too late for the step."""


def in_order(steps: Iterable[Step]) -> Ladder:
    """The steps as a ladder, in the order of their days."""
    return tuple(sorted(steps, key=lambda step: (step.days, step.code)))


def against(steps: Iterable[Step]) -> list[Block]:
    """Every reason why the steps are no ladder; empty when they are one."""
    ladder = in_order(steps)
    found = [] if ladder else [Block(Reason.VALUE_MISSING, {"field": "steps"})]
    twice = sorted(code for code, times in Counter(step.code for step in ladder).items() if times > 1)
    found += [Block(Reason.STEP_TWICE, {"step": code}) for code in twice]
    found += [Block(Reason.VALUE_WRONG, {"field": "code"}) for step in ladder if not _CODE.fullmatch(step.code)]
    found += [Block(Reason.VALUE_WRONG, {"field": "days"}) for step in ladder if abs(step.days) > MOST_DAYS]
    for earlier, later in pairwise(ladder):
        if earlier.days == later.days:
            found.append(Block(Reason.STEP_ON_THE_SAME_DAY, {"step": later.code, "days": later.days}))
    given_up = False
    for step in ladder:
        chases = step.gives_up or step.suspends_lines or step.calls
        if chases and step.days < 1:
            found.append(Block(Reason.STEP_TOO_EARLY, {"step": step.code, "days": step.days}))
        if chases and given_up:
            found.append(Block(Reason.STEP_AFTER_GIVING_UP, {"step": step.code, "days": step.days}))
        given_up = given_up or step.gives_up
    return found


def chasing(ladder: Ladder) -> Ladder:
    """The steps of a kit that is out, with the one that gives it up."""
    last = next((n for n, step in enumerate(ladder) if step.gives_up), len(ladder) - 1)
    return ladder[: last + 1]


def reminding(ladder: Ladder) -> Ladder:
    """The steps of a kit that was given up and is owed for."""
    return ladder[len(chasing(ladder)) :]


def acts_at(step: Step, *, due_on: date, calendar: Calendar) -> datetime | None:
    """When the step acts for a loan that is due on a day; ``None`` for a branch that stays closed for 400 days."""
    on = calendar.next_open_on_or_after(due_on + timedelta(days=step.days))
    return None if on is None else calendar.instant(on, MORNING)


def came_due(ladder: Ladder, *, due_on: date, calendar: Calendar, at: datetime) -> tuple[tuple[Step, datetime], ...]:
    """The steps that are due by now for a loan that is due on a day, in order, each with when it came due."""
    acts = ((step, acts_at(step, due_on=due_on, calendar=calendar)) for step in ladder)
    return tuple((step, since) for step, since in acts if since is not None and since <= at)


def due_now(ladder: Ladder, *, calendar: Calendar, at: datetime) -> tuple[StepDue, ...]:
    """Which due days each step acts upon by now, the latest step first.

    A loan's step is the first whose ``due_before`` lies after its due instant: the same as asking ``acts_at`` of each
    loan, but one comparison instead of a calendar for each of a million.
    """
    today = calendar.local_date(at)
    if at < calendar.instant(today, MORNING):
        today -= timedelta(days=1)
    acted = calendar.last_open_on_or_before(today, today - timedelta(days=400))
    if acted is None:
        return ()
    return tuple(
        StepDue(step, calendar.instant(acted - timedelta(days=step.days) + timedelta(days=1), time(0)))
        for step in reversed(ladder)
    )
