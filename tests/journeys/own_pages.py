"""The pages of patrons, for the table of all pages: each as endpoint, state, address, whose card and what is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect
from sqlalchemy import select

from lending.circulation.reserving import reserve
from lending.domain.states import ReservationState
from lending.models.kits import Part
from lending.models.loans import Loan
from lending.models.reservations import Reservation
from tests.cast import ADA, LUIS, MINA
from tests.journeys.serving import Served
from tests.journeys.station import Station

Page = tuple[str, str, str, str | None, Callable[[Station], object] | None]


def send(station: Station) -> None:
    """Send the page's own form as it stands."""
    station.page.locator("main form[method=post] [type=submit]").first.click()
    expect(station.page.locator(".problem")).to_be_visible()


def write_wrong(station: Station) -> None:
    station.page.locator("#email").fill("nobody")
    station.page.locator("#phone").fill("12")
    send(station)


def ask_for_a_code(station: Station) -> None:
    station.page.locator("#card").fill(MINA)
    station.page.locator("main form[method=post] [type=submit]").click()
    expect(station.page.locator("#code")).to_be_visible()


def give_a_code(station: Station) -> None:
    station.page.locator("form[action$='/pin-code'] [type=submit]").click()
    expect(station.page.locator("main .code").first).to_be_visible()


def unfold(station: Station) -> None:
    for one in station.page.locator("main summary").all():
        one.click()


PAGES: tuple[Page, ...] = (
    ("start.page", "of a patron", "/", ADA, unfold),
    ("my_kit.page", "due", "/my", ADA, None),
    ("my_kit.page", "overdue", "/my", LUIS, None),
    ("my_kit.page", "empty", "/my", MINA, None),
    ("my_kit.problem", "error", "/my/loans/{out}/problem", ADA, send),
    ("my_kit.history", "full", "/my/loans", ADA, None),
    ("my_kit.receipt", "full", "/my/loans/{out}", ADA, None),
    ("my_place.page", "ready", "/my/place", ADA, unfold),
    ("my_place.page", "waiting", "/my/place", LUIS, None),
    ("my_place.cancel", "full", "/my/place/{queued}/cancel", LUIS, None),
    ("my_place.leave", "full", "/my/sessions/{seat}/leave", ADA, None),
    ("my_library.page", "error", "/my/place/{queued}/library", LUIS, send),
    ("my_workshops.page", "full", "/my/workshops", ADA, None),
    ("my_workshops.page", "empty", "/my/workshops", MINA, None),
    ("preferences.page", "full", "/my/preferences", ADA, None),
    ("preferences.page", "error", "/my/preferences", ADA, write_wrong),
    ("my_data.page", "full", "/my/data", ADA, None),
    ("my_data.erase", "full", "/my/data/erasure", ADA, None),
    ("my_pin.change", "error", "/my/pin/change", ADA, send),
    ("patrons.show", "code for a new PIN", "/patrons/{ada}", "eli", give_a_code),
    ("help.show", "of a patron", "/help", ADA, None),
    ("pin_codes.ask", "error", "/my/pin", None, send),
    ("pin_codes.code", "error", "/my/pin/code", None, send),
    ("pin_codes.code", "sent", "/my/pin", None, ask_for_a_code),
)


def add_what_is_theirs(library: Served) -> dict[str, str]:
    """What the pages of patrons show besides: Luis waits at Compton, and Ada's hotspot has a network."""
    cast = library.cast
    queued = library.act(reserve, patron=LUIS, kit_type="laptop-hotspot", pickup_branch_id=cast.com, by=cast.eli)

    def name_the_network(session: Any) -> None:
        loan = session.scalars(select(Loan).where(Loan.patron_id == cast.ada_id)).one()
        for part in session.scalars(select(Part).where(Part.kit_id == loan.kit_id)):
            if part.kind.name == "Hotspot":
                part.network_name, part.network_password = "Library-1042", "quiet-river-51"
        waits = select(Reservation.state).where(Reservation.public_id == queued.reservation)
        assert session.scalars(waits).one() is ReservationState.WAITING

    library.database.act(name_the_network)
    return {"queued": str(queued.reservation)}
