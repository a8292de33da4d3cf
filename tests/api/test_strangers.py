"""Every call about a session's things, by those whom it is none of: as if there were no such thing (BATTERY S1, S2)."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from lending.models.journal import JournalEntry
from lending.models.people import ApiToken, StaffBranch, StaffProgram
from lending.programs.captains import name_captain
from tests.api.conftest import Door, give_tokens
from tests.api.test_access import filled
from tests.cast import KIT, LUIS, NOW
from tests.programs.meetings import meeting
from tests.programs.registering import sign_up
from tests.programs.strangers import DESKS, LEADS, STRANGERS, hire_strangers, things_of_nobody, things_of_work_ready

WANTED = {"patron": "{card}", "pickup_branch": "ELA"}


class Asked(NamedTuple):
    """A call as its route names it, with what is asked; ``who`` it is none of. Desks may look at any session."""

    method: str
    rule: str
    body: Any = None
    who: tuple[str, ...] = STRANGERS
    query: str = ""


ASKED = (
    Asked("GET", "/cohorts/{code}", who=LEADS),
    Asked("PATCH", "/cohorts/{code}", {"name": "Mine"}),
    Asked("PATCH", "/cohorts/{code}", {"name": "Mine"}, query="?preview=1"),
    Asked("POST", "/cohorts/{code}/copies", {"code": "WR-8", "starts_on": "2026-05-05"}),
    Asked("POST", "/cohorts/{code}/cancellation", {"reason": "mine", "seen": "x"}),
    Asked("POST", "/cohorts/{code}/cancellation", {"reason": "mine"}, query="?preview=1"),
    Asked("GET", "/cohorts/{code}/enrolments", who=LEADS),
    Asked("POST", "/cohorts/{code}/enrolments", WANTED),
    Asked("POST", "/cohorts/{code}/prospects", WANTED),
    Asked("POST", "/cohorts/{code}/no_shows", {}),
    Asked("GET", "/cohorts/{code}/workshops"),
    Asked("GET", "/cohorts/{code}/captains"),
    Asked("POST", "/cohorts/{code}/captains", {"name": "Mine"}),
    Asked("POST", "/cohorts/{code}/captains", {"patron": "{card}"}),
    Asked("DELETE", "/cohorts/{code}/captains/{captain}"),
    Asked("PATCH", "/programs/{program}", {"name": "Mine"}),
    Asked("GET", "/enrolments/{enrolment}"),
    Asked("PATCH", "/enrolments/{enrolment}", {"state": "withdrawn"}),
    Asked("PATCH", "/enrolments/{enrolment}", {"state": "enrolled"}),
    Asked("PATCH", "/enrolments/{enrolment}", {"state": "dropped", "reason": "away"}),
    Asked("PATCH", "/enrolments/{enrolment}", {"move_to": "{code}"}),
    Asked("PATCH", "/enrolments/{enrolment}", {"move_to": "{code}", "roll_over": True}),
    Asked("POST", "/enrolments/{enrolment}/excuse", {}),
    Asked("POST", "/enrolments/{enrolment}/heard", {"source": "flyer"}),
    Asked("POST", "/reservations", {**WANTED, "kit_type": "work-ready", "cohort": "{code}"}),
    Asked("GET", "/reservations/{reservation}"),
    Asked("DELETE", "/reservations/{reservation}"),
    Asked("PATCH", "/workshops/{workshop}", {"title": "Mine"}),
    Asked("DELETE", "/workshops/{workshop}"),
    Asked("GET", "/workshops/{workshop}/attendance"),
    Asked("POST", "/workshops/{workshop}/attendance", {"patron": "{card}", "mode": "onsite"}),
    Asked("POST", "/workshops/{workshop}/attendance", {"count": 3, "mode": "onsite"}),
    Asked("DELETE", "/workshops/{workshop}/attendance/{attendee}"),
    Asked("GET", "/workshops/{workshop}/registrations"),
    Asked("PATCH", "/workshops/{workshop}/registrations", {"is_open": False}),
    Asked("POST", "/workshops/{workshop}/registrations", {"name": "A", "email": "a@example.org", "way": "onsite"}),
    Asked("POST", "/workshops/{workshop}/recording", {"posted_on": "2026-03-03"}),
    Asked("POST", "/workshops/{workshop}/views", {"day": "2026-03-03", "views": 4}),
    Asked("POST", "/workshops/{workshop}/participants", {"participants": [{"name": "Ada Morales"}]}),
    Asked("DELETE", "/registrations/{registration}"),
    Asked("POST", "/registrations/{registration}/attendance", {"mode": "onsite"}),
    Asked("DELETE", "/registrations/{registration}/attendance"),
    Asked("GET", "/stocktakes/{stocktake}"),
    Asked("POST", "/stocktakes/{stocktake}/kits", {"kit": KIT}),
    Asked("POST", "/stocktakes/{stocktake}/end", {}),
)
OF_SESSIONS = ("<code>", "<enrolment>", "<reservation_id>", "<workshop_id>", "<registration_id>", "<stocktake_id>")
"""What stands in the address of a call about a thing of a session."""


@pytest.fixture
def things(door: Door) -> dict[str, str]:
    """Strangers with tokens, and the names of what they may not touch."""
    hire_strangers(door.database, door.cast)
    door.database.act(lambda session: session.query(ApiToken).delete() and None)
    give_tokens(door.database)
    found, by = things_of_work_ready(door.database, door.cast), door.cast.dora
    coach = {"cohort": "WR-7", "name": "Amara Okafor"}
    captain = door.database.act(lambda session: name_captain(session, **coach, at=NOW, by=by))
    registered = sign_up(door.database, door.cast, found["workshop"])
    return found | {"captain": captain, "registration": registered.registration}


def answer(door: Door, asked: Asked, who: str, names: dict[str, str]) -> tuple[int, str]:
    """What somebody is told, with the names that they gave left out."""
    sent = door.desk(who).send(asked.method, filled(asked.rule, names) + asked.query, filled_in(asked.body, names))
    text = str(sent.text)
    for name in names.values():
        text = text.replace(name, "...")
    return sent.status_code, text


def filled_in(body: Any, names: dict[str, str]) -> Any:
    """A body with its names, where it has some; a flag or a number stays."""
    if isinstance(body, dict):
        return {name: filled_in(part, names) for name, part in body.items()}
    return filled(body, names) if isinstance(body, str) else body


def test_every_call_about_a_sessions_thing_is_asked(door: Door) -> None:
    rules = {
        (method, rule.rule.removeprefix("/api/v1").replace("_id>", ">").replace("<", "{").replace(">", "}"))
        for rule in door.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and any(part in rule.rule for part in OF_SESSIONS)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    asked = {(one.method, one.rule.replace("{program}", "{code}")) for one in ASKED}
    assert rules <= asked


@pytest.mark.parametrize("asked", ASKED, ids=[f"{one.method} {one.rule} {one.body}"[:70] for one in ASKED])
def test_a_stranger_is_told_the_same_as_of_a_thing_that_there_is_not(
    door: Door, things: dict[str, str], asked: Asked
) -> None:
    nobodys = things_of_nobody(things)
    before = door.every(select(JournalEntry.id))
    for who in asked.who:
        told = {
            "theirs": answer(door, asked, who, things),
            "with no card": answer(door, asked, who, things | {"card": nobodys["card"]}),
            "nobody's": answer(door, asked, who, nobodys),
        }
        assert len(set(told.values())) == 1, (who, told)
        assert told["theirs"][0] in (403, 404), (who, told)
    assert door.every(select(JournalEntry.id)) == before


@pytest.mark.parametrize("who", STRANGERS)
def test_a_strangers_lists_hold_nothing_of_it(door: Door, things: dict[str, str], who: str) -> None:
    desk = door.desk(who)
    lists = ["/reservations", "/reservations?cohort=WR-7", f"/reservations?patron={things['card']}"]
    if who in DESKS:
        lists += ["/cohorts/WR-7/enrolments", "/stocktakes"]
    for address in lists:
        assert desk.send("GET", address).json["items"] == [], address


def test_a_desk_sees_of_another_branchs_session_its_plan_and_nobody_in_it(door: Door, things: dict[str, str]) -> None:
    for who in DESKS:
        shown = door.desk(who).get("/cohorts/WR-7")
        assert shown.status_code == 200
        assert things["card"] not in shown.text


def test_the_lead_of_the_session_does_what_strangers_may_not(door: Door, things: dict[str, str]) -> None:
    dora = door.desk("dora")
    assert [one["id"] for one in dora.get("/reservations", cohort="WR-7").json["items"]] == [things["reservation"]]
    assert dora.send("DELETE", f"/reservations/{things['reservation']}").status_code == 200
    wanted = {"patron": LUIS, "pickup_branch": "ELA"}
    assert dora.post("/cohorts/WR-7/prospects", wanted).json["blocks"] == []
    assert dora.post("/cohorts/WR-7/enrolments", wanted).status_code == 201


def test_a_key_sent_again_shows_nothing_to_who_has_lost_the_programme_or_the_branch(door: Door) -> None:
    joins = ("POST", "/cohorts/WR-7/enrolments", {"patron": LUIS, "pickup_branch": "ELA"})
    reserves = ("POST", "/reservations", {"patron": LUIS, "pickup_branch": "ELA", "kit_type": "laptop-hotspot"})
    renames = ("PATCH", f"/workshops/{meeting(door.database, door.cast)}", {"title": "Start"})
    for who, link, asked in (
        ("dora", StaffProgram, joins),
        ("dora", StaffProgram, renames),
        ("ben", StaffBranch, reserves),
    ):
        assert door.desk(who).send(*asked, key=f"{asked[1]} once").status_code in (200, 201)
        assert door.desk(who).send(*asked, key=f"{asked[1]} once").status_code in (200, 201)
        lost = take_away(door, link)
        assert door.desk(who).send(*asked, key=f"{asked[1]} once").status_code == 404, asked
        give_back(door, link, lost)


def take_away(door: Door, link: Any) -> list[dict[str, int]]:
    """Nobody has a programme or a branch any more; gives what they had."""

    def do(session: Any) -> list[dict[str, int]]:
        had = [dict(row._mapping) for row in session.execute(select(link.__table__))]
        session.query(link).delete()
        return had

    return door.database.act(do)


def give_back(door: Door, link: Any, had: list[dict[str, int]]) -> None:
    """As it was."""
    door.database.act(lambda session: session.add_all(link(**row) for row in had))
