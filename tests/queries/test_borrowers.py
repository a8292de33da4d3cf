"""What patrons read of their own, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lending.circulation.reserving import reserve
from lending.circulation.shelf import capture
from lending.db import Database
from lending.domain.states import EnrolmentState, LoanState, ReservationState
from lending.models.cohorts import Workshop
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.queries.borrowers import keeps_history
from lending.queries.borrowers_data import current_card, everything, preferences
from lending.queries.borrowers_loans import earlier_loans, kits_in_hand, my_loan
from lending.queries.borrowers_places import calendars, elsewhere, my_reservation, my_reservations, my_seat
from lending.queries.borrowers_workshops import calendar_owner, my_workshop, my_workshops, session_workshops
from tests.cast import ADA, LUIS, MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, assemble
from tests.circulation.kits_in_hand import lend, only, receive

TODAY = NOW.date()


@pytest.fixture
def cast(database: Database) -> Cast:
    return assemble(database)


def ask(database: Database, cast: Cast, card: str, branch_id: int) -> str:
    made = database.act(
        lambda s: reserve(s, patron=card, kit_type="laptop-hotspot", pickup_branch_id=branch_id, at=NOW, by=cast.eli)
    )
    return made.reservation


def test_a_kit_in_hand_has_its_bag_and_is_nobody_elses(database: Database, cast: Cast) -> None:
    lend(database, cast)
    loan = only(database, Loan).public_id
    with database.read() as session:
        (mine,) = kits_in_hand(session, cast.luis_id)
        assert kits_in_hand(session, cast.ada_id) == []
        assert my_loan(session, cast.ada_id, loan) is None
        assert my_loan(session, cast.luis_id, loan) == mine
    assert (mine.kit, mine.state, mine.cohort, mine.is_out) == (OPEN_KIT, LoanState.OUT, None, True)
    assert [(part.n, part.name) for part in mine.parts][-1] == (5, "Notebook")


def test_what_came_back_is_not_in_hand_once_it_is_settled(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    with database.read() as session:
        (mine,) = kits_in_hand(session, cast.luis_id)
        assert (mine.is_out, mine.missing) == (False, ())
        assert earlier_loans(session, cast.luis_id) == []
    database.act(lambda s: setattr(s.query(Loan).one(), "_state", LoanState.CLOSED))
    with database.read() as session:
        assert kits_in_hand(session, cast.luis_id) == []
        assert [one.kit for one in earlier_loans(session, cast.luis_id)] == [OPEN_KIT]


def test_places_are_counted_in_the_queue_one_stands_in(database: Database, cast: Cast) -> None:
    ask(database, cast, ADA, cast.com)
    waiting = ask(database, cast, LUIS, cast.com)
    with database.read() as session:
        (mine,) = my_reservations(session, cast.luis_id)
        assert (mine.state, mine.position, mine.branch_code) == (ReservationState.WAITING, 2, "COM")
        assert [(one.code, one.waiting) for one in elsewhere(session, mine)] == [("ELA", 0)]
        assert set(calendars(session, [mine], since=TODAY)) == {cast.com}
        assert my_reservation(session, cast.ada_id, waiting) is None
    ask(database, cast, MINA, cast.ela)
    with database.read() as session:
        assert len(my_reservations(session, cast.ada_id)) == 2, "her session's kit and the open one"


def test_a_kit_on_the_shelf_says_from_when_until_when(database: Database, cast: Cast) -> None:
    ask(database, cast, LUIS, cast.ela)
    database.act(lambda s: capture(s, kit=OTHER_OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    with database.read() as session:
        (mine,) = my_reservations(session, cast.luis_id)
    assert (mine.state, mine.ready_at, mine.position) == (ReservationState.READY, NOW, None)
    assert mine.ready_until is not None


def test_a_sessions_kit_is_to_be_had_where_the_session_has_kits(database: Database, cast: Cast) -> None:
    with database.read() as session:
        (kept,) = my_reservations(session, cast.ada_id)
        assert (kept.cohort, kept.enrolment is not None) == ("Work Ready 7", True)
        assert [one.code for one in elsewhere(session, kept)] == ["COM"]
        assert kept.enrolment is not None
        seat = my_seat(session, cast.ada_id, kept.enrolment)
        assert seat is not None
        assert (seat.state, seat.cohort) == (EnrolmentState.ENROLLED, "Work Ready 7")
        assert my_seat(session, cast.luis_id, kept.enrolment) is None


def test_workshops_are_those_of_ones_sessions_on_the_clock_of_the_library(database: Database, cast: Cast) -> None:
    def hold(session: Any) -> str:
        made = Workshop(cohort_id=cast.cohort, n=1, title="Begin", starts_at=NOW, ends_at=NOW + timedelta(hours=1))
        session.add(made)
        session.flush()
        return str(made.public_id)

    workshop = database.act(hold)
    with database.read() as session:
        (mine,) = my_workshops(session, cast.ada_id, until=TODAY)
        assert (mine.session, mine.zone, mine.place) == ("Work Ready 7", "America/Los_Angeles", None)
        assert my_workshops(session, cast.luis_id, until=TODAY) == []
        assert my_workshop(session, cast.ada_id, workshop) == mine
        assert my_workshop(session, cast.luis_id, workshop) is None
        assert session_workshops(session, "WR-7") == ("Work Ready 7", [mine])
        assert session_workshops(session, "WR-99") is None


def test_a_calendar_belongs_to_a_patron_who_is_there(database: Database, cast: Cast) -> None:
    row = only(database, Patron, Patron.id == cast.ada_id)
    with database.read() as session:
        owner = calendar_owner(session, row.public_id)
        assert owner is not None
        assert (owner.patron_id, owner.session_version) == (row.id, row.session_version)
        assert calendar_owner(session, "x" * 16) is None


def test_what_is_kept_about_somebody_is_theirs_alone(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with database.read() as session:
        luis, ada = everything(session, cast.luis_id), everything(session, cast.ada_id)
        assert current_card(session, cast.luis_id) == LUIS
        assert preferences(session, cast.luis_id).language == "en"
        assert keeps_history(session, cast.luis_id) is False
    assert [len(luis[name]) for name in ("patron", "cards", "loans", "parts", "agreements")] == [1, 1, 1, 5, 1]
    assert (luis["sessions"], ada["loans"], ada["parts"]) == ([], [], [])
    assert [row["session"] for row in ada["reservations"]] == ["Work Ready 7"]
