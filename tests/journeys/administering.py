"""The pages of administration in their states: whom they show, and how a form of theirs is sent wrong.

``PAGES`` are rows of ``pages.py``: endpoint, state, path, who looks, what they do, the answer's status.
"""

from __future__ import annotations

from typing import Any

import pyotp
from playwright.sync_api import expect
from sqlalchemy import select

from lending.circulation.staff import add_staff, make_token
from lending.clock import SystemClock
from lending.domain.permissions import Role
from lending.domain.second_factors import new_secret
from lending.models.people import Staff
from lending.queries.accounts import account_shown
from lending.web.links import link_for
from tests.cast import NOW
from tests.journeys.serving import Served
from tests.journeys.station import Station
from tests.web.browsers import HASH, PASSWORD


def send_wrong(station: Station) -> None:
    """Send the page's own form as it stands."""
    station.page.locator("main form[method=post] [type=submit]").first.click()
    expect(station.page.locator(".problem")).to_be_visible()


def press(station: Station, action: str) -> None:
    """Press the button that posts to an address with this end."""
    station.page.locator(f"form[action$='{action}'] [type=submit]").click()


def make_a_link(station: Station) -> None:
    press(station, "/link")
    expect(station.page.locator("dd.code")).to_have_count(2)


def make_a_token(station: Station) -> None:
    station.page.locator("#name").fill("catalog")
    station.page.locator("main form[method=post] [type=submit]").click()
    expect(station.page.locator("dd.code")).to_have_count(1)


def close_the_last(station: Station) -> None:
    press(station, "/close")
    expect(station.page.locator(".notice--stop")).to_be_visible()


def begin_a_factor(station: Station) -> None:
    """Up to the picture that the telephone reads; whoever began before is there already."""
    page = station.page
    if page.locator("#password").count():
        page.locator("#password").fill(PASSWORD)
        page.locator("main form[method=post] [type=submit]").click()
    expect(page.locator("img.qr")).to_be_visible()


def see_the_codes(station: Station) -> None:
    """Up to the ten codes for the drawer."""
    begin_a_factor(station)
    page = station.page
    page.locator("details summary").last.click()
    secret = page.locator("details .code").last.inner_text().replace(" ", "")
    page.locator("#code").fill(pyotp.TOTP(secret).at(SystemClock().now()))
    page.locator("main form[method=post] [type=submit]").click()
    expect(page.locator("ol.codes li")).to_have_count(10)


def turn_it_on(station: Station) -> None:
    see_the_codes(station)
    station.page.locator("main a.btn-primary").click()
    expect(station.page.locator("#code")).to_be_visible()


def too_many_days(station: Station) -> None:
    station.page.locator("#cut_after_days").fill("99999")
    send_wrong(station)


def a_pale_colour(station: Station) -> None:
    station.page.locator("#main_colour").fill("#8ecae6")
    send_wrong(station)


FACTOR = "/account/second-factor"
STAFF = "/administration/staff"
PAGES: tuple[tuple[Any, ...], ...] = (
    ("staff.index", "full", STAFF),
    ("staff.new", "error", f"{STAFF}/new", "eli", send_wrong),
    ("staff.edit", "full", f"{STAFF}/{{rosa}}/edit"),
    ("staff.show", "empty", f"{STAFF}/{{rosa}}"),
    ("staff.show", "full", f"{STAFF}/{{ben}}"),
    ("staff.show", "link", f"{STAFF}/{{rosa}}", "eli", make_a_link),
    ("staff.show", "refused", f"{STAFF}/{{eli}}", "eli", close_the_last),
    ("staff.password", "error", f"{STAFF}/{{rosa}}/password", "eli", send_wrong),
    ("staff.token", "error", f"{STAFF}/{{rosa}}/tokens/new", "eli", send_wrong),
    ("staff.token", "made", f"{STAFF}/{{luz}}/tokens/new", "eli", make_a_token),
    ("welcome.page", "empty", "/welcome/{link}", None),
    ("welcome.page", "error", "/welcome/{link}", None, send_wrong),
    ("administration.index", "full", "/administration"),
    ("administration.retention", "full", "/administration/retention"),
    ("administration.retention", "error", "/administration/retention", "eli", too_many_days),
    ("administration.translation", "full", "/administration/languages"),
    ("own_library.edit", "full", "/administration/library"),
    ("own_library.edit", "error", "/administration/library", "eli", a_pale_colour),
    ("own_account.page", "full", "/account"),
    ("own_account.password", "error", "/account/password", "eli", send_wrong),
    ("second_factor.page", "empty", FACTOR),
    ("second_factor.page", "error", FACTOR, "eli", send_wrong),
    ("second_factor.page", "to confirm", FACTOR, "cleo", begin_a_factor),
    ("second_factor.page", "codes", FACTOR, "rosa", see_the_codes, 200, False, ("en",)),
    ("second_factor.page", "codes", FACTOR, "luz", see_the_codes, 200, False, ("es",)),
    ("second_factor.page", "codes on paper", FACTOR, "ivo", see_the_codes, 200, True, ("en",)),
    ("second_factor.page", "on", FACTOR, "amir", turn_it_on, 200, False, ("en",)),
    ("second_factor.page", "on", FACTOR, "yuki", turn_it_on, 200, False, ("es",)),
    ("second_step.page", "empty", "/sign-in/code", "tariq"),
    ("second_step.page", "error", "/sign-in/code", "tariq", send_wrong),
    ("welcome.page", "spent", "/welcome/x", None, None, 410),
)


def set_up(library: Served) -> dict[str, str]:
    """Accounts of every kind; gives what the paths name."""
    cast = library.cast
    named = {
        username: library.act(
            add_staff,
            username=username,
            name=name,
            role=role,
            password_hash=HASH,
            branch_ids=[cast.com, cast.ela],
            by=cast.eli,
        ).staff
        for username, name, role in (
            ("rosa", "Rosa Delgado", Role.MANAGER),
            ("luz", "Luz Ferreira", Role.DESK),
            ("nora", "Nora Quist", Role.COUNSELLOR),
            ("ivo", "Ivo Petrov", Role.DESK),
            ("amir", "Amir Rahimi", Role.DESK),
            ("yuki", "Yuki Tanaka", Role.DESK),
            ("tariq", "Tariq Aziz", Role.DESK),
        )
    }
    with library.database.read() as session:
        known = {
            row.username: row.public_id for row in session.scalars(select(Staff)) if row.username in ("ben", "eli")
        }
        nora = account_shown(session, named["nora"])
    library.database.act(_with_a_factor)
    for purpose in ("catalog", "statistics", "statistics"):
        library.act(make_token, staff=known["ben"], name=purpose, by=cast.eli)
    assert nora is not None
    with library.app.test_request_context():
        return {**named, **known, "link": link_for(nora)}


def _with_a_factor(session: Any) -> None:
    """Tariq's sign-in asks for a code."""
    tariq = session.scalars(select(Staff).where(Staff.username == "tariq")).one()
    tariq.totp_secret, tariq.totp_confirmed_at = new_secret(), NOW
