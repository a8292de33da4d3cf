"""Claims about inspection: what is missing, what closes the loan, and what it costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.completeness import (
    Completeness,
    Found,
    Outcome,
    SnapshotPart,
    blocks,
    completeness,
    is_excused,
    missing_parts_charge,
)
from lending.errors import Block, Reason

LAPTOP = SnapshotPart(1, "Chromebook", 1, returnable=True, bills_alone=False, price_cents=30_000)
HOTSPOT = SnapshotPart(2, "Hotspot", 1, returnable=True, bills_alone=False, price_cents=9_000)
CHARGER = SnapshotPart(3, "Charger", 2, returnable=True, bills_alone=False, price_cents=2_500)
CASE = SnapshotPart(4, "Case", 1, returnable=True, bills_alone=True, price_cents=1_500)
CABLE = SnapshotPart(5, "Cable", 1, returnable=True, bills_alone=True, price_cents=500)
PLANNER = SnapshotPart(6, "Planner", 1, returnable=False, bills_alone=False, price_cents=900)
PARTS = (LAPTOP, HOTSPOT, CHARGER, CASE, CABLE, PLANNER)
WHOLE_KIT_CENTS = 40_000


def inspected(**states: Found) -> Completeness:
    """A kit that is all here but for ``states``, by part name."""
    found = {part.id: states.get(part.name.lower(), Found.HERE) for part in PARTS if part.returnable}
    return completeness(PARTS, found, WHOLE_KIT_CENTS)


def test_a_kit_with_every_returnable_part_is_complete_and_closes_its_loan() -> None:
    whole = inspected()
    assert whole == Completeness(Outcome.COMPLETE, (), (), (), False, 0)
    assert whole.closes_loan


def test_a_missing_charger_is_named_keeps_the_loan_open_and_costs_its_own_price_only() -> None:
    short = inspected(charger=Found.MISSING)
    assert short == Completeness(Outcome.INCOMPLETE, (CHARGER,), (), (), False, 5_000)
    assert not short.closes_loan


def test_a_missing_case_alone_bills_at_once_and_closes_the_loan() -> None:
    short = inspected(case=Found.MISSING)
    assert (short.outcome, short.missing, short.bills_at_once, short.charge_cents) == (
        Outcome.INCOMPLETE,
        (CASE,),
        True,
        1_500,
    )
    assert short.closes_loan
    assert inspected(case=Found.MISSING, cable=Found.MISSING).closes_loan


def test_a_missing_case_beside_a_missing_charger_waits_with_it() -> None:
    short = inspected(case=Found.MISSING, charger=Found.MISSING)
    assert short.missing == (CHARGER, CASE)
    assert not short.bills_at_once
    assert not short.closes_loan
    assert short.charge_cents == 6_500


def test_missing_parts_never_cost_more_than_the_whole_kit() -> None:
    assert inspected(chromebook=Found.MISSING, hotspot=Found.MISSING).charge_cents == 39_000
    assert inspected(chromebook=Found.MISSING, hotspot=Found.MISSING, charger=Found.MISSING).charge_cents == 40_000


def test_a_damaged_part_closes_the_loan_and_bills_nothing_by_itself() -> None:
    broken = inspected(hotspot=Found.DAMAGED)
    assert broken == Completeness(Outcome.DAMAGED, (), (), (HOTSPOT,), False, 0)
    assert broken.closes_loan


def test_a_kit_both_damaged_and_short_is_incomplete_and_names_both() -> None:
    both = inspected(hotspot=Found.DAMAGED, charger=Found.MISSING)
    assert (both.outcome, both.missing, both.damaged) == (Outcome.INCOMPLETE, (CHARGER,), (HOTSPOT,))


def test_a_consumable_is_never_missing() -> None:
    found = {part.id: Found.HERE for part in PARTS} | {PLANNER.id: Found.MISSING}
    assert completeness(PARTS, found, WHOLE_KIT_CENTS).outcome is Outcome.COMPLETE
    assert blocks(PARTS, found) == []


def test_a_part_reported_missing_in_time_bills_nothing_but_the_kit_is_still_short() -> None:
    excused = SnapshotPart(7, "Headphones", 1, returnable=True, bills_alone=False, price_cents=2_000, excused=True)
    found = completeness((LAPTOP, excused), {1: Found.HERE, 7: Found.MISSING}, WHOLE_KIT_CENTS)
    assert found == Completeness(Outcome.INCOMPLETE, (), (excused,), (), False, 0)
    assert found.closes_loan


def test_an_inspection_names_every_returnable_part() -> None:
    assert blocks(PARTS, {LAPTOP.id: Found.HERE, CASE.id: Found.MISSING}) == [
        Block(Reason.PARTS_NOT_COUNTED, {"parts": ["Hotspot", "Charger", "Cable"]})
    ]
    with pytest.raises(KeyError):
        completeness(PARTS, {LAPTOP.id: Found.HERE}, WHOLE_KIT_CENTS)


def test_an_inspection_names_no_part_that_did_not_go_out() -> None:
    found = {part.id: Found.HERE for part in PARTS} | {99: Found.HERE, 98: Found.MISSING}
    assert blocks(PARTS, found) == [Block(Reason.PART_UNKNOWN, {"parts": [98, 99]})]


@pytest.mark.parametrize(("hours", "excused"), [(0, True), (47, True), (48, True), (49, False)])
def test_a_part_reported_missing_within_48_hours_is_excused(hours: int, excused: bool) -> None:
    out_at = datetime(2026, 3, 7, 18, 0, tzinfo=UTC)  # the clocks change within these 48 hours; the hours are real ones
    assert is_excused(out_at, out_at + timedelta(hours=hours)) is excused


parts = st.lists(
    st.builds(
        SnapshotPart,
        id=st.integers(1, 99),
        name=st.just("Part"),
        quantity=st.integers(1, 3),
        returnable=st.booleans(),
        bills_alone=st.booleans(),
        price_cents=st.integers(0, 50_000),
        excused=st.booleans(),
    ),
    unique_by=lambda part: part.id,
    max_size=8,
)


@given(parts, st.data(), st.integers(0, 100_000))
def test_the_bill_is_for_returnable_missing_parts_and_at_most_the_whole_kit(
    parts: list[SnapshotPart], data: st.DataObject, whole_kit_cents: int
) -> None:
    found = {part.id: data.draw(st.sampled_from(Found)) for part in parts}
    assert blocks(parts, found) == []
    answer = completeness(parts, found, whole_kit_cents)
    assert 0 <= answer.charge_cents <= whole_kit_cents
    assert answer.charge_cents == missing_parts_charge(answer.missing, whole_kit_cents)
    assert all(part.returnable and not part.excused for part in answer.missing)
    assert answer.charge_cents == 0 or answer.missing
    assert (answer.outcome is Outcome.INCOMPLETE) == bool(answer.missing or answer.excused)
