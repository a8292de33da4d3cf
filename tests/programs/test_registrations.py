"""Registering for one workshop without a card, on both engines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.sign_ins import NEWCOMERS_FROM_ONE_ADDRESS
from lending.db import Database
from lending.errors import Reason, Refused
from lending.models.cohorts import AttendanceMode, WorkshopMode
from lending.models.journal import JournalEntry
from lending.models.outcomes import HeardFrom, HeardOf, RegistrationWay
from lending.programs.cancelling import cancel_cohort
from lending.programs.hearing import Heard
from lending.programs.registrations import (
    cancel_registration,
    note_came,
    open_registration,
    undo_came,
)
from lending.programs.rescheduling import drop_workshop
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import why
from tests.programs.meetings import attendances, meeting
from tests.programs.registering import OMID, YUKI, came, limit_places, registrations, sign_up
from tests.races import race, without_locks

ONSITE, VIRTUAL = AttendanceMode.ONSITE, AttendanceMode.VIRTUAL
TOMORROW = NOW + timedelta(days=1)


def refused(act: Callable[[], object]) -> list[Reason]:
    with pytest.raises(Refused) as caught:
        act()
    return why(caught)


def to_come(database: Database, cast: Cast, mode: WorkshopMode = WorkshopMode.HYBRID) -> str:
    """A workshop next week."""
    return meeting(database, cast, mode, n=4, begins=NOW + timedelta(days=7))


def cancel(database: Database, registration: str, by: Any, at: Any = NOW) -> None:
    database.act(lambda session: cancel_registration(session, registration=registration, at=at, by=by))


def test_anyone_registers_without_a_card_and_gets_a_reference(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    done = sign_up(database, cast, workshop)
    assert re.fullmatch(r"W-[23456789BCDFGHJKMNPQRSTVWXZ]{6}", done.reference)
    (row,) = registrations(database)
    assert (row.name, row.name_key, row.email, row.phone) == ("Omid Rahimi", "omid rahimi", "omid@example.org", None)
    assert (row.public_id, row.way, row.attendance_id) == (done.registration, RegistrationWay.ONSITE, None)
    assert attendances(database) == [], "who registered has not attended"


def test_the_journal_names_nobody(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    done = sign_up(database, cast, workshop)
    with database.read() as session:
        entry = session.scalars(select(JournalEntry).where(JournalEntry.verb == "register")).one()
    assert entry.detail == {"workshop": workshop, "registration": done.registration, "way": "onsite"}
    assert (entry.cohort_id, entry.branch_id, entry.patron) == (cast.cohort, cast.ela, None)


def test_staff_register_somebody_on_the_telephone(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    for by in (cast.ben, cast.dora, cast.eli):
        name = f"Somebody of {by.role.value}"
        sign_up(database, cast, workshop, details={**YUKI, "name": name}, address=None, by=by)
    assert len(registrations(database)) == 3


def test_a_patron_who_is_signed_in_and_staff_elsewhere_do_not(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    strangers = (cast.ada, replace(cast.ben, branch_ids=frozenset()), replace(cast.dora, program_ids=frozenset()))
    for by in strangers:
        assert refused(lambda by=by: sign_up(database, cast, workshop, by=by)) == [Reason.NOT_PERMITTED]
    assert registrations(database) == []


def test_everything_wrong_is_told_at_once(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast, WorkshopMode.ONSITE)
    wrong = {"name": " ", "email": "nobody", "role": "admin"}
    with pytest.raises(Refused) as caught:
        sign_up(database, cast, workshop, details=wrong, way=RegistrationWay.VIRTUAL)
    told = {(block.reason, block.detail.get("field")) for block in caught.value.blocks}
    assert told == {
        (Reason.VALUE_WRONG, "way"),
        (Reason.VALUE_WRONG, "role"),
        (Reason.VALUE_WRONG, "email"),
        (Reason.VALUE_MISSING, "name"),
    }
    assert refused(lambda: sign_up(database, cast, workshop, details={"name": "Omid"})) == [Reason.VALUE_MISSING]


def test_the_same_person_registers_once_and_again_after_cancelling(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    first = sign_up(database, cast, workshop)
    shouted = {**OMID, "name": "OMID  RAHIMI"}
    assert refused(lambda: sign_up(database, cast, workshop, details=shouted)) == [Reason.REGISTERED_BEFORE]
    sign_up(database, cast, workshop, details={**OMID, "name": "Parisa Rahimi"})
    cancel(database, first.registration, cast.nobody)
    sign_up(database, cast, workshop)
    assert [row.cancelled_at is None for row in registrations(database)] == [False, True, True]


def test_places_are_given_until_there_are_none_and_a_cancelled_one_is_free_again(
    database: Database, cast: Cast
) -> None:
    workshop = to_come(database, cast)
    limit_places(database, workshop, 1)
    first = sign_up(database, cast, workshop)
    assert refused(lambda: sign_up(database, cast, workshop, details=YUKI)) == [Reason.WORKSHOP_FULL]
    cancel(database, first.registration, cast.nobody)
    sign_up(database, cast, workshop, details=YUKI)


def two_register(cast: Cast, workshop: str) -> list[Callable[[Any], object]]:
    from lending.programs.registrations import register

    return [
        lambda session, details=details, by=cast.nobody: register(
            session,
            workshop=workshop,
            details=details,
            way=RegistrationWay.ONSITE,
            address=details["name"],
            at=NOW,
            by=by,
        )
        for details in (OMID, YUKI)
    ]


def test_the_last_place_is_given_once(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    limit_places(database, workshop, 1)
    outcome = race(database, *two_register(cast, workshop), before="INSERT INTO registrations")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.WORKSHOP_FULL]], [])
    assert len(registrations(database)) == 1


def test_without_the_lock_the_last_place_would_be_given_twice(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    limit_places(database, workshop, 1)
    with without_locks(database):
        race(database, *two_register(cast, workshop), before="INSERT INTO registrations")
    assert len(registrations(database)) == 2


def test_a_workshop_that_is_closed_over_or_cancelled_takes_nobody(database: Database, cast: Cast) -> None:
    closed, over, gone = (meeting(database, cast, n=n, begins=NOW + timedelta(days=n)) for n in (1, 2, 3))
    database.act(lambda s: open_registration(s, workshop=closed, is_open=False, places=None, at=NOW, by=cast.dora))
    assert refused(lambda: sign_up(database, cast, closed)) == [Reason.REGISTRATION_CLOSED]
    later = NOW + timedelta(days=2, hours=3)
    assert refused(lambda: sign_up(database, cast, over, at=later)) == [Reason.REGISTRATION_CLOSED]
    database.act(lambda s: cancel_cohort(s, cohort="WR-7", reason="The roof leaks", at=NOW, by=cast.dora))
    assert refused(lambda: sign_up(database, cast, gone)) == [Reason.COHORT_CANCELLED]
    assert refused(lambda: sign_up(database, cast, "x" * 16)) == [Reason.NOT_FOUND]


def test_only_so_many_register_from_one_address(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    for n in range(NEWCOMERS_FROM_ONE_ADDRESS):
        sign_up(database, cast, workshop, details={**OMID, "name": f"Learner {n}"})
    assert refused(lambda: sign_up(database, cast, workshop, details=YUKI)) == [Reason.TOO_MANY_FROM_HERE]
    sign_up(database, cast, workshop, details=YUKI, address="another")


def test_whoever_has_the_link_cancels_until_the_workshop_begins(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    done = sign_up(database, cast, workshop)
    assert refused(lambda: cancel(database, done.registration, cast.ada)) == [Reason.NOT_PERMITTED]
    begun = NOW + timedelta(days=7, minutes=1)
    assert refused(lambda: cancel(database, done.registration, cast.nobody, begun)) == [Reason.WORKSHOP_HELD]
    cancel(database, done.registration, cast.nobody)
    cancel(database, done.registration, cast.nobody)
    (row,) = registrations(database)
    assert row.cancelled_at == NOW
    assert refused(lambda: cancel(database, "x" * 16, cast.nobody)) == [Reason.NOT_FOUND]


def test_who_came_attends_without_a_card_and_it_is_taken_back(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    done = sign_up(database, cast, workshop)
    came(database, cast, done.registration, ONSITE)
    came(database, cast, done.registration, ONSITE)
    assert attendances(database) == [(None, ONSITE)]
    assert refused(lambda: cancel(database, done.registration, cast.ben)) == [Reason.WORKSHOP_HELD]

    def undo() -> None:
        database.act(lambda s: undo_came(s, registration=done.registration, at=NOW, by=cast.ben))

    undo()
    assert attendances(database) == []
    assert refused(undo) == [Reason.NOTHING_TO_UNDO]


def test_nobody_came_before_the_day_nor_in_a_way_that_there_is_not(database: Database, cast: Cast) -> None:
    early = sign_up(database, cast, to_come(database, cast, WorkshopMode.ONSITE))
    wrong = refused(lambda: came(database, cast, early.registration, VIRTUAL))
    assert sorted(wrong) == [Reason.VALUE_WRONG, Reason.WORKSHOP_TO_COME]
    stranger = replace(cast.cleo, branch_ids=frozenset({999}))

    def note(registration: str, by: Any) -> None:
        database.act(lambda s: note_came(s, registration=registration, mode=ONSITE, at=NOW, by=by))

    today = sign_up(database, cast, meeting(database, cast))
    assert refused(lambda: note(today.registration, stranger)) == [Reason.NOT_PERMITTED]
    cancel(database, today.registration, cast.nobody)
    assert refused(lambda: note(today.registration, cast.ben)) == [Reason.NOT_FOUND]


def test_a_lead_opens_closes_and_limits_a_workshop(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)

    def set_places(places: int | None, by: Any) -> None:
        database.act(lambda s: open_registration(s, workshop=workshop, is_open=True, places=places, at=NOW, by=by))

    assert refused(lambda: set_places(0, cast.dora)) == [Reason.VALUE_WRONG]
    assert refused(lambda: set_places(5, cast.ben)) == [Reason.NOT_PERMITTED]
    set_places(1, cast.dora)
    sign_up(database, cast, workshop)
    set_places(None, cast.dora)
    sign_up(database, cast, workshop, details=YUKI)


def test_how_somebody_heard_hangs_on_nobody(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    sign_up(database, cast, workshop, heard=Heard(HeardFrom.FRIEND, "WR-7"))
    with database.read() as session:
        (row,) = session.scalars(select(HeardOf))
        details = " ".join(str(detail) for detail in session.scalars(select(JournalEntry.detail)))
    assert (row.source, row.friend_cohort_id, row.cohort_id) == (HeardFrom.FRIEND, cast.cohort, cast.cohort)
    assert "friend" not in details
    wrong = Heard(HeardFrom.FRIEND, "WR-999")
    assert refused(lambda: sign_up(database, cast, workshop, details=YUKI, heard=wrong)) == [Reason.VALUE_WRONG]


def test_a_workshop_is_not_dropped_while_people_are_registered(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    done = sign_up(database, cast, workshop, heard=Heard(HeardFrom.FLYER))

    def drop() -> None:
        database.act(lambda s: drop_workshop(s, workshop=workshop, at=NOW, by=cast.dora))

    assert refused(drop) == [Reason.HAS_REGISTRATIONS]
    cancel(database, done.registration, cast.ben)
    drop()
    assert registrations(database) == []
