"""What one key adds to the figures of a hiring event."""

from __future__ import annotations

import pytest

from lending.domain.hiring import COUNTS, DEFINITIONS, EventTally, Figure, check, tallied

UNKNOWN: dict[Figure, int | None] = dict.fromkeys(Figure)


def test_the_first_tally_makes_a_figure_known_and_leaves_the_others() -> None:
    assert tallied(UNKNOWN, EventTally.ATTENDEE, 1) == {Figure.ATTENDED: 1}
    assert tallied(UNKNOWN, EventTally.OFFER, 1) == {Figure.OFFERS: 1, Figure.PEOPLE_OFFERED: 1}


def test_another_offer_to_the_same_person_is_nobody_more() -> None:
    with_one = UNKNOWN | {Figure.OFFERS: 1, Figure.PEOPLE_OFFERED: 1}
    assert tallied(with_one, EventTally.ANOTHER_OFFER, 1) == {Figure.OFFERS: 2}


def test_people_whom_nobody_counted_stay_unknown() -> None:
    assert tallied(UNKNOWN | {Figure.OFFERS: 12}, EventTally.OFFER, 1) == {Figure.OFFERS: 13}


@pytest.mark.parametrize("what", EventTally)
def test_nothing_is_taken_off_what_is_not_known_or_0(what: EventTally) -> None:
    for figures in (UNKNOWN, dict.fromkeys(Figure, 0)):
        with pytest.raises(ValueError, match="figure"):
            tallied(figures, what, -1)


def test_the_last_offer_is_not_taken_from_the_person_who_has_it() -> None:
    with_one = UNKNOWN | {Figure.OFFERS: 1, Figure.PEOPLE_OFFERED: 1}
    with pytest.raises(ValueError, match="without an offer"):
        tallied(with_one, EventTally.ANOTHER_OFFER, -1)
    assert tallied(with_one, EventTally.OFFER, -1) == {Figure.OFFERS: 0, Figure.PEOPLE_OFFERED: 0}


def test_people_with_an_offer_need_an_offer() -> None:
    check(UNKNOWN | {Figure.OFFERS: 3})
    for offers, people in ((None, 1), (1, 2)):
        with pytest.raises(ValueError, match="without an offer"):
            check(UNKNOWN | {Figure.OFFERS: offers, Figure.PEOPLE_OFFERED: people})


def test_every_key_counts_something_and_every_figure_says_what_it_is() -> None:
    assert all(COUNTS[what] for what in EventTally)
    assert all(DEFINITIONS[figure].endswith(".") for figure in Figure)
