"""What a cohort is short of and the transfers that would help, by tables and properties."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.forecast import BranchNeed, Transfer, suggested


def need(branch: str, expected: int, asked: int = 0, *, lowest: int | None = None, kit_type: str = "wr") -> BranchNeed:
    """A branch, its kits, and how many people it owes one."""
    return BranchNeed(branch, kit_type, expected, expected if lowest is None else lowest, promised=asked)


@pytest.mark.parametrize(
    ("given_need", "gap", "surplus"),
    [
        (BranchNeed("ELA", "wr", 5, 5, promised=3, waiting=2), 0, 0),
        (BranchNeed("ELA", "wr", 5, 5, promised=3, waiting=4), 2, 0),
        (BranchNeed("ELA", "wr", 9, 9, promised=3, waiting=4), 0, 2),
        (BranchNeed("ELA", "wr", 9, 6, promised=3), 0, 3),
        (BranchNeed("ELA", "wr", -2, -2, promised=3), 3, 0),
    ],
    ids=[
        "just enough",
        "those who wait are a gap too",
        "what nobody asks for",
        "not what a later session needs",
        "others' shortage is not this session's",
    ],
)
def test_gap_and_surplus(given_need: BranchNeed, gap: int, surplus: int) -> None:
    assert (given_need.gap, given_need.surplus) == (gap, surplus)


def test_a_gap_is_closed_from_the_largest_surplus() -> None:
    needs = [need("COM", 2, 5), need("ELA", 4), need("NOR", 1)]
    assert suggested(needs) == [Transfer("ELA", "COM", "wr", 3)]


def test_the_largest_gap_is_served_first_and_from_several() -> None:
    needs = [need("COM", 0, 4), need("LAN", 0, 1), need("ELA", 3), need("NOR", 2)]
    assert suggested(needs) == [
        Transfer("ELA", "COM", "wr", 3),
        Transfer("NOR", "COM", "wr", 1),
        Transfer("NOR", "LAN", "wr", 1),
    ]


def test_of_equals_the_first_code_gives_and_the_first_code_gets() -> None:
    needs = [need("ZZZ", 1), need("AAA", 1), need("MMM", 0, 1), need("BBB", 0, 1)]
    assert suggested(needs) == [Transfer("AAA", "BBB", "wr", 1), Transfer("ZZZ", "MMM", "wr", 1)]


def test_a_kit_of_another_type_helps_nobody() -> None:
    assert suggested([need("COM", 0, 2, kit_type="wr"), need("ELA", 5, kit_type="laptop")]) == []


def test_what_cannot_be_closed_stays_open() -> None:
    assert suggested([need("COM", 0, 9), need("ELA", 2)]) == [Transfer("ELA", "COM", "wr", 2)]


small = st.integers(-3, 12)
anything = st.lists(
    st.builds(
        BranchNeed,
        branch=st.sampled_from(["ELA", "COM", "NOR", "LAN", "HUN", "CAR"]),
        kit_type=st.sampled_from(["wr", "laptop"]),
        expected=small,
        lowest=small,
        promised=st.integers(0, 9),
        waiting=st.integers(0, 9),
    ),
    unique_by=lambda one: (one.branch, one.kit_type),
)


@given(anything)
def test_a_branch_gives_no_more_than_its_surplus_and_gets_no_more_than_its_gap(needs: list[BranchNeed]) -> None:
    gives: Counter[tuple[str, str]] = Counter()
    gets: Counter[tuple[str, str]] = Counter()
    for transfer in suggested(needs):
        assert transfer.kits > 0
        assert transfer.from_branch != transfer.to_branch
        gives[transfer.from_branch, transfer.kit_type] += transfer.kits
        gets[transfer.to_branch, transfer.kit_type] += transfer.kits
    known = {(one.branch, one.kit_type): one for one in needs}
    assert all(kits <= known[key].surplus for key, kits in gives.items())
    assert all(kits <= known[key].gap for key, kits in gets.items())


@given(anything)
def test_gaps_stay_only_where_no_surplus_is_left(needs: list[BranchNeed]) -> None:
    moved: Counter[str] = Counter()
    for transfer in suggested(needs):
        moved[transfer.kit_type] += transfer.kits
    for kit_type in ("wr", "laptop"):
        of_type = [one for one in needs if one.kit_type == kit_type]
        assert moved[kit_type] == min(sum(one.gap for one in of_type), sum(one.surplus for one in of_type))


@given(anything, st.randoms())
def test_the_order_of_the_needs_does_not_matter(needs: list[BranchNeed], chance: object) -> None:
    shuffled = list(needs)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's own random.Random
    assert suggested(shuffled) == suggested(needs)
