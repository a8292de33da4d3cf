"""Claims about secrets as rows keep them."""

from __future__ import annotations

import pytest

from lending.domain.kept_secrets import hidden, revealed

GIVEN = {"key": "the key of an invented library, long enough", "purpose": "a door", "owner": "7"}
SECRET = b"twenty bytes of some"


def test_who_hid_a_secret_reads_it_again() -> None:
    kept = hidden(SECRET, **GIVEN)
    assert revealed(kept, **GIVEN) == SECRET
    assert (len(kept), kept.isascii()) == (64, True)


def test_the_same_secret_never_looks_the_same() -> None:
    assert len({hidden(SECRET, **GIVEN) for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "other", [{"key": "another key, and as long as that one"}, {"purpose": "a gate"}, {"owner": "8"}]
)
def test_with_anything_else_nobody_reads_it(other: dict[str, str]) -> None:
    assert revealed(hidden(SECRET, **GIVEN), **{**GIVEN, **other}) is None


def test_one_that_was_changed_is_none() -> None:
    kept = hidden(SECRET, **GIVEN)
    changed = [kept[:place] + ("A" if kept[place] != "A" else "B") + kept[place + 1 :] for place in range(len(kept))]
    assert not any(revealed(one, **GIVEN) for one in changed)


@pytest.mark.parametrize("kept", ["", "A", "AAAA", "A" * 16, "not base64 at all!", "\u00e9" * 64])
def test_what_was_never_hidden_is_no_secret(kept: str) -> None:
    assert revealed(kept, **GIVEN) is None
