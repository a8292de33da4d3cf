"""Lending rules that an administrator has changed, and a form of them that cannot be saved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import expect
from sqlalchemy.orm import Session

from lending.circulation.policy_changes import set_rules
from lending.domain.actors import Actor
from lending.domain.policies import Rules
from lending.queries.policies import rules_to_change
from tests.journeys.serving import Served
from tests.journeys.station import Station

NEXT_YEAR = datetime(2027, 1, 4, 8, tzinfo=UTC)


def change(library: Served) -> None:
    """An exception for a kind of kit, one for a library, and a change that is planned for everywhere."""
    library.act(_set, rules={"shelf_open_days": 10, "auto_renews": True}, kit_type="work-ready", by=library.cast.eli)
    library.act(_set, rules={"household_limit": 2}, branch="ELA", by=library.cast.eli)
    library.act(_set, rules={"loan_days": 28}, valid_from=NEXT_YEAR, by=library.cast.eli)


def _set(
    session: Session,
    *,
    rules: Rules,
    kit_type: str | None = None,
    branch: str | None = None,
    at: datetime,
    by: Actor,
    **when: Any,
) -> None:
    seen = rules_to_change(session, kit_type, branch, at=at).seen
    set_rules(session, kit_type=kit_type, branch=branch, rules=rules, seen=seen, at=at, by=by, **when)


def send_wrong(station: Station) -> None:
    """Send numbers that are out of bounds."""
    for field, typed in (("loan_days", "0"), ("owes_limit_cents", "5000")):
        station.page.locator(f"#{field}").fill(typed)
    station.page.locator("main form.card-plain [type=submit]").click()
    expect(station.page.locator(".problem")).to_be_visible()
