"""No count under five leaves the library, nor one from which such a count could be worked out.

A count of 1 to 4 is shown as ``UNDER_FIVE``. Where it stands in a sum that is shown, or that somebody may know from
elsewhere, it could be had by taking the others away; so more counts of that sum are hidden as well, the smallest first
and last the sum itself, until the small ones can have at least two values and what is hidden together is five or more.
Those are shown as ``NOT_SHOWN``, because to call them "under 5" would not be true. Nought stays 0: it tells of nobody.
Unknown stays ``None``. Every sum of a table is looked at, and what follows from one sum for the next; tables that are
made of the same people in other ways (by branch here, by kit type there) are not compared with each other.
Source: RULES 8 (no cell under 5 in anything that leaves the library); ``permissions.csv``, "export statistics".
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, unique
from math import inf
from typing import Generic, TypeAlias, TypeVar

SMALLEST_SHOWN = 5
"""The least count, other than 0, that may leave the library."""


def rank(n: float | None) -> float:
    """By what a list is put in order, the most first: those that may not leave are as many as each other, so that
    their order says nothing of them.
    """
    return -max(n, SMALLEST_SHOWN - 1) if n else 0


Key = TypeVar("Key", bound=Hashable)


@unique
class Hidden(Enum):
    """What stands where a count is not shown. ``lending/phrases.py`` has the words."""

    UNDER_FIVE = "under 5"
    NOT_SHOWN = "not shown"


Shown: TypeAlias = int | Hidden | None
"""A count as it leaves: itself, hidden, or unknown."""


@dataclass(frozen=True, slots=True)
class Sum(Generic[Key]):
    """The numbers of ``parts`` add up to that of ``total``. ``gives_way``: it is hidden before they are, which people
    ask for."""

    total: Key
    parts: tuple[Key, ...]
    gives_way: bool = False


@dataclass(frozen=True, slots=True)
class HiddenTable:
    """A table of counts as it leaves, with what its rows and columns add up to."""

    rows: tuple[tuple[Shown, ...], ...]
    row_totals: tuple[Shown, ...]
    column_totals: tuple[Shown, ...]
    total: Shown


def hidden(counts: Sequence[int | None]) -> list[Shown]:
    """One column as it leaves. Its sum is taken to be known, even where the page does not show it."""
    return hidden_with_total(counts)[0]


def hidden_with_total(counts: Sequence[int | None]) -> tuple[list[Shown], Shown]:
    """One column and its sum as they leave; the sum of unknown counts alone is unknown."""
    numbers: dict[int, int | None] = dict(enumerate(counts))
    places = tuple(numbers)
    numbers[-1] = _added(counts)
    shown = hide(numbers, [Sum(-1, places)])
    return [shown[place] for place in places], shown[-1]


def hidden_table(rows: Sequence[Sequence[int | None]]) -> HiddenTable:
    """A table whose rows and whose columns are both added up, as it leaves. All rows are of one length."""
    columns = list(zip(*rows, strict=True))
    height, width = range(len(rows)), range(len(columns))
    numbers: dict[tuple[int, int], int | None] = {(y, x): rows[y][x] for y in height for x in width}
    numbers |= {(y, -1): _added(rows[y]) for y in height}
    numbers |= {(-1, x): _added(columns[x]) for x in width}
    numbers[-1, -1] = _added([numbers[y, -1] for y in height])
    sums = [Sum((y, -1), tuple((y, x) for x in width)) for y in (*height, -1)]
    sums += [Sum((-1, x), tuple((y, x) for y in height)) for x in (*width, -1)]
    shown = hide(numbers, sums)
    return HiddenTable(
        rows=tuple(tuple(shown[y, x] for x in width) for y in height),
        row_totals=tuple(shown[y, -1] for y in height),
        column_totals=tuple(shown[-1, x] for x in width),
        total=shown[-1, -1],
    )


def hide(numbers: Mapping[Key, int | None], sums: Sequence[Sum[Key]]) -> dict[Key, Shown]:
    """``numbers`` as they leave, where ``sums`` says which of them add up to which."""
    shown: dict[Key, Shown] = {
        key: Hidden.UNDER_FIVE if number is not None and 0 < number < SMALLEST_SHOWN else number
        for key, number in numbers.items()
    }
    while (more := _still_to_hide(numbers, shown, sums)) is not None:
        shown[more] = Hidden.NOT_SHOWN
    return shown


def _still_to_hide(
    numbers: Mapping[Key, int | None], shown: Mapping[Key, Shown], sums: Sequence[Sum[Key]]
) -> Key | None:
    """The next number to hide so that nobody works out a small one; ``None`` when nobody can."""
    telling = [one for one in sums if _worked_out(numbers, shown, [one]) or _few_together(numbers, shown, one)]
    if not telling and any(shown[key] is Hidden.UNDER_FIVE for key in _worked_out(numbers, shown, sums)):
        # No sum tells by itself, but what one tells lets another tell more.
        telling = [one for one in sums if any(isinstance(shown[key], Hidden) for key in (*one.parts, one.total))]
    for one in telling:
        if one.gives_way and isinstance(shown[one.total], int) and shown[one.total]:
            return one.total
        others = [part for part in one.parts if isinstance(shown[part], int) and shown[part]]
        if others:
            return min(others, key=lambda part: numbers[part] or 0)
        if shown[one.total] is not Hidden.NOT_SHOWN and numbers[one.total]:
            return one.total
    return None


def _few_together(numbers: Mapping[Key, int | None], shown: Mapping[Key, Shown], one: Sum[Key]) -> bool:
    """Whether the hidden parts of a shown sum are known to be few people, though not which part has how many."""
    together = sum(numbers[part] or 0 for part in one.parts if isinstance(shown[part], Hidden))
    return isinstance(shown[one.total], int) and 0 < together < SMALLEST_SHOWN


def _worked_out(numbers: Mapping[Key, int | None], shown: Mapping[Key, Shown], sums: Sequence[Sum[Key]]) -> set[Key]:
    """The hidden numbers of which only one value fits what ``sums`` tell."""
    known = [one for one in sums if numbers[one.total] is not None]
    bounds = {key: _known(numbers[key], shown[key]) for one in known for key in (*one.parts, one.total)}
    least = {key: bound[0] for key, bound in bounds.items()}
    most = {key: bound[1] for key, bound in bounds.items()}
    while sum(_narrow(one, least, most) for one in known):
        pass  # what one sum tells, the others may go on from
    return {key for key in bounds if isinstance(shown[key], Hidden) and least[key] == most[key]}


def _known(number: int | None, told: Shown) -> tuple[float, float]:
    """Between what a reader knows a number to be, before any sum. Unknown ones were left out of the sums."""
    if told is Hidden.UNDER_FIVE:
        return 1, SMALLEST_SHOWN - 1
    if told is Hidden.NOT_SHOWN:
        # A small sum is called "not shown" only when nothing else is left to hide; of all others a reader who knows
        # this rule knows that they are five at least.
        return (SMALLEST_SHOWN if (number or 0) >= SMALLEST_SHOWN else 1), inf
    return number or 0, number or 0


def _narrow(one: Sum[Key], least: dict[Key, float], most: dict[Key, float]) -> bool:
    """Use one sum to say more about its numbers; whether it did."""
    open_ones = [key for key in (*one.parts, one.total) if least[key] != most[key]]
    before = [(least[key], most[key]) for key in open_ones]
    at_least = sum(least[part] for part in one.parts)
    endless = [part for part in one.parts if most[part] == inf]
    at_most = sum(most[part] for part in one.parts if most[part] != inf)
    least[one.total] = max(least[one.total], at_least)
    most[one.total] = min(most[one.total], inf if endless else at_most)
    for part in open_ones:
        if part == one.total:
            continue
        low, high = least[part], most[part]
        most[part] = min(high, most[one.total] - (at_least - low))
        if not endless or endless == [part]:
            least[part] = max(low, least[one.total] - (at_most if endless else at_most - high))
    return before != [(least[key], most[key]) for key in open_ones]


def _added(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
