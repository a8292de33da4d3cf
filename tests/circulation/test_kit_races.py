"""Claims about two people who act on one kit or one patron at once, on both engines, seen to fail without the locks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from lending.circulation import kits
from lending.circulation.checkout import check_out
from lending.circulation.merging import merge
from lending.db import Database
from lending.domain.states import KitState
from lending.errors import Reason, Refused
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.models.policies import Signing
from tests.cast import LUIS, NOW, OPEN_KIT, Cast, assemble
from tests.races import Race, race, without_compare_and_set, without_locks

SIGNED = Signing.AT_DESK


def _lend(cast: Cast) -> Callable[[Session], Any]:
    by = cast.ben
    return lambda session: check_out(
        session, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=by, signed=SIGNED
    )


def _withdraw(cast: Cast) -> Callable[[Session], Any]:
    by = cast.eli
    return lambda session: kits.withdraw(session, kit=OPEN_KIT, reason="worn out", at=NOW, by=by)


def test_a_kit_is_lent_or_withdrawn_and_never_both(database: Database, cast: Cast) -> None:
    outcome: Race[Any] = race(database, _lend(cast), _withdraw(cast))
    assert (len(outcome.done), len(outcome.refused), outcome.broken) == (1, 1, [])
    with database.read() as session:
        state = session.scalars(select(Kit.state).where(Kit.barcode == OPEN_KIT)).one()
        out = len(session.scalars(select(Loan)).all())
    assert (state, out) in ((KitState.ON_LOAN, 1), (KitState.WITHDRAWN, 0))


def test_without_locks_a_kit_would_be_both_lent_and_withdrawn(database: Database, cast: Cast) -> None:
    """The negative control: the same two acts with nothing that keeps them apart."""
    with without_locks(database), without_compare_and_set(database, "kits"):
        outcome: Race[Any] = race(database, _lend(cast), _withdraw(cast))
    assert len(outcome.done) == 2


def test_a_card_that_is_merged_away_under_a_check_out_lends_nothing(postgres_database: Database) -> None:
    """The card was found before the merge and its holder is locked after it. SQLite has one writer: nothing to test."""
    cast = assemble(postgres_database)
    merged: list[Any] = []

    def merge_first(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FOR NO KEY UPDATE" in statement and not merged:
            merged.append(None)
            with postgres_database.read() as session:
                luis, mina = (session.get_one(Patron, key).public_id for key in (cast.luis_id, cast.mina_id))
            merged[0] = postgres_database.act(
                lambda session: merge(session, loser=luis, survivor=mina, at=NOW, by=cast.eli)
            )

    event.listen(postgres_database.write_engine, "before_cursor_execute", merge_first)
    try:
        with pytest.raises(Refused) as refused:
            postgres_database.act(_lend(cast))
        assert [block.reason for block in refused.value.blocks] == [Reason.CARD_REPLACED]
    finally:
        event.remove(postgres_database.write_engine, "before_cursor_execute", merge_first)
    with postgres_database.read() as session:
        assert session.scalars(select(Loan)).all() == []
