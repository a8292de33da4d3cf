"""Claims about passwords: what is kept, what matches, and that an unknown name costs as much as a known one."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from lending.errors import Reason, Refused
from lending.passwords import LONGEST, SHORTEST, hash_password, hash_secret, matches

PASSWORD = "correct horse battery"


def test_the_right_password_matches_and_another_does_not() -> None:
    kept = hash_password(PASSWORD)
    assert matches(PASSWORD, kept)
    assert not matches("correct horse batterx", kept)


def test_the_hash_is_argon2id_with_the_parameters_of_owasp() -> None:
    assert hash_password(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_same_password_is_kept_differently_each_time() -> None:
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


@pytest.mark.parametrize("password", ["", "x" * (SHORTEST - 1), "x" * (LONGEST + 1)])
def test_a_password_of_the_wrong_length_is_refused(password: str) -> None:
    with pytest.raises(Refused) as refused:
        hash_password(password)
    assert refused.value.blocks[0].reason is Reason.PASSWORD_TOO_SHORT


def test_a_pin_may_be_short() -> None:
    assert matches("4821", hash_secret("4821"))


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$v=19$m=19456,t=2,p=1$AAAA"])
def test_nothing_matches_an_account_without_a_password(kept: str | None) -> None:
    assert not matches(PASSWORD, kept)
    assert not matches("", kept)


def test_an_unknown_account_is_compared_with_a_real_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    verify = PasswordHasher.verify

    def watched(self: PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:
        compared.append(str(hash))
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    assert not matches(PASSWORD, None)
    assert [hash[:30] for hash in compared] == ["$argon2id$v=19$m=19456,t=2,p=1"]


def test_an_endless_password_is_not_hashed() -> None:
    assert not matches("x" * 1_000_000, hash_password(PASSWORD))
