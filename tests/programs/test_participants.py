"""A meeting tool's list of participants, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.imports.report import BadFile, Fault
from lending.db import Database
from lending.errors import Reason, Refused
from lending.models.cohorts import AttendanceMode, HeadCountKind, WorkshopMode
from lending.models.journal import JournalEntry
from lending.models.people import Patron
from lending.programs.participants import (
    IMPORTED,
    MOST_PARTICIPANTS,
    Participant,
    ParticipantsImported,
    import_participants,
    read_participants,
    rows_in,
    spans,
)
from tests.cast import ADA, LUIS, NOW, Cast, seat
from tests.programs.meetings import attendances, come, head_counts, meeting

VIRTUAL = AttendanceMode.VIRTUAL


@pytest.fixture
def workshop(database: Database, cast: Cast) -> str:
    """A workshop on line. Ada and Luis have seats and addresses; Mina has none."""

    def prepare(session: Session) -> None:
        seat(session, cast, cast.luis_id)
        session.get_one(Patron, cast.ada_id).email = "Ada.Morales@example.org"
        session.get_one(Patron, cast.luis_id).email = "luis@example.org"

    database.act(prepare)
    return meeting(database, cast, WorkshopMode.VIRTUAL)


def bring(database: Database, cast: Cast, workshop: str, *lines: str) -> ParticipantsImported:
    """Dora imports a list."""
    participants, problems = read_participants("\n".join(["Name,Email,Minutes", *lines]).encode())
    assert problems == []
    return database.act(
        lambda session: import_participants(session, workshop=workshop, participants=participants, at=NOW, by=cast.dora)
    )


def test_people_are_found_by_address_or_name_and_the_rest_is_counted(
    database: Database, cast: Cast, workshop: str
) -> None:
    report = bring(
        database, cast, workshop, "A. M.,ada.morales@EXAMPLE.org,88", "LUIS RÁMOS,,90", "iPad,,12", "Mina Kaur,,60"
    )
    assert report == ParticipantsImported(rows=4, matched=(2, 3), again=(), ambiguous=(), unmatched=(4, 5), devices=4)
    assert attendances(database) == [(cast.ada_id, VIRTUAL), (cast.luis_id, VIRTUAL)]
    assert head_counts(database) == {HeadCountKind.DEVICES: 4}


def test_who_connects_again_is_one_device(database: Database, cast: Cast, workshop: str) -> None:
    report = bring(database, cast, workshop, "Ada Morales,,10", "Ada Morales,,70", "iPad,,5", "iPad,,40")
    assert (report.matched, report.unmatched, report.devices) == ((2, 3), (4, 5), 2)


def test_the_same_list_again_changes_nothing(database: Database, cast: Cast, workshop: str) -> None:
    come(database, cast, workshop, LUIS, VIRTUAL)
    for _ in range(2):
        report = bring(database, cast, workshop, "Ada Morales,,88", "Luis Ramos,,90")
    assert (report.matched, report.again, report.devices) == ((), (2, 3), 2)
    assert len(attendances(database)) == 2


def test_a_name_that_two_people_have_is_only_counted(database: Database, cast: Cast, workshop: str) -> None:
    def rename(session: Session) -> None:
        luis, ada = session.get_one(Patron, cast.luis_id), session.get_one(Patron, cast.ada_id)
        luis.name, luis.name_key = ada.name, ada.name_key

    database.act(rename)
    report = bring(database, cast, workshop, "Ada Morales,,88", "Ada Morales,luis@example.org,80")
    assert (report.matched, report.ambiguous, report.devices) == ((3,), (2,), 2)
    assert attendances(database) == [(cast.luis_id, VIRTUAL)]


def test_of_two_who_share_an_address_the_name_decides(database: Database, cast: Cast, workshop: str) -> None:
    def share(session: Session) -> None:
        session.get_one(Patron, cast.luis_id).email = "ada.morales@example.org"

    database.act(share)
    report = bring(
        database, cast, workshop, "Luis Ramos,ada.morales@example.org,88", "family,ada.morales@example.org,80"
    )
    assert (report.matched, report.ambiguous) == ((2,), (3,))


def test_nothing_of_the_list_is_kept(database: Database, cast: Cast, workshop: str) -> None:
    bring(database, cast, workshop, "Ada Morales,,88", "Zubeda from next door,zubeda@example.org,80")
    with database.read() as session:
        entries = session.scalars(select(JournalEntry).where(JournalEntry.verb.in_(["sign_in", "import_participants"])))
        written = " ".join(str((entry.patron, entry.detail)) for entry in entries)
    assert "Zubeda" not in written
    assert "Ada" not in written
    assert "example.org" not in written


def test_a_workshop_in_the_room_has_no_list(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        bring(database, cast, meeting(database, cast, WorkshopMode.ONSITE), "Ada Morales,,88")
    assert refused.value.blocks[0].reason is Reason.VALUE_WRONG
    assert head_counts(database) == {}


def test_a_patron_outside_the_session_is_not_named(database: Database, cast: Cast, workshop: str) -> None:
    def leave(session: Session) -> None:
        session.get_one(Patron, cast.mina_id).email = "mina@example.org"

    database.act(leave)
    assert bring(database, cast, workshop, "Mina Kaur,mina@example.org,88").unmatched == (2,)
    assert attendances(database) == []


@pytest.mark.parametrize(
    "header", ["Name (Original Name),User Email,Total Duration (Minutes),Guest", "full name;e-mail", "Participant"]
)
def test_columns_are_known_by_what_meeting_tools_call_them(header: str) -> None:
    participants, problems = read_participants(f"{header}\nAda Morales\n".encode())
    assert ([(one.row, one.name) for one in participants], problems) == ([(2, "Ada Morales")], [])


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"Card,Minutes\n1,2\n", Fault.COLUMN_MISSING),
        (b"Name,Full name\na,b\n", Fault.COLUMN_TWICE),
        (b"Name,Email\n", Fault.EMPTY),
        (b"", Fault.EMPTY),
        ("Name\nÑandú\n".encode("latin-1"), Fault.WRONG_ENCODING),
        (b'Name\n"never closed\n', Fault.BROKEN_CSV),
        (b"Name\n\x00\n", Fault.NOT_A_SHEET),
        (b"x" * (20 * 1024 * 1024 + 1), Fault.TOO_LARGE),
    ],
    ids=["no name", "two names", "no rows", "empty", "encoding", "broken", "binary", "too large"],
)
def test_a_file_that_is_no_list_is_refused(data: bytes, fault: Fault) -> None:
    with pytest.raises(BadFile) as refused:
        read_participants(data)
    assert refused.value.problem.what is fault


def test_a_formula_or_a_row_without_anybody_is_told_by_its_row() -> None:
    _, problems = read_participants(b"Name,Email,Minutes\n=HYPERLINK(1),,3\n,,4\nAda Morales,,=1+1\n")
    assert [(problem.row, problem.column, problem.what) for problem in problems] == [
        (2, "name", Fault.FORMULA),
        (3, "name", Fault.MISSING),
    ]


def test_ada_is_still_known_by_her_card(database: Database, cast: Cast, workshop: str) -> None:
    bring(database, cast, workshop, "Ada Morales,,88")
    assert come(database, cast, workshop, ADA, VIRTUAL).again


def test_a_file_of_more_rows_than_a_meeting_has_is_not_read() -> None:
    lines = b"Name\n" + b"iPad\n" * MOST_PARTICIPANTS
    assert len(read_participants(lines)[0]) == MOST_PARTICIPANTS
    with pytest.raises(BadFile) as refusal:
        read_participants(lines + b"iPad\n")
    assert refusal.value.problem.what is Fault.TOO_MANY_ROWS


def test_a_longer_list_is_refused_whatever_door_it_comes_through(database: Database, cast: Cast, workshop: str) -> None:
    there = [Participant(row, "iPad", "") for row in range(MOST_PARTICIPANTS + 1)]
    with pytest.raises(Refused) as refusal:
        database.act(
            lambda session: import_participants(session, workshop=workshop, participants=there, at=NOW, by=cast.dora)
        )
    assert [(block.reason, block.detail["field"]) for block in refusal.value.blocks] == [
        (Reason.VALUE_WRONG, "participants")
    ]
    assert head_counts(database) == {}


def test_the_journal_keeps_rows_as_spans(database: Database, cast: Cast, workshop: str) -> None:
    bring(database, cast, workshop, *["iPad,,1"] * 400, "Ada Morales,,10", "iPad,,9")
    with database.read() as session:
        [detail] = session.scalars(select(JournalEntry.detail).where(JournalEntry.verb == IMPORTED))
    assert (detail["unmatched"], detail["matched"], detail["again"]) == ("2-401, 403", "402", "")


@pytest.mark.parametrize("rows", [[], [7], [1, 2], [2, 3, 4, 7, 9, 10]])
def test_what_is_written_as_spans_is_read_again(rows: list[int]) -> None:
    assert rows_in(spans(rows)) == rows


# --- The lists of real tools ------------------------------------------------------------------------------------------

ZOOM = (
    "Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants\n"
    "812 3456 7890,Work Ready 7,03/03/2026 11:00:00 AM,03/03/2026 12:00:00 PM,host@example.org,60,2\n"
    "\n"
    "Name (Original Name),User Email,Total Duration (Minutes),Guest\n"
    "Ada Morales (Ada),,58,Yes\n"
    '"Ríos, Luis",,12,Yes\n'
)
TEAMS = (
    "1. Summary\nMeeting title\tWork Ready 7\nAttended participants\t2\n\n2. Participants\n"
    "Name\tFirst Join\tEmail\tRole\nAda Morales\t11:00\t\tAttendee\nLuis Ríos (he/him)\t11:02\t\tAttendee\n\n"
    "3. In-Meeting Activities\nName\tJoin Time\tLeave Time\tDuration\tEmail\tRole\n"
    "Ada Morales\t11:00\t12:00\t1h\t\tAttendee\n"
)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (ZOOM.encode(), ["Ada Morales (Ada)", "Ríos, Luis"]),
        (TEAMS.encode("utf-16"), ["Ada Morales", "Luis Ríos (he/him)"]),
        (b"Topic;Host\nWork Ready 7;Dora\nName;Email\nAda Morales;\n", ["Ada Morales"]),
    ],
    ids=["zoom", "teams", "semicolons"],
)
def test_the_table_is_found_below_what_is_said_about_the_meeting(data: bytes, names: list[str]) -> None:
    participants, problems = read_participants(data)
    assert ([one.name for one in participants], problems) == (names, [])


@pytest.mark.parametrize(
    "shown", ['"Morales, Ada"', "ada morales (Ada)", "Ada Morales (she/her)", '"Morales, Ada [library]"']
)
def test_a_name_is_known_however_the_tool_shows_it(database: Database, cast: Cast, workshop: str, shown: str) -> None:
    assert bring(database, cast, workshop, f"{shown},,30").matched == (2,)


def test_a_shorter_list_lowers_no_count(database: Database, cast: Cast, workshop: str) -> None:
    whole = bring(database, cast, workshop, "Ada Morales,,30", "iPad,,30", "Galaxy,,30")
    part = bring(database, cast, workshop, "Ada Morales,,30")
    assert ((whole.devices, whole.fewer), (part.devices, part.fewer)) == ((3, False), (3, True))
    assert head_counts(database)[HeadCountKind.DEVICES] == 3
