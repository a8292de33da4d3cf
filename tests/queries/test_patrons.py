"""Claims about finding and showing patrons: who sees whom, what is masked, and how few statements it takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.patrons import replace_card
from lending.db import Database
from lending.domain.barcodes import CodeSpaces, library_code, read
from lending.domain.names import fold
from lending.domain.states import ReservationState
from lending.models.charges import Charge, ChargeKind
from lending.models.loans import Loan
from lending.models.people import CardEnd, Patron, PatronStatus
from lending.models.reservations import Reservation
from lending.queries.patrons import PatronsFound, PatronShown, find_patrons, patron_shown, patron_with_card
from lending.queries.scope import Branches
from tests.cast import ADA, LUIS, MINA, NOW, OPEN_KIT, Cast, assemble, patron, promise, put
from tests.databases import counting


@pytest.fixture
def cast(database: Database) -> Cast:
    """The standing cast."""
    return assemble(database)


def _public_id(database: Database, patron_id: int) -> str:
    with database.read() as session:
        return session.scalars(select(Patron.public_id).where(Patron.id == patron_id)).one()


def _shown(database: Database, patron_id: int, branch_ids: Branches) -> PatronShown | None:
    public_id = _public_id(database, patron_id)
    with database.read() as session:
        return patron_shown(session, public_id, branch_ids=branch_ids)


def _found(database: Database, text: str, branch_ids: Branches) -> PatronsFound:
    with database.read() as session:
        return find_patrons(session, text, branch_ids=branch_ids)


def _names(database: Database, text: str, branch_ids: Branches) -> list[str]:
    return [row.short_name for row in _found(database, text, branch_ids).patrons]


def _change(database: Database, patron_id: int, **values: Any) -> None:
    def change(session: Session) -> None:
        row = session.get_one(Patron, patron_id)
        for name, value in values.items():
            setattr(row, name, value)

    database.act(change)


def _lend(database: Database, cast: Cast) -> None:
    database.act(lambda session: check_out(session, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=cast.ben))


# --- Search ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["mor", "Morales", "ADA", "ada mor", "mor ada", "Mórales", "0018", "4567 1234"])
def test_a_patron_is_found_by_the_beginnings_of_names_and_the_ends_of_numbers(
    database: Database, cast: Cast, text: str
) -> None:
    _change(database, cast.ada_id, phone="+12345671234")
    assert _names(database, text, {cast.ela}) == ["Ada M."]


@pytest.mark.parametrize("text", ["", "  ", "mo", "a", "18", "orales", "%%%", "___", "mor%", "nobody", "99990000"])
def test_a_text_that_is_too_short_or_means_nobody_finds_nobody(database: Database, cast: Cast, text: str) -> None:
    assert _names(database, text, {cast.ela}) == []


def test_an_address_is_found_by_its_beginning(database: Database, cast: Cast) -> None:
    _change(database, cast.ada_id, email="Ada.Morales@example.org")
    assert _names(database, "ada.morales@", None) == ["Ada M."]
    assert _names(database, "ada_morales@", None) == []


def test_a_name_without_an_alphabet_is_found_by_one_character(database: Database, cast: Cast) -> None:
    _change(database, cast.ada_id, name="李小龍", name_key=fold("李小龍"))
    assert _names(database, "李", {cast.ela}) == ["李小龍"]


def test_a_search_stays_within_ones_branches(database: Database, cast: Cast) -> None:
    assert _names(database, "kaur", {cast.ela}) == []
    assert _names(database, "kaur", {cast.com}) == ["Mina K."]
    assert _names(database, "kaur", None) == ["Mina K."]


def test_no_branch_is_never_every_branch(database: Database, cast: Cast) -> None:
    assert _names(database, "mor", set()) == []
    assert _shown(database, cast.ada_id, set()) is None


def test_a_search_shows_enough_to_recognise_and_no_more(database: Database, cast: Cast) -> None:
    _change(database, cast.ada_id, email="ada@example.org", phone="+12135550142", blocked_reason="Ask the manager")
    (row,) = _found(database, "mor", {cast.ela}).patrons
    assert (row.short_name, row.card_hint, row.blocked) == ("Ada M.", "0018", True)
    assert (row.email, row.phone) == ("a•••@example.org", "•••42")


def test_a_long_list_says_that_there_is_more(database: Database, cast: Cast) -> None:
    def crowd(session: Session) -> None:
        for n in range(100, 125):
            patron(session, library_code("2", "9999", n), f"Kim Number{n}", cast.ela)

    database.act(crowd)
    found = _found(database, "kim", {cast.ela})
    assert (len(found.patrons), found.more) == (20, True)
    with counting(database) as statements:
        _found(database, "kim", {cast.ela})
    assert len(statements) == 1


@pytest.mark.parametrize("status", [PatronStatus.MERGED, PatronStatus.ERASED])
def test_a_record_that_stands_for_nobody_is_not_found(database: Database, cast: Cast, status: PatronStatus) -> None:
    _change(database, cast.ada_id, status=status)
    assert _names(database, "mor", None) == []
    assert _shown(database, cast.ada_id, None) is None


# --- One patron ------------------------------------------------------------------------------------------------


def test_a_page_shows_what_hangs_on_the_patron(database: Database, cast: Cast) -> None:
    _lend(database, cast)

    def owe(session: Session) -> None:
        loan = session.scalars(select(Loan)).one()
        put(
            session,
            Charge(
                patron_id=cast.luis_id,
                loan_id=loan.id,
                branch_id=cast.ela,
                kind=ChargeKind.DAMAGE,
                amount_cents=500,
                made_at=NOW,
            ),
        )
        promise(session, cast, patron_id=cast.luis_id, pool_id=None, state=ReservationState.WAITING)

    database.act(owe)
    shown = _shown(database, cast.luis_id, {cast.ela})
    assert shown is not None
    assert (shown.name, shown.short_name, shown.card, shown.home_branch) == ("Luis Ramos", "Luis R.", LUIS, "ELA")
    assert (shown.owes_cents, shown.kits_out) == (500, 1)
    assert [(loan.kit, loan.received_at) for loan in shown.loans] == [(OPEN_KIT, None)]
    assert [(charge.kit, charge.amount_cents) for charge in shown.charges] == [(OPEN_KIT, 500)]
    assert [(one.cohort, one.position) for one in shown.reservations] == [("Work Ready 7", 1)]
    assert [one.cohort_code for one in shown.enrolments] == ["WR-7"]


def test_a_page_takes_six_statements_whatever_hangs_on_the_patron(database: Database, cast: Cast) -> None:
    public_id = _public_id(database, cast.luis_id)
    counts = []
    for _ in range(2):
        with database.read() as session, counting(database) as statements:
            patron_shown(session, public_id, branch_ids={cast.ela})
        counts.append(len(statements))
        _lend(database, cast) if len(counts) == 1 else None
    assert counts == [6, 6]


def test_the_old_number_still_leads_to_the_patron_and_says_why_it_ended(database: Database, cast: Cast) -> None:
    new = read(library_code("2", "9999", 77), CodeSpaces())
    public_id = _public_id(database, cast.ada_id)
    database.act(
        lambda session: replace_card(session, patron=public_id, card=new, at=NOW + timedelta(hours=1), by=cast.ben)
    )
    with database.read() as session:
        shown = patron_with_card(session, ADA)
    assert shown is not None
    assert shown.card == new.text
    assert [(card.number, card.end) for card in shown.cards] == [(new.text, None), (ADA, CardEnd.REPLACED)]


def test_an_exact_card_is_found_at_any_branch_and_an_unknown_one_nowhere(database: Database, cast: Cast) -> None:
    with database.read() as session:
        mina = patron_with_card(session, MINA)
        assert mina is not None
        assert mina.home_branch == "COM"
        assert patron_with_card(session, "29999000099998") is None


def test_a_patron_of_another_branch_is_shown_while_a_kit_of_ones_own_is_out_or_promised(
    database: Database, cast: Cast
) -> None:
    assert _shown(database, cast.mina_id, {cast.ela}) is None
    database.act(lambda session: promise(session, cast, patron_id=cast.mina_id, pool_id=None))
    assert _shown(database, cast.mina_id, {cast.ela}) is not None

    def cancel(session: Session) -> None:
        row = session.scalars(select(Reservation).where(Reservation.patron_id == cast.mina_id)).one()
        row._state = ReservationState.CANCELLED

    database.act(cancel)
    assert _shown(database, cast.mina_id, {cast.ela}) is None
    assert _shown(database, cast.mina_id, {cast.com}) is not None
