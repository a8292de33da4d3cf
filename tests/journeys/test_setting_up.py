"""From an empty database through the wizard to the first check-out at the desk: a person's steps, within ten minutes.

Source: issue "Patrons reserve online", "Done when" 3; SCREENS, "A first-run wizard to the first loan in ten minutes".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import BrowserContext, Page

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.states import LoanState
from lending.models.loans import Loan
from tests.cast import NOW
from tests.journeys import looks
from tests.journeys.serving import serving
from tests.journeys.station import PATIENCE_MS, Station
from tests.journeys.test_accessibility import ASKED, AXE
from tests.web.browsers import an_app

CARD = "29999000000018"
SECONDS = {"page": 25, "typed": 12, "scan": 4, "press": 3}
"""What a step of a person takes: to read a page that is new to them, to think of a value and type it, to scan a code,
to press one button or key. A keystroke-level estimate on the slow side; reading and printing are in it.
"""
TEN_MINUTES = 600


@dataclass
class Person:
    """Somebody who has never seen the program, and what it costs them."""

    page: Page
    steps: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SECONDS, 0))

    def arrives_at(self, path: str) -> Person:
        """A new page, read; nothing is wrong with it and nothing stands beside it."""
        self.page.wait_for_url(f"**{path}")
        self.steps["page"] += 1
        assert looks.look(self.page, looks.SIDEWAYS, looks.CUT) == []
        self.page.evaluate(AXE_SCRIPT)
        assert self.page.evaluate(AXE, {"rules": ASKED}) == [], path
        return self

    def types(self, **values: str) -> Person:
        """Fill fields by their names."""
        for name, value in values.items():
            self.page.locator(f"main [name={name}]").fill(value)
            self.steps["typed"] += 1
        return self

    def presses(self, name: str) -> Person:
        """Press a button, or follow a link that looks like one."""
        self.page.locator("main .actions").locator("button, a").filter(has_text=name).first.click()
        self.steps["press"] += 1
        return self

    @property
    def seconds(self) -> int:
        """What all of it takes."""
        return sum(count * SECONDS[step] for step, count in self.steps.items())


@pytest.fixture
def url(sqlite_database: Database, clock: MovingClock, tmp_path: Path) -> Iterator[str]:
    """A library in which nobody works yet, served."""
    with serving(an_app(sqlite_database, clock, tmp_path)) as found:
        yield found


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_ten_minutes_lead_from_an_empty_database_to_the_first_check_out(
    sqlite_database: Database, new_context: Callable[..., BrowserContext], url: str, script: bool
) -> None:
    context = new_context(base_url=url, locale="en-US", viewport={"width": 390, "height": 768})
    context.set_default_timeout(PATIENCE_MS)
    person = Person(context.new_page())
    if not script:
        person.page.route("**/*.js", lambda route: route.abort())
    person.page.goto("/")
    person.arrives_at("/setup").types(
        library_name="Bell Gardens Library", name="María Quintero", username="maria", password="a few plain words"
    )
    person.presses("Save and go on").arrives_at("/setup/branch").types(name="Bell Gardens")
    person.presses("Save and go on").arrives_at("/setup/kit-type").presses("Save and go on")
    person.arrives_at("/setup/kits").types(count="3").presses("Save and go on")
    person.arrives_at("/setup/labels*").presses("Go on")
    person.arrives_at("/setup/lending").presses("Save and go on")
    person.arrives_at("/setup/patron").types(card=CARD, name="Teo Baptiste", birth_date="1988-04-05")
    person.presses("Save and go on").arrives_at("/setup/ready").presses("Open the desk").arrives_at("/desk")
    if script:
        check_out_by_scanning(person)
    else:
        check_out_by_the_plain_form(person)
    with sqlite_database.read() as session:
        [loan] = session.query(Loan)
    assert (loan.state, loan.checked_out_at) == (LoanState.OUT, NOW)
    assert person.seconds <= TEN_MINUTES, person.steps
    assert person.steps["page"] <= 10
    assert person.steps["typed"] <= 10


def check_out_by_scanning(person: Person) -> None:
    desk = Station(person.page)
    desk.scan(CARD).quiet().press("Alt+A")
    desk.scan("KIT-1001").quiet()
    person.steps["scan"] += 2
    person.steps["press"] += 1
    desk.says("KIT-1001 checked out to Teo B. Due Tue, Apr 14.")
    assert desk.troubles == []


def check_out_by_the_plain_form(person: Person) -> None:
    page = person.page
    for code in (CARD, "KIT-1001"):
        page.locator("#code").fill(code)
        if page.locator("#agreement").is_visible():
            page.locator("#agreement").check()
            person.steps["press"] += 1
        page.locator("#code").press("Enter")
        page.wait_for_load_state()
        person.steps["scan"] += 1
