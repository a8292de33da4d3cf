"""What check-out gathers before it asks the rule."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from lending.circulation.checkout import check_out
from lending.db import Database
from lending.domain.states import EnrolmentState, KitState, ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Enrolment, Pool
from lending.models.kits import Kit
from lending.models.reservations import Reservation
from tests.cast import KIT, LUIS, NOW, OTHER_KIT, THIRD_KIT, Cast, promise


def why(database: Database, cast: Cast, kit: str = KIT) -> list[Reason]:
    """Why Luis does not get a kit."""
    with pytest.raises(Refused) as refused:
        database.act(lambda session: check_out(session, kit=kit, patron=LUIS, branch_id=cast.ela, at=NOW, by=cast.ben))
    return [block.reason for block in refused.value.blocks]


def luis_has(database: Database, cast: Cast, seat: EnrolmentState, reservation: ReservationState) -> None:
    database.act(
        lambda session: promise(
            session,
            cast,
            patron_id=cast.luis_id,
            pool_id=session.scalars(select(Pool.id).where(Pool.kits == 2)).one(),
            seat=seat,
            state=reservation,
        )
    )


def stands(database: Database, code: str, state: KitState) -> None:
    database.act(lambda session: session.execute(update(Kit).where(Kit.barcode == code).values(_state=state)))


def test_a_place_on_the_waiting_list_is_not_a_seat(database: Database, cast: Cast) -> None:
    """One kit is free for walk-ins; who waits for a seat keeps a place in the kits' queue, and is not in the cohort."""
    luis_has(database, cast, EnrolmentState.WAITING, ReservationState.WAITING)
    assert why(database, cast) == [Reason.NOT_IN_COHORT]


def test_a_seat_without_a_promise_may_have_a_kit_that_nobody_was_promised(database: Database, cast: Cast) -> None:
    luis_has(database, cast, EnrolmentState.ENROLLED, ReservationState.WAITING)
    database.act(lambda session: check_out(session, kit=KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=cast.ben))
    with database.read() as session:
        chosen = select(Reservation.state).join(Enrolment, Enrolment.id == Reservation.enrolment_id)
        state = session.scalars(chosen.where(Reservation.patron_id == cast.luis_id)).one()
    assert state is ReservationState.PICKED_UP


def test_a_kit_left_on_the_shelf_is_not_free_to_a_walk_in_in_between(database: Database, cast: Cast) -> None:
    """RULES 10, case 15: its promise has ended, the next is not told yet, and the other two kits are being mended."""
    luis_has(database, cast, EnrolmentState.ENROLLED, ReservationState.EXPIRED)
    stands(database, KIT, KitState.ON_SHELF)
    for code in (OTHER_KIT, THIRD_KIT):
        stands(database, code, KitState.REPAIR)
    assert why(database, cast) == [Reason.NEEDED_FOR_PROMISES]
