"""What leaves the library tells of no few people: in no cell, no sum, no share and no heading."""

from __future__ import annotations

from dataclasses import replace

from lending.domain.small_cells import Hidden
from lending.reporting.leaving import leaving
from lending.reporting.report import Adding, Column, Figure, Number, Report, Row, Section, Table, Unit
from tests.reporting.speaking import figure, report, section, table


def cells(found: Report, section_number: int = 0, column: int = 0) -> list[float | Hidden | None]:
    rows = found.sections[section_number].table.rows
    return [row.numbers[column].hidden or row.numbers[column].value for row in rows]


def total(found: Report, section_number: int = 0, column: int = 0) -> float | Hidden | None:
    line = found.sections[section_number].table.total
    assert line is not None
    return line.numbers[column].hidden or line.numbers[column].value


def test_a_count_under_five_is_hidden_with_the_one_that_would_tell_it() -> None:
    found = leaving(report(section(table([("A", [3]), ("B", [12]), ("C", [40])]))))
    assert cells(found) == [Hidden.UNDER_FIVE, Hidden.NOT_SHOWN, 40]
    assert total(found) == 55


def test_nought_and_unknown_stay() -> None:
    found = leaving(report(section(table([("A", [0]), ("B", [None]), ("C", [9])]))))
    assert cells(found) == [0, None, 9]


def test_a_sum_that_is_hidden_in_one_table_is_hidden_everywhere() -> None:
    by_branch = section(table([("A", [3]), ("B", [0])], measure="check_out"), "by-branch")
    by_kind = section(table([("Laptop", [3])], measure="check_out"), "by-kind")
    found = leaving(report(by_branch, by_kind, figures=[figure(3, "check_out")]))
    assert found.figures[0].number.hidden is Hidden.UNDER_FIVE
    assert total(found) is total(found, 1) is Hidden.UNDER_FIVE


def test_a_number_of_a_table_that_is_also_a_sum_is_hidden_with_it() -> None:
    both = section(table([("A", [4]), ("B", [4])], measure="check_out"), "by-branch")
    month = Table("Months", "Month", (Column("n"),), (Row("Nov", (Number(8, measure="check_out"),)),))
    found = leaving(report(both, section(month, "by-month"), figures=[figure(8, "check_out")]))
    assert total(found) is Hidden.NOT_SHOWN, "8 would say that each was 4"
    assert cells(found, 1) == [Hidden.NOT_SHOWN]
    assert found.figures[0].number.hidden is Hidden.NOT_SHOWN


def test_what_is_no_count_of_people_stays() -> None:
    made = Table("Kits", "Library", (Column("In service"),), (Row("A", (Number(3, Unit.THINGS),)),))
    found = leaving(report(section(made), figures=[figure(2, unit=Unit.THINGS)]))
    assert cells(found) == [3]
    assert found.figures[0].number.value == 2


def test_a_share_or_a_median_of_few_is_hidden() -> None:
    numbers = (
        Number(0.5, Unit.SHARE, cases=(2, 4)),
        Number(9, Unit.HOURS, cases=(40,)),
        Number(None, Unit.DAYS, cases=(1,)),
    )
    made = Table("Shares", "Library", (Column("a"), Column("b"), Column("c")), (Row("A", numbers),))
    found = leaving(report(section(made)))
    shown = found.sections[0].table.rows[0].numbers
    assert shown[0].hidden is Hidden.NOT_SHOWN
    assert shown[1].value == 9
    assert (shown[2].value, shown[2].hidden) == (None, None)


def test_a_share_is_hidden_with_a_count_that_is_hidden_for_another() -> None:
    counts = (("A", 3), ("B", 17), ("C", 40))
    rows = tuple(Row(name, (Number(n), Number(n / 60, Unit.SHARE, cases=(n, 60)))) for name, n in counts)
    whole = Row("Together", (Number(60), Number(1, Unit.SHARE)))
    made = Table("Seats", "Session", (Column("People"), Column("Share")), rows, whole)
    found = leaving(report(section(made)))
    assert cells(found) == [Hidden.UNDER_FIVE, Hidden.NOT_SHOWN, 40]
    assert cells(found, column=1) == [Hidden.NOT_SHOWN, Hidden.NOT_SHOWN, 40 / 60], "17 are 28.3% of 60"


def test_a_figure_without_a_measure_is_hidden_by_itself() -> None:
    found = leaving(report(figures=[figure(2), Figure("Lost", Number(7), "Lost.", before=Number(1))]))
    assert found.figures[0].number.hidden is Hidden.UNDER_FIVE
    assert found.figures[1].number.value == 7
    assert found.figures[1].before is not None
    assert found.figures[1].before.hidden is Hidden.UNDER_FIVE


def test_a_finding_is_made_anew_of_what_is_left() -> None:
    told = Section("one", lambda shown: str(shown.rows[0].numbers[0].value), table([("A", [3]), ("B", [30])]))
    found = leaving(report(told))
    assert (told.finding, found.sections[0].finding) == ("3", "None")


def test_numbers_that_add_up_across_tables_tell_of_nobody() -> None:
    numbers = tuple(Number(n, measure=name) for name, n in (("all", 84), ("out", 59), ("ready", 4), ("free", 21)))
    made = Table("Stock", "Day", tuple(Column(name) for name in "abcd"), (Row("Mon", numbers),))
    told = report(section(made))
    assert leaving(told).sections[0].table.rows[0].numbers[3].value == 21, "nobody knows that they add up"
    found = leaving(replace(told, adding=(Adding("all", ("out", "ready", "free")),)))
    shown = [one.hidden or one.value for one in found.sections[0].table.rows[0].numbers]
    assert shown == [84, 59, Hidden.UNDER_FIVE, Hidden.NOT_SHOWN]


def test_what_stands_nowhere_is_known_by_taking_the_others_off() -> None:
    reach, live = figure(16, "reach"), figure(13, "attended")
    told = replace(report(figures=[reach, live]), adding=(Adding("reach", ("attended", "views"), (("views", 3),)),))
    assert [one.number.hidden is None for one in leaving(told).figures].count(False) >= 1
