"""How far rules may be set, which stand on which, and what follows a change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.policies import BOUNDS, EVERYWHERE, Rules, Scope, Value, after_change, against, stands_on
from lending.errors import Block, Reason

LAPTOP, ELA, LAPTOP_AT_ELA = Scope(kit_type_id=1), Scope(branch_id=2), Scope(1, 2)
USUAL: Rules = {"loan_days": 42, "renewals": 3}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_number_may_be_set_from_its_least_to_its_most(name: str) -> None:
    bounds = BOUNDS[name]
    assert against({name: bounds.least}) == against({name: bounds.most}) == ()
    for value in (bounds.least - 1, bounds.most + 1, "many"):
        (block,) = against({name: value})
        assert block.reason in (Reason.NUMBER_OUTSIDE, Reason.AMOUNT_OUTSIDE)
        assert block.detail["field"] == name


def test_a_limit_may_be_off_and_nothing_else() -> None:
    assert against({"household_limit": None, "loan_days": None}) == (
        Block(Reason.VALUE_MISSING, {"field": "loan_days"}),
    )


def test_all_that_is_wrong_is_told_at_once_and_money_in_cents() -> None:
    wrong: dict[str, Value] = {"loan_days": 0, "owes_limit_cents": -1, "auto_renews": True, "agreement": "once"}
    assert against(wrong) == (
        Block(Reason.NUMBER_OUTSIDE, {"field": "loan_days", "least": 1, "most": 365}),
        Block(Reason.AMOUNT_OUTSIDE, {"field": "owes_limit_cents", "least_cents": 0, "most_cents": 100_000}),
    )


def test_an_exception_stands_on_its_kit_type_then_on_its_branch_then_on_everywhere() -> None:
    assert stands_on(LAPTOP_AT_ELA, {EVERYWHERE, LAPTOP, ELA}) == LAPTOP
    assert stands_on(LAPTOP_AT_ELA, {EVERYWHERE, ELA}) == ELA
    assert stands_on(LAPTOP_AT_ELA, {EVERYWHERE}) == EVERYWHERE
    assert stands_on(LAPTOP, {EVERYWHERE, LAPTOP, ELA}) == stands_on(ELA, {EVERYWHERE, LAPTOP}) == EVERYWHERE


def test_what_an_exception_says_like_everywhere_follows_and_what_is_its_own_stays() -> None:
    book = {EVERYWHERE: USUAL, LAPTOP: {**USUAL, "loan_days": 14}, LAPTOP_AT_ELA: {**USUAL, "loan_days": 14}}
    written = after_change(book, EVERYWHERE, {"loan_days": 28, "renewals": 1})
    assert written == {
        EVERYWHERE: {"loan_days": 28, "renewals": 1},
        LAPTOP: {"loan_days": 14, "renewals": 1},
        LAPTOP_AT_ELA: {"loan_days": 14, "renewals": 1},
    }


def test_an_exception_to_an_exception_follows_that_one() -> None:
    book = {EVERYWHERE: USUAL, LAPTOP: {**USUAL, "loan_days": 14}, LAPTOP_AT_ELA: {"loan_days": 14, "renewals": 0}}
    written = after_change(book, LAPTOP, {**USUAL, "loan_days": 7})
    assert written == {LAPTOP: {"loan_days": 7, "renewals": 3}, LAPTOP_AT_ELA: {"loan_days": 7, "renewals": 0}}


def test_a_new_exception_changes_what_held_there_before() -> None:
    book = {EVERYWHERE: USUAL, ELA: {**USUAL, "renewals": 0}}
    assert after_change(book, LAPTOP_AT_ELA, book[ELA]) == {}, "as at its branch: nothing to write"
    assert after_change(book, LAPTOP_AT_ELA, USUAL) == {LAPTOP_AT_ELA: USUAL}


NUMBERS = st.fixed_dictionaries({"loan_days": st.integers(1, 3), "renewals": st.integers(0, 2)})


@given(usual=NUMBERS, laptop=NUMBERS, both=NUMBERS, new=NUMBERS)
def test_an_exception_never_gets_a_value_that_neither_it_nor_what_it_stands_on_has(
    usual: Rules, laptop: Rules, both: Rules, new: Rules
) -> None:
    book = {EVERYWHERE: usual, LAPTOP: laptop, LAPTOP_AT_ELA: both}
    after = {**book, **after_change(book, EVERYWHERE, new)}
    assert after[EVERYWHERE] == new
    for name in new:
        assert after[LAPTOP][name] == (new[name] if laptop[name] == usual[name] else laptop[name])
        assert after[LAPTOP_AT_ELA][name] == (after[LAPTOP][name] if both[name] == laptop[name] else both[name])
