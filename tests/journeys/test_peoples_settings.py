"""Pages as people have set their machines: no motion, colours of their own, a keyboard alone, no scripts.

Source: SCREENS, "Accessibility"; WCAG 2.2, 1.4.11, 2.1.1, 2.3.3.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from lending.domain.states import LoanState
from lending.models.kits import Kit
from lending.models.people import Patron
from lending.models.reservations import Reservation
from tests.cast import ADA, KIT
from tests.journeys import looks
from tests.journeys.conftest import WINDOW, Enter
from tests.journeys.serving import Served
from tests.journeys.station import PATIENCE_MS, Station
from tests.web.browsers import PIN

OF_STAFF = ("/desk", "/returns", "/shelf", "/kits", "/kits/new", "/help")
OF_PATRONS = ("/", "/my", "/my/place", "/accessibility")
MOST_TABS = 80
"""How often Tab may be pressed before somebody would give up."""


@pytest.fixture
def everybody(enter: Enter) -> tuple[tuple[Station, tuple[str, ...]], ...]:
    """A window of staff and one of a patron, and the pages that each looks at."""
    return (enter("eli", "/help"), OF_STAFF), (enter(ADA, "/my"), OF_PATRONS)


def test_nothing_moves_for_somebody_who_asked_for_that(everybody: tuple[tuple[Station, tuple[str, ...]], ...]) -> None:
    assert looks.look(everybody[0][0].open("/kits").page, looks.MOTION) != [], "for everybody else, buttons glide"
    for station, paths in everybody:
        for path in paths:
            station.page.emulate_media(reduced_motion="reduce")
            assert looks.look(station.open(path).page, looks.MOTION) == [], path


def test_controls_states_and_the_focus_keep_their_shape_in_a_readers_own_colours(
    everybody: tuple[tuple[Station, tuple[str, ...]], ...],
) -> None:
    assert looks.look(everybody[0][0].open("/desk").page, looks.EDGES) != [], "in ours, the banner is a tint"
    for station, paths in everybody:
        for path in paths:
            for scheme in ("light", "dark"):
                station.page.emulate_media(forced_colors="active", color_scheme=scheme)  # type: ignore[arg-type]  # one of two
                page = station.open(path).page
                assert looks.look(page, looks.EDGES, looks.FOCUS) == [], f"{path} {scheme}"


# --- A keyboard alone -------------------------------------------------------------------------------------------------


def tab_to(page: Page, what: str) -> None:
    """Press Tab until the focus is on ``what``; on the way it is never nowhere for two presses."""
    lost = 0
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        found, nowhere = page.evaluate(
            "(what) => [document.activeElement.matches(what), document.activeElement === document.body]", what
        )
        lost = lost + 1 if nowhere else 0
        assert lost < 2, "The focus is nowhere."
        if found:
            return
    raise AssertionError(f"{MOST_TABS} times Tab did not lead to {what}.")


def type_and_enter(page: Page, text: str) -> None:
    page.keyboard.type(text, delay=60)  # by hand: a scanner is faster
    page.keyboard.press("Enter")


def test_a_kit_is_lent_taken_back_and_inspected_by_keyboard_alone(library: Served, enter: Enter) -> None:
    desk = enter("ben", "/desk")
    page = desk.page
    for code in (ADA, KIT):
        type_and_enter(page, code)
        desk.quiet()
        assert desk.focus() == "code"
    desk.counts(out=1)
    desk.press("Alt+R")
    page.wait_for_url("**/returns")
    assert desk.focus() == "code"
    type_and_enter(page, KIT)
    desk.counts(in_=1)
    assert desk.focus() == "code"
    tab_to_inspection(page)
    type_and_enter(page, KIT)
    page.wait_for_url(f"**/inspection/{KIT}")
    for step in ("wiped", "charged", "restocked"):
        tab_to(page, f"[name=step-{step}]")
        page.keyboard.press("Space")
    tab_to(page, "[name=all_here]")
    page.keyboard.press("Enter")
    expect(page.locator(".notice").first).to_have_text("KIT-1042 is free again.")
    assert desk.focus() == "code"
    assert [loan.state for loan in library.loans()] == [LoanState.CLOSED]
    with library.database.read() as session:
        assert session.query(Kit).filter_by(barcode=KIT).one().state == "available"


def tab_to_inspection(page: Page) -> None:
    """By the skip link's way round: the bar's link, reached from the top of the page."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.dataset.act") == "inspection":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/inspection")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_patron_signs_in_and_out_by_keyboard_alone(
    library: Served, new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    page = new_context(base_url=library.url, viewport=WINDOW, locale="en-US", java_script_enabled=scripts).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/my")
    tab_to(page, "#card")
    page.keyboard.type(ADA)
    page.keyboard.press("Tab")
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    problem = page.locator(".problem")
    expect(problem).to_be_focused()
    assert page.title().startswith("Error:")
    tab_to(page, "#pin")
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/my")
    expect(page.locator("#main")).to_be_focused()
    tab_to(page, "a[href='/my/place']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/my/place")
    tab_to(page, "form[action='/my/sign-out'] button")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.endswith("/"))
    page.goto("/my")
    expect(page.locator("#card")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_newcomer_reserves_by_keyboard_alone(
    library: Served, new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    """From the start page to a confirmed reservation; nothing is ever touched or clicked."""
    context = new_context(base_url=library.url, viewport=WINDOW, locale="en-US", java_script_enabled=scripts)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/")
    press_on(page, "main a[href^='/reserve']")
    page.wait_for_url("**/reserve")
    press_on(page, "details.or > summary")
    write_in(page, name="Nadia Haddad", birth_date="04021988", contact="213 555 0142")  # as a date is typed in English
    page.keyboard.press("Enter")
    page.wait_for_url("**/reserve/session")
    choose_by_arrows(page, "choice", "session:WR-7")
    page.wait_for_url("**/reserve/library")
    choose_by_arrows(page, "place", "ELA/work-ready")
    page.wait_for_url("**/reserve/reach")
    choose_by_arrows(page, "channel", "text")
    page.wait_for_url("**/reserve/check")
    write_in(page, typed_name="Nadia Haddad")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reserve/confirmed/*")
    with library.database.read() as session:
        nadia = session.query(Patron).filter(Patron.provisional_since.is_not(None)).one()
        assert session.query(Reservation).filter_by(patron_id=nadia.id).one().state == "promised"


def press_on(page: Page, what: str) -> None:
    tab_to(page, what)
    page.keyboard.press("Enter")


def write_in(page: Page, **given: str) -> None:
    for name, value in given.items():
        tab_to(page, f"#{name}")
        page.keyboard.type(value)


def choose_by_arrows(page: Page, name: str, value: str) -> None:
    """Tab into the choices, go down until the one that is meant is marked, and send the form."""
    tab_to(page, f"[name={name}]")
    page.keyboard.press("Space")
    for _ in range(MOST_TABS):
        if page.evaluate("(value) => document.activeElement.value === value", value):
            break
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.checked")
    page.keyboard.press("Enter")


def test_after_a_sign_in_on_a_telephone_the_page_is_seen_from_its_top(
    library: Served, new_context: Callable[..., BrowserContext]
) -> None:
    """The focus is on what came, and the library's name above it is not scrolled away."""
    page = new_context(base_url=library.url, viewport={"width": 390, "height": 400}, locale="en-US").new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/my")
    page.locator("#card").fill(ADA)
    page.locator("#pin").fill(PIN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/my")
    expect(page.locator("#main")).to_be_focused()
    assert page.evaluate("scrollY") == 0


def test_the_first_tab_leads_past_the_bar(library: Served, enter: Enter) -> None:
    page = enter("eli", "/kits").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
