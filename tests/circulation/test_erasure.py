"""Claims about erasing a record: nothing names the person any more, and everything else goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lending.circulation.erasure import Erased, erase
from lending.circulation.in_library import use_kit
from lending.circulation.lost import claim_returned, declare_lost
from lending.circulation.merging import merge
from lending.circulation.privacy_requests import ask_for_erasure
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import ChargeState, EnrolmentState, LoanState, ReservationState
from lending.errors import Reason, Refused
from lending.models.charges import Charge
from lending.models.cohorts import Attendance, Enrolment, Pool
from lending.models.in_library import KitUse
from lending.models.journal import JournalEntry
from lending.models.loans import Loan
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.outcomes import Captain
from lending.models.people import Card, Household, Patron, PatronStatus
from lending.models.policies import AgreementAcceptance
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.models.tasks import Task, TaskKind
from lending.queries.borrowers_data import everything
from lending.queries.invariants import INVARIANTS
from tests.cast import ADA, LUIS, NOW, OPEN_KIT, Cast, promise, put
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


def test_a_promise_of_theirs_is_the_next_ones(database: Database, cast: Cast) -> None:
    def write(session: Session) -> None:
        pool = session.scalars(select(Pool.id).join(Stock).where(Stock.branch_id == cast.ela)).one()
        promise(session, cast, patron_id=cast.mina_id, pool_id=pool)
        promise(session, cast, patron_id=cast.luis_id, pool_id=pool, state=ReservationState.WAITING)

    database.act(write)
    erased(database, cast, cast.ada_id)
    waited = only(database, Reservation, Reservation.patron_id == cast.luis_id)
    assert (waited.state, waited.promised_at) == (ReservationState.PROMISED, NOW)


def test_no_notice_goes_out_to_them_and_what_was_sent_was_sent(database: Database, cast: Cast) -> None:
    about = {"patron_id": cast.luis_id, "channel": Channel.EMAIL, "step": "pin_code", "due_at": NOW, "made_at": NOW}
    before = (NoticeState.PENDING, NoticeState.SENDING, NoticeState.SENT)
    sent = [Notice(subject=f"pin:{state.value}", state=state, **about) for state in before]
    database.act(lambda session: session.add_all(sent))
    erased(database, cast)
    stopped = NoticeState.CANCELLED
    assert [(row.state, row.patron_id) for row in rows(database, Notice)] == [
        (stopped, None),
        (stopped, None),
        (NoticeState.SENT, None),
    ]


def test_a_task_that_was_done_keeps_when_it_was(database: Database, cast: Cast) -> None:
    earlier = NOW - timedelta(days=9)
    task = {"kind": TaskKind.BOUNCE, "subject": "patron:phone", "what": "phone", "branch_id": cast.ela}
    when = {"opened_at": earlier, "closed_at": earlier, "closed_by_id": cast.ben_id}
    database.act(lambda session: put(session, Task(patron_id=cast.luis_id, **task, **when)))
    erased(database, cast)
    done = only(database, Task)
    assert (done.closed_at, done.closed_by_id, done.patron_id) == (earlier, cast.ben_id, None)


def test_who_coached_a_session_is_no_name_any_more(database: Database, cast: Cast) -> None:
    coach = {"cohort_id": cast.cohort, "returned": True, "created_at": NOW}
    captain = Captain(patron_id=cast.luis_id, name="Luis R.", **coach)
    database.act(lambda session: put(session, captain))
    erased(database, cast)
    assert (only(database, Captain).patron_id, only(database, Captain).name) == (None, None)


@pytest.mark.parametrize("state", ["out", "claimed", "in the library", "received", "incomplete", "bill"])
def test_what_is_open_stands_against_it_and_is_told(database: Database, cast: Cast, state: str) -> None:
    if state == "in the library":
        inside = {"kit": OPEN_KIT, "branch_id": cast.ela, "patron": LUIS, "at": NOW, "by": cast.ben}
        database.act(lambda session: use_kit(session, **inside))
    else:
        lend(database, cast)
    if state == "claimed":
        asked = {"kit": OPEN_KIT, "branch_id": cast.ela, "at": NOW, "by": cast.ben}
        database.act(lambda session: claim_returned(session, **asked))
    elif state == "received":
        receive(database, cast)
    elif state in ("incomplete", "bill"):
        back_without(database, cast, "Case" if state == "bill" else "Charger")
    wanted = {
        "out": Reason.KIT_STILL_OUT,
        "claimed": Reason.KIT_STILL_OUT,
        "in the library": Reason.KIT_STILL_OUT,
        "received": Reason.LOAN_NOT_SETTLED,
        "incomplete": Reason.LOAN_NOT_SETTLED,
        "bill": Reason.BILL_OPEN,
    }
    with pytest.raises(Refused) as refused:
        erased(database, cast)
    found = block(refused)
    assert found.reason is wanted[state]
    assert found.detail in ({"codes": [OPEN_KIT]}, {"cents": 2500})
    assert {row.patron_id for kind in (Loan, KitUse) for row in rows(database, kind)} == {cast.luis_id}
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
