"""What answers to a survey come to, by tables."""

from __future__ import annotations

import pytest

from lending.domain.surveys import Agreement, agreement, read_ratings, read_words


@pytest.mark.parametrize(
    ("ratings", "found", "percent"),
    [
        ([], Agreement(0, 0), None),
        ([5, 5, 5, 5], Agreement(4, 4), None),
        ([5, 4, 3, 2, 1], Agreement(5, 2), 40),
        ([5, None, None, 4, 4, 1, 3, 5], Agreement(6, 4), 67),
        ([1] * 7 + [4], Agreement(8, 1), 13),
        ([4] * 5, Agreement(5, 5), 100),
    ],
    ids=["nobody", "too few", "four and five agree", "who skips is not of them", "halves go up", "all"],
)
def test_percent_agree_is_of_those_who_answered_and_told_of_five_or_more(
    ratings: list[int | None], found: Agreement, percent: int | None
) -> None:
    assert agreement(ratings) == found
    assert found.percent == percent


def test_a_statement_that_was_skipped_is_none_and_nothing_else_is_taken() -> None:
    assert read_ratings({"learned": 3, "role": "admin"}) == {
        "learned": 3,
        "confident": None,
        "intends": None,
        "aware": None,
    }
    for wrong in (0, 6, "5", 4.0, True):
        with pytest.raises(ValueError, match="whole number"):
            read_ratings({"aware": wrong})


def test_words_are_kept_as_they_were_written() -> None:
    assert read_words({"helped": " Ya sé más.\n¡Gracias! ", "better": "  "}) == {
        "helped": "Ya sé más.\n¡Gracias!",
        "better": None,
    }
    for wrong in ("x" * 1001, "a\0b", 5):
        with pytest.raises(ValueError, match="characters"):
            read_words({"better": wrong})
