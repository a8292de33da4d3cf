"""Reservations through the API, on each engine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from lending.circulation.shelf import expire_shelf
from lending.domain.states import KitState
from lending.models.cohorts import Pool
from lending.models.journal import JournalEntry
from lending.models.kits import Kit
from tests.api.conftest import Desk, Door
from tests.api.test_cases import change, check_out, reasons
from tests.cast import ADA, LUIS, MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT
from tests.circulation.test_shelf import SEVEN_OPEN_DAYS_LATER


def ask(desk: Desk, card: str, **given: Any) -> Any:
    """Reserve a laptop at East Los Angeles; gives the answer."""
    return desk.post("/reservations", {"patron": card, "kit_type": "laptop-hotspot", "pickup_branch": "ELA", **given})


def shelve(desk: Desk, kit: str = OPEN_KIT, **given: Any) -> Any:
    """Scan a kit at the shelf of East Los Angeles; gives the answer."""
    answer = desk.post("/shelf", {"kit": kit, "branch": "ELA", **given})
    assert answer.status_code == 201, answer.text
    return answer


def one_kit(door: Door) -> None:
    """The other laptop is being mended."""
    change(door, update(Kit).where(Kit.barcode == OTHER_OPEN_KIT).values(_state=KitState.REPAIR))


def test_a_reservation_says_how_it_stands(both: Door) -> None:
    one_kit(both)
    first, second = ask(both.ben, ADA), ask(both.ben, LUIS)
    assert (first.status_code, second.status_code) == (201, 201)
    assert [answer.json["state"] for answer in (first, second)] == ["promised", "waiting"]
    assert [answer.json["position"] for answer in (first, second)] == [None, 1]
    assert first.json["ready_until"] is None
    assert both.ben.get(f"/reservations/{second.json['id']}").json == second.json


def test_the_same_key_gives_the_answer_of_its_time(both: Door) -> None:
    one_kit(both)
    body = {"patron": ADA, "kit_type": "laptop-hotspot", "pickup_branch": "ELA"}
    first = both.ben.post("/reservations", body, key="reserve-1")
    check_out(both.ben, OPEN_KIT, ADA)
    again = both.ben.post("/reservations", body, key="reserve-1")
    assert again.json == first.json


def test_a_cancelled_reservation_moves_the_next_up(both: Door) -> None:
    one_kit(both)
    first, second = ask(both.ben, ADA).json["id"], ask(both.ben, LUIS).json["id"]
    ended = both.ben.send("DELETE", f"/reservations/{first}")
    assert (ended.status_code, ended.json["state"]) == (200, "cancelled")
    assert both.ben.get(f"/reservations/{second}").json["state"] == "promised"
    again = both.ben.send("DELETE", f"/reservations/{first}")
    assert (again.status_code, reasons(again)) == (409, {"wrong_state"})


def test_with_a_session_it_enrols_and_with_a_seat_it_queues_again(both: Door) -> None:
    change(both, update(Pool).values(kits=1))
    made = ask(both.ben, LUIS, kit_type="work-ready", cohort="WR-7")
    assert (made.status_code, made.json["cohort"], made.json["position"]) == (201, "WR-7", 1)
    twice = ask(both.ben, LUIS, kit_type="work-ready", cohort="WR-7")
    assert (twice.status_code, reasons(twice)) == (409, {"already_reserved"})
    assert both.ben.send("DELETE", f"/reservations/{made.json['id']}").status_code == 200
    again = ask(both.ben, LUIS, kit_type="work-ready", cohort="WR-7")
    assert (again.status_code, again.json["state"], again.json["position"]) == (201, "waiting", 1)
    assert again.json["id"] != made.json["id"]


def test_a_kit_of_sessions_is_not_reserved_without_one(both: Door) -> None:
    answer = ask(both.ben, LUIS, kit_type="work-ready")
    assert (answer.status_code, reasons(answer)) == (409, {"kit_type_needs_cohort"})


def test_reservations_are_listed_by_page_and_by_what_fits(both: Door) -> None:
    made = [ask(both.ben, card).json["id"] for card in (ADA, LUIS, MINA)]
    waiting = both.ben.get("/reservations", branch="ELA", state="waiting").json["items"]
    assert [row["id"] for row in waiting] == made[2:]
    page = both.ben.get("/reservations", limit=3).json
    rest = both.ben.get("/reservations", limit=3, cursor=page["next"]).json
    assert [row["id"] for row in (*page["items"], *rest["items"])][1:] == made
    assert rest["next"] is None
    assert both.cleo.get("/reservations").json["items"] == []


def test_case_8_a_renewal_with_one_who_waits_goes_on_while_enough_are_free(both: Door) -> None:
    """RULES 10, case 8, with a queue that was made through the door."""
    check_out(both.ben, OPEN_KIT, LUIS)
    ask(both.ben, ADA)
    both.clock.at = NOW + timedelta(days=30)
    assert both.ben.post("/renewals", {"kit": OPEN_KIT}).status_code == 201  # the other kit is Ada's
    ask(both.ben, MINA)
    refused = both.ben.post("/renewals", {"kit": OPEN_KIT})
    assert (refused.status_code, reasons(refused)) == (409, {"on_hold_for_another"})


def test_case_15_what_is_not_collected_passes_on_and_no_walk_in_gets_it(both: Door) -> None:
    one_kit(both)
    first, second = ask(both.ben, ADA).json["id"], ask(both.ben, LUIS).json["id"]
    shelve(both.ben)
    assert both.ben.get(f"/reservations/{first}").json["ready_until"] == "2026-03-11T20:00:00-07:00"
    both.clock.at = SEVEN_OPEN_DAYS_LATER
    both.database.act(lambda s: expire_shelf(s, at=SEVEN_OPEN_DAYS_LATER, by=both.cast.system))
    states = [both.ben.get(f"/reservations/{id_}").json["state"] for id_ in (first, second)]
    assert states == ["expired", "promised"]
    walk_in = both.ben.post("/checkouts", {"patron": MINA, "kit": OPEN_KIT, "branch": "ELA"})
    assert (walk_in.status_code, reasons(walk_in)) == (409, {"needed_for_promises"})
    assert shelve(both.ben).json["reservation"] == second
    assert both.ben.get(f"/reservations/{second}").json["kit"] == OPEN_KIT
    assert both.every(JournalEntry.__table__.select().where(JournalEntry.verb == "expire_reservation"))


def test_the_shelf_is_shown_and_worked_through_the_door(both: Door) -> None:
    ask(both.ben, LUIS)
    shown = both.ben.get("/shelf", branch="ELA").json
    assert [row["kit"] for row in shown["pull"] if row["cohort"] is None] == [OPEN_KIT]
    put = shelve(both.ben, station="Station 1").json
    assert put["ready_until"] == "2026-03-11T20:00:00-07:00"
    (ready,) = both.ben.get("/shelf", branch="ELA").json["ready"]
    assert (ready["kit"], ready["pickup_code"]) == (OPEN_KIT, put["pickup_code"])
    assert "patron" not in ready
    undone = both.ben.post("/undo", {"branch": "ELA", "station": "Station 1"})
    assert (undone.status_code, undone.json) == (201, {"verb": "capture", "kit": OPEN_KIT, "loan": ""})
    shelve(both.ben)
    both.ben.send("DELETE", f"/reservations/{put['reservation']}")
    assert [row["kit"] for row in both.ben.get("/shelf", branch="ELA").json["put_back"]] == [OPEN_KIT]
    assert shelve(both.ben).json == {
        "kit": OPEN_KIT,
        "reservation": None,
        "pickup_code": None,
        "cohort": None,
        "ready_until": None,
    }
    refused = both.ben.post("/shelf", {"kit": OPEN_KIT, "branch": "ELA"})
    assert (refused.status_code, reasons(refused)) == (409, {"nobody_waits"})
