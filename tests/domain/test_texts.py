"""How many segments a text message takes."""

from __future__ import annotations

import pytest

from lending.domain.texts import is_gsm, segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ñ" * 160, 1),
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("á" * 134, 2),
        ("á" * 135, 3),
        ("👍" * 35, 1),
        ("👍" * 36, 2),
    ],
)
def test_a_text_is_parted_as_the_network_parts_it(text: str, expected: int) -> None:
    assert segments(text) == expected


def test_a_sign_of_two_is_not_torn_between_segments() -> None:
    assert segments("a" * 152 + "€" + "a" * 151) == 2
    assert segments("a" * 152 + "€" + "a" * 151 + "b") == 3


def test_the_network_knows_some_accents_and_not_others() -> None:
    assert is_gsm("El Niño, à la carte")
    assert not is_gsm("renovación")
