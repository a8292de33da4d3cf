"""Open reservations and the queues they stand in, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lending.circulation import kits, reserving
from lending.circulation.checkout import CheckedOut
from lending.circulation.merging import merge
from lending.circulation.reservations import PROMISED_NOTICE, serve_waiting, waited_for
from lending.circulation.reserving import Cancelled, Reserved, reserve
from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.due_dates import DueRule
from lending.domain.states import KitState, ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, Pool
from lending.models.journal import JournalEntry
from lending.models.kits import Kit
from lending.models.notices import Notice, NoticeState
from lending.models.people import Patron
from lending.models.reservations import Reservation
from lending.programs.enrolment import enrol
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, Cast, put, stock
from tests.circulation.kits_in_hand import (
    journalled,
    kit_row,
    lend,
    look,
    only,
    receive,
    rows,
    seen,
    why,
)
from tests.circulation.town import scan

PROMISED, WAITING = ReservationState.PROMISED, ReservationState.WAITING


def ask(database: Database, cast: Cast, card: str, **given: Any) -> Reserved:
    """Ben reserves a laptop with a hotspot for somebody, at East Los Angeles."""
    values = {
        "patron": card,
        "kit_type": "laptop-hotspot",
        "pickup_branch_id": cast.ela,
        "at": NOW,
        "by": cast.ben,
        **given,
    }
    return database.act(lambda session: reserve(session, **values))


def give_up(database: Database, cast: Cast, reservation: str, **given: Any) -> Cancelled:
    """Ben cancels a reservation."""
    values = {"reservation": reservation, "reason": "found another", "at": NOW, "by": cast.ben, **given}
    return database.act(lambda session: reserving.cancel(session, **values))


def state(database: Database, reservation: str) -> ReservationState:
    """How a reservation stands."""
    return only(database, Reservation, Reservation.public_id == reservation).state


def mended(database: Database, *codes: str, now: KitState = KitState.REPAIR) -> None:
    """Kits that are being mended, or work again."""
    database.act(lambda s: s.execute(update(Kit).where(Kit.barcode.in_(codes)).values(_state=now)))


def test_a_free_kit_is_promised_at_once(database: Database, cast: Cast) -> None:
    answer = ask(database, cast, ADA)
    assert (answer.state, answer.position, answer.ready_until) == (PROMISED, None, None)
    assert [entry.detail["reservation"] for entry in journalled(database, "reserve")] == [answer.reservation]


def test_who_comes_when_all_are_promised_waits_in_order(database: Database, cast: Cast) -> None:
    mended(database, OTHER_OPEN_KIT)
    answers = [ask(database, cast, card) for card in (ADA, LUIS, MINA)]
    assert [(answer.state, answer.position) for answer in answers] == [(PROMISED, None), (WAITING, 1), (WAITING, 2)]


def test_all_reasons_against_a_reservation_are_told_at_once(database: Database, cast: Cast) -> None:
    def spoil(session: Session) -> None:
        ada = session.get_one(Patron, cast.ada_id)
        ada.blocked_reason, ada.expires_on = "ask about the lost charger", (NOW - timedelta(days=9)).date()

    database.act(spoil)
    with pytest.raises(Refused) as refused:
        ask(database, cast, ADA, kit_type="work-ready")
    assert set(why(refused)) == {Reason.CARD_BLOCKED, Reason.CARD_EXPIRED, Reason.KIT_TYPE_NEEDS_COHORT}
    assert rows(database, Reservation, Reservation.cohort_id.is_(None)) == []


def test_nobody_reserves_the_same_twice(database: Database, cast: Cast) -> None:
    ask(database, cast, ADA)
    for branch_id, by in ((cast.ela, cast.ben), (cast.com, cast.cleo)):
        with pytest.raises(Refused) as refused:
            ask(database, cast, ADA, pickup_branch_id=branch_id, by=by)
        assert why(refused) == [Reason.ALREADY_RESERVED]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"patron": "29999000000992"}, Reason.CARD_UNKNOWN),
        ({"kit_type": "telescope"}, Reason.NOT_FOUND),
        ({"pickup_branch_id": 2}, Reason.NOT_PERMITTED),
    ],
)
def test_what_is_not_there_or_not_theirs_is_refused(
    database: Database, cast: Cast, given: dict[str, Any], reason: Reason
) -> None:
    given = {**given, **({"pickup_branch_id": cast.com} if "pickup_branch_id" in given else {})}
    with pytest.raises(Refused) as refused:
        ask(database, cast, given.pop("patron", ADA), **given)
    assert why(refused) == [reason]


def test_a_walk_in_never_gets_a_kit_that_a_promise_needs(database: Database, cast: Cast) -> None:
    for card in (ADA, MINA):
        ask(database, cast, card)
    with pytest.raises(Refused) as refused:
        lend(database, cast)
    assert why(refused) == [Reason.NEEDED_FOR_PROMISES]


def test_a_scan_fulfils_the_patrons_earliest_reservation(database: Database, cast: Cast) -> None:
    reserved = ask(database, cast, LUIS)
    lend(database, cast, OPEN_KIT, LUIS)
    row = only(database, Reservation, Reservation.public_id == reserved.reservation)
    assert (row.state, row.kit_id) == (ReservationState.PICKED_UP, kit_row(database).id)


def test_who_waits_has_those_before_them_at_the_desk_too(database: Database, cast: Cast) -> None:
    """A kit is free that nobody served yet: it is the first one's, and not the second's."""
    mended(database, OPEN_KIT, OTHER_OPEN_KIT)
    ask(database, cast, ADA)
    ask(database, cast, LUIS)
    mended(database, OPEN_KIT, now=KitState.AVAILABLE)
    with pytest.raises(Refused) as refused:
        lend(database, cast, OPEN_KIT, LUIS)
    assert why(refused) == [Reason.NEEDED_FOR_PROMISES]
    assert lend(database, cast, OPEN_KIT, ADA).kit == OPEN_KIT


def test_a_cancelled_promise_goes_to_the_next_at_once_and_they_are_told(database: Database, cast: Cast) -> None:
    mended(database, OTHER_OPEN_KIT)
    first, second = ask(database, cast, ADA), ask(database, cast, LUIS)
    ended = give_up(database, cast, first.reservation, at=NOW + timedelta(hours=1))
    assert (ended.state, ended.promised) == (ReservationState.CANCELLED, (second.reservation,))
    told = only(database, Notice, Notice.step == PROMISED_NOTICE)
    assert (told.subject, told.step) == (f"reservation:{second.reservation}", PROMISED_NOTICE)
    with pytest.raises(Refused) as refused:
        give_up(database, cast, first.reservation)
    assert why(refused) == [Reason.WRONG_STATE]


def test_a_reservation_is_cancelled_by_who_may_and_only_where_it_is(database: Database, cast: Cast) -> None:
    reserved = ask(database, cast, ADA).reservation
    for name, by, reason in ((reserved, cast.cleo, Reason.NOT_PERMITTED), ("nobodys", cast.ben, Reason.NOT_FOUND)):
        with pytest.raises(Refused) as refused:
            give_up(database, cast, name, by=by)
        assert why(refused) == [reason]


def one_waits(database: Database, cast: Cast) -> str:
    """Luis has one kit, the other is in repair, and Mina waits."""
    lend(database, cast, OPEN_KIT, LUIS)
    mended(database, OTHER_OPEN_KIT)
    return ask(database, cast, MINA).reservation


def test_a_kit_that_is_turned_around_is_promised_to_whoever_waits(database: Database, cast: Cast) -> None:
    mina = one_waits(database, cast)
    receive(database, cast)
    assert state(database, mina) is WAITING
    look(database, cast, seen(database))
    assert state(database, mina) is PROMISED


def test_a_new_kit_is_promised_to_whoever_waits(database: Database, cast: Cast) -> None:
    mina = one_waits(database, cast)
    database.act(
        lambda s: kits.add_kit(
            s, code=scan("KIT-2077"), kit_type="laptop-hotspot", branch_id=cast.ela, at=NOW, by=cast.ben
        )
    )
    assert state(database, mina) is PROMISED


def test_an_undone_check_out_frees_the_kit_for_whoever_waits(database: Database, cast: Cast) -> None:
    mina = one_waits(database, cast)
    database.act(lambda session: undo(session, at=NOW, by=cast.ben))
    assert state(database, mina) is PROMISED


def test_an_inspection_taken_back_takes_back_what_it_promised(database: Database, cast: Cast) -> None:
    mina = one_waits(database, cast)
    receive(database, cast, at=NOW + timedelta(days=1))
    look(database, cast, seen(database), at=NOW + timedelta(days=1))
    assert only(database, Notice, Notice.step == PROMISED_NOTICE).state is NoticeState.PENDING
    database.act(lambda session: undo(session, at=NOW + timedelta(days=1, minutes=1), by=cast.ben))
    assert (state(database, mina), kit_row(database).state) == (WAITING, KitState.TO_INSPECT)
    assert only(database, Notice, Notice.step == PROMISED_NOTICE).state is NoticeState.CANCELLED


def join(database: Database, cast: Cast, card: str) -> None:
    """Ben enrols somebody with a kit at East Los Angeles, where Ada has one of two."""
    by = cast.ben
    database.act(lambda s: enrol(s, patron=card, cohort="WR-7", pickup_branch_id=cast.ela, at=NOW, by=by))


def test_a_cohorts_early_return_fills_its_pool_again(database: Database, cast: Cast) -> None:
    for card in (LUIS, MINA):
        join(database, cast, card)
    lend(database, cast, KIT, ADA)
    lend(database, cast, OTHER_KIT, LUIS)
    minas = only(database, Reservation, Reservation.patron_id == cast.mina_id).public_id
    assert state(database, minas) is WAITING
    receive(database, cast, KIT, at=NOW + timedelta(days=2))
    assert state(database, minas) is PROMISED
    database.act(lambda session: undo(session, at=NOW + timedelta(days=2), by=cast.ben))
    assert state(database, minas) is WAITING


def cohort_begins(database: Database, cast: Cast, in_days: int) -> None:
    """Work Ready 8 begins with both kits, for forty days."""
    begins = (NOW + timedelta(days=in_days)).date()
    ends = begins + timedelta(days=40)

    def plan(session: Session) -> None:
        cohort = put(
            session,
            Cohort(
                code="WR-8",
                program_id=cast.program,
                name="Work Ready 8",
                starts_on=begins,
                ends_on=ends,
                return_by=ends,
                pickup_from=begins,
                capacity=9,
                created_at=NOW,
            ),
        )
        put(session, Pool(cohort_id=cohort.id, stock_id=stock(session, cast.ela, cast.laptop_hotspot), kits=2))

    database.act(plan)


def test_a_kit_that_a_cohort_needs_while_it_would_lie_on_the_shelf_is_not_promised(
    database: Database, cast: Cast
) -> None:
    cohort_begins(database, cast, in_days=3)
    assert ask(database, cast, ADA).state is WAITING


def test_what_becomes_free_by_the_day_alone_is_served_by_the_sweep(database: Database, cast: Cast) -> None:
    cohort_begins(database, cast, in_days=3)
    ada = ask(database, cast, ADA).reservation
    (stock_id,) = database.act(waited_for)
    over = NOW + timedelta(days=60)
    assert database.act(lambda s: serve_waiting(s, stock_id, at=over, by=cast.system)) == 1
    assert state(database, ada) is PROMISED
    assert database.act(lambda s: serve_waiting(s, stock_id, at=over, by=cast.system)) == 0


def test_an_open_promise_is_due_before_a_cohort_needs_its_kit(database: Database, cast: Cast) -> None:
    cohort_begins(database, cast, in_days=30)
    assert ask(database, cast, LUIS).state is PROMISED
    answer: CheckedOut = lend(database, cast, OPEN_KIT, LUIS)
    assert answer.rule is DueRule.CEILING_STOCK
    assert answer.due_on < (NOW + timedelta(days=30)).date()


def test_a_refused_reservation_changes_nothing(database: Database, cast: Cast) -> None:
    ask(database, cast, ADA)
    before = len(rows(database, JournalEntry)), len(rows(database, Reservation))
    with pytest.raises(Refused):
        ask(database, cast, ADA)
    assert (len(rows(database, JournalEntry)), len(rows(database, Reservation))) == before


def test_of_two_open_promises_of_one_person_the_second_goes_to_the_next(database: Database, cast: Cast) -> None:
    """Ada and Luis are one person with two records; Mina waited."""
    for card in (ADA, LUIS, MINA):
        ask(database, cast, card)

    def one_person(session: Session) -> None:
        ada, luis = (session.get_one(Patron, patron_id).public_id for patron_id in (cast.ada_id, cast.luis_id))
        merge(session, loser=luis, survivor=ada, at=NOW, by=cast.eli)

    database.act(one_person)
    minas = only(database, Reservation, Reservation.patron_id == cast.mina_id)
    assert minas.state is PROMISED
