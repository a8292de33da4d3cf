"""Claims about merging two records of one person: everything follows, nothing is held twice, the old number says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation import merging, patrons
from lending.circulation.checkout import check_out
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.barcodes import CodeSpaces, read
from lending.domain.states import LIVE_ENROLMENTS, LIVE_RESERVATIONS, EnrolmentState, ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.charges import Charge, ChargeKind
from lending.models.cohorts import AttendanceMode, Enrolment, Pool
from lending.models.journal import JournalEntry
from lending.models.loans import Loan
from lending.models.notices import Channel, Notice
from lending.models.outcomes import Captain
from lending.models.people import Card, CardEnd, Household, Patron, PatronStatus
from lending.models.policies import AgreementAcceptance
from lending.models.reservations import Reservation
from lending.models.tasks import Task, TaskKind
from tests.cast import ADA, LUIS, MINA, NOW, OPEN_KIT, Cast, promise, put, stock
from tests.programs.meetings import attendances, come, meeting
from tests.programs.members import next_cohort


def _public_id(database: Database, patron_id: int) -> str:
    with database.read() as session:
        return session.scalars(select(Patron.public_id).where(Patron.id == patron_id)).one()


def _merge(database: Database, cast: Cast, loser: int, survivor: int, by: Actor | None = None) -> merging.Merged:
    pair = {"loser": _public_id(database, loser), "survivor": _public_id(database, survivor)}
    return database.act(lambda session: merging.merge(session, **pair, at=NOW, by=by or cast.cleo))


def _every(database: Database, chosen: Any) -> list[Any]:
    with database.read() as session:
        return list(session.scalars(chosen))


def _change(database: Database, patron_id: int, **values: Any) -> None:
    def change(session: Session) -> None:
        patron = session.get_one(Patron, patron_id)
        for name, value in values.items():
            setattr(patron, name, value)

    database.act(change)


def test_what_hangs_on_the_one_record_hangs_on_the_other(database: Database, cast: Cast) -> None:
    database.act(lambda session: check_out(session, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=cast.ben))

    def owe(session: Session) -> None:
        loan = session.scalars(select(Loan)).one()
        whose: dict[str, Any] = {"patron_id": cast.luis_id, "loan_id": loan.id}
        session.add_all(
            [
                Charge(branch_id=cast.ela, kind=ChargeKind.DAMAGE, amount_cents=500, made_at=NOW, **whose),
                Task(kind=TaskKind.CALL, subject="loan:1", branch_id=cast.ela, what="call", opened_at=NOW, **whose),
                Notice(subject="loan:1", step="due_3", channel=Channel.CALL, due_at=NOW, made_at=NOW, **whose),
            ]
        )

    database.act(owe)
    _merge(database, cast, cast.luis_id, cast.ada_id)
    for kind in (Loan, Charge, Task, Notice, AgreementAcceptance, Card):
        assert set(_every(database, select(kind.patron_id).where(kind.patron_id != cast.mina_id))) == {cast.ada_id}


def test_who_coaches_a_session_with_both_records_coaches_it_once(database: Database, cast: Cast) -> None:
    other = next_cohort(database, cast)

    def coach(session: Session) -> None:
        for cohort_id, patron_id in ((cast.cohort, cast.luis_id), (cast.cohort, cast.ada_id), (other, cast.luis_id)):
            put(session, Captain(cohort_id=cohort_id, patron_id=patron_id, returned=False, created_at=NOW))

    database.act(coach)
    _merge(database, cast, cast.luis_id, cast.ada_id, by=cast.eli)
    assert _every(database, select(Captain.patron_id)) == [cast.ada_id, cast.ada_id]


def test_two_attendances_of_one_workshop_become_one(database: Database, cast: Cast) -> None:
    both, one = meeting(database, cast), meeting(database, cast, n=2)
    come(database, cast, both, ADA)
    come(database, cast, both, LUIS, AttendanceMode.VIRTUAL)
    come(database, cast, one, LUIS)
    _merge(database, cast, cast.luis_id, cast.ada_id)
    assert attendances(database) == [(cast.ada_id, AttendanceMode.ONSITE), (cast.ada_id, AttendanceMode.ONSITE)]


def test_the_captain_of_one_session_with_both_records_is_one_captain(database: Database, cast: Cast) -> None:
    def coach(session: Session) -> None:
        for patron_id in (cast.ada_id, cast.luis_id):
            session.add(Captain(cohort_id=cast.cohort, patron_id=patron_id, returned=False, created_at=NOW))

    database.act(coach)
    _merge(database, cast, cast.luis_id, cast.ada_id)
    assert _every(database, select(Captain.patron_id)) == [cast.ada_id]


def test_the_old_number_says_that_it_was_replaced(database: Database, cast: Cast) -> None:
    merged = _merge(database, cast, cast.luis_id, cast.ada_id)
    assert merged.card == ADA
    with database.read() as session, pytest.raises(Refused) as refused:
        patrons.patron_with_card(session, read(LUIS, CodeSpaces()))
    assert refused.value.blocks == (Block(Reason.CARD_REPLACED, {"card": LUIS, "current": ADA}),)
    (card,) = _every(database, select(Card).where(Card.number == LUIS))
    assert (card.end, card.ended_at) == (CardEnd.MERGED, NOW)


def test_the_old_record_keeps_nothing_about_the_person(database: Database, cast: Cast) -> None:
    _change(database, cast.luis_id, email="luis@example.org", phone="+12135550142", note="likes tea", street="1 Elm St")
    session_before = _every(database, select(Patron.session_version).where(Patron.id == cast.luis_id))
    _merge(database, cast, cast.luis_id, cast.ada_id)
    (gone,) = _every(database, select(Patron).where(Patron.id == cast.luis_id))
    assert (gone.status, gone.merged_into_id) == (PatronStatus.MERGED, cast.ada_id)
    left = (gone.name, gone.name_key, gone.email, gone.phone, gone.note, gone.street, gone.birth_date)
    assert not any(left)
    assert [gone.session_version] != session_before


def test_the_staying_record_learns_what_it_did_not_know(database: Database, cast: Cast) -> None:
    household = database.act(lambda session: put(session, Household(address_key="|90022|1 elm st")).id)
    _change(
        database,
        cast.luis_id,
        email="luis@example.org",
        phone="+12135550142",
        street="1 Elm St",
        household_id=household,
        blocked_reason="Please see the manager",
    )
    _change(database, cast.ada_id, email="ada@example.org")
    _merge(database, cast, cast.luis_id, cast.ada_id)
    (stays,) = _every(database, select(Patron).where(Patron.id == cast.ada_id))
    assert (stays.name, stays.email, stays.phone) == ("Ada Morales", "ada@example.org", "+12135550142")
    assert (stays.street, stays.household_id) == ("1 Elm St", household)
    assert stays.blocked_reason == "Please see the manager"


PHONE, MAIL = "+12135550142", "morales@example.org"
CONSENT: dict[str, Any] = {"text_consent_at": NOW, "text_consent_wording": "Text me."}
STOPPED: dict[str, Any] = {"text_stopped_at": NOW - timedelta(days=1)}


@pytest.mark.parametrize(("stays", "gone"), [(STOPPED, CONSENT), (CONSENT, STOPPED), (STOPPED, STOPPED)])
def test_a_number_that_was_told_to_stop_gets_no_texts_after_a_merge(
    database: Database, cast: Cast, stays: dict[str, Any], gone: dict[str, Any]
) -> None:
    _change(database, cast.ada_id, phone=PHONE, **stays)
    _change(database, cast.luis_id, phone=PHONE, **gone)
    _merge(database, cast, cast.luis_id, cast.ada_id)
    (kept,) = _every(database, select(Patron).where(Patron.id == cast.ada_id))
    assert (kept.phone, kept.text_consent_at, kept.text_consent_wording) == (PHONE, None, None)
    assert kept.text_stopped_at == STOPPED["text_stopped_at"]


def test_a_number_comes_with_its_stop_or_its_consent(database: Database, cast: Cast) -> None:
    _change(database, cast.luis_id, phone=PHONE, **STOPPED)
    _merge(database, cast, cast.luis_id, cast.ada_id)
    _change(database, cast.ada_id, phone=None, text_stopped_at=None)
    _change(database, cast.mina_id, phone=PHONE, **CONSENT)
    stopped = _every(database, select(Patron.text_stopped_at).where(Patron.id == cast.luis_id))
    assert stopped == [None], "the old record keeps nothing"
    _merge(database, cast, cast.mina_id, cast.ada_id)
    (kept,) = _every(database, select(Patron).where(Patron.id == cast.ada_id))
    assert (kept.phone, kept.text_consent_at, kept.text_stopped_at) == (PHONE, NOW, None)


def test_a_stop_of_another_number_stops_nothing(database: Database, cast: Cast) -> None:
    _change(database, cast.ada_id, phone="+13235550100", **CONSENT)
    _change(database, cast.luis_id, phone=PHONE, **STOPPED)
    _merge(database, cast, cast.luis_id, cast.ada_id)
    (kept,) = _every(database, select(Patron).where(Patron.id == cast.ada_id))
    assert (kept.phone, kept.text_consent_at, kept.text_stopped_at) == ("+13235550100", NOW, None)


@pytest.mark.parametrize(("own", "refused_at"), [(MAIL, NOW), (None, NOW), ("ada@example.org", None)])
def test_an_address_that_was_refused_stays_known_while_it_is_the_same(
    database: Database, cast: Cast, own: str | None, refused_at: datetime | None
) -> None:
    _change(database, cast.ada_id, email=own)
    _change(database, cast.luis_id, email=MAIL, email_refused_at=NOW)
    _merge(database, cast, cast.luis_id, cast.ada_id)
    assert _every(database, select(Patron.email_refused_at).where(Patron.id == cast.ada_id)) == [refused_at]
    assert _every(database, select(Patron.email_refused_at).where(Patron.id == cast.luis_id)) == [None]


@pytest.mark.parametrize(("own", "kept"), [(None, Channel.CALL), (Channel.LETTER, Channel.LETTER)])
def test_how_somebody_asked_to_be_told_is_kept(
    database: Database, cast: Cast, own: Channel | None, kept: Channel
) -> None:
    _change(database, cast.ada_id, notice_channel=own)
    _change(database, cast.luis_id, notice_channel=Channel.CALL)
    _merge(database, cast, cast.luis_id, cast.ada_id)
    channels = select(Patron.notice_channel).where(Patron.id.in_((cast.ada_id, cast.luis_id))).order_by(Patron.id)
    assert _every(database, channels) == [kept, None]


def test_of_two_promises_for_one_session_the_better_stays_and_the_other_goes_to_the_next(
    database: Database, cast: Cast
) -> None:
    """Ada was promised a kit of the pool of two, Luis another; Mina waits."""

    def fill(session: Session) -> tuple[int, int]:
        pool_id = session.scalars(
            select(Pool.id).where(Pool.stock_id == stock(session, cast.ela, cast.work_ready))
        ).one()
        luis = promise(session, cast, patron_id=cast.luis_id, pool_id=pool_id, state=ReservationState.READY)
        mina = promise(session, cast, patron_id=cast.mina_id, pool_id=pool_id, state=ReservationState.WAITING)
        return luis, mina

    luis_promise, mina_promise = database.act(fill)
    merged = _merge(database, cast, cast.luis_id, cast.ada_id)
    assert merged.ended == 2
    live = _every(
        database, select(Reservation).where(Reservation.state.in_(LIVE_RESERVATIONS)).order_by(Reservation.id)
    )
    assert [(row.id, row.patron_id, row.state) for row in live] == [
        (luis_promise, cast.ada_id, ReservationState.READY),
        (mina_promise, cast.mina_id, ReservationState.PROMISED),
    ]
    (seat,) = _every(
        database,
        select(Enrolment).where(Enrolment.patron_id == cast.ada_id, Enrolment.state.in_(LIVE_ENROLMENTS)),
    )
    assert live[0].enrolment_id == seat.id
    ended = _every(database, select(Reservation).where(Reservation.state == ReservationState.CANCELLED))
    assert [(row.patron_id, row.ended_reason) for row in ended] == [(cast.ada_id, "merged")]


def test_a_seat_comes_before_a_place_on_the_waiting_list(database: Database, cast: Cast) -> None:
    database.act(
        lambda session: promise(
            session,
            cast,
            patron_id=cast.mina_id,
            pool_id=None,
            state=ReservationState.CANCELLED,
            seat=EnrolmentState.WAITING,
        )
    )
    _merge(database, cast, cast.ada_id, cast.mina_id)
    seats = _every(database, select(Enrolment).where(Enrolment.patron_id == cast.mina_id).order_by(Enrolment.id))
    assert [seat.state for seat in seats] == [EnrolmentState.ENROLLED, EnrolmentState.WITHDRAWN]


def test_of_two_open_reservations_for_one_type_the_earlier_stays(database: Database, cast: Cast) -> None:
    def wait(session: Session, patron_id: int) -> int:
        row = Reservation(
            patron_id=patron_id,
            kit_type_id=cast.laptop_hotspot,
            stock_id=stock(session, cast.ela, cast.laptop_hotspot),
            pickup_branch_id=cast.ela,
            _state=ReservationState.WAITING,
            pickup_code="AB12",
            queued_at=NOW,
        )
        return put(session, row).id

    earlier = database.act(lambda session: wait(session, cast.mina_id))
    database.act(lambda session: wait(session, cast.luis_id))
    _merge(database, cast, cast.mina_id, cast.luis_id)
    still = Reservation.state.in_(LIVE_RESERVATIONS) & Reservation.cohort_id.is_(None)
    live = _every(database, select(Reservation).where(still))
    assert [(row.id, row.patron_id) for row in live] == [(earlier, cast.luis_id)]


def test_merging_again_and_again_ends_at_one_record(database: Database, cast: Cast) -> None:
    _merge(database, cast, cast.luis_id, cast.ada_id)
    _merge(database, cast, cast.ada_id, cast.mina_id)
    into = _every(database, select(Patron.merged_into_id).where(Patron.status == PatronStatus.MERGED))
    assert set(into) == {cast.mina_id}
    with database.read() as session, pytest.raises(Refused) as refused:
        patrons.patron_with_card(session, read(LUIS, CodeSpaces()))
    assert refused.value.blocks[0].detail["current"] == MINA


def test_a_record_without_a_card_takes_over_the_others(database: Database, cast: Cast) -> None:
    database.act(lambda session: patrons.end_card(session, cast.ada_id, CardEnd.REPLACED, NOW))
    assert _merge(database, cast, cast.luis_id, cast.ada_id).card == LUIS


def test_only_a_manager_merges(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        _merge(database, cast, cast.luis_id, cast.ada_id, by=cast.ben)
    assert refused.value.blocks[0].reason is Reason.NOT_PERMITTED


def test_a_record_is_not_merged_with_itself_or_twice(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        _merge(database, cast, cast.ada_id, cast.ada_id)
    assert refused.value.blocks[0].reason is Reason.SAME_PATRON
    _merge(database, cast, cast.luis_id, cast.ada_id)
    with pytest.raises(Refused) as refused:
        _merge(database, cast, cast.luis_id, cast.mina_id)
    assert refused.value.blocks[0].reason is Reason.NOT_FOUND


def test_the_journal_leads_from_each_record_to_the_other(database: Database, cast: Cast) -> None:
    pseudonyms = dict(
        zip(
            ("ada", "luis"),
            _every(
                database,
                select(Patron.pseudonym).where(Patron.id.in_((cast.ada_id, cast.luis_id))).order_by(Patron.id),
            ),
            strict=True,
        )
    )
    _merge(database, cast, cast.luis_id, cast.ada_id)
    rows = _every(database, select(JournalEntry).where(JournalEntry.verb == "merge_patrons").order_by(JournalEntry.id))
    assert [(row.patron, row.detail["with"], row.detail["stays"]) for row in rows] == [
        (pseudonyms["ada"], pseudonyms["luis"], True),
        (pseudonyms["luis"], pseudonyms["ada"], False),
    ]


def test_a_refused_merge_changes_nothing(database: Database, cast: Cast) -> None:
    with database.read() as session:
        before = session.scalars(select(func.count()).select_from(JournalEntry)).one()
    with pytest.raises(Refused):
        database.act(
            lambda session: merging.merge(
                session,
                loser=_public_id(database, cast.ada_id),
                survivor="x" * 16,
                at=NOW + timedelta(1),
                by=cast.cleo,
            )
        )
    assert _every(database, select(func.count()).select_from(JournalEntry)) == [before]
