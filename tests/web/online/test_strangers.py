"""Every page of a patron, asked for with another patron's things: as if there were no such thing (BATTERY S2)."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select

from lending.circulation.shelf import capture
from lending.db import Database
from lending.models.journal import JournalEntry
from tests.cast import NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast
from tests.web.browsers import Browser
from tests.web.online.test_my_workshops import workshops

__all__ = ["workshops"]


class Asked(NamedTuple):
    """A page as its route names it, with what is posted to it."""

    rule: str
    form: dict[str, str] | None = None


ASKED = (
    Asked("/my/loans/<loan>"),
    Asked("/my/loans/<loan>/renewal", {}),
    Asked("/my/loans/<loan>/problem"),
    Asked("/my/loans/<loan>/problem", {"part": "0", "what": "broken", "words": "It beeps."}),
    Asked("/my/place/<reservation>.ics"),
    Asked("/my/place/<reservation>/cancel"),
    Asked("/my/place/<reservation>/cancel", {}),
    Asked("/my/place/<reservation>/library"),
    Asked("/my/place/<reservation>/library", {"branch": "COM"}),
    Asked("/my/sessions/<enrolment>/leave"),
    Asked("/my/sessions/<enrolment>/leave", {}),
    Asked("/my/sessions/<enrolment>/accept", {}),
    Asked("/my/sessions/<enrolment>/kit", {}),
    Asked("/my/workshops/<workshop>.ics"),
    Asked("/reserve/confirmed/<made>"),
    Asked("/reserve/confirmed/<made>/calendar.ics"),
    Asked("/reserve/confirmed/<made>/heard", {"heard": "friend"}),
)
PATRONS = ("/my/", "/reserve/")
NAMES = ("loan", "reservation", "enrolment", "workshop", "made")


def things(lent: str, reserved: str, seat: str, workshop: str) -> dict[str, str]:
    return dict(zip(NAMES, (lent, reserved, seat, workshop, seat), strict=True))


def answer(browser: Browser, asked: Asked, names: dict[str, str]) -> tuple[int, str]:
    url = asked.rule
    for name, value in names.items():
        url = url.replace(f"<{name}>", value)
    key = {"key": "k" * 16}
    found = browser.get(url) if asked.form is None else browser.post(url, {**key, **asked.form})
    page = found.get_data(as_text=True)
    for value in names.values():
        page = page.replace(value, "")
    return found.status_code, page.partition("<main")[2]


def test_anothers_things_are_answered_as_things_of_nobody(
    luis: Browser,
    ada: Browser,
    sqlite_database: Database,
    cast: Cast,
    lent: str,
    reserved: str,
    seat: str,
    workshops: list[str],
) -> None:
    """Luis asks with Ada's reservation, seat and workshop, and Ada with Luis's loan; her kit lies on the shelf."""
    sqlite_database.act(lambda s: capture(s, kit=OTHER_OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    theirs = things(lent, reserved, seat, workshops[1])
    nobodys = dict.fromkeys(NAMES, "x" * 16)
    before = written(sqlite_database)
    for asked in ASKED:
        stranger = ada if "<loan>" in asked.rule else luis
        found, none = answer(stranger, asked, theirs), answer(stranger, asked, nobodys)
        assert found == none, asked
        assert found[0] == 404, asked
    assert written(sqlite_database) == before


def test_the_owner_is_let_in(ada: Browser, luis: Browser, lent: str, reserved: str, seat: str) -> None:
    """The control of the test above: with one's own things the same addresses are pages."""
    assert luis.get(f"/my/loans/{lent}").status_code == 200
    assert luis.get(f"/my/loans/{lent}/problem").status_code == 200
    assert ada.get(f"/my/place/{reserved}/cancel").status_code == 200
    assert ada.get(f"/my/sessions/{seat}/leave").status_code == 200
    assert ada.get(f"/reserve/confirmed/{seat}").status_code == 200
    assert ada.get(f"/reserve/confirmed/{seat}/calendar.ics").status_code == 200


def test_every_page_that_names_a_thing_is_asked_for(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PATRONS) and rule.arguments}
    assert rules == {asked.rule for asked in ASKED}


@pytest.mark.parametrize("field", ["name", "expires_on", "home_branch_id", "blocked_reason", "patron"])
def test_a_field_that_is_not_asked_for_changes_nothing(
    luis: Browser, sqlite_database: Database, cast: Cast, field: str
) -> None:
    from lending.models.people import Patron

    def kept() -> dict[str, object]:
        with sqlite_database.read() as session:
            row = session.get(Patron, cast.luis_id)
            return {name: getattr(row, name) for name in ("name", "expires_on", "home_branch_id", "blocked_reason")}

    before = kept()
    form = {"key": "k" * 16, "email": "", "phone": "", "notice_channel": "", "language": "en", field: "2099-01-01"}
    assert luis.post("/my/preferences", form).status_code == 303
    assert kept() == before


def test_another_patrons_kit_and_names_stand_on_no_page(luis: Browser, ada: Browser, lent: str, reserved: str) -> None:
    for url in ("/my", "/my/loans", "/my/place", "/my/workshops", "/my/data", "/my/data/download.json"):
        told = ada.get(url).get_data(as_text=True)
        assert "Ramos" not in told
        assert OPEN_KIT not in told, url


def written(database: Database) -> list[str]:
    """What is on the journal."""
    with database.read() as session:
        return list(session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)))
