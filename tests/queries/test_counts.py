"""What managers read of a period: from roll-ups alone, within their branches, in few statements."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from lending.db import Database
from lending.domain.counting import Counter
from lending.domain.periods import between, fiscal_year_of, month_of
from lending.models.counts import DailyCount, DailyDuration, Measure, PeriodToken, StockDay, Whom
from lending.queries.counts import By, circulated, compared, total
from lending.queries.losses import loss_rate, net_lost
from lending.queries.stock_days import durations, durations_by_branch, stock_by_branch, stock_figures
from tests.cast import NOW, Cast
from tests.databases import counting

TODAY = NOW.date()
MARCH, YEAR = month_of(TODAY), fiscal_year_of(TODAY)
OUT = Counter.CHECK_OUT


def write(database: Database, table: Any, *rows: dict[str, Any]) -> None:
    """Roll-ups without the acts behind them."""
    database.act(lambda session: session.execute(insert(table), list(rows)))


def day(cast: Cast, n: int, *, on: date = TODAY, counter: Counter = OUT, **more: Any) -> dict[str, Any]:
    row = {"day": on, "branch_id": cast.ela, "kit_type_id": cast.laptop_hotspot, "cohort_id": 0, "counter": counter}
    return row | {"n": n} | more


@pytest.fixture
def months(database: Database, cast: Cast) -> Database:
    """Check-outs of February and March at two branches, for a session and openly."""
    write(
        database,
        DailyCount,
        day(cast, 4, on=date(2026, 2, 2)),
        day(cast, 10, on=date(2026, 2, 20)),
        day(cast, 7),
        day(cast, 2, on=date(2026, 3, 1), kit_type_id=cast.work_ready, cohort_id=cast.cohort),
        day(cast, 5, branch_id=cast.com),
        day(cast, 3, counter=Counter.RETURN),
        day(cast, 0, counter=Counter.EXCHANGE),
    )
    return database


def test_a_month_is_the_sum_of_its_days(months: Database) -> None:
    with months.read() as session:
        found = total(session, None, MARCH)
    assert (found.n(OUT), found.n(Counter.RETURN), found.n(OUT, Counter.RETURN)) == (14, 3, 17)
    assert Counter.EXCHANGE not in found.counts


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ((By.MONTH,), {(date(2026, 2, 1),): 14, (date(2026, 3, 1),): 14}),
        ((By.DAY, By.BRANCH), {(date(2026, 2, 2), "ELA"): 4, (date(2026, 2, 20), "ELA"): 10}
            | {(date(2026, 3, 1), "ELA"): 2, (TODAY, "ELA"): 7, (TODAY, "COM"): 5}),
        ((By.WEEK,), {(date(2026, 2, 2),): 4, (date(2026, 2, 16),): 10}
            | {(date(2026, 2, 23),): 2, (date(2026, 3, 2),): 12}),
        ((By.KIT_TYPE,), {("laptop-hotspot",): 26, ("work-ready",): 2}),
        ((By.COHORT,), {("",): 26, ("WR-7",): 2}),
        ((By.PROGRAM, By.BRANCH), {("", "COM"): 5, ("", "ELA"): 21, ("work-ready", "ELA"): 2}),
    ],
)  # fmt: skip
def test_counts_are_told_by_what_is_asked(months: Database, by: tuple[By, ...], told: dict[Any, int]) -> None:
    with months.read() as session:
        rows = circulated(session, None, YEAR, by)
    assert {tuple(row.at.values()): row.n(OUT) for row in rows} == told
    assert [tuple(row.at.values()) for row in rows] == sorted(told)


def test_two_kinds_of_time_at_once_are_a_mistake(months: Database) -> None:
    with months.read() as session, pytest.raises(ValueError, match="one of"):
        circulated(session, None, MARCH, [By.DAY, By.MONTH])


def test_a_reader_sees_the_own_branches_and_without_one_nothing(months: Database, cast: Cast) -> None:
    with months.read() as session:
        assert total(session, {cast.com}, MARCH).n(OUT) == 5
        assert total(session, set(), MARCH).n(OUT) == 0


def test_kit_type_and_program_choose(months: Database, cast: Cast) -> None:
    with months.read() as session:
        assert total(session, None, MARCH, kit_type_id=cast.laptop_hotspot).n(OUT) == 12
        assert total(session, None, MARCH, program_id=cast.program).n(OUT) == 2


def test_a_month_under_way_is_compared_with_the_same_days_before(months: Database) -> None:
    with months.read() as session:
        found = compared(session, None, MARCH, today=TODAY)
    assert (found.period.days, found.now.n(OUT), found.before.n(OUT)) == (3, 14, 4)


def test_what_was_all_taken_back_is_no_row_and_is_nought_in_the_sum(database: Database, cast: Cast) -> None:
    write(database, DailyCount, day(cast, 0))
    with database.read() as session:
        assert circulated(session, None, MARCH, (By.BRANCH,)) == []
        assert total(session, None, MARCH).n(OUT) == 0


@pytest.mark.parametrize(
    ("first", "check_outs", "households"),
    [(1, 2, 1), (3, 2, 1), (1, 3, None)],
    ids=["all have their token", "the rest of a month, in which all of them lie", "one has none"],
)
def test_households_are_known_where_every_check_out_has_its_token(
    database: Database, cast: Cast, first: int, check_outs: int, households: int | None
) -> None:
    write(database, DailyCount, day(cast, check_outs))
    kept = {"branch_id": cast.ela, "kit_type_id": cast.laptop_hotspot, "program_id": 0, "token": 7, "n": 2}
    write(database, PeriodToken, {"period": "2026-03", "whom": Whom.HOUSEHOLD} | kept)
    with database.read() as session:
        found = total(session, None, between(TODAY.replace(day=first), MARCH.last))
    assert (found.served.households, found.served.patrons) == (households, None)


def test_losses_are_told_less_what_came_back_and_without_check_outs_there_is_no_rate(
    database: Database, cast: Cast
) -> None:
    write(
        database,
        DailyCount,
        day(cast, 50),
        day(cast, 3, counter=Counter.LOST),
        day(cast, 1, counter=Counter.FOUND_AGAIN),
    )
    with database.read() as session:
        row, nothing = total(session, {cast.ela}, MARCH), total(session, {cast.com}, MARCH)
    assert (net_lost(row), loss_rate(row), loss_rate(nothing)) == (2, 0.04, None)


@pytest.mark.parametrize("n", [1, 300])
def test_a_report_takes_as_many_statements_whatever_the_size(database: Database, cast: Cast, n: int) -> None:
    write(database, DailyCount, *(day(cast, 1, on=TODAY - timedelta(days=d)) for d in range(n)))
    with counting(database) as statements, database.read() as session:
        circulated(session, None, YEAR, [By.MONTH, By.BRANCH, By.KIT_TYPE])
    assert len(statements) == 4


# --- Kits and time ---


def stock(cast: Cast, on: date, out: int, **more: int) -> dict[str, Any]:
    figures = {"in_service": 10, "out": out, "overdue": 1, "turnaround": 1, "ready": 2, "free": 7 - out, "waiting": 3}
    return {"day": on, "branch_id": cast.ela, "kit_type_id": cast.work_ready} | figures | more


def test_utilisation_is_kit_days_out_of_kit_days_in_service(database: Database, cast: Cast) -> None:
    days = [stock(cast, TODAY - timedelta(days=1), 4), stock(cast, TODAY, 6), stock(cast, TODAY, 0, branch_id=cast.com)]
    write(database, StockDay, *days)
    with database.read() as session:
        ela, both = stock_figures(session, {cast.ela}, MARCH), stock_figures(session, None, MARCH)
        listed = stock_by_branch(session, None, MARCH)
        nothing = stock_figures(session, set(), MARCH)
    assert (ela.utilisation, ela.overdue_rate) == (0.5, 0.2)
    assert (both.kit_days_in_service, both.latest and both.latest.ready, len(both.days)) == (30, 4, 2)
    assert [(row.branch, row.kit_type, row.utilisation) for row in listed] == [
        ("COM", "work-ready", 0.0),
        ("ELA", "work-ready", 0.5),
    ]
    assert [row.latest.out for row in listed if row.latest] == [0, 6]
    assert (nothing.utilisation, nothing.latest) == (None, None)


def test_medians_come_from_the_histogram_and_are_not_averaged(database: Database, cast: Cast) -> None:
    def took(hours: int, n: int, branch_id: int) -> dict[str, Any]:
        about = {"day": TODAY, "branch_id": branch_id, "kit_type_id": cast.work_ready}
        return about | {"measure": Measure.TURNAROUND, "bucket": hours, "n": n}

    write(database, DailyDuration, *(took(h, 1, cast.ela) for h in (1, 2, 90)), took(50, 6, cast.com))
    with database.read() as session:
        both, each = durations(session, None, MARCH), durations_by_branch(session, None, MARCH)
        unknown = durations(session, None, between(date(2025, 1, 1), date(2025, 1, 2)))
    turned = both[Measure.TURNAROUND]
    assert (turned.n, turned.median, turned.p90) == (9, 50, 90)
    assert {branch: found[Measure.TURNAROUND].median for branch, found in each.items()} == {"COM": 50, "ELA": 2}
    assert (unknown[Measure.HOLD_WAIT].n, unknown[Measure.HOLD_WAIT].median) == (0, None)
