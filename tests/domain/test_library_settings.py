"""Claims about the settings that administrators change on pages."""

from __future__ import annotations

import pytest

from lending.domain import library_settings as names
from lending.domain.library_settings import LibrarySettings, checked_settings, kept_settings
from lending.domain.permissions import Role
from lending.errors import Block, Reason, Refused

FIRST = LibrarySettings("Public Library")


def refused(**given: str | None) -> tuple[Block, ...]:
    with pytest.raises(Refused) as error:
        checked_settings(given, FIRST)
    return error.value.blocks


def test_what_nobody_set_is_as_it_was_when_the_library_began() -> None:
    assert kept_settings({}, name="Public Library") == FIRST
    assert FIRST.cut_after_days == 30
    assert not FIRST.has_own_colours


def test_what_nobody_can_read_any_more_is_as_it_was_too() -> None:
    kept = {names.MAIN: "teal", names.CUT_AFTER: "x", names.SECOND_FACTOR: "pope", "of a later version": "1"}
    assert kept_settings(kept, name="Public Library") == FIRST


def test_kept_values_are_read() -> None:
    kept = {names.NAME: "Compton", names.SECOND_FACTOR: "admin desk", names.CUT_AFTER: "0", names.MAIN: "#333333"}
    own = kept_settings(kept, name="Public Library")
    assert (own.name, own.cut_after_days, own.has_own_colours) == ("Compton", 0, True)
    assert own.second_factor_roles == {Role.ADMIN, Role.DESK}
    assert own.version != FIRST.version


def test_what_is_given_is_kept_in_one_form() -> None:
    given = {
        names.NAME: "  Compton   Library ",
        names.MAIN: "#336",
        names.SECOND_FACTOR: "desk admin",
        names.CONTACT: " ",
    }
    assert checked_settings(given, FIRST) == {
        names.NAME: "Compton Library",
        names.MAIN: "#333366",
        names.SECOND_FACTOR: "admin desk",
        names.CONTACT: None,
    }


def test_all_that_is_wrong_is_told_at_once() -> None:
    blocks = refused(main_colour="x;}", second_factor_roles="patron", cut_after_days="-1", logo="../x", name="a\0b")
    assert {(block.reason, block.detail["field"]) for block in blocks} == {
        (Reason.VALUE_WRONG, field)
        for field in ("main_colour", "second_factor_roles", "cut_after_days", "logo", "name")
    }


def test_an_unknown_setting_is_refused() -> None:
    assert [block.reason for block in refused(password="x")] == [Reason.VALUE_WRONG]


@pytest.mark.parametrize("days", ["3651", "99999", "1.5", "٣٠", "30 days"])
def test_days_without_an_end_are_refused(days: str) -> None:
    assert [block.detail["field"] for block in refused(cut_after_days=days)] == ["cut_after_days"]


def test_a_fiscal_year_begins_in_july_until_the_library_says_otherwise() -> None:
    assert FIRST.fiscal_year_begins == 7
    assert checked_settings({names.FISCAL_YEAR: " 10"}, FIRST) == {names.FISCAL_YEAR: "10"}
    assert kept_settings({names.FISCAL_YEAR: "10"}, name="Public Library").fiscal_year_begins == 10


@pytest.mark.parametrize("month", ["0", "13", "July", "-1", "1.5"])
def test_a_fiscal_year_begins_in_one_of_twelve_months(month: str) -> None:
    assert [block.detail["field"] for block in refused(fiscal_year_begins=month)] == ["fiscal_year_begins"]


def test_a_pale_colour_is_refused_with_its_figure_and_the_nearest_that_works() -> None:
    (block,) = refused(main_colour="#8ecae6")
    assert (block.reason, block.detail["field"], block.detail["least"]) == (
        Reason.COLOUR_CONTRAST,
        "main_colour",
        "4.5",
    )
    assert float(str(block.detail["figure"])) < 4.5
    assert checked_settings({names.MAIN: str(block.detail["nearest"])}, FIRST)


def test_an_accent_is_measured_on_the_bar_that_it_will_stand_on() -> None:
    assert checked_settings({names.ACCENT: "#ffc24b"}, FIRST)
    (block,) = refused(accent_colour="#5a3300")
    assert block.detail["field"] == "accent_colour"
