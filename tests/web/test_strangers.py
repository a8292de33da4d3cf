"""Every page about a session's things, to those whom it is none of: as if there were no such thing (BATTERY S1, S2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select

from lending.db import Database
from lending.models.journal import JournalEntry
from tests.cast import ADA, KIT, LUIS, OPEN_KIT, Cast
from tests.programs.strangers import (
    DESKS,
    LEADS,
    NO_CARD,
    STRANGERS,
    hire_strangers,
    things_of_nobody,
    things_of_work_ready,
)
from tests.web.browsers import HASH, Browser, signed_in

KEY = {"key": "k" * 16}
STATIONS = {"lead_of_another_here": "ELA/Station 1"} | dict.fromkeys(DESKS, "HAW/Station 1")


class Asked(NamedTuple):
    """A page as its route names it, with what is posted to it; ``who`` it is none of. Desks may look at any session."""

    rule: str
    form: dict[str, str] | None = None
    who: tuple[str, ...] = STRANGERS


ASKED = (
    Asked("/sessions/{code}", who=LEADS),
    Asked("/sessions/{code}/edit"),
    Asked("/sessions/{code}/edit", {"name": "Mine", "capacity": "3"}),
    Asked("/sessions/{code}/copy"),
    Asked("/sessions/{code}/copy", {"code": "WR-8", "starts_on": "2026-05-05"}),
    Asked("/sessions/{code}/cancel"),
    Asked("/sessions/{code}/cancel", {"reason": "mine"}),
    Asked("/sessions/{code}/workshops/{public_id}"),
    Asked("/sessions/{code}/workshops/{public_id}", {"title": "Mine", "on": "2026-03-05", "starts": "10:00"}),
    Asked("/sessions/{code}/roster", who=LEADS),
    Asked("/sessions/{code}/roster/print", who=LEADS),
    Asked("/sessions/{code}/desk", who=LEADS),
    Asked("/sessions/{code}/no-shows", {}, who=LEADS),
    Asked("/sessions/{code}/workshops"),
    Asked("/sessions/{code}/forecast", who=LEADS),
    Asked("/seats/{enrolment}"),
    Asked("/seats/{enrolment}/leave"),
    Asked("/seats/{enrolment}/leave", {"how": "withdrawn"}),
    Asked("/seats/{enrolment}/move"),
    Asked("/seats/{enrolment}/move", {"to": "{code}"}),
    Asked("/seats/{enrolment}/accept", {}),
    Asked("/seats/{enrolment}/excuse", {}),
    Asked("/seats/{enrolment}/kit/work-ready", {}),
    Asked("/sessions/{code}/workshops/{public_id}/drop"),
    Asked("/sessions/{code}/workshops/{public_id}/drop", {}),
    Asked("/workshops/{public_id}"),
    Asked("/workshops/{public_id}", {"code": ADA, "mode": "onsite"}),
    Asked("/workshops/{public_id}/counts", {"onsite": "3"}),
    Asked("/workshops/{public_id}/recording", {"posted_on": "2026-03-03"}),
    Asked("/workshops/{public_id}/views", {"day": "2026-03-03", "count": "3"}),
    Asked("/workshops/{public_id}/people"),
    Asked("/workshops/{public_id}/people", {"patron": "{attendee}"}),
    Asked("/workshops/{public_id}/participants"),
    Asked("/workshops/{public_id}/kits"),
    Asked("/workshops/{public_id}/kits", {"code": KIT, "subject": "workshop:{public_id}"}),
    Asked("/workshops/{public_id}/registrations"),
    Asked("/workshops/{public_id}/registrations/new"),
    Asked("/workshops/{public_id}/registrations/new", {"name": "Nadia Haddad", "contact": "nadia@example.org"}),
    Asked("/workshops/{public_id}/registrations/open"),
    Asked("/workshops/{public_id}/registrations/open", {"places": "3"}),
    Asked("/workshops/{public_id}/registrations/{attendee}/came/onsite", {}),
    Asked("/workshops/{public_id}/registrations/{attendee}/undo", {}),
    Asked("/workshops/{public_id}/registrations/{attendee}/cancel", {}),
    Asked("/workshops/{public_id}/survey", {}),
    Asked("/sessions/{code}/survey", {}),
    Asked("/sessions/{code}/captains"),
    Asked("/sessions/{code}/captains", {"name": "Nadia Haddad"}),
    Asked("/sessions/{code}/captains/{attendee}/remove", {}),
    Asked("/seats/{enrolment}/heard"),
    Asked("/seats/{enrolment}/heard", {"heard": "friend"}),
    Asked("/stocktakes/{stocktake}"),
    Asked("/stocktakes/{stocktake}", {"code": KIT}),
    Asked("/stocktakes/{stocktake}/end", {}),
    Asked("/reservations/{reservation}/cancellation", {}),
    Asked("/shelf/slips/{reservation}"),
    Asked("/programs/{program}/edit"),
    Asked("/programs/{program}/edit", {"name": "Mine"}),
    Asked("/programs/{program}/questions"),
)
OF_SESSIONS = ("/sessions/<", "/seats/<", "/workshops/<", "/stocktakes/<", "/reservations/<", "/shelf/slips/<")
"""How the addresses of pages about a thing of a session begin."""
SCANNED = (
    ("stocktake", KIT, "{stocktake}", STRANGERS),
    ("workshop", LUIS, "{workshop}", STRANGERS),
    ("workshop", NO_CARD, "{workshop}", STRANGERS),
    ("in_library", OPEN_KIT, "workshop:{workshop}", STRANGERS),
    ("enrol", "CO-{code}", "", LEADS),
)


@pytest.fixture
def things(app: Flask, sqlite_database: Database, cast: Cast) -> dict[str, str]:
    """Strangers with passwords, and the names of what they may not touch."""
    hire_strangers(sqlite_database, cast)

    def give_passwords(session: Any) -> None:
        from lending.models.people import Staff

        for staff in session.scalars(select(Staff)):
            staff.password_hash = HASH

    sqlite_database.act(give_passwords)
    found = things_of_work_ready(sqlite_database, cast)
    return found | {"public_id": found["workshop"]}


def stranger(new_browser: Callable[[], Browser], who: str) -> Browser:
    """Somebody signed in, at a station if they have one."""
    browser = signed_in(new_browser(), who)
    if who in STATIONS:
        browser.post("/station", {"station": STATIONS[who]})
    return browser


def without(names: dict[str, str], text: str) -> str:
    """A page without what was asked for and without the tokens of its request."""
    shown = re.search(r"<main.*</main>", text, re.DOTALL)
    text = re.sub(r'name="csrf_token"[^>]*>', "", shown.group() if shown else text)
    for name in names.values():
        text = text.replace(name, "...")
    return text


def answer(browser: Browser, asked: Asked, names: dict[str, str]) -> tuple[int, str]:
    """What a page says, with the names that were given left out."""
    address = asked.rule.format(**names)
    if asked.form is None:
        page = browser.get(address)
    else:
        page = browser.post(address, {**KEY, **{name: value.format(**names) for name, value in asked.form.items()}})
    return page.status_code, without(names, page.get_data(as_text=True))


def test_every_page_about_a_sessions_thing_is_asked(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(OF_SESSIONS)}
    blank = re.compile(r"<[^>]+>|\{\w+\}|work-ready|onsite")
    assert {blank.sub("*", rule) for rule in rules} <= {blank.sub("*", one.rule) for one in ASKED}


@pytest.mark.parametrize("who", STRANGERS)
def test_a_stranger_sees_the_same_as_of_a_thing_that_there_is_not(
    new_browser: Callable[[], Browser], sqlite_database: Database, things: dict[str, str], who: str
) -> None:
    browser, nobodys = stranger(new_browser, who), things_of_nobody(things)
    before = written(sqlite_database)
    for asked in ASKED:
        if who in asked.who:
            theirs, none = answer(browser, asked, things), answer(browser, asked, nobodys)
            assert theirs == none, asked
            assert theirs[0] in (403, 404), asked
    assert written(sqlite_database) == before


@pytest.mark.parametrize(("screen", "code", "subject", "who"), SCANNED)
def test_a_scan_for_a_thing_of_another_branch_says_the_same(
    new_browser: Callable[[], Browser],
    sqlite_database: Database,
    things: dict[str, str],
    screen: str,
    code: str,
    subject: str,
    who: tuple[str, ...],
) -> None:
    nobodys, before = things_of_nobody(things), written(sqlite_database)
    for one in who:
        if one not in STATIONS:
            continue
        browser, told = stranger(new_browser, one), []
        for names in (things, nobodys):
            more = {"station": STATIONS[one], "mode": "onsite" if screen == "workshop" else "", "patron": LUIS}
            scanned = browser.scan(code.format(**names), screen=screen, subject=subject.format(**names), **more)
            told.append((scanned.status_code, scanned.json["say"], scanned.json["tone"]))
        assert told[0] == told[1]
        assert told[0][0] in (403, 404)
    assert written(sqlite_database) == before


def written(database: Database) -> list[str]:
    """What is on the journal."""
    with database.read() as session:
        return list(session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)))
