"""The hold shelf, through its verbs, on both engines. Open promises are shelved at East Los Angeles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from lending.circulation.kits import declare_missing
from lending.circulation.reservations import (
    EXPIRED_NOTICE,
    PROMISED_NOTICE,
    READY_NOTICE,
    RESERVED_NOTICE,
    WAITING_NOTICE,
)
from lending.circulation.reserving import cancel
from lending.circulation.shelf import Captured, PutBack, capture, expire_shelf, put_back
from lending.circulation.undo import Undone, undo
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import EnrolmentState, KitState, ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Enrolment
from lending.models.kits import Kit
from lending.models.notices import Notice, NoticeState
from lending.models.reservations import Reservation
from lending.queries.acts import outcome
from lending.queries.invariants import INVARIANTS
from tests.cast import ADA, COMPTON_KIT, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import kit_row, lend, only, receive, rows, why
from tests.circulation.test_reserving import ask, mended, state

ASKED = (RESERVED_NOTICE, WAITING_NOTICE)
"""What people are told when they ask for a kit, which is no matter of the shelf."""

SEVEN_OPEN_DAYS_LATER = datetime(2026, 3, 12, 3, 0, tzinfo=UTC)
"""Wednesday, 11 March, at closing: seven open days after Tuesday the 3rd, for Sunday is closed."""


def shelve(database: Database, cast: Cast, kit: str = OPEN_KIT, *, at: datetime = NOW) -> Captured:
    """Ben scans a free kit at the shelf."""
    return database.act(lambda s: capture(s, kit=kit, branch_id=cast.ela, at=at, by=cast.ben))


def clear(database: Database, cast: Cast, kit: str = OPEN_KIT, *, at: datetime = NOW) -> Captured | PutBack:
    """Ben scans a kit whose promise has ended."""
    return database.act(lambda s: put_back(s, kit=kit, branch_id=cast.ela, at=at, by=cast.ben))


def sweep(database: Database, cast: Cast, at: datetime) -> int:
    """The shelf's sweep."""
    return database.act(lambda session: expire_shelf(session, at=at, by=cast.system))


def no_law_is_broken(database: Database) -> None:
    """Every invariant that the cast's own rows keep."""
    with database.snapshot() as session:
        broken = {law.name for law in INVARIANTS if law.find(session)}
    assert broken == set()


def test_a_scanned_kit_is_bound_to_the_first_who_waits_for_one(database: Database, cast: Cast) -> None:
    ada, luis = ask(database, cast, ADA), ask(database, cast, LUIS)
    first, second = shelve(database, cast), shelve(database, cast, OTHER_OPEN_KIT)
    assert [first.reservation, second.reservation] == [ada.reservation, luis.reservation]
    assert (first.ready_until, first.cohort) == (SEVEN_OPEN_DAYS_LATER, None)
    row = only(database, Reservation, Reservation.public_id == ada.reservation)
    assert (row.state, row.kit_id, row.ready_at) == (ReservationState.READY, kit_row(database).id, NOW)
    assert (kit_row(database).state, row.pickup_code) == (KitState.ON_SHELF, first.pickup_code)
    no_law_is_broken(database)


def test_the_patron_is_told_when_the_pull_cannot_be_taken_back_any_more(database: Database, cast: Cast) -> None:
    ada = ask(database, cast, ADA)
    shelve(database, cast)
    told = only(database, Notice, Notice.step == READY_NOTICE)
    assert (told.subject, told.step) == (f"reservation:{ada.reservation}", READY_NOTICE)
    assert (told.state, told.due_at) == (NoticeState.PENDING, NOW + timedelta(minutes=10))


def test_a_pull_is_taken_back_and_nobody_is_told(database: Database, cast: Cast) -> None:
    ada = ask(database, cast, ADA)
    database.act(lambda s: s.execute(update(Kit).where(Kit.barcode == OPEN_KIT).values(place="A3")))
    shelve(database, cast)
    undone = database.act(lambda session: undo(session, at=NOW + timedelta(minutes=9), by=cast.ben))
    assert undone == Undone("capture", OPEN_KIT, "")
    assert (state(database, ada.reservation), only(database, Notice, Notice.step == READY_NOTICE).state) == (
        ReservationState.PROMISED,
        NoticeState.CANCELLED,
    )
    kit = kit_row(database)
    assert (kit.state, kit.place) == (KitState.AVAILABLE, "A3")
    assert shelve(database, cast).reservation == ada.reservation
    assert only(database, Notice, Notice.step == READY_NOTICE).state is NoticeState.PENDING


def test_a_pull_that_was_collected_is_not_taken_back(database: Database, cast: Cast) -> None:
    ask(database, cast, LUIS)
    shelve(database, cast)
    elsewhere = Actor(cast.ben.role, cast.ben.door, "elsewhere", staff_id=cast.ben_id, branch_ids=cast.ben.branch_ids)
    database.act(lambda s: cancel(s, reservation=only_public_id(database), reason="called", at=NOW, by=elsewhere))
    with pytest.raises(Refused) as refused:
        database.act(lambda session: undo(session, at=NOW, by=cast.ben))
    assert why(refused) == [Reason.CHANGED_SINCE]


def only_public_id(database: Database) -> str:
    """The open reservation."""
    return only(database, Reservation, Reservation.cohort_id.is_(None)).public_id


def test_the_same_scan_again_gives_the_same_answer(database: Database, cast: Cast) -> None:
    ask(database, cast, ADA)
    by = cast.ben
    done = database.act(lambda s: capture(s, kit=OPEN_KIT, branch_id=cast.ela, at=NOW, by=by))
    with database.read() as session:
        assert outcome(session, by.act) == done


def test_a_session_comes_before_open_reservations(database: Database, cast: Cast) -> None:
    captured = shelve(database, cast, KIT)
    assert (captured.cohort, captured.ready_until) == ("Work Ready 7", SEVEN_OPEN_DAYS_LATER)


def test_a_kit_that_nobody_waits_for_stays_with_the_free_ones(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        shelve(database, cast)
    assert why(refused) == [Reason.NOBODY_WAITS]


@pytest.mark.parametrize(
    ("kit", "reason"),
    [(COMPTON_KIT, Reason.AT_ANOTHER_BRANCH), ("KIT-9999", Reason.KIT_UNKNOWN)],
)
def test_a_kit_that_is_not_here_is_not_shelved(database: Database, cast: Cast, kit: str, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        shelve(database, cast, kit)
    assert why(refused) == [reason]


def test_a_kit_that_is_out_or_not_ready_is_not_shelved(database: Database, cast: Cast) -> None:
    ask(database, cast, ADA)
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        shelve(database, cast)
    assert why(refused) == [Reason.ON_LOAN_TO_ANOTHER]
    receive(database, cast)
    with pytest.raises(Refused) as refused:
        shelve(database, cast)
    assert why(refused) == [Reason.NOT_INSPECTED]


def test_a_kit_on_the_shelf_for_somebody_stays_there(database: Database, cast: Cast) -> None:
    ask(database, cast, ADA)
    shelve(database, cast)
    for again in (shelve, clear):
        with pytest.raises(Refused) as refused:
            again(database, cast)
        assert why(refused) == [Reason.PROMISED_TO_ANOTHER]
    with pytest.raises(Refused) as refused:
        lend(database, cast)
    assert Reason.PROMISED_TO_ANOTHER in why(refused)


def test_the_kit_on_the_shelf_is_handed_out_to_its_patron(database: Database, cast: Cast) -> None:
    luis = ask(database, cast, LUIS)
    shelve(database, cast)
    lend(database, cast)
    assert state(database, luis.reservation) is ReservationState.PICKED_UP
    no_law_is_broken(database)


def test_case_15_what_is_not_collected_expires_and_the_next_is_told_and_no_walk_in_gets_it(
    database: Database, cast: Cast
) -> None:
    mended(database, OTHER_OPEN_KIT)
    ada, mina = ask(database, cast, ADA), ask(database, cast, MINA)
    shelve(database, cast)
    assert sweep(database, cast, SEVEN_OPEN_DAYS_LATER - timedelta(minutes=1)) == 0
    assert sweep(database, cast, SEVEN_OPEN_DAYS_LATER) == 1
    assert state(database, ada.reservation) is ReservationState.EXPIRED
    assert state(database, mina.reservation) is ReservationState.PROMISED
    assert kit_row(database).state is KitState.ON_SHELF
    told = {(row.subject, row.step): row.state for row in rows(database, Notice, Notice.step.not_in(ASKED))}
    assert told == {
        (f"reservation:{ada.reservation}", READY_NOTICE): NoticeState.CANCELLED,
        (f"reservation:{ada.reservation}", EXPIRED_NOTICE): NoticeState.PENDING,
        (f"reservation:{mina.reservation}", PROMISED_NOTICE): NoticeState.PENDING,
    }
    with pytest.raises(Refused) as refused:
        lend(database, cast, at=SEVEN_OPEN_DAYS_LATER)
    assert why(refused) == [Reason.NEEDED_FOR_PROMISES]
    assert sweep(database, cast, SEVEN_OPEN_DAYS_LATER) == 0
    bound = clear(database, cast, at=SEVEN_OPEN_DAYS_LATER)
    assert isinstance(bound, Captured)
    assert bound.reservation == mina.reservation
    no_law_is_broken(database)


def test_who_did_not_collect_may_queue_again(database: Database, cast: Cast) -> None:
    mended(database, OTHER_OPEN_KIT)
    ask(database, cast, ADA)
    ask(database, cast, MINA)
    shelve(database, cast)
    sweep(database, cast, SEVEN_OPEN_DAYS_LATER)
    again = ask(database, cast, ADA, at=SEVEN_OPEN_DAYS_LATER)
    assert (again.state, again.position) == (ReservationState.WAITING, 1)


def test_a_seat_outlives_the_promise_that_was_not_collected(database: Database, cast: Cast) -> None:
    shelve(database, cast, KIT)
    assert sweep(database, cast, SEVEN_OPEN_DAYS_LATER) == 1
    with database.read() as session:
        assert session.scalars(select(Enrolment.state)).one() is EnrolmentState.ENROLLED


def test_a_kit_that_nobody_is_promised_goes_back_to_the_free_ones(database: Database, cast: Cast) -> None:
    ada = ask(database, cast, ADA)
    shelve(database, cast)
    database.act(lambda s: cancel(s, reservation=ada.reservation, reason="moved away", at=NOW, by=cast.ben))
    assert kit_row(database).state is KitState.ON_SHELF
    assert only(database, Notice, Notice.step == READY_NOTICE).state is NoticeState.CANCELLED
    assert clear(database, cast) == PutBack(OPEN_KIT)
    assert kit_row(database).state is KitState.AVAILABLE
    with pytest.raises(Refused) as refused:
        clear(database, cast)
    assert why(refused) == [Reason.WRONG_STATE]


def test_a_kit_that_is_missing_from_the_shelf_is_replaced_by_a_free_one(database: Database, cast: Cast) -> None:
    ada = ask(database, cast, ADA)
    shelve(database, cast)
    database.act(lambda session: declare_missing(session, kit=OPEN_KIT, at=NOW, by=cast.eli))
    assert state(database, ada.reservation) is ReservationState.PROMISED
    assert only(database, Notice, Notice.step == READY_NOTICE).state is NoticeState.CANCELLED
    assert shelve(database, cast, OTHER_OPEN_KIT).reservation == ada.reservation


def test_the_shelf_of_another_branch_is_not_theirs(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        database.act(lambda s: capture(s, kit=OTHER_KIT, branch_id=cast.ela, at=NOW, by=cast.cleo))
    assert why(refused) == [Reason.NOT_PERMITTED]


def test_another_kit_fulfils_the_promise_and_the_one_on_the_shelf_goes_back(database: Database, cast: Cast) -> None:
    luis = ask(database, cast, LUIS)
    shelve(database, cast)
    lend(database, cast, OTHER_OPEN_KIT)
    assert state(database, luis.reservation) is ReservationState.PICKED_UP
    no_law_is_broken(database)
    database.act(lambda session: undo(session, at=NOW, by=cast.ben))
    assert state(database, luis.reservation) is ReservationState.READY, "with the kit that lies there still"
    no_law_is_broken(database)


def test_of_two_promises_a_kit_on_the_shelf_fulfils_its_own(database: Database, cast: Cast) -> None:
    """Ada's session comes first, but the kit in her hands lay there for nobody's session."""
    shelve(database, cast, KIT)
    sessions = only(database, Reservation).public_id
    opens = ask(database, cast, ADA)
    shelve(database, cast)
    lend(database, cast, OPEN_KIT, ADA)
    assert state(database, opens.reservation) is ReservationState.PICKED_UP
    assert state(database, sessions) is ReservationState.READY
