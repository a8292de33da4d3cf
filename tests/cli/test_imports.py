"""``lending import``: from the file to the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from lending.db import Database
from lending.models.branches import Branch
from lending.models.kits import Kit
from lending.models.people import Patron
from tests.cast import HOURS, LUIS, assemble

HEADER = "card,name,birth_date,home_branch\n"
GOOD = HEADER + "29999000000042,Noor Rahimi,1990-02-28,ELA\n"
BAD = GOOD + "29999000000059,Kofi Mensah,yesterday,XXX\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def count(database: Database, kind: Any) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def test_patrons_are_imported(database: Database, lending: Any, file: Path) -> None:
    assemble(database)
    file.write_text(GOOD, encoding="utf-8")
    before = count(database, Patron)
    done = lending("import", "patrons", str(file))
    assert (done.exit_code, done.stdout) == (0, "1 rows: 1 new, 0 changed, 0 unchanged.\n")
    assert count(database, Patron) == before + 1


def test_a_check_changes_nothing(database: Database, lending: Any, file: Path) -> None:
    assemble(database)
    before = count(database, Patron), count(database, Branch), count(database, Kit)
    for kind, text in (
        ("patrons", GOOD),
        (
            "branches",
            f"code,name,hours\nNEW,New,{HOURS.format()}\n",
        ),
        ("kits", "barcode,kit_type,branch\nKIT-5000,laptop-hotspot,ELA\n"),
    ):
        file.write_text(text, encoding="utf-8")
        done = lending("import", kind, str(file), "--check")
        assert (done.exit_code, "Nothing was changed, as asked." in done.stdout) == (0, True), done.output
    assert (count(database, Patron), count(database, Branch), count(database, Kit)) == before


def test_one_wrong_row_stops_the_file_and_is_reported(database: Database, lending: Any, file: Path) -> None:
    assemble(database)
    file.write_text(BAD, encoding="utf-8")
    before = count(database, Patron)
    done = lending("import", "patrons", str(file))
    assert done.exit_code == 65
    assert done.stdout.splitlines() == [
        "row 3, home_branch: There is no branch with this code.",
        "row 3, birth_date: This should be a date in the past, such as 1990-02-28.",
    ]
    assert done.stderr.endswith("1 of 2 rows are wrong. Nothing was changed.\n")
    assert count(database, Patron) == before


def test_one_wrong_kit_stops_the_file(database: Database, lending: Any, file: Path) -> None:
    assemble(database)
    before = count(database, Kit)
    file.write_text(
        "barcode,kit_type,branch\nKIT-5000,laptop-hotspot,ELA\nKIT-1042,laptop-hotspot,ELA\n", encoding="utf-8"
    )
    done = lending("import", "kits", str(file))
    assert (done.exit_code, done.stdout.startswith("row 3, barcode: KIT-1042")) == (65, True)
    assert count(database, Kit) == before


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"number,name\n1,Ana\n", "The first row must name the columns. Missing: card, birth_date, home_branch."),
        (HEADER.encode() + "29999000000042,José,1990-02-28,ELA\n".encode("latin-1"), "The file is not UTF-8 (line 2)."),
        (b"", "The file has no rows."),
        (b"PK\x03\x04 broken", "This is neither a CSV nor an XLSX file"),
        (b"x" * (20 * 1024 * 1024 + 1), "The file has more than 20 MB."),
    ],
    ids=["columns", "encoding", "empty", "broken", "large"],
)
def test_a_file_that_cannot_be_read_is_a_sentence(lending: Any, file: Path, data: bytes, said: str) -> None:
    file.write_bytes(data)
    done = lending("import", "patrons", str(file))
    assert (done.exit_code, done.stdout) == (65, "")
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_a_report_holds_nothing_of_a_patron(database: Database, lending: Any, file: Path) -> None:
    assemble(database)
    file.write_text(f"{HEADER}{LUIS},Luis Ramos,1890-01-01,ELA\n", encoding="utf-8")
    done = lending("import", "patrons", str(file))
    assert done.exit_code == 65
    assert not any(secret in done.output for secret in (LUIS, "Luis", "Ramos", "1890"))
