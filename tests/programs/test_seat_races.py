"""Two acts at once on the same seats: freed, offered, accepted, lapsed, transferred; on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.states import HOLDS_A_SEAT, EnrolmentState
from lending.errors import Reason
from lending.models.cohorts import Enrolment
from lending.programs.enrolment import enrol
from lending.programs.moving import transfer
from lending.programs.offers import accept_offer, lapse_offers
from lending.programs.withdrawal import withdraw
from tests.cast import LUIS, MINA, NOW, Cast
from tests.programs.members import (
    adas_seat,
    change_cohort,
    change_program,
    join,
    newcomers,
    next_cohort,
    state_of,
    verbs,
)
from tests.races import PATIENCE, SURELY, Race, overtake, race, without_locks

Doing = Callable[[Session], Any]
LATE = NOW + timedelta(hours=49)


def leaving(cast: Cast, enrolment: str) -> Doing:
    """Somebody withdraws."""
    by = cast.ben
    return lambda session: withdraw(session, enrolment=enrolment, at=NOW, by=by)


def joining(cast: Cast, card: str) -> Doing:
    """Somebody enrols, without a kit."""
    by, branch_id = cast.ben, cast.ela
    return lambda session: enrol(
        session, patron=card, cohort="WR-7", pickup_branch_id=branch_id, wants_kit=False, at=NOW, by=by
    )


def held(database: Database, cast: Cast) -> int:
    """How many seats of Work Ready 7 somebody holds."""
    with database.read() as session:
        seats = select(func.count()).where(Enrolment.cohort_id == cast.cohort, Enrolment.state.in_(HOLDS_A_SEAT))
        return session.scalars(seats).one()


def two_seats_two_waiting(database: Database, cast: Cast) -> tuple[str, str, list[str]]:
    """Ada and Luis have the two seats, two newcomers wait, and a third would join; gives who leaves and who comes."""
    change_cohort(database, cast, capacity=2)
    luis = join(database, cast, LUIS, wants_kit=False).enrolment
    cards = newcomers(database, cast, 3)
    for card in cards[:2]:
        join(database, cast, card, wants_kit=False)
    return adas_seat(database, cast), luis, cards


def test_two_freed_seats_and_a_newcomer_never_make_a_third_seat(database: Database, cast: Cast) -> None:
    ada, luis, cards = two_seats_two_waiting(database, cast)
    outcome = race(database, leaving(cast, ada), leaving(cast, luis), joining(cast, cards[2]))
    assert (outcome.refused, outcome.broken, outcome.run_again) == ([], [], [])
    assert held(database, cast) == 2
    assert verbs(database).count("seat") == 2


def the_newcomer_has_counted(database: Database, cast: Cast, patience: float = PATIENCE) -> tuple[str, Race[Any]]:
    """The one seat is Ada's. Luis is about to be put on the waiting list when she leaves. Gives his place."""
    change_cohort(database, cast, capacity=1)
    ada = adas_seat(database, cast)
    acts = joining(cast, LUIS), leaving(cast, ada)
    outcome = overtake(database, *acts, before="INSERT INTO enrolments", patience=patience)
    with database.read() as session:
        luis = session.scalars(select(Enrolment.public_id).where(Enrolment.patron_id == cast.luis_id)).one()
    return luis, outcome


def test_a_seat_that_is_freed_beside_an_enrolment_goes_to_the_newcomer(database: Database, cast: Cast) -> None:
    luis, outcome = the_newcomer_has_counted(database, cast)
    assert (outcome.refused, outcome.broken) == ([], [])
    assert state_of(database, luis).seat is EnrolmentState.ENROLLED


def test_without_the_lock_the_newcomer_would_wait_beside_a_free_seat(database: Database, cast: Cast) -> None:
    with without_locks(database):
        luis, _ = the_newcomer_has_counted(database, cast, SURELY)
    assert (state_of(database, luis).seat, held(database, cast)) == (EnrolmentState.WAITING, 0)


def offered(database: Database, cast: Cast) -> str:
    """Luis is offered the seat that Ada left; Mina waits behind him."""
    change_cohort(database, cast, capacity=1)
    change_program(database, cast, seat_offer_hours=48)
    luis = join(database, cast, LUIS).enrolment
    join(database, cast, MINA)
    database.act(leaving(cast, adas_seat(database, cast)))
    return luis


def accepting_beside_the_sweep(cast: Cast, enrolment: str) -> tuple[Doing, Doing]:
    """Luis takes the seat at the last moment, and the sweep begins before that is written down."""
    ben, system = cast.ben, cast.system
    return (
        lambda session: accept_offer(session, enrolment=enrolment, at=LATE - timedelta(days=1), by=ben),
        lambda session: lapse_offers(session, at=LATE, by=system, limit=10),
    )


def test_an_offer_is_accepted_or_lapses_and_never_both(database: Database, cast: Cast) -> None:
    luis = offered(database, cast)
    outcome = race(database, *accepting_beside_the_sweep(cast, luis))
    assert outcome.broken == []
    assert outcome.refused in ([], [[Reason.WRONG_STATE]])
    assert held(database, cast) == 1
    assert ("accept_offer" in verbs(database)) != ("lapse_offer" in verbs(database))


def test_without_the_lock_an_offer_would_be_accepted_and_lapse(database: Database, cast: Cast) -> None:
    luis = offered(database, cast)
    with without_locks(database):
        race(database, *accepting_beside_the_sweep(cast, luis))
    assert {"accept_offer", "lapse_offer"} <= set(verbs(database))


def going_two_ways(database: Database, cast: Cast) -> tuple[Doing, Doing]:
    """Ada withdraws at one desk while she is transferred at another; Luis waits for her seat."""
    change_cohort(database, cast, capacity=1)
    join(database, cast, LUIS)
    next_cohort(database, cast)
    seat, by = adas_seat(database, cast), cast.ben
    return (
        lambda session: transfer(session, enrolment=seat, to_cohort="WR-8", at=NOW, by=by),
        leaving(cast, seat),
    )


def test_who_withdraws_while_transferred_leaves_once(database: Database, cast: Cast) -> None:
    outcome = race(database, *going_two_ways(database, cast))
    assert outcome.broken == []
    assert outcome.refused == [[Reason.WRONG_STATE]]
    assert (verbs(database).count("seat"), held(database, cast)) == (1, 1)


def test_without_the_lock_somebody_would_withdraw_and_be_transferred(database: Database, cast: Cast) -> None:
    acts = going_two_ways(database, cast)
    with without_locks(database):
        race(database, *acts)
    assert {"withdraw", "transfer"} <= set(verbs(database))
