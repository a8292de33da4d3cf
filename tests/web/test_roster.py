"""The session's desk, its roster, and enrolling by two scans."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from lending.circulation.checkout import check_out
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.states import EnrolmentState, LoanState
from lending.models.cohorts import Cohort, Enrolment, Program
from lending.models.loans import Loan
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_KIT, Cast, put
from tests.programs.meetings import public_id_of
from tests.programs.members import change_cohort, change_program, hand_out, join, next_cohort, notices
from tests.programs.test_withdrawal import AFTER, first_workshop
from tests.web.browsers import Browser, signed_in


def scan(browser: Browser, code: str, screen: str, **given: Any) -> Any:
    """One scan of a page's queue."""
    return browser.scan(code, screen=screen, **given).get_json()


def loans(database: Database) -> list[Loan]:
    with database.read() as session:
        return list(session.scalars(select(Loan).order_by(Loan.id)))


def seat_of(database: Database, patron_id: int, code: str = "WR-7") -> Enrolment:
    with database.read() as session:
        theirs = select(Enrolment).join(Cohort, Cohort.id == Enrolment.cohort_id)
        found = session.scalars(theirs.where(Enrolment.patron_id == patron_id, Cohort.code == code)).all()
        return found[-1]


# --- The session's desk -----------------------------------------------------------------------------------------------


def test_card_and_kit_hand_out_and_a_kit_alone_collects(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    assert scan(ben, ADA, "cohort", subject="WR-7")["patron"]["card"] == ADA
    out = scan(ben, KIT, "cohort", patron=ADA, subject="WR-7")
    assert out["tone"] == "done"
    assert out["say"].endswith("1 of 1 out.")
    back = scan(ben, KIT, "cohort", subject="WR-7")
    assert back["say"] == f"{KIT} is back. Put it on the inspection cart. 0 of 1 out."
    assert [loan.state for loan in loans(sqlite_database)] == [LoanState.RECEIVED]


def test_a_kit_comes_back_while_somebody_else_is_on_the_screen(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    hand_out(sqlite_database, cast, ADA, KIT)
    back = scan(ben, KIT, "cohort", patron=LUIS, subject="")
    assert back["tone"] == "done"
    assert "patron" not in back, "the patron on the screen stays"


def test_the_same_scan_sent_again_is_answered_as_it_was(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    hand_out(sqlite_database, cast, ADA, KIT)
    first, again = (scan(ben, KIT, "cohort", subject="WR-7", key="k" * 16) for _ in range(2))
    assert first["say"] == again["say"]
    assert len(loans(sqlite_database)) == 1


def test_a_double_scan_for_one_person_hands_out_once(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    hand_out(sqlite_database, cast, ADA, KIT)
    assert "already checked out" in scan(ben, KIT, "cohort", patron=ADA, subject="WR-7")["say"]
    assert [loan.state for loan in loans(sqlite_database)] == [LoanState.OUT]


def test_a_kit_of_no_session_is_not_taken_back_here(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    sqlite_database.act(lambda s: check_out(s, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=cast.ben))
    answer = scan(ben, OPEN_KIT, "cohort", subject="WR-7")
    assert "go to Returns" in answer["say"]
    assert [loan.state for loan in loans(sqlite_database)] == [LoanState.OUT]


def test_a_free_kit_waits_for_its_card(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    assert scan(ben, KIT, "cohort", subject="WR-7")["kit"] == KIT
    assert scan(ben, ADA, "cohort", kit=KIT, subject="WR-7")["tone"] == "done"
    assert len(loans(sqlite_database)) == 1


def test_undo_tells_the_count_as_well(ben: Browser, cast: Cast) -> None:
    scan(ben, KIT, "cohort", patron=ADA, subject="WR-7")
    assert scan(ben, "CMD-UNDO", "cohort", subject="WR-7")["say"].endswith("0 of 1 out.")


def test_three_sessions_of_one_morning_stand_on_one_screen(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    soon = {"pickup_from": NOW.date(), "starts_on": NOW.date()}
    for code in ("WR-8", "WR-9"):
        next_cohort(sqlite_database, cast, code=code, name=f"Work Ready {code[-1]}", **soon)
    join(sqlite_database, cast, LUIS, cohort="WR-8")
    join(sqlite_database, cast, MINA, cohort="WR-9")
    page = ben.get("/session-desk").get_data(as_text=True)
    for name in ("Work Ready 7", "Work Ready 8", "Work Ready 9", "Ada M.", "Luis R.", "Mina K."):
        assert name in page
    assert "0 of 3 kits out" in page
    assert "1 of 3 out." in scan(ben, OTHER_KIT, "cohort", patron=LUIS)["say"]
    assert [loan.cohort_id for loan in loans(sqlite_database)] == [
        seat_of(sqlite_database, cast.luis_id, "WR-8").cohort_id
    ]
    assert "1 of 3 kits out" in ben.get("/session-desk/roster").get_data(as_text=True)


def test_the_plain_form_does_the_same_without_a_script(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    page = ben.get("/sessions/WR-7/desk").get_data(as_text=True)
    key = re.search(r'name="key" value="(\w+)"', page)
    assert key is not None
    answer = ben.post("/sessions/WR-7/desk", {"code": KIT, "patron": ADA, "key": key[1], "subject": "WR-7"})
    assert "1 of 1 out." in answer.get_data(as_text=True)


# --- The roster -------------------------------------------------------------------------------------------------------


def test_the_roster_tells_who_has_a_kit_and_who_waits(
    ben: Browser, eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    change_cohort(sqlite_database, cast, capacity=2)
    join(sqlite_database, cast, LUIS)
    join(sqlite_database, cast, MINA)
    hand_out(sqlite_database, cast, ADA, KIT)
    page = eli.get("/sessions/WR-7/roster").get_data(as_text=True)
    assert "1 of 2 kits out" in page
    assert page.index("Ada M.") < page.index("Luis R.") < page.index("Mina K.")
    assert "out, due Fri, Apr 10" in page
    assert "East Los Angeles Library" in page
    assert page.count("waits, number 1") == 2  # Mina's seat and her kit
    assert ben.get("/sessions/NONE/roster").status_code == 404


def test_the_paper_shows_names_and_codes_and_nothing_more(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    paper = ben.get("/sessions/WR-7/roster/print").get_data(as_text=True)
    assert "Ada M." in paper
    assert "CO-WR-7" in paper
    for private in ("Morales", ADA, "1990", "promised"):
        assert private not in paper


def test_another_branchs_people_are_not_on_the_roster(cleo: Browser) -> None:
    page = cleo.get("/sessions/WR-7/roster").get_data(as_text=True)
    assert "Ada" not in page
    assert "Nobody yet" in page


def test_a_seat_of_another_branch_looks_like_none(cleo: Browser, sqlite_database: Database, cast: Cast) -> None:
    seat = seat_of(sqlite_database, cast.ada_id).public_id
    for address in (f"/seats/{seat}", f"/seats/{seat}/leave", f"/seats/{seat}/move"):
        assert cleo.get(address).status_code == 404
    assert cleo.post(f"/seats/{seat}/leave", {"key": "k" * 16, "how": "withdrawn"}).status_code == 404


# --- One seat ---------------------------------------------------------------------------------------------------------


def test_somebody_leaves_by_a_form(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    seat = seat_of(sqlite_database, cast.ada_id).public_id
    answer = ben.post(f"/seats/{seat}/leave", {"key": "k" * 16, "how": "withdrawn", "reason": "a job"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sessions/WR-7/roster")
    assert seat_of(sqlite_database, cast.ada_id).state is EnrolmentState.WITHDRAWN


def test_who_is_dropped_without_a_reason_is_told_at_the_form(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    seat = seat_of(sqlite_database, cast.ada_id).public_id
    answer = ben.post(f"/seats/{seat}/leave", {"key": "k" * 16, "how": "dropped", "reason": ""})
    assert answer.status_code == 422
    assert "Type a reason first." in answer.get_data(as_text=True)


@pytest.mark.parametrize(("roll_over", "old"), [("", EnrolmentState.TRANSFERRED), ("y", EnrolmentState.ENROLLED)])
def test_somebody_goes_on_to_another_session(
    ben: Browser, sqlite_database: Database, cast: Cast, roll_over: str, old: EnrolmentState
) -> None:
    next_cohort(sqlite_database, cast)
    hand_out(sqlite_database, cast, ADA, KIT)
    seat = seat_of(sqlite_database, cast.ada_id).public_id
    given = {"key": "k" * 16, "to": "WR-8", **({"roll_over": roll_over} if roll_over else {})}
    assert ben.post(f"/seats/{seat}/move", given).status_code == 303
    assert seat_of(sqlite_database, cast.ada_id).state is old
    assert seat_of(sqlite_database, cast.ada_id, "WR-8").state is EnrolmentState.ENROLLED


def test_who_is_excused_is_told_so(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    change_cohort(sqlite_database, cast, first_day_mandatory=True)
    seat = seat_of(sqlite_database, cast.ada_id).public_id
    assert "Excused from the first day" in ben.get(f"/seats/{seat}").get_data(as_text=True)
    assert ben.post(f"/seats/{seat}/excuse", {"key": "k" * 16}).status_code == 303
    assert "Ada M. is excused" in ben.get(f"/seats/{seat}").get_data(as_text=True)


def test_no_shows_are_not_released_before_attendance_was_taken(
    new_browser: Any, sqlite_database: Database, cast: Cast
) -> None:
    change_cohort(sqlite_database, cast, first_day_mandatory=True)
    dora = signed_in(new_browser(), "dora")
    for answer in (dora.get("/sessions/WR-7/no-shows"), dora.post("/sessions/WR-7/no-shows", {"key": "k" * 16})):
        assert answer.status_code == 409
        assert "Take its attendance first." in answer.get_data(as_text=True)


def test_who_missed_the_first_day_is_named_before_the_seat_is_freed(
    new_browser: Any, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    join(sqlite_database, cast, LUIS)
    first_workshop(sqlite_database, cast, cast.luis_id)
    clock.set(AFTER)
    dora = signed_in(new_browser(), "dora")
    assert "/sessions/WR-7/no-shows" in dora.get("/sessions/WR-7/roster").get_data(as_text=True)
    named = dora.get("/sessions/WR-7/no-shows").get_data(as_text=True)
    assert "Ada M." in named
    assert "Luis R." not in named
    assert seat_of(sqlite_database, cast.ada_id).state is EnrolmentState.ENROLLED
    assert dora.post("/sessions/WR-7/no-shows", {"key": "k" * 16}).status_code == 303
    assert seat_of(sqlite_database, cast.ada_id).state is EnrolmentState.DROPPED
    assert [notice.patron_id for notice in notices(sqlite_database, "seat_ended")] == [cast.ada_id]


def test_only_who_may_free_the_seats_is_shown_the_way(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    change_cohort(sqlite_database, cast, first_day_mandatory=True)
    assert "/no-shows" not in ben.get("/sessions/WR-7/roster").get_data(as_text=True)
    assert ben.get("/sessions/WR-7/no-shows").headers["Location"] == "/sessions/WR-7/roster"
    assert ben.post("/sessions/WR-7/no-shows", {"key": "k" * 16}).status_code == 403


# --- Enrolling --------------------------------------------------------------------------------------------------------


def test_a_card_and_a_session_are_all_it_takes_to_enrol(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    shown = scan(ben, LUIS, "enrol")
    assert (shown["patron"]["card"], shown["tone"]) == (LUIS, "done")
    joined = scan(ben, "CO-WR-7", "enrol", patron=LUIS, mode="kit")
    assert joined["say"] == "\u2068Luis R.\u2069 has a seat in Work Ready 7. A kit is promised."
    assert seat_of(sqlite_database, cast.luis_id).state is EnrolmentState.ENROLLED
    again = scan(ben, "CO-WR-7", "enrol", patron=LUIS, mode="kit")
    assert "in that session already" in again["say"]


def test_the_card_tells_what_is_left_in_the_soonest_session(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    said = scan(ben, LUIS, "enrol")["say"]
    assert said.endswith("press its button. Work Ready 7: 19 seats left and 1 kit left here.")
    change_cohort(sqlite_database, cast, capacity=1)
    said = scan(ben, LUIS, "enrol")["say"]
    assert said.endswith("Work Ready 7: number 1 on the waiting list and number 1 in line for a kit.")
    assert scan(ben, ADA, "enrol")["say"].endswith("Work Ready 7: The patron is in that session already.")


def test_a_repeated_scan_enrols_once(ben: Browser, cast: Cast) -> None:
    first, again = (scan(ben, "CO-WR-7", "enrol", patron=LUIS, mode="kit", key="k" * 16) for _ in range(2))
    assert first["say"] == again["say"]


def test_the_place_in_line_is_said(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    change_cohort(sqlite_database, cast, capacity=1)
    joined = scan(ben, "CO-WR-7", "enrol", patron=LUIS, mode="kit")
    assert joined["tone"] == "look"
    assert "is number 1 on the waiting list of Work Ready 7. For a kit they are number 1 in line." in joined["say"]


def test_who_may_not_join_is_told_why_and_nothing_changes(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    change_program(sqlite_database, cast, eligibility={"min_age": 99, "postal_codes": ["90022"]})
    refused = scan(ben, "CO-WR-7", "enrol", patron=LUIS)
    assert refused["tone"] == "stop"
    assert "for people of 99 years or more" in refused["say"]
    assert "for people who live near by" in refused["say"]
    with sqlite_database.read() as session:
        assert session.scalars(select(Enrolment).where(Enrolment.patron_id == cast.luis_id)).all() == []


def test_a_session_before_a_card_and_a_kit_at_all_are_told_for_what_they_are(ben: Browser, cast: Cast) -> None:
    assert scan(ben, "CO-WR-7", "enrol")["say"] == "Scan the library card first, then the session."
    assert scan(ben, "CO-WR-99", "enrol", patron=LUIS)["tone"] == "stop"
    assert "not a library card" in scan(ben, KIT, "enrol", patron=LUIS)["say"]


def test_a_scan_of_the_card_takes_the_seat_that_was_offered(
    ben: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    from lending.programs.withdrawal import withdraw

    change_cohort(sqlite_database, cast, capacity=1)
    change_program(sqlite_database, cast, seat_offer_hours=48)
    join(sqlite_database, cast, LUIS)
    seat = seat_of(sqlite_database, cast.ada_id).public_id
    sqlite_database.act(lambda session: withdraw(session, enrolment=seat, at=NOW, by=cast.ben))
    clock.at = NOW + timedelta(hours=1)
    assert "has a seat in Work Ready 7. A kit is promised." in scan(ben, LUIS, "enrol")["say"]
    assert seat_of(sqlite_database, cast.luis_id).state is EnrolmentState.ENROLLED


def test_who_was_found_by_name_takes_the_offered_seat_by_the_sessions_button(
    ben: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    from lending.programs.withdrawal import withdraw

    change_cohort(sqlite_database, cast, capacity=1)
    change_program(sqlite_database, cast, seat_offer_hours=48)
    join(sqlite_database, cast, LUIS)
    seat = seat_of(sqlite_database, cast.ada_id).public_id
    sqlite_database.act(lambda session: withdraw(session, enrolment=seat, at=NOW, by=cast.ben))
    clock.at = NOW + timedelta(hours=1)
    page = ben.get(f"/enrol?patron={public_id_of(sqlite_database, cast.luis_id)}").get_data(as_text=True)
    assert "Work Ready 7: a seat is offered to them, and its button takes it." in page
    assert seat_of(sqlite_database, cast.luis_id).state is EnrolmentState.OFFERED
    assert "has a seat in Work Ready 7. A kit is promised." in scan(ben, "CO-WR-7", "enrol", patron=LUIS)["say"]
    assert seat_of(sqlite_database, cast.luis_id).state is EnrolmentState.ENROLLED


def test_a_lead_enrols_people_in_their_own_sessions_alone(
    new_browser: Any, sqlite_database: Database, cast: Cast
) -> None:
    def other_program(session: Any) -> None:
        program = put(session, Program(code="job-skills", name="Job Skills"))
        session.execute(update(Cohort).where(Cohort.code == "WR-8").values(program_id=program.id))

    next_cohort(sqlite_database, cast)
    sqlite_database.act(other_program)
    dora = signed_in(new_browser(), "dora")
    dora.post("/station", {"station": "ELA/Station 1"})
    page = dora.get("/enrol").get_data(as_text=True)
    assert "Enroll in Work Ready 7" in page
    assert "Work Ready 8" not in page
    assert "has a seat in Work Ready 7" in scan(dora, "CO-WR-7", "enrol", patron=LUIS)["say"]
    assert scan(dora, "CO-WR-8", "enrol", patron=LUIS)["tone"] == "stop"
    seat = seat_of(sqlite_database, cast.luis_id).public_id
    assert "Work Ready 8" not in dora.get(f"/seats/{seat}/move").get_data(as_text=True)


def test_a_seat_that_another_branch_offers_keeps_nobody_from_other_sessions(
    ben: Browser, cleo: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    from lending.programs.withdrawal import withdraw

    change_cohort(sqlite_database, cast, capacity=1)
    change_program(sqlite_database, cast, seat_offer_hours=48)
    join(sqlite_database, cast, LUIS)
    seat = seat_of(sqlite_database, cast.ada_id).public_id
    sqlite_database.act(lambda session: withdraw(session, enrolment=seat, at=NOW, by=cast.ben))
    clock.at = NOW + timedelta(hours=1)
    cleo.post("/station", {"station": "COM/Station 1"})
    at_compton = scan(cleo, LUIS, "enrol", station="COM/Station 1")
    assert "Scan a session's code, or press its button." in at_compton["say"]
    assert seat_of(sqlite_database, cast.luis_id).state is EnrolmentState.OFFERED
    assert "has a seat in Work Ready 7" in scan(ben, LUIS, "enrol")["say"]


def test_the_page_says_what_is_left_and_what_to_ask(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    asked = {"code": "looking", "text": "Are you looking for work?", "must": True}
    change_program(sqlite_database, cast, eligibility={"questions": [asked]})
    page = ben.get("/enrol").get_data(as_text=True)
    for text in ("19 seats left", "1 kit left here", "Are you looking for work?", "Enroll in Work Ready 7"):
        assert text in page
    assert "has a seat" in scan(ben, "CO-WR-7", "enrol", patron=LUIS)["say"]
