"""Claims about reaching a patron: what is an address or a number, and who shares a household."""

from __future__ import annotations

import pytest

from lending.domain.contacts import (
    address_key,
    email_address,
    masked_email,
    masked_phone,
    phone_as_written,
    phone_number,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ana@example.org", "ana@example.org"),
        ("  Ana.Morales@EXAMPLE.org ", "Ana.Morales@example.org"),
        ("nguyễn@example.org", "nguyễn@example.org"),
        ("a+kits@bücher.example.com", "a+kits@bücher.example.com"),
    ],
)
def test_an_address_is_kept_as_written_with_its_domain_in_lower_case(typed: str, kept: str) -> None:
    assert email_address(typed) == kept


@pytest.mark.parametrize("typed", ["", "ana", "ana@", "@example.org", "ana@localhost", "a b@example.org", "a@b@c.org"])
def test_what_cannot_be_an_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        email_address(typed)


@pytest.mark.parametrize(
    "typed", ["2135550142", "(213) 555-0142", "213.555.0142", "+1 213 555 0142", "1-213-555-0142", "٢١٣٥٥٥٠١٤٢"]
)
def test_a_number_is_the_same_however_it_is_written(typed: str) -> None:
    assert phone_number(typed) == "+12135550142"


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("+12135550142", "(213) 555-0142"),
        ("+525555550142", "+525555550142"),
        ("ana@example.org", "ana@example.org"),
        ("", ""),
    ],
)
def test_a_number_of_the_united_states_is_shown_as_people_write_it(kept: str, shown: str) -> None:
    assert phone_as_written(kept) == shown


def test_a_number_that_names_its_country_is_of_that_country() -> None:
    assert phone_number("+52 55 5555 0142") == "+525555550142"


@pytest.mark.parametrize("typed", ["", "555", "call me", "213555014", "21355501420000000"])
def test_what_cannot_be_a_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        phone_number(typed)


SAME_DOOR = [
    ("4837 East Third Street", "Apt. 4-B", "Los Angeles", "90022"),
    ("4837 E. Third St.", "#4b", "East Los Angeles", "90022-1234"),
    ("4837 e third st apt 4B", None, None, "90022"),
    ("4837 E Third St #4 B", "", "Los Angeles", " 90022 "),
    ("4837 E Thírd St, Unit 4b", None, None, "90022"),
]


@pytest.mark.parametrize("address", SAME_DOOR)
def test_one_door_is_one_household_however_it_is_written(address: tuple[str, str | None, str | None, str]) -> None:
    assert address_key(*address) == "4b|90022|4837 e third st"


@pytest.mark.parametrize(
    "address",
    [
        ("4837 East Third Street", "Apt. 5-B", "Los Angeles", "90022"),
        ("4837 East Third Street", None, "Los Angeles", "90022"),
        ("4837 East Third Street", "Apt. 4-B", "Los Angeles", "90023"),
        ("4839 East Third Street", "Apt. 4-B", "Los Angeles", "90022"),
    ],
)
def test_another_door_is_another_household(address: tuple[str, str | None, str, str]) -> None:
    assert address_key(*address) != "4b|90022|4837 e third st"


@pytest.mark.parametrize(
    "address", [(None, None, None, None), ("", "4B", "Los Angeles", "90022"), ("4837 E Third St", "4B", None, " ")]
)
def test_no_address_matches_nobody(address: tuple[str | None, str | None, str | None, str | None]) -> None:
    assert address_key(*address) is None


def test_without_a_postal_code_the_city_counts() -> None:
    assert address_key("Calle Sol 3", None, "Mérida") == address_key("calle sol 3", None, "MERIDA")
    assert address_key("Calle Sol 3", None, "Mérida") != address_key("Calle Sol 3", None, "Oaxaca")


def test_a_street_named_no_is_not_taken_for_a_unit() -> None:
    assert address_key("No Name Road", None, "Lancaster") == "|lancaster|no name rd"


def test_a_key_always_fits_its_column() -> None:
    key = address_key("x" * 160, "y" * 40, "z" * 80, "90022")
    assert key is not None
    assert len(key) == 200


def test_contact_details_are_recognised_but_not_read() -> None:
    assert masked_email("ana@example.org") == "a•••@example.org"
    assert masked_phone("+12135550142") == "•••42"
    assert masked_email(None) is None
    assert masked_phone(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "ana@example.org",
        "Ana.Morales+kits@EXAMPLE.org",
        "a_b-c@sub.example.org",
        "x@bücher.example",
        "josé@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a@example",
        "a@-example.org",
        "a@exa mple.org",
        "@example.org",
        "a@b@example.org",
        '"a b"@example.org',
        "a" * 64 + "@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 60 + "." + "c" * 60 + "." + "d" * 60 + "." + "e" * 60 + ".example.org",
    ],
)
def test_a_usual_address_is_judged_as_the_library_for_addresses_would(text: str) -> None:
    from email_validator import EmailNotValidError, validate_email

    try:
        expected = validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        with pytest.raises(ValueError, match=r"."):
            email_address(text)
    else:
        assert email_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "(213) 555-0142",
        "213-555-0142",
        "213.555.0142",
        "2135550142",
        "+1 213 555 0142",
        "1-213-555-0142",
        "12135550142",
    ],
)
def test_a_usual_number_is_read_as_the_library_for_numbers_would(text: str) -> None:
    import phonenumbers

    number = phonenumbers.parse(text, "US")
    expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert phone_number(text) == expected == "+12135550142"
