"""Enrolling in a cohort: seats, kit promises and the two queues, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.domain.states import EnrolmentState, ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, Enrolment
from lending.models.journal import JournalEntry
from lending.models.people import Card, Patron
from lending.models.policies import AgreementAcceptance, Signing
from lending.models.reservations import Reservation
from lending.programs.enrolment import Enrolled, Kit, enrol
from tests.cast import ADA, LUIS, MINA, NOW, Cast, patron

OLGA, PETRA = "29999000000042", "29999000000059"


def join(database: Database, cast: Cast, card: str = LUIS, **given: Any) -> Enrolled:
    """Ben enrols somebody in Work Ready 7 with a kit at East Los Angeles, where one of two is promised already."""
    values = {"patron": card, "cohort": "WR-7", "pickup_branch_id": cast.ela, "at": NOW, "by": cast.ben, **given}
    return database.act(lambda session: enrol(session, **values))


def reasons(database: Database, cast: Cast, card: str = LUIS, **given: Any) -> list[Reason]:
    """Why somebody is not enrolled."""
    with pytest.raises(Refused) as refusal:
        join(database, cast, card, **given)
    return [block.reason for block in refusal.value.blocks]


def change(database: Database, row: type[Any], condition: Any, **values: object) -> None:
    """Change one row behind everyone's back."""

    def write(session: Any) -> None:
        found = session.scalars(select(row).where(condition)).one()
        for name, value in values.items():
            setattr(found, name, value)

    database.act(write)


def test_a_seat_and_a_kit_are_given_while_there_are_some(database: Database, cast: Cast) -> None:
    answer = join(database, cast)
    assert (answer.seat, answer.kit, answer.cohort) == (EnrolmentState.ENROLLED, Kit.PROMISED, "WR-7")
    assert (answer.seat_position, answer.kit_position, answer.card_expires_first) == (None, None, False)
    with database.read() as session:
        reservation = session.scalars(select(Reservation).where(Reservation.patron_id == cast.luis_id)).one()
        assert reservation.state is ReservationState.PROMISED
        assert (reservation.promised_at, reservation.kit_id, len(reservation.pickup_code)) == (NOW, None, 4)
        assert session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)).all() == ["enrol", "promise"]


def test_when_the_pool_is_empty_people_wait_in_order(database: Database, cast: Cast) -> None:
    for card, name in ((OLGA, "Olga Petrova"), (PETRA, "Petra Novák")):
        database.act(lambda session, c=card, n=name: patron(session, c, n, cast.ela))
    join(database, cast)
    first, second = join(database, cast, OLGA), join(database, cast, PETRA)
    assert (first.seat, first.kit, first.kit_position) == (EnrolmentState.ENROLLED, Kit.WAITING, 1)
    assert (second.kit, second.kit_position) == (Kit.WAITING, 2)


def test_without_a_seat_one_waits_for_the_kit_as_well(database: Database, cast: Cast) -> None:
    change(database, Cohort, Cohort.id == cast.cohort, capacity=1)
    answer = join(database, cast)
    assert (answer.seat, answer.seat_position) == (EnrolmentState.WAITING, 1)
    assert (answer.kit, answer.kit_position) == (Kit.WAITING, 1)


def test_another_branch_has_a_pool_of_its_own(database: Database, cast: Cast) -> None:
    join(database, cast)
    answer = join(database, cast, MINA, pickup_branch_id=cast.com, by=cast.cleo)
    assert answer.kit is Kit.PROMISED


def test_who_wants_no_kit_gets_a_seat_alone(database: Database, cast: Cast) -> None:
    answer = join(database, cast, wants_kit=False)
    assert (answer.seat, answer.kit) == (EnrolmentState.ENROLLED, Kit.NONE)


def test_an_agreement_seen_signed_is_kept(database: Database, cast: Cast) -> None:
    join(database, cast, signed=Signing.ON_PAPER)
    with database.read() as session:
        signed = session.scalars(select(AgreementAcceptance).where(AgreementAcceptance.cohort_id == cast.cohort)).one()
        assert (signed.patron_id, signed.how, signed.staff_id) == (cast.luis_id, Signing.ON_PAPER, cast.ben_id)
        assert signed.agreement_id is not None


def test_a_card_that_expires_before_the_end_is_said(database: Database, cast: Cast) -> None:
    change(database, Patron, Patron.id == cast.luis_id, expires_on=date(2026, 3, 31))
    assert join(database, cast).card_expires_first


def test_a_double_enrolment_is_refused(database: Database, cast: Cast) -> None:
    assert reasons(database, cast, ADA) == [Reason.ALREADY_ENROLLED]


def test_a_cohort_that_is_over_takes_nobody(database: Database, cast: Cast) -> None:
    assert reasons(database, cast, at=NOW + timedelta(days=45)) == [Reason.COHORT_OVER]


def test_a_branch_without_a_pool_promises_nothing(database: Database, cast: Cast) -> None:
    assert reasons(database, cast, kit_type="laptop-hotspot") == [Reason.NO_SUCH_POOL]


def test_cards_that_may_not_borrow_may_not_enrol(database: Database, cast: Cast) -> None:
    change(database, Patron, Patron.id == cast.luis_id, blocked_reason="Ask the manager", expires_on=date(2026, 1, 1))
    assert reasons(database, cast) == [Reason.CARD_BLOCKED, Reason.CARD_EXPIRED]
    change(database, Card, Card.number == MINA, ended_at=NOW)
    assert reasons(database, cast, MINA) == [Reason.CARD_REPLACED]
    assert reasons(database, cast, "29999000000067") == [Reason.CARD_UNKNOWN]


def test_staff_enrol_at_their_own_branch_and_leads_in_their_own_programme(database: Database, cast: Cast) -> None:
    assert reasons(database, cast, by=cast.cleo) == [Reason.NOT_PERMITTED]
    assert join(database, cast, by=cast.dora).seat is EnrolmentState.ENROLLED
    assert reasons(database, cast, MINA, cohort="WR-9") == [Reason.NOT_FOUND]


def test_who_may_not_enrol_learns_nothing_about_a_card(database: Database, cast: Cast) -> None:
    elsewhere = replace(cast.dora, program_ids=frozenset({cast.program + 1}))
    change(database, Card, Card.number == MINA, ended_at=NOW)
    for card in (ADA, LUIS, MINA, "29999000000067"):
        for by in (cast.cleo, elsewhere):
            assert reasons(database, cast, card, by=by) == [Reason.NOT_PERMITTED]


def test_a_refusal_leaves_no_trace(database: Database, cast: Cast) -> None:
    reasons(database, cast, kit_type="laptop-hotspot", signed=Signing.AT_DESK)
    with database.read() as session:
        assert session.scalars(select(Enrolment).where(Enrolment.patron_id == cast.luis_id)).all() == []
        assert session.scalars(select(JournalEntry)).all() == []
