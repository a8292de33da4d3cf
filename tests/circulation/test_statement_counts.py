"""How many statements a check-out and a return say to the database, whatever came before (BATTERY P3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lending.circulation.acts import once
from lending.circulation.checkout import check_out
from lending.circulation.returns import return_kit
from lending.db import Database
from lending.domain.actors import Door
from lending.domain.states import LoanState
from lending.models.base import new_public_id
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.people import Patron
from tests.cast import ADA, KIT, LONG_AGO, LUIS, NOW, OPEN_KIT, Cast
from tests.circulation.test_reserving import ask
from tests.circulation.test_shelf import shelve
from tests.databases import counting

COHORT_CHECK_OUT = {"sqlite": 14, "postgresql": 9}
"""With its key, to a patron who gets the receipt by e-mail. P3 asks for at most 16 with the sign-in, which takes 1.

On PostgreSQL what is written with the loan is one statement.
"""

OPEN_CHECK_OUT = {"sqlite": 14, "postgresql": 10}
"""An open loan also counts what the stock can spare, today and until the day it would be due."""

PROMISED_CHECK_OUT = {"sqlite": 15, "postgresql": 10}
"""One that was promised also ends its reservation."""

RETURN = {"sqlite": 8, "postgresql": 7}
"""With its key, and with the look for whoever waits. P3 asks for at most 15 with the sign-in."""

LATER = NOW + timedelta(days=3)
Act = Callable[[Session], Any]


def name_of(database: Database) -> str:
    return "sqlite" if database.is_sqlite else "postgresql"


def said(database: Database, cast: Cast, key: str, act: Act) -> int:
    """The statements of an act that claims its key first, as every door's acts do."""
    by = cast.ben
    with counting(database) as statements:
        database.act(
            lambda session: once(
                session, by=by, key=key, body={}, at=NOW, do=lambda: act(session), again=lambda _act: None
            )
        )
    return len(statements)


def out(cast: Cast, kit: str, card: str) -> Act:
    return lambda session: check_out(session, kit=kit, patron=card, branch_id=cast.ela, at=NOW, by=cast.ben)


def back(cast: Cast, kit: str) -> Act:
    return lambda session: return_kit(session, kit=kit, branch_id=cast.ela, at=LATER, by=cast.ben)


@pytest.fixture(params=[0, 1, 50], ids=lambda loans: f"{loans}-past-loans")
def past(request: pytest.FixtureRequest, database: Database, cast: Cast) -> int:
    """How often Ada and Luis had these kits before. Both get their receipts by e-mail."""
    loans: int = request.param

    def begin(session: Session) -> None:
        session.execute(update(Patron).values(email="reader@example.org"))
        kits = {row.barcode: row for row in session.scalars(select(Kit))}
        for code, patron_id in ((KIT, cast.ada_id), (OPEN_KIT, cast.luis_id)):
            for n in range(loans):
                went = LONG_AGO + timedelta(days=7 * n)
                session.execute(
                    insert(Loan).values(
                        public_id=new_public_id(),
                        kit_id=kits[code].id,
                        kit_type_id=kits[code].kit_type_id,
                        patron_id=patron_id,
                        branch_id=cast.ela,
                        checked_out_at=went,
                        recorded_at=went,
                        door=Door.WEB,
                        _state=LoanState.CLOSED,
                        due_at=went + timedelta(days=42),
                        received_at=went + timedelta(days=6),
                        received_recorded_at=went + timedelta(days=6),
                        received_door=Door.WEB,
                        received_branch_id=cast.ela,
                        settled_at=went + timedelta(days=6),
                    )
                )

    database.act(begin)
    return loans


@pytest.mark.usefixtures("past")
def test_a_cohort_check_out_and_its_return_take_a_fixed_number_of_statements(database: Database, cast: Cast) -> None:
    assert said(database, cast, "out", out(cast, KIT, ADA)) == COHORT_CHECK_OUT[name_of(database)]
    assert said(database, cast, "back", back(cast, KIT)) == RETURN[name_of(database)]


@pytest.mark.usefixtures("past")
def test_an_open_check_out_and_its_return_take_a_fixed_number_of_statements(database: Database, cast: Cast) -> None:
    assert said(database, cast, "out", out(cast, OPEN_KIT, LUIS)) == OPEN_CHECK_OUT[name_of(database)]
    assert said(database, cast, "back", back(cast, OPEN_KIT)) == RETURN[name_of(database)]


@pytest.mark.usefixtures("past")
def test_an_open_promise_is_collected_in_a_fixed_number_of_statements(database: Database, cast: Cast) -> None:
    ask(database, cast, LUIS)
    shelve(database, cast)
    assert said(database, cast, "out", out(cast, OPEN_KIT, LUIS)) == PROMISED_CHECK_OUT[name_of(database)]
