"""The demonstration: made through the verbs, whole, and with something to try on every screen."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from benchmarks.waits import AFTER, IN_RANGE, naive, replay
from lending import settings
from lending.circulation.calendars import branch_calendar
from lending.circulation.checkout import check_out
from lending.circulation.demonstration import check_removal, is_demonstration
from lending.cli.demonstration import PASSWORD, PIN, SIGN_INS, NotEmpty, Summary, make_demonstration
from lending.cli.demonstration.desk import free_kit
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.barcodes import CodeSpaces, is_imei, read
from lending.domain.periods import month_of
from lending.domain.permissions import Role
from lending.domain.states import EnrolmentState, KitState, LoanState, ReservationState
from lending.errors import Reason, Refused
from lending.library import Library
from lending.models.branches import Branch
from lending.models.charges import Charge
from lending.models.cohorts import Attendance, Cohort, Enrolment, HeadCount, RecordedViews, Workshop
from lending.models.counts import ClosedMonth
from lending.models.hiring import HiringEvent
from lending.models.in_library import KitUse
from lending.models.inquiries import InquiryTally
from lending.models.kits import Kit, KitType, Part
from lending.models.loans import Loan
from lending.models.outcomes import Captain, HeardOf, Registration, Story, Survey, SurveyAnswer
from lending.models.people import Card, Patron, Staff
from lending.models.referrals import Referral, ReferralOutcome
from lending.models.reservations import Reservation
from lending.models.stocktakes import Stocktake, StocktakeKit
from lending.passwords import matches
from lending.queries.closed_months import reported
from lending.queries.invariants import INVARIANTS
from lending.queries.waiting import waiting_range
from tests.databases import opened

TUESDAY = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
"""10:00 in Los Angeles."""
SUNDAY = datetime(2028, 2, 28, 7, 30, tzinfo=UTC)
"""23:30 on 27 February in Los Angeles, where most branches were closed all day."""


class Undone(Exception):
    """Raised to take back what a test only tried."""


@dataclass(frozen=True)
class Made:
    """A demonstration that was made, at an instant."""

    database: Database
    at: datetime
    today: date
    summary: Summary


@contextmanager
def made(folder: Path, at: datetime, seed: int = 7) -> Iterator[Made]:
    """A small demonstration in a file of its own."""
    with opened(f"sqlite:///{folder / 'library.db'}") as database:
        database.upgrade()
        library = Library(database, MovingClock(at), None, settings.load({}, instance=folder))
        summary = make_demonstration(library, seed=seed, size="tiny")
        with database.read() as session:
            branch = session.scalars(select(Branch.id).where(Branch.code == "ELA")).one()
            today = branch_calendar(session, branch, since=at.date()).local_date(at)
        yield Made(database, at, today, summary)


@pytest.fixture(scope="module")
def tuesday(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with made(tmp_path_factory.mktemp("tuesday"), TUESDAY) as demonstration:
        yield demonstration


@pytest.fixture(scope="module")
def sunday(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with made(tmp_path_factory.mktemp("sunday"), SUNDAY, seed=8) as demonstration:
        yield demonstration


@pytest.fixture(params=["tuesday", "sunday"])
def demonstration(request: pytest.FixtureRequest) -> Made:
    found: Made = request.getfixturevalue(request.param)
    return found


def every(demonstration: Made, chosen: Any) -> list[Any]:
    """All rows that a statement finds."""
    with demonstration.database.read() as session:
        return list(session.execute(chosen).all())


def count(demonstration: Made, chosen: Any) -> int:
    """How many rows a statement finds."""
    return len(every(demonstration, chosen))


def test_it_has_the_shape_of_the_programme(demonstration: Made) -> None:
    assert demonstration.summary.branches == count(demonstration, select(Branch.id)) == 20
    assert demonstration.summary.kits == count(demonstration, select(Kit.id))
    assert demonstration.summary.patrons == count(demonstration, select(Patron.id))
    assert set(every(demonstration, select(KitType.code, KitType.cohort_only))) == {
        ("work-ready", True),
        ("laptop-hotspot", False),
    }
    series = select(Cohort.starts_on, Cohort.return_by, Cohort.pickup_from).where(~Cohort.is_single)
    cohorts = every(demonstration, series.order_by(Cohort.starts_on))
    assert len(cohorts) == 7
    assert all(earlier.return_by < later.pickup_from for earlier, later in pairwise(cohorts))
    assert cohorts[-2].starts_on <= demonstration.today <= cohorts[-2].return_by
    assert demonstration.today < cohorts[-1].pickup_from
    per_cohort = select(Cohort.is_single, func.count(Workshop.id)).join(Workshop).group_by(Cohort.id)
    counted = Counter(tuple(row) for row in every(demonstration, per_cohort))
    assert counted == {(False, 6): 7, (True, 1): 19}


def test_a_year_of_inquiries_referrals_and_events_was_written_down(demonstration: Made) -> None:
    tallies = every(
        demonstration, select(InquiryTally.branch_id, func.sum(InquiryTally.n)).group_by(InquiryTally.branch_id)
    )
    assert len(tallies) == 2
    assert all(n > 500 for _, n in tallies)
    answers = {row.outcome for row in every(demonstration, select(Referral.outcome))}
    assert {None, ReferralOutcome.ENROLLED} <= answers
    events = every(demonstration, select(HiringEvent.attended, HiringEvent.hires, HiringEvent.starts_at))
    assert sorted(row.attended is None for row in events) == [False, False, False, True]
    assert [row.starts_at > demonstration.at for row in events].count(True) == 1


def test_what_people_said_and_did_without_a_kit_is_there_in_every_quarter(demonstration: Made) -> None:
    """So that no page of a manager is empty on the first day."""
    a_quarter_ago = demonstration.today - timedelta(days=91)
    for kind, on in ((HeardOf, HeardOf.day), (Story, Story.consented_on), (KitUse, func.date(KitUse.began_at))):
        assert count(demonstration, select(kind.id).where(on >= a_quarter_ago, on < demonstration.today)), kind
    answered = select(func.count()).select_from(SurveyAnswer).join(Survey)
    ((of_workshops,),) = every(demonstration, answered.where(Survey.workshop_id.is_not(None)))
    ((of_sessions,),) = every(demonstration, answered.where(Survey.cohort_id.is_not(None)))
    assert of_workshops >= 100
    assert of_sessions >= 5
    coming = select(Registration.id).join(Workshop).where(Workshop.starts_at > demonstration.at)
    assert count(demonstration, coming) >= 3
    assert count(demonstration, select(Captain.id).where(Captain.returned)) >= 5
    states = {
        state for (state,) in every(demonstration, select(Enrolment.state).join(Cohort).where(Cohort.code == "WR-1"))
    }
    assert EnrolmentState.COMPLETED in states
    assert EnrolmentState.ENROLLED not in states


def test_months_are_closed_but_the_last_and_one_figure_was_restated_since(demonstration: Made) -> None:
    last = month_of(demonstration.today).before()
    months = [row.month for row in every(demonstration, select(ClosedMonth.month).distinct())]
    assert last.first not in months
    assert last.before().first in months
    with demonstration.database.read() as session:
        ela = session.scalars(select(Branch.id).where(Branch.code == "ELA")).one()
        rows = reported(session, frozenset({ela}), last.before().first)
    assert [row.figure for row in rows if row.has_changed] == ["return"]


@pytest.mark.parametrize("code", ["ELA", "COM"])
def test_every_desk_screen_has_something_to_try(demonstration: Made, code: str) -> None:
    """At the two branches whose desks may sign in."""
    at = select(Branch.id).where(Branch.code == code).scalar_subquery()
    states = {
        state
        for (state,) in every(
            demonstration, select(Kit.state).where(Kit.branch_id == at, Kit.in_transit_to_id.is_(None))
        )
    }
    assert states >= {
        KitState.AVAILABLE,
        KitState.ON_LOAN,
        KitState.TO_INSPECT,
        KitState.TURNAROUND,
        KitState.INCOMPLETE,
        KitState.REPAIR,
        KitState.LOST,
        KitState.MISSING,
        KitState.WITHDRAWN,
    }
    out = every(demonstration, select(Loan.due_at).where(Loan.branch_id == at, Loan.state == LoanState.OUT))
    with demonstration.database.read() as session:
        calendar = branch_calendar(session, session.scalars(select(at)).one(), since=date(2025, 1, 1))
    due = [calendar.local_date(due_at) for (due_at,) in out]
    assert demonstration.today in due
    assert sum(on < demonstration.today for on in due) >= 2
    assert count(demonstration, select(Kit.id).where(Kit.in_transit_to_id == at)) >= 2
    assert count(demonstration, select(Loan.id).where(Loan.branch_id == at, Loan.state == LoanState.CLAIMED)) == 1
    assert count(demonstration, select(Loan.id).where(Loan.received_branch_id == at, Loan.book_drop)) >= 1
    for state in (ReservationState.PROMISED, ReservationState.WAITING):
        chosen = select(Reservation.id).where(Reservation.pickup_branch_id == at, Reservation.state == state)
        assert count(demonstration, chosen) >= 2
    theirs = Patron.home_branch_id == at
    assert count(demonstration, select(Patron.id).where(theirs, Patron.blocked_reason.is_not(None))) == 1
    assert count(demonstration, select(Patron.id).where(theirs, Patron.expires_on < demonstration.today)) == 1
    assert count(demonstration, select(Card.id).join(Card.patron).where(theirs, Card.ended_at.is_not(None))) == 1
    owed = select(func.sum(Charge.amount_cents)).where(Charge.branch_id == at, Charge.state == "owed")
    assert every(demonstration, owed.group_by(Charge.patron_id).having(func.sum(Charge.amount_cents) > 2000))


@pytest.mark.parametrize("code", ["ELA", "COM"])
def test_the_hold_shelf_has_kits_for_two_and_one_to_put_back(demonstration: Made, code: str) -> None:
    reservations = (
        select(Reservation.state, KitType.code, Kit.state)
        .join(Branch, Branch.id == Reservation.pickup_branch_id)
        .join(Kit, Kit.id == Reservation.kit_id)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .where(Branch.code == code, Reservation.state.in_([ReservationState.READY, ReservationState.EXPIRED]))
    )
    assert sorted(map(tuple, every(demonstration, reservations))) == [
        (ReservationState.EXPIRED, "laptop-hotspot", KitState.ON_SHELF),
        (ReservationState.READY, "laptop-hotspot", KitState.ON_SHELF),
        (ReservationState.READY, "work-ready", KitState.ON_SHELF),
    ]


@pytest.mark.parametrize("code", ["ELA", "COM"])
def test_a_stocktake_is_half_done(demonstration: Made, code: str) -> None:
    counted = (
        select(func.count(), func.count(StocktakeKit.seen_at))
        .join(Stocktake, Stocktake.id == StocktakeKit.stocktake_id)
        .join(Branch, Branch.id == Stocktake.branch_id)
        .where(Branch.code == code, Stocktake.ended_at.is_(None))
    )
    ((expected, seen),) = every(demonstration, counted)
    assert 0 < seen == expected // 2


def test_the_workshops_held_so_far_have_attendances_and_views_that_are_none(demonstration: Made) -> None:
    held = select(Workshop.id, Workshop.n).join(Cohort, Cohort.id == Workshop.cohort_id).where(Cohort.code == "WR-6")
    before = [row for row in every(demonstration, held) if row.n <= 2]
    for workshop, _n in before:
        assert count(demonstration, select(Attendance.id).where(Attendance.workshop_id == workshop)) >= 3
        assert count(demonstration, select(HeadCount.n).where(HeadCount.workshop_id == workshop)) == 1
        assert count(demonstration, select(RecordedViews.day).where(RecordedViews.workshop_id == workshop)) >= 2


def test_the_next_session_is_full_and_people_wait_for_its_seats_and_kits(demonstration: Made) -> None:
    seats = select(Enrolment.state).join(Cohort, Cohort.id == Enrolment.cohort_id).where(Cohort.code == "WR-7")
    states = [state for (state,) in every(demonstration, seats)]
    assert states.count(EnrolmentState.OFFERED) == states.count(EnrolmentState.WITHDRAWN) == 1
    assert states.count(EnrolmentState.WAITING) == 2
    capacity = every(demonstration, select(Cohort.capacity).where(Cohort.code == "WR-7"))
    assert capacity == [(states.count(EnrolmentState.ENROLLED) + 1,)]
    kits = select(Branch.code, Reservation.state).join(Branch, Branch.id == Reservation.pickup_branch_id)
    of_seats = kits.join(Enrolment, Enrolment.id == Reservation.enrolment_id).join(Cohort)
    chosen = of_seats.where(Cohort.code == "WR-7", Enrolment.state == EnrolmentState.ENROLLED)
    queues = [row.code for row in every(demonstration, chosen) if row.state is ReservationState.WAITING]
    assert {"ELA", "COM"} == set(queues)


def test_the_laws_of_the_data_hold(demonstration: Made) -> None:
    with demonstration.database.snapshot() as session:
        broken = {law.name: found for law in INVARIANTS if (found := law.find(session))}
    assert broken == {}


def test_nothing_happens_behind_closed_doors_or_today(demonstration: Made) -> None:
    loans = every(demonstration, select(Loan.branch_id, Loan.checked_out_at))
    assert len(loans) > 50
    with demonstration.database.read() as session:
        calendars = {
            branch_id: branch_calendar(session, branch_id, since=date(2020, 1, 1))
            for branch_id in session.scalars(select(Branch.id))
        }
        newest = session.scalar(text("SELECT max(recorded_at) FROM journal"))
    for branch_id, at in loans:
        calendar = calendars[branch_id]
        on = calendar.local_date(at)
        assert calendar.opening_at(on) <= at <= calendar.closing_at(on)
        assert on < demonstration.today
    assert str(newest) < str(demonstration.at)


def test_every_hint_is_a_free_kit_or_a_card_that_scans(demonstration: Made) -> None:
    numbers = {number for (number,) in every(demonstration, select(Card.number))}
    free = {code for (code,) in every(demonstration, select(Kit.barcode).where(Kit.state == KitState.AVAILABLE))}
    assert len(demonstration.summary.hints) > 30
    for hint, code in demonstration.summary.hints:
        assert code in (free if "free kit" in hint else numbers), hint
    assert all(len(number) == 14 and number.startswith("29999") for number in numbers)


@pytest.mark.parametrize("code", ["ELA", "COM"])
def test_who_may_pick_up_today_can_and_who_waits_waits(tuesday: Made, code: str) -> None:
    """At ten in the morning, with a kit from the shelf."""
    place = select(Branch.id, Branch.name, Staff.id).join(Staff, Staff.username == f"desk.{code.lower()}")
    ((branch_id, name, staff_id),) = every(tuesday, place.where(Branch.code == code))
    by = Actor(Role.DESK, Door.WEB, "try", staff_id=staff_id, branch_ids=frozenset({branch_id}))

    def tried(card: str) -> list[Reason]:
        def lend(session: Session) -> None:
            kit = free_kit(session, branch_id, "work-ready")
            check_out(session, kit=kit, patron=card, branch_id=branch_id, at=tuesday.at, by=by)
            raise Undone

        try:
            tuesday.database.act(lend)
        except Undone:
            return []
        except Refused as refused:
            return [block.reason for block in refused.blocks]
        raise AssertionError("unreachable: it is lent or refused")

    hints = [(hint, card) for hint, card in tuesday.summary.hints if hint.startswith(name)]
    may, waits = ([card for hint, card in hints if words in hint] for words in ("may pick up", "waits for a kit"))
    assert [tried(card) for card in may] == [[], []]
    states = select(Reservation.state).join(Card, Card.patron_id == Reservation.patron_id).where(Card.number.in_(waits))
    assert every(tuesday, states) == [(ReservationState.WAITING,)] * 3


def test_cards_kits_and_devices_have_valid_numbers(tuesday: Made) -> None:
    codes = select(Card.number).union_all(select(Kit.barcode), select(Part.tag).where(Part.tag.is_not(None)))
    assert [code for (code,) in every(tuesday, codes) if not read(code, CodeSpaces()).valid] == []
    imeis = [imei for (imei,) in every(tuesday, select(Part.imei).where(Part.imei.is_not(None)))]
    assert len(imeis) == tuesday.summary.kits
    assert all(map(is_imei, imeis))


def test_its_people_have_names_in_many_scripts(tuesday: Made) -> None:
    names = "".join(name for (name,) in every(tuesday, select(Patron.name)))
    scripts = {unicodedata.name(letter).split()[0] for letter in names if letter.isalpha()}
    assert len(scripts & {"LATIN", "CJK", "HANGUL", "ARMENIAN", "ARABIC", "CYRILLIC"}) >= 4


def test_those_who_may_sign_in_have_the_password_and_nobody_else(tuesday: Made) -> None:
    hashes = dict(tuple(row) for row in every(tuesday, select(Staff.username, Staff.password_hash)))
    assert {username for username, kept in hashes.items() if kept} == {username for username, _ in SIGN_INS}
    assert matches(PASSWORD, hashes["desk.ela"])


def test_every_patron_may_sign_in_with_the_pin_that_is_told(tuesday: Made) -> None:
    (kept,) = {kept for (kept,) in every(tuesday, select(Patron.pin_hash))}
    assert matches(PIN, kept)


def told(demonstration: Made) -> list[list[tuple[Any, ...]]]:
    """What can be seen of a demonstration: codes, names, dates and states."""
    statements = (
        "SELECT barcode, state, round, place, created_at FROM kits ORDER BY id",
        "SELECT id, number, patron_id, issued_at FROM cards ORDER BY id",
        "SELECT name, birth_date, expires_on, street, language, created_at FROM patrons ORDER BY id",
        "SELECT kit_id, patron_id, state, checked_out_at, due_at, received_at, term FROM loans ORDER BY id",
        "SELECT patron_id, state, queued_at FROM reservations ORDER BY id",
        "SELECT amount_cents, state, made_at FROM charges ORDER BY id",
        "SELECT verb, at, kit_id, loan_id FROM journal ORDER BY id",
    )
    with demonstration.database.read() as session:
        return [[tuple(row) for row in session.execute(text(statement))] for statement in statements]


def test_the_same_seed_and_day_make_the_same_library(tuesday: Made, sunday: Made, tmp_path: Path) -> None:
    with made(tmp_path, TUESDAY.replace(hour=21)) as again:
        assert told(again) == told(tuesday)
    assert told(sunday)[2] != told(tuesday)[2]


def test_a_library_with_data_is_left_alone(tuesday: Made, tmp_path: Path) -> None:
    library = Library(tuesday.database, MovingClock(TUESDAY), None, settings.load({}, instance=tmp_path))
    before = told(tuesday)
    with pytest.raises(NotEmpty, match="already"):
        make_demonstration(library, size="tiny")
    assert told(tuesday) == before


def test_people_wait_and_are_told_about_when(tuesday: Made) -> None:
    """At Lancaster, where all kits are out and many have waited before."""
    cards = [card for hint, card in tuesday.summary.hints if "waits for a kit, and" in hint]
    chosen = select(Reservation.public_id).join(Card, Card.patron_id == Reservation.patron_id)
    waiting = chosen.where(Card.number.in_(cards), Reservation.state == ReservationState.WAITING)
    theirs = [public_id for (public_id,) in every(tuesday, waiting)]
    assert len(theirs) == len(cards) == 3
    with tuesday.database.read() as session:
        found = waiting_range(session, theirs, at=tuesday.at)
    ranges = [days for days in found.values() if days is not None]
    assert ranges
    assert all(tuesday.today <= days.first < days.last for days in ranges)


def test_who_waited_before_had_a_kit_when_they_would_have_been_told(tuesday: Made) -> None:
    """The bounds of ``benchmarks/waits.py``, which two weeks about the usual wait are far from."""
    with tuesday.database.read() as session:
        waits = list(replay(session))
    assert len(waits) >= 50
    assert mean(wait.holds for wait in waits) >= IN_RANGE
    assert mean(wait.had_on > wait.told.last for wait in waits) <= AFTER
    assert naive(waits) < 0.6


def test_it_says_of_itself_that_it_is_one_and_may_be_taken_away(tuesday: Made) -> None:
    with tuesday.database.read() as session:
        assert is_demonstration(session)
        check_removal(session)
