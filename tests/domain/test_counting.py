"""Claims about the counters."""

from __future__ import annotations

import pytest

from lending.domain.counting import DEFINITIONS, Counter


@pytest.mark.parametrize("counter", list(Counter))
def test_every_counter_says_in_one_sentence_what_it_counts(counter: Counter) -> None:
    sentence = DEFINITIONS[counter]
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
    assert len(set(DEFINITIONS.values())) == len(Counter)
