"""Somebody on the telephone is enrolled by the keyboard alone: a name, the person, the session, in at most 8 keys."""

from __future__ import annotations

from playwright.sync_api import expect
from sqlalchemy import select

from lending.domain.states import EnrolmentState
from lending.models.cohorts import Enrolment
from lending.models.people import Patron
from tests.cast import LUIS
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served
from tests.journeys.station import Station
from tests.programs.members import next_cohort

KEYS = 8
SEATED = "Luis R. has a seat in {session}. A kit is promised."


def press(station: Station, *keys: str) -> int:
    """Press keys as a person does; gives how many there were."""
    for key in keys:
        station.press(key)
    return len(keys)


def seats_of_luis(library: Served) -> list[EnrolmentState]:
    """How Luis stands in the sessions he asked for."""
    with library.database.read() as session:
        return list(session.scalars(select(Enrolment.state).where(Enrolment.patron_id == library.cast.luis_id)))


def find_luis(station: Station) -> int:
    """Look for him by the first letters of his name, and take the one who is found."""
    pressed = press(station, *"lui", "Enter")
    expect(station.page.locator("#people a")).to_have_text(["Luis R."])
    expect(station.page.locator("#people a")).to_be_focused()
    pressed += press(station, "Enter")
    expect(station.page.locator("#patron-name bdi")).to_have_text("Luis R.")
    expect(station.page.locator("#settings")).to_be_visible()  # the page's script is there: the arrows lead somewhere
    return pressed


def test_a_name_and_a_session_are_eight_keys_at_most(library: Served, enter: Enter) -> None:
    station = enter("ben", "/enrol")
    pressed = find_luis(station)
    assert (station.focus(), seats_of_luis(library)) == ("code", [])
    pressed += press(station, "ArrowDown", "Enter")
    station.says(SEATED.format(session="Work Ready 7"))
    assert (pressed <= KEYS, seats_of_luis(library), station.focus()) == (True, [EnrolmentState.ENROLLED], "code")


def test_the_second_session_is_one_arrow_further(library: Served, enter: Enter) -> None:
    next_cohort(library.database, library.cast)
    station = enter("ben", "/enrol")
    pressed = find_luis(station) + press(station, "ArrowDown", "ArrowDown", "Enter")
    station.says(SEATED.format(session="Work Ready 8"))
    assert pressed <= KEYS


def test_the_arrows_lead_back_to_the_box(enter: Enter) -> None:
    station = enter("ben", "/enrol")
    expect(station.page.locator("#settings")).to_be_visible()
    press(station, "ArrowDown")
    expect(station.page.get_by_role("button", name="Enroll in Work Ready 7")).to_be_focused()
    press(station, "ArrowUp")
    assert station.focus() == "code"


def test_a_card_scanned_while_people_are_shown_is_a_scan(enter: Enter) -> None:
    station = enter("ben", "/enrol?q=lui")
    station.scan(LUIS)
    expect(station.page.locator("#patron-name bdi")).to_have_text("Luis R.")


def test_a_name_that_nobody_has_is_said_and_the_box_waits(enter: Enter) -> None:
    station = enter("ben", "/enrol")
    press(station, *"zzz", "Enter")
    expect(station.page.locator("#people")).to_contain_text("Nothing found")
    expect(station.page.locator("#code")).to_be_focused()


def test_from_the_patrons_page_they_are_chosen_already(library: Served, enter: Enter) -> None:
    with library.database.read() as session:
        luis = session.get_one(Patron, library.cast.luis_id).public_id
    station = enter("ben", f"/patrons/{luis}")
    station.page.get_by_role("link", name="Enroll in a session").click()
    expect(station.page.locator("#patron-name bdi")).to_have_text("Luis R.")
    expect(station.page.locator("#code")).to_be_focused()  # a gun is quicker than a page that is still being laid out
    station.scan("CO-WR-7").says(SEATED.format(session="Work Ready 7"))
