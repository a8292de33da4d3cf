"""Every call that changes something, sent again with its key: done once, and answered as it was (BATTERY R4).

The table names them all; a call that is added to the API and not to it fails here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lending.circulation.overdue import Stretch, climb
from lending.domain.ladders import DEFAULT
from lending.domain.states import LineState
from lending.models.charges import Charge
from lending.models.cohorts import Attendance, AttendanceMode, Enrolment, Workshop
from lending.models.journal import JournalEntry
from lending.models.lines import Line
from lending.models.reservations import Reservation
from lending.models.stocktakes import Stocktake
from lending.models.tasks import Task, TaskKind
from lending.models.webhooks import Webhook, WebhookDelivery
from lending.queries.invariants import INVARIANTS
from tests.api.conftest import Door
from tests.api.outcome_calls import OF_OUTCOMES, OUTCOME_IDS, Call, held, only, workshop
from tests.api.test_cases import DONE, check_out, give_back, parts
from tests.cast import ADA, HOURS, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, put
from tests.programs.meetings import public_id_of
from tests.programs.members import change_cohort

NEW_CARD = "29999000000042"
STATION = {"branch": "ELA", "station": "Station 1"}


def out(door: Door) -> None:
    check_out(door.ben, station="Station 1")


def open_loan(door: Door) -> None:
    check_out(door.ben, OPEN_KIT, LUIS)
    door.clock.at = NOW + timedelta(days=30)


def back(door: Door) -> None:
    check_out(door.ben)
    give_back(door.ben)


def inspected(door: Door, **found: str) -> None:
    back(door)
    seen = parts(door.ben, KIT, **found)
    assert door.ben.post("/inspections", {"kit": KIT, "parts": seen, "steps": {}}).status_code == 201


def charger_missing(door: Door) -> None:
    inspected(door, Charger="missing")


def lost(door: Door) -> None:
    check_out(door.ben)
    assert door.eli.post(f"/kits/{KIT}/lost").status_code == 201


def paid_and_taken_back(door: Door) -> None:
    lost(door)
    door.ben.post(f"/charges/{charge(door)}/payment")
    give_back(door.ben)


def line_ended(door: Door) -> None:
    lost(door)
    give_back(door.ben)


def missing(door: Door) -> None:
    assert door.eli.post(f"/kits/{KIT}/missing").status_code == 201


def withdrawn(door: Door) -> None:
    assert door.eli.post(f"/kits/{KIT}/withdrawal", {"reason": "worn"}).status_code == 201


def sent(door: Door) -> None:
    assert door.ben.post("/transfers", {"kit": OTHER_OPEN_KIT, "to": "COM"}).status_code == 201


def blocked(door: Door) -> None:
    assert door.ben.send("PUT", f"/patrons/{ADA}/block", {"reason": "talk first"}).status_code == 200


def first_day(door: Door) -> None:
    """The first day of Work Ready 7 was mandatory and is over; Ada was not there, and Luis was."""
    tomorrow = NOW + timedelta(days=1)
    change_cohort(door.database, door.cast, first_day_mandatory=True)

    def write(session: Any) -> None:
        ends = tomorrow + timedelta(hours=1)
        first = put(session, Workshop(cohort_id=door.cast.cohort, n=1, title="Start", starts_at=tomorrow, ends_at=ends))
        mode = AttendanceMode.VIRTUAL
        session.add(Attendance(workshop_id=first.id, patron_id=door.cast.luis_id, mode=mode, at=tomorrow))

    door.database.act(write)
    door.clock.at = tomorrow + timedelta(hours=2)


def charge(door: Door) -> str:
    """The public id of the only charge."""
    return only(door, Charge.public_id)


def reserved(door: Door) -> None:
    assert door.ben.post("/reservations", RESERVATION).status_code == 201


def reservation(door: Door) -> str:
    """The public id of the only open reservation."""
    (found,) = door.every(select(Reservation.public_id).where(Reservation.cohort_id.is_(None)))
    return str(found)


RESERVATION = {"patron": LUIS, "kit_type": "laptop-hotspot", "pickup_branch": "ELA"}


CLOSURE = {"branch": "ELA", "starts_on": "2026-04-10", "ends_on": "2026-04-11", "reason": "Flood", "emergency": True}
NEW_COHORT = {
    "code": "WR-8",
    "program": "work-ready",
    "name": "Work Ready 8",
    "starts_on": "2026-05-04",
    "ends_on": "2026-06-12",
    "capacity": 20,
    "pools": [{"branch": "ELA", "kit_type": "work-ready", "kits": 3}],
    "workshops": {"first_on": "2026-05-05", "starts": "18:00", "titles": ["Start"]},
}


def seen_cancellation(door: Door) -> dict[str, str]:
    """What cancels Work Ready 7 as its preview says now."""
    preview = door.desk("dora").post("/cohorts/WR-7/cancellation?preview=1", {"reason": "flood"}).json
    return {"reason": "flood", "seen": preview["redated"]["digest"]}


NOTICE_TEXT = "/notice_texts/<step>/<channel>/<language>"


def closed(door: Door) -> None:
    assert door.eli.post("/closures", CLOSURE).status_code == 201


def in_own_words(door: Door) -> None:
    assert door.eli.send("PUT", "/notice_texts/overdue/text/en", {"body": "Bring it back."}).status_code == 200


def posted(door: Door) -> None:
    held(door)
    door.clock.at = NOW + timedelta(days=9)
    address = f"/workshops/{workshop(door)}/recording"
    assert door.ben.post(address, {"posted_on": "2026-03-04"}).status_code == 201


def attended(door: Door) -> None:
    held(door)
    attendance = {"patron": ADA, "mode": "onsite"}
    assert door.ben.post(f"/workshops/{workshop(door)}/attendance", attendance).status_code == 201


def counting_kits(door: Door) -> None:
    assert door.ben.post("/stocktakes", {"branch": "ELA"}).status_code == 201


def overdue(door: Door) -> None:
    """Luis's kit is three weeks late, and somebody is to call and to suspend its line."""
    check_out(door.ben, OPEN_KIT, LUIS)
    door.clock.at = NOW + timedelta(days=58)
    stretch = Stretch(door.cast.ela, door.cast.laptop_hotspot)
    at, by = door.clock.at, door.cast.system
    door.database.act(lambda session: climb(session, stretch, DEFAULT, at=at, by=by, limit=10) and None)


def claimed(door: Door) -> None:
    out(door)
    assert door.ben.post("/claims", {"kit": KIT, "branch": "ELA"}).status_code == 201


def call_task(door: Door) -> str:
    """The public id of the only call."""
    (found,) = door.every(select(Task.public_id).where(Task.kind == TaskKind.CALL))
    return str(found)


def listening(door: Door) -> None:
    assert door.eli.post("/webhooks", WEBHOOK).status_code == 201


def pinged(door: Door) -> None:
    listening(door)
    assert door.eli.post(f"/webhooks/{webhook(door)}/test").status_code == 201


def webhook(door: Door) -> str:
    """The public id of the only webhook."""
    return only(door, Webhook.public_id)


def line_of(door: Door) -> str:
    """The number of the only line that is to be suspended."""
    (found,) = door.every(select(Line.number).where(Line.state == LineState.SUSPENDING))
    return str(found)


NEXT_YEAR = "2027-01-04T08:00:00Z"


def rules(door: Door, kit_type: str | None, days: int, **more: str) -> dict[str, Any]:
    """Other rules of a kit type, or of all, as somebody sets them who has just looked."""
    return {"kit_type": kit_type, "seen": rules_seen(door, kit_type), "rules": {"loan_days": days}, **more}


def rules_seen(door: Door, kit_type: str | None = "work-ready") -> str:
    return str(door.eli.get("/policies/place", **({"kit_type": kit_type} if kit_type else {})).json["seen"])


def excepted(door: Door) -> None:
    assert door.eli.post("/policies", rules(door, "work-ready", 14)).status_code == 201


def planned(door: Door) -> None:
    assert door.eli.post("/policies", rules(door, None, 28, valid_from=NEXT_YEAR)).status_code == 201


PUBLIC_IDS: dict[str, Callable[[Door], str]] = {
    **OUTCOME_IDS,
    "<charge_id>": charge,
    "<reservation_id>": reservation,
    "<workshop_id>": workshop,
    "<stocktake_id>": lambda door: only(door, Stocktake.public_id),
    "<enrolment>": lambda door: only(door, Enrolment.public_id),
    "<task_id>": call_task,
    "<seen>": rules_seen,
    "<webhook_id>": webhook,
    "<delivery_id>": lambda door: only(door, WebhookDelivery.public_id),
    "<attendee>": lambda door: public_id_of(door.database, door.cast.ada_id),
}
SOMEWHERE = "93.184.215.14"
"""A number of the internet, so that no test asks for a name; nothing is sent there."""
WEBHOOK = {"url": f"https://{SOMEWHERE}/lending", "events": ["line.*"]}
NEW_BRANCH = {"code": "MAL", "name": "Malibu Library", "zone": "America/Los_Angeles", "hours": HOURS.format()}
NEW_TYPE = {"code": "tablet", "name": "Tablet", "whole_price_cents": 20000, "parts": [{"name": "Tablet"}]}
NEW_PATRON = {"card": NEW_CARD, "name": "Noor Haddad", "birth_date": "1991-01-02", "home_branch": "ELA", "pin": "4711"}
NEW_LINE = {"number": "+12135550777", "iccid": "8944501234567890124", "carrier": "Cellco"}
INSPECTION = {"kit": KIT, "all_here": True, "steps": DONE}

KEYS_ON_JOURNAL = next(law for law in INVARIANTS if law.name == "act_on_journal")

CALLS = (
    *OF_OUTCOMES,
    Call("POST", "/uses", {"kit": OPEN_KIT, "branch": "ELA"}),
    Call("POST", "/checkouts", {"patron": ADA, "kit": KIT, "branch": "ELA"}),
    Call("POST", "/returns", {"kit": KIT, "branch": "ELA"}, out),
    Call("POST", "/renewals", {"kit": OPEN_KIT}, open_loan),
    Call("POST", "/due_dates", {"kit": KIT, "due_on": "2026-04-15", "reason": "exam"}, out, "eli"),
    Call("POST", "/exchanges", {"kit": KIT, "replacement": OTHER_KIT, "reason": "screen"}, out),
    Call("POST", "/claims", {"kit": KIT, "branch": "ELA"}, out),
    Call("POST", "/claims/found", {"kit": KIT, "branch": "ELA"}, claimed),
    Call("POST", "/claims/withdrawn", {"kit": KIT, "branch": "ELA"}, claimed),
    Call("POST", "/tasks/<task_id>/finish", {"outcome": "met at the desk"}, overdue),
    Call("POST", "/tasks/<task_id>/calls", {"outcome": "no_answer"}, overdue),
    Call("POST", "/lines/confirmations", lambda door: {"numbers": [line_of(door)]}, overdue),
    Call("POST", "/lines/requests", lambda door: {"numbers": [line_of(door)]}, overdue),
    Call("PUT", "/ladders", {"kit_type": "work-ready", "steps": [{"code": "overdue", "days": 2}]}, who="eli"),
    Call("DELETE", "/ladders", None, who="eli"),
    Call("POST", "/policies", lambda door: rules(door, "work-ready", 14), who="eli"),
    Call("DELETE", "/policies", None, excepted, "eli", "/policies?kit_type=work-ready&seen=<seen>"),
    Call("DELETE", "/policies/planned", None, planned, "eli", f"/policies/planned?valid_from={NEXT_YEAR}"),
    Call("POST", "/webhooks", WEBHOOK, who="eli"),
    Call("PATCH", "/webhooks/<webhook_id>", {"events": ["*"]}, listening, "eli"),
    Call("DELETE", "/webhooks/<webhook_id>", None, listening, "eli"),
    Call("POST", "/webhooks/<webhook_id>/secret", {}, listening, "eli"),
    Call("POST", "/webhooks/<webhook_id>/test", {}, listening, "eli"),
    Call("POST", "/webhooks/<webhook_id>/deliveries/<delivery_id>/again", {}, pinged, "eli"),
    Call("POST", "/undo", STATION, out),
    Call("POST", "/inspections", INSPECTION, back),
    Call("POST", "/missing_parts", {"kit": KIT, "part": 2}, out),
    Call("POST", "/found_parts", {"kit": KIT, "part": 3}, charger_missing),
    Call("POST", "/swaps", {"kit": KIT, "part": 2}, out),
    Call("POST", "/kits/<barcode>/steps", {"step": "charged"}, inspected, address=f"/kits/{KIT}/steps"),
    Call("POST", "/charges/<charge_id>/payment", {}, lost),
    Call("POST", "/charges/<charge_id>/refund", {}, paid_and_taken_back),
    Call("POST", "/charges/<charge_id>/waiver", {"reason": "fire"}, lost, "eli"),
    Call("POST", "/charges/<charge_id>/cancellation", {"reason": "a mistake"}, lost, "eli"),
    Call("POST", "/branches", NEW_BRANCH, who="eli"),
    Call("POST", "/kit_types", NEW_TYPE, who="eli"),
    Call("POST", "/kits", {"barcode": "KIT-3001", "type": "work-ready", "branch": "ELA"}),
    Call("PATCH", "/kits/<barcode>", {"note": "a dent"}),
    Call("POST", "/kits/<barcode>/parts", {"kind": "Charger", "serial": "S1"}),
    Call(
        "POST",
        "/kits/<barcode>/parts/<int:part>/replacement",
        {"part": {"kind": "Charger"}},
        address=f"/kits/{KIT}/parts/3/replacement",
    ),
    Call("POST", "/kits/<barcode>/parts/<int:part>/line", NEW_LINE, line_ended, address=f"/kits/{KIT}/parts/2/line"),
    Call("POST", "/kits/<barcode>/withdrawal", {"reason": "worn"}, who="eli"),
    Call("POST", "/kits/<barcode>/reinstatement", {}, withdrawn, "eli"),
    Call("POST", "/kits/<barcode>/missing", {}, who="eli"),
    Call("POST", "/kits/<barcode>/found", {"branch": "ELA"}, missing),
    Call("POST", "/kits/<barcode>/repair", {}, lambda door: inspected(door, Laptop="damaged")),
    Call("POST", "/kits/<barcode>/lost", {}, out, "eli"),
    Call("POST", "/transfers", {"kit": OTHER_OPEN_KIT, "to": "COM"}),
    Call("POST", "/arrivals", {"kit": OTHER_OPEN_KIT, "branch": "COM"}, sent, "cleo"),
    Call("POST", "/reservations", RESERVATION),
    Call("DELETE", "/reservations/<reservation_id>", None, reserved),
    Call("POST", "/shelf", {"kit": OPEN_KIT, "branch": "ELA"}, reserved),
    Call("POST", "/workshops/<workshop_id>/attendance", {"patron": ADA, "mode": "onsite"}, held),
    Call("DELETE", "/workshops/<workshop_id>/attendance/<attendee>", None, attended),
    Call("POST", "/workshops/<workshop_id>/participants", {"participants": [{"name": "Ada Morales"}]}, held),
    Call("POST", "/workshops/<workshop_id>/recording", {"posted_on": "2026-03-03"}, held),
    Call("POST", "/workshops/<workshop_id>/views", {"day": "2026-03-08", "views": 20}, posted),
    Call("POST", "/stocktakes", {"branch": "ELA"}),
    Call("POST", "/stocktakes/<stocktake_id>/kits", {"kit": KIT}, counting_kits),
    Call("POST", "/stocktakes/<stocktake_id>/end", {}, counting_kits),
    Call("POST", "/patrons", NEW_PATRON),
    Call("PATCH", "/patrons/<card>", {"phone": "213-555-0148"}),
    Call("POST", "/patrons/<card>/cards", {"card": NEW_CARD}),
    Call("PUT", "/patrons/<card>/block", {"reason": "talk first"}),
    Call("DELETE", "/patrons/<card>/block", None, blocked),
    Call("POST", "/cohorts/<code>/enrolments", {"patron": LUIS, "pickup_branch": "ELA", "agreement": True}),
    Call("POST", "/cohorts/<code>/prospects", {"patron": LUIS, "pickup_branch": "ELA"}),
    Call("PATCH", "/enrolments/<enrolment>", {"state": "withdrawn"}),
    Call("POST", "/enrolments/<enrolment>/excuse", {}),
    Call("POST", "/cohorts/<code>/no_shows", {}, first_day, "dora"),
    Call("POST", "/programs", {"code": "job-skills", "name": "Job Skills"}, who="eli"),
    Call("PATCH", "/programs/<code>", {"name": "Work Ready!"}, who="dora", address="/programs/work-ready"),
    Call(
        "POST", "/agreements", {"code": "borrowing", "language": "en", "title": "Our deal", "body": "I do."}, who="eli"
    ),
    Call("PUT", NOTICE_TEXT, {"body": "Please bring it back."}, who="eli", address="/notice_texts/overdue/text/en"),
    Call("DELETE", NOTICE_TEXT, None, in_own_words, "eli", "/notice_texts/overdue/text/en"),
    Call("POST", "/cohorts", NEW_COHORT, who="dora"),
    Call("PATCH", "/cohorts/<code>", {"ends_on": "2026-04-17"}, out, "dora"),
    Call("POST", "/cohorts/<code>/copies", {"code": "WR-8", "starts_on": "2026-05-05"}, who="dora"),
    Call("POST", "/cohorts/<code>/cancellation", seen_cancellation, out, "dora"),
    Call("PATCH", "/workshops/<workshop_id>", {"title": "Your résumé"}, held, "dora"),
    Call("DELETE", "/workshops/<workshop_id>", None, held, "dora"),
    Call("POST", "/closures", CLOSURE, out, "eli"),
    Call(
        "DELETE",
        "/closures/<place>/<starts_on>/<ends_on>",
        None,
        closed,
        "eli",
        "/closures/ELA/2026-04-10/2026-04-11",
    ),
    Call("POST", "/reports/months", {"month": "2026-02", "branch": "COM"}, who="cleo"),
    Call("POST", "/patron_merges", {"gone": LUIS, "stays": MINA}, who="eli"),
)


def test_every_call_that_changes_something_is_in_the_table(door: Door) -> None:
    asked = {
        (method, rule.rule.removeprefix("/api/v1"))
        for rule in door.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    }
    assert asked == {(call.method, call.rule) for call in CALLS}


@pytest.mark.parametrize("call", CALLS, ids=[f"{call.method} {call.rule}" for call in CALLS])
def test_the_same_key_again_changes_nothing_and_gives_the_same_answer(door: Door, call: Call) -> None:
    call.before(door)
    address = (call.address or call.rule).replace("<barcode>", KIT).replace("<card>", ADA).replace("<code>", "WR-7")
    for name, public_id in PUBLIC_IDS.items():
        if name in address:
            address = address.replace(name, public_id(door))
    desk = door.desk(call.who)
    body = call.body(door) if callable(call.body) else call.body
    first = desk.send(call.method, address, body, key="one key")
    assert first.status_code in (200, 201), first.text
    (written,) = door.every(select(func.count()).select_from(JournalEntry))
    door.clock.at += timedelta(seconds=40)
    again = desk.send(call.method, address, body, key="one key")
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert door.every(select(func.count()).select_from(JournalEntry)) == [written]
    desk.send(call.method, address, body, key="another key")  # often there is nothing left to change
    with door.database.read() as session:
        assert KEYS_ON_JOURNAL.find(session) == []
