"""What staff do about overdue kits: tasks, calls, lines, ladders and statements, as pages."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from lending.circulation.ladders import ladders
from lending.circulation.lost import claim_returned
from lending.circulation.notices import notice_subject
from lending.circulation.overdue import Stretch, climb
from lending.circulation.suspension import close_void_calls
from lending.circulation.tasks import open_task
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.ladders import DEFAULT
from lending.domain.states import LineState, LoanState
from lending.models.lines import Line
from lending.models.loans import ClaimEnd, Loan
from lending.models.notices import Channel, Notice
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import journalled, lend, only, receive, rows
from tests.web.browsers import Browser

LATE = datetime(2026, 4, 28, 18, 0, tzinfo=UTC)
"""Two weeks after Luis's kit was due."""


@pytest.fixture
def overdue(sqlite_database: Database, cast: Cast, clock: MovingClock, ben: Browser) -> Database:
    """Luis's kit is two weeks overdue: somebody is to call, and its line to be suspended."""
    database = sqlite_database
    lend(database, cast)
    database.act(lambda s: setattr(s.get(Patron, cast.luis_id), "phone", "213-555-0148"))
    stretch = Stretch(cast.ela, cast.laptop_hotspot)
    database.act(lambda s: climb(s, stretch, DEFAULT, at=LATE, by=cast.system, limit=10) and None)
    clock.move(LATE - NOW)
    ben.sign_in("ben")
    return database


def text(answer: Any) -> str:
    """The page's text, without markup."""
    assert answer.status_code in (200, 409, 422), answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", str(answer.get_data(as_text=True))))


def of_kind(database: Database, kind: TaskKind) -> Task:
    return only(database, Task, Task.kind == kind)


def test_what_waits_is_listed_with_its_count_and_filtered_by_kind(overdue: Database, ben: Browser) -> None:
    page = text(ben.get("/tasks"))
    assert "Tasks (2)" in page
    assert "Telephone (1)" in page
    assert "Suspend a line (1)" in page
    assert "Luis R." in page
    assert "Luis R." not in text(ben.get("/tasks?kind=suspend_line"))


def test_another_branchs_tasks_are_not_there(overdue: Database, cleo: Browser) -> None:
    cleo.sign_in("cleo")
    assert "Nothing to do here" in text(cleo.get("/tasks"))
    call = of_kind(overdue, TaskKind.CALL).public_id
    assert cleo.get(f"/tasks/{call}/finish").status_code == 404
    assert cleo.post("/calls", {"key": "k" * 16, "task": call, "outcome": "reached"}).status_code == 404
    assert "Nobody to call" in text(cleo.get("/calls"))


def test_what_goes_on_behind_another_branchs_task_is_nothing(overdue: Database, cast: Cast, cleo: Browser) -> None:
    ours = of_kind(overdue, TaskKind.CALL).public_id
    whom = {"branch_id": cast.com, "what": "overdue", "at": LATE, "patron_id": cast.mina_id}
    overdue.act(lambda session: open_task(session, TaskKind.CALL, subject="patron:3", **whom))
    cleo.sign_in("cleo")
    assert "Mina" in text(cleo.get("/calls"))
    for page in ("/tasks", "/calls"):
        theirs, none = (text(cleo.get(page, query_string={"after": after})) for after in (ours, "x" * 16))
        assert "Mina" not in theirs
        assert theirs == none


def test_a_task_is_closed_by_hand_with_what_was_done(overdue: Database, ben: Browser) -> None:
    call = of_kind(overdue, TaskKind.CALL).public_id
    assert "Fill this in." in text(ben.post(f"/tasks/{call}/finish", {"key": "k" * 16}))
    form = {"key": "k" * 17, "outcome": "Met at the desk."}
    assert ben.post(f"/tasks/{call}/finish", form).status_code == 303
    assert of_kind(overdue, TaskKind.CALL).outcome == "Met at the desk."


def test_a_task_whose_work_is_an_act_is_not_closed_by_hand(overdue: Database, ben: Browser) -> None:
    suspend = of_kind(overdue, TaskKind.SUSPEND_LINE).public_id
    assert ben.get(f"/tasks/{suspend}/finish").status_code == 404
    assert ben.post(f"/tasks/{suspend}/finish", {"key": "k" * 16, "outcome": "did it"}).status_code == 404


def test_the_call_shows_whom_on_which_number_and_what_to_say(overdue: Database, ben: Browser) -> None:
    page = text(ben.get("/calls"))
    for said in ("Luis Ramos", "213-555-0148", OPEN_KIT, "1 call waits", "was due on Tue, Apr 14", "14 days"):
        assert said in page.replace("\u2068", "").replace("\u2069", "")
    assert len(journalled(overdue, "look_at_patron")) == 1
    message = page.partition("If somebody else or a machine answers")[2].partition("Say nothing")[0]
    assert "kit" not in message.lower()


def test_the_script_is_in_the_patrons_language(overdue: Database, cast: Cast, ben: Browser) -> None:
    overdue.act(lambda s: setattr(s.get(Patron, cast.luis_id), "language", "es"))
    assert '<section class="card-plain" lang="es" dir="ltr"' in ben.get("/calls").get_data(as_text=True)


def by_telephone(database: Database, cast: Cast, clock: MovingClock, days: int) -> None:
    """Luis asked to be called; what his ladder tells so many days after the due day is a call."""
    patron = {"phone": "213-555-0148", "notice_channel": Channel.CALL, "email": None}
    database.act(lambda s: s.execute(update(Patron).where(Patron.id == cast.luis_id).values(patron)) and None)
    at, stretch = LATE + timedelta(days=days - 14), Stretch(cast.ela, cast.laptop_hotspot)
    database.act(lambda s: climb(s, stretch, DEFAULT, at=at, by=cast.system, limit=10) and None)
    notice = only(database, Notice, Notice.step == "due_in_3_days")
    task = {"subject": notice_subject(notice.public_id), "branch_id": cast.ela, "what": OPEN_KIT, "at": at}
    loan = only(database, Loan).id
    database.act(lambda s: open_task(s, TaskKind.CALL, **task, loan_id=loan, patron_id=cast.luis_id) and None)
    clock.move(at - clock.now())


def test_a_notice_that_goes_by_telephone_is_read_to_the_patron_until_the_kit_is_back(
    sqlite_database: Database, cast: Cast, clock: MovingClock, ben: Browser
) -> None:
    lend(sqlite_database, cast)
    by_telephone(sqlite_database, cast, clock, -3)
    ben.sign_in("ben")
    page = text(ben.get("/calls"))
    assert "213-555-0148" in page
    assert "Tue, Apr 14" in page
    assert "Late" not in page
    receive(sqlite_database, cast, at=clock.now())
    assert "Nobody to call" in text(ben.get("/calls"))
    form = {"task": of_kind(sqlite_database, TaskKind.CALL).public_id, "outcome": "reached", "key": "k" * 16}
    assert ben.post("/calls", form).status_code == 409
    assert sqlite_database.act(lambda s: close_void_calls(s, at=clock.now(), by=cast.system)) == 1
    assert of_kind(sqlite_database, TaskKind.CALL).outcome == "void"


def test_an_outcome_is_one_press_and_the_next_call_comes_by_itself(overdue: Database, ben: Browser) -> None:
    form = {"task": of_kind(overdue, TaskKind.CALL).public_id}
    answer = ben.post("/calls", {**form, "key": "k" * 16, "outcome": "no_answer"}, follow_redirects=True)
    assert "Try again from Wed, Apr 29, 8:00" in text(answer)
    assert "Nobody to call" in text(answer)
    assert of_kind(overdue, TaskKind.CALL).tries == 1
    assert ben.post("/calls", {**form, "key": "k" * 17, "outcome": "sang"}).status_code == 422


def test_a_call_for_a_kit_that_came_back_is_refused_with_a_sentence(
    overdue: Database, cast: Cast, ben: Browser
) -> None:
    form = {"key": "k" * 16, "task": of_kind(overdue, TaskKind.CALL).public_id, "outcome": "reached"}
    receive(overdue, cast, at=LATE)
    answer = ben.post("/calls", form)
    assert answer.status_code == 409
    assert "That cannot be done now" in text(answer)


def test_a_late_kit_that_is_scanned_back_ends_what_was_asked_and_undo_begins_it_again(
    overdue: Database, ben: Browser
) -> None:
    answer = ben.scan(OPEN_KIT, screen="returns").json
    assert (answer["tone"], f"{OPEN_KIT} is back" in answer["say"]) == ("done", True)
    assert of_kind(overdue, TaskKind.CALL).outcome == "returned"
    undone = ben.scan("CMD-UNDO", screen="returns").json
    assert undone["tone"] in ("done", "look")
    assert of_kind(overdue, TaskKind.CALL).closed_at is None
    assert only(overdue, Line, Line.number.endswith("2001")).state is LineState.SUSPENDING


def test_what_to_ask_of_the_carrier_is_a_list_and_a_file_without_a_patron(overdue: Database, ben: Browser) -> None:
    page = text(ben.get("/lines"))
    number = only(overdue, Line, Line.number.endswith("2001")).number
    assert f"{number}" in page
    answer = ben.get("/lines.csv")
    rows_of_file = answer.get_data(as_text=True).splitlines()
    assert rows_of_file[0] == "number,iccid,carrier,plan,action"
    assert rows_of_file[1].startswith(f"{number},")
    assert rows_of_file[1].endswith(",suspend")
    assert "Ramos" not in page
    assert len(rows_of_file) == 2


def test_lines_are_noted_as_asked_for_and_confirmed_by_buttons(overdue: Database, ben: Browser) -> None:
    number = only(overdue, Line, Line.number.endswith("2001")).number
    assert ben.post("/lines/asked", {"key": "k" * 16, "number": number}).status_code == 303
    assert of_kind(overdue, TaskKind.SUSPEND_LINE).tries == 1
    assert ben.post("/lines/confirmed", {"key": "k" * 17, "number": number}).status_code == 303
    assert only(overdue, Line, Line.number == number).state is LineState.SUSPENDED
    assert "Tick the lines first." in text(ben.post("/lines/confirmed", {"key": "k" * 18}))


def test_a_carriers_file_confirms_every_line_in_it_or_none(overdue: Database, ben: Browser) -> None:
    number = only(overdue, Line, Line.number.endswith("2001")).number

    def upload(data: str, key: str) -> Any:
        file = (io.BytesIO(data.encode()), "answer.csv")
        return ben.post("/lines/answers", {"key": key, "file": file}, content_type="multipart/form-data")

    assert upload(f"number\n{number}\n+19999999999\n", "k" * 16).status_code in (404, 409)
    assert upload("phone\n1\n", "k" * 17).status_code == 422
    assert only(overdue, Line, Line.number == number).state is LineState.SUSPENDING
    assert upload(f"number,done\n{number},yes\n", "k" * 18).status_code == 303
    assert only(overdue, Line, Line.number == number).state is LineState.SUSPENDED


def test_a_line_that_nobody_had_for_sixty_days_is_listed(
    sqlite_database: Database, cast: Cast, clock: MovingClock, ben: Browser
) -> None:
    lend(sqlite_database, cast)
    receive(sqlite_database, cast)
    for days, listed in ((59, False), (2, True)):
        clock.move(timedelta(days=days))
        ben.sign_in("ben")
        idle = text(ben.get("/lines")).partition("On loan to nobody for 60 days")[2]
        assert (OPEN_KIT in idle) is listed


def test_a_claimed_kit_is_found_here_or_is_not_claimed_after_all(overdue: Database, cast: Cast, ben: Browser) -> None:
    def claim() -> None:
        overdue.act(lambda s: claim_returned(s, kit=OPEN_KIT, branch_id=cast.ela, at=LATE, by=cast.ben) and None)

    nobody = only(overdue, Patron, Patron.id == cast.ada_id).public_id
    assert "Said a kit was returned" not in text(ben.get(f"/patrons/{nobody}"))
    claim()
    assert "Patron still has it" in text(ben.get("/tasks?kind=claim"))
    luis = only(overdue, Patron, Patron.id == cast.luis_id).public_id
    assert "1 time" in text(ben.get(f"/patrons/{luis}"))
    assert ben.post(f"/kits/{OPEN_KIT}/unclaimed", {"key": "k" * 16}).status_code == 303
    assert only(overdue, Loan).state is LoanState.OUT
    claim()
    assert ben.post(f"/kits/{OPEN_KIT}/located", {"key": "k" * 17}).status_code == 303
    assert only(overdue, Loan).claim_end is ClaimEnd.FOUND_BY_LIBRARY


def test_a_ladder_is_changed_refused_in_words_and_restored(sqlite_database: Database, cast: Cast, eli: Browser) -> None:
    def known() -> Any:
        with sqlite_database.read() as session:
            return ladders(session)

    assert "bill" in text(eli.get("/administration/ladders"))
    address = "/administration/ladders/steps?kit_type=laptop-hotspot"
    form = {
        "code-0": "overdue",
        "days-0": "2",
        "notifies-0": "on",
        "suspends_lines-0": "on",
        "code-1": "",
        "days-1": "",
    }
    assert eli.post(address, {**form, "key": "k" * 16}).status_code == 303
    (step,) = known()[cast.laptop_hotspot]
    assert (step.code, step.days, step.suspends_lines, step.calls) == ("overdue", 2, True, False)
    early = eli.post(address, {**form, "key": "k" * 17, "days-0": "0"})
    assert (early.status_code, "one day after the due day" in text(early)) == (422, True)
    wrong = eli.post(address, {**form, "key": "k" * 18, "days-0": "two"})
    assert (wrong.status_code, "days from the due day" in text(wrong)) == (422, True)
    assert eli.post(address, {"key": "k" * 19, "days-0": ""}).status_code == 422
    assert eli.post("/administration/ladders/default?kit_type=laptop-hotspot", {"key": "k" * 20}).status_code == 303
    assert known() == {None: DEFAULT}
    assert eli.get("/administration/ladders/steps?kit_type=tablet").status_code == 404


def test_a_statement_says_what_was_charged_and_what_became_of_it(overdue: Database, cast: Cast, eli: Browser) -> None:
    eli.sign_in("eli")
    eli.post("/station", {"station": "ELA/Station 1"})
    eli.post(f"/kits/{OPEN_KIT}/lost", {"key": "k" * 16})
    luis = only(overdue, Patron, Patron.id == cast.luis_id).public_id
    page = text(eli.get(f"/slips/patrons/{luis}/statement"))
    assert "lost kit" in page
    assert "To pay: $450.00" in page
    assert "Ramos" not in page
    receive(overdue, cast, at=LATE)
    assert "To pay: $0.00" in text(eli.get(f"/slips/patrons/{luis}/statement"))
    assert rows(overdue, Task, Task.closed_at.is_(None), Task.kind == TaskKind.CALL) == []
