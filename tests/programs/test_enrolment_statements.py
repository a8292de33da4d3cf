"""How many statements an enrolment says to the database, whoever was there before: a rush waits for each of them."""

from __future__ import annotations

from typing import Any

import pytest

from lending.circulation.acts import once
from lending.db import Database
from lending.models.policies import Signing
from lending.programs.enrolment import enrol
from tests.cast import LUIS, NOW, Cast
from tests.databases import counting
from tests.programs.members import change_cohort, join, newcomers

WITH_A_KIT = 8
"""Its key, what the codes stand for, the locks, the counts; the rows of the seat, the kit, its notice, the journal."""

A_SEAT_ALONE = 7


def said(database: Database, cast: Cast, **given: Any) -> list[str]:
    """The statements of an enrolment that claims its key first, as every door's acts do."""
    by = cast.ben
    values = {"patron": LUIS, "cohort": "WR-7", "pickup_branch_id": cast.ela, "at": NOW, "by": by, **given}
    with counting(database) as statements:
        database.act(
            lambda session: once(
                session,
                by=by,
                key="enrol",
                body={},
                at=NOW,
                do=lambda: enrol(session, **values).seat.value,
                again=str,
            )
        )
    return statements


@pytest.mark.parametrize("enrolled", [0, 1, 30])
@pytest.mark.parametrize("seats", [1, 20, 200])
def test_an_enrolment_takes_a_fixed_number_of_statements(
    database: Database, cast: Cast, seats: int, enrolled: int
) -> None:
    change_cohort(database, cast, capacity=seats)
    for card in newcomers(database, cast, enrolled):
        join(database, cast, card)
    statements = said(database, cast)
    assert len(statements) == WITH_A_KIT, statements


def test_a_seat_alone_takes_one_less(database: Database, cast: Cast) -> None:
    assert len(said(database, cast, wants_kit=False)) == A_SEAT_ALONE


def test_a_signature_takes_one_more(database: Database, cast: Cast) -> None:
    assert len(said(database, cast, signed=Signing.AT_DESK)) == WITH_A_KIT + 1


def test_what_needs_no_lock_is_read_before_it(database: Database, cast: Cast) -> None:
    statements = said(database, cast)
    locked = next(n for n, one in enumerate(statements) if "patrons.provisional_since" in one)
    after = [one.split(maxsplit=1)[0] for one in statements[locked + 1 :]]
    assert after == ["SELECT", "INSERT", "INSERT", "INSERT", "INSERT"]
