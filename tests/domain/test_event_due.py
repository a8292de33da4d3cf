"""When a kit is due that went to a workshop or another event."""

from __future__ import annotations

from datetime import date, timedelta

from lending.domain.due_dates import DueRule, event_due
from tests.domain.test_due_dates import NEVER, branch, closing, due, every_zone, local


@every_zone
def test_use_at_an_event_ends_at_the_first_closing_after_it(zone: str) -> None:
    friday, at = date(2026, 5, 8), local(zone, date(2026, 5, 8))
    assert event_due(branch(zone), local(zone, friday), at=at) == due(zone, friday, DueRule.IN_LIBRARY)
    assert event_due(branch(zone), closing(zone, friday), at=at) == due(zone, friday, DueRule.IN_LIBRARY)
    late = closing(zone, friday) + timedelta(minutes=1)
    assert event_due(branch(zone), late, at=at) == due(zone, date(2026, 5, 9), DueRule.IN_LIBRARY)
    on_a_sunday = local(zone, date(2026, 5, 10))
    assert event_due(branch(zone), on_a_sunday, at=at) == due(zone, date(2026, 5, 11), DueRule.IN_LIBRARY)
    assert event_due(branch(zone, hours=NEVER), late, at=at) is None
