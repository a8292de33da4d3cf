"""Imports through the pages' verbs, on both engines: as a whole, and undone within a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from lending import settings
from lending.circulation.checkout import check_out
from lending.circulation.imports.columns import TEMPLATES
from lending.circulation.imports.matching import guess
from lending.circulation.imports.runs import (
    STALE_AFTER,
    begin_reading,
    choose_columns,
    discard,
    forget_files,
    forget_rows,
    give_file,
)
from lending.circulation.imports.sheets import read_sheet
from lending.circulation.imports.undoing import Undone, undo_import
from lending.circulation.patrons import change, note_look
from lending.clock import MovingClock
from lending.db import Database
from lending.errors import Reason, Refused
from lending.library import Library
from lending.models.branches import Branch, Station
from lending.models.kits import Kit, KitType, KitTypePart, Part
from lending.models.people import Card, Patron
from lending.models.policies import Signing
from lending.models.setting_up import ImportRun, ImportState
from lending.queries.imports import RunShown, run_shown
from lending.web.importing import read_file
from tests.cast import ADA, HOURS, LUIS, NOW, OPEN_KIT, Cast

NOOR, IVO = "29999000001040", "29999000001057"
PATRONS = "card,name,birth_date,home_branch"
WEEK = HOURS.format()

Take = Callable[..., RunShown]


@pytest.fixture
def take(database: Database, cast: Cast, tmp_path: Path) -> Take:
    """Eli gives a file, has it read and, unless told otherwise, imports it; gives what became of it."""
    chosen = settings.load({}, instance=tmp_path, given={"profile": "testing", "secret_key": "k" * 40})
    library = Library(database, MovingClock(NOW), None, chosen)

    def take(kind: str, *lines: str, keep: bool = True, at: datetime = NOW) -> RunShown:
        content = "\n".join(lines).encode()
        columns = read_sheet(content).columns
        match = guess(columns, TEMPLATES[kind])
        file = {"kind": kind, "file_name": "file.csv", "content": content, "columns": columns, "match": match}
        run = database.act(lambda s: give_file(s, **file, at=at, by=cast.eli))
        database.act(lambda s: begin_reading(s, run=run, at=at, by=cast.eli))
        read_file(library, run, keep=keep, rows=1, at=at, by=cast.eli)
        with database.read() as session:
            found = run_shown(session, run)
        assert found is not None
        return found

    return take


def undo(database: Database, cast: Cast, run: RunShown, *, at: datetime = NOW) -> Undone:
    return database.act(lambda s: undo_import(s, run=run.run, at=at, by=cast.eli))


def count(database: Database, model: Any) -> int:
    with database.read() as session:
        return int(session.scalar(select(func.count()).select_from(model)) or 0)


def patron(database: Database, card: str) -> Patron:
    with database.read() as session:
        return session.scalars(select(Patron).join(Card).where(Card.number == card)).one()


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[Reason]:
    return [block.reason for block in refused.value.blocks]


def test_a_check_says_what_would_happen_and_changes_nothing(database: Database, take: Take) -> None:
    before = count(database, Patron)
    found = take(
        "patrons", PATRONS, f"{NOOR},Noor Haddad,1990-02-28,ELA", f"{ADA},Ada Morales,1990-05-17,ELA", keep=False
    )
    assert found.report is not None
    assert {name: found.report[name] for name in ("rows", "added", "changed", "unchanged", "wrong")} == {
        "rows": 2,
        "added": 1,
        "changed": 0,
        "unchanged": 1,
        "wrong": 0,
    }
    assert (found.state, found.busy_since, count(database, Patron)) == (ImportState.UPLOADED, None, before)


def test_one_wrong_row_and_nothing_is_imported(database: Database, take: Take) -> None:
    before = count(database, Patron)
    found = take("patrons", PATRONS, f"{NOOR},Noor Haddad,1990-02-28,ELA", f"{IVO},=HYPERLINK(1),soon,NONE")
    assert found.report is not None
    assert {(problem["row"], problem["column"]) for problem in found.report["problems"]} >= {
        (3, "name"),
        (3, "home_branch"),
    }
    assert (found.state, count(database, Patron)) == (ImportState.UPLOADED, before)


def test_patrons_who_were_added_go_and_records_that_changed_are_as_before(
    database: Database, cast: Cast, take: Take
) -> None:
    lines = (
        f"{PATRONS},street,city",
        f"{NOOR},Noor Haddad,1990-02-28,ELA,12 Elm,Bell",
        f"{ADA},Ada Moreno,1991-05-17,COM,,",
    )
    run = take("patrons", *lines)
    assert (run.state, run.rows_added, run.rows_changed) == (ImportState.DONE, 1, 1)
    assert patron(database, ADA).name == "Ada Moreno"
    assert undo(database, cast, run) == Undone(1, 1, (), ())
    ada = patron(database, ADA)
    assert (ada.name, ada.name_key, str(ada.birth_date), ada.home_branch_id) == (
        "Ada Morales",
        "ada morales",
        "1990-05-17",
        cast.ela,
    )
    with database.read() as session:
        assert session.scalars(select(Card).where(Card.number == NOOR)).first() is None
    assert take("patrons", *lines).rows_added == 1, "the file goes in again"


def test_a_consent_for_the_number_of_the_file_does_not_stay_with_the_number_of_before(
    database: Database, cast: Cast, take: Take
) -> None:
    run = take("patrons", f"{PATRONS},phone", f"{ADA},Ada Morales,1990-05-17,ELA,(213) 555-0199")
    ada = patron(database, ADA).public_id
    agreed = {"text_consent_wording": "Text me."}
    database.act(lambda s: change(s, patron=ada, details=agreed, at=NOW, by=cast.ben))
    undo(database, cast, run)
    kept = patron(database, ADA)
    assert (kept.phone, kept.text_consent_at, kept.text_consent_wording) == (None, None, None)


def test_what_was_used_or_changed_since_is_named_and_stays(database: Database, cast: Cast, take: Take) -> None:
    run = take(
        "patrons",
        PATRONS,
        f"{NOOR},Noor Haddad,1990-02-28,ELA",
        f"{IVO},Ivo Lind,1981-01-01,ELA",
        f"{LUIS},Luis Ramirez,1990-05-17,ELA",
    )
    by = cast.ben
    database.act(
        lambda s: check_out(s, kit=OPEN_KIT, patron=IVO, branch_id=cast.ela, signed=Signing.AT_DESK, at=NOW, by=by)
    )
    luis = patron(database, LUIS).public_id
    database.act(lambda s: change(s, patron=luis, details={"name": "Luis Rivera"}, at=NOW, by=by))
    looked_at = patron(database, NOOR).public_id
    database.act(lambda s: note_look(s, patron=looked_at, at=NOW, by=by))
    assert undo(database, cast, run) == Undone(1, 0, (IVO,), (LUIS,))
    assert patron(database, LUIS).name == "Luis Rivera"
    assert patron(database, IVO).name == "Ivo Lind"
    with database.read() as session:
        shown = run_shown(session, run.run)
    assert shown is not None
    assert shown.report is not None
    assert (shown.state, shown.report["kept"]) == (ImportState.UNDONE, [IVO])


def test_kits_branches_and_kinds_go_unless_something_hangs_on_them(database: Database, cast: Cast, take: Take) -> None:
    kinds = take("kit-types", "code,name,price,part", "tablet,Tablet kit,200,Tablet", "phone,Phone kit,100,Phone")
    places = take("branches", "code,name,hours", f"NOR,Norwalk,{WEEK}", f"LEN,Lennox,{WEEK}")
    kits = take("kits", "barcode,kit_type,branch", "KIT-5001,tablet,ELA", "KIT-5002,laptop-hotspot,ELA")
    parts = count(database, Part)
    by = cast.ben
    database.act(lambda s: check_out(s, kit="KIT-5002", patron=LUIS, branch_id=cast.ela, at=NOW, by=by))
    with database.read() as session:
        norwalk = session.scalars(select(Branch.id).where(Branch.code == "NOR")).one()
    database.act(lambda s: s.add(Station(branch_id=norwalk, name="Desk")))
    assert undo(database, cast, kinds) == Undone(1, 0, ("tablet",), ())
    assert undo(database, cast, kits) == Undone(1, 0, ("KIT-5002",), ())
    assert undo(database, cast, places) == Undone(1, 0, ("NOR",), ())
    with database.read() as session:
        assert set(session.scalars(select(KitType.code))) == {"work-ready", "laptop-hotspot", "tablet"}
        assert "KIT-5001" not in set(session.scalars(select(Kit.barcode)))
        assert session.scalars(select(KitTypePart).where(KitTypePart.name == "Phone")).first() is None
    assert count(database, Part) == parts - 1
    assert take("kits", "barcode,kit_type,branch", "KIT-5001,work-ready,COM").rows_added == 1


def test_an_import_is_undone_once_and_within_a_day(database: Database, cast: Cast, take: Take) -> None:
    run = take("patrons", PATRONS, f"{NOOR},Noor Haddad,1990-02-28,ELA")
    with pytest.raises(Refused) as refused:
        undo(database, cast, run, at=NOW + timedelta(hours=24, seconds=1))
    assert reasons(refused) == [Reason.TOO_LATE_TO_UNDO]
    undo(database, cast, run, at=NOW + timedelta(hours=24))
    with pytest.raises(Refused) as refused:
        undo(database, cast, run)
    assert reasons(refused) == [Reason.NOTHING_TO_UNDO]


def test_a_file_is_read_by_one_process_at_a_time_and_one_that_died_is_passed_over(
    database: Database, cast: Cast, take: Take
) -> None:
    run = take("patrons", PATRONS, f"{NOOR},Noor Haddad,1990-02-28,ELA", keep=False).run

    def begin(at: datetime) -> None:
        database.act(lambda s: begin_reading(s, run=run, at=at, by=cast.eli))

    begin(NOW)
    for do in (
        lambda: begin(NOW + timedelta(minutes=1)),
        lambda: database.act(lambda s: choose_columns(s, run=run, match={}, by=cast.eli)),
        lambda: database.act(lambda s: discard(s, run=run, at=NOW, by=cast.eli)),
    ):
        with pytest.raises(Refused) as refused:
            do()
        assert reasons(refused) == [Reason.BUSY]
    begin(NOW + STALE_AFTER + timedelta(seconds=1))


def test_a_forgotten_file_is_gone_and_nobody_else_may(database: Database, cast: Cast, take: Take) -> None:
    run = take("patrons", PATRONS, f"{NOOR},Noor Haddad,1990-02-28,ELA", keep=False).run
    with pytest.raises(Refused) as refused:
        database.act(lambda s: discard(s, run=run, at=NOW, by=cast.cleo))
    assert reasons(refused) == [Reason.NOT_PERMITTED]
    with pytest.raises(Refused) as refused:
        database.act(lambda s: choose_columns(s, run=run, match={"pin": "card"}, by=cast.eli))
    assert reasons(refused) == [Reason.VALUE_WRONG]
    database.act(lambda s: discard(s, run=run, at=NOW, by=cast.eli))
    with database.read() as session:
        row = session.scalars(select(ImportRun).where(ImportRun.public_id == run)).one()
    assert (row.state, row.content) == (ImportState.DISCARDED, None)


def test_what_can_be_undone_no_more_is_forgotten_and_so_are_files_that_nobody_imported(
    database: Database, cast: Cast, take: Take
) -> None:
    imported = take("patrons", PATRONS, f"{NOOR},Noor Haddad,1990-02-28,ELA")
    waiting = take("patrons", PATRONS, f"{IVO},Ivo Lind,1981-01-01,ELA", keep=False)
    day, week = NOW + timedelta(hours=24), NOW + timedelta(days=7)

    def forgotten(at: datetime) -> tuple[int, int]:
        return database.act(lambda s: (forget_rows(s, at=at), forget_files(s, at=at)))

    assert forgotten(day) == (0, 0)
    assert forgotten(day + timedelta(seconds=1)) == (1, 0)
    assert forgotten(week + timedelta(seconds=1)) == (0, 1)
    with database.read() as session:
        states = {row.public_id: (row.state, row.content) for row in session.scalars(select(ImportRun))}
    assert states == {imported.run: (ImportState.DONE, None), waiting.run: (ImportState.DISCARDED, None)}
    assert patron(database, NOOR).name == "Noor Haddad"
