"""Findings say what the numbers say, and no more: percents of many, words of few, nothing of what is hidden."""

from __future__ import annotations

import pytest

from lending.domain.small_cells import Hidden
from lending.reporting import findings
from lending.reporting.report import Number
from tests.reporting.speaking import ENGLISH, table


def check_outs(now: float | None, then: float | None, hidden: Hidden | None = None) -> str:
    number = Number(now, hidden=hidden)
    before = None if then is None else Number(then)
    return findings.check_outs(ENGLISH, number, before, period="November", before="October")


@pytest.mark.parametrize(
    ("now", "then", "said"),
    [
        (86, 77, "November: check-outs rose 12% against October, to 86"),
        (77, 86, "November: check-outs fell 10% against October, to 77"),
        (1001, 1000, "November: check-outs rose 0.1% against October, to 1,001"),
        (40, 40, "November: 40 check-outs, as many as in October"),
        (30, 10, "November: 30 check-outs, after 10 in October; too few to speak of a trend"),
        (1, 2, "November: 1 check-out, after 2 in October; too few to speak of a trend"),
        (5, 0, "November: 5 check-outs, after 0 in October; too few to speak of a trend"),
        (0, 0, "November: no check-outs"),
        (9, None, "November: 9 check-outs, and nothing to compare them with yet"),
        (0, None, "November: no check-outs"),
        (None, 9, "Nobody counted this"),
    ],
)
def test_a_trend_is_told_as_the_numbers_allow(now: float | None, then: float | None, said: str) -> None:
    assert check_outs(now, then) == said


def test_a_hidden_number_is_not_told() -> None:
    assert check_outs(None, 40, Hidden.UNDER_FIVE) == "Too few to tell without telling of single people"


WORDS = {"one": "only %(label)s", "first": "%(label)s: %(now)s of %(all)s", "nothing": "none"}


def test_the_row_with_the_most_is_named() -> None:
    assert findings.most(ENGLISH, table([("A", [3]), ("B", [9])]), **WORDS) == "B: 9 of 12"


def test_a_tie_names_nobody() -> None:
    assert (
        findings.most(ENGLISH, table([("A", [3]), ("B", [3])]), **WORDS) == "None stands out: several have the most, 3"
    )


def test_a_single_row_and_none_are_told_so() -> None:
    assert findings.most(ENGLISH, table([("A", [3])]), **WORDS) == "only A"
    assert findings.most(ENGLISH, table([("A", [0]), ("B", [0])]), **WORDS) == "none"
    assert findings.most(ENGLISH, table([]), **WORDS) == "none"
