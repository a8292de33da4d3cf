"""No scan is lost and none is done twice: the network goes, an answer goes, the session goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from playwright.sync_api import Route, expect

from lending.domain.states import LoanState
from lending.models.people import Staff
from tests.cast import ADA, KIT
from tests.journeys.conftest import Enter, sign_in
from tests.journeys.crowd import lend_to_everybody
from tests.journeys.serving import Served
from tests.journeys.station import POLL_MS, Station

SCANS = "**/desk/scans"


def test_without_a_network_scans_wait_and_are_sent_once_when_it_is_back(library: Served, returns: Station) -> None:
    kits = lend_to_everybody(library, 3)
    returns.page.context.set_offline(True)
    returns.scan_all(kits, seed=3).says("Not saved. 3 scans waiting. Keep this page open.").counts(waiting=3)
    assert library.loans()[0].received_at is None
    returns.page.context.set_offline(False)
    returns.counts(in_=3, waiting=0, not_done=0)
    assert [loan.state for loan in library.loans()] == [LoanState.RECEIVED] * 3
    assert returns.log() == [f"{kit} is back. Put it on the inspection cart." for kit in reversed(kits)]


def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_key(library: Served, desk: Station) -> None:
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route.fetch().text())  # the server has acted; the page never hears of it
        return route.abort()

    desk.scan(ADA).says("Ada M., Work Ready 7. Scan a kit.")
    desk.page.route(SCANS, lose_the_first)
    desk.scan(KIT).says("Not saved. 1 scan waiting. Keep this page open.")
    desk.says("KIT-1042 checked out to Ada M. Due Fri, Apr 10 (end of Work Ready 7).").counts(out=1, waiting=0)
    assert '"tone":"done"' in lost[0]
    _card, first, again = desk.sent
    assert first == again
    assert len(library.loans()) == 1


def test_a_server_that_is_busy_is_asked_again(library: Served, returns: Station) -> None:
    (kit,) = lend_to_everybody(library, 1)
    busy = iter([503, 429, 408])

    def be_busy(route: Route) -> None:
        status = next(busy, None)
        if status is None:
            return route.continue_()
        return route.fulfill(status=status, content_type="application/json", body="{}", headers={"Retry-After": "1"})

    returns.page.route(SCANS, be_busy)
    returns.scan(kit).counts(in_=1, waiting=0, not_done=0)
    assert len({scan["key"] for scan in returns.sent}) == 1
    returns.troubles.clear()  # the 503 of this test


def test_a_session_that_ends_keeps_the_scans_until_somebody_signs_in(library: Served, returns: Station) -> None:
    kits = lend_to_everybody(library, 3)
    returns.scan(kits[0]).counts(in_=1, waiting=0)

    def sign_everybody_out(session: Any) -> None:
        for staff in session.query(Staff):
            staff.session_version += "x"

    library.database.act(sign_everybody_out)
    returns.scan(kits[1]).scan(kits[2]).says("Sign in again in another tab. 2 scans are kept.").counts(waiting=2)
    assert [loan.state for loan in library.loans()[1:]] == [LoanState.OUT] * 2

    sign_in(returns.page.context.request, "ben")  # in another tab of the same browser
    returns.counts(in_=3, waiting=0, not_done=0)
    assert [loan.state for loan in library.loans()] == [LoanState.RECEIVED] * 3


def test_going_to_another_screen_waits_for_the_scans_before_and_takes_those_after(
    library: Served, returns: Station
) -> None:
    kits = lend_to_everybody(library, 2)
    returns.scan(kits[0]).press("Alt+U")
    returns.page.wait_for_url("**/desk")
    returns.press("Alt+R")
    returns.page.wait_for_url("**/returns")
    returns.scan(kits[1]).counts(waiting=0)
    assert [loan.state for loan in library.loans()] == [LoanState.RECEIVED] * 2


def test_what_is_scanned_on_the_way_to_another_screen_arrives_there(library: Served, returns: Station) -> None:
    held: list[Route] = []
    returns.page.route("**/desk", lambda route: held.append(route))
    returns.press("Alt+U")
    while not held:
        returns.page.wait_for_timeout(POLL_MS)
    returns.scan(ADA).scan(KIT)
    assert returns.sent == []
    held[0].continue_()
    returns.page.wait_for_url("**/desk")
    returns.says("KIT-1042 checked out to Ada M. Due Fri, Apr 10 (end of Work Ready 7).")
    assert [loan.patron_id for loan in library.loans()] == [library.cast.ada_id]


def test_two_windows_that_scan_the_same_kits_take_each_back_once(library: Served, enter: Enter) -> None:
    kits = lend_to_everybody(library, 5)
    one, other = enter("ben", "/returns"), enter("ben", "/returns")
    for kit in kits:
        one.scan(kit)
        other.scan(kit)
    one.quiet()
    other.quiet()
    tones = [*one.tones(), *other.tones()]
    assert tones.count("done") == 5
    assert set(tones) <= {"done", "again", "look"}, "the second scan of a kit is told as such, or that it is back"
    assert [loan.state for loan in library.loans()] == [LoanState.RECEIVED] * 5


def test_a_page_left_open_over_lunch_still_takes_scans(library: Served, returns: Station) -> None:
    (kit,) = lend_to_everybody(library, 1)
    library.clock.move(timedelta(hours=2))
    returns.scan(kit).counts(in_=1, waiting=0, not_done=0)
    expect(returns.page.locator("#log .time").first).to_have_text("12:00")
