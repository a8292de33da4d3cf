"""R15: whoever has been told that a kit is back reads no overdue notice about it that left later.

A notice is claimed in a transaction that locks it and looks at the loan once more; a return that ends first is seen,
and one that ends later was acknowledged later. The battery plays the same a thousand times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from lending.circulation import notice_ends, notices
from lending.circulation.returns import return_kit
from lending.circulation.telling import new_notice, put_in_outbox
from lending.db import Database
from lending.models.loans import Loan
from lending.models.notices import Channel
from lending.models.people import Patron
from tests.cast import LUIS, NOW, OPEN_KIT, Cast, assemble
from tests.circulation.kits_in_hand import lend, look, rows, seen
from tests.races import SURELY, overtake, race, without_locks

ROUNDS = 20
Play = Callable[[Database, Callable[[Session], Any], Callable[[Session], Any]], Any]


@pytest.fixture
def cast(database: Database) -> Cast:
    return assemble(database)


def too_late(database: Database, cast: Cast, play: Play, at: datetime) -> bool:
    """Whether a notice left the house although the return of its kit had ended: one race of the two."""
    lend(database, cast, OPEN_KIT, LUIS, at=at)
    loan = rows(database, Loan)[-1]

    def tell(session: Session) -> None:
        patron = session.get_one(Patron, loan.patron_id)
        about = {"patron_id": loan.patron_id, "loan_id": loan.id, "term": loan.term, "at": at}
        put_in_outbox(session, [new_notice("overdue", patron, subject=f"loan:{loan.public_id}:1", **about)])  # type: ignore[arg-type]  # a patron has the columns of a row

    database.act(tell)
    ended: list[str] = []
    names: dict[int, str] = {}

    def claim(session: Session) -> notices.Claim | None:
        names[threading.get_ident()] = "claim"
        return notices.claim(session, Channel.LETTER, at=at, by=cast.system)

    def take_back(session: Session) -> None:
        names[threading.get_ident()] = "return"
        return_kit(session, kit=OPEN_KIT, branch_id=cast.ela, at=at + timedelta(minutes=1), by=cast.ben)

    def note(_connection: Any) -> None:
        ended.append(names.get(threading.get_ident(), ""))

    event.listen(database.write_engine, "commit", note)
    try:
        outcome = play(database, claim, take_back)
    finally:
        event.remove(database.write_engine, "commit", note)
    assert not outcome.broken
    claimed = any(isinstance(done, notices.Claim) for done in outcome.done)
    look(database, cast, seen(database), at=at + timedelta(minutes=2))
    return claimed and ended.index("return") < ended.index("claim")


def both_at_once(database: Database, claim: Any, take_back: Any) -> Any:
    return race(database, claim, take_back)


def the_claim_waits(database: Database, claim: Any, take_back: Any) -> Any:
    return overtake(database, claim, take_back)


def the_return_waits(database: Database, claim: Any, take_back: Any) -> Any:
    return overtake(database, take_back, claim)


def too_late_unlocked(database: Database, cast: Cast, at: datetime) -> bool:
    """The same where nothing keeps the two apart and the claim believes what it read before."""

    def unlocked(database: Database, claim: Any, take_back: Any) -> Any:
        with without_locks(database):
            return overtake(database, claim, take_back, patience=SURELY)

    with patch.object(notice_ends, "_holds", lambda *_asked: True):
        return too_late(database, cast, unlocked, at)


@pytest.mark.parametrize("play", [both_at_once, the_claim_waits, the_return_waits])
def test_no_notice_leaves_after_an_acknowledged_return(database: Database, cast: Cast, play: Play) -> None:
    rounds = ROUNDS // 3 + 1
    late = [too_late(database, cast, play, NOW + timedelta(hours=n)) for n in range(rounds)]
    assert late == [False] * rounds


def test_without_the_lock_and_the_second_look_one_does(database: Database, cast: Cast) -> None:
    assert too_late_unlocked(database, cast, NOW)
