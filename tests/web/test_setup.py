"""The first page of an empty library: who may begin, and that nobody may twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lending.clock import MovingClock
from lending.db import Database
from lending.library import Library
from lending.models.cohorts import Cohort, Enrolment, Pool
from lending.models.journal import IdempotencyKey, JournalEntry
from lending.models.kits import Kit, KitTypePart
from lending.models.people import Patron, Staff
from lending.settings import Profile
from lending.web.first_run import code_of, is_local
from tests.cast import NOW
from tests.web.browsers import Browser, an_app

ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}
GIVEN = {"library_name": "Bell Gardens Library", "name": "María Quintero", "username": "maria.quintero"}
GIVEN |= {"password": "a few plain words", "key": "k" * 16}


@pytest.fixture
def empty(sqlite_database: Database, tmp_path: Any) -> Flask:
    """The application of a library in which nobody works yet."""
    return an_app(sqlite_database, MovingClock(NOW), tmp_path)


@pytest.fixture
def maria(empty: Flask) -> Browser:
    """María, who sits at the machine."""
    return Browser(empty.test_client())


def begin(browser: Browser, **options: Any) -> Any:
    return browser.post("/setup", GIVEN, **options)


def count(database: Database, model: Any) -> int:
    with database.read() as session:
        return int(session.scalar(select(func.count()).select_from(model)) or 0)


@pytest.mark.parametrize("address", ["/", "/sign-in", "/my/sign-in"])
def test_every_first_page_of_an_empty_library_leads_to_the_wizard(maria: Browser, address: str) -> None:
    assert maria.get(address).headers["Location"] == "/setup"


def test_whoever_sits_at_the_machine_begins_and_is_the_administrator(maria: Browser, sqlite_database: Database) -> None:
    answer = begin(maria)
    assert answer.headers["Location"] == "/setup/next"
    assert maria.get("/setup/next").headers["Location"] == "/setup/branch"
    assert maria.get("/administration/branches").status_code == 200
    assert count(sqlite_database, Staff) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"environ_base": ELSEWHERE},
        {"headers": {"X-Forwarded-For": "203.0.113.9"}},
        {"headers": {"Forwarded": "for=203.0.113.9"}},
    ],
)
def test_whoever_is_elsewhere_needs_the_code(
    empty: Flask, maria: Browser, sqlite_database: Database, options: dict[str, Any]
) -> None:
    page = maria.get("/setup", **options).get_data(as_text=True)
    assert 'name="code"' in page
    assert 'name="password"' not in page
    assert begin(maria, **options).status_code in (200, 403)
    assert maria.get("/setup?code=AAAA-AAAA-AAAA-AAAA", **options).status_code == 403
    assert count(sqlite_database, Staff) == 0
    code = code_of(empty.extensions["lending"].settings)
    assert 'name="password"' in maria.get(f"/setup?code={code.lower()}", **options).get_data(as_text=True)
    assert maria.post("/setup", GIVEN | {"code": code}, **options).status_code == 303


@pytest.mark.parametrize("settings", [{"profile": Profile.PRODUCTION}, {"proxy_hops": 1}])
def test_behind_a_proxy_that_says_nothing_of_itself_everybody_needs_the_code(
    empty: Flask, maria: Browser, sqlite_database: Database, settings: dict[str, Any]
) -> None:
    library: Library = empty.extensions["lending"]
    chosen = replace(library.settings, **settings)
    empty.extensions["lending"] = Library(library.db, library.clock, None, chosen)
    assert begin(maria).status_code == 200
    assert count(sqlite_database, Staff) == 0
    assert maria.post("/setup", GIVEN | {"code": code_of(chosen)}).status_code == 303


@pytest.mark.parametrize(
    ("host", "address", "at_it"),
    [
        ("127.0.0.1:8000", "127.0.0.1", True),
        ("localhost", "::1", True),
        ("[::1]:8000", "::1", True),
        ("library.example.org", "127.0.0.1", False),
        ("127.0.0.1.example.org", "127.0.0.1", False),
        ("127.0.0.1:8000", "192.0.2.7", False),
    ],
)
def test_a_name_that_leads_to_the_machine_is_not_the_machine(host: str, address: str, at_it: bool) -> None:
    assert is_local(address, f"http://{host}/") is at_it


def test_once_somebody_works_here_the_wizard_is_gone(empty: Flask, maria: Browser, sqlite_database: Database) -> None:
    begin(maria)
    stranger = Browser(empty.test_client())
    code = code_of(empty.extensions["lending"].settings)
    assert stranger.get(f"/setup?code={code}").status_code == 404
    assert stranger.post("/setup", GIVEN | {"username": "mallory", "code": code}).status_code == 404
    assert stranger.get("/").status_code == 200
    assert stranger.get("/setup/branch").headers["Location"].startswith("/sign-in")
    assert maria.get("/setup").headers["Location"] == "/setup/next"
    assert count(sqlite_database, Staff) == 1


def test_what_is_wrong_stands_at_its_field(maria: Browser, sqlite_database: Database) -> None:
    for wrong in ({"password": "short"}, {"username": "María Q"}, {"library_name": ""}):
        answer = maria.post("/setup", GIVEN | wrong)
        assert answer.status_code in (409, 422)
        assert "There is a problem" in answer.get_data(as_text=True)
    assert count(sqlite_database, Staff) == 0


def walk(maria: Browser, how: str) -> None:
    """Every step after the first, as proposed."""
    begin(maria)
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "10-6") | {"sat": "10-2", "sun": "closed"}
    branch = {"name": "Bell Gardens", "code": "MAIN", "zone": "America/Los_Angeles", **week}
    kit = {"name": "Work Ready kit", "code": "work-ready", "price": "470", "part_0_name": "Laptop"}
    kit |= {"part_0_price": "300", "part_0_returnable": "y"}
    session = {"how": how, "name": "Work Ready 1", "starts_on": "2026-03-09", "capacity": "20"}
    patron = {"card": "29999000000018", "name": "Teo Baptiste", "birth_date": "1988-04-05"}
    steps = (
        ("branch", branch),
        ("kit-type", kit),
        ("kits", {"count": "4", "first": "KIT-1001"}),
        ("lending", session),
        ("patron", patron),
    )
    for n, (step, given) in enumerate(steps):
        answer = maria.post(f"/setup/{step}", {"key": f"step-{n}-key", **given})
        assert answer.status_code == 303, (step, answer.get_data(as_text=True))
    assert "KIT-1001" in maria.get("/setup/ready").get_data(as_text=True)


def test_the_steps_make_a_library_that_lends_to_anybody(maria: Browser, sqlite_database: Database) -> None:
    walk(maria, "open")
    found = {model: count(sqlite_database, model) for model in (Kit, KitTypePart, Patron, Cohort)}
    assert found == {Kit: 4, KitTypePart: 1, Patron: 1, Cohort: 0}
    assert maria.get("/setup/next").headers["Location"] == "/setup/ready"
    with sqlite_database.read() as session:
        assert set(session.scalars(select(IdempotencyKey.act))) <= set(session.scalars(select(JournalEntry.act)))
    maria.scan("29999000000018", station="MAIN/Desk 1")
    scanned = maria.scan("KIT-1004", patron="29999000000018", station="MAIN/Desk 1").get_json()
    assert "agreement" in scanned["say"].lower()


def test_the_steps_plan_a_session_with_every_kit_and_a_seat_for_the_first_patron(
    maria: Browser, sqlite_database: Database
) -> None:
    walk(maria, "session")
    with sqlite_database.read() as session:
        cohort = session.scalars(select(Cohort)).one()
        assert (cohort.starts_on, cohort.ends_on) == (date(2026, 3, 9), date(2026, 4, 17))
        assert session.scalars(select(Pool.kits)).one() == 4
        assert session.scalar(select(func.count()).select_from(Enrolment)) == 1


def test_a_step_out_of_its_turn_finds_nothing(maria: Browser) -> None:
    begin(maria)
    assert maria.get("/setup/kits").status_code == 404
    assert maria.get("/setup/ready").status_code == 404
