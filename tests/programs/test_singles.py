"""A workshop that belongs to no series, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, Workshop, WorkshopMode
from lending.programs.singles import SinglePlan, plan_single
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import why

PLAN = SinglePlan(
    title="Applying for work online",
    on=date(2026, 3, 20),
    starts=time(18),
    minutes=90,
    mode=WorkshopMode.ONSITE,
    branch_id=None,
    zone="America/Los_Angeles",
    places=12,
)


def plan(database: Database, cast: Cast, by: Any = None, **changed: Any) -> str:
    """Dora plans a workshop at East Los Angeles."""
    wanted = replace(PLAN, **{"branch_id": cast.ela, **changed})
    actor = by or cast.dora
    return database.act(lambda s: plan_single(s, program="work-ready", plan=wanted, at=NOW, by=actor))


def test_one_workshop_is_planned_with_places_and_without_kits(database: Database, cast: Cast) -> None:
    public_id = plan(database, cast)
    with database.read() as session:
        row = session.scalars(select(Workshop).where(Workshop.public_id == public_id)).one()
        held = session.get_one(Cohort, row.cohort_id)
    assert (row.title, row.places, row.is_open, row.branch_id) == ("Applying for work online", 12, True, cast.ela)
    assert row.starts_at == datetime.fromisoformat("2026-03-20T18:00:00-07:00")
    assert (held.is_single, held.name, held.starts_on, held.return_by) == (
        True,
        "Applying for work online",
        date(2026, 3, 20),
        date(2026, 3, 20),
    )


def test_on_line_it_is_held_at_no_library(database: Database, cast: Cast) -> None:
    public_id = plan(database, cast, mode=WorkshopMode.VIRTUAL, places=None)
    with database.read() as session:
        row = session.scalars(select(Workshop).where(Workshop.public_id == public_id)).one()
    assert (row.branch_id, row.places) == (None, None)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"branch_id": None}, Reason.VALUE_MISSING),
        ({"branch_id": 999_999}, Reason.NOT_FOUND),
        ({"places": 0}, Reason.VALUE_WRONG),
        ({"minutes": 0}, Reason.VALUE_WRONG),
        ({"title": " "}, Reason.VALUE_MISSING),
    ],
)
def test_a_plan_that_does_not_hold_together_is_refused(
    database: Database, cast: Cast, changed: dict[str, Any], reason: Reason
) -> None:
    with pytest.raises(Refused) as caught:
        plan(database, cast, **changed)
    assert reason in why(caught)


def test_the_desk_plans_none(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as caught:
        plan(database, cast, by=cast.ben)
    assert why(caught) == [Reason.NOT_PERMITTED]
