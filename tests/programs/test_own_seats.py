"""Patrons take, accept and give up a seat for themselves, and for nobody else, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lending.circulation.provisional import register_provisionally
from lending.circulation.reserving import cancel
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import EnrolmentState
from lending.errors import Reason, Refused
from lending.models.cohorts import Enrolment
from lending.models.people import Patron, PatronStatus
from lending.models.reservations import Reservation
from lending.programs.enrolment import Kit
from lending.programs.moving import roll_over, transfer
from lending.programs.offers import accept_offer
from lending.programs.requeue import requeue
from lending.programs.withdrawal import drop, excuse, withdraw
from tests.cast import LUIS, NOW, Cast
from tests.programs.members import adas_seat, change_cohort, change_program, join, next_cohort, state_of

NOBODYS = "29999000000299"


def why(database: Database, act: Callable[[Session], Any]) -> list[Reason]:
    """For what reasons an act is refused."""
    with pytest.raises(Refused) as refused:
        database.act(act)
    return [block.reason for block in refused.value.blocks]


def promise_of(database: Database, seat: str) -> str:
    """The reservation that hangs on an enrolment."""
    with database.read() as session:
        found = session.query(Reservation).join(Enrolment, Enrolment.id == Reservation.enrolment_id)
        return str(found.filter(Enrolment.public_id == seat).one().public_id)


def offered(database: Database, cast: Cast) -> str:
    """Ada's seat, the only one, is offered to Luis; gives his enrolment."""
    change_cohort(database, cast, capacity=1)
    change_program(database, cast, seat_offer_hours=48)
    luis = join(database, cast, LUIS, by=cast.luis).enrolment
    database.act(lambda s: withdraw(s, enrolment=adas_seat(database, cast), at=NOW, by=cast.ada))
    return luis


def test_a_patron_enrols_themselves(database: Database, cast: Cast) -> None:
    luis = join(database, cast, LUIS, by=cast.luis)
    assert (luis.seat, luis.kit) == (EnrolmentState.ENROLLED, Kit.PROMISED)


@pytest.mark.parametrize("card", [LUIS, NOBODYS])
def test_a_patron_enrols_nobody_else_and_learns_nothing_about_a_card(database: Database, cast: Cast, card: str) -> None:
    with pytest.raises(Refused) as refused:
        join(database, cast, card, by=cast.ada)
    assert [block.reason for block in refused.value.blocks] == [Reason.NOT_PERMITTED]


def test_a_patron_withdraws_and_the_promise_passes_on(database: Database, cast: Cast) -> None:
    left = database.act(lambda s: withdraw(s, enrolment=adas_seat(database, cast), at=NOW, by=cast.ada))
    assert left.state is EnrolmentState.WITHDRAWN


def test_a_patron_accepts_the_seat_that_they_were_offered(database: Database, cast: Cast) -> None:
    luis = offered(database, cast)
    assert state_of(database, luis).seat is EnrolmentState.OFFERED
    database.act(lambda s: accept_offer(s, enrolment=luis, at=NOW + timedelta(hours=1), by=cast.luis))
    assert state_of(database, luis).seat is EnrolmentState.ENROLLED


def test_a_patron_queues_again_for_the_kit_that_they_did_not_collect(database: Database, cast: Cast) -> None:
    luis = join(database, cast, LUIS).enrolment
    database.act(lambda s: cancel(s, reservation=promise_of(database, luis), reason="", at=NOW, by=cast.luis))
    assert state_of(database, luis).kit is Kit.NONE
    database.act(lambda s: requeue(s, enrolment=luis, pickup_branch_id=cast.com, at=NOW, by=cast.luis))
    assert state_of(database, luis).kit is Kit.PROMISED


STRANGERS: dict[str, Callable[[Session, str, Actor], object]] = {
    "withdraw": lambda s, seat, by: withdraw(s, enrolment=seat, at=NOW, by=by),
    "accept_offer": lambda s, seat, by: accept_offer(s, enrolment=seat, at=NOW, by=by),
    "requeue": lambda s, seat, by: requeue(s, enrolment=seat, at=NOW, by=by),
}


@pytest.mark.parametrize("act", STRANGERS)
def test_a_patron_changes_nobody_elses_seat(database: Database, cast: Cast, act: str) -> None:
    luis = offered(database, cast)
    mina = cast.patron(cast.mina_id)
    assert why(database, lambda s: STRANGERS[act](s, luis, mina)) == [Reason.NOT_PERMITTED]


STAFFS: dict[str, Callable[[Session, str, Actor], object]] = {
    "drop": lambda s, seat, by: drop(s, enrolment=seat, reason="Stays away", at=NOW, by=by),
    "excuse": lambda s, seat, by: excuse(s, enrolment=seat, at=NOW, by=by),
    "transfer": lambda s, seat, by: transfer(s, enrolment=seat, to_cohort="WR-8", at=NOW, by=by),
    "roll_over": lambda s, seat, by: roll_over(s, enrolment=seat, to_cohort="WR-8", at=NOW, by=by),
}


@pytest.mark.parametrize("act", STAFFS)
def test_what_staff_decide_a_patron_does_not_even_for_themselves(database: Database, cast: Cast, act: str) -> None:
    next_cohort(database, cast)
    seat = adas_seat(database, cast)
    assert why(database, lambda s: STAFFS[act](s, seat, cast.ada)) == [Reason.NOT_PERMITTED]


def test_a_record_that_was_merged_acts_no_more_on_what_was_its_own(database: Database, cast: Cast) -> None:
    """Luis is signed in with a record that goes into Mina's in this moment."""
    luis = join(database, cast, LUIS).enrolment

    def merged(session: Session) -> None:
        session.query(Enrolment).filter_by(public_id=luis).one().patron_id = cast.mina_id
        session.get_one(Patron, cast.luis_id).status = PatronStatus.MERGED

    database.act(merged)
    assert why(database, lambda s: withdraw(s, enrolment=luis, at=NOW, by=cast.luis)) == [Reason.NOT_PERMITTED]


def test_somebody_without_a_card_has_a_seat_in_one_session_at_a_time(database: Database, cast: Cast) -> None:
    change_program(database, cast, eligibility={"full_card": True})
    next_cohort(database, cast)
    details = {"name": "Nadia Haddad", "birth_date": "1988-04-02", "phone": "213 555 0142"}
    given = {"details": details, "home_branch_id": cast.ela, "address": "a", "at": NOW, "by": cast.nobody}
    newcomer = database.act(lambda s: register_provisionally(s, **given))
    first = join(database, cast, newcomer.reference, by=cast.patron(newcomer.patron_id))
    assert (first.seat, first.kit) == (EnrolmentState.ENROLLED, Kit.PROMISED)
    for cohort, reason in (("WR-7", Reason.ALREADY_ENROLLED), ("WR-8", Reason.ONE_UNTIL_VERIFIED)):
        with pytest.raises(Refused) as refused:
            join(database, cast, newcomer.reference, cohort=cohort, by=cast.ben)
        assert [block.reason for block in refused.value.blocks] == [reason]
