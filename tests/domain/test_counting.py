"""Claims about the counters, and what an act counts as."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.counting import (
    COUNTED,
    DEFINITIONS,
    PART_DEFINITIONS,
    Counter,
    PartCounter,
    counters,
    part_counters,
    quantile,
    share_of,
    token,
    turnaround_bucket,
    wait_bucket,
)

HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize("sentence", [*DEFINITIONS.values(), *PART_DEFINITIONS.values()])
def test_every_counter_says_in_one_sentence_what_it_counts(sentence: str) -> None:
    assert sentence.endswith(".")
    assert sentence.count(".") == 1
    assert sentence[0].isupper()


def test_renewals_by_staff_patrons_and_the_system_exchanges_and_use_in_the_library_are_counted_apart() -> None:
    assert {counter.value for counter in Counter} >= {
        "check_out",
        "return",
        "staff_renewal",
        "patron_renewal",
        "auto_renewal",
        "exchange",
        "in_library",
    }
    assert set(DEFINITIONS) == set(Counter)
    assert set(PART_DEFINITIONS) == set(PartCounter)
    assert len(set(DEFINITIONS.values())) == len(Counter)


@pytest.mark.parametrize(
    ("verb", "detail", "told"),
    [
        ("check_out", {}, [Counter.CHECK_OUT]),
        ("exchange", {}, [Counter.EXCHANGE]),
        ("in_library", {}, [Counter.IN_LIBRARY]),
        ("return", {"days_late": 0, "loan_from": "out"}, [Counter.RETURN]),
        ("return", {"days_late": 1, "loan_from": "out"}, [Counter.RETURN, Counter.LATE_RETURN]),
        (
            "return",
            {"days_late": 30, "loan_from": "lost"},
            [Counter.RETURN, Counter.LATE_RETURN, Counter.FOUND_AGAIN],
        ),
        ("renew", {"kind": "auto_renewal"}, [Counter.AUTO_RENEWAL]),
        ("assume_lost", {"charge_id": 7}, [Counter.LOST, Counter.BILLED]),
        ("declare_lost", {"charge_id": None}, [Counter.LOST]),
        ("inspect", {"charges": []}, []),
        ("inspect", {"charges": [4, 5]}, [Counter.BILLED]),
        ("settle_incomplete", {"charges": [4]}, [Counter.BILLED]),
        ("cancel_reservation", {"from": "waiting", "goes_on": False}, [Counter.UNFILLED]),
        ("cancel_reservation", {"from": "promised", "goes_on": False}, [Counter.UNFILLED]),
        ("cancel_reservation", {"from": "pulling", "goes_on": False}, [Counter.UNFILLED]),
        ("cancel_reservation", {"from": "in_transit", "goes_on": False}, [Counter.UNFILLED]),
        ("cancel_reservation", {"from": "waiting", "goes_on": True}, []),
        ("cancel_reservation", {"from": "ready", "goes_on": False}, []),
        ("claim_returned", {}, []),
    ],
)
def test_an_act_counts_as_the_journal_tells_of_it(verb: str, detail: dict[str, Any], told: list[Counter]) -> None:
    assert list(counters(verb, detail)) == told
    assert not told or verb in COUNTED


def test_a_part_counts_when_it_is_missed_for_the_first_time() -> None:
    detail = {"found": {"1": "here", "2": "missing", "3": "missing", "4": "damaged"}}
    before = {"parts_from": {"1": "here", "2": "here", "3": "missing", "4": "here"}}
    assert part_counters("inspect", detail | before) == {2: PartCounter.MISSING, 4: PartCounter.DAMAGED}
    assert part_counters("inspect", detail) == {}
    assert part_counters("bring_back_part", {"part_id": 2}) == {2: PartCounter.BROUGHT_BACK}
    assert part_counters("swap_part", {"old_part_id": 9, "part_to": "missing"}) == {9: PartCounter.MISSING}


@pytest.mark.parametrize(
    ("seconds", "hours"),
    [
        (-5, 0),
        (HOUR - 1, 0),
        (30 * HOUR + 1, 30),
        (239 * HOUR, 239),
        (250 * HOUR, 240),
        (11 * DAY, 264),
        (900 * DAY, 2_160),
    ],
)
def test_a_turnaround_is_counted_in_hours_and_a_long_one_in_days(seconds: int, hours: int) -> None:
    assert turnaround_bucket(seconds) == hours


@pytest.mark.parametrize(("seconds", "days"), [(0, 0), (DAY - 1, 0), (DAY, 1), (1_000 * DAY, 366), (-1, 0)])
def test_a_wait_is_counted_in_days(seconds: int, days: int) -> None:
    assert wait_bucket(seconds) == days


@given(st.lists(st.integers(0, 50), min_size=1), st.sampled_from([0.5, 0.9]))
def test_a_quantile_is_a_duration_below_which_that_share_lies(durations: list[int], share: float) -> None:
    histogram = {bucket: durations.count(bucket) for bucket in durations}
    found = quantile(histogram, share)
    assert found in durations
    assert sum(each <= found for each in durations) >= share * len(durations)
    assert sum(each < found for each in durations) < share * len(durations)


def test_of_nothing_there_is_no_median_and_no_share() -> None:
    assert (quantile({}, 0.5), quantile({3: 0}, 0.5), share_of(0, 0), share_of(1, 4)) == (None, None, None, 0.25)


def test_a_token_follows_from_key_and_name_and_fits_a_number_of_the_database() -> None:
    one = token(bytes(32), "patron:abc")
    assert one == token(bytes(32), "patron:abc")
    assert len({one, token(bytes(32), "patron:abd"), token(bytes(31) + b"1", "patron:abc")}) == 3
    assert 0 <= one < 2**63
