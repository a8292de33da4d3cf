"""Freed seats that are offered with a deadline, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.domain.states import EnrolmentState, EnrolmentVerb, ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Enrolment
from lending.models.notices import NoticeState
from lending.models.reservations import Reservation
from lending.programs.enrolment import Kit
from lending.programs.offers import (
    LAPSED_REASON,
    OFFER_LAPSED,
    SEAT_GIVEN,
    SEAT_OFFERED,
    accept_offer,
    give_free_seats,
    lapse_offers,
)
from lending.programs.withdrawal import Left, withdraw
from tests.cast import LUIS, MINA, NOW, Cast
from tests.programs.members import adas_seat, change_cohort, change_program, join, notices, state_of, verbs

DEADLINE = NOW + timedelta(hours=48)


def ada_leaves(database: Database, cast: Cast) -> Left:
    """Ada leaves her seat."""
    seat = adas_seat(database, cast)
    return database.act(lambda session: withdraw(session, enrolment=seat, at=NOW, by=cast.ben))


def one_seat_offered(database: Database, cast: Cast) -> tuple[str, str]:
    """The one seat of Work Ready 7 was Ada's and is offered to Luis, for 48 hours; Mina waits behind him."""
    change_cohort(database, cast, capacity=1)
    change_program(database, cast, seat_offer_hours=48)
    luis, mina = join(database, cast, LUIS).enrolment, join(database, cast, MINA).enrolment
    ada_leaves(database, cast)
    return luis, mina


def sweep(database: Database, cast: Cast, hours: float) -> int:
    """The sweep of offers, so many hours later."""
    at = NOW + timedelta(hours=hours)
    return database.act(lambda session: lapse_offers(session, at=at, by=cast.system, limit=10))


def accept(database: Database, cast: Cast, enrolment: str, hours: float = 1) -> EnrolmentState:
    """Ben notes that somebody takes the seat."""
    at = NOW + timedelta(hours=hours)
    return database.act(lambda session: accept_offer(session, enrolment=enrolment, at=at, by=cast.ben)).seat


def test_a_freed_seat_is_offered_with_a_deadline(database: Database, cast: Cast) -> None:
    luis, mina = one_seat_offered(database, cast)
    offered = state_of(database, luis)
    assert (offered.seat, offered.kit, offered.kit_position) == (EnrolmentState.OFFERED, Kit.WAITING, 1)
    assert (state_of(database, mina).seat, state_of(database, mina).seat_position) == (EnrolmentState.WAITING, 1)
    with database.read() as session:
        assert session.scalars(select(Enrolment.offered_until).where(Enrolment.public_id == luis)).one() == DEADLINE
    assert [notice.patron_id for notice in notices(database, SEAT_OFFERED)] == [cast.luis_id]


def test_without_hours_a_seat_is_given_at_once_and_the_person_is_told(database: Database, cast: Cast) -> None:
    change_cohort(database, cast, capacity=1)
    luis = join(database, cast, LUIS).enrolment
    left = ada_leaves(database, cast)
    assert (left.seated, left.offered) == ((luis,), ())
    assert [notice.patron_id for notice in notices(database, SEAT_GIVEN)] == [cast.luis_id]


def test_accepting_gives_the_seat_and_the_kit(database: Database, cast: Cast) -> None:
    luis, mina = one_seat_offered(database, cast)
    assert accept(database, cast, luis) is EnrolmentState.ENROLLED
    assert state_of(database, luis).kit is Kit.PROMISED
    assert [notice.state for notice in notices(database, SEAT_OFFERED)] == [NoticeState.CANCELLED]
    assert sweep(database, cast, 49) == 0
    assert state_of(database, mina).seat is EnrolmentState.WAITING


def test_an_offer_nobody_answers_lapses_and_the_next_is_offered_the_seat(database: Database, cast: Cast) -> None:
    luis, mina = one_seat_offered(database, cast)
    assert sweep(database, cast, 47.9) == 0
    assert sweep(database, cast, 48.1) == 1
    assert (state_of(database, luis).seat, state_of(database, mina).seat) == (
        EnrolmentState.WITHDRAWN,
        EnrolmentState.OFFERED,
    )
    with database.read() as session:
        gone = session.scalars(select(Enrolment).where(Enrolment.public_id == luis)).one()
        assert gone.ended_reason == LAPSED_REASON
        kit = session.scalars(select(Reservation).where(Reservation.patron_id == cast.luis_id)).one()
        assert (kit.state, kit.ended_reason) == (ReservationState.CANCELLED, LAPSED_REASON)
    assert [notice.patron_id for notice in notices(database, OFFER_LAPSED)] == [cast.luis_id]
    assert sweep(database, cast, 48.2) == 0


def test_who_let_an_offer_lapse_joins_again_at_the_end(database: Database, cast: Cast) -> None:
    _, mina = one_seat_offered(database, cast)
    sweep(database, cast, 48.1)
    again = join(database, cast, LUIS, at=NOW + timedelta(hours=50))
    assert (again.seat, again.seat_position) == (EnrolmentState.WAITING, 1)
    sweep(database, cast, 97)  # Mina does not answer either
    assert state_of(database, again.enrolment).seat is EnrolmentState.OFFERED
    assert state_of(database, mina).seat is EnrolmentState.WITHDRAWN


def test_an_offer_is_good_to_its_deadline_whenever_it_is_passed_on(database: Database, cast: Cast) -> None:
    luis, mina = one_seat_offered(database, cast)
    with pytest.raises(Refused) as refusal:
        accept(database, cast, luis, hours=50)
    assert [block.reason for block in refusal.value.blocks] == [Reason.OFFER_LAPSED]
    sweep(database, cast, 50)
    assert state_of(database, mina).seat is EnrolmentState.OFFERED


def test_an_offer_is_accepted_at_its_very_deadline(database: Database, cast: Cast) -> None:
    luis, _ = one_seat_offered(database, cast)
    assert accept(database, cast, luis, hours=48) is EnrolmentState.ENROLLED


def test_who_declines_an_offer_passes_it_on(database: Database, cast: Cast) -> None:
    luis, mina = one_seat_offered(database, cast)
    left = database.act(lambda session: withdraw(session, enrolment=luis, at=NOW, by=cast.ben))
    assert left.offered == (mina,)


@pytest.mark.parametrize(
    ("who", "reason"), [("mina", Reason.WRONG_STATE), ("nobody", Reason.NOT_FOUND), ("cleo", Reason.NOT_PERMITTED)]
)
def test_only_an_offer_is_accepted_and_by_who_may(database: Database, cast: Cast, who: str, reason: Reason) -> None:
    luis, mina = one_seat_offered(database, cast)
    enrolment = {"mina": mina, "nobody": "nobodys", "cleo": luis}[who]
    by = cast.cleo if who == "cleo" else cast.ben
    with pytest.raises(Refused) as refusal:
        database.act(lambda session: accept_offer(session, enrolment=enrolment, at=NOW, by=by))
    assert [block.reason for block in refusal.value.blocks] == [reason]
    assert state_of(database, luis).seat is EnrolmentState.OFFERED


def test_an_offered_seat_is_taken_for_everybody_else(database: Database, cast: Cast) -> None:
    luis, mina = one_seat_offered(database, cast)
    database.act(lambda session: withdraw(session, enrolment=mina, at=NOW, by=cast.ben))
    assert join(database, cast, MINA).seat is EnrolmentState.WAITING
    assert state_of(database, luis).seat is EnrolmentState.OFFERED


def test_a_seat_that_stands_free_goes_to_whoever_waits(database: Database, cast: Cast) -> None:
    """As after two records of one person were merged."""
    change_cohort(database, cast, capacity=1)
    luis = join(database, cast, LUIS).enrolment

    def ada_is_gone(session: object) -> None:
        assert hasattr(session, "scalars")
        seat = session.scalars(select(Enrolment).where(Enrolment.patron_id == cast.ada_id)).one()
        seat.move(EnrolmentVerb.WITHDRAW)

    database.act(ada_is_gone)

    def sweep_seats() -> int:
        return database.act(lambda session: give_free_seats(session, at=NOW, by=cast.system, limit=10))

    assert (sweep_seats(), sweep_seats()) == (1, 0)
    assert (state_of(database, luis).seat, state_of(database, luis).kit) == (EnrolmentState.ENROLLED, Kit.PROMISED)
    assert verbs(database)[-2:] == ["seat", "promise"]
