"""A cohort is changed and its kits follow, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lending.circulation.checkout import check_out
from lending.circulation.lost import claim_returned, declare_lost
from lending.circulation.redating import Redating, Thing, Why
from lending.circulation.renewal import set_due_date
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import EnrolmentState, ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.branches import Closure
from lending.models.cohorts import Cohort, Enrolment, Pool, Workshop, WorkshopMode
from lending.models.journal import JournalEntry
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.notices import Notice, NoticeState
from lending.models.policies import Policy
from lending.models.reservations import Reservation
from lending.programs.enrolment import enrol
from lending.programs.plans import CohortChange
from lending.programs.pools import PoolPlan
from lending.programs.redating import COHORT_MOVED, change_cohort, preview_change
from lending.programs.withdrawal import withdraw
from tests.cast import ADA, KIT, LONG_AGO, LUIS, MINA, NOW, OTHER_KIT, Cast

LATER, SOON = date(2026, 4, 17), date(2026, 3, 6)
FRIDAY = date(2026, 4, 10)


def change(database: Database, cast: Cast, *, at: datetime = NOW, by: Actor | None = None, **what: Any) -> Redating:
    """Dora changes Work Ready 7, whose kits are due on Friday, 10 April."""
    seen = what.pop("seen", None)
    given = CohortChange(**what)
    return database.act(
        lambda session: change_cohort(session, cohort="WR-7", change=given, seen=seen, at=at, by=by or cast.dora)
    )


def preview(database: Database, cast: Cast, **what: Any) -> Redating:
    """What that would change."""
    with database.read() as session:
        return preview_change(session, cohort="WR-7", change=CohortChange(**what), at=NOW, by=cast.dora)


def blocks(database: Database, cast: Cast, **what: Any) -> list[Block]:
    """Why it is refused."""
    with pytest.raises(Refused) as refusal:
        change(database, cast, **what)
    return list(refusal.value.blocks)


def out(database: Database, cast: Cast, kit: str = KIT, card: str = ADA) -> str:
    """Ben hands out a kit; gives the loan's public id."""
    return database.act(
        lambda session: check_out(session, kit=kit, patron=card, branch_id=cast.ela, at=NOW, by=cast.ben)
    ).loan


def join(database: Database, cast: Cast, card: str) -> str:
    """Ben enrols somebody with a kit; gives the enrolment's public id."""
    by = cast.ben
    return database.act(
        lambda session: enrol(session, patron=card, cohort="WR-7", pickup_branch_id=cast.ela, at=NOW, by=by)
    ).enrolment


def every(database: Database, chosen: Any) -> list[Any]:
    """All that a statement finds."""
    with database.read() as session:
        return list(session.scalars(chosen))


def due_on(database: Database, loan: str) -> date:
    """The UTC day a loan is due on, less the evening: its day in Los Angeles."""
    due_at: datetime
    [due_at] = every(database, select(Loan.due_at).where(Loan.public_id == loan))
    return (due_at - timedelta(hours=7)).date()


# --- Later ---


def test_a_cohort_that_ends_later_gives_its_loans_a_new_term_a_notice_and_a_journal_row(
    database: Database, cast: Cast
) -> None:
    loan = out(database, cast)
    answer = change(database, cast, ends_on=LATER)
    assert [(line.thing, line.label, line.why) for line in answer.moved] == [(Thing.LOAN, KIT, Why.COHORT_MOVED)]
    assert due_on(database, loan) == LATER
    [term] = every(database, select(LoanTerm).where(LoanTerm.n == 2))
    assert (term.kind, term.rule, term.cohort_id) == (TermKind.COHORT_MOVED, "cohort_return_by", cast.cohort)
    [notice] = every(database, select(Notice).where(Notice.step == COHORT_MOVED))
    assert (notice.patron_id, notice.term, notice.state) == (cast.ada_id, 2, NoticeState.PENDING)
    [entry] = every(database, select(JournalEntry).where(JournalEntry.verb == "move_due_date"))
    assert (entry.detail["due_on"], entry.detail["why"], entry.loan_id) == ("2026-04-17", "cohort_moved", term.loan_id)
    [whole] = every(database, select(JournalEntry).where(JournalEntry.verb == "change_cohort"))
    assert whole.detail == answer.as_detail()


def test_case_2_a_cohort_moved_to_memorial_day_is_due_on_tuesday(database: Database, cast: Cast) -> None:
    loan = out(database, cast)
    monday = date(2026, 5, 25)
    database.act(lambda session: session.add(Closure(starts_on=monday, ends_on=monday, reason="Memorial Day")))
    change(database, cast, ends_on=monday)
    assert due_on(database, loan) == date(2026, 5, 26)


def test_a_session_that_is_moved_leaves_a_holidays_day_behind(database: Database, cast: Cast) -> None:
    """The last workshop is on Thursday, Friday the 10th is closed, so kits come back on Saturday: by nobody's hand."""
    thursday = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)

    def found(session: Any) -> None:
        session.add(Closure(starts_on=FRIDAY, ends_on=FRIDAY, reason="Holiday"))
        session.get_one(Cohort, cast.cohort).return_by = date(2026, 4, 11)
        session.add(
            Workshop(
                cohort_id=cast.cohort,
                n=1,
                title="Last",
                starts_at=thursday,
                ends_at=thursday + timedelta(hours=1),
                mode=WorkshopMode.VIRTUAL,
            )
        )

    database.act(found)
    change(database, cast, ends_on=LATER)
    assert every(database, select(Cohort.return_by)) == [LATER]


def test_a_session_is_not_shortened_past_a_workshop_which_is_named(database: Database, cast: Cast) -> None:
    thursday = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)

    def found(session: Any) -> None:
        session.add(
            Workshop(
                cohort_id=cast.cohort,
                n=6,
                title="Workshop 6",
                starts_at=thursday,
                ends_at=thursday + timedelta(hours=1),
                mode=WorkshopMode.VIRTUAL,
            )
        )

    database.act(found)
    named = {"workshop": "Workshop 6", "on": date(2026, 4, 9)}
    assert blocks(database, cast, ends_on=date(2026, 4, 8)) == [Block(Reason.WORKSHOP_OUTSIDE_SESSION, named)]


def test_closing_is_at_the_branchs_wall_clock_after_the_clocks_change(database: Database, cast: Cast) -> None:
    """Work Ready 7 begins before 8 March and ends after it: Friday closes at 18:00, which is an hour earlier in UTC."""
    loan = out(database, cast)
    change(database, cast, return_by=LATER)
    assert every(database, select(Loan.due_at).where(Loan.public_id == loan)) == [datetime(2026, 4, 18, 1, tzinfo=UTC)]


def test_people_without_a_kit_are_told_too_and_nobody_twice(database: Database, cast: Cast) -> None:
    out(database, cast)
    join(database, cast, LUIS)
    change(database, cast, ends_on=LATER)
    told = every(database, select(Notice.patron_id).where(Notice.step == COHORT_MOVED).order_by(Notice.patron_id))
    assert told == sorted([cast.ada_id, cast.luis_id])


def test_a_second_move_is_told_again(database: Database, cast: Cast) -> None:
    out(database, cast)
    change(database, cast, ends_on=LATER)
    change(database, cast, ends_on=LATER + timedelta(days=7))
    assert len(every(database, select(Notice.id).where(Notice.step == COHORT_MOVED))) == 2
    pending = select(Notice.term).where(Notice.step == COHORT_MOVED, Notice.state == NoticeState.PENDING)
    assert every(database, pending) == [3], "of a date that no longer holds nothing is sent"


# --- Earlier ---


def test_a_cohort_that_ends_earlier_leaves_seven_days(database: Database, cast: Cast) -> None:
    loan = out(database, cast)
    answer = change(database, cast, ends_on=SOON, return_by=SOON)
    [line] = answer.moved
    assert line.why is Why.AS_EARLY_AS_NOTICE_ALLOWS
    assert due_on(database, loan) == NOW.date() + timedelta(days=7)


def test_a_date_within_the_notice_stays_and_says_why(database: Database, cast: Cast) -> None:
    loan = out(database, cast)
    answer = change(database, cast, at=NOW + timedelta(days=34), ends_on=date(2026, 4, 7), return_by=date(2026, 4, 7))
    assert [(line.label, line.why) for line in answer.stays] == [(KIT, Why.NO_NOTICE_LEFT)]
    assert (answer.moved, due_on(database, loan)) == ((), FRIDAY)


# --- What stays ---


def test_a_date_that_is_a_persons_own_stays(database: Database, cast: Cast) -> None:
    by_hand = out(database, cast)
    on = date(2026, 3, 25)
    database.act(lambda s: set_due_date(s, kit=KIT, on=on, reason="moves away", at=NOW, by=cast.eli))
    seat = join(database, cast, LUIS)
    shortened = out(database, cast, OTHER_KIT, LUIS)
    database.act(lambda s: withdraw(s, enrolment=seat, at=NOW, by=cast.ben))
    answer = change(database, cast, ends_on=LATER)
    assert [(line.label, line.why) for line in answer.stays] == [(KIT, Why.BY_HAND), (OTHER_KIT, Why.SHORTENED)]
    assert answer.moved == ()
    assert (due_on(database, by_hand), due_on(database, shortened)) == (on, NOW.date() + timedelta(days=7))


def test_who_left_in_the_last_days_gets_no_more_time(database: Database, cast: Cast) -> None:
    out(database, cast)
    late = NOW + timedelta(days=35)
    [seat] = every(database, select(Enrolment.public_id).where(Enrolment.patron_id == cast.ada_id))
    database.act(lambda s: withdraw(s, enrolment=seat, at=late, by=cast.ben))
    assert [line.why for line in change(database, cast, at=late, ends_on=LATER).stays] == [Why.LEFT]


@pytest.mark.parametrize(("end", "why"), [("lost", Why.LOST), ("claimed", Why.CLAIMED)])
def test_a_lost_or_claimed_loan_is_not_touched(database: Database, cast: Cast, end: str, why: Why) -> None:
    loan = out(database, cast)
    if end == "lost":
        database.act(lambda s: declare_lost(s, kit=KIT, at=NOW, by=cast.eli))
    else:
        database.act(lambda s: claim_returned(s, kit=KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    assert [line.why for line in change(database, cast, ends_on=LATER).stays] == [why]
    assert (due_on(database, loan), every(database, select(Loan.term))) == (FRIDAY, [1])


def test_a_change_of_other_things_moves_no_date(database: Database, cast: Cast) -> None:
    out(database, cast)
    answer = change(database, cast, name="Work Ready Seven", partners="Goodwill", first_day_mandatory=True)
    assert (answer.moved, answer.stays) == ((), ())
    assert {line.field for line in answer.changed} == {"name", "partners", "first_day_mandatory"}
    assert every(database, select(Notice.id).where(Notice.step == COHORT_MOVED)) == []


# --- Promises and the hold shelf ---


def ready(database: Database, cast: Cast, until: datetime) -> None:
    """Ada's kit lies on the hold shelf since this morning."""

    def write(session: Any) -> None:
        row = session.scalars(select(Reservation).where(Reservation.patron_id == cast.ada_id)).one()
        row._state, row.ready_at, row.ready_until = ReservationState.READY, NOW, until

    database.act(write)


def test_the_shelf_follows_the_first_day_of_pick_up(database: Database, cast: Cast) -> None:
    ready(database, cast, datetime(2026, 3, 12, 3, tzinfo=UTC))
    answer = change(database, cast, starts_on=date(2026, 3, 17), ends_on=LATER)
    [line] = [line for line in answer.moved if line.thing is Thing.SHELF]
    assert (line.was, line.becomes) == (datetime(2026, 3, 12, 3, tzinfo=UTC), datetime(2026, 3, 19, 3, tzinfo=UTC))
    assert every(database, select(Reservation.ready_until)) == [line.becomes]
    assert every(database, select(JournalEntry.verb).where(JournalEntry.verb == "move_shelf_date"))


def test_a_shelf_date_comes_earlier_only_with_notice(database: Database, cast: Cast) -> None:
    """The first day of pick-up comes forward from the 16th: the kit would wait until the 11th, and does."""
    change(database, cast, pickup_from=date(2026, 3, 16), starts_on=date(2026, 3, 16))
    ready(database, cast, datetime(2026, 3, 25, 3, tzinfo=UTC))
    [line] = [line for line in change(database, cast, pickup_from=date(2026, 3, 2)).moved if line.thing is Thing.SHELF]
    assert line.becomes == datetime(2026, 3, 12, 3, tzinfo=UTC)


def test_a_promise_that_is_not_on_the_shelf_yet_is_listed_with_its_new_day(database: Database, cast: Cast) -> None:
    [line] = change(database, cast, pickup_from=date(2026, 3, 2)).moved
    assert (line.thing, line.label) == (Thing.PROMISE, "K7QD")
    assert line.becomes == datetime(2026, 3, 2, 8, tzinfo=UTC)


# --- The plan itself ---


def workshops(database: Database, cast: Cast) -> None:
    """Two Tuesdays at 18:00, one of them today; the clocks change between them."""

    def add(session: Any) -> None:
        for n, day in enumerate((datetime(2026, 3, 4, 2, tzinfo=UTC), datetime(2026, 3, 18, 1, tzinfo=UTC)), start=1):
            end = day + timedelta(minutes=90)
            session.add(Workshop(cohort_id=cast.cohort, n=n, title=f"Week {n}", starts_at=day, ends_at=end))

    database.act(add)


def test_who_moves_the_first_day_moves_the_session(database: Database, cast: Cast) -> None:
    workshops(database, cast)
    answer = change(database, cast, starts_on=date(2026, 3, 10))
    assert {line.field: line.becomes for line in answer.changed} == {
        "starts_on": "2026-03-10",
        "ends_on": "2026-04-17",
        "return_by": "2026-04-17",
        "pickup_from": "2026-03-03",
    }
    starts = every(database, select(Workshop.starts_at).order_by(Workshop.n))
    assert starts == [datetime(2026, 3, 11, 1, tzinfo=UTC), datetime(2026, 3, 25, 1, tzinfo=UTC)], "18:00 as before"


def test_a_workshop_that_was_held_stays(database: Database, cast: Cast) -> None:
    workshops(database, cast)
    answer = change(database, cast, at=NOW + timedelta(days=2), starts_on=date(2026, 3, 4))
    assert [line.why for line in answer.stays] == [Why.HELD_ALREADY]
    assert [line.label for line in answer.moved if line.thing is Thing.WORKSHOP] == ["Week 2"]


def test_workshops_on_closed_days_are_told(database: Database, cast: Cast) -> None:
    workshops(database, cast)
    day = date(2026, 3, 24)
    database.act(lambda session: session.add(Closure(starts_on=day, ends_on=day, reason="Staff day")))
    assert change(database, cast, starts_on=date(2026, 3, 10)).closed_on == (day,)


def test_a_change_that_does_not_hold_together_is_refused_whole(database: Database, cast: Cast) -> None:
    workshops(database, cast)
    found = blocks(database, cast, name=" ", ends_on=date(2026, 3, 10), pickup_from=LATER, capacity=0)
    assert [(block.reason, block.detail.get("field")) for block in found] == [
        (Reason.VALUE_MISSING, "name"),
        (Reason.VALUE_WRONG, "pickup_from"),
        (Reason.VALUE_WRONG, "capacity"),
    ]
    assert every(database, select(JournalEntry.id)) == []


def test_kits_never_come_back_on_a_day_that_has_passed(database: Database, cast: Cast) -> None:
    found = blocks(database, cast, at=NOW + timedelta(days=20), ends_on=date(2026, 3, 9), return_by=date(2026, 3, 9))
    assert [block.reason for block in found] == [Reason.DATE_IN_THE_PAST]


def test_a_pool_is_not_made_smaller_than_its_promises_nor_larger_than_its_stock(database: Database, cast: Cast) -> None:
    join(database, cast, LUIS)
    out(database, cast)
    [small] = blocks(database, cast, pools=[PoolPlan(cast.ela, "work-ready", 1)])
    assert (small.reason, small.detail["out"]) == (Reason.POOL_BELOW_PROMISES, 2)
    [large] = blocks(database, cast, pools=[PoolPlan(cast.ela, "work-ready", 4)])
    assert (large.reason, large.detail["left"]) == (Reason.POOL_EXCEEDS_STOCK, 3)
    [none] = blocks(database, cast, pools=[PoolPlan(cast.com, "laptop-hotspot", 1)])
    assert none.reason is Reason.POOL_EXCEEDS_STOCK


def test_a_lost_kit_does_not_keep_a_cohort_from_being_moved(database: Database, cast: Cast) -> None:
    change(database, cast, pools=[PoolPlan(cast.ela, "work-ready", 3)])
    out(database, cast)
    database.act(lambda s: declare_lost(s, kit=KIT, at=NOW, by=cast.eli))
    assert change(database, cast, ends_on=LATER).of == "WR-7"


def test_a_longer_span_that_the_next_cohort_needs_the_kits_of_is_refused(database: Database, cast: Cast) -> None:
    def next_one(session: Any) -> None:
        cohort = Cohort(
            code="WR-8",
            program_id=cast.program,
            name="Work Ready 8",
            starts_on=date(2026, 4, 20),
            ends_on=date(2026, 5, 29),
            return_by=date(2026, 5, 29),
            pickup_from=date(2026, 4, 13),
            capacity=20,
            created_at=LONG_AGO,
        )
        session.add(cohort)
        session.flush()
        stock_id = session.scalars(select(Pool.stock_id).where(Pool.kits == 2)).one()
        session.add(Pool(cohort_id=cohort.id, stock_id=stock_id, kits=2))

    database.act(next_one)
    [block] = blocks(database, cast, ends_on=LATER)
    assert (block.reason, block.detail["left"]) == (Reason.POOL_EXCEEDS_STOCK, 1)


def test_more_seats_and_kits_go_to_those_who_wait_in_order(database: Database, cast: Cast) -> None:
    change(database, cast, capacity=1)
    for card in (LUIS, MINA):
        join(database, cast, card)
    answer = preview(database, cast, capacity=3, pools=[PoolPlan(cast.ela, "work-ready", 3)])
    assert answer.counts == {"seats": 2, "kits": 2}
    change(database, cast, capacity=3, pools=[PoolPlan(cast.ela, "work-ready", 3)])
    assert set(every(database, select(Enrolment.state))) == {EnrolmentState.ENROLLED}
    assert set(every(database, select(Reservation.state))) == {ReservationState.PROMISED}


def test_seats_that_are_taken_are_not_taken_away(database: Database, cast: Cast) -> None:
    join(database, cast, LUIS)
    [block] = blocks(database, cast, capacity=1)
    assert (block.reason, block.detail["out"]) == (Reason.CAPACITY_BELOW_SEATS, 2)
    change(database, cast, capacity=2)


# --- Preview and act ---


def test_a_preview_lists_what_the_act_then_does_and_changes_nothing(database: Database, cast: Cast) -> None:
    workshops(database, cast)
    out(database, cast)
    join(database, cast, LUIS)
    before = every(database, select(func.count()).select_from(JournalEntry))
    seen = preview(database, cast, starts_on=date(2026, 3, 10))
    assert every(database, select(func.count()).select_from(JournalEntry)) == before
    assert change(database, cast, starts_on=date(2026, 3, 10), seen=seen.digest) == seen
    assert {line.thing for line in seen.moved} == {Thing.LOAN, Thing.PROMISE, Thing.WORKSHOP}


def test_a_preview_that_no_longer_holds_confirms_nothing(database: Database, cast: Cast) -> None:
    seen = preview(database, cast, ends_on=LATER)
    out(database, cast)
    [block] = blocks(database, cast, ends_on=LATER, seen=seen.digest)
    assert block.reason is Reason.PREVIEW_OUTDATED
    assert every(database, select(Cohort.return_by)) == [FRIDAY]


def test_only_the_lead_of_the_programme_and_administrators_change_a_cohort(database: Database, cast: Cast) -> None:
    for by in (cast.ben, cast.cleo):
        assert [block.reason for block in blocks(database, cast, by=by, ends_on=LATER)] == [Reason.NOT_PERMITTED]
    assert change(database, cast, by=cast.eli, ends_on=LATER).of == "WR-7"


def test_case_12_new_loan_rules_leave_the_dates_of_a_running_cohort_alone(database: Database, cast: Cast) -> None:
    loan = out(database, cast)
    hourly = Policy(valid_from=NOW, loan_days=7, notice_days=1, shelf_open_days=1)
    database.act(lambda session: session.add(hourly))
    answer = change(database, cast, at=NOW + timedelta(days=1), name="Work Ready Seven")
    assert (answer.moved, due_on(database, loan)) == ((), FRIDAY)
