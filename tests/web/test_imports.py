"""The pages of imports: a file given, matched, checked by row, imported and undone, with and without waiting."""

from __future__ import annotations

import io
import re
import secrets
import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from lending.circulation.imports.columns import TEMPLATES
from lending.circulation.imports.sheets import read_sheet
from lending.db import Database
from lending.domain.barcodes import library_code
from lending.models.people import Card, Patron
from tests.web.browsers import Browser

LIST = "/administration/imports"
GOOD = "barcode,full name,dob,library,colour\n29999000001040,Noor Haddad,1990-02-28,ELA,red\n"


def give(eli: Browser, content: bytes | str, kind: str = "patrons") -> Any:
    data = content.encode() if isinstance(content, str) else content
    file = {
        "csrf_token": eli.token,
        "key": secrets.token_hex(8),
        "kind": kind,
        "file": (io.BytesIO(data), "people.csv"),
    }
    return eli.client.post(f"{LIST}/new", data=file, content_type="multipart/form-data")


def page(eli: Browser, url: str) -> str:
    return str(eli.get(url).get_data(as_text=True))


def press(eli: Browser, url: str, **given: str) -> Any:
    return eli.post(url, {"key": secrets.token_hex(8), **given})


def chosen(html: str) -> dict[str, str]:
    """Which column is chosen for each field."""
    found = {}
    for name, options in re.findall(r'<select[^>]*name="(field-[a-z_]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        picked = re.search(r'value="([^"]+)" selected', options)
        if picked:
            found[name] = picked[1]
    return found


def people(database: Database) -> int:
    with database.read() as session:
        return int(session.scalar(select(func.count()).select_from(Patron)) or 0)


def test_a_file_goes_in_after_a_look_at_every_row_and_out_again(eli: Browser, sqlite_database: Database) -> None:
    before = people(sqlite_database)
    run = give(eli, GOOD).headers["Location"]
    guessed = chosen(page(eli, run))
    assert guessed == {
        "field-card": "barcode",
        "field-name": "full_name",
        "field-birth_date": "dob",
        "field-home_branch": "library",
    }
    assert "colour" in page(eli, run)
    assert press(eli, f"{run}/columns", **guessed).status_code == 303
    checked = page(eli, run)
    assert "New: 1. Changed: 0." in checked
    assert people(sqlite_database) == before
    assert press(eli, f"{run}/import").status_code == 303
    assert people(sqlite_database) == before + 1
    assert "It can be undone until Wed, Mar 4, 10:00" in page(eli, run).replace("\u202f", " ")
    assert press(eli, f"{run}/undo").status_code == 303
    assert people(sqlite_database) == before
    assert "Taken away again: 1." in page(eli, run)
    assert press(eli, f"{run}/undo").status_code == 409
    assert "people.csv" in page(eli, LIST)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\xff", "UTF-8"),
        ("", "The file has no rows"),
        (b"PK\x03\x04 nothing", "neither a CSV nor an XLSX"),
        ('card,name\n"29999', "quotation mark"),
    ],
)
def test_what_is_no_table_is_told_in_a_sentence(eli: Browser, content: bytes | str, sentence: str) -> None:
    answer = give(eli, content)
    assert answer.status_code == 422
    told = answer.get_data(as_text=True)
    assert sentence in told
    assert "There is a problem" in told


def test_wrong_rows_are_told_by_row_and_column(eli: Browser, sqlite_database: Database) -> None:
    before = people(sqlite_database)
    rows = (
        "29999000001041,=1+1,soon,NONE,x\n29999000001040,Noor,1990-02-28,ELA,x\n29999000001040,Noor,1990-02-28,ELA,x\n"
    )
    run = give(eli, GOOD.partition("\n")[0] + "\n" + rows).headers["Location"]
    press(eli, f"{run}/columns", **chosen(page(eli, run)))
    told = page(eli, run)
    for sentence in (
        "The last digit does not fit",
        "like a spreadsheet",
        "no branch with this code",
        "says the same already",
    ):
        assert sentence in told, sentence
    assert "Import 3 rows" not in told
    assert press(eli, f"{run}/import").status_code == 303
    assert people(sqlite_database) == before


def test_a_field_without_a_column_that_must_be_there_is_told(eli: Browser) -> None:
    run = give(eli, GOOD).headers["Location"]
    press(eli, f"{run}/columns", **{"field-card": "barcode"})
    assert "Missing: name" in page(eli, run)
    wrong = press(eli, f"{run}/columns", **{"field-card": "no such column"})
    assert wrong.status_code in (409, 422)


def test_a_large_file_is_read_beside_the_page_which_looks_again_by_itself(
    eli: Browser, sqlite_database: Database
) -> None:
    before = people(sqlite_database)
    rows = [f"{library_code('2', '9999', 200_000 + n)},Person {n},1990-02-28,ELA,x" for n in range(2_000)]
    run = give(eli, "\n".join([GOOD.partition("\n")[0], *rows])).headers["Location"]
    for act in (f"{run}/columns", f"{run}/import"):
        press(eli, act, **chosen(page(eli, run)))
        answer = eli.get(run)
        assert answer.headers.get("Refresh", "4") == "4"
        for thread in threading.enumerate():
            if thread.name.startswith("import-"):
                thread.join(60)
    assert people(sqlite_database) == before + 2_000
    assert "Refresh" not in eli.get(run).headers
    press(eli, f"{run}/undo")
    assert people(sqlite_database) == before
    with sqlite_database.read() as session:
        assert session.scalars(select(Card).where(Card.number == rows[0][:14])).first() is None


def test_a_reading_that_broke_off_is_told_and_may_be_tried_again(eli: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from lending.circulation.imports import patrons

    run = give(eli, GOOD).headers["Location"]
    fields = chosen(page(eli, run))

    def broken(*_: Any, **__: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(patrons, "plan_patrons", broken)
        press(eli, f"{run}/columns", **fields)
    assert "ended before its time" in page(eli, run)
    press(eli, f"{run}/columns", **fields)
    assert "New: 1." in page(eli, run)


def test_a_file_is_forgotten_and_one_that_is_not_there_is_not_found(eli: Browser) -> None:
    run = give(eli, GOOD).headers["Location"]
    assert press(eli, f"{run}/discard").headers["Location"] == LIST
    assert "forgotten" in page(eli, run)
    assert press(eli, f"{run}/import").status_code == 409
    assert eli.get(f"{LIST}/{'x' * 16}").status_code == 404


@pytest.mark.parametrize("kind", sorted(TEMPLATES))
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_template_is_read_back_with_its_example(eli: Browser, kind: str, form: str) -> None:
    answer = eli.get(f"{LIST}/templates/{kind}.{form}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{kind}.{form}"'
    sheet = read_sheet(answer.data)
    assert sheet.columns == tuple(column.name for column in TEMPLATES[kind].columns)
    assert sheet.rows == [(2, [column.example for column in TEMPLATES[kind].columns])]
    assert sheet.problems == []
    assert eli.get(f"{LIST}/templates/participants.csv").status_code == 404
