"""Whom check-outs served: distinct within a period, nobody named, and nobody followed into the next."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from lending.circulation.served import KEY_BYTES, keep_keys
from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.library_settings import FISCAL_YEAR
from lending.domain.periods import Period, fiscal_year_of, month_of
from lending.models.counts import PeriodKey, PeriodToken, Whom
from lending.models.people import Household, Patron
from lending.models.setting_up import LibrarySetting
from lending.queries.counts import By, Served, circulated, total
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, put
from tests.circulation.kits_in_hand import DONE, lend, look, receive, rows, seen

MARCH = month_of(NOW.date())
YEAR = fiscal_year_of(NOW.date())
APRIL = datetime(2026, 4, 14, 18, tzinfo=UTC)


def served(database: Database, period: Period = MARCH, **chosen: Any) -> Served:
    with database.read() as session:
        return total(session, None, period, **chosen).served


def live_together(database: Database, *cards: int, exempt: bool = False) -> None:
    """Let these patrons (ids) share an address."""

    def move(session: Any) -> None:
        home = put(session, Household(address_key="12 main st|90022", exempt=exempt))
        session.execute(update(Patron).where(Patron.id.in_(cards)).values(household_id=home.id))

    database.act(move)


def back(database: Database, cast: Cast, kit: str = OPEN_KIT, *, at: datetime = NOW) -> None:
    """A kit comes back and is free again."""
    receive(database, cast, kit, at=at)
    look(database, cast, seen(database, kit), kit, steps=DONE, at=at)


def test_somebody_who_borrows_twice_is_served_once(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back(database, cast)
    lend(database, cast, OTHER_OPEN_KIT, at=NOW + timedelta(hours=1))
    assert served(database) == served(database, YEAR) == Served(households=1, patrons=1)


def test_two_people_of_one_address_are_one_household(database: Database, cast: Cast) -> None:
    live_together(database, cast.luis_id, cast.mina_id)
    lend(database, cast)
    lend(database, cast, OTHER_OPEN_KIT, MINA)
    assert served(database) == Served(households=1, patrons=2)


def test_a_shelter_is_not_one_household(database: Database, cast: Cast) -> None:
    live_together(database, cast.luis_id, cast.mina_id, exempt=True)
    lend(database, cast)
    lend(database, cast, OTHER_OPEN_KIT, MINA)
    assert served(database) == Served(households=2, patrons=2)


def test_a_year_is_not_the_sum_of_its_months(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back(database, cast, at=APRIL)
    lend(database, cast, at=APRIL)
    assert served(database) == served(database, month_of(APRIL.date())) == Served(1, 1)
    assert served(database, YEAR) == Served(1, 1)


def test_people_are_counted_by_branch_kind_of_kit_and_program(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    lend(database, cast)
    assert served(database, program_id=cast.program) == Served(1, 1)
    assert served(database, kit_type_id=cast.laptop_hotspot) == Served(1, 1)
    with database.read() as session:
        rows = circulated(session, None, YEAR, [By.MONTH, By.BRANCH])
        assert [(row.at[By.BRANCH], row.served) for row in rows] == [("ELA", Served(2, 2))]
        assert circulated(session, None, MARCH, [By.COHORT])[0].served == Served(None, None)
        assert circulated(session, {cast.com}, MARCH)[0].served == Served(0, 0)


def test_a_check_out_that_is_undone_served_nobody(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(lambda session: undo(session, at=NOW, by=cast.ben))
    assert served(database) == Served(0, 0)
    assert rows(database, PeriodToken) == []


def test_of_two_check_outs_one_undone_leaves_the_other(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back(database, cast)
    lend(database, cast)
    database.act(lambda session: undo(session, at=NOW, by=cast.ben))
    assert served(database) == Served(1, 1)
    assert {row.n for row in rows(database, PeriodToken)} == {1}


def test_where_tokens_are_missing_it_is_unknown_who_was_served(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(lambda session: session.execute(delete(PeriodToken)))
    assert served(database) == Served(None, None)


def test_a_token_is_another_one_in_another_period(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back(database, cast, at=APRIL)
    lend(database, cast, at=APRIL)
    by_period = {(row.period, row.token) for row in rows(database, PeriodToken, PeriodToken.whom == Whom.PATRON)}
    assert sorted(period for period, _ in by_period) == ["2026-03", "2026-04", "FY2025-07"]
    assert len({token for _, token in by_period}) == 3


def test_the_first_check_out_of_a_period_makes_its_key(database: Database, cast: Cast) -> None:
    database.act(lambda session: session.execute(delete(PeriodKey)))
    lend(database, cast)
    keys = {row.period: len(row.key or b"") for row in rows(database, PeriodKey)}
    assert keys == {"2026-03": KEY_BYTES, "FY2025-07": KEY_BYTES}
    assert served(database) == Served(1, 1)


def test_a_key_is_destroyed_three_days_after_its_period_and_its_tokens_stay(database: Database, cast: Cast) -> None:
    lend(database, cast)
    for today, alive in ((date(2026, 4, 3), True), (date(2026, 4, 4), False)):
        at = datetime.combine(today, NOW.timetz())
        database.act(lambda session, today=today, at=at: keep_keys(session, today=today, at=at))
        [march] = rows(database, PeriodKey, PeriodKey.period == "2026-03")
        assert (march.key is not None, march.destroyed_at is None) == (alive, alive)
    assert served(database) == Served(1, 1)
    [year] = rows(database, PeriodKey, PeriodKey.period == "FY2025-07")
    assert year.key is not None


def test_the_keys_of_the_next_periods_are_made_before_they_begin_and_once(database: Database, cast: Cast) -> None:
    database.act(lambda session: session.execute(delete(PeriodKey)))

    def keep(session: Any) -> int:
        return keep_keys(session, today=NOW.date(), at=NOW)

    assert [database.act(keep), database.act(keep)] == [4, 0]
    assert {row.period for row in rows(database, PeriodKey)} == {"2026-03", "2026-04", "FY2025-07", "FY2026-07"}


def test_a_fiscal_year_of_the_library_s_own_has_its_own_key(database: Database, cast: Cast) -> None:
    database.act(lambda session: session.add(LibrarySetting(name=FISCAL_YEAR, value="1", changed_at=NOW)))
    lend(database, cast)
    assert served(database, fiscal_year_of(NOW.date(), 1)) == Served(1, 1)
    assert served(database, YEAR) == Served(None, None)


def test_no_token_is_made_for_a_period_whose_key_was_destroyed(database: Database, cast: Cast) -> None:
    database.act(lambda session: session.execute(update(PeriodKey).values(key=None, destroyed_at=NOW)))
    lend(database, cast, card=LUIS)
    assert rows(database, PeriodToken) == []
    assert served(database) == Served(None, None)
    with database.read() as session:
        assert session.scalars(select(PeriodKey.key)).all() == [None, None]
