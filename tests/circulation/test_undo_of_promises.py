"""Undoing a check-out gives back what it fulfilled: the place in the queue, the promise, or the kit on the shelf."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from lending.circulation.checkout import CheckedOut, check_out
from lending.circulation.reservations import serve_waiting
from lending.circulation.shelf import capture, put_back
from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.states import KitState, ReservationState
from lending.models.cohorts import Pool
from lending.models.kits import Kit
from lending.models.reservations import Reservation
from lending.programs.enrolment import Kit as Promise
from lending.queries.invariants import INVARIANTS
from tests.cast import ADA, COMPTON_KIT, KIT, LUIS, NOW, OTHER_KIT, Cast, kit
from tests.programs.members import adas_seat, join, state_of

SOON = NOW + timedelta(minutes=5)


def ready_for_ada(database: Database, cast: Cast) -> None:
    """A kit lies on the hold shelf for Ada."""
    database.act(lambda session: capture(session, kit=KIT, branch_id=cast.ela, at=NOW, by=cast.eli))


def hand_ada(database: Database, cast: Cast, code: str = OTHER_KIT) -> CheckedOut:
    """Ben hands Ada a kit."""
    return database.act(lambda s: check_out(s, kit=code, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))


def take_it_back(database: Database, cast: Cast) -> None:
    """Ben undoes it."""
    database.act(lambda session: undo(session, at=SOON, by=cast.ben))


def adas(database: Database, cast: Cast) -> tuple[ReservationState, str | None]:
    """How Ada's reservation stands, and the kit that is put aside for it."""
    with database.read() as session:
        found = session.execute(
            select(Reservation, Kit.barcode)
            .outerjoin(Kit, Kit.id == Reservation.kit_id)
            .where(Reservation.patron_id == cast.ada_id)
        ).one()
        return found.Reservation.state, found.barcode


def kit_state(database: Database, code: str) -> KitState:
    """How a kit stands."""
    with database.read() as session:
        return session.scalars(select(Kit.state).where(Kit.barcode == code)).one()


def broken(database: Database) -> list[str]:
    """The laws of the data that do not hold."""
    with database.snapshot() as session:
        return [law.name for law in INVARIANTS if law.find(session)]


def test_the_desk_is_told_which_kit_still_lies_on_the_shelf(database: Database, cast: Cast) -> None:
    ready_for_ada(database, cast)
    assert hand_ada(database, cast).put_back == KIT


def test_the_kit_from_the_shelf_leaves_none_behind(database: Database, cast: Cast) -> None:
    ready_for_ada(database, cast)
    assert hand_ada(database, cast, KIT).put_back is None
    take_it_back(database, cast)
    assert (adas(database, cast), kit_state(database, KIT)) == ((ReservationState.READY, KIT), KitState.ON_SHELF)


def test_another_kit_taken_back_leaves_the_shelf_as_it_was(database: Database, cast: Cast) -> None:
    ready_for_ada(database, cast)
    hand_ada(database, cast)
    take_it_back(database, cast)
    assert adas(database, cast) == (ReservationState.READY, KIT)
    assert (kit_state(database, KIT), kit_state(database, OTHER_KIT)) == (KitState.ON_SHELF, KitState.AVAILABLE)
    with database.read() as session:
        assert session.scalars(select(Reservation.ready_until)).one() is not None
    assert broken(database) == []


def test_a_kit_that_was_put_back_meanwhile_is_promised_again(database: Database, cast: Cast) -> None:
    ready_for_ada(database, cast)
    hand_ada(database, cast)
    database.act(lambda session: put_back(session, kit=KIT, branch_id=cast.ela, at=NOW, by=cast.eli))
    take_it_back(database, cast)
    assert adas(database, cast) == (ReservationState.PROMISED, None)
    assert broken(database) == []


def test_a_promise_that_went_to_the_next_meanwhile_is_a_place_in_the_queue(database: Database, cast: Cast) -> None:
    def a_spare_kit_at_compton() -> None:
        database.act(lambda session: kit(session, "KIT-1061", cast.work_ready, cast.com))

    a_spare_kit_at_compton()
    database.act(lambda session: session.execute(update(Pool).values(kits=1)))
    luis = join(database, cast, LUIS).enrolment
    by = cast.cleo
    database.act(lambda s: check_out(s, kit=COMPTON_KIT, patron=ADA, branch_id=cast.com, at=NOW, by=by))
    with database.read() as session:
        ela = session.scalars(select(Reservation.stock_id).where(Reservation.patron_id == cast.ada_id)).one()
    database.act(lambda session: serve_waiting(session, ela, at=NOW, by=cast.system))
    assert state_of(database, luis).kit is Promise.PROMISED
    database.act(lambda session: undo(session, at=SOON, by=cast.cleo))
    assert (state_of(database, adas_seat(database, cast)).kit_position, broken(database)) == (1, [])
