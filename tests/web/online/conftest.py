"""Patrons before their own pages, with a kit in hand and a place in line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.checkout import check_out
from lending.circulation.reserving import reserve
from lending.db import Database
from lending.models.cohorts import Enrolment
from lending.models.loans import Loan
from lending.models.reservations import Reservation
from tests.cast import ADA, LUIS, NOW, OPEN_KIT, Cast
from tests.web.browsers import Browser, signed_in_with_card


@pytest.fixture
def luis(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Luis the patron, signed in to his own pages."""
    return signed_in_with_card(new_browser(), LUIS)


@pytest.fixture
def lent(sqlite_database: Database, cast: Cast) -> str:
    """An open kit is out to Luis; gives the public id of the loan."""

    def lend(session: Any) -> str:
        check_out(session, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=cast.ben)
        return str(session.scalars(select(Loan.public_id).where(Loan.patron_id == cast.luis_id)).one())

    return sqlite_database.act(lend)


@pytest.fixture
def waiting(sqlite_database: Database, cast: Cast) -> str:
    """Luis waits for an open kit at Compton, where there is none; gives the public id of the reservation."""
    return sqlite_database.act(
        lambda s: (
            reserve(
                s, patron=LUIS, kit_type="laptop-hotspot", pickup_branch_id=cast.com, at=NOW, by=cast.cleo
            ).reservation
        )
    )


@pytest.fixture
def reserved(sqlite_database: Database, cast: Cast) -> str:
    """An open kit is promised to Ada; gives the public id of the reservation."""
    return sqlite_database.act(
        lambda s: (
            reserve(
                s, patron=ADA, kit_type="laptop-hotspot", pickup_branch_id=cast.ela, at=NOW, by=cast.ben
            ).reservation
        )
    )


@pytest.fixture
def seat(sqlite_database: Database, cast: Cast) -> str:
    """The public id of Ada's seat in Work Ready 7."""
    with sqlite_database.read() as session:
        return str(session.scalars(select(Enrolment.public_id).where(Enrolment.patron_id == cast.ada_id)).one())


@pytest.fixture
def kept_for_ada(sqlite_database: Database, cast: Cast) -> str:
    """The public id of the reservation of Ada's session kit."""
    with sqlite_database.read() as session:
        chosen = select(Reservation.public_id).where(
            Reservation.patron_id == cast.ada_id, Reservation.cohort_id.is_not(None)
        )
        return str(session.scalars(chosen).one())
