"""Mail servers' reports of what could not be delivered."""

from __future__ import annotations

import pytest

from lending.mail.bounces import Bounce, read_bounce
from lending.mail.messages import Letterhead, message_id, notice_of
from tests.mail.reports import NAME, report


def test_a_report_names_the_message_and_says_that_nobody_is_there() -> None:
    assert read_bounce(report()) == Bounce(NAME, permanent=True, address_is_wrong=True)


def test_a_full_mailbox_is_no_wrong_address() -> None:
    assert read_bounce(report(status="5.2.2")) == Bounce(NAME, permanent=True, address_is_wrong=False)


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("failed", "4.4.7"), ("relayed", "2.0.0")])
def test_a_delay_is_not_for_good(action: str, status: str) -> None:
    assert read_bounce(report(action=action, status=status)) == Bounce(NAME, permanent=False, address_is_wrong=False)


def test_a_report_with_the_headers_alone_names_the_message_too() -> None:
    assert read_bounce(report(headers_alone=True)) == Bounce(NAME, permanent=True, address_is_wrong=True)


@pytest.mark.parametrize(
    "received", [b"", b"Subject: Hello\r\n\r\nIs the kit free?\r\n", b"\xff\x00", report(original="")]
)
def test_what_is_no_report_of_a_known_message_is_none(received: bytes) -> None:
    assert read_bounce(received) is None


def test_a_message_is_named_for_its_notice() -> None:
    sender = Letterhead("Library", "kits@library.example.org")
    assert notice_of(message_id("aB3_x-9", sender)) == "aB3_x-9"
    for other in ("<aB3@library.example.org>", "<notice.@host>", "<notice.a b@host>", "notice.x", ""):
        assert notice_of(other) is None
