"""Every counter has a name and a definition to be read, and it is the one by which it is counted."""

from __future__ import annotations

from lending.domain.counting import DEFINITIONS, PART_DEFINITIONS
from lending.reporting import words


def test_the_definitions_are_those_of_the_rules() -> None:
    assert {counter: sentence for counter, (_, sentence) in words.COUNTERS.items()} == dict(DEFINITIONS)
    assert {counter: sentence for counter, (_, sentence) in words.PARTS.items()} == dict(PART_DEFINITIONS)


def test_no_two_counters_are_called_alike() -> None:
    names = [name for name, _ in words.COUNTERS.values()]
    assert len(names) == len(set(names))
