"""The pages where people reserve, in the states that look different: rows of ``pages.py``."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from lending.circulation.provisional import register_provisionally
from lending.circulation.reserving import reserve
from tests.cast import ADA, MINA
from tests.journeys.serving import Served
from tests.journeys.station import Station

Page = tuple[str, str, str, str | None, Callable[[Station], object] | None]

NAME, BORN, CONTACT = "Nadia Haddad", "1988-04-02", "213 555 0142"


def say_who(station: Station, contact: str = CONTACT) -> Station:
    """Nadia, who has no card, gives her name."""
    page = station.open("/reserve").page
    if not page.locator("#name").is_visible():
        page.locator("details.or > summary").click()
    page.locator("#name").fill(NAME)
    page.locator("#birth_date").fill(BORN)
    page.locator("#contact").fill(contact)
    go_on(station, "form:has(#name)")
    expect(page.locator("[name=choice]").first).to_be_attached()
    return station


def go_on(station: Station, form: str = "main form:not(.start-over)") -> None:
    """Press the button of a page's form."""
    station.page.locator(f"{form} [type=submit]").last.click()


def choose(station: Station, name: str, value: str) -> None:
    """Touch one of the choices, and go on."""
    station.page.locator(f"[name={name}][value='{value}']").check()
    go_on(station)


def choose_session(station: Station) -> Station:
    choose(station, "choice", "session:WR-8")
    expect(station.page.locator("[name=place]").first).to_be_attached()
    return station


def choose_library(station: Station) -> Station:
    choose(choose_session(station), "place", "ELA/work-ready")
    return station


def nobody(station: Station) -> None:
    """Send the form of somebody without a card as it is: empty."""
    station.page.locator("details.or > summary").click()
    for field in ("#name", "#birth_date", "#contact"):
        station.page.locator(field).fill("")
    go_on(station, "form:has(#name)")
    expect(station.page.locator(".problem")).to_be_visible()


def newcomer(station: Station) -> None:
    say_who(station)


def newcomer_at_the_library(station: Station) -> None:
    choose_session(say_who(station))


def newcomer_without_a_library(station: Station) -> None:
    newcomer_at_the_library(station)
    for choice in station.page.locator("[name=place]").all():
        choice.evaluate("one => { one.checked = false; }")
    go_on(station)
    expect(station.page.locator(".problem")).to_be_visible()


def newcomer_to_be_reached(station: Station) -> None:
    choose_library(say_who(station))
    expect(station.page.locator("[name=language]").first).to_be_attached()


def newcomer_to_be_written_to(station: Station) -> None:
    choose_library(say_who(station, "nadia@example.org"))
    expect(station.page.locator("[name=language]").first).to_be_attached()


def newcomer_at_the_end(station: Station) -> None:
    newcomer_to_be_reached(station)
    station.page.locator("[name=channel][value=text]").check()
    go_on(station)
    expect(station.page.locator("#typed_name")).to_be_visible()


def newcomer_who_signs_nothing(station: Station) -> None:
    newcomer_at_the_end(station)
    go_on(station)
    expect(station.page.locator(".problem")).to_be_visible()


def patron_to_be_reached(station: Station) -> None:
    choose_library(station.open("/reserve/session"))
    expect(station.page.locator("#contact")).to_be_visible()


def send_no_card(station: Station) -> None:
    go_on(station)
    expect(station.page.locator(".problem")).to_be_visible()


def add_newcomer(library: Served) -> dict[str, str]:
    """Somebody without a card who asked for a kit; gives their public id."""
    details = {"name": "Omid Rahimi", "birth_date": "1991-11-12", "email": "omid@example.org"}
    where = library.cast.ela
    came = library.act(
        register_provisionally, details=details, home_branch_id=where, address="a", by=library.cast.nobody
    )
    given = {"patron": came.reference, "kit_type": "laptop-hotspot", "pickup_branch_id": where}
    library.act(reserve, **given, by=library.cast.patron(came.patron_id))
    return {"newcomer": came.patron}


PAGES: tuple[Page, ...] = (
    ("reserve.who", "empty", "/reserve", None, None),
    ("reserve.who", "error", "/reserve", None, nobody),
    ("reserve.what", "newcomer", "/reserve", None, newcomer),
    ("reserve.what", "stopped", "/reserve/session", ADA, None),
    ("reserve.where", "newcomer", "/reserve", None, newcomer_at_the_library),
    ("reserve.where", "error", "/reserve", None, newcomer_without_a_library),
    ("reaching.page", "newcomer", "/reserve", None, newcomer_to_be_reached),
    ("reaching.page", "by e-mail", "/reserve", None, newcomer_to_be_written_to),
    ("reaching.page", "patron", "/reserve/session", MINA, patron_to_be_reached),
    ("confirming.check", "to sign", "/reserve", None, newcomer_at_the_end),
    ("confirming.check", "error", "/reserve", None, newcomer_who_signs_nothing),
    ("confirmed.page", "full", "/reserve/confirmed/{seat}", ADA, None),
    ("verifying.page", "full", "/patrons/{newcomer}/verify", "ben", None),
    ("verifying.page", "error", "/patrons/{newcomer}/verify", "ben", send_no_card),
)
