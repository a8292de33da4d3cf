"""Claims about erasing a record while a kit goes out to the same person, seen to fail without the locks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.erasure import erase
from lending.circulation.ledger_openings import approve_opening, ask_to_open
from lending.db import Database
from lending.domain.permissions import Role
from lending.models.loans import Loan
from lending.models.people import Patron, PatronStatus, Staff
from tests.cast import LUIS, NOW, OPEN_KIT, Cast, put
from tests.circulation.clocks import SEAL
from tests.programs.meetings import public_id_of
from tests.races import Race, race, without_locks


def lend(cast: Cast) -> Callable[[Session], Any]:
    by = cast.ben
    return lambda session: check_out(session, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=by)


def erasing(database: Database, cast: Cast) -> Callable[[Session], Any]:
    name, by = public_id_of(database, cast.luis_id), cast.cleo
    return lambda session: erase(session, patron=name, seal=SEAL, at=NOW, by=by)


def left(database: Database, cast: Cast) -> tuple[PatronStatus, list[int | None]]:
    with database.read() as session:
        status = session.get_one(Patron, cast.luis_id).status
        return status, list(session.scalars(select(Loan.patron_id)))


def test_a_kit_goes_out_or_the_record_is_erased_and_never_both(database: Database, cast: Cast) -> None:
    outcome: Race[Any] = race(database, lend(cast), erasing(database, cast))
    assert (len(outcome.done), len(outcome.refused), outcome.broken) == (1, 1, [])
    assert left(database, cast) in ((PatronStatus.ACTIVE, [cast.luis_id]), (PatronStatus.ERASED, []))


def test_without_locks_a_kit_would_go_out_to_somebody_who_is_erased(database: Database, cast: Cast) -> None:
    """The negative control."""
    with without_locks(database):
        outcome: Race[Any] = race(database, lend(cast), erasing(database, cast))
    assert len(outcome.done) == 2


def test_a_wish_to_open_the_ledger_is_approved_once(database: Database, cast: Cast) -> None:
    outcome = _two_approve(database, cast)
    assert (len(outcome.done), len(outcome.refused), outcome.broken) == (1, 1, [])


def test_without_locks_it_would_be_approved_twice(database: Database, cast: Cast) -> None:
    """The negative control."""
    with without_locks(database):
        assert len(_two_approve(database, cast).done) == 2


def _two_approve(database: Database, cast: Cast) -> Race[Any]:
    asked = database.act(lambda session: ask_to_open(session, reason="Audit", at=NOW, by=cast.eli)).opening

    def approving(username: str) -> Callable[[Session], Any]:
        person = {"username": username, "name": username.title(), "role": Role.ADMIN, "created_at": NOW}
        by = replace(cast.eli, staff_id=database.act(lambda session: put(session, Staff(**person)).id))
        return lambda session: approve_opening(session, opening=asked, at=NOW, by=by)

    return race(database, approving("fay"), approving("gus"))
