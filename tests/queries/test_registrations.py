"""Who registered, for whom it concerns, and what the workshops of a period count; on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.periods import Period, PeriodKind
from lending.errors import Reason, Refused
from lending.models.cohorts import Attendance, AttendanceMode, Cohort, Enrolment, HeadCountKind, WorkshopMode
from lending.models.outcomes import Registration, RegistrationWay
from lending.programs.registrations import cancel_registration
from lending.programs.workshops import post_recording, record_views, set_head_count
from lending.queries.open_workshops import open_workshop, open_workshops, registration_shown
from lending.queries.program_sessions import Workshops, workshops_of
from lending.queries.registrations import RegistrationSheet, registration_sheet
from lending.queries.scope import Branches
from lending.queries.workshops import series
from tests.cast import NOW, Cast, assemble, put
from tests.circulation.kits_in_hand import why
from tests.programs.meetings import BEGINS, meeting
from tests.programs.registering import YUKI, came, limit_places, sign_up

MARCH = Period(PeriodKind.MONTH, date(2026, 3, 1), date(2026, 3, 31))
AFTERWARDS = NOW + timedelta(days=120)
ONSITE = AttendanceMode.ONSITE


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits."""
    return assemble(database)


def figures(database: Database, scope: Branches = None, period: Period = MARCH) -> Workshops:
    with database.read() as session:
        return workshops_of(session, scope, period, zone="America/Los_Angeles", at=AFTERWARDS)


def sheet(database: Database, workshop: str, by: Actor) -> RegistrationSheet:
    with database.read() as session:
        return registration_sheet(session, workshop, at=NOW, by=by)


def devices(database: Database, cast: Cast, workshop: str, n: int) -> None:
    kind = HeadCountKind.DEVICES
    database.act(
        lambda session: set_head_count(session, workshop=workshop, kind=kind, n=n, at=AFTERWARDS, by=cast.dora)
    )


def cancel(database: Database, registration: str, by: Actor) -> None:
    database.act(lambda s: cancel_registration(s, registration=registration, at=NOW, by=by))


def test_who_registered_is_listed_for_those_of_the_library(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    first = sign_up(database, cast, workshop)
    second = sign_up(database, cast, workshop, details=YUKI, way=RegistrationWay.EITHER)
    gone = sign_up(database, cast, workshop, details={**YUKI, "name": "Somebody else"})
    came(database, cast, first.registration, ONSITE)
    cancel(database, gone.registration, cast.ben)
    for by in (cast.ben, cast.dora, cast.eli):
        found = sheet(database, workshop, by)
        assert (found.registered, found.cancelled, found.came) == (2, 1, 1)
        assert [(one.name, one.contact, one.came, one.is_cancelled) for one in found.people or ()] == [
            ("Omid Rahimi", "omid@example.org", ONSITE, False),
            ("Yuki Tanaka", "+12135550187", None, False),
            ("Somebody else", "+12135550187", None, True),
        ]
    assert (found.people or ())[1].registration == second.registration


def test_those_of_another_library_see_numbers_and_strangers_nothing(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    sign_up(database, cast, workshop)
    elsewhere = sheet(database, workshop, cast.cleo)
    assert (elsewhere.registered, elsewhere.people) == (1, None)
    with pytest.raises(Refused) as refused:
        sheet(database, workshop, replace(cast.dora, program_ids=frozenset()))
    assert why(refused) == [Reason.NOT_FOUND]


def test_a_name_that_was_cut_leaves_the_registration(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    sign_up(database, cast, workshop)

    def cut(session: Session) -> None:
        row = session.query(Registration).one()
        row.name = row.name_key = row.email = row.phone = None

    database.act(cut)
    (left,) = sheet(database, workshop, cast.ben).people or ()
    assert (left.name, left.contact) == (None, None)
    assert figures(database).registered == 2


def test_registered_are_seats_and_those_of_one_workshop_and_never_attendance(database: Database, cast: Cast) -> None:
    """Ada has a seat. Two register for the first workshop alone, one for the second; nobody was counted."""
    first, second = (meeting(database, cast, n=n, begins=BEGINS + timedelta(weeks=n)) for n in (0, 1))
    sign_up(database, cast, first)
    sign_up(database, cast, first, details=YUKI)
    sign_up(database, cast, second)
    with database.read() as session:
        found = series(session, "WR-7", at=AFTERWARDS, by=cast.dora)
    assert (found.registered, found.counted.registered, found.counted.attended) == (4, 4, None)
    assert [one.counted.registered for one in found.workshops] == [3, 2]


def test_case_14_in_its_month(database: Database, cast: Cast) -> None:
    """6 sessions, 80 registered, 41 attended, 200 survey views of 260: 41 with a seat, 39 who registered alone."""
    weekly = [
        meeting(database, cast, WorkshopMode.VIRTUAL, n=n + 1, begins=BEGINS + timedelta(days=4 * n)) for n in range(6)
    ]
    fill(database, cast, 40)
    sign_up_for_on_line(database, cast, weekly[2], 39)
    for workshop, n in zip(weekly, (9, 8, 7, 6, 6, 5), strict=True):
        devices(database, cast, workshop, n)

    def watch(session: Session) -> None:
        given = {"workshop": weekly[0], "at": AFTERWARDS, "by": cast.dora}
        post_recording(session, posted_on=BEGINS.date(), **given)
        record_views(session, day=BEGINS.date() + timedelta(days=30), views=200, **given)
        record_views(session, day=BEGINS.date() + timedelta(days=60), views=60, **given)

    database.act(watch)
    counted = figures(database)
    assert (len(counted.sessions), counted.registered, counted.attended, counted.survey_views) == (6, 80, 41, 200)


def fill(database: Database, cast: Cast, more: int) -> None:
    """So many people besides Ada have a seat, which nobody's record hangs on any more."""

    def write(session: Session) -> None:
        session.get_one(Cohort, cast.cohort).capacity = more + 1
        ada = session.query(Enrolment).filter_by(patron_id=cast.ada_id).one()
        for _ in range(more):
            put(
                session,
                Enrolment(
                    cohort_id=cast.cohort,
                    patron_id=None,
                    pickup_branch_id=cast.ela,
                    _state=ada.state,
                    created_at=ada.created_at,
                    seated_at=ada.seated_at,
                ),
            )

    database.act(write)


def sign_up_for_on_line(database: Database, cast: Cast, workshop: str, people: int) -> None:
    for n in range(people):
        details = {"name": f"Learner {n}", "phone": f"213 555 {n:04}"}
        given = {"details": details, "way": RegistrationWay.VIRTUAL, "address": None, "by": cast.dora}
        sign_up(database, cast, workshop, **given)


def test_the_public_page_lists_what_is_open_the_next_first(database: Database, cast: Cast) -> None:
    later = meeting(database, cast, n=2, begins=BEGINS + timedelta(days=7))
    soon = meeting(database, cast, WorkshopMode.VIRTUAL)
    meeting(database, cast, n=3, begins=BEGINS - timedelta(days=7))
    limit_places(database, later, 1)
    sign_up(database, cast, later)
    with database.read() as session:
        found = open_workshops(session, at=NOW)
    assert [(one.held.workshop, one.places_left) for one in found] == [(soon, None), (later, 0)]
    assert found[0].ways == (RegistrationWay.VIRTUAL,)
    assert found[1].ways == (RegistrationWay.ONSITE, RegistrationWay.VIRTUAL, RegistrationWay.EITHER)
    assert (found[0].held.zone, found[1].held.place) == ("America/Los_Angeles", "East Los Angeles Library")


def test_a_registration_is_shown_by_its_link_and_says_whether_it_can_be_cancelled(
    database: Database, cast: Cast
) -> None:
    workshop = meeting(database, cast)
    done = sign_up(database, cast, workshop)

    def shown(at: datetime = NOW) -> tuple[bool, bool]:
        with database.read() as session:
            found = registration_shown(session, done.registration, at=at)
        assert found is not None
        assert (found.reference, found.name) == (done.reference, "Omid Rahimi")
        return found.may_cancel, found.is_cancelled

    assert shown() == (True, False)
    assert shown(BEGINS) == (False, False)
    cancel(database, done.registration, cast.nobody)
    assert shown() == (False, True)
    with database.read() as session:
        assert registration_shown(session, "x" * 16, at=NOW) is None
        assert open_workshop(session, "x" * 16, at=NOW) is None


def test_an_attendance_of_somebody_without_a_card_counts_like_any_other(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast, WorkshopMode.ONSITE)
    done = sign_up(database, cast, workshop)
    came(database, cast, done.registration, ONSITE)
    with database.read() as session:
        assert session.query(Attendance).one().patron_id is None
    counted = figures(database)
    assert (counted.registered, counted.attended) == (2, 1)
