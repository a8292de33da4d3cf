"""Claims about one code that comes twenty times at once (S8), seen to fail without the comparison in the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from lending.circulation.second_factors import begin_second_factor, confirm_second_factor, use_code
from lending.db import Database
from lending.errors import Reason
from tests.cast import NOW, Cast
from tests.races import Race, race, without_locks

REPLAYS = 20
KEY = "the key of an invented library, long enough"
LATER = NOW + timedelta(seconds=30)
_COMPARED = re.compile(
    r"\(staff\.totp_last_step IS NULL OR staff\.totp_last_step < \S+\)|recovery_codes\.used_at IS NULL"
)


@contextmanager
def without_comparing(database: Database) -> Iterator[None]:
    """Take a code whatever was taken before it."""

    def forget(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        return _COMPARED.sub(r"(\g<0> OR 1 = 1)", statement), parameters

    event.listen(database.write_engine, "before_cursor_execute", forget, retval=True)
    try:
        yield
    finally:
        event.remove(database.write_engine, "before_cursor_execute", forget)


@pytest.fixture(params=["of the phone", "on paper"])
def code(request: pytest.FixtureRequest, database: Database, cast: Cast) -> str:
    """One of Ben's codes that was not used yet."""
    secret = database.act(lambda session: begin_second_factor(session, key=KEY, at=NOW, by=cast.ben))
    first = pyotp.TOTP(secret).at(NOW)
    given = {"code": first, "key": KEY, "clock": NOW, "at": NOW, "by": cast.ben}
    made = database.act(lambda session: confirm_second_factor(session, **given))
    return pyotp.TOTP(secret).at(LATER) if request.param == "of the phone" else made[0]


def _use(cast: Cast, code: str) -> Callable[[Session], None]:
    by = cast.ben
    return lambda session: use_code(session, code=code, key=KEY, clock=LATER, at=NOW, by=by)


def test_a_code_that_comes_twenty_times_opens_once(database: Database, cast: Cast, code: str) -> None:
    outcome: Race[None] = race(database, *(_use(cast, code) for _ in range(REPLAYS)))
    assert (len(outcome.done), outcome.broken) == (1, [])
    assert outcome.refused == [[Reason.SECOND_FACTOR_WRONG]] * (REPLAYS - 1)


def test_without_the_comparison_it_would_open_more_than_once(database: Database, cast: Cast, code: str) -> None:
    """The negative control."""
    with without_locks(database), without_comparing(database):
        outcome: Race[None] = race(database, *(_use(cast, code) for _ in range(3)))
    assert len(outcome.done) > 1
