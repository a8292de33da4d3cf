"""The page that other programmers read tells every event and no other, and its lines of Python do what they say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lending.clock import SystemClock
from lending.domain.signatures import signed
from lending.domain.webhooks import EVENTS
from tests.guards.tree import text

PAGE = text(Path("docs/webhooks.md"))
BODY = b'{"event": "ping"}'


def is_from_the_library() -> Any:
    """The function that the page gives away."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    found: dict[str, Any] = {}
    exec(source, found)  # noqa: S102 - the page's own lines
    return found["is_from_the_library"]


def test_every_event_is_on_the_page_and_no_other() -> None:
    table = PAGE.partition("## Events")[2].partition("## ")[0]
    assert set(re.findall(r"`(\w+\.\w+)`", table)) == set(EVENTS)


def test_the_lines_of_the_page_tell_the_librarys_messages_from_others() -> None:
    check, now = is_from_the_library(), SystemClock().now()
    headers = signed("a secret", BODY, at=now)
    assert check("a secret", headers, BODY)
    assert not check("another secret", headers, BODY)
    assert not check("a secret", headers, BODY + b" ")
    assert not check("a secret", signed("a secret", BODY, at=datetime(2026, 3, 3, tzinfo=UTC)), BODY)
