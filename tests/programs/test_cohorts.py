"""Planning programmes and cohorts, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import KitState
from lending.errors import Block, Reason, Refused
from lending.models.branches import Closure
from lending.models.cohorts import Cohort, Pool, Workshop
from lending.models.journal import JournalEntry
from lending.models.kits import Kit
from lending.programs.cohorts import CohortPlanned, CohortTexts, copy_cohort, plan_cohort
from lending.programs.plans import CohortChange
from lending.programs.pools import PoolPlan
from lending.programs.programs import plan_program
from lending.programs.redating import preview_change
from lending.programs.timetable import WeeklyWorkshops
from tests.cast import KIT, NOW, Cast
from tests.races import race, without_locks

TUESDAYS = WeeklyWorkshops(first_on=date(2026, 5, 5), starts=time(18, 0), zone="America/Los_Angeles")


def plan(database: Database, by: Actor, **given: Any) -> CohortPlanned:
    """Work Ready 8: six Tuesdays from 5 May 2026."""
    values = {
        "code": "WR-8",
        "program": "work-ready",
        "name": "Work Ready 8",
        "starts_on": date(2026, 5, 4),
        "ends_on": date(2026, 6, 12),
        "capacity": 20,
        "workshops": TUESDAYS,
        **given,
    }
    return database.act(lambda session: plan_cohort(session, at=NOW, by=by, **values))


def refused(database: Database, by: Actor, **given: Any) -> list[Block]:
    """The blocks of a plan that is refused."""
    with pytest.raises(Refused) as refusal:
        plan(database, by, **given)
    return list(refusal.value.blocks)


def test_a_cohort_is_planned_with_its_workshops_and_pools(database: Database, cast: Cast) -> None:
    planned = plan(
        database, cast.dora, pools=[PoolPlan(cast.ela, "work-ready", 3), PoolPlan(cast.com, "work-ready", 1)]
    )
    assert (planned.return_by, planned.pickup_from) == (date(2026, 6, 12), date(2026, 4, 27))
    assert (planned.workshops, planned.kits, planned.closed_on) == (6, 4, ())
    with database.read() as session:
        meetings = session.scalars(select(Workshop).order_by(Workshop.n)).all()
        assert [meeting.starts_at for meeting in meetings[:2]] == [
            datetime(2026, 5, 6, 1, 0, tzinfo=UTC),
            datetime(2026, 5, 13, 1, 0, tzinfo=UTC),
        ]
        cohort = session.scalars(select(Cohort).where(Cohort.code == "WR-8")).one()
        assert sorted(session.scalars(select(Pool.kits).where(Pool.cohort_id == cohort.id))) == [1, 3]
        entry = session.scalars(select(JournalEntry)).one()
        assert (entry.verb, entry.cohort_id) == ("plan_cohort", cohort.id)


def test_workshops_keep_their_hour_when_the_clocks_change(database: Database, cast: Cast) -> None:
    pattern = WeeklyWorkshops(first_on=date(2026, 10, 27), starts=time(18, 0), zone="America/Los_Angeles", count=2)
    plan(database, cast.dora, starts_on=date(2026, 10, 26), ends_on=date(2026, 11, 6), workshops=pattern)
    with database.read() as session:
        starts = session.scalars(select(Workshop.starts_at).order_by(Workshop.n)).all()
    assert list(starts) == [datetime(2026, 10, 28, 1, tzinfo=UTC), datetime(2026, 11, 4, 2, tzinfo=UTC)]


def test_nobody_brings_the_kit_to_the_last_workshop(database: Database, cast: Cast) -> None:
    """Kits are due on the first open day after the last workshop, at the latest of the branches that lend them."""
    database.act(
        lambda session: session.add(
            Closure(branch_id=cast.com, starts_on=date(2026, 6, 10), ends_on=date(2026, 6, 10), reason="Repairs")
        )
    )
    pools = [PoolPlan(cast.ela, "work-ready", 1), PoolPlan(cast.com, "work-ready", 1)]
    assert plan(database, cast.dora, ends_on=date(2026, 6, 9), pools=pools).return_by == date(2026, 6, 11)


def test_a_workshop_on_a_closed_day_is_shown_and_kept(database: Database, cast: Cast) -> None:
    database.act(
        lambda session: session.add(
            Closure(branch_id=None, starts_on=date(2026, 5, 12), ends_on=date(2026, 5, 12), reason="Staff day")
        )
    )
    planned = plan(database, cast.dora, pools=[PoolPlan(cast.ela, "work-ready", 1)])
    assert (planned.workshops, planned.closed_on) == (6, (date(2026, 5, 12),))


def test_a_pool_never_exceeds_what_the_stock_has_left(database: Database, cast: Cast) -> None:
    """East Los Angeles has three kits; Work Ready 7 has two of them until 10 April."""
    pools = [PoolPlan(cast.ela, "work-ready", 2)]
    (block,) = refused(database, cast.dora, pools=pools, pickup_from=date(2026, 4, 10))
    assert (block.reason, block.detail["left"]) == (Reason.POOL_EXCEEDS_STOCK, 1)
    assert plan(database, cast.dora, pools=pools, pickup_from=date(2026, 4, 11)).kits == 2


def test_a_withdrawn_kit_cannot_be_allotted(database: Database, cast: Cast) -> None:
    def withdraw(session: Any) -> None:
        session.scalars(select(Kit).where(Kit.barcode == KIT)).one()._state = KitState.WITHDRAWN

    database.act(withdraw)
    (block,) = refused(database, cast.dora, pools=[PoolPlan(cast.ela, "work-ready", 3)])
    assert (block.reason, block.detail["left"]) == (Reason.POOL_EXCEEDS_STOCK, 2)


def test_everything_that_is_wrong_with_a_plan_is_told_at_once(database: Database, cast: Cast) -> None:
    blocks = refused(
        database,
        cast.dora,
        code="wr 8",
        ends_on=date(2026, 5, 1),
        pickup_from=date(2026, 5, 20),
        capacity=0,
        pools=[PoolPlan(cast.ela, "work-ready", -1)],
    )
    assert {block.detail["field"] for block in blocks} == {
        "code",
        "ends_on",
        "pickup_from",
        "capacity",
        "pools",
        "workshops",
    }
    assert {block.reason for block in blocks} == {Reason.VALUE_WRONG}


def test_a_code_is_a_cohorts_own(database: Database, cast: Cast) -> None:
    (block,) = refused(database, cast.dora, code="WR-7")
    assert block.reason is Reason.ALREADY_EXISTS


def test_a_lead_plans_for_their_own_programme_only(database: Database, cast: Cast) -> None:
    database.act(lambda session: plan_program(session, code="job-skills", name="Job Skills", at=NOW, by=cast.eli))
    assert [block.reason for block in refused(database, cast.dora, program="job-skills")] == [Reason.NOT_PERMITTED]
    assert [block.reason for block in refused(database, cast.ben)] == [Reason.NOT_PERMITTED]
    assert plan(database, cast.eli, program="job-skills").cohort == "WR-8"


def test_unknown_names_are_not_found(database: Database, cast: Cast) -> None:
    for given in (
        {"program": "nobody"},
        {"pools": [PoolPlan(cast.ela, "nothing", 1)]},
        {"pools": [PoolPlan(999_999, "work-ready", 1)]},
    ):
        assert [block.reason for block in refused(database, cast.eli, **given)] == [Reason.NOT_FOUND]


def test_a_programme_has_a_code_of_its_own_and_lends_until_it_ends(database: Database, cast: Cast) -> None:
    def program(**given: Any) -> str:
        values = {"code": "job-skills", "name": "Job Skills", **given}
        return database.act(lambda session: plan_program(session, at=NOW, by=cast.eli, **values))

    assert program() == "job-skills"
    for given, reason in (
        ({}, Reason.ALREADY_EXISTS),
        ({"code": "Job Skills"}, Reason.VALUE_WRONG),
        ({"code": "other", "name": " "}, Reason.VALUE_MISSING),
        (
            {"code": "other", "ends_on": date(2026, 6, 1), "last_borrow_on": date(2026, 6, 2)},
            Reason.VALUE_WRONG,
        ),
    ):
        with pytest.raises(Refused) as refusal:
            program(**given)
        assert [block.reason for block in refusal.value.blocks] == [reason]


# --- Copied to the next one ---


FAR = [date.min, date(1999, 12, 31), date(2200, 1, 1), date.max]


@pytest.mark.parametrize("day", FAR)
@pytest.mark.parametrize("field", ["starts_on", "ends_on", "return_by", "pickup_from"])
def test_a_day_that_nobody_plans_with_is_refused_by_field(
    database: Database, cast: Cast, field: str, day: date
) -> None:
    assert [block.detail["field"] for block in refused(database, cast.dora, **{field: day})] == [field]
    change = CohortChange(**{field: day})
    with pytest.raises(Refused) as refusal, database.read() as session:
        preview_change(session, cohort="WR-7", change=change, at=NOW, by=cast.dora)
    assert [block.detail["field"] for block in refusal.value.blocks] == [field]


@pytest.mark.parametrize("day", FAR)
def test_neither_workshops_nor_a_copy_begin_in_another_millennium(database: Database, cast: Cast, day: date) -> None:
    far = replace(TUESDAYS, first_on=day)
    assert [block.detail["field"] for block in refused(database, cast.dora, workshops=far)] == ["workshops"]
    with pytest.raises(Refused) as refusal:
        copy(database, cast.dora, cohort="WR-7", starts_on=day)
    assert [block.detail["field"] for block in refusal.value.blocks] == ["starts_on"]


@pytest.mark.parametrize(
    ("field", "day"),
    [("ends_on", date(2027, 5, 6)), ("return_by", date(2027, 6, 14)), ("pickup_from", date(2025, 5, 2))],
)
def test_a_session_longer_than_a_year_is_a_slip_of_the_finger(
    database: Database, cast: Cast, field: str, day: date
) -> None:
    assert [block.detail["field"] for block in refused(database, cast.dora, **{field: day})] == [field]


@pytest.mark.parametrize(
    "code", ["29999000000190", "39999000000016", "KIT-5014", "PT-104", "CO-WR-7", "PL-A", "CMD-END"]
)
def test_a_code_that_a_scanner_takes_for_something_else_is_none_for_a_session(
    database: Database, cast: Cast, code: str
) -> None:
    assert [block.detail["field"] for block in refused(database, cast.dora, code=code)] == ["code"]
    with pytest.raises(Refused) as refusal:
        copy(database, cast.dora, cohort="WR-7", code=code)
    assert [block.detail["field"] for block in refusal.value.blocks] == ["code"]


@pytest.mark.parametrize("title", ["a\x07\x1b[31m", "x" * 161])
def test_a_title_that_is_no_line_of_text_is_refused(database: Database, cast: Cast, title: str) -> None:
    named = replace(TUESDAYS, titles=["Start", title])
    assert [block.detail["field"] for block in refused(database, cast.dora, workshops=named)] == ["workshops"]


def test_titles_are_kept_as_plain_text_and_an_empty_one_is_none(database: Database, cast: Cast) -> None:
    plan(database, cast.dora, workshops=replace(TUESDAYS, titles=[" First\n  day ", " "]))
    with database.read() as session:
        titles = session.scalars(select(Workshop.title).order_by(Workshop.n)).all()
    assert titles[:2] == ["First day", "Workshop 2"]


def copy(database: Database, by: Actor, **given: Any) -> CohortPlanned:
    """Work Ready 9, eight weeks after Work Ready 8."""
    values = {"cohort": "WR-8", "code": "WR-9", "starts_on": date(2026, 6, 29), **given}
    return database.act(lambda session: copy_cohort(session, at=NOW, by=by, **values))


def test_the_next_cohort_is_like_the_one_before(database: Database, cast: Cast) -> None:
    texts = CohortTexts("en, es", "Goodwill", "Ana Ruiz", "Planner and pen", first_day_mandatory=True)
    pools = [PoolPlan(cast.ela, "work-ready", 3), PoolPlan(cast.com, "work-ready", 1)]
    plan(database, cast.dora, pools=pools, texts=texts)
    copied = copy(database, cast.dora, name="Work Ready 9")
    assert (copied.workshops, copied.kits, copied.closed_on) == (6, 4, ())
    assert (copied.return_by, copied.pickup_from) == (date(2026, 8, 7), date(2026, 6, 22))
    with database.read() as session:
        row = session.scalars(select(Cohort).where(Cohort.code == "WR-9")).one()
        assert (row.name, row.capacity, row.partners, row.captains) == ("Work Ready 9", 20, "Goodwill", "Ana Ruiz")
        assert (row.languages, row.materials, row.first_day_mandatory) == ("en, es", "Planner and pen", True)
        first = session.scalars(select(Workshop.starts_at).where(Workshop.cohort_id == row.id)).first()
        assert first == datetime(2026, 7, 1, 1, 0, tzinfo=UTC), "a Tuesday at 18:00 again"


def test_a_copy_keeps_its_hour_over_a_change_of_the_clocks_and_tells_closed_days(
    database: Database, cast: Cast
) -> None:
    plan(database, cast.dora, pools=[PoolPlan(cast.ela, "work-ready", 3)])
    holiday = date(2026, 11, 24)
    database.act(lambda session: session.add(Closure(starts_on=holiday, ends_on=holiday, reason="Staff day")))
    copied = copy(database, cast.dora, starts_on=date(2026, 10, 19))
    assert copied.closed_on == (holiday,)
    with database.read() as session:
        chosen = select(Workshop.starts_at).join(Cohort).where(Cohort.code == "WR-9").order_by(Workshop.n)
        starts = session.scalars(chosen).all()
    assert [start.hour for start in starts] == [1, 1, 2, 2, 2, 2], "18:00 in Los Angeles on both sides"


def test_a_holiday_moves_the_return_of_its_own_session_and_of_no_copy(database: Database, cast: Cast) -> None:
    """The last workshop is on Tuesday, 9 June, and Wednesday to Friday are closed: kits come back on Saturday."""
    closed = Closure(starts_on=date(2026, 6, 10), ends_on=date(2026, 6, 12), reason="Heat")
    database.act(lambda session: session.add(closed))
    pools = [PoolPlan(cast.ela, "work-ready", 3)]
    planned = plan(database, cast.dora, pools=pools, ends_on=date(2026, 6, 12))
    assert planned.return_by == date(2026, 6, 13)
    assert copy(database, cast.dora).return_by == date(2026, 8, 7)


def test_a_copy_keeps_the_return_that_somebody_set(database: Database, cast: Cast) -> None:
    plan(database, cast.dora, pools=[PoolPlan(cast.ela, "work-ready", 3)], return_by=date(2026, 6, 16))
    assert copy(database, cast.dora).return_by == date(2026, 8, 11)


def test_a_copy_that_the_kits_do_not_suffice_for_is_refused(database: Database, cast: Cast) -> None:
    plan(database, cast.dora, pools=[PoolPlan(cast.ela, "work-ready", 3)])
    with pytest.raises(Refused) as refusal:
        copy(database, cast.dora, starts_on=date(2026, 6, 8))
    assert [block.reason for block in refusal.value.blocks] == [Reason.POOL_EXCEEDS_STOCK]
    for given, reason in (({"cohort": "WR-99"}, Reason.NOT_FOUND), ({"code": "wr 9"}, Reason.VALUE_WRONG)):
        with pytest.raises(Refused) as refusal:
            copy(database, cast.dora, **given)
        assert [block.reason for block in refusal.value.blocks] == [reason]


def allotting(cast: Cast, code: str) -> Callable[[Session], CohortPlanned]:
    """Dora plans a session with every kit of East Los Angeles."""
    by, pools = cast.dora, [PoolPlan(cast.ela, "work-ready", 3)]
    return lambda session: plan_cohort(
        session,
        code=code,
        program="work-ready",
        name=code,
        starts_on=date(2026, 5, 4),
        ends_on=date(2026, 6, 12),
        capacity=20,
        pools=pools,
        at=NOW,
        by=by,
    )


def test_of_two_sessions_planned_at_once_one_gets_the_kits(database: Database, cast: Cast) -> None:
    outcome = race(database, allotting(cast, "WR-8"), allotting(cast, "WR-9"), before="INSERT")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.POOL_EXCEEDS_STOCK]], [])


def test_without_the_lock_both_sessions_would_be_allotted_the_same_kits(database: Database, cast: Cast) -> None:
    with without_locks(database):
        outcome = race(database, allotting(cast, "WR-8"), allotting(cast, "WR-9"), before="INSERT")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
