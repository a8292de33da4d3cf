"""Claims about erasing a record: nothing names the person any more, and everything else goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lending.circulation.erasure import Erased, erase
from lending.circulation.lost import declare_lost
from lending.circulation.merging import merge
from lending.circulation.privacy_requests import ask_for_erasure
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import ChargeState, EnrolmentState, LoanState, ReservationState
from lending.errors import Reason, Refused
from lending.models.charges import Charge
from lending.models.cohorts import Attendance, Enrolment
from lending.models.journal import JournalEntry
from lending.models.loans import Loan
from lending.models.people import Card, Household, Patron, PatronStatus
from lending.models.policies import AgreementAcceptance
from lending.models.reservations import Reservation
from lending.models.tasks import Task
from lending.queries.borrowers_data import everything
from lending.queries.invariants import INVARIANTS
from tests.cast import ADA, LUIS, NOW, OPEN_KIT, Cast, put
from tests.circulation.clocks import SEAL
from tests.circulation.kits_in_hand import back_without, block, lend, only, receive, rows, why
from tests.circulation.test_ledger import bought_with_ecf, ledger
from tests.programs.meetings import come, meeting, public_id_of


def erased(database: Database, cast: Cast, patron_id: int | None = None, by: Actor | None = None) -> Erased:
    name = public_id_of(database, patron_id or cast.luis_id)
    return database.act(lambda session: erase(session, patron=name, seal=SEAL, at=NOW, by=by or cast.cleo))


def test_nothing_of_the_person_is_left_in_the_record(database: Database, cast: Cast) -> None:
    def write(session: Session) -> None:
        home = put(session, Household(address_key="|90022|1 elm st"))
        about = {"email": "luis@example.org", "phone": "+12135550142", "street": "1 Elm St", "note": "likes tea"}
        session.execute(update(Patron).where(Patron.id == cast.luis_id).values(household_id=home.id, **about))

    database.act(write)
    before = only(database, Patron, Patron.id == cast.luis_id)
    erased(database, cast)
    row = only(database, Patron, Patron.id == cast.luis_id)
    assert (row.status, row.name, row.name_key, row.pseudonym) == (PatronStatus.ERASED, "", "", before.pseudonym)
    assert (row.email, row.phone, row.street, row.note, row.birth_date, row.pin_hash) == (None,) * 6
    assert row.session_version != before.session_version
    assert rows(database, Card, Card.patron_id == cast.luis_id) == []
    assert rows(database, Household) == []


def test_everything_that_is_over_is_cut_at_once_whatever_they_chose(database: Database, cast: Cast) -> None:
    database.act(lambda session: session.execute(update(Patron).values(keeps_history=True)))
    lend(database, cast)
    come(database, cast, meeting(database, cast), LUIS)
    back_without(database, cast)
    erased(database, cast)
    assert (only(database, Loan).patron_id, only(database, Loan).state) == (None, LoanState.CLOSED)
    assert only(database, Attendance).patron_id is None
    with database.read() as session:
        kept = everything(session, cast.luis_id)
        assert {name: found for name, found in kept.items() if found and name != "patron"} == {}
        signatures = session.scalar(select(func.count()).where(AgreementAcceptance.patron_id == cast.luis_id))
    assert signatures == 0


def test_what_waits_for_them_ends_and_is_passed_on(database: Database, cast: Cast) -> None:
    erased(database, cast, cast.ada_id)
    assert {row.state for row in rows(database, Reservation)} == {ReservationState.CANCELLED}
    assert {row.state for row in rows(database, Enrolment)} == {EnrolmentState.WITHDRAWN}
    assert {row.patron_id for row in rows(database, Reservation)} == {None}


@pytest.mark.parametrize("state", ["out", "received", "incomplete", "bill"])
def test_what_is_open_stands_against_it_and_is_told(database: Database, cast: Cast, state: str) -> None:
    lend(database, cast)
    if state == "received":
        receive(database, cast)
    elif state != "out":
        back_without(database, cast, "Case" if state == "bill" else "Charger")
    wanted = {
        "out": Reason.KIT_STILL_OUT,
        "received": Reason.LOAN_NOT_SETTLED,
        "incomplete": Reason.LOAN_NOT_SETTLED,
        "bill": Reason.BILL_OPEN,
    }
    with pytest.raises(Refused) as refused:
        erased(database, cast)
    found = block(refused)
    assert found.reason is wanted[state]
    assert found.detail in ({"codes": [OPEN_KIT]}, {"cents": 2500})
    assert only(database, Loan).patron_id == cast.luis_id
    assert only(database, Patron, Patron.id == cast.luis_id).name == "Luis Ramos"


def test_a_refund_that_is_due_is_paid_first(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Case")
    database.act(lambda session: session.execute(update(Charge).values(_state=ChargeState.REFUND_DUE)))
    with pytest.raises(Refused) as refused:
        erased(database, cast)
    assert why(refused) == [Reason.REFUND_OPEN]


def test_a_kit_that_was_given_up_and_paid_for_stands_against_nothing_and_may_come_back(
    database: Database, cast: Cast
) -> None:
    lend(database, cast)
    database.act(lambda session: declare_lost(session, kit=OPEN_KIT, at=NOW, by=cast.eli))
    database.act(lambda session: session.execute(update(Charge).values(_state=ChargeState.PAID, ended_at=NOW)))
    erased(database, cast)
    assert only(database, Loan).patron_id is None
    back = receive(database, cast, at=NOW + timedelta(days=1))
    assert (back.patron, back.patron_name) == ("", "")
    assert only(database, Loan).state is LoanState.RECEIVED


def test_the_name_is_sealed_before_it_goes(database: Database, cast: Cast) -> None:
    bought_with_ecf(database)
    lend(database, cast)
    back_without(database, cast)
    assert erased(database, cast).sealed == 1
    (row,) = ledger(database)
    assert row.name == "Luis Ramos"


def test_records_that_were_merged_into_it_are_erased_too(database: Database, cast: Cast) -> None:
    pair = {"loser": public_id_of(database, cast.luis_id), "survivor": public_id_of(database, cast.ada_id)}
    database.act(lambda session: merge(session, **pair, at=NOW, by=cast.cleo))
    erased(database, cast, cast.ada_id)
    states = {row.id: row.status for row in rows(database, Patron)}
    assert states[cast.luis_id] is states[cast.ada_id] is PatronStatus.ERASED
    assert rows(database, Card, Card.number.in_([ADA, LUIS])) == []


def test_their_own_request_is_answered_by_it(database: Database, cast: Cast) -> None:
    name = public_id_of(database, cast.luis_id)
    database.act(lambda session: ask_for_erasure(session, patron=name, at=NOW, by=cast.luis))
    erased(database, cast)
    task = only(database, Task)
    assert (task.closed_at, task.patron_id, task.closed_by_id) == (NOW, None, cast.cleo_id)
    assert task.subject == f"task:{task.id}"


def test_the_journal_keeps_the_pseudonym_and_everything_holds_together(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast)
    pseudonym = only(database, Patron, Patron.id == cast.luis_id).pseudonym
    erased(database, cast)
    (entry,) = rows(database, JournalEntry, JournalEntry.verb == "erase_patron")
    assert (entry.patron, entry.detail) == (pseudonym, {})
    with database.snapshot() as session:
        assert [law.name for law in INVARIANTS if law.find(session)] == []


def test_a_second_time_there_is_nobody_to_erase(database: Database, cast: Cast) -> None:
    name = public_id_of(database, cast.luis_id)
    erased(database, cast)
    with pytest.raises(Refused) as refused:
        database.act(lambda session: erase(session, patron=name, seal=SEAL, at=NOW, by=cast.cleo))
    assert why(refused) == [Reason.NOT_FOUND]


def test_the_desk_erases_nobody(database: Database, cast: Cast) -> None:
    for by in (cast.ben, cast.dora, cast.luis, cast.nobody):
        with pytest.raises(Refused) as refused:
            erased(database, cast, by=by)
        assert why(refused) == [Reason.NOT_PERMITTED]
