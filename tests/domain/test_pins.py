"""What a PIN may be."""

from __future__ import annotations

from datetime import date

import pytest

from lending.domain.pins import check_pin
from lending.errors import Reason, Refused
from tests.cast import ADA

BORN = date(1990, 5, 17)


@pytest.mark.parametrize("pin", ["739120", "402817394016", "112233", "900518"])
def test_six_to_twelve_digits_are_a_pin(pin: str) -> None:
    assert check_pin(pin, card=ADA, birth_date=BORN) == pin


@pytest.mark.parametrize(
    "pin",
    [
        *("", "73912", "7391204028173", "73a120", " 739120", "٧٣٩١٢٠", "-39120"),
        *("000000", "777777", "123456", "0123456789", "654321", "890123"),
        *(ADA[-6:], ADA[-8:], "051790", "170590", "900517", "05171990", "19900517"),
    ],
)
def test_what_is_tried_first_is_none(pin: str) -> None:
    with pytest.raises(Refused) as refused:
        check_pin(pin, card=ADA, birth_date=BORN)
    assert [block.reason for block in refused.value.blocks] == [Reason.PIN_UNFIT]
    assert refused.value.blocks[0].detail["field"] == "pin"


def test_without_a_card_and_a_birth_date_only_the_digits_count() -> None:
    assert check_pin("051790") == "051790"
