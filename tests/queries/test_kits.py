"""Claims about kits in lists and on their page: who sees which, what a page tells and what it keeps to itself."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.returns import return_kit
from lending.db import Database
from lending.domain.states import KitState, LineState, LoanState
from lending.models.base import table_of
from lending.models.kits import Kit, Part, PartState, TurnaroundStep, TurnaroundStepKind
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan
from lending.queries.kits import KitList, KitShown, kit_list, kit_shown
from lending.queries.scope import Branches
from tests.cast import (
    COMPTON_KIT,
    IMEI,
    KIT,
    LUIS,
    NOW,
    OPEN_KIT,
    OTHER_KIT,
    OTHER_OPEN_KIT,
    THIRD_KIT,
    Cast,
    assemble,
    stock,
)
from tests.databases import counting


@pytest.fixture
def cast(database: Database) -> Cast:
    """The standing cast."""
    return assemble(database)


def _list(database: Database, branch_ids: Branches, **narrowed: Any) -> KitList:
    with database.read() as session:
        return kit_list(session, branch_ids=branch_ids, **narrowed)


def _codes(database: Database, branch_ids: Branches, **narrowed: Any) -> list[str]:
    return [row.code for row in _list(database, branch_ids, **narrowed).kits]


def _shown(database: Database, code: str, branch_ids: Branches) -> KitShown:
    with database.read() as session:
        found = kit_shown(session, code, branch_ids=branch_ids)
    assert found is not None
    return found


def _lend(database: Database, cast: Cast) -> None:
    database.act(lambda session: check_out(session, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=cast.ben))


def _put(database: Database, code: str, **values: Any) -> None:
    def change(session: Session) -> None:
        row = session.scalars(select(Kit).where(Kit.barcode == code)).one()
        for name, value in values.items():
            setattr(row, name, value)

    database.act(change)


# --- Lists -----------------------------------------------------------------------------------------------------


def test_a_list_holds_the_kits_of_ones_branches(database: Database, cast: Cast) -> None:
    assert _codes(database, {cast.ela}) == [KIT, OTHER_KIT, THIRD_KIT, OPEN_KIT, OTHER_OPEN_KIT]
    assert _codes(database, {cast.com}) == [COMPTON_KIT]
    assert len(_codes(database, None)) == 6


def test_no_branch_is_never_every_branch(database: Database, cast: Cast) -> None:
    assert _list(database, set()) == KitList((), 0, None)
    assert _list(database, set(), branch="ELA") == KitList((), 0, None)


def test_a_list_is_narrowed_by_branch_type_state_and_code(database: Database, cast: Cast) -> None:
    _lend(database, cast)
    assert _codes(database, None, branch="COM") == [COMPTON_KIT]
    assert _codes(database, {cast.ela}, branch="COM") == []
    assert _codes(database, None, kit_type="laptop-hotspot") == [OPEN_KIT, OTHER_OPEN_KIT]
    assert _codes(database, None, state=KitState.ON_LOAN) == [OPEN_KIT]
    assert _codes(database, None, text="kit-104") == [KIT, OTHER_KIT, THIRD_KIT]
    assert _codes(database, None, text="%") == []
    assert _codes(database, None, text="1042") == [KIT]
    assert _codes(database, None, text="2") == [KIT, OTHER_OPEN_KIT]
    assert _codes(database, None, text="T-1042") == []


def test_what_is_on_its_way_or_cannot_connect_may_not_be_lent_now(database: Database, cast: Cast) -> None:
    _put(database, KIT, in_transit_to_id=cast.com)

    def suspend(session: Session) -> None:
        chosen = (
            select(Line)
            .join(LinePlacement, LinePlacement.line_id == Line.id)
            .join(Part, Part.id == LinePlacement.part_id)
            .join(Part.kit)
            .where(Kit.barcode == OTHER_KIT)
        )
        session.scalars(chosen).one()._state = LineState.SUSPENDED

    database.act(suspend)
    assert _codes(database, {cast.ela}, state=KitState.AVAILABLE) == [THIRD_KIT, OPEN_KIT, OTHER_OPEN_KIT]


def test_pages_follow_each_other_without_a_gap(database: Database, cast: Cast) -> None:
    first = _list(database, None, limit=4)
    second = _list(database, None, limit=4, after=first.after)
    assert (first.total, second.total, second.after) == (6, 6, None)
    assert len({row.code for row in (*first.kits, *second.kits)}) == 6


def test_a_list_takes_two_statements_and_says_when_kits_are_due(database: Database, cast: Cast) -> None:
    _lend(database, cast)
    with counting(database) as statements:
        found = _list(database, {cast.ela})
    assert len(statements) == 2
    assert [row.code for row in found.kits if row.due_at is not None] == [OPEN_KIT]


# --- One kit ---------------------------------------------------------------------------------------------------


def test_a_page_shows_the_parts_with_their_marks_and_lines(database: Database, cast: Cast) -> None:
    shown = _shown(database, KIT, {cast.ela})
    assert (shown.kit_type, shown.branch, shown.owner, shown.state) == ("work-ready", "ELA", "ELA", KitState.AVAILABLE)
    assert [part.name for part in shown.parts] == ["Laptop", "Hotspot", "Charger", "Case", "Notebook"]
    hotspot = shown.parts[1]
    assert (hotspot.imei, hotspot.price_cents, hotspot.state) == (IMEI, 9000, PartState.HERE)
    assert hotspot.line is not None
    assert (hotspot.line.carrier, hotspot.line.state) == ("Cellco", LineState.ACTIVE)


def test_a_retired_part_is_not_on_the_page(database: Database, cast: Cast) -> None:
    def retire(session: Session) -> None:
        session.scalars(select(Part).where(Part.imei == IMEI)).one().state = PartState.RETIRED

    database.act(retire)
    assert "Hotspot" not in [part.name for part in _shown(database, KIT, {cast.ela}).parts]


def test_a_network_password_is_for_the_branch_where_the_kit_is_and_never_printed(
    database: Database, cast: Cast
) -> None:
    def name_network(session: Session) -> None:
        part = session.scalars(select(Part).where(Part.imei == IMEI)).one()
        part.network_name, part.network_password = "Library 7", "correct-horse"
        session.execute(update(Kit).where(Kit.barcode == KIT).values(in_transit_to_id=cast.com))

    database.act(name_network)
    here = _shown(database, KIT, {cast.ela})
    assert here.parts[1].network_password == "correct-horse"
    assert "correct-horse" not in repr(here)
    assert _shown(database, KIT, {cast.com}).parts[1].network_password is None


def test_whoever_has_a_kit_is_named_to_its_branches_alone(database: Database, cast: Cast) -> None:
    _lend(database, cast)

    def give_to_compton(session: Session) -> None:
        owner = stock(session, cast.com, cast.laptop_hotspot)
        session.execute(update(Kit).where(Kit.barcode == OPEN_KIT).values(stock_id=owner))

    database.act(give_to_compton)
    here, elsewhere = _shown(database, OPEN_KIT, {cast.ela}).loan, _shown(database, OPEN_KIT, {cast.com}).loan
    assert here is not None
    assert elsewhere is not None
    assert (here.patron_name, elsewhere.patron_name, elsewhere.patron) == ("Luis R.", None, None)
    assert here.due_at == elsewhere.due_at


def test_case_13_a_page_never_tells_who_had_the_kit_before(database: Database, cast: Cast) -> None:
    _lend(database, cast)
    assert "Luis R." in str(_shown(database, OPEN_KIT, {cast.ela}))
    database.act(lambda session: return_kit(session, kit=OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.ben))

    def settle(session: Session) -> None:
        session.execute(update(table_of(Loan)).values(state=LoanState.CLOSED, settled_at=NOW))

    database.act(settle)
    shown = _shown(database, OPEN_KIT, None)
    assert shown.loan is None
    assert "Luis" not in str(shown)
    assert [entry.verb for entry in shown.history][:1] == ["return"]
    assert {entry.staff_name for entry in shown.history} == {"Ben O."}


def test_the_steps_shown_are_those_of_this_round(database: Database, cast: Cast) -> None:
    def wipe(session: Session) -> None:
        kit = session.scalars(select(Kit).where(Kit.barcode == KIT)).one()
        for round_ in (0, 1):
            step = {"kit_id": kit.id, "kind": TurnaroundStepKind.WIPED, "at": NOW, "staff_id": cast.ben_id}
            session.add(TurnaroundStep(round=round_, proof=f"round {round_}", **step))
        kit.round = 1

    database.act(wipe)
    assert [(step.proof, step.staff_name) for step in _shown(database, KIT, None).steps] == [("round 1", "Ben O.")]


def test_a_page_takes_four_statements(database: Database, cast: Cast) -> None:
    with counting(database) as statements:
        _shown(database, KIT, {cast.ela})
    assert len(statements) == 4


def test_an_unknown_code_is_no_kit(database: Database, cast: Cast) -> None:
    with database.read() as session:
        assert kit_shown(session, "KIT-9999", branch_ids=None) is None
