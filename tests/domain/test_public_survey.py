"""The elements of the Public Libraries Survey, by tables, and the checks that it makes itself."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.attendance import WorkshopTold
from lending.domain.public_survey import SUMS, Audience, Format, Held, elements
from lending.domain.small_cells import Sum, hide

POSTED = date(2026, 3, 4)


def adults(told: WorkshopTold, way: Format = Format.VIRTUAL) -> Held:
    return Held(Audience.ADULTS, way, told)


def test_case_14_month_end() -> None:
    views = {POSTED + timedelta(days=3): 200, POSTED + timedelta(days=45): 60}
    series = [adults(WorkshopTold(devices=n)) for n in (9, 8, 7, 6, 6, 5)]
    found = elements(series, [WorkshopTold(posted_on=POSTED, views=views)], circulation=80)
    asked = {number: found[number] for number in (553, 600, 604, 608, 609, 610, 614, 618, 619, 620, 630)}
    assert asked == {
        553: 80,
        600: 6,
        604: 6,
        608: 6,
        609: 6,
        610: 41,
        614: 41,
        618: 41,
        619: 41,
        620: 1,
        630: 200,
    }
    assert (found.sessions_agree, found.attendance_agrees, found.uncounted) == (True, True, 0)


@pytest.mark.parametrize(("way", "session", "people"), [(Format.ONSITE, 606, 616), (Format.OFFSITE, 607, 617)])
def test_a_hybrid_session_is_one_in_person_and_its_attendance_is_split(way: Format, session: int, people: int) -> None:
    found = elements([adults(WorkshopTold(in_room=10, devices=5, hybrid=True), way)], [], circulation=0)
    assert (found[session], found[608], found[people], found[618], found[610]) == (1, 0, 10, 5, 15)


def test_a_session_that_nobody_came_to_counts_and_one_that_nobody_counted_is_said() -> None:
    found = elements([adults(WorkshopTold(devices=0)), adults(WorkshopTold())], [], circulation=0)
    assert (found[600], found[610], found.uncounted) == (2, 0, 1)


def test_attendance_that_nobody_counted_at_all_is_missing_and_never_0() -> None:
    found = elements([adults(WorkshopTold()), adults(WorkshopTold(in_room=3, hybrid=True))], [], circulation=0)
    assert (found[600], found[610], found[618], found[619], found.uncounted) == (2, None, None, None, 2)
    assert found.attendance_agrees


def test_a_period_without_sessions_has_none_of_anything() -> None:
    found = elements([], [], circulation=0)
    assert {element.n for element in found.elements} == {0}


def test_views_that_nobody_looked_up_are_missing() -> None:
    assert elements([], [WorkshopTold(posted_on=POSTED)], circulation=0)[630] is None


numbers = st.one_of(st.none(), st.integers(0, 500))
told = st.builds(WorkshopTold, in_room=numbers, devices=numbers, peak_viewers=numbers, hybrid=st.booleans())


@given(st.lists(st.builds(Held, st.sampled_from(Audience), st.sampled_from(Format), told)))
def test_the_total_by_age_is_the_total_by_format(held: list[Held]) -> None:
    found = elements(held, [], circulation=0)
    assert found.sessions_agree
    assert found.attendance_agrees
    assert found[600] == len(held) == sum(found[n] or 0 for n in range(601, 606))


def test_every_element_has_its_number_once() -> None:
    numbers = [element.number for element in elements([], [], circulation=0).elements]
    assert numbers == [553, *range(600, 620), 620, 630]


def test_attendance_that_is_hidden_by_age_is_not_told_by_format() -> None:
    """Five people of one age and one of another, all in the library."""
    nobody = {612: 0, 613: 0, 615: 0, 617: 0, 618: 0}
    shown = hide({610: 6, 611: 1, 614: 5, 616: 6, 619: 6} | nobody, [Sum(*each) for each in SUMS])
    assert {number for number, n in shown.items() if isinstance(n, int)} == nobody.keys()
