"""Claims about second factors: codes by time, and codes on paper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lending.domain import second_factors as rules

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The secret of RFC 6238's own examples, in base 32."""

STEP = timedelta(seconds=rules.SECONDS)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, the last six digits."""
    assert rules.matching_step(SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


def test_the_codes_before_and_after_are_taken_and_no_others() -> None:
    at = datetime.fromtimestamp(1234567890, UTC)
    taken = [steps for steps in range(-3, 4) if rules.matching_step(SECRET, "005924", at + steps * STEP)]
    assert taken == [-1, 0, 1]


@pytest.mark.parametrize("typed", ["005 924", " 005924 ", "005-924"])
def test_blanks_in_a_code_do_no_harm(typed: str) -> None:
    assert rules.matching_step(SECRET, typed, datetime.fromtimestamp(1234567890, UTC))


@pytest.mark.parametrize("typed", ["", "5924", "0059240", "٠٠٥٩٢٤", "abcdef", "005924x", "-" * 6, "1" * 10_000])
def test_what_is_no_code_fits_nothing(typed: str) -> None:
    assert rules.matching_step(SECRET, typed, datetime.fromtimestamp(1234567890, UTC)) is None


def test_a_secret_is_new_each_time_and_long() -> None:
    made = {rules.new_secret() for _ in range(20)}
    assert len(made) == 20
    assert {len(secret) for secret in made} == {32}


def test_the_picture_names_the_account_and_the_library() -> None:
    address = rules.address_of(SECRET, account="ben", library="Los Ángeles & más")
    assert address.startswith("otpauth://totp/")
    assert f"secret={SECRET}" in address
    assert "ben" in address
    assert "&m" not in address


def test_recovery_codes_are_ten_and_typed_in_any_way() -> None:
    codes = rules.new_recovery_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert len(code) == 29
        digest = rules.recovery_digest(code)
        assert digest is not None
        assert digest == rules.recovery_digest(code.replace("-", "").upper()) == rules.recovery_digest(f" {code} ")


@pytest.mark.parametrize("typed", ["", "123456", "x" * 23, "x" * 25, "o" * 24, "x" * 10_000])
def test_what_cannot_be_a_recovery_code_has_no_digest(typed: str) -> None:
    assert rules.recovery_digest(typed) is None
