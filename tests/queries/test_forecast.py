"""What a session will be short of, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.transfers import send
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.forecast import Transfer
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus, Pool
from lending.programs.cohorts import copy_cohort
from lending.programs.enrolment import enrol
from lending.queries.forecast import (
    BranchForecast,
    CohortForecast,
    cohort_forecast,
    coming_forecasts,
    program_forecast,
)
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OPEN_KIT, THIRD_KIT, Cast, assemble, kit
from tests.circulation.kits_in_hand import why
from tests.databases import counting


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles has three kits for sessions and two set aside, Compton one and one."""
    return assemble(database)


def ahead(database: Database, by: Actor, cohort: str = "WR-7", *, days: int = 0) -> CohortForecast:
    """The forecast as somebody sees it."""
    with database.read() as session:
        return cohort_forecast(session, cohort, at=NOW + timedelta(days=days), by=by)


def at_branch(found: CohortForecast, branch: str) -> BranchForecast:
    """One branch's row."""
    (row,) = [row for row in found.branches if row.branch == branch]
    return row


def join(database: Database, cast: Cast, card: str, branch_id: int) -> None:
    """Somebody enrols and wants a kit at a branch."""
    database.act(
        lambda session: enrol(session, patron=card, cohort="WR-7", pickup_branch_id=branch_id, at=NOW, by=cast.eli)
    )


def test_kits_expected_free_stand_against_promises_and_the_queue(database: Database, cast: Cast) -> None:
    found = ahead(database, cast.dora)
    assert (found.cohort, found.on, found.gap, found.transfers) == ("WR-7", date(2026, 3, 3), 0, ())
    ela = at_branch(found, "ELA")
    assert (ela.set_aside, ela.expected, ela.promised, ela.waiting, ela.gap, ela.surplus) == (2, 3, 1, 0, 0, 2)


def test_a_queue_that_a_branch_cannot_serve_is_a_gap_and_a_transfer_closes_it(database: Database, cast: Cast) -> None:
    join(database, cast, MINA, cast.com)
    join(database, cast, LUIS, cast.com)
    found = ahead(database, cast.dora)
    compton = at_branch(found, "COM")
    assert (compton.expected, compton.promised, compton.waiting, compton.gap) == (1, 1, 1, 1)
    assert found.transfers == (Transfer("ELA", "COM", "work-ready", 1),)


def test_a_kit_that_was_sent_closes_the_gap_before_it_arrives(database: Database, cast: Cast) -> None:
    join(database, cast, MINA, cast.com)
    join(database, cast, LUIS, cast.com)
    database.act(lambda session: send(session, kit=THIRD_KIT, to_branch="COM", at=NOW, by=cast.dora))
    found = ahead(database, cast.dora)
    assert (at_branch(found, "COM").expected, found.gap, found.transfers) == (2, 0, ())


def test_a_kit_that_was_handed_out_is_neither_expected_nor_promised(database: Database, cast: Cast) -> None:
    database.act(lambda session: check_out(session, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    ela = at_branch(ahead(database, cast.dora), "ELA")
    assert (ela.expected, ela.promised, ela.gap) == (2, 0, 0)


def next_session(database: Database, cast: Cast, kits: int, *, starts_on: date) -> None:
    """Work Ready 8, with kits set aside at East Los Angeles."""

    def plan(session: Session) -> None:
        first = session.get_one(Cohort, cast.cohort)
        row = Cohort(
            code="WR-8",
            program_id=cast.program,
            name="Work Ready 8",
            starts_on=starts_on,
            ends_on=starts_on + timedelta(days=40),
            return_by=starts_on + timedelta(days=40),
            pickup_from=starts_on,
            capacity=20,
            created_at=first.created_at,
        )
        session.add(row)
        session.flush()  # its pool needs its id
        pool = session.query(Pool).filter_by(cohort_id=cast.cohort).order_by(Pool.id).first()
        assert pool is not None
        session.add(Pool(cohort_id=row.id, stock_id=pool.stock_id, kits=kits))

    database.act(plan)


def test_what_another_session_needs_is_not_given_away(database: Database, cast: Cast) -> None:
    next_session(database, cast, 2, starts_on=date(2026, 3, 17))
    join(database, cast, MINA, cast.com)
    join(database, cast, LUIS, cast.com)
    found = ahead(database, cast.dora)
    ela = at_branch(found, "ELA")
    assert (ela.expected, ela.surplus) == (3, 0)
    assert (found.gap, found.transfers) == (1, ())


def test_kits_due_back_in_time_are_expected(database: Database, cast: Cast) -> None:
    database.act(lambda session: check_out(session, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    next_session(database, cast, 3, starts_on=date(2026, 4, 20))  # the kit is due on 10 April
    found = ahead(database, cast.dora, "WR-8")
    assert (found.on, at_branch(found, "ELA").expected) == (date(2026, 4, 20), 3)


def test_a_kit_that_comes_back_too_late_is_not(database: Database, cast: Cast) -> None:
    database.act(lambda session: check_out(session, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    next_session(database, cast, 2, starts_on=date(2026, 4, 13))  # due on Friday, turned around on Tuesday
    # Nor does the one come back in time that this session has still to hand out.
    assert at_branch(ahead(database, cast.dora, "WR-8"), "ELA").expected == 1


def test_an_overdue_kit_is_counted_out(database: Database, cast: Cast) -> None:
    database.act(lambda session: check_out(session, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    next_session(database, cast, 2, starts_on=date(2026, 4, 20))
    assert at_branch(ahead(database, cast.dora, "WR-8", days=48), "ELA").expected == 2


def test_only_kits_of_the_sessions_types_count(database: Database, cast: Cast) -> None:
    found = ahead(database, cast.dora)
    assert {row.kit_type for row in found.branches} == {"work-ready"}
    assert OPEN_KIT not in str(found)


def test_a_programme_shows_its_sessions_that_are_not_over(database: Database, cast: Cast) -> None:
    next_session(database, cast, 2, starts_on=date(2026, 4, 20))
    with database.read() as session:
        both = program_forecast(session, "work-ready", at=NOW, by=cast.dora)
        later = program_forecast(session, "work-ready", at=NOW + timedelta(days=45), by=cast.dora)
    assert [one.cohort for one in both] == ["WR-7", "WR-8"]
    assert [one.cohort for one in later] == ["WR-8"]


def test_staff_of_a_branch_see_what_concerns_it(database: Database, cast: Cast) -> None:
    join(database, cast, MINA, cast.com)
    join(database, cast, LUIS, cast.com)
    found = ahead(database, cast.cleo)
    assert [row.branch for row in found.branches] == ["COM"]
    assert found.transfers == (Transfer("ELA", "COM", "work-ready", 1),)


def test_a_lead_of_other_programmes_sees_nothing(database: Database, cast: Cast) -> None:
    stranger = replace(cast.dora, program_ids=frozenset())
    for cohort in ("WR-7", "WR-99"):
        with pytest.raises(Refused) as refused:
            ahead(database, stranger, cohort)
        assert why(refused) == [Reason.NOT_FOUND]


def test_a_session_that_is_over_or_cancelled_has_no_forecast(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        ahead(database, cast.dora, days=60)
    assert why(refused) == [Reason.COHORT_OVER]

    def cancel(session: Session) -> None:
        session.get_one(Cohort, cast.cohort).status = CohortStatus.CANCELLED

    database.act(cancel)
    with pytest.raises(Refused) as refused:
        ahead(database, cast.dora)
    assert why(refused) == [Reason.COHORT_OVER]


def test_a_branch_without_an_allotment_gives_what_it_has_to_spare(database: Database, cast: Cast) -> None:
    def move_pool(session: Session) -> None:
        session.query(Pool).order_by(Pool.id).first().kits = 0  # type: ignore[union-attr]  # the cast has two
        kit(session, "KIT-1045", cast.work_ready, cast.ela)

    database.act(move_pool)
    join(database, cast, MINA, cast.com)
    join(database, cast, LUIS, cast.com)
    found = ahead(database, cast.dora)
    assert at_branch(found, "ELA").surplus == 3
    assert found.transfers == (Transfer("ELA", "COM", "work-ready", 1),)


def test_a_session_is_forecast_until_its_last_day_is_over_everywhere(database: Database, cast: Cast) -> None:
    def seen(at: datetime) -> list[str]:
        with database.read() as session:
            return [found.cohort for found in program_forecast(session, "work-ready", at=at, by=cast.dora)]

    evening = datetime(2026, 4, 11, 3, 0, tzinfo=UTC)  # 8 p.m. in Los Angeles on the day its kits come back
    assert (seen(evening), seen(evening + timedelta(hours=5))) == (["WR-7"], [])


def test_a_further_session_takes_three_statements_more(database: Database, cast: Cast) -> None:
    def statements() -> tuple[int, int]:
        with database.read() as session, counting(database) as said:
            found = coming_forecasts(session, at=NOW, by=cast.dora)
        return len(found), len(said)

    alone = statements()
    database.act(
        lambda session: copy_cohort(
            session, cohort="WR-7", code="WR-8", starts_on=date(2026, 6, 1), at=NOW, by=cast.dora
        )
    )
    assert (alone[0], statements()) == (1, (2, alone[1] + 3))
