"""What is signed, and what is not taken for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lending.domain.signatures import FRESH, SIGNATURE, TIMESTAMP, is_signed, signature, signed

SECRET, BODY = "s" * 40, b'{"text": "STOP"}'
AT = datetime(2026, 3, 3, 18, tzinfo=UTC)


def holds(headers: dict[str, str], body: bytes = BODY, *, secret: str = SECRET, at: datetime = AT) -> bool:
    return is_signed(secret, body, timestamp=headers[TIMESTAMP], given=headers[SIGNATURE], at=at)


def test_what_is_signed_now_holds_for_five_minutes_either_way() -> None:
    headers = signed(SECRET, BODY, at=AT)
    for off in (-FRESH, timedelta(0), FRESH):
        assert holds(headers, at=AT + off)
    for off in (-FRESH, FRESH):
        assert not holds(headers, at=AT + off * 1.01)


def test_another_body_secret_or_time_breaks_it() -> None:
    headers = signed(SECRET, BODY, at=AT)
    assert not holds(headers, BODY + b" ")
    assert not holds(headers, secret="t" * 40)
    assert not holds({**headers, TIMESTAMP: str(int(AT.timestamp()) + 1)})


@pytest.mark.parametrize("given", ["", "sha256=", "sha256=é", "md5=00", "0" * 64])
def test_what_is_no_signature_is_none(given: str) -> None:
    assert not holds({**signed(SECRET, BODY, at=AT), SIGNATURE: given})


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "١٢٣", "9" * 13])
def test_what_is_no_time_is_none(timestamp: str) -> None:
    assert not holds({TIMESTAMP: timestamp, SIGNATURE: signature(SECRET, timestamp, BODY)})


def test_the_signature_is_that_of_the_document() -> None:
    """HMAC-SHA256 of ``1.a`` under ``key``, as OpenSSL makes it."""
    expected = "32a5f52f8b585db06b5960c1b30992c0575588cf6343eeb646efa5bfd9ca5a17"
    assert signature("key", "1", b"a") == f"sha256={expected}"
