"""Claims about the kits that are free at every branch, asked for at once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from lending.circulation.availability import outlook
from lending.circulation.calendars import branch_calendar
from lending.circulation.policies import policy_for
from lending.db import Database
from lending.models.branches import Branch, Closure
from lending.models.kits import KitType
from lending.models.stock import Stock
from lending.queries.availability import StockAvailability, availability
from tests.cast import MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, assemble
from tests.circulation.kits_in_hand import lend
from tests.databases import counting


def asked(database: Database, branch_ids: set[int] | None = None) -> list[StockAvailability]:
    with database.read() as session:
        return availability(session, branch_ids=branch_ids, at=NOW)


def busy(database: Database) -> Cast:
    """Kits out, one of them overdue, and a holiday that only one branch keeps."""
    cast = assemble(database)
    lend(database, cast, OPEN_KIT, at=NOW - timedelta(days=60))
    lend(database, cast, OTHER_OPEN_KIT, MINA)
    today = NOW.date()
    database.act(
        lambda session: session.add_all(
            [
                Closure(branch_id=cast.ela, starts_on=today, ends_on=today + timedelta(days=50), reason="Works"),
                Closure(branch_id=None, starts_on=today, ends_on=today + timedelta(days=1), reason="Holiday"),
            ]
        )
    )
    return cast


def test_every_stock_is_told_as_a_check_out_would_find_it(database: Database) -> None:
    busy(database)
    told = {(found.branch, found.kit_type): found for found in asked(database)}
    with database.read() as session:
        stocks = session.execute(
            select(Stock, Branch.code, KitType.code)
            .join(Branch, Branch.id == Stock.branch_id)
            .join(KitType, KitType.id == Stock.kit_type_id)
        ).all()
        assert len(stocks) == len(told) > 2
        for stock, branch, kit_type in stocks:
            policy = policy_for(session, kit_type_id=stock.kit_type_id, branch_id=stock.branch_id, at=NOW)
            alone = outlook(
                session,
                stock.id,
                calendar=branch_calendar(session, stock.branch_id, since=NOW.date() - timedelta(days=1)),
                at=NOW,
                turnaround_open_days=policy.turnaround_open_days,
                overdue_hold_days=policy.overdue_hold_days,
            )
            found = told[branch, kit_type]
            assert (found.free, list(found.points)) == (alone.free(), alone.points)


def test_a_reader_sees_the_stocks_of_their_branches_alone(database: Database) -> None:
    cast = busy(database)
    assert {found.branch for found in asked(database, {cast.com})} == {"COM"}
    assert asked(database, set()) == []


def test_days_beyond_the_last_of_interest_are_left_out(database: Database) -> None:
    busy(database)
    with database.read() as session:
        found = availability(session, branch_ids=None, until=NOW.date(), at=NOW)
    assert all(point.on <= NOW.date() for stock in found for point in stock.points)


def test_five_statements_answer_for_any_number_of_stocks(database: Database) -> None:
    cast = busy(database)
    for branches in ({cast.com}, None):
        with counting(database) as statements:
            asked(database, branches)
        assert len(statements) == 5
