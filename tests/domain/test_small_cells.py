"""No count under five leaves the library, nor one from which such a count could be worked out."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.small_cells import Hidden, Shown, Sum, hidden, hidden_table, hidden_with_total, hide, rank

U, N = Hidden.UNDER_FIVE, Hidden.NOT_SHOWN


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_count_under_five_is_hidden(count: int) -> None:
    assert hidden([count, 40, 50]) == [U, N, 50]


def test_nought_and_five_and_unknown_stay_as_they_are() -> None:
    assert hidden([0, 5, None]) == [0, 5, None]


def test_one_small_count_takes_the_next_smallest_with_it() -> None:
    assert hidden_with_total([3, 40, 12, 0]) == ([U, 40, N, 0], 55)


def test_a_count_that_is_not_small_is_never_called_under_five() -> None:
    assert hidden([3, 40])[1] is N


def test_two_small_counts_hide_each_other_where_they_are_not_the_least_nor_the_most_they_can_be() -> None:
    assert hidden_with_total([2, 4, 40]) == ([U, U, 40], 46)
    assert hidden_with_total([4, 4, 40]) == ([U, U, N], 48)


def test_small_counts_that_are_few_together_take_another_with_them() -> None:
    assert hidden_with_total([1, 2, 40, 50]) == ([U, U, N, 50], 93)
    assert hidden_with_total([2, 2, 40, 50]) == ([U, U, N, 50], 94)
    assert hidden_with_total([2, 3, 40, 50]) == ([U, U, 40, 50], 95)


def test_where_nothing_else_is_left_the_sum_is_hidden() -> None:
    assert hidden_with_total([4, 4]) == ([U, U], N)
    assert hidden_with_total([1, 5]) == ([U, N], N)
    assert hidden_with_total([3, 0]) == ([U, 0], U)


def test_a_sum_that_gives_way_is_hidden_before_its_parts() -> None:
    numbers = {"circulation": 43, "check-outs": 40, "renewals": 3}
    of = ("circulation", ("check-outs", "renewals"))
    assert hide(numbers, [Sum(*of)]) == {"circulation": 43, "check-outs": N, "renewals": U}
    assert hide(numbers, [Sum(*of, gives_way=True)]) == {"circulation": N, "check-outs": 40, "renewals": U}
    assert hide({**numbers, "renewals": 0, "circulation": 40}, [Sum(*of, gives_way=True)])["circulation"] == 40


def test_the_sum_of_four_ones_does_not_tell_what_they_are() -> None:
    assert hidden_with_total([1, 1, 1, 1]) == ([U, U, U, U], N)


def test_the_sum_leaves_out_what_is_unknown_and_is_unknown_with_nothing_else() -> None:
    assert hidden_with_total([None, 7]) == ([None, 7], 7)
    assert hidden_with_total([None, None]) == ([None, None], None)
    assert hidden_with_total([]) == ([], None)


def test_a_table_is_hidden_along_its_rows_and_its_columns() -> None:
    table = hidden_table([[3, 20, 30], [50, 60, 70], [80, 90, 100]])
    assert table.rows == ((U, N, 30), (N, N, 70), (80, 90, 100))
    assert (table.row_totals, table.column_totals) == ((53, 180, 270), (133, 170, 200))
    assert table.total == 503


def test_an_empty_table_is_an_empty_table() -> None:
    assert hidden_table([]).rows == ()
    assert hidden_table([]).total is None


COUNT = st.one_of(st.integers(0, 7), st.integers(0, 7), st.none())


@given(st.lists(COUNT, max_size=5))
def test_nobody_works_out_a_small_count_of_a_column(counts: list[int | None]) -> None:
    shown, total = hidden_with_total(counts)
    known = [one for one in shown if one is not None]
    fitting = [guess for guess in product(*map(_guesses, known)) if _fits(sum(guess), total)]
    assert tuple(count for count in counts if count is not None) in fitting
    for place, told in enumerate(known):
        assert told is not U or len({guess[place] for guess in fitting}) > 1


@given(st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=2), min_size=2, max_size=2))
def test_nobody_works_out_a_small_count_of_a_table(rows: list[list[int]]) -> None:
    shown = hidden_table(rows)
    flat = [*shown.rows[0], *shown.rows[1]]
    fitting = [
        (a, b, c, d)
        for a, b, c, d in product(*map(_guesses, flat))
        if all(map(_fits, (a + b, c + d, a + c, b + d), (*shown.row_totals, *shown.column_totals)))
        and _fits(a + b + c + d, shown.total)
    ]
    assert (*rows[0], *rows[1]) in fitting
    for place, told in enumerate(flat):
        assert told is not U or len({guess[place] for guess in fitting}) > 1


def _guesses(told: Shown) -> range:
    """Every value that a number as it is shown may have, up to more than any of these tests."""
    if isinstance(told, Hidden):
        return range(1, 5) if told is U else range(5, 24)
    return range(told or 0, (told or 0) + 1)


def _fits(total: int, told: Shown) -> bool:
    if told is U:
        return 0 < total < 5
    return told is N or told is None or total == told


def test_the_order_of_a_list_says_nothing_of_small_counts() -> None:
    counts = {"Norwalk": 1, "Compton": 12, "Graham": 4, "Lennox": 0, "Florence": 2, "Topanga": 5}
    ordered = sorted(counts, key=lambda name: (rank(counts[name]), name))
    assert ordered == ["Compton", "Topanga", "Florence", "Graham", "Norwalk", "Lennox"]
    assert rank(None) == rank(0)
