"""Reports as files: exactly what is shown, nothing that a spreadsheet runs, and what every number means."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date

import pytest
from python_calamine import CalamineWorkbook

from lending.domain.small_cells import Hidden
from lending.reporting.files import as_csv, as_xlsx
from lending.reporting.report import Column, Figure, Number, Report, Row, Section, Table, Unit
from tests.domain.test_spreadsheets import DANGEROUS
from tests.reporting.speaking import ENGLISH, figure, report, section, table


def lines(found: Report) -> list[list[str]]:
    text = b"".join(as_csv(found, ENGLISH)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def sheets(found: Report) -> dict[str, list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx(found, ENGLISH)))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_a_file_begins_like_a_formula(text: str) -> None:
    made = Table(text, text, (Column(text, text),), (Row(text, (Number(9),)),), Row(text, (Number(9),)))
    hostile = Report(
        "test",
        text,
        text,
        report().made_at,
        narrowed=((text, text),),
        figures=(Figure(text, Number(7), text),),
        sections=(Section("one", lambda shown: text, made),),
        notes=(text,),
    )
    for line in lines(hostile):
        for cell in line:
            assert not cell.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r", "\n")), cell
    raw = as_xlsx(hostile, ENGLISH)
    import zipfile

    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        parts = b"".join(book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/"))
    assert b"<f>" not in parts
    assert b"hyperlink" not in parts


def test_numbers_stay_numbers_and_words_say_what_is_not_there() -> None:
    found = table([("A", [8087, None])], total=False)
    rows = found.rows[0].numbers
    kept = Table(
        found.caption,
        found.head,
        (*found.columns, Column("c")),
        (Row("A", (*rows, Number(None, hidden=Hidden.UNDER_FIVE))),),
    )
    (line,) = [line for line in lines(report(section(kept))) if line[:1] == ["A"]]
    assert line == ["A", "8087", "not known", "under 5"]
    assert sheets(report(section(kept)))["A table"][1] == ["A", 8087.0, "not known", "under 5"]


def test_a_workbook_has_a_sheet_for_each_table_and_one_of_definitions() -> None:
    found = sheets(report(section(table([("A", [9])])), section(table([("B", [8])]), "two"), figures=[figure(17)]))
    assert list(found) == ["Figures", "A table", "A table 2", "Definitions"]
    assert ["Check-outs", "A kit handed out."] in [line[:2] for line in found["Definitions"]]
    assert any(line[0] == "not known" for line in found["Definitions"])


def test_days_are_dates_heads_stay_in_sight_and_counts_have_groups() -> None:
    days = [date(2026, 2, 28), date(2026, 3, 1)]
    rows = tuple(Row(f"{day:%b} {day.day}", (Number(1234.0),), on=day) for day in days)
    made = Table("Day by day", "Day", (Column("Check-outs"),), rows, Row("Together", (Number(2468.0),)))
    found = report(section(made), figures=[figure(5)])
    assert [line[0] for line in sheets(found)["Day by day"]] == ["Day", *days, "Together"]
    assert ["Feb 28", "1234"] in lines(found)
    with zipfile.ZipFile(io.BytesIO(as_xlsx(found, ENGLISH))) as book:
        pages = [book.read(name).decode() for name in sorted(book.namelist()) if "worksheets/sheet" in name]
        styles = book.read("xl/styles.xml").decode()
    assert all('state="frozen"' in page for page in pages)
    assert all(form in styles for form in ("ddd, mmm d, yyyy", "#,##0"))


def test_a_sheets_name_is_one_that_spreadsheets_take() -> None:
    made = Table("Parts [of] a/very*long:name? " * 3, "h", (Column("c"),), ())
    names = list(sheets(report(section(made), section(made, "two"))))
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)
    assert len(names) == len(set(names))


def test_a_share_is_told_as_it_is_worked_out() -> None:
    shares = Figure("Utilization", Number(2 / 3, Unit.SHARE), "Days out.")
    told = [line for line in lines(report(figures=[shares])) if line[:1] == ["Utilization"]]
    assert told == [["Utilization", "0.6667", "share of 1"], ["Utilization", "Days out."]]


def test_the_unit_of_a_duration_is_told_with_its_column_or_its_line() -> None:
    hours, days, kits, none = Number(22, Unit.HOURS), Number(3, Unit.DAYS), Number(9), Number(0, Unit.THINGS)
    heads, then = (Column("Kits"), Column("Median"), Column("Wait")), (Column("Then"), Column("Change"))
    by_column = Table("How long", "Library", heads, (Row("Compton", (kits, hours, days)),))
    by_line = Table("Reported", "Figure", then, (Row("Median", (hours, none)), Row("Kits", (kits, none))))
    found = lines(report(section(by_column), section(by_line, "two")))
    assert ["Library", "Kits", "Median (hours)", "Wait (days)"] in found
    assert ["Median (hours)", "22", "0"] in found
    assert ["Kits", "9", "0"] in found
    assert ["Figure", "Then", "Change"] in found


def test_every_definition_is_in_the_file_once() -> None:
    found = report(section(table([("A", [9, 9])])), figures=[figure(9)])
    told = [line for line in lines(found) if line and line[0] in ("Check-outs", "Column 0", "Column 1")]
    assert [line[0] for line in told if len(line) == 2] == ["Check-outs", "Column 0", "Column 1"]


def test_a_large_table_is_written_line_by_line() -> None:
    many = table([(f"Row {number}", [number + 5]) for number in range(5000)], total=False)
    pieces = as_csv(report(section(many)), ENGLISH)
    assert next(pieces) == b"\xef\xbb\xbf"
    assert sum(1 for _ in pieces) > 5000
