"""The label stock there is, by name."""

from __future__ import annotations

import pytest

from lending.labels import SHEETS


def test_there_are_two_sheets_and_two_rolls() -> None:
    assert [SHEETS[name].name for name in SHEETS] == ["5160", "5167", "single", "single-57x32"]


def test_labels_are_counted_row_by_row() -> None:
    sheet = SHEETS["5160"]
    first, second, below = sheet.corner(0), sheet.corner(1), sheet.corner(3)
    assert (second[0] - first[0], second[1] - first[1]) == pytest.approx((69.85, 0))
    assert (below[0] - first[0], below[1] - first[1]) == pytest.approx((0, 25.4))
