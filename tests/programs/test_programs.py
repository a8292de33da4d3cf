"""Changing a programme, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.journal import UNCHANGED
from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.cohorts import Program
from lending.models.journal import JournalEntry
from lending.programs.cohorts import copy_cohort, plan_cohort
from lending.programs.plans import CohortChange
from lending.programs.programs import change_program, plan_program
from lending.programs.redating import change_cohort
from tests.cast import NOW, Cast
from tests.races import overtake, without_locks


def change(database: Database, by: Actor, program: str = "work-ready", **details: Any) -> str:
    """Somebody changes a programme."""
    return database.act(lambda session: change_program(session, program=program, details=details, at=NOW, by=by))


def why(database: Database, by: Actor, **details: Any) -> list[tuple[Reason, object]]:
    """Why a programme is not changed: reasons and fields."""
    with pytest.raises(Refused) as refusal:
        change(database, by, **details)
    return [(block.reason, block.detail.get("field")) for block in refusal.value.blocks]


def kept(database: Database) -> Program:
    """Work Ready as it is kept."""
    with database.read() as session:
        return session.scalars(select(Program).where(Program.code == "work-ready")).one()


def test_a_lead_changes_their_programme_and_the_journal_names_the_fields(database: Database, cast: Cast) -> None:
    rules = {"min_age": 18, "questions": [{"code": "work", "text": "Are you looking for work?"}]}
    change(
        database,
        cast.dora,
        name="Work  Ready!",
        eligibility=rules,
        agreement_code="borrowing",
        ends_on=date(2027, 6, 30),
        last_borrow_on=date(2027, 6, 1),
        seat_offer_hours=24,
    )
    row = kept(database)
    assert (row.name, row.eligibility, row.agreement_code) == ("Work Ready!", rules, "borrowing")
    assert (row.ends_on, row.last_borrow_on, row.seat_offer_hours) == (date(2027, 6, 30), date(2027, 6, 1), 24)
    change(database, cast.dora, seat_offer_hours=None, name="Work Ready!")
    assert kept(database).seat_offer_hours is None
    with database.read() as session:
        details = session.scalars(select(JournalEntry.detail).order_by(JournalEntry.id)).all()
    assert len(details[0]["fields"]) == 6
    assert details[1]["fields"] == ["seat_offer_hours"]


def test_what_changes_nothing_is_on_the_journal_as_that(database: Database, cast: Cast) -> None:
    change(database, cast.dora, name="Work Ready")
    with database.read() as session:
        [entry] = session.scalars(select(JournalEntry)).all()
    assert (entry.verb, entry.detail) == (UNCHANGED, {"asked": "change_program"})


def test_everything_that_is_wrong_is_told_at_once_and_nothing_changes(database: Database, cast: Cast) -> None:
    wrong = why(
        database,
        cast.dora,
        name=" ",
        agreement_code="nowhere",
        eligibility={"min_age": "old"},
        ends_on=date(2026, 6, 1),
        last_borrow_on=date(2026, 6, 2),
        seat_offer_hours=0,
    )
    assert wrong == [
        (Reason.VALUE_MISSING, "name"),
        (Reason.VALUE_WRONG, "agreement_code"),
        (Reason.VALUE_WRONG, "eligibility"),
        (Reason.VALUE_WRONG, "last_borrow_on"),
        (Reason.VALUE_WRONG, "seat_offer_hours"),
    ]
    assert kept(database).name == "Work Ready"
    assert why(database, cast.dora, code="other") == [(Reason.VALUE_WRONG, "code")]


def test_other_peoples_programmes_are_not_changed(database: Database, cast: Cast) -> None:
    database.act(lambda session: plan_program(session, code="job-skills", name="Job Skills", at=NOW, by=cast.eli))
    for by in (cast.ben, cast.cleo):
        assert why(database, by, name="Mine") == [(Reason.NOT_PERMITTED, None)]
    assert why(database, cast.dora, program="job-skills", name="Mine") == [(Reason.NOT_PERMITTED, None)]
    assert why(database, cast.dora, program="nobodys", name="Mine") == [(Reason.NOT_FOUND, None)]


def test_a_new_programme_offers_a_freed_seat_for_two_days(database: Database, cast: Cast) -> None:
    database.act(lambda session: plan_program(session, code="job-skills", name="Job Skills", at=NOW, by=cast.eli))
    with database.read() as session:
        assert session.scalars(select(Program.seat_offer_hours).where(Program.code == "job-skills")).one() == 48


def test_a_programme_does_not_end_before_its_cohorts_nor_a_cohort_after_its_programme(
    database: Database, cast: Cast
) -> None:
    assert why(database, cast.dora, ends_on=date(2026, 4, 9)) == [(Reason.VALUE_WRONG, "ends_on")]
    change(database, cast.dora, ends_on=date(2026, 4, 10))
    longer = CohortChange(ends_on=date(2026, 4, 11))
    with pytest.raises(Refused) as refusal:
        database.act(lambda s: change_cohort(s, cohort="WR-7", change=longer, at=NOW, by=cast.dora))
    assert [block.detail["field"] for block in refusal.value.blocks] == ["ends_on"]
    with pytest.raises(Refused) as refusal:
        database.act(
            lambda s: copy_cohort(s, cohort="WR-7", code="WR-8", starts_on=date(2026, 3, 10), at=NOW, by=cast.dora)
        )
    assert [block.detail["field"] for block in refusal.value.blocks] == ["starts_on"]


def test_rules_that_no_database_keeps_are_refused(database: Database, cast: Cast) -> None:
    """PostgreSQL keeps no null character, wherever in the rules it stands."""
    for rules in (
        {"questions": [{"code": "a", "text": "null \0"}]},
        {"postal_codes": ["9002\0"]},
        {"questions": [{"code": "a", "text": "x" * 20_000}]},
    ):
        assert why(database, cast.dora, eligibility=rules) == [(Reason.VALUE_WRONG, "eligibility")]


PLANNED = [("planned", "INSERT"), ("copied", "INSERT"), ("moved", "UPDATE")]
"""How a session comes to outlast its programme, and with which statement it begins to be written."""


def ending(cast: Cast) -> Callable[[Session], object]:
    """Dora ends Work Ready with the last of its sessions."""
    by, details = cast.dora, {"ends_on": date(2026, 4, 10)}
    return lambda session: change_program(session, program="work-ready", details=details, at=NOW, by=by)


def planning(cast: Cast, how: str) -> Callable[[Session], object]:
    """Dora plans a session that ends later."""
    by, starts_on, ends_on = cast.dora, date(2026, 5, 4), date(2026, 6, 12)
    acts: dict[str, Callable[[Session], object]] = {
        "planned": lambda session: plan_cohort(
            session,
            code="WR-8",
            program="work-ready",
            name="Work Ready 8",
            starts_on=starts_on,
            ends_on=ends_on,
            capacity=20,
            at=NOW,
            by=by,
        ),
        "copied": lambda session: copy_cohort(session, cohort="WR-7", code="WR-8", starts_on=starts_on, at=NOW, by=by),
        "moved": lambda session: change_cohort(
            session, cohort="WR-7", change=CohortChange(ends_on=ends_on), at=NOW, by=by
        ),
    }
    return acts[how]


@pytest.mark.parametrize(("how", "before"), PLANNED)
def test_a_programme_does_not_end_beside_a_session_that_outlasts_it(
    database: Database, cast: Cast, how: str, before: str
) -> None:
    outcome = overtake(database, planning(cast, how), ending(cast), before=before)
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.VALUE_WRONG]], [])


@pytest.mark.parametrize(("how", "before"), PLANNED)
def test_without_the_lock_a_session_would_outlast_its_programme(
    database: Database, cast: Cast, how: str, before: str
) -> None:
    with without_locks(database):
        outcome = overtake(database, planning(cast, how), ending(cast), before=before)
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
