"""Claims about kits and their types: codes, stock, withdrawal, and what is never deleted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from lending.circulation import codes, kits
from lending.circulation.checkout import check_out
from lending.circulation.parts import GivenPart
from lending.domain.states import KitState, LoanState, ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.kits import Kit, KitType, KitTypePart, Part
from lending.models.loans import Loan
from lending.models.people import Card
from lending.models.policies import AgreementAcceptance, Signing
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from tests.circulation.town import AT, Town, card, scan

CODE = "KIT-00042"


def _kit(town: Town, code: str = CODE) -> Kit:
    found: Kit = town.one(select(Kit).where(Kit.barcode == code))
    return found


def _lend(town: Town, code: str = CODE) -> str:
    """Ada has signed and takes the kit home; gives her public id."""
    ada = town.register(1)
    patron_id = town.patron(ada).id
    signed = AgreementAcceptance(patron_id=patron_id, accepted_at=AT, how=Signing.AT_DESK)
    town.database.act(lambda session: session.add(signed))
    town.act(check_out, by=town.ben, kit=code, patron=card(1).text, branch_id=town.ela)
    return ada


def _set_state(town: Town, state: KitState, code: str = CODE) -> None:
    def put(session: Any) -> None:
        session.scalars(select(Kit).where(Kit.barcode == code)).one()._state = state

    town.database.act(put)


# --- Types -----------------------------------------------------------------------------------------------------


def test_a_kit_type_lists_its_expected_parts_in_order(town: Town) -> None:
    names = town.every(select(KitTypePart.name).order_by(KitTypePart.position))
    assert names == ["Chromebook", "Hotspot", "Charger", "Case", "Planner"]


def test_everything_wrong_with_a_kit_type_is_told_at_once(town: Town) -> None:
    blocks = town.refused(
        kits.add_kit_type,
        by=town.ida,
        code="Work Ready!",
        name=" ",
        whole_price_cents=-1,
        parts=[kits.ExpectedPart("Case"), kits.ExpectedPart("Case")],
    )
    assert [(block.reason, block.detail["field"]) for block in blocks] == [
        (Reason.VALUE_MISSING, "name"),
        (Reason.VALUE_WRONG, "code"),
        (Reason.VALUE_WRONG, "whole_price_cents"),
        (Reason.VALUE_WRONG, "parts"),
    ]


@pytest.mark.parametrize(
    "parts",
    [
        [kits.ExpectedPart("Case", quantity=0)],
        [kits.ExpectedPart("Case", price_cents=-1)],
        [kits.ExpectedPart("")],
        [kits.ExpectedPart("x" * 81)],
    ],
)
def test_a_kit_type_with_an_impossible_part_is_refused(town: Town, parts: list[kits.ExpectedPart]) -> None:
    verb: dict[str, Any] = {"code": "odd", "name": "Odd", "whole_price_cents": 0, "parts": parts}
    assert town.refused(kits.add_kit_type, by=town.ida, **verb) == [Block(Reason.VALUE_WRONG, {"field": "parts"})]


def test_a_kit_type_is_added_once_and_by_an_administrator(town: Town) -> None:
    verb: dict[str, Any] = {
        "code": town.work_ready,
        "name": "Again",
        "whole_price_cents": 0,
        "parts": [kits.ExpectedPart("Case")],
    }
    assert town.reasons(kits.add_kit_type, by=town.ida, **verb) == [Reason.ALREADY_EXISTS]
    assert town.reasons(kits.add_kit_type, by=town.mona, **{**verb, "code": "new"}) == [Reason.NOT_PERMITTED]
    assert len(town.every(select(KitType))) == 1


# --- Kits ------------------------------------------------------------------------------------------------------


def test_a_new_kit_is_whole_and_free_and_belongs_to_the_branchs_stock(town: Town) -> None:
    town.add_kit(place="Shelf 3")
    town.add_kit("KIT-00043")
    kit = _kit(town)
    stock = town.one(select(Stock))
    assert (kit.state, kit.branch_id, kit.stock_id, kit.place) == (KitState.AVAILABLE, town.ela, stock.id, "Shelf 3")
    parts = town.every(select(Part).where(Part.kit_id == kit.id).order_by(Part.id))
    assert [part.quantity for part in parts] == [1, 1, 2, 1, 1]


def test_a_kit_may_hold_given_parts_and_no_hotspot(town: Town) -> None:
    town.add_kit(parts=[GivenPart("Chromebook", serial="5CD1234XYZ", manufacturer="HP"), GivenPart("Charger")])
    assert town.every(select(Part.serial).order_by(Part.id)) == ["5CD1234XYZ", None]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("29999000000018", Reason.CODE_NOT_A_KIT),
        ("CO-WR-7", Reason.CODE_NOT_A_KIT),
        ("CMD-END", Reason.CODE_NOT_A_KIT),
        ("PT-1234", Reason.CODE_IS_A_PART),
        ("490154203237518", Reason.CODE_IS_A_DEVICE_NUMBER),
        ("LAPTOP 7", Reason.CODE_SPACE),
        ("39999000000017", Reason.CODE_MISREAD),
    ],
)
def test_a_code_of_another_space_is_no_kits(town: Town, code: str, reason: Reason) -> None:
    verb: dict[str, Any] = {"code": scan(code), "kit_type": town.work_ready, "branch_id": town.ela}
    assert town.reasons(kits.add_kit, by=town.ben, **verb) == [reason]


def test_a_code_belongs_to_one_kit(town: Town) -> None:
    town.add_kit()
    verb: dict[str, Any] = {"code": scan("kit-00042"), "kit_type": town.work_ready, "branch_id": town.ela}
    assert town.refused(kits.add_kit, by=town.ben, **verb) == [
        Block(Reason.CODE_TAKEN, {"code": CODE, "holder": "kit"})
    ]


def test_a_card_from_before_the_code_spaces_were_set_keeps_its_number(town: Town) -> None:
    """The spaces are a setting: a number that was once a card's is not a kit's when they change."""
    ada = town.register(1)
    town.database.act(
        lambda session: session.add(Card(number=CODE, patron_id=town.patron(ada).id, issued_at=AT, ended_at=AT))
    )
    verb: dict[str, Any] = {"code": scan(CODE), "kit_type": town.work_ready, "branch_id": town.ela}
    assert town.refused(kits.add_kit, by=town.ben, **verb)[0].detail["holder"] == "patron"


def test_of_many_who_give_one_code_at_once_one_succeeds(town: Town) -> None:
    def add(_: int) -> list[Reason]:
        try:
            town.add_kit()
        except Refused as refused:
            return [block.reason for block in refused.blocks]
        return []

    with ThreadPoolExecutor(4) as desks:
        answers = list(desks.map(add, range(4)))
    assert sorted(answers) == [[], *[[Reason.CODE_TAKEN]] * 3]


def test_a_kit_is_added_only_to_ones_own_branch_and_a_known_type(town: Town) -> None:
    verb: dict[str, Any] = {"code": scan(CODE), "kit_type": town.work_ready, "branch_id": town.com}
    assert town.reasons(kits.add_kit, by=town.ben, **verb) == [Reason.NOT_PERMITTED]
    assert town.reasons(kits.add_kit, by=town.ida, **{**verb, "kit_type": "none"}) == [Reason.NOT_FOUND]
    assert town.reasons(kits.add_kit, by=town.ida, **{**verb, "branch_id": 0}) == [Reason.NOT_FOUND]


def test_the_next_free_codes_are_proposed(town: Town) -> None:
    for code in ("KIT-00001", "KIT-00003"):
        town.add_kit(code)
    town.add_kit("39999000000016")
    with town.database.read() as session:
        assert codes.propose_kit_codes(session, scan("KIT-00001"), 3) == ("KIT-00002", "KIT-00004", "KIT-00005")
        assert codes.propose_kit_codes(session, scan("39999000000016")) == ("39999000000024",)
        with pytest.raises(Refused):
            codes.propose_kit_codes(session, card(1))


def test_place_and_note_change_and_nothing_else(town: Town) -> None:
    town.add_kit()
    changed = town.act(kits.change_kit, by=town.ben, kit=CODE, details={"place": "Cart 2", "note": None})
    assert (changed.fields, _kit(town).place) == (("place",), "Cart 2")
    assert town.refused(kits.change_kit, by=town.ben, kit=CODE, details={"state": "lost", "place": "x" * 61}) == [
        Block(Reason.VALUE_WRONG, {"field": "state"}),
        Block(Reason.VALUE_WRONG, {"field": "place"}),
    ]
    assert town.reasons(kits.change_kit, by=town.cleo, kit=CODE, details={}) == [Reason.NOT_PERMITTED]
    assert town.reasons(kits.change_kit, by=town.ben, kit="KIT-00099", details={}) == [Reason.KIT_UNKNOWN]


# --- Withdrawal ------------------------------------------------------------------------------------------------


def test_a_kit_is_withdrawn_by_a_manager_with_a_reason(town: Town) -> None:
    town.add_kit()
    assert town.reasons(kits.withdraw, by=town.ben, kit=CODE, reason="worn out") == [Reason.NOT_PERMITTED]
    assert town.reasons(kits.withdraw, by=town.mona, kit=CODE, reason="  ") == [Reason.REASON_NEEDED]
    town.act(kits.withdraw, by=town.mona, kit=CODE, reason="worn out")
    kit = _kit(town)
    assert (kit.state, kit.withdrawn_at, kit.withdrawn_reason) == (KitState.WITHDRAWN, AT, "worn out")


def test_a_kit_that_is_out_cannot_be_withdrawn(town: Town) -> None:
    town.add_kit()
    _lend(town)
    assert town.refused(kits.withdraw, by=town.mona, kit=CODE, reason="worn out") == [
        Block(Reason.WRONG_STATE, {"kit": CODE, "state": "on_loan"})
    ]
    assert _kit(town).state is KitState.ON_LOAN


def test_a_lost_kit_is_withdrawn_only_when_its_loan_is_settled(town: Town) -> None:
    town.add_kit()
    _lend(town)
    _set_state(town, KitState.LOST)
    assert town.reasons(kits.withdraw, by=town.mona, kit=CODE, reason="lost") == [Reason.WRONG_STATE]

    def settle(session: Any) -> None:
        loan = session.scalars(select(Loan)).one()
        loan._state, loan.received_at = LoanState.CLOSED, AT

    town.database.act(settle)
    town.act(kits.withdraw, by=town.mona, kit=CODE, reason="lost")


def test_a_kit_that_was_ever_lent_cannot_be_deleted(town: Town) -> None:
    town.add_kit()
    _lend(town)
    with pytest.raises(IntegrityError):
        town.database.act(lambda session: session.execute(delete(Kit).where(Kit.barcode == CODE)))


def test_a_reinstated_kit_is_inspected_before_it_is_lent(town: Town) -> None:
    town.add_kit()
    town.act(kits.withdraw, by=town.mona, kit=CODE, reason="worn out")
    assert town.reasons(kits.reinstate, by=town.ben, kit=CODE) == [Reason.NOT_PERMITTED]
    town.act(kits.reinstate, by=town.mona, kit=CODE)
    kit = _kit(town)
    assert (kit.state, kit.withdrawn_at, kit.withdrawn_reason) == (KitState.TO_INSPECT, None, None)
    assert (kit.round, kit.turnaround_since) == (1, AT)
    assert town.reasons(kits.reinstate, by=town.mona, kit=CODE) == [Reason.WRONG_STATE]


def test_a_kit_on_its_way_is_not_withdrawn(town: Town) -> None:
    town.add_kit()

    def send(session: Any) -> None:
        session.scalars(select(Kit)).one().in_transit_to_id = town.com

    town.database.act(send)
    assert town.reasons(kits.withdraw, by=town.mona, kit=CODE, reason="worn out") == [Reason.IN_TRANSIT]


# --- Missing and found -----------------------------------------------------------------------------------------


def test_a_missing_kit_that_turns_up_is_inspected_where_it_is_found(town: Town) -> None:
    town.add_kit(place="Shelf 3")
    assert town.reasons(kits.declare_missing, by=town.ben, kit=CODE) == [Reason.NOT_PERMITTED]
    town.act(kits.declare_missing, by=town.mona, kit=CODE)
    assert (_kit(town).state, _kit(town).place) == (KitState.MISSING, None)
    assert town.reasons(kits.find, by=town.ben, kit=CODE, branch_id=town.com) == [Reason.NOT_PERMITTED]
    town.act(kits.find, by=town.cleo, kit=CODE, branch_id=town.com)
    kit = _kit(town)
    assert (kit.state, kit.branch_id, kit.round) == (KitState.TO_INSPECT, town.com, 1)


def test_a_kit_on_loan_is_not_missing(town: Town) -> None:
    town.add_kit()
    _lend(town)
    assert town.reasons(kits.declare_missing, by=town.mona, kit=CODE) == [Reason.WRONG_STATE]


def test_whoever_a_missing_kit_was_put_aside_for_waits_in_their_place(town: Town) -> None:
    town.add_kit()
    patron_id = town.patron(town.register(1)).id
    _set_state(town, KitState.ON_SHELF)
    kit = _kit(town)
    ready = Reservation(
        patron_id=patron_id,
        kit_type_id=kit.kit_type_id,
        stock_id=kit.stock_id,
        pickup_branch_id=town.ela,
        _state=ReservationState.READY,
        kit_id=kit.id,
        pickup_code="K7QD",
        queued_at=AT,
        ready_at=AT,
        ready_until=AT,
    )
    town.database.act(lambda session: session.add(ready))
    town.act(kits.declare_missing, by=town.mona, kit=CODE)
    row = town.one(select(Reservation))
    assert (row.state, row.kit_id, row.ready_at, row.ready_until) == (ReservationState.WAITING, None, None, None)
