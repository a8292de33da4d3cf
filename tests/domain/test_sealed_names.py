"""Sealed names: opened by their key, at their place, and by nothing else."""

from __future__ import annotations

import pytest

from lending.domain.sealed_names import KEY_BYTES, NameSeal, Unreadable

SEAL, OTHER = NameSeal(b"a" * KEY_BYTES), NameSeal(b"b" * KEY_BYTES)
NAME = "Nguyễn Thị Ánh-Rose O'Brien"


@pytest.mark.parametrize("name", [NAME, "", "X", "é" * 80])
def test_a_name_is_read_again_with_its_key_and_place(name: str) -> None:
    assert SEAL.open(SEAL.seal(name, "device:1:0"), "device:1:0") == name


def test_what_is_sealed_shows_neither_the_name_nor_its_length() -> None:
    sealed = SEAL.seal(NAME, "device:1:0")
    assert NAME.encode() not in sealed
    assert len(sealed) == len(SEAL.seal("X", "device:1:0"))
    assert sealed != SEAL.seal(NAME, "device:1:0")


def test_another_key_reads_nothing_and_says_so() -> None:
    with pytest.raises(Unreadable):
        OTHER.open(SEAL.seal(NAME, "device:1:0"), "device:1:0")
    assert OTHER.mark != SEAL.mark


def test_a_name_that_was_put_beside_another_device_is_not_read() -> None:
    with pytest.raises(Unreadable):
        SEAL.open(SEAL.seal(NAME, "device:1:0"), "device:2:0")


@pytest.mark.parametrize("broken", [b"", b"short", b"\0" * 92])
def test_a_name_that_somebody_changed_is_not_read(broken: bytes) -> None:
    with pytest.raises(Unreadable):
        SEAL.open(broken, "device:1:0")


def test_a_key_shows_itself_nowhere() -> None:
    assert "aaaa" not in repr(SEAL)


def test_a_key_of_another_length_is_none() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        NameSeal(b"short")
