"""Kits used in the library or at an event: in nobody's loan, never a check-out, back by the ordinary scan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.in_library import InUse, UseEnded, end_use, use_kit
from lending.circulation.kits import declare_missing, find
from lending.circulation.merging import merge
from lending.circulation.overdue import Stretch, climb
from lending.circulation.returns import Next, return_kit
from lending.circulation.undo import Undone, undo
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.ladders import DEFAULT
from lending.domain.states import KitState
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus, Workshop
from lending.models.counts import DailyCount
from lending.models.in_library import KitUse, UseEnd
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.notices import Notice
from lending.models.people import Patron
from lending.models.reservations import Reservation
from lending.programs.hiring import EventPlan, cancel_event, plan_event
from lending.queries.invariants import INVARIANTS
from tests.cast import ADA, COMPTON_KIT, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, THIRD_KIT, Cast
from tests.cast import kit as put_kit
from tests.circulation.kits_in_hand import block, kit_row, look, only, rows, seen, why
from tests.programs.meetings import meeting
from tests.races import race, without_locks

CLOSING = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
"""Tuesday, 20:00 in Los Angeles."""

EXPO = EventPlan("Hiring expo", NOW + timedelta(hours=1), NOW + timedelta(hours=4))


def take(
    database: Database,
    cast: Cast,
    kit: str = OPEN_KIT,
    *,
    at: datetime = NOW,
    patron: str | None = None,
    workshop: str | None = None,
    expo: str | None = None,
) -> InUse:
    """Ben hands a kit out for use at East Los Angeles."""
    return database.act(
        lambda session: use_kit(
            session,
            kit=kit,
            branch_id=cast.ela,
            patron=patron,
            workshop=workshop,
            hiring_event=expo,
            at=at,
            by=cast.ben,
        )
    )


def bring(
    database: Database, cast: Cast, kit: str = OPEN_KIT, *, at: datetime = NOW, by: Actor | None = None
) -> UseEnded:
    """Ben, or somebody at their own branch, takes it back."""
    who = by or cast.ben
    (branch_id,) = who.branch_ids
    return database.act(lambda session: end_use(session, kit=kit, branch_id=branch_id, at=at, by=who))


def expo(database: Database, cast: Cast, plan: EventPlan = EXPO) -> str:
    """A hiring event of East Los Angeles."""
    return database.act(lambda session: plan_event(session, branch_id=cast.ela, plan=plan, at=NOW, by=cast.ben)).event


def counted(database: Database) -> dict[str, int]:
    return {row.counter: row.n for row in rows(database, DailyCount) if row.n}


def whole(database: Database) -> bool:
    """Whether every law of the data holds."""
    with database.snapshot() as session:
        return not any(law.find(session) for law in INVARIANTS)


def undone(database: Database, cast: Cast, *, at: datetime = NOW) -> Undone:
    return database.act(lambda session: undo(session, at=at, by=cast.ben))


def test_a_kit_used_in_the_library_is_due_at_closing_and_is_no_check_out(database: Database, cast: Cast) -> None:
    used = take(database, cast)
    assert (used.due_at, used.event, used.patron_name) == (CLOSING, None, "")
    assert kit_row(database).state is KitState.IN_USE
    assert counted(database) == {"in_library": 1}
    assert rows(database, Loan) == []
    assert whole(database)


def test_it_comes_back_by_the_ordinary_scan_and_goes_to_inspection(database: Database, cast: Cast) -> None:
    take(database, cast)
    back = bring(database, cast)
    assert (back.next, back.late) == (Next.INSPECTION, False)
    assert look(database, cast, seen(database)).kit_state is KitState.AVAILABLE
    assert only(database, KitUse).end is UseEnd.RETURNED
    assert counted(database) == {"in_library": 1}
    assert whole(database)


def test_whoever_shows_a_card_keeps_the_one_kit_that_they_may_borrow(database: Database, cast: Cast) -> None:
    assert take(database, cast, patron=LUIS).patron_name == "Luis R."
    database.act(
        lambda session: check_out(session, kit=OTHER_OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=cast.ben)
    )
    assert only(database, KitUse).patron_id == cast.luis_id
    assert whole(database)


def test_left_open_at_closing_nobody_is_written_to_and_the_kit_cannot_be_lent(database: Database, cast: Cast) -> None:
    take(database, cast, patron=LUIS)
    weeks_on = NOW + timedelta(days=22)
    stretch = Stretch(cast.ela, cast.laptop_hotspot)
    database.act(lambda session: climb(session, stretch, DEFAULT, at=weeks_on, by=cast.system, limit=100))
    assert rows(database, Notice) == []
    with pytest.raises(Refused) as refused:
        database.act(
            lambda session: check_out(session, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=weeks_on, by=cast.ben)
        )
    assert why(refused) == [Reason.IN_USE]
    assert bring(database, cast, at=weeks_on).late
    assert counted(database) == {"in_library": 1}


def test_a_manager_may_declare_it_missing_and_it_may_turn_up(database: Database, cast: Cast) -> None:
    take(database, cast)
    database.act(lambda session: declare_missing(session, kit=OPEN_KIT, at=CLOSING, by=cast.eli))
    assert only(database, KitUse).end is UseEnd.MISSING
    assert whole(database)
    database.act(lambda session: find(session, kit=OPEN_KIT, branch_id=cast.ela, at=CLOSING, by=cast.eli))
    assert kit_row(database).state is KitState.TO_INSPECT


def test_a_return_of_a_loan_knows_nothing_of_it(database: Database, cast: Cast) -> None:
    take(database, cast)
    with pytest.raises(Refused) as refused:
        database.act(lambda session: return_kit(session, kit=OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    assert why(refused) == [Reason.NOT_ON_LOAN]


@pytest.mark.parametrize(
    ("at", "reason"),
    [(CLOSING, Reason.NO_OPEN_DAY), (datetime(2026, 3, 8, 19, 0, tzinfo=UTC), Reason.NO_OPEN_DAY)],
    ids=["after closing", "on a Sunday"],
)
def test_a_library_that_is_closed_has_nobody_in_it(
    database: Database, cast: Cast, at: datetime, reason: Reason
) -> None:
    with pytest.raises(Refused) as refused:
        take(database, cast, at=at)
    assert why(refused) == [reason]


def test_all_that_stands_against_it_is_told_at_once(database: Database, cast: Cast) -> None:
    def spoil(session: Session) -> None:
        session.execute(update(Kit).where(Kit.barcode == OPEN_KIT).values(state=KitState.REPAIR, branch_id=cast.com))
        session.execute(update(Patron).where(Patron.id == cast.luis_id).values(blocked_reason="Ask the manager"))

    database.act(spoil)
    with pytest.raises(Refused) as refused:
        take(database, cast, patron=LUIS, at=CLOSING)
    reasons = [Reason.IN_REPAIR, Reason.AT_ANOTHER_BRANCH, Reason.CARD_BLOCKED, Reason.NO_OPEN_DAY]
    assert why(refused) == reasons
    assert rows(database, KitUse) == []


def test_a_kit_on_the_hold_shelf_is_somebodys(database: Database, cast: Cast) -> None:
    database.act(
        lambda s: s.execute(update(Kit).where(Kit.barcode == OPEN_KIT).values(state=KitState.ON_SHELF)) and None
    )
    with pytest.raises(Refused) as refused:
        take(database, cast)
    assert why(refused) == [Reason.PROMISED_TO_ANOTHER]


def test_another_branchs_kit_is_not_used_here_and_a_lead_hands_out_none(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        take(database, cast, COMPTON_KIT)
    assert why(refused) == [Reason.AT_ANOTHER_BRANCH]
    with pytest.raises(Refused) as refused:
        database.act(lambda s: use_kit(s, kit=OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.dora))
    assert why(refused) == [Reason.NOT_PERMITTED]


def test_what_a_session_has_still_to_hand_out_is_not_used(database: Database, cast: Cast) -> None:
    take(database, cast, THIRD_KIT)
    with pytest.raises(Refused) as refused:
        take(database, cast, OTHER_KIT)
    assert block(refused).reason is Reason.NEEDED_FOR_PROMISES


def using(cast: Cast, kit: str) -> Callable[[Session], InUse]:
    by = cast.ben
    return lambda session: use_kit(session, kit=kit, branch_id=cast.ela, at=NOW, by=by)


def test_the_last_kit_to_spare_is_used_once(database: Database, cast: Cast) -> None:
    outcome = race(database, using(cast, KIT), using(cast, THIRD_KIT))
    assert (len(outcome.done), outcome.broken) == (1, [])
    assert outcome.refused == [[Reason.NEEDED_FOR_PROMISES]]


def test_without_the_lock_both_would_be_used(database: Database, cast: Cast) -> None:
    with without_locks(database):
        outcome = race(database, using(cast, KIT), using(cast, THIRD_KIT))
    assert (len(outcome.done), outcome.refused) == (2, [])


# --- At an event ------------------------------------------------------------------------------------------------------


def test_several_kits_go_to_a_workshop_and_come_back_without_a_check_out(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    for kit in (OPEN_KIT, OTHER_OPEN_KIT):
        used = take(database, cast, kit, workshop=workshop)
        assert (used.event, used.due_at) == ("Workshop 1", CLOSING)
    assert {use.workshop_id for use in rows(database, KitUse)} == {rows(database, Workshop)[0].id}
    assert counted(database) == {}
    for kit in (OPEN_KIT, OTHER_OPEN_KIT):
        bring(database, cast, kit)
    assert {use.end for use in rows(database, KitUse)} == {UseEnd.RETURNED}
    assert whole(database)


def test_another_branchs_event_looks_as_if_there_were_none(database: Database, cast: Cast) -> None:
    event = expo(database, cast)
    kit = "KIT-2060"
    database.act(lambda session: put_kit(session, kit, cast.laptop_hotspot, cast.com) and None)
    with pytest.raises(Refused) as refused:
        database.act(lambda s: use_kit(s, kit=kit, branch_id=cast.com, hiring_event=event, at=NOW, by=cast.cleo))
    assert why(refused) == [Reason.NOT_FOUND]
    workshop = meeting(database, cast)  # Compton lends kits of its session
    used = database.act(lambda s: use_kit(s, kit=kit, branch_id=cast.com, workshop=workshop, at=NOW, by=cast.cleo))
    assert used.event == "Workshop 1"


def test_an_event_after_closing_has_its_kits_back_by_the_next_one(database: Database, cast: Cast) -> None:
    late = EventPlan("Evening expo", NOW + timedelta(hours=9), NOW + timedelta(hours=12))
    used = take(database, cast, expo=expo(database, cast, late))
    assert used.due_at == CLOSING + timedelta(days=1)


def test_nothing_goes_to_an_event_that_is_over_or_cancelled(database: Database, cast: Cast) -> None:
    cancelled = expo(database, cast)
    database.act(lambda session: cancel_event(session, event=cancelled, at=NOW, by=cast.ben))
    over = expo(database, cast, EventPlan("Early expo", NOW - timedelta(hours=2), NOW - timedelta(hours=1)))
    workshop = meeting(database, cast)
    database.act(lambda session: session.execute(update(Cohort).values(status=CohortStatus.CANCELLED)) and None)
    for where in ({"expo": cancelled}, {"expo": over}, {"workshop": workshop}):
        with pytest.raises(Refused) as refused:
            take(database, cast, **where)
        assert why(refused) == [Reason.EVENT_OVER]
    for where in ({"expo": "bcdfghjkmnpqrstv"}, {"workshop": "bcdfghjkmnpqrstv"}):
        with pytest.raises(Refused) as refused:
            take(database, cast, **where)
        assert why(refused) == [Reason.NOT_FOUND]


def test_brought_back_to_another_branch_it_travels_home(database: Database, cast: Cast) -> None:
    take(database, cast, expo=expo(database, cast))
    back = bring(database, cast, by=cast.cleo)
    assert (back.next, back.owner) == (Next.TRANSIT, "East Los Angeles Library")
    row = kit_row(database)
    assert (row.branch_id, row.in_transit_to_id) == (cast.com, cast.ela)
    assert whole(database)


# --- Taken back ---------------------------------------------------------------------------------------------------


def test_a_use_is_undone_and_counted_backwards(database: Database, cast: Cast) -> None:
    take(database, cast)
    assert undone(database, cast) == Undone("in_library", OPEN_KIT, "")
    assert kit_row(database).state is KitState.AVAILABLE
    assert counted(database) == {"undone": 1}
    assert whole(database)


def test_the_end_of_a_use_is_undone(database: Database, cast: Cast) -> None:
    take(database, cast)
    bring(database, cast)
    assert undone(database, cast) == Undone("end_use", OPEN_KIT, "")
    assert kit_row(database).state is KitState.IN_USE
    assert whole(database)
    bring(database, cast)


def test_a_use_that_ended_elsewhere_meanwhile_is_not_undone(database: Database, cast: Cast) -> None:
    take(database, cast)
    elsewhere = cast.eli
    database.act(lambda session: end_use(session, kit=OPEN_KIT, branch_id=cast.ela, at=NOW, by=elsewhere))
    with pytest.raises(Refused) as refused:
        undone(database, cast)
    assert why(refused) == [Reason.CHANGED_SINCE]


def test_a_kit_that_is_in_use_is_nobodys_promise_until_it_is_ready(database: Database, cast: Cast) -> None:
    take(database, cast, THIRD_KIT)
    with database.read() as session:
        promised = session.scalars(select(Reservation.state)).all()
    assert promised == ["promised"]
    assert whole(database)


def test_a_merged_record_takes_its_uses_along(database: Database, cast: Cast) -> None:
    take(database, cast, patron=MINA)
    with database.read() as session:
        ids = {row.id: row.public_id for row in session.execute(select(Patron.id, Patron.public_id))}
    database.act(
        lambda session: merge(session, loser=ids[cast.mina_id], survivor=ids[cast.luis_id], at=NOW, by=cast.eli)
    )
    assert only(database, KitUse).patron_id == cast.luis_id
    with pytest.raises(Refused) as refused:
        take(database, cast, OTHER_OPEN_KIT, patron=MINA)
    assert why(refused) == [Reason.CARD_REPLACED]


def test_ada_keeps_the_kit_that_she_was_promised(database: Database, cast: Cast) -> None:
    take(database, cast, THIRD_KIT)
    out = database.act(lambda session: check_out(session, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    assert out.kit == KIT
