"""Renewals and due dates set by hand, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lending.circulation.checkout import NO_OVERRIDE, Override
from lending.circulation.renewal import DueDateSet, Renewed, renew, set_due_date
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.due_dates import DueRule
from lending.domain.permissions import Role
from lending.domain.states import KitState, ReservationState
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.counts import DailyCount
from lending.models.kits import Kit
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.people import Patron
from lending.models.policies import Policy
from lending.models.reservations import Reservation
from tests.cast import ADA, KIT, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, kit, stock
from tests.circulation.kits_in_hand import journalled, lend, only, receive, rows, why
from tests.races import race, without_locks

LATER = NOW + timedelta(days=30)


def again(
    database: Database,
    cast: Cast,
    code: str = OPEN_KIT,
    *,
    by: Actor | None = None,
    override: Override = NO_OVERRIDE,
    at: datetime = LATER,
) -> Renewed:
    """Ben renews a kit."""
    return database.act(lambda session: renew(session, kit=code, at=at, by=by or cast.ben, override=override))


def by_hand(
    database: Database, cast: Cast, on: date, *, by: Actor | None = None, reason: str = "in hospital"
) -> DueDateSet:
    """Dora sets a due date."""
    return database.act(
        lambda session: set_due_date(session, kit=OPEN_KIT, on=on, reason=reason, at=LATER, by=by or cast.dora)
    )


def wait_for_a_kit(database: Database, cast: Cast) -> None:
    """Ada waits for an open kit at East Los Angeles."""

    def queue(session: Session) -> None:
        session.add(
            Reservation(
                patron_id=cast.ada_id,
                kit_type_id=cast.laptop_hotspot,
                stock_id=stock(session, cast.ela, cast.laptop_hotspot),
                pickup_branch_id=cast.ela,
                _state=ReservationState.WAITING,
                pickup_code="K7QE",
                queued_at=NOW,
            )
        )

    database.act(queue)


def counted(database: Database) -> dict[str, int]:
    """Every counter and how far it went."""
    return {row.counter: row.n for row in rows(database, DailyCount)}


def test_a_renewal_counts_from_the_old_due_date(database: Database, cast: Cast) -> None:
    out = lend(database, cast)
    assert out.due_on == date(2026, 4, 14)
    answer = again(database, cast)
    assert (answer.due_on, answer.rule, answer.term, answer.left) == (date(2026, 5, 26), DueRule.RENEWAL, 2, 2)
    loan = only(database, Loan)
    first, second = rows(database, LoanTerm)
    assert (loan.due_at, loan.term, loan.renewals) == (answer.due_at, 2, 1)
    assert (second.kind, second.due_at, second.policy_id) == (TermKind.STAFF_RENEWAL, answer.due_at, cast.policy)
    assert first.due_at == out.due_at
    assert counted(database) == {"check_out": 1, "staff_renewal": 1}


def test_a_kit_is_renewed_three_times_and_no_more(database: Database, cast: Cast) -> None:
    lend(database, cast)
    for _ in range(3):
        again(database, cast)
    with pytest.raises(Refused) as refused:
        again(database, cast)
    assert why(refused) == [Reason.RENEWALS_USED_UP]
    assert len(rows(database, LoanTerm)) == 4


def test_case_8_a_renewal_is_allowed_while_two_free_kits_can_serve_who_waits(database: Database, cast: Cast) -> None:
    database.act(lambda session: kit(session, "KIT-2003", cast.laptop_hotspot, cast.ela))
    lend(database, cast)
    wait_for_a_kit(database, cast)
    assert again(database, cast).term == 2


def test_case_8_a_renewal_is_refused_when_someone_waits_and_no_kit_is_free(database: Database, cast: Cast) -> None:
    lend(database, cast)
    wait_for_a_kit(database, cast)
    repair = update(Kit).where(Kit.barcode == OTHER_OPEN_KIT).values(_state=KitState.REPAIR)
    database.act(lambda session: session.execute(repair))
    with pytest.raises(Refused) as refused:
        again(database, cast)
    assert why(refused) == [Reason.ON_HOLD_FOR_ANOTHER]
    assert only(database, Loan).term == 1


def test_the_last_free_kit_of_a_stock_may_be_renewed_when_nobody_waits(database: Database, cast: Cast) -> None:
    lend(database, cast)
    lend(database, cast, OTHER_OPEN_KIT, ADA)
    assert again(database, cast).term == 2


def test_a_cohort_loan_is_renewed_only_by_override(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    with pytest.raises(Refused) as refused:
        again(database, cast, KIT)
    assert why(refused) == [Reason.COHORT_LOAN]
    assert not refused.value.blocks[0].overridable  # not by Ben


def test_a_renewal_stops_at_the_expiry_of_the_card(database: Database, cast: Cast) -> None:
    lend(database, cast)
    shorter = update(Patron).where(Patron.id == cast.luis_id).values(expires_on=date(2026, 4, 29))
    database.act(lambda session: session.execute(shorter))
    answer = again(database, cast)
    assert (answer.due_on, answer.rule) == (date(2026, 4, 29), DueRule.CEILING_CARD_EXPIRY)


def test_a_kit_that_is_back_is_not_renewed(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    with pytest.raises(Refused) as refused:
        again(database, cast)
    assert why(refused) == [Reason.NOT_ON_LOAN]


def test_case_12_a_changed_rule_leaves_the_due_date_of_a_loan_alone(database: Database, cast: Cast) -> None:
    out = lend(database, cast)
    database.act(lambda session: session.add(Policy(valid_from=NOW + timedelta(days=1), loan_days=7)))
    assert only(database, Loan).due_at == out.due_at
    assert again(database, cast).due_on == date(2026, 4, 21)  # what is asked for now follows the rule of now


def test_patrons_renew_their_own_kits_only_and_it_is_counted_apart(database: Database, cast: Cast) -> None:
    lend(database, cast)
    ada = Actor(Role.PATRON, Door.WEB, new_public_id(), patron_id=cast.ada_id)
    with pytest.raises(Refused) as refused:
        again(database, cast, by=ada)
    assert why(refused) == [Reason.NOT_PERMITTED]
    luis = Actor(Role.PATRON, Door.WEB, new_public_id(), patron_id=cast.luis_id)
    again(database, cast, by=luis)
    assert only(database, LoanTerm, LoanTerm.n == 2).kind is TermKind.PATRON_RENEWAL
    assert counted(database)["patron_renewal"] == 1


def test_a_renewal_by_the_system_is_counted_apart(database: Database, cast: Cast) -> None:
    lend(database, cast)
    again(database, cast, by=cast.system)
    assert counted(database) == {"check_out": 1, "auto_renewal": 1}


def test_the_desk_of_another_branch_may_not_renew(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        again(database, cast, by=cast.cleo)
    assert why(refused) == [Reason.NOT_PERMITTED]


def test_notices_of_the_old_due_date_are_cancelled(database: Database, cast: Cast) -> None:
    lend(database, cast)

    def warn(session: Session) -> None:
        loan = session.query(Loan).one()
        session.add(
            Notice(
                subject="loan:1:1",
                step="overdue_1",
                channel=Channel.EMAIL,
                loan_id=loan.id,
                term=1,
                due_at=NOW,
                made_at=NOW,
            )
        )

    database.act(warn)
    again(database, cast)
    assert only(database, Notice, Notice.step == "overdue_1").state is NoticeState.CANCELLED


def test_a_due_date_set_by_hand_is_a_term_with_its_reason(database: Database, cast: Cast) -> None:
    lend(database, cast)
    answer = by_hand(database, cast, date(2026, 5, 1))
    assert (answer.due_on, answer.rolled_from) == (date(2026, 5, 1), None)
    term = only(database, LoanTerm, LoanTerm.n == 2)
    assert (term.kind, term.reason, term.staff_id) == (TermKind.BY_HAND, "in hospital", cast.dora_id)
    assert (only(database, Loan).due_at, only(database, Loan).renewals) == (answer.due_at, 0)
    assert "hospital" not in str(journalled(database, "set_due_date")[0].detail)


def test_a_closed_day_chosen_by_hand_rolls_forward_and_says_so(database: Database, cast: Cast) -> None:
    lend(database, cast)
    answer = by_hand(database, cast, date(2026, 5, 3))  # a Sunday
    assert (answer.due_on, answer.rolled_from) == (date(2026, 5, 4), date(2026, 5, 3))


def test_a_due_date_is_never_set_into_the_past(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        by_hand(database, cast, date(2026, 4, 1))
    assert why(refused) == [Reason.DATE_IN_THE_PAST]


def test_a_due_date_by_hand_needs_a_reason_and_a_role(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        by_hand(database, cast, date(2026, 5, 1), reason=" ")
    assert why(refused) == [Reason.REASON_NEEDED]
    with pytest.raises(Refused) as refused:
        by_hand(database, cast, date(2026, 5, 1), by=cast.ben)
    assert why(refused) == [Reason.NOT_PERMITTED]


def renewing(cast: Cast) -> Callable[[Session], Renewed]:
    """Ben renews, where one renewal is allowed."""
    return lambda session: renew(session, kit=OPEN_KIT, at=LATER, by=cast.ben)


def allow_one_renewal(database: Database) -> None:
    """From now on a kit is renewed once."""
    database.act(lambda session: session.add(Policy(valid_from=NOW, renewals=1)))


def test_of_two_renewals_at_once_the_second_is_told_they_are_used_up(database: Database, cast: Cast) -> None:
    lend(database, cast)
    allow_one_renewal(database)
    outcome = race(database, renewing(cast), renewing(cast))
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.RENEWALS_USED_UP]], [])
    assert only(database, Loan).renewals == 1


def test_without_the_lock_both_renewals_would_be_allowed(database: Database, cast: Cast) -> None:
    lend(database, cast)
    allow_one_renewal(database)
    with without_locks(database):
        outcome = race(database, renewing(cast), renewing(cast))
    assert outcome.refused == []  # the key of the terms catches one of them, but nobody was told why
    assert len(outcome.done) + len(outcome.broken) == 2
