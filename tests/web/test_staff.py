"""The pages of staff accounts: added, changed, closed; a first password by a link; tokens shown once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.permissions import Role
from lending.models.people import ApiToken, Staff
from lending.web.links import GOOD_FOR
from tests.cast import Cast
from tests.circulation.kits_in_hand import only, rows
from tests.web.browsers import Browser, signed_in
from tests.web.looking import key, row

PAGES = "/administration/staff"
CHOSEN = "seven purple tables"
ROSA = {"username": "rosa", "name": "Rosa Delgado", "role": "manager", "language": "es", "branches": ["COM", "ELA"]}


def page(browser: Browser, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status
    text: str = answer.get_data(as_text=True)
    return text


def account(database: Database, username: str) -> Staff:
    found: Staff = row(database, select(Staff).where(Staff.username == username))
    return found


def address(database: Database, username: str) -> str:
    return f"{PAGES}/{account(database, username).public_id}"


@pytest.fixture
def rosa(eli: Browser, sqlite_database: Database) -> str:
    """The page of a new account."""
    answer = eli.post(f"{PAGES}/new", {**ROSA, "key": key()})
    assert answer.status_code == 303
    found: str = answer.headers["Location"]
    return found


def link_of(eli: Browser, its_page: str) -> str:
    text = eli.post(f"{its_page}/link", {"key": key()}).get_data(as_text=True)
    return "/welcome/" + text.partition("/welcome/")[2].partition("<")[0]


def test_everybody_who_works_here_is_listed_with_role_and_place(eli: Browser) -> None:
    text = page(eli, PAGES)
    for told in ("Ben Okafor", "Branch manager", "Compton Library", "Work Ready", "every library"):
        assert told in text


def test_a_library_of_one_is_told_why_to_add_others(
    new_browser: Callable[[], Browser], sqlite_database: Database, cast: Cast
) -> None:
    eli = signed_in(new_browser(), "eli")
    assert "Nobody but you yet" not in page(eli, PAGES)

    def close(session: Any) -> None:
        for staff in session.query(Staff).filter(Staff.id != cast.eli_id):
            staff.active = False

    sqlite_database.act(close)
    assert "Nobody but you yet" in page(eli, PAGES)


def test_an_account_is_added_with_its_places(eli: Browser, rosa: str, sqlite_database: Database) -> None:
    text = page(eli, rosa)
    assert "Compton Library, East Los Angeles Library" in text
    assert "cannot sign in yet" in text
    assert account(sqlite_database, "rosa").role is Role.MANAGER


def test_what_is_wrong_with_an_account_stands_at_its_fields(eli: Browser, sqlite_database: Database) -> None:
    before = len(rows(sqlite_database, Staff))
    for wrong in (
        {"username": "Rosa Delgado"},
        {"username": "ben"},
        {"role": "patron"},
        {"role": "system"},
        {"branches": ["NOWHERE"]},
        {"email": "rosa"},
        {"name": ""},
    ):
        answer = eli.post(f"{PAGES}/new", {**ROSA, **wrong, "key": key()})
        assert answer.status_code in (409, 422), wrong
        assert "There is a problem" in answer.get_data(as_text=True)
    assert len(rows(sqlite_database, Staff)) == before


def test_a_name_that_is_a_script_is_a_name(eli: Browser, sqlite_database: Database) -> None:
    name = "<script>alert(1)</script>"
    eli.post(f"{PAGES}/new", {**ROSA, "name": name, "key": key()})
    for text in (page(eli, PAGES), page(eli, address(sqlite_database, "rosa"))):
        assert name not in text
        assert "&lt;script&gt;" in text


def test_an_account_is_changed(eli: Browser, rosa: str, sqlite_database: Database) -> None:
    assert 'value="Rosa Delgado"' in page(eli, f"{rosa}/edit")
    given = {"name": "Rosa Park", "role": "program", "language": "en", "programs": ["work-ready"], "key": key()}
    assert eli.post(f"{rosa}/edit", given).status_code == 303
    text = page(eli, rosa)
    assert "Rosa Park" in text
    assert "Work Ready" in text
    assert "Compton Library" not in text


def test_the_last_administrator_is_told_why_not(eli: Browser, sqlite_database: Database) -> None:
    own = address(sqlite_database, "eli")
    answer = eli.post(f"{own}/close", {"key": key()})
    assert answer.status_code == 409
    assert "Make somebody else an administrator first" in answer.get_data(as_text=True)
    given = {"name": "Eli Haddad", "role": "desk", "language": "en", "key": key()}
    assert eli.post(f"{own}/edit", given).status_code == 409
    assert eli.get(PAGES).status_code == 200


def test_a_closed_account_is_signed_out_and_signs_in_no_more(
    eli: Browser, ben: Browser, new_browser: Callable[[], Browser], sqlite_database: Database
) -> None:
    its_page = address(sqlite_database, "ben")
    assert eli.post(f"{its_page}/close", {"key": key()}).status_code == 303
    assert ben.get("/desk").headers["Location"].startswith("/sign-in")
    assert new_browser().sign_in("ben").status_code == 401
    assert eli.get(f"{its_page}/edit").status_code == 404
    assert eli.post(f"{its_page}/link", {"key": key()}).status_code == 404
    assert eli.post(f"{its_page}/reopen", {"key": key()}).status_code == 303
    assert "cannot sign in yet" in page(eli, its_page)


# --- The first password ----------------------------------------------------------------------------------------


def test_a_link_chooses_a_password_once(
    eli: Browser, rosa: str, new_browser: Callable[[], Browser], sqlite_database: Database
) -> None:
    link, theirs = link_of(eli, rosa), new_browser()
    assert "rosa" in page(theirs, link)
    given = {"password": CHOSEN, "again": CHOSEN}
    assert theirs.post(link, given).headers["Location"] == "/sign-in"
    assert theirs.sign_in("rosa", CHOSEN).status_code == 302
    again = new_browser().post(link, given)
    assert again.status_code == 410
    assert "used already" in again.get_data(as_text=True)
    assert page(new_browser(), link, 410)


def test_a_password_that_is_too_short_or_mistyped_leaves_the_link_as_it_was(
    eli: Browser, rosa: str, new_browser: Callable[[], Browser]
) -> None:
    link, theirs = link_of(eli, rosa), new_browser()
    assert theirs.post(link, {"password": "short", "again": "short"}).status_code == 422
    assert theirs.post(link, {"password": CHOSEN, "again": "another one here"}).status_code == 422
    assert theirs.post(link, {"password": CHOSEN, "again": CHOSEN}).status_code == 303


def test_a_newer_link_ends_the_older_one(eli: Browser, rosa: str, new_browser: Callable[[], Browser]) -> None:
    first, second = link_of(eli, rosa), link_of(eli, rosa)
    assert page(new_browser(), first, 410)
    assert page(new_browser(), second)


def test_a_link_ends_after_its_days(
    eli: Browser, rosa: str, new_browser: Callable[[], Browser], clock: MovingClock
) -> None:
    link = link_of(eli, rosa)
    clock.move(GOOD_FOR - timedelta(seconds=2))
    assert page(new_browser(), link)
    clock.move(timedelta(seconds=2))
    assert page(new_browser(), link, 410)


def test_a_link_is_nobody_elses(
    eli: Browser, rosa: str, new_browser: Callable[[], Browser], sqlite_database: Database
) -> None:
    link, ben = link_of(eli, rosa), account(sqlite_database, "ben").public_id
    _, until, mark = link.removeprefix("/welcome/").split(".")
    for made_up in (
        f"{ben}.{until}.{mark}",
        f"{account(sqlite_database, 'rosa').public_id}.{int(until) + 1}.{mark}",
        f"{ben}.{until}.",
        f"{ben}.x.{mark}",
        f"{ben}.٣.{mark}",
        "x",
        "..",
        "é" * 30,
        "9" * 400,
    ):
        assert page(new_browser(), f"/welcome/{made_up}", 410)


def test_a_closed_accounts_link_opens_nothing(eli: Browser, rosa: str, new_browser: Callable[[], Browser]) -> None:
    link = link_of(eli, rosa)
    eli.post(f"{rosa}/close", {"key": key()})
    assert page(new_browser(), link, 410)


def test_an_administrator_types_a_password(
    eli: Browser, ben: Browser, new_browser: Callable[[], Browser], sqlite_database: Database
) -> None:
    its_page = f"{address(sqlite_database, 'ben')}/password"
    assert eli.post(its_page, {"password": "short", "again": "short", "key": key()}).status_code == 422
    assert eli.post(its_page, {"password": CHOSEN, "again": CHOSEN, "key": key()}).status_code == 303
    assert ben.get("/desk").status_code == 302
    assert new_browser().sign_in("ben", CHOSEN).status_code == 302


# --- Tokens ----------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_revoked(
    eli: Browser, app: Any, sqlite_database: Database, new_browser: Callable[[], Browser]
) -> None:
    its_page = address(sqlite_database, "ben")
    text = eli.post(f"{its_page}/tokens/new", {"name": "catalog", "key": key()}).get_data(as_text=True)
    token = text.partition("<dt>Token</dt>")[2].partition('break">')[2].partition("<")[0]
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/branches", headers=headers).status_code == 200
    assert "catalog" in page(eli, its_page)
    assert token not in page(eli, its_page)
    assert eli.post(f"{its_page}/tokens/revoke", {"name": "catalog", "key": key()}).status_code == 303
    assert app.test_client().get("/api/v1/branches", headers=headers).status_code == 401
    assert only(sqlite_database, ApiToken).revoked_at is not None
    assert "No API token" in page(eli, its_page)


def test_a_token_that_is_not_there_is_not_revoked(eli: Browser, sqlite_database: Database) -> None:
    answer = eli.post(f"{address(sqlite_database, 'ben')}/tokens/revoke", {"name": "none", "key": key()})
    assert answer.status_code == 404


@pytest.mark.parametrize("who", ["x" * 16, "1", "a" * 200])
def test_an_account_that_is_not_there_is_not_found(eli: Browser, who: str) -> None:
    for below in ("", "/edit", "/password", "/tokens/new"):
        assert eli.get(f"{PAGES}/{who}{below}").status_code == 404
    for below in ("/close", "/reopen", "/link", "/tokens/revoke"):
        assert eli.post(f"{PAGES}/{who}{below}", {"key": key()}).status_code == 404
