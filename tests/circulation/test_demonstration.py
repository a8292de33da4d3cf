"""Taking a demonstration away, on both engines: all of it, and only where all of it is made up."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError

from lending.circulation.checkout import check_out
from lending.circulation.demonstration import check_removal, is_demonstration, mark, remove_demonstration
from lending.circulation.new_kits import add_kits
from lending.circulation.returns import return_kit
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.barcodes import CodeSpaces, read
from lending.errors import Reason, Refused
from lending.models.base import Base, table_of
from lending.models.journal import JournalEntry
from tests.cast import ADA, KIT, LUIS, NOW, OPEN_KIT, Cast


def marked(database: Database) -> None:
    """Say that the standing cast is made up, which it is."""
    database.act(lambda session: mark(session, at=NOW))


def remove(database: Database, by: Actor) -> None:
    database.act(lambda session: remove_demonstration(session, by=by))


def rows(database: Database) -> int:
    with database.read() as session:
        tables = Base.metadata.sorted_tables
        return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[Reason]:
    return [block.reason for block in refused.value.blocks]


def test_everything_goes_what_was_tried_in_it_too(database: Database, cast: Cast) -> None:
    marked(database)
    for code, card in ((KIT, ADA), (OPEN_KIT, LUIS)):
        by = cast.ben
        database.act(
            lambda s, code=code, card=card, by=by: check_out(
                s, kit=code, patron=card, branch_id=cast.ela, at=NOW, by=by
            )
        )
    database.act(lambda s: return_kit(s, kit=KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    with database.read() as session:
        assert is_demonstration(session)
        check_removal(session)
    remove(database, cast.eli)
    assert rows(database) == 0


def test_the_journal_refuses_changes_afterwards_as_before(database: Database, cast: Cast) -> None:
    marked(database)
    remove(database, cast.eli)
    by = cast.system
    from lending.circulation.journal import record

    database.act(lambda s: record(s, "look", at=NOW, by=by))
    with pytest.raises(DBAPIError):
        database.act(lambda s: s.execute(delete(table_of(JournalEntry))))
    assert rows(database) == 1


def test_a_library_with_kits_of_its_own_stays(database: Database, cast: Cast) -> None:
    marked(database)
    given: dict[str, Any] = {"first": read("KIT-7001", CodeSpaces()), "count": 1, "kit_type": "work-ready"}
    by = cast.ben
    database.act(lambda s: add_kits(s, **given, branch_id=cast.ela, spaces=CodeSpaces(), at=NOW, by=by))
    before = rows(database)
    with pytest.raises(Refused) as refused:
        remove(database, cast.eli)
    assert (reasons(refused), rows(database)) == ([Reason.OWN_DATA], before)


def test_a_library_that_never_was_a_demonstration_stays_and_nobody_else_may(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        remove(database, cast.eli)
    assert reasons(refused) == [Reason.OWN_DATA]
    marked(database)
    with pytest.raises(Refused) as refused:
        remove(database, cast.cleo)
    assert reasons(refused) == [Reason.NOT_PERMITTED]
