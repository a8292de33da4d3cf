"""From the start page to a confirmed reservation on a telephone: at most six pages and eight inputs, in each language.

With scripts and without. Source: issue "Patrons reserve online", Done when 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from lending.models.people import Card, Patron
from lending.models.reservations import Reservation
from lending.web import languages
from tests.cast import LUIS
from tests.journeys.conftest import read_in
from tests.journeys.serving import Served
from tests.journeys.station import PATIENCE_MS
from tests.web.browsers import PIN

MOST_PAGES, MOST_INPUTS = 6, 8
TELEPHONE = {"width": 390, "height": 844}


@dataclass
class Phone:
    """A telephone in the hand of somebody who reserves: the pages they saw since the first, and what they filled in."""

    page: Page
    pages: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)

    def seen(self, path: str) -> None:
        """The page that came is the one that was meant; nothing on it is wider than the screen."""
        self.page.wait_for_url(f"**{path}")
        self.pages.append(path)
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def fill(self, name: str, value: str) -> None:
        self.page.locator(f"[name={name}]").fill(value)
        self.inputs.append(name)

    def touch(self, name: str, value: str) -> None:
        self.page.locator(f"[name={name}][value='{value}']").check()
        self.inputs.append(name)

    def go_on(self, form: str = "main form:not(.start-over)") -> None:
        self.page.locator(f"{form} [type=submit]").last.click()


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def phone(
    request: pytest.FixtureRequest, new_context: Callable[..., BrowserContext], library: Served, language: str
) -> Phone:
    """A telephone at the library's first page, in a language."""
    options = {"base_url": library.url, "viewport": TELEPHONE, "java_script_enabled": request.param, "has_touch": True}
    context = new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    read_in(context.request, language)
    found = Phone(context.new_page())
    found.page.goto("/")
    expect(found.page.locator("html")).to_have_attribute("lang", language)
    found.page.locator("main a[href^='/reserve']").first.click()
    return found


@pytest.fixture(params=languages.codes())
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def choose_and_sign(phone: Phone) -> None:
    """The session, the library, how to tell, and the name instead of a signature."""
    phone.seen("/reserve/session")
    phone.touch("choice", "session:WR-7")
    phone.go_on()
    phone.seen("/reserve/library")
    phone.touch("place", "ELA/work-ready")
    phone.go_on()


def test_somebody_without_a_card_reserves_in_six_pages_and_eight_inputs(
    phone: Phone, library: Served, language: str
) -> None:
    phone.seen("/reserve")
    phone.page.locator("details.or > summary").click()
    phone.fill("name", "Nadia Haddad")
    phone.fill("birth_date", "1988-04-02")
    phone.fill("contact", "213 555 0142")
    phone.go_on("form:has(#name)")
    choose_and_sign(phone)
    phone.seen("/reserve/reach")
    phone.touch("channel", "text")
    phone.touch("language", language)
    phone.go_on()
    phone.seen("/reserve/check")
    phone.fill("typed_name", "Nadia Haddad")
    phone.go_on()
    phone.seen("/reserve/confirmed/*")
    with library.database.read() as session:
        nadia = session.scalars(select(Patron).where(Patron.provisional_since.is_not(None))).one()
        reference = session.scalars(select(Card.number).where(Card.patron_id == nadia.id)).one()
        kit = session.scalars(select(Reservation).where(Reservation.patron_id == nadia.id)).one()
    expect(phone.page.locator("main")).to_contain_text(reference)
    expect(phone.page.locator("main")).to_contain_text(kit.pickup_code)
    assert (nadia.language, kit.state) == (language, "promised")
    assert len(phone.pages) <= MOST_PAGES, phone.pages
    assert len(phone.inputs) <= MOST_INPUTS, phone.inputs


def test_a_patron_reserves_with_card_and_pin_in_fewer(phone: Phone, library: Served) -> None:
    library.database.act(lambda s: setattr(s.get_one(Patron, library.cast.luis_id), "email", "luis@example.org"))
    phone.seen("/reserve")
    phone.fill("card", LUIS)
    phone.fill("pin", PIN)
    phone.go_on("form:has(#card)")
    choose_and_sign(phone)
    phone.seen("/reserve/check")
    phone.go_on()
    phone.seen("/reserve/confirmed/*")
    assert (len(phone.pages), len(phone.inputs)) == (5, 4)


def test_the_button_back_shows_what_was_said_and_the_end_is_the_same(phone: Phone, library: Served) -> None:
    """Back twice from the library, forward again by the buttons of the pages: one person, one place."""
    phone.page.locator("details.or > summary").click()
    phone.fill("name", "Nadia Haddad")
    phone.fill("birth_date", "1988-04-02")
    phone.fill("contact", "nadia@example.org")
    phone.go_on("form:has(#name)")
    choose_and_sign(phone)
    phone.seen("/reserve/reach")
    phone.page.go_back()
    phone.page.go_back()
    expect(phone.page.locator("[name=choice][value='session:WR-7']")).to_be_checked()
    phone.go_on()
    phone.seen("/reserve/library")
    expect(phone.page.locator("[name=place][value='ELA/work-ready']")).to_be_checked()
    phone.go_on()
    phone.seen("/reserve/reach")
    phone.go_on()
    phone.fill("typed_name", "Nadia Haddad")
    phone.go_on()
    phone.seen("/reserve/confirmed/*")
    phone.page.go_back()
    phone.page.reload()
    with library.database.read() as session:
        assert len(session.scalars(select(Patron).where(Patron.provisional_since.is_not(None))).all()) == 1
