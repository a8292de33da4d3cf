"""Who may call what, and that another branch's things look as if they were not there (BATTERY S1, S2, S3)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from lending.domain.barcodes import library_code
from lending.domain.permissions import Role
from lending.models.base import new_public_id
from lending.models.branches import Branch
from lending.models.journal import JournalEntry
from lending.models.loans import Loan
from lending.models.people import ApiToken, Staff, StaffBranch
from tests import cast as standing
from tests.api.conftest import Door, give_tokens
from tests.api.test_cases import check_out
from tests.api.test_every_key import WEBHOOK
from tests.cast import ADA, COMPTON_KIT, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_KIT
from tests.databases import counting

NO_KIT, NO_CARD = "KIT-9999", library_code("2", "9999", 99_999_999)
CARD = "29999000000042"


def hire(door: Door, username: str, role: Role, *branch_ids: int) -> None:
    """Somebody else, with a token."""

    def add(session: Any) -> None:
        session.query(ApiToken).delete()
        staff = standing.put(session, Staff(username=username, name=username, role=role, created_at=NOW))
        session.add_all(StaffBranch(staff_id=staff.id, branch_id=branch_id) for branch_id in branch_ids)

    door.database.act(add)
    give_tokens(door.database)


# --- Tokens -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer nobody",
        "Basic dG9rZW4=",
        "token-of-ben",
        "Bearer töken",
        "Bearer " + "x" * 600,
    ],
)
def test_without_a_good_token_nothing_is_told(door: Door, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = door.app.test_client().get(f"/api/v1/kits/{KIT}", headers=headers)
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_schemes_name_may_be_written_small(door: Door, scheme: str) -> None:
    answer = door.app.test_client().get(f"/api/v1/kits/{KIT}", headers={"Authorization": f"{scheme} token-of-ben"})
    assert answer.status_code == 200


@pytest.mark.parametrize("change", [update(ApiToken).values(revoked_at=NOW), update(Staff).values(active=False)])
def test_a_revoked_token_or_a_person_who_left_gets_in_no_more(door: Door, change: Any) -> None:
    assert door.ben.get("/kits").status_code == 200
    door.database.act(lambda session: session.execute(change) and None)
    assert door.ben.get("/kits").status_code == 401


def test_a_token_with_its_role_and_branches_is_one_statement(both: Door) -> None:
    with counting(both.database) as statements:
        both.ben.get("/loans")
    assert len(statements) == 2
    assert "api_tokens" in statements[0]


def test_a_role_outside_the_desk_never_gets_in(door: Door) -> None:
    hire(door, "somebody", Role.PATRON, door.cast.ela)
    assert door.desk("somebody").get("/kits").status_code == 401


def test_nobody_without_a_branch_sees_or_does_anything(door: Door) -> None:
    check_out(door.ben)
    hire(door, "newcomer", Role.MANAGER)
    newcomer = door.desk("newcomer")
    assert newcomer.get("/kits").json["items"] == newcomer.get("/loans").json["items"] == []
    assert newcomer.get(f"/kits/{KIT}").status_code == newcomer.get(f"/patrons/{ADA}").status_code == 404
    assert newcomer.post("/returns", {"kit": KIT, "branch": "ELA"}).status_code == 404


# --- Roles --------------------------------------------------------------------------------------------------------

REGISTER = {"card": CARD, "name": "Noor Haddad", "birth_date": "1991-01-02", "home_branch": "ELA"}
FORBIDDEN = [
    ("dora", "POST", "/checkouts", {"patron": LUIS, "kit": OPEN_KIT, "branch": "ELA"}),
    ("dora", "POST", "/returns", {"kit": KIT, "branch": "ELA"}),
    ("dora", "POST", "/uses", {"kit": KIT, "branch": "ELA"}),
    ("dora", "POST", "/patrons", REGISTER),
    ("ben", "POST", f"/kits/{KIT}/withdrawal", {"reason": "worn out"}),
    ("ben", "POST", f"/kits/{KIT}/missing", {}),
    ("ben", "POST", "/due_dates", {"kit": KIT, "due_on": "2026-04-01", "reason": "class"}),
    ("ben", "POST", "/patron_merges", {"gone": LUIS, "stays": ADA}),
    ("ben", "POST", "/branches", {"code": "HAW", "name": "Hawaiian Gardens", "zone": "UTC", "hours": "mon closed"}),
    ("cleo", "PUT", "/notice_texts/overdue/text/en", {"body": "Bring it back, please."}),
    ("cleo", "DELETE", "/notice_texts/overdue/text/en", None),
    ("cleo", "POST", "/webhooks", WEBHOOK),
    ("dora", "DELETE", "/webhooks/bcdfghjkmnpqrstv", None),
    ("cleo", "POST", "/kit_types", {"code": "x", "name": "X", "whole_price_cents": 1, "parts": [{"name": "A"}]}),
]


@pytest.mark.parametrize(("who", "method", "address", "body"), FORBIDDEN, ids=lambda value: str(value)[:30])
def test_what_a_role_may_not_do_is_refused_and_nothing_changes(
    door: Door, who: str, method: str, address: str, body: Any
) -> None:
    answer = door.desk(who).send(method, address, body)
    assert (answer.status_code, answer.json["blocks"][0]["reason"]) == (403, "not_permitted")
    assert door.every(select(JournalEntry.id)) == []


def test_every_call_says_who_may_use_it(door: Door) -> None:
    calls = {name: call for name, call in door.app.view_functions.items() if name.startswith("api.")}
    assert len(calls) > 30
    assert [name for name, call in calls.items() if not hasattr(call, "lending_acts")] == []


# --- Another branch's things ----------------------------------------------------------------------------------------


def same(one: Any, other: Any, *names: tuple[str, str]) -> None:
    """Two answers that differ in nothing but the codes that were asked for."""
    text = one.text
    for real, made_up in names:
        text = text.replace(real, made_up)
    assert (one.status_code, text) == (other.status_code, other.text)
    assert one.status_code == 404


SWAPS = [
    ("GET", "/kits/{kit}", None),
    ("POST", "/inspections", {"kit": "{kit}", "all_here": True}),
    ("POST", "/inspections", {"kit": "{kit}", "parts": [{"part": 1, "state": "here"}]}),
    ("POST", "/renewals", {"kit": "{kit}"}),
    ("POST", "/missing_parts", {"kit": "{kit}", "part": 1}),
    ("POST", "/found_parts", {"kit": "{kit}", "part": 1}),
    ("POST", "/swaps", {"kit": "{kit}", "part": 1}),
    ("POST", "/transfers", {"kit": "{kit}", "to": "COM"}),
    ("PATCH", "/kits/{kit}", {"place": "shelf 4"}),
    ("POST", "/kits/{kit}/steps", {"step": "wiped"}),
    ("POST", "/kits/{kit}/parts", {"kind": "Charger"}),
    ("POST", "/kits/{kit}/parts/1/replacement", {}),
    ("POST", "/kits/{kit}/parts/2/line", {"number": "+12135550777", "iccid": "8944501234567890124", "carrier": "C"}),
    ("POST", "/kits/{kit}/repair", {}),
    ("GET", "/patrons/{card}", None),
    ("PATCH", "/patrons/{card}", {"name": "Somebody Else"}),
    ("POST", "/patrons/{card}/cards", {"card": CARD}),
    ("PUT", "/patrons/{card}/block", {"reason": "left"}),
    ("DELETE", "/patrons/{card}/block", None),
    ("POST", "/checkouts", {"patron": LUIS, "kit": OPEN_KIT, "branch": "{branch}"}),
    ("POST", "/returns", {"kit": KIT, "branch": "{branch}"}),
    ("POST", "/claims", {"kit": KIT, "branch": "{branch}"}),
    ("POST", "/arrivals", {"kit": KIT, "branch": "{branch}"}),
    ("POST", "/undo", {"branch": "{branch}", "station": "Station 1"}),
    ("POST", "/patrons", {**REGISTER, "home_branch": "{branch}"}),
    ("POST", "/kits", {"barcode": "KIT-7000", "type": "work-ready", "branch": "{branch}"}),
    ("GET", "/loans/{loan}", None),
    ("POST", "/reservations", {"patron": LUIS, "kit_type": "laptop-hotspot", "pickup_branch": "{branch}"}),
    ("POST", "/shelf", {"kit": OPEN_KIT, "branch": "{branch}"}),
    ("POST", "/inquiries", {"branch": "{branch}", "topic": "resume"}),
    ("POST", "/inquiries/undo", {"branch": "{branch}"}),
    (
        "POST",
        "/referrals",
        {"branch": "{branch}", "sent_to": "jobsla", "reason": "resume", "consented_on": "2026-03-03"},
    ),
    ("POST", "/uses", {"kit": OPEN_KIT, "branch": "{branch}"}),
    ("GET", "/shelf?branch={branch}", None),
    ("GET", "/reservations/{reservation}", None),
    ("DELETE", "/reservations/{reservation}", None),
]


def filled(value: Any, names: dict[str, str]) -> Any:
    """A request with its placeholders filled."""
    if isinstance(value, dict):
        return {name: filled(part, names) for name, part in value.items()}
    return value.format(**names) if isinstance(value, str) else value


@pytest.mark.parametrize(("method", "address", "body"), SWAPS, ids=[f"{swap[0]} {swap[1]}" for swap in SWAPS])
def test_another_branchs_thing_looks_as_if_there_were_none(door: Door, method: str, address: str, body: Any) -> None:
    door.database.act(lambda s: standing.kit(s, "KIT-2060", door.cast.laptop_hotspot, door.cast.com) and None)
    lent = door.cleo.post("/checkouts", {"patron": MINA, "kit": "KIT-2060", "branch": "COM"})
    wanted = {"patron": MINA, "kit_type": "laptop-hotspot", "pickup_branch": "COM"}
    reserved = door.cleo.post("/reservations", wanted).json["id"]
    real = {"kit": "KIT-2060", "card": MINA, "branch": "COM", "loan": lent.json["loan"]["id"], "reservation": reserved}
    made_up = {
        "kit": NO_KIT,
        "card": NO_CARD,
        "branch": "XYZ",
        "loan": new_public_id(),
        "reservation": new_public_id(),
    }
    before = door.every(select(JournalEntry.id))
    theirs = door.ben.send(method, filled(address, real), filled(body, real))
    nobodys = door.ben.send(method, filled(address, made_up), filled(body, made_up))
    same(theirs, nobodys, *zip(real.values(), made_up.values(), strict=True))
    assert door.every(select(JournalEntry.id)) == before


@pytest.mark.parametrize("act", ["withdrawal", "reinstatement", "missing", "lost"])
def test_a_managers_act_on_another_branchs_kit_looks_the_same(door: Door, act: str) -> None:
    body = {"reason": "worn out"} if act == "withdrawal" else {}
    same(door.cleo.post(f"/kits/{KIT}/{act}", body), door.cleo.post(f"/kits/{NO_KIT}/{act}", body), (KIT, NO_KIT))


@pytest.mark.parametrize(
    ("call", "more"), [("renewals", {}), ("due_dates", {"due_on": "2026-04-01", "reason": "class"})]
)
def test_whether_another_branchs_kit_is_out_is_not_told(door: Door, call: str, more: dict[str, str]) -> None:
    answers = [door.cleo.post(f"/{call}", {"kit": kit, **more}) for kit in (KIT, NO_KIT)]
    same(*answers, (KIT, NO_KIT))


def test_lists_hold_ones_own_branches_alone(both: Door) -> None:
    check_out(both.ben)
    assert {kit["branch"] for kit in both.ben.get("/kits").json["items"]} == {"ELA"}
    assert [kit["barcode"] for kit in both.cleo.get("/kits").json["items"]] == [COMPTON_KIT]
    assert both.cleo.get("/loans").json["items"] == both.cleo.get("/loans", branch="ELA").json["items"] == []
    assert both.cleo.get("/patrons", q="morales").json["items"] == []
    assert len(both.eli.get("/kits").json["items"]) == 6
    assert {stock["branch"] for stock in both.ben.get("/availability").json["items"]} == {"ELA"}
    assert both.cleo.get("/availability", branch="ELA").status_code == 404
    assert len(both.ben.get("/loans").json["items"]) == len(both.eli.get("/loans").json["items"]) == 1


def test_an_exact_card_works_at_any_branch_but_is_not_read_there(door: Door) -> None:
    check_out(door.ben, OPEN_KIT, MINA)
    door.database.act(lambda s: standing.kit(s, "KIT-2061", door.cast.laptop_hotspot, door.cast.com) and None)
    assert door.cleo.post("/checkouts", {"patron": LUIS, "kit": "KIT-2061", "branch": "COM"}).status_code == 201


# --- What a write may not say (S3) ----------------------------------------------------------------------------------

WRITES = [
    ("POST", "/checkouts", {"patron": LUIS, "kit": OPEN_KIT, "branch": "ELA"}),
    ("POST", "/returns", {"kit": KIT, "branch": "ELA"}),
    ("POST", "/inspections", {"kit": KIT, "all_here": True}),
    ("POST", "/renewals", {"kit": KIT}),
    ("POST", "/exchanges", {"kit": KIT, "replacement": OTHER_KIT, "reason": "x"}),
    ("POST", "/missing_parts", {"kit": KIT, "part": 1}),
    ("POST", "/patrons", REGISTER),
    ("PATCH", f"/patrons/{ADA}", {"name": "Ada Morales"}),
    ("POST", f"/patrons/{ADA}/cards", {"card": CARD}),
    ("POST", "/kits", {"barcode": "KIT-7000", "type": "work-ready", "branch": "ELA"}),
    ("PATCH", f"/kits/{KIT}", {"place": "shelf 4"}),
    ("POST", f"/kits/{KIT}/withdrawal", {"reason": "worn out"}),
    ("POST", "/reservations", {"patron": LUIS, "kit_type": "laptop-hotspot", "pickup_branch": "ELA"}),
    ("POST", "/programs", {"code": "job-skills", "name": "Job Skills"}),
    ("POST", "/agreements", {"code": "borrowing", "language": "es", "title": "Acuerdo", "body": "Lo devuelvo."}),
    ("PUT", "/notice_texts/overdue/text/en", {"body": "Bring it back, please."}),
    ("PATCH", "/cohorts/WR-7", {"ends_on": "2026-04-17"}),
    ("POST", "/cohorts/WR-7/cancellation", {"reason": "flood"}),
    ("POST", "/closures", {"starts_on": "2026-04-10", "ends_on": "2026-04-10", "reason": "Flood"}),
]
SLIPPED_IN = {
    "role": "admin",
    "branch_ids": [1, 2],
    "fee": 0,
    "charge_cents": 0,
    "due_at": "2030-01-01T00:00:00Z",
    "due_date": "2030-01-01",
    "state": "available",
    "blocked_reason": None,
    "id": 1,
}


@pytest.mark.parametrize("extra", sorted(SLIPPED_IN))
@pytest.mark.parametrize(("method", "address", "body"), WRITES, ids=[f"{call[0]} {call[1]}" for call in WRITES])
def test_a_field_that_no_call_names_is_refused(
    refusing: Door, method: str, address: str, body: Any, extra: str
) -> None:
    answer = refusing.eli.send(method, address, {**body, extra: SLIPPED_IN[extra]})
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [extra]
    assert refusing.every(select(JournalEntry.id)) == []


@pytest.fixture(scope="module")
def refusing(module_door: Door) -> Door:
    """A library that every request of this module leaves as it was, so that it is built once."""
    return module_door


def test_a_check_out_at_another_branch_says_where_the_kit_should_be(door: Door) -> None:
    answer = door.ben.post("/checkouts", {"patron": ADA, "kit": COMPTON_KIT, "branch": "ELA"})
    assert answer.status_code == 409
    assert "Compton Library" in answer.json["detail"]
    assert door.every(select(Loan)) == []
    assert door.every(select(Branch.code).order_by(Branch.code)) == ["COM", "ELA"]
