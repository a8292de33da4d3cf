"""Claims about what a patron's record may say, field by field."""

from __future__ import annotations

from datetime import date

import pytest

from lending.domain.registration import REQUIRED, read_details
from lending.errors import Block, Reason, Refused

TODAY = date(2026, 5, 4)


def _refused(**given: object) -> list[Block]:
    with pytest.raises(Refused) as refused:
        read_details(given, today=TODAY)
    return list(refused.value.blocks)


def test_values_are_read_as_a_record_keeps_them() -> None:
    assert read_details(
        {
            "name": "  Ana   María Morales ",
            "birth_date": "1990-02-28",
            "email": "ana@EXAMPLE.org",
            "phone": "(213) 555-0142",
            "unit": " ",
            "language": "es",
            "expires_on": date(2028, 1, 1),
            "keeps_history": True,
            "note": "first line\nsecond line\n",
        },
        today=TODAY,
    ) == {
        "name": "Ana María Morales",
        "birth_date": date(1990, 2, 28),
        "email": "ana@example.org",
        "phone": "+12135550142",
        "unit": None,
        "language": "es",
        "expires_on": date(2028, 1, 1),
        "keeps_history": True,
        "note": "first line\nsecond line",
    }


@pytest.mark.parametrize("name", ["李小龍", "محمد علي", "Nguyễn Thị Hương", "Olena Шевченко", "అనిత", "O'Brien-Łukasz"])
def test_a_name_may_be_in_any_script(name: str) -> None:
    assert read_details({"name": name}, today=TODAY) == {"name": name}


def test_a_name_is_kept_in_composed_letters() -> None:
    assert read_details({"name": "Jose\u0301"}, today=TODAY) == {"name": "José"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "---"),
        ("name", "A\x00na"),
        ("name", "Ana\ud800"),
        ("name", "x" * 161),
        ("name", 5),
        ("birth_date", "2026-05-05"),
        ("birth_date", "1899-12-31"),
        ("birth_date", "05/04/1990"),
        ("birth_date", "2026-02-29"),
        ("birth_date", "20260101"),
        ("guardian_agreed_on", date(2026, 5, 5)),
        ("email", "ana"),
        ("phone", "555"),
        ("language", "xx"),
        ("language", "../etc"),
        ("keeps_history", "yes"),
        ("home_branch_id", True),
        ("note", "x" * 501),
        ("note", "a\x1bb"),
        ("status", "erased"),
        ("blocked_reason", None),
        ("id", 1),
    ],
)
def test_what_a_field_cannot_be_is_refused_by_its_name(field: str, value: object) -> None:
    assert _refused(**{field: value}) == [Block(Reason.VALUE_WRONG, {"field": field})]


def test_everything_wrong_is_told_at_once() -> None:
    blocks = _refused(name="", birth_date="2100-01-01", email="ana", phone="2135550142")
    assert [(block.reason, block.detail["field"]) for block in blocks] == [
        (Reason.VALUE_MISSING, "name"),
        (Reason.VALUE_WRONG, "birth_date"),
        (Reason.VALUE_WRONG, "email"),
    ]


def test_a_new_patron_needs_a_name_and_a_birth_date() -> None:
    with pytest.raises(Refused) as refused:
        read_details({}, today=TODAY, required=REQUIRED)
    assert [block.detail["field"] for block in refused.value.blocks] == ["birth_date", "name"]


def test_the_day_of_birth_may_be_today() -> None:
    assert read_details({"birth_date": TODAY}, today=TODAY) == {"birth_date": TODAY}
