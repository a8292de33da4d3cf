"""Queueing again for a cohort's kit, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from lending.circulation.reserving import Reserved
from lending.circulation.returns import return_kit
from lending.circulation.shelf import capture, expire_shelf
from lending.db import Database
from lending.domain.states import ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Enrolment, Pool
from lending.programs.enrolment import enrol
from lending.programs.requeue import requeue, reserve_in_cohort
from lending.programs.withdrawal import withdraw
from tests.cast import ADA, KIT, LUIS, NOW, Cast
from tests.circulation.kits_in_hand import why
from tests.circulation.test_shelf import SEVEN_OPEN_DAYS_LATER
from tests.programs.members import adas_seat, hand_out


def again(database: Database, cast: Cast, **given: Any) -> Reserved:
    """Ada asks for a kit once more."""
    with database.read() as session:
        seat = session.scalars(select(Enrolment.public_id).where(Enrolment.patron_id == cast.ada_id)).one()
    values = {"enrolment": seat, "at": SEVEN_OPEN_DAYS_LATER, "by": cast.ben, **given}
    return database.act(lambda session: requeue(session, **values))


def not_collected(database: Database, cast: Cast) -> None:
    """Ada's kit lay on the shelf for seven open days. Luis waited, for the pool has one kit."""
    by = cast.ben
    database.act(lambda s: s.execute(update(Pool).values(kits=1)))
    database.act(lambda s: capture(s, kit=KIT, branch_id=cast.ela, at=NOW, by=by))
    database.act(lambda s: enrol(s, patron=LUIS, cohort="WR-7", pickup_branch_id=cast.ela, at=NOW, by=by))
    database.act(lambda s: expire_shelf(s, at=SEVEN_OPEN_DAYS_LATER, by=cast.system))


def test_who_did_not_collect_stands_at_the_end_of_the_queue(database: Database, cast: Cast) -> None:
    not_collected(database, cast)
    answer = again(database, cast)
    assert (answer.state, answer.position) == (ReservationState.WAITING, 1)


def test_a_kit_is_promised_again_while_the_pool_has_one(database: Database, cast: Cast) -> None:
    not_collected(database, cast)
    database.act(lambda s: s.execute(update(Pool).values(kits=2)))
    assert again(database, cast).state is ReservationState.PROMISED


def test_who_has_a_promise_does_not_queue_again(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        again(database, cast)
    assert why(refused) == [Reason.ALREADY_RESERVED]


def test_a_seat_that_has_ended_queues_for_nothing(database: Database, cast: Cast) -> None:
    not_collected(database, cast)
    with database.read() as session:
        seat = session.scalars(select(Enrolment.public_id).where(Enrolment.patron_id == cast.ada_id)).one()
    database.act(lambda s: withdraw(s, enrolment=seat, at=NOW, by=cast.ben))
    with pytest.raises(Refused) as refused:
        again(database, cast)
    assert why(refused) == [Reason.WRONG_STATE]


def test_a_session_without_kits_at_a_branch_has_no_queue_there(database: Database, cast: Cast) -> None:
    not_collected(database, cast)
    with pytest.raises(Refused) as refused:
        again(database, cast, kit_type="laptop-hotspot")
    assert why(refused) == [Reason.NO_SUCH_POOL]


@pytest.mark.parametrize(
    ("who", "given", "reason"), [("cleo", {}, Reason.NOT_PERMITTED), ("ben", {"enrolment": "x"}, Reason.NOT_FOUND)]
)
def test_it_is_noted_by_who_may_and_only_where_there_is_a_seat(
    database: Database, cast: Cast, who: str, given: dict[str, Any], reason: Reason
) -> None:
    with pytest.raises(Refused) as refused:
        again(database, cast, by=getattr(cast, who), **given)
    assert why(refused) == [reason]


def test_a_seat_is_not_taken_over_by_another_branch(database: Database, cast: Cast) -> None:
    not_collected(database, cast)
    seat = adas_seat(database, cast)
    asked = {"patron": ADA, "cohort": "WR-7", "kit_type": "work-ready", "pickup_branch_id": cast.com, "at": NOW}
    for refused in (
        lambda session: reserve_in_cohort(session, **asked, by=cast.cleo),
        lambda session: requeue(session, enrolment=seat, pickup_branch_id=cast.com, at=NOW, by=cast.cleo),
    ):
        with pytest.raises(Refused) as refusal:
            database.act(refused)
        assert why(refusal) == [Reason.NOT_PERMITTED]
    with database.read() as session:
        assert session.scalars(select(Enrolment.pickup_branch_id).where(Enrolment.public_id == seat)).one() == cast.ela
    assert again(database, cast, by=cast.dora, pickup_branch_id=cast.com).state is ReservationState.PROMISED


def test_who_may_not_enrol_learns_nothing_about_a_card(database: Database, cast: Cast) -> None:
    for card in (ADA, LUIS, "29999000000075"):
        asked = {"patron": card, "cohort": "WR-7", "kit_type": "work-ready", "pickup_branch_id": cast.ela, "at": NOW}
        with pytest.raises(Refused) as refusal:
            database.act(lambda session, asked=asked: reserve_in_cohort(session, **asked, by=cast.cleo))
        assert why(refusal) == [Reason.NOT_PERMITTED]


def test_who_has_a_kit_of_the_session_out_queues_for_no_second_one(database: Database, cast: Cast) -> None:
    hand_out(database, cast, ADA, KIT)
    with pytest.raises(Refused) as refused:
        again(database, cast, at=NOW)
    assert [(block.reason, block.detail) for block in refused.value.blocks] == [
        (Reason.HAS_A_KIT, {"cohort": "Work Ready 7"})
    ]


def test_who_has_brought_the_kit_back_may_queue_again(database: Database, cast: Cast) -> None:
    hand_out(database, cast, ADA, KIT)
    database.act(lambda s: return_kit(s, kit=KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    assert again(database, cast).state is ReservationState.PROMISED
