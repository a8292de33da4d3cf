"""Numbers as people read them."""

from __future__ import annotations

import pytest

from lending.domain.small_cells import Hidden
from lending.phrases import Reader
from lending.reporting.report import Number, Unit
from lending.reporting.voice import Voice
from tests.reporting.speaking import ENGLISH


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (Number(8087), "8,087"),
        (Number(0), "0"),
        (Number(None), "not known"),
        (Number(None, hidden=Hidden.UNDER_FIVE), "under 5"),
        (Number(None, Unit.SHARE, hidden=Hidden.NOT_SHOWN), "not shown"),
        (Number(0.64, Unit.SHARE), "64%"),
        (Number(0.062, Unit.SHARE), "6.2%"),
        (Number(0.05, Unit.SHARE), "5%"),
        (Number(0, Unit.SHARE), "0%"),
        (Number(0.12, Unit.CHANGE), "+12%"),
        (Number(-0.12, Unit.CHANGE), "−12%"),
        (Number(0, Unit.HOURS), "1 hour"),
        (Number(5, Unit.HOURS), "5 hours"),
        (Number(-5, Unit.HOURS), "-5 hours"),
        (Number(-60, Unit.HOURS), "-2.5 days"),
        (Number(60, Unit.HOURS), "2.5 days"),
        (Number(1, Unit.DAYS), "1 day"),
        (Number(12, Unit.DAYS), "12 days"),
        (Number(3.44, Unit.AVERAGE), "3.4"),
    ],
)
def test_a_number_is_said_with_its_unit(number: Number, said: str) -> None:
    assert ENGLISH.number(number) == said


def test_spanish_numbers_are_written_as_in_the_united_states() -> None:
    assert Voice(Reader(gettext=str, locale="es"), lambda one, many, n: many).number(Number(8087)) == "8,087"
