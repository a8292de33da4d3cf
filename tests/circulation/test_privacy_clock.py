"""Claims about the privacy clock: what is over names nobody after its days, and nothing that is open is touched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lending.circulation import erasure, merging
from lending.circulation import privacy_clock as clock
from lending.circulation.problems import tell_problem
from lending.circulation.provisional import register_provisionally
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.retention import OWN_REASONS
from lending.domain.states import EnrolmentState, EnrolmentVerb, LoanState
from lending.errors import Reason, Refused
from lending.models.charges import Charge, ChargeKind
from lending.models.cohorts import Attendance, Cohort, Enrolment, Workshop
from lending.models.in_library import KitUse, UseEnd
from lending.models.journal import JournalEntry
from lending.models.kits import Kit
from lending.models.loans import Loan, LoanPart, LoanTerm
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.outcomes import Captain, Registration, RegistrationWay, Survey, SurveyAnswer
from lending.models.people import Card, Household, Patron, PatronStatus
from lending.models.policies import AgreementAcceptance
from lending.models.privacy import RecordsRequest, RequestAbout, RequestDecision, RequestFrom
from lending.models.referrals import OutcomeSource, Referral, ReferralOutcome
from lending.models.reservations import Reservation
from lending.models.tasks import Task, TaskKind
from lending.programs import another_library, cancelling, closing, completion, offers
from lending.programs.withdrawal import NO_SHOW_REASON
from lending.queries.invariants import INVARIANTS
from tests.cast import ADA, LUIS, NOW, Cast, put
from tests.circulation.clocks import LATER, strike
from tests.circulation.kits_in_hand import back_without, lend, only, rows
from tests.programs.meetings import come, meeting

A_DAY = timedelta(days=1)


def lent_and_closed(database: Database, cast: Cast) -> Loan:
    """Luis had a kit, and everything about it is over now."""
    lend(database, cast)
    back_without(database, cast)
    return only(database, Loan)


def change(database: Database, kind: Any, **values: Any) -> None:
    database.act(lambda session: session.execute(update(kind).values(**values)))


def named(database: Database, cast: Cast) -> list[str]:
    """The tables in which a row names a patron, but for the patrons' own."""
    kinds = (Loan, Charge, Reservation, Enrolment, Attendance, Task, Notice, AgreementAcceptance, KitUse, Referral)
    with database.read() as session:
        return [
            kind.__tablename__
            for kind in (*kinds, Captain)
            if session.scalar(select(func.count()).where(kind.patron_id == cast.luis_id))
        ]


def test_a_loan_forgets_its_borrower_after_its_days_and_not_before(database: Database, cast: Cast) -> None:
    lent_and_closed(database, cast)
    strike(database, cast, NOW + timedelta(days=30) - A_DAY)
    assert only(database, Loan).patron_id == cast.luis_id
    strike(database, cast)
    loan = only(database, Loan)
    assert (loan.patron_id, loan.state, loan.branch_id) == (None, LoanState.CLOSED, cast.ela)
    assert named(database, cast) == []


def test_the_days_are_the_librarys_own(database: Database, cast: Cast) -> None:
    lent_and_closed(database, cast)
    strike(database, cast, NOW + timedelta(days=3), days=2)
    assert only(database, Loan).patron_id is None


def test_who_keeps_history_is_left_alone(database: Database, cast: Cast) -> None:
    lent_and_closed(database, cast)
    change(database, Patron, keeps_history=True)
    strike(database, cast)
    assert only(database, Loan).patron_id == cast.luis_id


@pytest.mark.parametrize("open_still", ["out", "incomplete", "owed", "refund_due"])
def test_what_is_open_is_not_cut(database: Database, cast: Cast, open_still: str) -> None:
    lend(database, cast)
    if open_still != "out":
        back_without(database, cast, *(["Charger"] if open_still == "incomplete" else []))
    if open_still in ("owed", "refund_due"):
        owe(database, cast, open_still)
    strike(database, cast)
    assert only(database, Loan).patron_id == cast.luis_id


def owe(database: Database, cast: Cast, state: str, **values: Any) -> None:
    def write(session: Session) -> None:
        loan_id = session.scalars(select(Loan.id)).one()
        whose = {"patron_id": cast.luis_id, "loan_id": loan_id, "branch_id": cast.ela}
        session.add(Charge(kind=ChargeKind.DAMAGE, amount_cents=500, made_at=NOW, **whose, **values))
        session.flush()  # its state is set past the table of moves
        session.execute(update(Charge).values(_state=state))

    database.act(write)


def test_a_bill_that_was_paid_late_counts_from_its_day(database: Database, cast: Cast) -> None:
    lent_and_closed(database, cast)
    owe(database, cast, "paid", ended_at=LATER - A_DAY, ended_reason="cash from Luis Ramos")
    strike(database, cast)
    assert only(database, Loan).patron_id == cast.luis_id
    strike(database, cast, LATER + timedelta(days=30))
    assert (only(database, Charge).patron_id, only(database, Charge).ended_reason) == (None, None)


def test_the_words_about_a_loan_go_with_it(database: Database, cast: Cast) -> None:
    lend(database, cast)
    loan = only(database, Loan)
    database.act(
        lambda session: tell_problem(
            session,
            loan=loan.public_id,
            part_id=None,
            is_missing=False,
            words="Luis Ramos spilled tea",
            at=NOW,
            by=cast.luis,
        )
    )
    back_without(database, cast)
    change(database, Loan, collected_by="Rosa Ramos", override={"note": "Luis asked"})
    change(database, LoanTerm, reason="Luis is ill")
    change(database, LoanPart, note="Luis's tea")
    change(database, Task, closed_at=NOW, outcome="told Luis")
    strike(database, cast)
    loan = only(database, Loan)
    assert (loan.collected_by, loan.override) == (None, None)
    assert {term.reason for term in rows(database, LoanTerm)} == {None}
    assert {part.note for part in rows(database, LoanPart)} == {None}
    (task,) = rows(database, Task, Task.kind == TaskKind.PROBLEM)
    assert (task.what, task.outcome, task.patron_id) == ("", None, None)


def test_a_seat_and_its_attendances_are_cut_together_and_still_count(database: Database, cast: Cast) -> None:
    first, second = meeting(database, cast), meeting(database, cast, n=2)
    seat(database, cast)
    for workshop in (first, second):
        come(database, cast, workshop, LUIS)
    come(database, cast, first, ADA)
    end_seats(database)
    strike(database, cast)
    _, luis = rows(database, Enrolment)
    assert (luis.patron_id, luis.cohort_id, luis.ended_reason) == (None, cast.cohort, None)
    assert named(database, cast) == []
    came = [row.enrolment_id for row in rows(database, Attendance)]
    assert (len(came), came.count(luis.id)) == (3, 2)


def seat(database: Database, cast: Cast) -> None:
    row = {"cohort_id": cast.cohort, "patron_id": cast.luis_id, "pickup_branch_id": cast.ela, "created_at": NOW}
    database.act(lambda session: put(session, Enrolment(**row, _state="enrolled", seated_at=NOW)))


def end_seats(database: Database) -> None:
    def write(session: Session) -> None:
        for row in session.scalars(select(Enrolment)):
            row.move(EnrolmentVerb.DROP)
            row.ended_at, row.ended_reason = NOW, "Luis moved away"

    database.act(write)


def test_the_librarys_own_words_why_a_seat_ended_stay(database: Database, cast: Cast) -> None:
    seat(database, cast)
    end_seats(database)
    change(database, Enrolment, ended_reason=NO_SHOW_REASON)
    strike(database, cast)
    assert [row.ended_reason for row in rows(database, Enrolment)] == [NO_SHOW_REASON] * 2
    own = {completion.OVER_REASON, offers.LAPSED_REASON, cancelling.ENDED_REASON, closing.CLOSED_REASON, NO_SHOW_REASON}
    own |= {another_library.ELSEWHERE, merging.ENDED_REASON, erasure.ERASED, *CUT_SHORT}
    assert own <= OWN_REASONS


CUT_SHORT = {state.value for state in EnrolmentState} & {"withdrawn", "dropped", "transferred"}


def test_a_seat_that_is_held_and_its_attendances_stay(database: Database, cast: Cast) -> None:
    come(database, cast, meeting(database, cast), LUIS)
    seat(database, cast)
    strike(database, cast, LATER + timedelta(days=60))
    assert [row.patron_id for row in rows(database, Enrolment)] == [cast.ada_id, cast.luis_id]
    assert only(database, Attendance).patron_id == cast.luis_id


def test_somebody_who_came_without_a_seat_is_forgotten_after_the_workshop(database: Database, cast: Cast) -> None:
    come(database, cast, meeting(database, cast), LUIS)
    strike(database, cast)
    assert only(database, Attendance).patron_id is None


def test_a_signature_stays_while_something_is_under_way(database: Database, cast: Cast) -> None:
    lend(database, cast)
    strike(database, cast)
    holders = {row.patron_id for row in rows(database, AgreementAcceptance)}
    assert cast.luis_id in holders
    assert cast.ada_id in holders, "her promise waits"
    assert cast.mina_id not in holders


def test_notices_that_wait_and_tasks_that_are_open_stay(database: Database, cast: Cast) -> None:
    def write(session: Session) -> None:
        whose: dict[str, Any] = {"patron_id": cast.luis_id}
        sent = {"channel": Channel.EMAIL, "due_at": NOW, "made_at": NOW, **whose}
        session.add(Notice(subject="pin:a", step="pin_code", state=NoticeState.PENDING, **sent))
        session.add(Notice(subject="pin:b", step="pin_code", state=NoticeState.SENT, **sent))
        done = {"branch_id": cast.ela, "what": "phone", "opened_at": NOW, **whose}
        session.add(Task(kind=TaskKind.BOUNCE, subject=f"patron:{cast.luis_id}:phone", **done))
        session.add(Task(kind=TaskKind.BOUNCE, subject=f"patron:{cast.luis_id}:mail", closed_at=NOW, **done))

    database.act(write)
    strike(database, cast)
    assert [row.patron_id for row in rows(database, Notice)] == [cast.luis_id, None]
    still, gone = rows(database, Task)
    assert (still.patron_id, still.subject) == (cast.luis_id, f"patron:{cast.luis_id}:phone")
    assert (gone.patron_id, gone.subject) == (None, f"task:{gone.id}")


def used_referred_and_coaching(database: Database, cast: Cast) -> None:
    """Luis used a kit in the library, was referred twice, once with an outcome, and coaches a session."""

    def write(session: Session) -> None:
        whose: dict[str, Any] = {"patron_id": cast.luis_id, "branch_id": cast.ela}
        use = {
            "kit_id": session.scalars(select(Kit.id).limit(1)).one(),
            "began_at": NOW,
            "due_at": NOW,
            "ended_at": NOW,
            "end": UseEnd.RETURNED,
        }
        session.add(KitUse(**use, **whose))
        day = NOW.date()
        known = {"outcome": ReferralOutcome.PLACED, "outcome_source": OutcomeSource.CONFIRMED, "outcome_on": day}
        sent = {"sent_to": "worksource", "reason": "job", "referred_on": day, "consented_on": day, "made_at": NOW}
        session.add(Referral(**sent, **known, **whose))
        session.add(Referral(**sent, **whose))
        captain = {"cohort_id": cast.cohort, "returned": True, "created_at": NOW}
        session.add(Captain(patron_id=cast.luis_id, name="Luis Ramos", **captain))

    database.act(write)


def test_uses_and_referrals_of_whoever_keeps_history_are_left_alone(database: Database, cast: Cast) -> None:
    used_referred_and_coaching(database, cast)
    change(database, Patron, keeps_history=True)
    strike(database, cast)
    assert {"kit_uses", "referrals"} <= set(named(database, cast))
    assert [row.patron_id for row in rows(database, Referral)] == [cast.luis_id, cast.luis_id]
    strike(database, cast, NOW + timedelta(days=366))
    assert "kit_uses" in named(database, cast)
    assert "referrals" not in named(database, cast), "nobody is asked after a year what came of one"


def test_uses_and_referrals_and_captains_are_cut(database: Database, cast: Cast) -> None:
    used_referred_and_coaching(database, cast)
    over = only(database, Cohort, Cohort.id == cast.cohort).ends_on
    strike(database, cast, NOW + timedelta(days=31 + (over - NOW.date()).days))
    assert named(database, cast) == ["referrals"]
    assert [row.patron_id for row in rows(database, Referral)] == [None, cast.luis_id]
    assert only(database, Captain).name is None
    strike(database, cast, NOW + timedelta(days=366))
    assert named(database, cast) == []


def test_a_registration_forgets_who_it_was_and_an_answer_its_words(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)

    def write(session: Session) -> None:
        key = session.scalars(select(Workshop.id).where(Workshop.public_id == workshop)).one()
        who = {
            "name": "Nadia Haddad",
            "name_key": "nadia haddad",
            "email": "nadia@example.org",
            "phone": "+12135550142",
        }
        session.add(Registration(reference="WEB-1", workshop_id=key, way=RegistrationWay.EITHER, created_at=NOW, **who))
        survey = put(session, Survey(workshop_id=key))
        session.add(SurveyAnswer(mark="m", survey_id=survey.id, learned=5, helped="Luis helped me", better=None))

    database.act(write)
    strike(database, cast, LATER + timedelta(days=30))
    row = only(database, Registration)
    assert (row.name, row.name_key, row.email, row.phone, row.reference) == (None, None, None, None, "WEB-1")
    assert only(database, SurveyAnswer).helped == "Luis helped me"
    strike(database, cast, LATER + timedelta(days=400))
    assert (only(database, SurveyAnswer).helped, only(database, SurveyAnswer).learned) == (None, 5)


def test_who_never_came_for_a_card_is_forgotten(database: Database, cast: Cast) -> None:
    details = {"name": "Nadia Haddad", "birth_date": "1990-02-03", "email": "nadia@example.org"}
    database.act(
        lambda session: register_provisionally(
            session, details=details, home_branch_id=cast.ela, address="digest", at=NOW, by=cast.nobody
        )
    )
    strike(database, cast, NOW + A_DAY)
    assert len(rows(database, Patron, Patron.name == "Nadia Haddad")) == 1
    strike(database, cast)
    (gone,) = rows(database, Patron, Patron.status == PatronStatus.ERASED)
    assert (gone.name, gone.email, gone.birth_date, gone.provisional_since) == ("", None, None, None)
    assert rows(database, Card, Card.patron_id == gone.id) == []


def test_an_address_that_nobody_has_is_forgotten(database: Database, cast: Cast) -> None:
    def write(session: Session) -> None:
        home = put(session, Household(address_key="|90022|1 elm st"))
        session.get_one(Patron, cast.luis_id).household_id = home.id
        session.add(Household(address_key="|90022|2 elm st"))
        session.add(Household(address_key="|90022|shelter", exempt=True))

    database.act(write)
    strike(database, cast)
    assert [row.address_key for row in rows(database, Household)] == ["|90022|1 elm st", "|90022|shelter"]


def test_a_request_for_records_forgets_who_asked_two_years_after_its_answer(database: Database, cast: Cast) -> None:
    asked = {"branch_id": cast.ela, "asked_at": NOW, "kind": RequestFrom.PRESS, "about": RequestAbout.STATISTICS}
    said = {"asker": "Rosa Diaz", "note": "by phone", "decision": RequestDecision.REFUSED, "decided_at": NOW}
    database.act(lambda session: put(session, RecordsRequest(**asked, **said)))
    strike(database, cast, NOW + timedelta(days=700))
    assert only(database, RecordsRequest).asker == "Rosa Diaz"
    strike(database, cast, NOW + timedelta(days=731))
    assert (only(database, RecordsRequest).asker, only(database, RecordsRequest).note) == (None, None)


def test_the_clock_goes_in_batches_and_finds_nothing_the_second_time(database: Database, cast: Cast) -> None:
    for day in range(3):
        lend(database, cast, at=NOW + day * A_DAY)
        back_without(database, cast, at=NOW + day * A_DAY)
    assert strike(database, cast, LATER + 3 * A_DAY, limit=1) > 3
    assert {loan.patron_id for loan in rows(database, Loan)} == {None}
    assert strike(database, cast, LATER + 3 * A_DAY) == 0


def test_the_journal_says_how_many_and_never_whose(database: Database, cast: Cast) -> None:
    lent_and_closed(database, cast)
    strike(database, cast)
    cuts = rows(database, JournalEntry, JournalEntry.verb == "cut_links")
    assert {"what": "loans", "rows": 1} in [row.detail for row in cuts]
    assert {(row.patron, row.kit_id, row.loan_id) for row in cuts} == {(None, None, None)}


def test_after_the_cut_no_row_of_the_journal_leads_from_the_kit_to_anybody(database: Database, cast: Cast) -> None:
    lent_and_closed(database, cast)
    strike(database, cast)
    with database.read() as session:
        kit_acts = select(JournalEntry.act).where(JournalEntry.kit_id.is_not(None))
        beside = select(JournalEntry.patron).where(JournalEntry.act.in_(kit_acts))
        assert set(session.scalars(beside)) == {None}


def test_everything_holds_together_after_the_cut(database: Database, cast: Cast) -> None:
    lent_and_closed(database, cast)
    come(database, cast, meeting(database, cast), LUIS)
    strike(database, cast)
    with database.snapshot() as session:
        assert [law.name for law in INVARIANTS if law.find(session)] == []


def test_only_the_library_itself_and_administrators_strike(database: Database, cast: Cast) -> None:
    hour = clock.hour_at(LATER, cut_after_days=30, today=LATER.date(), seal=None)  # type: ignore[arg-type]  # not asked
    for by in (cast.ben, cast.cleo, cast.ada):
        with pytest.raises(Refused) as refused:
            _strike(database, hour, by)
        assert [block.reason for block in refused.value.blocks] == [Reason.NOT_PERMITTED]


def _strike(database: Database, hour: clock.Hour, by: Actor) -> None:
    database.act(lambda session: clock.strike(session, "loans", hour, by=by))
