"""A kit of another branch: its address is nobody's, its label is scanned all the same (decision 11; BATTERY S1, S2)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lending.db import Database
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, Part
from tests.cast import COMPTON_KIT, MINA, Cast, kit
from tests.web.browsers import Browser

THEIRS, NOBODYS = "KIT-2060", "KIT-9999"
NOTE = "Sticker under the lid says Mina"


@pytest.fixture
def part(sqlite_database: Database, cast: Cast, cleo: Browser) -> int:
    """A kit of Compton with a note, that is out there; gives one of its parts."""

    def do(session: Any) -> int:
        kit(session, THEIRS, cast.laptop_hotspot, cast.com)
        session.query(Kit).filter_by(barcode=THEIRS).one().note = NOTE
        return int(session.scalars(select(Part.id).join(Kit, Kit.id == Part.kit_id)).first() or 0)

    found = sqlite_database.act(do)
    cleo.post("/station", {"station": "COM/Station 1"})
    assert cleo.scan(THEIRS, patron=MINA, station="COM/Station 1").json["tone"] == "done"
    return found


def told(browser: Browser, method: str, address: str, code: str) -> tuple[int, str]:
    """What an address says about a kit, without its code and without the tokens of the request."""
    data = {"key": "k" * 16, "reason": "worn out", "due_on": "2026-04-01", "to_branch": "ELA"}
    data["replacement"] = "KIT-1043"
    page = browser.get(address) if method == "GET" else browser.post(address, data)
    main = re.search(r"<main.*</main>", page.get_data(as_text=True), re.DOTALL)
    return page.status_code, (main.group() if main else "").replace(code, "...")


def addresses(app: Flask, part: int) -> list[tuple[str, str]]:
    """Every address of one kit there is, with ``...`` for its code."""
    says = ("missing", "found", "located", "lost", "claimed", "unclaimed", "reinstate", "repaired")
    found = []
    for rule in app.url_map.iter_rules():
        if "<barcode>" not in rule.rule or rule.endpoint.startswith("api"):
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            one = rule.rule.replace("<barcode>", "...").replace("<int:part_id>", str(part))
            named = re.search(r"<any\([^>]*\):what>", one)
            found += [(method, one.replace(named.group(), what)) for what in says] if named else [(method, one)]
    return found


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_every_address_of_another_branchs_kit_looks_as_if_there_were_none(
    app: Flask, request: pytest.FixtureRequest, sqlite_database: Database, part: int, who: str, ben: Browser
) -> None:
    browser = ben if who == "ben" else request.getfixturevalue("cleo")
    before = written(sqlite_database)
    theirs, nobodys = (THEIRS, NOBODYS) if who == "ben" else ("KIT-1042", NOBODYS)
    asked = addresses(app, part)
    assert len(asked) > 20
    for method, address in asked:
        one, none = (told(browser, method, address.replace("...", code), code) for code in (theirs, nobodys))
        assert one == none, (method, address)
        assert one[0] in (403, 404), (method, address)
    assert written(sqlite_database) == before


def test_the_label_of_another_branchs_kit_is_found_and_not_opened(ben: Browser, part: int) -> None:
    page = ben.get(f"/search?q={THEIRS}").get_data(as_text=True)
    assert (THEIRS in page, "Compton Library" in page, f'href="/kits/{THEIRS}"' in page) == (True, True, False)
    assert NOTE not in page
    assert "Mina" not in page
    said = ben.scan(THEIRS, screen="returns").json
    assert "Compton" in said["say"]
    assert ben.get(f"/kits/{THEIRS}").status_code == 200, "it is here now, on its way home"


def test_a_kit_of_ones_own_is_opened_from_the_search(ben: Browser, cleo: Browser, part: int) -> None:
    assert f'href="/kits/{THEIRS}"' in cleo.get(f"/search?q={THEIRS}").get_data(as_text=True)
    assert NOTE in cleo.get(f"/kits/{THEIRS}").get_data(as_text=True)
    assert ben.get(f"/search?q={COMPTON_KIT[:6]}").status_code == 200


def written(database: Database) -> list[int]:
    """The rows of the journal."""
    with database.read() as session:
        return list(session.scalars(select(JournalEntry.id)))
