"""What a session promises, hands out and keeps, when people travel, take spare kits, and bring kits back early."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lending.circulation.checkout import CheckedOut, check_out
from lending.circulation.reservations import serve_waiting
from lending.circulation.returns import return_kit
from lending.db import Database
from lending.domain.states import ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, Enrolment, Pool
from lending.models.reservations import Reservation
from lending.programs.enrolment import Kit
from lending.programs.withdrawal import withdraw
from lending.queries.availability import availability
from lending.queries.invariants import INVARIANTS
from tests.cast import ADA, COMPTON_KIT, KIT, LUIS, MINA, NOW, THIRD_KIT, Cast, kit, put, seat, stock
from tests.programs.members import join, newcomers, state_of
from tests.races import race, without_locks


def free_at(database: Database, branch: str) -> int:
    """Kits of the sessions' type that are free at a branch."""
    with database.read() as session:
        found = availability(session, branch_ids=None, at=NOW)
    return next(row.free for row in found if (row.branch, row.kit_type) == (branch, "work-ready"))


def broken(database: Database) -> list[str]:
    """The laws of the data that do not hold."""
    with database.snapshot() as session:
        return [law.name for law in INVARIANTS if law.find(session)]


def take(database: Database, cast: Cast, card: str, code: str, at_branch: int | None = None) -> CheckedOut:
    """A desk hands somebody a kit."""
    branch_id = at_branch or cast.ela
    by = cast.cleo if branch_id == cast.com else cast.ben
    return database.act(lambda s: check_out(s, kit=code, patron=card, branch_id=branch_id, at=NOW, by=by))


def refused(database: Database, cast: Cast, card: str, code: str, at_branch: int | None = None) -> list[Block]:
    """Why a desk does not hand somebody a kit."""
    with pytest.raises(Refused) as refusal:
        take(database, cast, card, code, at_branch)
    return list(refusal.value.blocks)


def leave(database: Database, cast: Cast, enrolment: str) -> None:
    """Somebody withdraws."""
    database.act(lambda session: withdraw(session, enrolment=enrolment, at=NOW, by=cast.ben))


# --- A kit is there for every promise ---------------------------------------------------------------------------------

COMPTON_KITS = (COMPTON_KIT, "KIT-1061", "KIT-1062", "KIT-1063")


def a_spare_kit_at_compton(database: Database, cast: Cast) -> list[str]:
    """Compton has four kits: two promised in Work Ready 6, one set aside for Work Ready 7, one to spare.

    Gives the cards of the two with a promise in Work Ready 6, of one with a seat alone in it, and of three others.
    """
    cards = newcomers(database, cast, 6)

    def write(session: Session) -> None:
        for code in COMPTON_KITS[1:]:
            kit(session, code, cast.work_ready, cast.com)
        six = put(
            session,
            Cohort(
                code="WR-6",
                program_id=cast.program,
                name="Work Ready 6",
                starts_on=date(2026, 2, 24),
                ends_on=date(2026, 4, 3),
                return_by=date(2026, 4, 3),
                pickup_from=date(2026, 2, 17),
                capacity=20,
                created_at=NOW - timedelta(days=60),
            ),
        )
        put(session, Pool(cohort_id=six.id, stock_id=stock(session, cast.com, cast.work_ready), kits=2))

    database.act(write)
    for card in cards[:2]:
        assert join(database, cast, card, cohort="WR-6", pickup_branch_id=cast.com, by=cast.eli).kit is Kit.PROMISED
    join(database, cast, cards[2], cohort="WR-6", pickup_branch_id=cast.com, wants_kit=False, by=cast.eli)
    return cards


def test_a_traveller_takes_the_spare_kit_and_leaves_the_allotment(database: Database, cast: Cast) -> None:
    cards = a_spare_kit_at_compton(database, cast)
    assert free_at(database, "COM") == 1
    take(database, cast, ADA, COMPTON_KIT, cast.com)
    assert free_at(database, "COM") == 0
    assert [block.reason for block in refused(database, cast, cards[2], "KIT-1061", cast.com)] == [
        Reason.NEEDED_FOR_PROMISES
    ]


def test_everybody_who_was_promised_a_kit_gets_one_beside_a_traveller(database: Database, cast: Cast) -> None:
    cards = a_spare_kit_at_compton(database, cast)
    take(database, cast, ADA, COMPTON_KIT, cast.com)
    refused(database, cast, cards[2], "KIT-1061", cast.com)
    assert join(database, cast, MINA, pickup_branch_id=cast.com, by=cast.eli).kit is Kit.PROMISED
    for card, code in zip((cards[0], cards[1], MINA), COMPTON_KITS[1:], strict=True):
        take(database, cast, card, code, cast.com)
    assert broken(database) == []


def test_the_branch_that_was_not_travelled_to_promises_its_kit_to_the_next(database: Database, cast: Cast) -> None:
    a_spare_kit_at_compton(database, cast)
    luis, mina = (join(database, cast, card).enrolment for card in (LUIS, MINA))
    assert (state_of(database, luis).kit, state_of(database, mina).kit) == (Kit.PROMISED, Kit.WAITING)
    take(database, cast, ADA, COMPTON_KIT, cast.com)
    with database.read() as session:
        ela = session.scalars(select(Pool.stock_id).where(Pool.cohort_id == cast.cohort, Pool.kits == 2)).one()
    assert database.act(lambda session: serve_waiting(session, ela, at=NOW, by=cast.system)) == 1
    assert state_of(database, mina).kit is Kit.PROMISED


def test_a_kit_brought_back_early_is_its_pools_again(database: Database, cast: Cast) -> None:
    take(database, cast, ADA, KIT)
    database.act(lambda session: seat(session, cast, cast.luis_id))
    assert free_at(database, "ELA") == 1
    database.act(lambda session: return_kit(session, kit=KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    assert free_at(database, "ELA") == 1  # it is busy, and no other kit is kept in its place
    take(database, cast, LUIS, THIRD_KIT)
    cards = newcomers(database, cast, 2)
    assert [join(database, cast, card).kit for card in cards] == [Kit.PROMISED, Kit.PROMISED]
    assert broken(database) == []


def lending(cast: Cast, card: str, code: str) -> Callable[[Session], CheckedOut]:
    """Compton hands somebody a kit."""
    by = cast.cleo
    return lambda session: check_out(session, kit=code, patron=card, branch_id=cast.com, at=NOW, by=by)


def test_two_who_want_the_spare_kit_beside_an_allotment_get_one(database: Database, cast: Cast) -> None:
    cards = a_spare_kit_at_compton(database, cast)
    outcome = race(database, lending(cast, ADA, COMPTON_KIT), lending(cast, cards[2], "KIT-1061"), before="INSERT")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.NEEDED_FOR_PROMISES]], [])


def test_without_the_lock_two_would_get_the_spare_kit(database: Database, cast: Cast) -> None:
    cards = a_spare_kit_at_compton(database, cast)
    with without_locks(database):
        outcome = race(database, lending(cast, ADA, COMPTON_KIT), lending(cast, cards[2], "KIT-1061"))
    assert len(outcome.done) == 2


def test_a_pool_that_lends_more_than_it_was_allotted_is_named(database: Database, cast: Cast) -> None:
    take(database, cast, ADA, KIT)
    join(database, cast, LUIS)
    database.act(lambda session: session.execute(update(Pool).values(kits=1)))
    assert "pool_promises" in broken(database)


# --- First come, first served -----------------------------------------------------------------------------------------


def a_queue_of_three(database: Database, cast: Cast) -> tuple[list[str], list[str]]:
    """Both kits of the pool are promised, A, B and C wait, and D has a seat alone; twenty kits lie in the building.

    Gives the cards of A, B, C and D, and the enrolments of the two with a promise and of A.
    """

    def write(session: Session) -> None:
        for n in range(17):
            kit(session, f"KIT-{1100 + n}", cast.work_ready, cast.ela)

    database.act(write)
    luis = join(database, cast, LUIS).enrolment
    cards = newcomers(database, cast, 4)
    waiting = [join(database, cast, card).enrolment for card in cards[:3]]
    join(database, cast, cards[3], wants_kit=False)
    with database.read() as session:
        ada = session.scalars(select(Enrolment.public_id).where(Enrolment.patron_id == cast.ada_id)).one()
    return cards, [ada, luis, waiting[0]]


def test_who_has_a_seat_alone_gets_no_kit_before_those_who_wait(database: Database, cast: Cast) -> None:
    cards, _ = a_queue_of_three(database, cast)
    assert refused(database, cast, cards[3], THIRD_KIT) == [
        Block(Reason.OTHERS_WAIT_BEFORE, {"cohort": "Work Ready 7", "place": 4})
    ]


def test_who_waits_gets_no_kit_before_those_ahead(database: Database, cast: Cast) -> None:
    cards, _ = a_queue_of_three(database, cast)
    assert refused(database, cast, cards[2], THIRD_KIT) == [
        Block(Reason.OTHERS_WAIT_BEFORE, {"cohort": "Work Ready 7", "place": 3})
    ]


def test_the_first_of_the_queue_may_have_a_spare_kit_and_then_the_next(database: Database, cast: Cast) -> None:
    cards, _ = a_queue_of_three(database, cast)
    for card, code in zip(cards, (THIRD_KIT, "KIT-1100", "KIT-1101", "KIT-1102"), strict=True):
        take(database, cast, card, code)
    assert broken(database) == []


def test_a_spare_kit_that_was_lent_eats_no_promise_of_the_pool(database: Database, cast: Cast) -> None:
    cards, (ada, luis, _) = a_queue_of_three(database, cast)
    take(database, cast, cards[0], THIRD_KIT)
    leave(database, cast, ada)
    leave(database, cast, luis)
    with database.read() as session:
        states = session.scalars(
            select(Reservation.state).where(Reservation.ended_at.is_(None)).order_by(Reservation.id)
        ).all()
    assert states == [ReservationState.PROMISED, ReservationState.PROMISED]


def test_a_freed_promise_passes_to_number_one_whatever_else_was_lent(database: Database, cast: Cast) -> None:
    database.act(lambda session: seat(session, cast, cast.mina_id))
    take(database, cast, MINA, THIRD_KIT)  # nobody waits yet: the spare kit is hers
    luis = join(database, cast, LUIS).enrolment
    assert state_of(database, luis).kit is Kit.PROMISED  # the pool of two has its second kit still
    card = newcomers(database, cast, 1)[0]
    first = join(database, cast, card).enrolment
    assert state_of(database, first).kit_position == 1
    leave(database, cast, luis)
    assert state_of(database, first).kit is Kit.PROMISED
