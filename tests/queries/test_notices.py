"""The facts of every notice: each step finds what its words need, and nothing is told of whom nothing is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from lending.circulation.addressees import registered, tell_registered
from lending.circulation.journal import record
from lending.circulation.telling import tell
from lending.db import Database
from lending.domain.placeholders import places_in
from lending.domain.states import EnrolmentState, ReservationState
from lending.domain.waiting import DayRange
from lending.models.branches import Branch
from lending.models.charges import Charge, ChargeKind
from lending.models.cohorts import Enrolment, Workshop
from lending.models.loans import Loan, LoanPart, LoanPartState, LoanTerm, TermKind
from lending.models.notices import Channel, Notice
from lending.models.outcomes import Registration, RegistrationWay
from lending.models.people import Patron
from lending.models.policies import Agreement, AgreementAcceptance, Signing
from lending.models.reservations import Reservation
from lending.notice_words import MESSAGES, code_of
from lending.notice_words.rendered import places_of, reader_of
from lending.programs.rescheduling import drop_workshop
from lending.programs.surveys import survey_of
from lending.queries.notices import NoticeFacts, Subject, facts_of
from tests.cast import NOW, Cast, assemble, put
from tests.circulation.kits_in_hand import lend
from tests.databases import counting
from tests.waits import waited_openly, waiting

DUE = NOW + timedelta(days=7)


@pytest.fixture
def cast(database: Database) -> Cast:
    return assemble(database)


@pytest.fixture
def subjects(database: Database, cast: Cast) -> dict[Subject, tuple[str, int | None]]:
    """One of everything that a notice may hang on, in the hands of Ada and Luis; gives subjects and loan ids."""
    lend(database, cast)

    def work(session: Any) -> dict[Subject, tuple[str, int | None]]:
        session.execute(update(Branch).values(phone="(323) 555-0100"))
        loan = session.scalars(select(Loan)).one()
        loan.due_at, loan.term, loan.incomplete_until = DUE, 2, DUE
        session.add(LoanTerm(loan_id=loan.id, n=2, kind=TermKind.BY_HAND, due_at=DUE, rule="by_hand", made_at=NOW))
        charger = session.scalars(select(LoanPart).where(LoanPart.name == "Charger")).one()
        charger.state = LoanPartState.MISSING
        session.add(
            Charge(
                patron_id=cast.ada_id,
                loan_id=loan.id,
                branch_id=cast.ela,
                kind=ChargeKind.WHOLE_KIT,
                amount_cents=45000,
                made_at=NOW,
            )
        )
        seat = Enrolment(
            cohort_id=cast.cohort,
            patron_id=cast.luis_id,
            pickup_branch_id=cast.ela,
            _state=EnrolmentState.WAITING,
            created_at=NOW,
            offered_until=DUE,
        )
        promise = session.scalars(select(Reservation)).one()
        waiting = Reservation(
            patron_id=cast.luis_id,
            kit_type_id=promise.kit_type_id,
            stock_id=promise.stock_id,
            pickup_branch_id=cast.ela,
            _state=ReservationState.WAITING,
            pickup_code="Q4WX",
            queued_at=NOW,
            ready_until=DUE,
            cohort_id=cast.cohort,
            pool_id=promise.pool_id,
        )
        workshop = Workshop(
            cohort_id=cast.cohort, n=1, title="Applying", starts_at=DUE, ends_at=DUE + timedelta(hours=1)
        )
        signature = AgreementAcceptance(
            patron_id=cast.luis_id,
            agreement_id=session.scalars(select(Agreement.id)).one(),
            accepted_at=NOW,
            how=Signing.ONLINE,
        )
        session.add_all([seat, waiting, workshop, signature])
        session.flush()  # what hangs on them needs their names
        survey = survey_of(session, cohort_id=cast.cohort, workshop_id=workshop.id)
        contact = {"name": "Omid Rahimi", "name_key": "omid rahimi", "email": "omid@example.org"}
        there = {"workshop_id": workshop.id, "way": RegistrationWay.VIRTUAL, "created_at": NOW}
        mine = put(session, Registration(reference="W-K7QDMP", **contact, **there))
        by = cast.dora
        moved = {"workshop": workshop.public_id}
        record(session, "change_workshop", at=NOW, by=by, cohort_id=cast.cohort, detail=moved)
        times = {"starts_at": workshop.starts_at.isoformat(), "ends_at": workshop.ends_at.isoformat()}
        dropped = {"title": workshop.title, **times}
        record(session, "drop_workshop", at=NOW, by=by, cohort_id=cast.cohort, detail=dropped)
        return {
            Subject.LOAN: (f"loan:{loan.public_id}:2", loan.id),
            Subject.RESERVATION: (f"reservation:{waiting.public_id}:{by.act}", None),
            Subject.ENROLMENT: (f"enrolment:{seat.public_id}:{by.act}", None),
            Subject.WORKSHOP: (f"workshop:{workshop.public_id}:{seat.public_id}", None),
            Subject.PIN: ("pin:a-name", None),
            Subject.SURVEY: (f"survey:{survey}:{cast.luis_id}", None),
            Subject.SIGNATURE: (f"signature:{signature.id}", None),
            Subject.REGISTRATION: (f"registration:{mine.public_id}", None),
        }

    return database.act(work)


def facts(database: Database, cast: Cast, step: str, subject: tuple[str, int | None]) -> NoticeFacts:
    """What a notice to Luis, or to Omid who registered, would say, put into the outbox as a verb does it."""

    def told(session: Any) -> str:
        if subject[0].startswith(Subject.REGISTRATION):
            tell_registered(session, step, registered(session), at=NOW)
        else:
            tell(session, step, subject=subject[0], patron_id=cast.luis_id, at=NOW, loan_id=subject[1])
        made = select(Notice.public_id).where(Notice.step == step, Notice.subject == subject[0])
        public_id: str = session.scalars(made).one()
        return public_id

    notice = database.act(told)
    with database.read() as session:
        found = facts_of(session, notice, at=DUE + timedelta(days=1))
    assert found is not None
    return found


def test_every_step_finds_the_facts_that_its_words_need(
    database: Database, cast: Cast, subjects: dict[Subject, tuple[str, int | None]]
) -> None:
    for code, message in MESSAGES.items():
        found = facts(database, cast, code.removesuffix(f"_{message.about.value}"), subjects[message.about])
        assert code_of(found) == code
        if message.about is Subject.PIN:
            found = replace(found, pin_code="402817")  # worked out by whoever sends it: no row holds it
        known = places_of(found, reader_of("en", found.zone), "County Library")
        wanted = {place for text in (*message.body, message.subject, message.text) for place in places_in(text)}
        assert not wanted - set(known), code


def test_a_loan_is_told_with_both_its_dates_and_what_is_owed(
    database: Database, cast: Cast, subjects: dict[Subject, tuple[str, int | None]]
) -> None:
    found = facts(database, cast, "shortened", subjects[Subject.LOAN])
    assert (found.due_at, found.days_late, found.owed_cents) == (DUE, 1, 45000)
    assert found.was_due_at not in (None, DUE)
    assert (found.kit_type, found.parts, found.branch_phone) == ("Laptop and hotspot", ("Charger",), "(323) 555-0100")


def test_a_receipt_lists_what_went_out(
    database: Database, cast: Cast, subjects: dict[Subject, tuple[str, int | None]]
) -> None:
    found = facts(database, cast, "receipt", subjects[Subject.LOAN])
    assert found.parts == ("Laptop", "Hotspot", "Charger", "Case", "Notebook")


def test_a_place_is_counted_when_it_is_told(
    database: Database, cast: Cast, subjects: dict[Subject, tuple[str, int | None]]
) -> None:
    assert facts(database, cast, "waiting", subjects[Subject.RESERVATION]).place == 1
    assert facts(database, cast, "waitlisted", subjects[Subject.ENROLMENT]).place == 1


def test_who_registered_on_line_calls_where_the_session_lends_its_kits(
    database: Database, cast: Cast, subjects: dict[Subject, tuple[str, int | None]]
) -> None:
    found = facts(database, cast, "registered", subjects[Subject.REGISTRATION])
    assert (found.name, found.email, found.patron_id, found.branch_id) == (
        "Omid Rahimi",
        "omid@example.org",
        None,
        cast.ela,
    )
    assert places_of(found, reader_of("en", found.zone), "County Library")["where"] == "online"


def test_who_waits_hears_between_which_days_others_had_a_kit(database: Database, cast: Cast) -> None:
    database.act(lambda session: waited_openly(session, cast))
    waits = database.act(lambda session: waiting(session, cast, cast.luis_id))
    likely = facts(database, cast, "waiting", (f"reservation:{waits}", None)).likely
    assert likely == DayRange(date(2026, 3, 14), date(2026, 3, 15))


def test_the_workshop_that_moved_is_the_one_of_that_act(
    database: Database, cast: Cast, subjects: dict[Subject, tuple[str, int | None]]
) -> None:
    found = facts(database, cast, "workshop_moved", subjects[Subject.ENROLMENT])
    assert (found.workshop, found.workshop_at) == ("Applying", DUE)


def test_the_workshop_that_was_dropped_is_told_from_the_journal(
    database: Database, cast: Cast, subjects: dict[Subject, tuple[str, int | None]]
) -> None:
    with database.read() as session:
        held = session.scalars(select(Workshop.public_id)).one()
    by = cast.dora
    database.act(lambda session: session.execute(update(Registration).values(cancelled_at=NOW)))
    database.act(lambda session: drop_workshop(session, workshop=held, at=NOW, by=by))
    subject = subjects[Subject.ENROLMENT][0].rpartition(":")[0]
    found = facts(database, cast, "workshop_dropped", (f"{subject}:{by.act}", None))
    assert (found.workshop, found.workshop_at) == ("Applying", DUE)


def test_it_takes_a_few_statements(
    database: Database, cast: Cast, subjects: dict[Subject, tuple[str, int | None]]
) -> None:
    notices = {kind: facts(database, cast, f"news_{kind}", subjects[kind]).notice for kind in Subject}
    for kind, notice in notices.items():
        with counting(database) as statements, database.read() as session:
            facts_of(session, notice, at=NOW)
        assert len(statements) <= 4, (kind, statements)


def test_an_envelope_shows_a_whole_address_or_none(
    database: Database, cast: Cast, subjects: dict[Subject, tuple[str, int | None]]
) -> None:
    lives = {"street": "12 Elm Street", "unit": "Apt 4", "city": "Los Angeles", "postal_code": "90022"}
    database.act(lambda session: session.execute(update(Patron).where(Patron.id == cast.luis_id).values(**lives)))
    found = facts(database, cast, "ready", subjects[Subject.RESERVATION])
    assert found.address == ("12 Elm Street Apt 4", "Los Angeles 90022")
    assert found.channel is Channel.LETTER
    database.act(lambda session: session.execute(update(Patron).values(street=None)))
    assert facts(database, cast, "promised", subjects[Subject.RESERVATION]).address == ()


def test_nobody_is_told_whose_link_was_cut(
    database: Database, cast: Cast, subjects: dict[Subject, tuple[str, int | None]]
) -> None:
    found = facts(database, cast, "ready", subjects[Subject.RESERVATION])
    database.act(lambda session: session.execute(update(Notice).values(patron_id=None)))
    with database.read() as session:
        assert facts_of(session, found.notice, at=NOW) is None
        assert facts_of(session, "x" * 16, at=NOW) is None
