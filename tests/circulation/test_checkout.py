"""Check-out, through the verb, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from lending.circulation.checkout import CheckedOut, Override, check_out
from lending.circulation.returns import Next, Receipt, return_kit
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.due_dates import DueRule
from lending.domain.states import KitState, LoanState, ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Pool
from lending.models.journal import JournalEntry
from lending.models.kits import Kit
from lending.models.loans import Loan, LoanPart, LoanPartState, LoanTerm
from lending.models.policies import Agreement, AgreementAcceptance, Signing
from lending.models.reservations import Reservation
from tests.cast import (
    ADA,
    COMPTON_KIT,
    KIT,
    LUIS,
    MINA,
    NOW,
    OPEN_KIT,
    OTHER_KIT,
    OTHER_OPEN_KIT,
    THIRD_KIT,
    Cast,
    seat,
)

NO_OVERRIDE = Override()


def out(
    database: Database,
    cast: Cast,
    kit: str = KIT,
    card: str = ADA,
    *,
    by: Actor | None = None,
    branch_id: int | None = None,
    at: datetime = NOW,
    override: Override = NO_OVERRIDE,
    signed: Signing | None = None,
) -> CheckedOut:
    """One check-out, as the desk at East Los Angeles does it."""
    return database.act(
        lambda session: check_out(
            session,
            kit=kit,
            patron=card,
            branch_id=branch_id or cast.ela,
            at=at,
            by=by or cast.ben,
            override=override,
            signed=signed,
        )
    )


def reasons(refused: pytest.ExceptionInfo[Refused]) -> set[Reason]:
    """The reasons of a refusal."""
    return {block.reason for block in refused.value.blocks}


def test_a_promised_kit_is_due_when_the_cohort_ends(database: Database, cast: Cast) -> None:
    answer = out(database, cast)
    assert answer.due_on == date(2026, 4, 10)
    assert answer.due_at == datetime(2026, 4, 11, 1, 0, tzinfo=UTC)  # 18:00 in Los Angeles, after the clocks changed
    assert answer.rule is DueRule.COHORT_RETURN_BY
    assert (answer.patron_name, answer.cohort, answer.parts) == ("Ada M.", "Work Ready 7", 5)
    with database.read() as session:
        assert session.scalars(select(Kit.state).where(Kit.barcode == KIT)).one() is KitState.ON_LOAN
        loan = session.scalars(select(Loan)).one()
        assert (loan.state, loan.term, loan.cohort_id) == (LoanState.OUT, 1, cast.cohort)
        assert session.scalars(select(LoanTerm.due_at)).one() == loan.due_at
        assert session.scalars(select(Reservation.state)).one() is ReservationState.PICKED_UP
        states = session.scalars(select(LoanPart.state).order_by(LoanPart.id)).all()
        assert states == [LoanPartState.OUT] * 4 + [LoanPartState.GIVEN]
        entry = session.scalars(select(JournalEntry)).one()
        assert (entry.verb, entry.loan_id, entry.station_id) == ("check_out", loan.id, cast.desk_station)


def test_case_3_a_pick_up_in_week_three_is_due_at_the_cohorts_end(database: Database, cast: Cast) -> None:
    answer = out(database, cast, at=NOW + timedelta(weeks=3))
    assert answer.due_on == date(2026, 4, 10)


def test_an_open_loan_runs_six_weeks(database: Database, cast: Cast) -> None:
    answer = out(database, cast, OPEN_KIT, LUIS)
    assert (answer.due_on, answer.rule, answer.cohort) == (date(2026, 4, 14), DueRule.LOAN_PERIOD, None)


def test_a_kit_on_loan_is_refused(database: Database, cast: Cast) -> None:
    out(database, cast, OPEN_KIT, LUIS)
    with pytest.raises(Refused) as refused:
        out(database, cast, OPEN_KIT, ADA)
    assert reasons(refused) == {Reason.ON_LOAN_TO_ANOTHER}


def test_a_double_scan_says_only_that(database: Database, cast: Cast) -> None:
    out(database, cast)
    with pytest.raises(Refused) as refused:
        out(database, cast)
    assert reasons(refused) == {Reason.ON_LOAN_TO_THIS_PATRON}


def test_all_reasons_are_shown_at_once(database: Database, cast: Cast) -> None:
    out(database, cast, OPEN_KIT, LUIS)
    with pytest.raises(Refused) as refused:
        out(database, cast, COMPTON_KIT, LUIS)
    assert reasons(refused) == {
        Reason.AT_ANOTHER_BRANCH,
        Reason.LIMIT_REACHED,
        Reason.NOT_IN_COHORT,
        Reason.NEEDED_FOR_PROMISES,
    }


def test_desk_staff_may_not_override_the_limit_but_a_lead_may_circulate_nothing(database: Database, cast: Cast) -> None:
    out(database, cast, OPEN_KIT, LUIS)
    again = Override(frozenset({Reason.LIMIT_REACHED}), "two laptops for one class")
    with pytest.raises(Refused) as refused:
        out(database, cast, OTHER_OPEN_KIT, LUIS, override=again)
    assert reasons(refused) == {Reason.LIMIT_REACHED}
    with pytest.raises(Refused) as refused:
        out(database, cast, OTHER_OPEN_KIT, LUIS, by=cast.dora, override=again)
    assert reasons(refused) == {Reason.NOT_PERMITTED}


def test_an_administrator_overrides_the_limit_with_a_reason(database: Database, cast: Cast) -> None:
    out(database, cast, OPEN_KIT, LUIS)
    with pytest.raises(Refused) as refused:
        out(database, cast, OTHER_OPEN_KIT, LUIS, by=cast.eli, override=Override(frozenset({Reason.LIMIT_REACHED})))
    assert reasons(refused) == {Reason.REASON_NEEDED}
    answer = out(
        database, cast, OTHER_OPEN_KIT, LUIS, by=cast.eli, override=Override(frozenset({Reason.LIMIT_REACHED}), "class")
    )
    assert answer.kit == OTHER_OPEN_KIT


def test_another_branch_is_not_permitted(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        out(database, cast, by=cast.cleo)
    assert reasons(refused) == {Reason.NOT_PERMITTED}


def test_a_walk_in_gets_what_the_pool_does_not_need_and_no_more(database: Database, cast: Cast) -> None:
    """Three kits, two allotted to the cohort: a seat without a promise may have the third, the next seat may not."""
    database.act(lambda session: seat(session, cast, cast.luis_id))
    database.act(lambda session: seat(session, cast, cast.mina_id))
    assert out(database, cast, OTHER_KIT, LUIS).due_on == date(2026, 4, 10)
    with pytest.raises(Refused) as refused:
        out(database, cast, THIRD_KIT, MINA)
    assert reasons(refused) == {Reason.NEEDED_FOR_PROMISES}
    assert out(database, cast, KIT, ADA).cohort == "Work Ready 7"


def test_a_kit_that_promises_need_never_goes_to_a_walk_in(database: Database, cast: Cast) -> None:
    database.act(lambda session: session.execute(update(Pool).values(kits=3)))
    database.act(lambda session: seat(session, cast, cast.luis_id))
    with pytest.raises(Refused) as refused:
        out(database, cast, OTHER_KIT, LUIS)
    assert reasons(refused) == {Reason.NEEDED_FOR_PROMISES}


def test_a_returned_kit_goes_to_inspection(database: Database, cast: Cast) -> None:
    out(database, cast)
    answer = database.act(
        lambda session: return_kit(session, kit=KIT, branch_id=cast.ela, at=NOW + timedelta(days=3), by=cast.ben)
    )
    assert (answer.next, answer.days_late, answer.book_drop) == (Next.INSPECTION, 0, False)
    with database.read() as session:
        assert session.scalars(select(Kit.state).where(Kit.barcode == KIT)).one() is KitState.TO_INSPECT
        assert session.scalars(select(Loan.state)).one() is LoanState.RECEIVED


def test_case_4_a_kit_in_the_book_drop_is_dated_back_to_the_last_closing(database: Database, cast: Cast) -> None:
    out(database, cast)
    answer = database.act(
        lambda session: return_kit(
            session,
            kit=KIT,
            branch_id=cast.ela,
            at=NOW + timedelta(days=3),
            by=cast.ben,
            receipt=Receipt.BOOK_DROP,
        )
    )
    assert answer.received_at == datetime(2026, 3, 6, 4, 0, tzinfo=UTC)  # Thursday 20:00 in Los Angeles
    assert answer.book_drop


def test_case_6_a_kit_received_elsewhere_is_in_transit_to_its_owner(database: Database, cast: Cast) -> None:
    out(database, cast)
    answer = database.act(
        lambda session: return_kit(session, kit=KIT, branch_id=cast.com, at=NOW + timedelta(days=3), by=cast.cleo)
    )
    assert (answer.next, answer.owner) == (Next.TRANSIT, "East Los Angeles Library")
    with database.read() as session:
        kit = session.scalars(select(Kit).where(Kit.barcode == KIT)).one()
        assert (kit.branch_id, kit.in_transit_to_id, kit.state) == (cast.com, cast.ela, KitState.TO_INSPECT)


def test_the_signed_version_of_the_agreement_is_kept(database: Database, cast: Cast) -> None:
    database.act(lambda session: session.execute(delete(AgreementAcceptance)))
    with pytest.raises(Refused) as refused:
        out(database, cast)
    assert reasons(refused) == {Reason.AGREEMENT_NOT_SIGNED}
    out(database, cast, signed=Signing.AT_DESK)
    with database.read() as session:
        signed = session.scalars(select(AgreementAcceptance)).one()
        agreement = session.scalars(select(Agreement)).one()
        assert (signed.agreement_id, signed.how, signed.staff_id) == (agreement.id, Signing.AT_DESK, cast.ben_id)


def test_an_agreement_on_paper_is_an_override_that_is_kept(database: Database, cast: Cast) -> None:
    database.act(lambda session: session.execute(delete(AgreementAcceptance)))
    on_paper = Override(frozenset({Reason.AGREEMENT_NOT_SIGNED}), "signed on paper today")
    out(database, cast, override=on_paper)
    with database.read() as session:
        assert session.scalars(select(AgreementAcceptance.how)).one() is Signing.ON_PAPER
        assert session.scalars(select(Loan.override)).one() == {
            "reasons": ["agreement_not_signed"],
            "note": "signed on paper today",
        }
