"""What a series of workshops counts, by tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.attendance import WorkshopTold, attended, count, onsite, survey_views, virtual

POSTED = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("told", "in_room", "elsewhere", "together"),
    [
        (WorkshopTold(), None, None, None),
        (WorkshopTold(in_room=0), 0, None, 0),
        (WorkshopTold(named_onsite=7), 7, None, 7),
        (WorkshopTold(named_onsite=7, in_room=9), 9, None, 9),
        (WorkshopTold(named_onsite=7, in_room=5), 7, None, 7),
        (WorkshopTold(named_virtual=3, devices=12), None, 12, 12),
        (WorkshopTold(devices=12, peak_viewers=40), None, 40, 40),
        (WorkshopTold(named_onsite=4, in_room=6, devices=11), 6, 11, 17),
        (WorkshopTold(devices=0), None, 0, 0),
        (WorkshopTold(in_room=0, hybrid=True), 0, None, None),
        (WorkshopTold(named_virtual=2, hybrid=True), None, 2, None),
        (WorkshopTold(in_room=6, devices=0, hybrid=True), 6, 0, 6),
    ],
    ids=[
        "what nobody counted is missing, not 0",
        "an empty room is 0",
        "people who signed in are known without a count",
        "heads have the named among them",
        "a count that missed some does not unname them",
        "one device is one person",
        "of a meeting streamed too the larger number",
        "a hybrid workshop is split by format",
        "a meeting without devices is 0",
        "an empty room says nothing of who was on line",
        "who signed in on line says nothing of the room",
        "a hybrid workshop with both halves is known",
    ],
)
def test_attendance_by_format(
    told: WorkshopTold, in_room: int | None, elsewhere: int | None, together: int | None
) -> None:
    assert (onsite(told), virtual(told), attended(told)) == (in_room, elsewhere, together)


def test_views_count_for_thirty_days_after_posting() -> None:
    views = {POSTED: 1, POSTED + timedelta(days=30): 2, POSTED + timedelta(days=31): 4}
    assert survey_views(WorkshopTold(posted_on=POSTED, views=views)) == 3


def test_views_of_a_day_before_the_posting_are_none_of_the_surveys() -> None:
    early = WorkshopTold(posted_on=POSTED, views={POSTED - timedelta(days=1): 8, POSTED: 1})
    assert survey_views(early) == 1


def test_views_that_nobody_looked_up_are_missing_and_not_0() -> None:
    assert survey_views(WorkshopTold(posted_on=POSTED)) is None
    assert survey_views(WorkshopTold(posted_on=POSTED, views={POSTED: 0})) == 0


def test_a_session_that_nobody_came_to_counts_and_one_that_nobody_counted_is_told() -> None:
    counted = count([WorkshopTold(devices=5), WorkshopTold(devices=0), WorkshopTold()])
    assert (counted.sessions, counted.attended, counted.uncounted) == (3, 5, 1)


def test_who_is_registered_is_who_has_a_seat_or_the_workshop_alone_and_whom_another_program_registered() -> None:
    series = [WorkshopTold(singles=3, registered=20), WorkshopTold(singles=1), WorkshopTold(registered=5)]
    assert count(series, seats=12).registered == 12 + 3 + 20 + 1 + 5


def test_where_nothing_was_held_nobody_came_and_that_is_known() -> None:
    counted = count([])
    assert (counted.sessions, counted.attended, counted.onsite, counted.virtual) == (0, 0, 0, 0)
    assert (counted.survey_views, counted.all_views, counted.reach) == (0, 0, 0)


def test_case_14_views_are_never_attendance_and_reach_says_that_it_is_reach() -> None:
    devices = (9, 8, 7, 6, 6, 5)
    views = {POSTED + timedelta(days=3): 200, POSTED + timedelta(days=45): 60}
    series = [WorkshopTold(devices=n, posted_on=POSTED) for n in devices]
    series[0] = WorkshopTold(devices=devices[0], posted_on=POSTED, views=views)
    counted = count(series)
    assert (counted.sessions, counted.attended, counted.survey_views) == (6, 41, 200)
    assert (counted.all_views, counted.reach) == (260, 301)


known = st.none() | st.integers(0, 500)
told = st.builds(
    WorkshopTold,
    named_onsite=st.integers(0, 50),
    named_virtual=st.integers(0, 50),
    in_room=known,
    devices=known,
    peak_viewers=known,
    posted_on=st.just(POSTED),
    views=st.dictionaries(st.dates(POSTED, POSTED + timedelta(days=90)), st.integers(0, 900), max_size=5),
)


@given(st.lists(told, max_size=8))
def test_a_view_more_changes_reach_alone(series: list[WorkshopTold]) -> None:
    shown = WorkshopTold(devices=0, posted_on=POSTED)
    before, after = count([*series, shown]), count([*series, replace(shown, views={POSTED: 1})])
    assert (before.onsite, before.virtual, before.attended) == (after.onsite, after.virtual, after.attended)
    assert before.reach is not None
    assert after.reach == before.reach + 1


@given(st.lists(told, max_size=8))
def test_formats_add_up_to_attendance(series: list[WorkshopTold]) -> None:
    counted = count(series)
    assert (counted.attended or 0) == (counted.onsite or 0) + (counted.virtual or 0)


@given(st.lists(told, max_size=8))
def test_a_half_that_nobody_counted_is_never_taken_for_0(series: list[WorkshopTold]) -> None:
    half = WorkshopTold(in_room=9, posted_on=POSTED, views={POSTED: 3}, hybrid=True)
    before, after = count(series), count([*series, half])
    assert after.attended == (before.attended if series else None)
    assert after.uncounted == before.uncounted + 1


def test_views_of_a_workshop_that_nobody_counted_are_no_reach() -> None:
    half = WorkshopTold(in_room=9, posted_on=POSTED, views={POSTED: 3}, hybrid=True)
    assert (count([half]).all_views, count([half]).reach) == (3, None)
