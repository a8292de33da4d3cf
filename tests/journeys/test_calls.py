"""Overdue calls by keyboard: one key for each outcome, and the next one comes by itself."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import select

from lending.circulation.overdue import Stretch, climb
from lending.domain.ladders import DEFAULT
from lending.models.tasks import Task, TaskKind
from tests.journeys.conftest import Enter
from tests.journeys.crowd import lend_to_everybody
from tests.journeys.serving import Served


def calls(library: Served) -> list[tuple[str | None, int]]:
    """What came of each call, and how often it was tried."""
    with library.database.read() as session:
        found = session.scalars(select(Task).where(Task.kind == TaskKind.CALL).order_by(Task.id))
        return [(task.outcome, task.tries) for task in found]


def test_each_outcome_is_one_key_and_the_next_call_comes_by_itself(library: Served, enter: Enter) -> None:
    lend_to_everybody(library, 3)
    library.clock.move(timedelta(days=52))
    cast = library.cast
    library.act(climb, stretch=Stretch(cast.ela, cast.laptop_hotspot), ladder=DEFAULT, limit=10, by=cast.system)
    page = enter("ben", "/calls").page
    for name, key in (("Ana Morales", "1"), ("Arpi Hovhannisyan", "3"), ("Thuy Nguyen", "4")):
        expect(page.locator("#script ~ p").first).to_contain_text(name)
        expect(page.locator("button[name=outcome]").first).to_be_focused()
        page.wait_for_load_state("load")  # from then on its keys are listened to
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="Nobody to call")).to_be_visible()
    assert calls(library) == [("reached", 1), (None, 1), ("wrong_number", 1)]


def test_a_digit_pressed_elsewhere_notes_nothing(library: Served, enter: Enter) -> None:
    lend_to_everybody(library, 1)
    library.clock.move(timedelta(days=52))
    cast = library.cast
    library.act(climb, stretch=Stretch(cast.ela, cast.laptop_hotspot), ladder=DEFAULT, limit=10, by=cast.system)
    page = enter("ben", "/calls").page
    page.get_by_role("link", name="Ana Morales").focus()
    page.keyboard.press("1")
    page.locator("button[name=outcome]").first.focus()
    page.keyboard.press("Alt+1")
    expect(page.get_by_role("heading", name="What to say")).to_be_visible()
    assert calls(library) == [(None, 0)]
