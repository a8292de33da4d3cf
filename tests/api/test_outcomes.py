"""Inquiries, referrals, hiring events and kits in use, for other programs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.models.cohorts import Enrolment
from lending.models.inquiries import InquiryTally
from lending.models.loans import Loan
from lending.models.outcomes import HeardFrom, HeardOf, Story
from lending.models.referrals import Referral
from tests.api.conftest import Desk, Door
from tests.api.outcome_calls import EXPO, REFERRAL, STORY
from tests.cast import LUIS, NOW, OPEN_KIT
from tests.databases import counting


def reasons(answer: Any) -> list[str]:
    return [block["reason"] for block in answer.json["blocks"]]


def test_an_inquiry_is_a_tally_and_is_taken_back(both: Door) -> None:
    sheet = {"branch": "ELA", "topic": "resume", "count": 12, "on": "2026-02-27", "channel": "phone"}
    assert both.ben.post("/inquiries", sheet).json == {
        "topic": "resume",
        "channel": "phone",
        "count": 12,
        "on": "2026-02-27",
    }
    assert both.ben.post("/inquiries", {"branch": "ELA", "topic": "training"}).json["on"] == "2026-03-03"
    assert both.ben.post("/inquiries/undo", {"branch": "ELA"}).json["topic"] == "training"
    assert both.ben.post("/inquiries/undo", {"branch": "ELA"}).json["count"] == 12
    assert reasons(both.ben.post("/inquiries/undo", {"branch": "ELA"})) == ["nothing_to_undo"]
    assert both.every(select(InquiryTally.n)) == [0, 0]


def test_the_lists_say_what_may_be_tallied(both: Door) -> None:
    lists = both.ben.get("/outcome_lists").json
    assert lists["topics"][0] == {"code": "job_search", "name": "Job search"}
    assert {"code": "jobsla", "name": "JobsLA"} in lists["services"]
    assert both.ben.post("/inquiries", {"branch": "ELA", "topic": "gossip"}).status_code == 422


def test_nobody_is_referred_without_consent_and_nobody_is_named_without_a_card(both: Door) -> None:
    without = {name: value for name, value in REFERRAL.items() if name != "consented_on"}
    assert reasons(both.ben.post("/referrals", without)) == ["consent_needed"]
    made = both.ben.post("/referrals", REFERRAL).json
    assert (made["patron"], made["outcome"], made["consent_withdrawn"]) == (None, None, False)
    named = both.ben.post("/referrals", {**REFERRAL, "patron": LUIS}).json
    assert named["patron"] is not None
    assert both.ben.get(f"/referrals/{named['id']}").json == named


def test_what_came_of_a_referral_and_the_consent_taken_back(both: Door) -> None:
    made = both.ben.post("/referrals", {**REFERRAL, "patron": LUIS}).json
    there = f"/referrals/{made['id']}"
    answered = both.ben.send("PATCH", there, {"outcome": "enrolled", "source": "self_reported"}).json
    assert (answered["outcome"], answered["source"], answered["outcome_on"]) == (
        "enrolled",
        "self_reported",
        "2026-03-03",
    )
    withdrawn = both.ben.send("PATCH", there, {"consent": "withdrawn"}).json
    assert (withdrawn["patron"], withdrawn["consent_withdrawn"]) == (None, True)
    late = both.ben.send("PATCH", there, {"outcome": "placed", "source": "confirmed"})
    assert reasons(late) == ["consent_withdrawn"]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"outcome": "enrolled"},
        {"on": "2026-03-03"},
        {"consent": "given"},
        {"consent": "withdrawn", "on": "2026-03-03"},
    ],
)
def test_half_an_outcome_is_refused(both: Door, change: dict[str, str]) -> None:
    made = both.ben.post("/referrals", REFERRAL).json
    assert both.ben.send("PATCH", f"/referrals/{made['id']}", change).status_code == 422


def test_referrals_are_listed_by_age_page_by_page_in_two_statements(both: Door) -> None:
    for day in ("2026-03-01", "2026-01-15", "2026-02-01"):
        both.ben.post("/referrals", {**REFERRAL, "referred_on": day, "consented_on": day})
    (answered,) = both.every(select(Referral.public_id).where(Referral.referred_on == date(2026, 1, 15)))
    both.ben.send("PATCH", f"/referrals/{answered}", {"outcome": "unknown", "source": "self_reported"})
    with counting(both.database) as statements:
        page = both.ben.get("/referrals", limit=2).json
    assert [one["referred_on"] for one in page["items"]] == ["2026-01-15", "2026-02-01"]
    assert len(statements) <= 4
    rest = both.ben.get("/referrals", limit=2, cursor=page["next"]).json
    assert [one["referred_on"] for one in rest["items"]] == ["2026-03-01"]
    waiting = both.ben.get("/referrals", waiting="true").json["items"]
    assert [one["referred_on"] for one in waiting] == ["2026-02-01", "2026-03-01"]
    assert both.cleo.get("/referrals").json["items"] == []


def test_offers_are_not_people_and_null_is_not_known(both: Door) -> None:
    event = both.ben.post("/hiring_events", {**EXPO, "program": "work-ready", "place": "Belvedere Park"}).json
    there = f"/hiring_events/{event['id']}"
    assert event["starts_at"] == "2026-03-03T11:00:00-08:00"
    assert event["offers"] is None
    both.ben.post(f"{there}/tallies", {"what": "offer"})
    counted = both.ben.post(f"{there}/tallies", {"what": "another_offer"}).json
    assert (counted["offers"], counted["people_offered"], counted["hires"]) == (2, 1, None)
    corrected = both.ben.send("PATCH", there, {"name": "Spring expo", "offers": 3, "attended": 41}).json
    assert (corrected["name"], corrected["offers"], corrected["attended"]) == ("Spring expo", 3, 41)
    assert both.ben.send("PATCH", there, {"people_offered": 4}).status_code == 422
    assert both.ben.send("PATCH", there, {"state": "cancelled"}).json["cancelled"] is True
    assert reasons(both.ben.post(f"{there}/tallies", {"what": "hire"})) == ["event_over"]
    assert [one["id"] for one in both.ben.get("/hiring_events").json["items"]] == [event["id"]]


def same_as_none(desk: Desk, method: str, address: str, body: Any) -> None:
    """A thing of another branch, and one that is not there: the same answer."""
    nobodys = address.replace(address.split("/")[2], "b" * 16)
    theirs, made_up = (desk.send(method, one, body) for one in (address, nobodys))
    assert (theirs.status_code, theirs.json["title"]) == (made_up.status_code, made_up.json["title"])
    assert theirs.status_code == 404


def test_another_branchs_referral_and_event_look_as_if_there_were_none(both: Door) -> None:
    referral = both.ben.post("/referrals", REFERRAL).json["id"]
    event = both.ben.post("/hiring_events", EXPO).json["id"]
    same_as_none(both.cleo, "GET", f"/referrals/{referral}", None)
    same_as_none(both.cleo, "PATCH", f"/referrals/{referral}", {"consent": "withdrawn"})
    same_as_none(both.cleo, "GET", f"/hiring_events/{event}", None)
    same_as_none(both.cleo, "PATCH", f"/hiring_events/{event}", {"attended": 1})
    same_as_none(both.cleo, "POST", f"/hiring_events/{event}/tallies", {"what": "hire"})


def test_a_kit_in_use_is_no_loan_and_comes_back_like_any_other(both: Door) -> None:
    used = both.ben.post("/uses", {"kit": OPEN_KIT, "branch": "ELA", "patron": LUIS, "station": "Station 1"})
    assert used.status_code == 201
    assert (used.json["due_at"], used.json["event"]) == ("2026-03-03T20:00:00-08:00", None)
    assert [one["kit"] for one in both.ben.get("/uses").json["items"]] == [OPEN_KIT]
    assert both.cleo.get("/uses").json["items"] == []
    both.clock.at = NOW + timedelta(hours=26)
    assert both.ben.get("/uses").json["items"][0]["late"] is True
    back = both.ben.post("/returns", {"kit": OPEN_KIT, "branch": "ELA"}, key="back")
    assert (back.status_code, back.json["loan"], back.json["next"]) == (201, None, "inspection")
    assert both.ben.post("/returns", {"kit": OPEN_KIT, "branch": "ELA"}, key="back").json == back.json
    assert reasons(both.ben.post("/returns", {"kit": OPEN_KIT, "branch": "ELA"})) == ["not_on_loan"]
    assert both.every(select(Loan.id)) == []


def test_a_kit_goes_to_one_event_at_a_time_and_is_undone(both: Door) -> None:
    event = both.ben.post("/hiring_events", EXPO).json["id"]
    both_events = {"kit": OPEN_KIT, "branch": "ELA", "hiring_event": event, "workshop": "b" * 16}
    assert both.ben.post("/uses", both_events).status_code == 422
    used = both.ben.post(
        "/uses", {"kit": OPEN_KIT, "branch": "ELA", "hiring_event": event, "station": "Station 1"}
    ).json
    assert used["event"] == "Expo"
    undone = both.ben.post("/undo", {"branch": "ELA", "station": "Station 1"}).json
    assert (undone["verb"], undone["kit"]) == ("event_use", OPEN_KIT)


# --- Captains, stories, how people heard --------------------------------------------------------------------------


def test_captains_are_named_by_card_or_by_name_and_taken_back(both: Door) -> None:
    dora = both.desk("dora")
    by_card = dora.post("/cohorts/WR-7/captains", {"patron": LUIS}).json
    assert (by_card["name"], by_card["has_record"], by_card["returned"]) == ("Luis R.", True, False)
    assert dora.post("/cohorts/WR-7/captains", {"name": "Amara Okafor"}).json["name"] == "Amara Okafor"
    assert reasons(dora.post("/cohorts/WR-7/captains", {"patron": LUIS})) == ["already_exists"]
    assert dora.post("/cohorts/WR-7/captains", {"patron": LUIS, "name": "Luis"}).status_code == 422
    assert dora.send("DELETE", f"/cohorts/WR-9/captains/{by_card['id']}").status_code == 404
    assert dora.send("DELETE", f"/cohorts/WR-7/captains/{by_card['id']}").json == {"id": by_card["id"]}
    assert [one["name"] for one in dora.get("/cohorts/WR-7/captains").json["items"]] == ["Amara Okafor"]


def test_a_story_is_kept_with_consent_shown_for_its_uses_and_deleted_when_that_is_taken_back(both: Door) -> None:
    without = {**STORY, "uses": [], "consented_on": None}
    assert sorted(reasons(both.ben.post("/stories", without))) == ["value_missing", "value_missing"]
    kept = both.ben.post("/stories", STORY).json
    assert (kept["program"], kept["cohort"], kept["branch"], kept["uses"]) == ("work-ready", "WR-7", "ELA", ["print"])
    assert both.ben.get("/stories", use="print").json["items"] == [kept]
    assert both.ben.get("/stories", use="web").json["items"] == []
    assert both.cleo.send("DELETE", f"/stories/{kept['id']}").status_code == 404
    assert both.ben.send("DELETE", f"/stories/{kept['id']}").json == {"id": kept["id"]}
    assert both.ben.get("/stories").json["items"] == []
    assert both.every(select(Story.text)) == [None]


def test_stories_are_paged_by_cursor_also_of_one_day(door: Door) -> None:
    ids = [door.ben.post("/stories", STORY).json["id"] for _ in range(3)]
    first = door.ben.get("/stories", limit=2).json
    rest = door.ben.get("/stories", limit=2, cursor=first["next"]).json
    assert [one["id"] for one in (*first["items"], *rest["items"])] == ids[::-1]
    assert rest["next"] is None


def test_how_people_heard_is_asked_once_and_no_count_under_five_leaves(door: Door) -> None:
    (seat,) = door.every(select(Enrolment.public_id))
    said = {"source": "friend", "friend_cohort": "WR-7"}
    assert door.ben.post(f"/enrolments/{seat}/heard", said).json == {"enrolment": seat}
    assert reasons(door.ben.post(f"/enrolments/{seat}/heard", said)) == ["already_told"]
    assert door.ben.post(f"/enrolments/{seat}/heard", {**said, "source": "flyer"}).status_code == 422
    days = {"from": "2026-03-01", "to": "2026-03-31"}

    def more(session: Any) -> None:
        row = {"day": NOW.date(), "cohort_id": door.cast.cohort, "branch_id": door.cast.ela}
        session.add_all(HeardOf(source=HeardFrom.FLYER, **row) for _ in range(7))

    hidden = door.eli.get("/reports/heard", **days).json
    assert (hidden["answered"], hidden["friends_of"]) == (None, [{"cohort": "WR-7", "n": None, "hidden": True}])
    door.database.act(more)
    told = door.eli.get("/reports/heard", **days).json
    by_source = {one["source"]: (one["n"], one["hidden"]) for one in told["items"]}
    assert by_source["friend"] == (None, True)
    assert by_source["staff"] == (0, False)
    assert told["answered"] is None or by_source["flyer"] == (None, True), "the one cannot be worked out of the others"
    assert door.ben.get("/reports/heard", **days).status_code == 403


def test_few_friends_of_no_known_session_are_not_told_by_those_of_one(door: Door) -> None:
    def said(session: Any) -> None:
        row = {"day": NOW.date(), "cohort_id": door.cast.cohort, "branch_id": door.cast.ela, "source": HeardFrom.FRIEND}
        named = [door.cast.cohort] * 11 + [None]
        session.add_all(HeardOf(friend_cohort_id=friend, **row) for friend in named)

    door.database.act(said)
    told = door.eli.get("/reports/heard", **{"from": "2026-03-01", "to": "2026-03-31"}).json
    assert {one["source"]: one["n"] for one in told["items"]}["friend"] == 12
    assert told["friends_of"] == [{"cohort": "WR-7", "n": None, "hidden": True}], "one of twelve named no session"
