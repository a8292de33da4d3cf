"""The label stock there is, by name."""

from __future__ import annotations

import pytest

from lending.labels import SHEETS, LabelError
from lending.labels.sheets import sheet_named


def test_a_sheet_is_found_by_its_name() -> None:
    assert [sheet_named(name).name for name in SHEETS] == ["5160", "5167", "single", "single-57x32"]


@pytest.mark.parametrize("name", ["5163", "", "Single"])
def test_an_unknown_sheet_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(LabelError, match="choose one of 5160, 5167, single, single-57x32"):
        sheet_named(name)


def test_labels_are_counted_row_by_row() -> None:
    sheet = SHEETS["5160"]
    first, second, below = sheet.corner(0), sheet.corner(1), sheet.corner(3)
    assert (second[0] - first[0], second[1] - first[1]) == pytest.approx((69.85, 0))
    assert (below[0] - first[0], below[1] - first[1]) == pytest.approx((0, 25.4))
