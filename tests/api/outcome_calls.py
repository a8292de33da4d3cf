"""Calls about outcomes, registrations, people's data and accounts: what each is sent with, and what goes before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from lending.circulation.staff import token_digest
from lending.domain.permissions import Role
from lending.models.cohorts import Workshop
from lending.models.hiring import HiringEvent
from lending.models.outcomes import Captain, Registration, Story
from lending.models.people import ApiToken, Staff
from lending.models.privacy import LedgerOpening, RecordsRequest
from lending.models.referrals import Referral
from tests.api.conftest import Door
from tests.api.test_registrations import OMID, SINGLE
from tests.cast import LUIS, MINA, NOW, put
from tests.programs.meetings import meeting


class Call(NamedTuple):
    """A call as its route names it, what goes before it, and its body, or what makes it by then."""

    method: str
    rule: str
    body: Any
    before: Callable[[Door], object] = lambda door: None
    who: str = "ben"
    address: str | None = None


def only(door: Door, public_id: Any) -> str:
    """The public id of the only row there is."""
    (found,) = door.every(select(public_id))
    return str(found)


def held(door: Door) -> None:
    meeting(door.database, door.cast)


def workshop(door: Door) -> str:
    """The public id of the only workshop."""
    (found,) = door.every(select(Workshop.public_id))
    return str(found)


REFERRAL = {"branch": "ELA", "sent_to": "jobsla", "reason": "resume", "consented_on": "2026-03-03"}
EXPO = {"branch": "ELA", "name": "Expo", "starts_at": "2026-03-03T19:00:00Z", "ends_at": "2026-03-03T22:00:00Z"}


def tallied(door: Door) -> None:
    assert door.ben.post("/inquiries", {"branch": "ELA", "topic": "resume"}).status_code == 201


def referred(door: Door) -> None:
    assert door.ben.post("/referrals", REFERRAL).status_code == 201


def expo(door: Door) -> None:
    assert door.ben.post("/hiring_events", EXPO).status_code == 201


def registered(door: Door) -> None:
    meeting(door.database, door.cast, begins=NOW + timedelta(days=7))
    assert door.ben.post(f"/workshops/{workshop(door)}/registrations", OMID).status_code == 201


def registered_today(door: Door) -> None:
    held(door)
    assert door.ben.post(f"/workshops/{workshop(door)}/registrations", OMID).status_code == 201


def came(door: Door) -> None:
    registered_today(door)
    address = f"/registrations/{only(door, Registration.public_id)}/attendance"
    assert door.ben.post(address, {"mode": "onsite"}).status_code == 201


def hired(door: Door) -> None:
    assert door.eli.post("/staff", NEW_STAFF).status_code == 201


def coached(door: Door) -> None:
    assert door.desk("dora").post("/cohorts/WR-7/captains", {"name": "Amara Okafor"}).status_code == 201


def told_a_story(door: Door) -> None:
    assert door.ben.post("/stories", STORY).status_code == 201


def asked_for_records(door: Door) -> None:
    assert door.ben.post("/records_requests", RECORDS).status_code == 201


def asked_to_open(door: Door) -> None:
    assert door.eli.post("/ledger_openings", {"reason": "the audit of 2026"}).status_code == 201


def second_administrator(door: Door) -> None:
    """Somebody else administers too, and Eli asked to open the ledger."""
    asked_to_open(door)

    def write(session: Any) -> None:
        farah = put(session, Staff(username="farah", name="Farah Nazari", role=Role.ADMIN, created_at=NOW))
        digest = token_digest("token-of-farah")
        session.add(ApiToken(staff_id=farah.id, name="program", digest=digest, created_at=NOW))

    door.database.act(write)


NEW_STAFF = {"username": "gita", "name": "Gita Rao", "role": "desk", "branches": ["ELA"]}
STORY = {
    "program": "work-ready",
    "branch": "ELA",
    "cohort": "WR-7",
    "text": "I got the job.",
    "named_as": "Amara",
    "uses": ["print"],
    "consented_on": "2026-03-02",
}
RECORDS = {"branch": "ELA", "kind": "police", "about": "who_had_a_kit", "asker": "Officer Lind", "note": "Kit 14"}
DECISION = {"decision": "refused", "authority": "subpoena"}


OUTCOME_IDS: dict[str, Callable[[Door], str]] = {
    "<staff_id>": lambda door: str(door.every(select(Staff.public_id).where(Staff.username == "gita"))[0]),
    "<referral_id>": lambda door: str(door.every(select(Referral.public_id))[0]),
    "<event_id>": lambda door: str(door.every(select(HiringEvent.public_id))[0]),
    "<registration_id>": lambda door: only(door, Registration.public_id),
    "<captain>": lambda door: only(door, Captain.public_id),
    "<story_id>": lambda door: only(door, Story.public_id),
    "<request_id>": lambda door: only(door, RecordsRequest.public_id),
    "<opening_id>": lambda door: only(door, LedgerOpening.public_id),
}

OF_OUTCOMES = (
    Call("PATCH", "/settings", {"cut_after_days": 20, "contact": "Call 213 555 0142"}, who="eli"),
    Call("POST", "/staff", NEW_STAFF, who="eli"),
    Call("PATCH", "/staff/<staff_id>", {"role": "manager", "active": False}, hired, "eli"),
    Call("POST", "/cohorts/<code>/captains", {"patron": LUIS}, who="dora"),
    Call("DELETE", "/cohorts/<code>/captains/<captain>", None, coached, "dora"),
    Call("POST", "/stories", STORY),
    Call("DELETE", "/stories/<story_id>", None, told_a_story),
    Call("POST", "/enrolments/<enrolment>/heard", {"source": "flyer"}),
    Call("POST", "/records_requests", RECORDS),
    Call("POST", "/records_requests/<request_id>/decision", DECISION, asked_for_records, "eli"),
    Call("POST", "/ledger_openings", {"reason": "the audit of 2026"}, who="eli"),
    Call("POST", "/ledger_openings/<opening_id>/approval", {}, second_administrator, "farah"),
    Call("POST", "/ledger_openings/<opening_id>/closing", {}, asked_to_open, "eli"),
    Call("POST", "/erasures", {"patron": MINA}, who="eli"),
    Call("POST", "/workshops", SINGLE, who="dora"),
    Call("PATCH", "/workshops/<workshop_id>/registrations", {"is_open": True, "places": 12}, registered, "dora"),
    Call("DELETE", "/registrations/<registration_id>", None, registered),
    Call("POST", "/registrations/<registration_id>/attendance", {"mode": "onsite"}, registered_today),
    Call("DELETE", "/registrations/<registration_id>/attendance", None, came),
    Call("POST", "/inquiries", {"branch": "ELA", "topic": "resume", "channel": "phone", "count": 3}),
    Call("POST", "/inquiries/undo", {"branch": "ELA"}, tallied),
    Call("POST", "/referrals", {**REFERRAL, "patron": LUIS}),
    Call("PATCH", "/referrals/<referral_id>", {"outcome": "enrolled", "source": "confirmed"}, referred),
    Call("POST", "/hiring_events", EXPO),
    Call("PATCH", "/hiring_events/<event_id>", {"attended": 41, "hires": None}, expo),
    Call("POST", "/hiring_events/<event_id>/tallies", {"what": "offer"}, expo),
    Call("POST", "/workshops/<workshop_id>/registrations", OMID, held),
)
"""Each of these calls, to be sent twice with one key."""
