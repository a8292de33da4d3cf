"""Every counter has a name and a definition to be read."""

from __future__ import annotations

from lending.domain.counting import Counter, PartCounter
from lending.domain.hiring import Figure
from lending.domain.surveys import STATEMENTS
from lending.models.outcomes import HeardFrom
from lending.reporting import words


def test_whatever_is_counted_has_a_name() -> None:
    assert set(words.COUNTERS) == set(Counter)
    assert set(words.PARTS) == set(PartCounter)
    assert set(words.HIRING) == set(Figure)
    assert set(words.STATEMENTS) == set(STATEMENTS)
    assert set(words.HEARD) == set(HeardFrom)


def test_no_two_counters_are_called_alike() -> None:
    names = [name for name, _ in (*words.COUNTERS.values(), *words.HIRING.values())]
    assert len(names) == len(set(names))
