"""Claims about cards: blocked, run out, or neither."""

from __future__ import annotations

from datetime import date

import pytest

from lending.domain.cards import against_card
from lending.errors import Reason

TODAY = date(2026, 5, 20)


@pytest.mark.parametrize(
    ("blocked_reason", "expires_on", "expected"),
    [
        (None, None, {}),
        (None, TODAY, {}),
        (None, date(2026, 5, 19), {Reason.CARD_EXPIRED: {"on": date(2026, 5, 19)}}),
        ("Address unknown. ", None, {Reason.CARD_BLOCKED: {"note": "Address unknown"}}),
        (
            "Address unknown",
            date(2026, 5, 19),
            {Reason.CARD_BLOCKED: {"note": "Address unknown"}, Reason.CARD_EXPIRED: {"on": date(2026, 5, 19)}},
        ),
    ],
    ids=["a good one", "on its last day", "run out", "blocked", "both"],
)
def test_everything_against_a_card_is_said(
    blocked_reason: str | None, expires_on: date | None, expected: dict[Reason, object]
) -> None:
    assert dict(against_card(blocked_reason, expires_on, TODAY)) == expected
