"""Hiring events: planned, tallied in one key, corrected afterwards; offers are not people, and unknown is not 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.hiring import EventTally, Figure
from lending.domain.periods import month_of
from lending.domain.permissions import Role
from lending.errors import Block, Reason, Refused
from lending.models.hiring import HiringEvent
from lending.programs.hiring import (
    EventPlan,
    EventStands,
    cancel_event,
    change_event,
    plan_event,
    set_figures,
    tally_event,
)
from lending.queries.hiring import Summed, hiring, hiring_event, hiring_events
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import block, journalled, only, why
from tests.races import race, without_locks

MARCH = month_of(date(2026, 3, 3))
EXPO = EventPlan("Hiring expo", NOW + timedelta(hours=1), NOW + timedelta(hours=4), "work-ready", "Belvedere Park")


def plan(database: Database, cast: Cast, given: EventPlan = EXPO, *, by: Actor | None = None) -> str:
    """Ben plans an event of East Los Angeles."""
    return database.act(
        lambda session: plan_event(session, branch_id=cast.ela, plan=given, at=NOW, by=by or cast.ben)
    ).event


def count(
    database: Database, cast: Cast, event: str, what: EventTally, *, n: int = 1, at: datetime = NOW
) -> Mapping[Figure, int | None]:
    return database.act(lambda session: tally_event(session, event=event, what=what, n=n, at=at, by=cast.ben)).figures


def write(
    database: Database, cast: Cast, event: str, figures: Mapping[Figure, int | None], *, at: datetime = NOW
) -> Mapping[Figure, int | None]:
    return database.act(lambda session: set_figures(session, event=event, figures=figures, at=at, by=cast.ben)).figures


def test_a_planned_event_knows_none_of_its_figures(database: Database, cast: Cast) -> None:
    event = plan(database, cast)
    with database.read() as session:
        found = hiring_event(session, event, frozenset({cast.ela}))
    assert (found.name, found.place, found.program_name, found.branch) == (
        "Hiring expo",
        "Belvedere Park",
        "Work Ready",
        "ELA",
    )
    assert set(found.figures.values()) == {None}


def test_one_person_may_leave_with_two_offers(database: Database, cast: Cast) -> None:
    event = plan(database, cast)
    count(database, cast, event, EventTally.OFFER)
    figures = count(database, cast, event, EventTally.ANOTHER_OFFER)
    assert (figures[Figure.OFFERS], figures[Figure.PEOPLE_OFFERED]) == (2, 1)
    assert figures[Figure.HIRES] is None


def test_where_only_the_offers_are_known_one_more_does_not_make_up_their_people(database: Database, cast: Cast) -> None:
    event = plan(database, cast)
    write(database, cast, event, {Figure.OFFERS: 12})
    figures = count(database, cast, event, EventTally.OFFER)
    assert (figures[Figure.OFFERS], figures[Figure.PEOPLE_OFFERED]) == (13, None)


@pytest.mark.parametrize("what", EventTally)
def test_every_key_counts_one_and_takes_one_off(database: Database, cast: Cast, what: EventTally) -> None:
    event = plan(database, cast)
    if what is EventTally.ANOTHER_OFFER:
        count(database, cast, event, EventTally.OFFER)
    before = only(database, HiringEvent)
    figures = count(database, cast, event, what)
    assert figures != {figure: getattr(before, figure.value) for figure in Figure}
    count(database, cast, event, what, n=-1)
    assert sum(n or 0 for n in write(database, cast, event, {}).values()) == sum(
        getattr(before, figure.value) or 0 for figure in Figure
    )


def test_nothing_is_counted_below_zero_or_more_people_than_offers(database: Database, cast: Cast) -> None:
    event = plan(database, cast)
    with pytest.raises(Refused) as refused:
        count(database, cast, event, EventTally.ATTENDEE, n=-1)
    assert why(refused) == [Reason.VALUE_WRONG]
    count(database, cast, event, EventTally.OFFER)
    with pytest.raises(Refused) as refused:
        count(database, cast, event, EventTally.ANOTHER_OFFER, n=-1)
    assert why(refused) == [Reason.VALUE_WRONG]
    with pytest.raises(Refused) as refused:
        write(database, cast, event, {Figure.PEOPLE_OFFERED: 2})
    assert block(refused) == Block(Reason.VALUE_WRONG, {"field": "people_offered"})
    with pytest.raises(Refused) as refused:
        write(database, cast, event, {Figure.ATTENDED: -1, Figure.HIRES: 100_001})
    assert [found.detail["field"] for found in refused.value.blocks] == ["attended", "hires"]


def test_figures_are_corrected_afterwards_and_the_journal_keeps_both(database: Database, cast: Cast) -> None:
    event = plan(database, cast)
    write(database, cast, event, {Figure.ATTENDED: 40, Figure.EMPLOYERS: 9})
    later = NOW + timedelta(days=30)
    figures = write(database, cast, event, {Figure.ATTENDED: 43, Figure.EMPLOYERS: None}, at=later)
    assert (figures[Figure.ATTENDED], figures[Figure.EMPLOYERS]) == (43, None)
    last = journalled(database, "set_figures")[-1]
    assert last.detail["before"] == {"attended": 40, "employers": 9}


def test_before_its_day_only_who_registered_is_counted(database: Database, cast: Cast) -> None:
    starts = NOW + timedelta(days=3)
    event = plan(database, cast, replace(EXPO, starts_at=starts, ends_at=starts + timedelta(hours=3)))
    assert write(database, cast, event, {Figure.REGISTERED: 25})[Figure.REGISTERED] == 25
    with pytest.raises(Refused) as refused:
        write(database, cast, event, {Figure.ATTENDED: 3})
    assert why(refused) == [Reason.EVENT_TO_COME]
    with pytest.raises(Refused) as refused:
        count(database, cast, event, EventTally.ATTENDEE)
    assert why(refused) == [Reason.EVENT_TO_COME]


def test_all_that_is_wrong_with_a_plan_is_told_at_once(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        plan(database, cast, EventPlan(" ", NOW, NOW, "nothing", "x" * 161))
    fields = [(found.reason, found.detail["field"]) for found in refused.value.blocks]
    assert fields == [
        (Reason.VALUE_WRONG, "place"),
        (Reason.VALUE_MISSING, "name"),
        (Reason.VALUE_WRONG, "ends_at"),
        (Reason.VALUE_WRONG, "program"),
    ]


def test_a_plan_changes_and_a_cancelled_event_counts_nowhere(database: Database, cast: Cast) -> None:
    event = plan(database, cast)
    moved = replace(EXPO, name="Expo", starts_at=NOW, ends_at=NOW + timedelta(hours=2))
    database.act(lambda session: change_event(session, event=event, plan=moved, at=NOW, by=cast.ben))
    database.act(lambda session: cancel_event(session, event=event, at=NOW, by=cast.ben))
    with pytest.raises(Refused) as refused:
        count(database, cast, event, EventTally.ATTENDEE)
    assert why(refused) == [Reason.EVENT_OVER]
    with database.read() as session:
        assert hiring(session, None, MARCH, at=NOW).count == 0
        (shown,), _more = hiring_events(session, None)
    assert (shown.name, shown.cancelled) == ("Expo", True)


def test_another_branchs_staff_neither_plan_nor_count(database: Database, cast: Cast) -> None:
    event = plan(database, cast, by=replace(cast.ben, role=Role.COUNSELLOR))
    for act in (
        lambda session: plan_event(session, branch_id=cast.ela, plan=EXPO, at=NOW, by=cast.cleo),
        lambda session: tally_event(session, event=event, what=EventTally.HIRE, at=NOW, by=cast.cleo),
    ):
        with pytest.raises(Refused) as refused:
            database.act(act)
        assert why(refused) == [Reason.NOT_PERMITTED]
    with database.read() as session, pytest.raises(Refused) as refused:
        hiring_event(session, event, frozenset({cast.com}))
    assert why(refused) == [Reason.NOT_FOUND]


def test_six_events_of_a_period_sum_what_was_counted_and_say_what_was_not(database: Database, cast: Cast) -> None:
    attended = [40, 55, 38, 47, 50, 24]
    for n, people in enumerate(attended):
        starts = NOW + timedelta(days=n, hours=1)
        event = plan(database, cast, EventPlan(f"Expo {n}", starts, starts + timedelta(hours=3)))
        write(database, cast, event, {Figure.ATTENDED: people, Figure.OFFERS: n or None}, at=starts)
    to_come = NOW + timedelta(days=20)
    plan(database, cast, EventPlan("To come", to_come, to_come + timedelta(hours=1)))
    with database.read() as session:
        found = hiring(session, frozenset({cast.ela}), MARCH, at=NOW + timedelta(days=10))
        elsewhere = hiring(session, frozenset({cast.com}), MARCH, at=NOW + timedelta(days=10))
        of_program = hiring(session, None, MARCH, at=NOW + timedelta(days=10), programs=[cast.program])
    assert (found.count, found.figures[Figure.ATTENDED]) == (6, Summed(254, 0))
    assert found.figures[Figure.OFFERS] == Summed(15, 1)
    assert found.figures[Figure.HIRES] == Summed(None, 6)
    assert (elsewhere.count, of_program.count) == (0, 0)


def test_events_are_listed_the_last_first_page_by_page(database: Database, cast: Cast) -> None:
    made = [
        plan(database, cast, replace(EXPO, starts_at=NOW + timedelta(days=n), ends_at=NOW + timedelta(days=n, hours=1)))
        for n in (1, 3, 3, 2)
    ]
    with database.read() as session:
        first, more = hiring_events(session, frozenset({cast.ela}), limit=2)
        rest, end = hiring_events(session, frozenset({cast.ela}), after=more, limit=2)
        assert hiring_events(session, frozenset({cast.com})) == ([], None)
    assert [one.event for one in (*first, *rest)] == [made[n] for n in (2, 1, 3, 0)]
    assert end is None


def one_more(cast: Cast, event: str) -> Callable[[Session], EventStands]:
    by = cast.ben
    return lambda session: tally_event(session, event=event, what=EventTally.ATTENDEE, at=NOW, by=by)


def test_two_who_count_at_once_both_count(database: Database, cast: Cast) -> None:
    event = plan(database, cast)
    outcome = race(database, one_more(cast, event), one_more(cast, event))
    assert (len(outcome.done), outcome.broken) == (2, [])
    assert only(database, HiringEvent).attended == 2


def test_without_the_lock_one_of_two_would_be_lost(database: Database, cast: Cast) -> None:
    event = plan(database, cast)
    with without_locks(database):
        race(database, one_more(cast, event), one_more(cast, event))
    assert only(database, HiringEvent).attended == 1
