"""``lending demo --remove``: asked twice, and only what is made up goes."""

from __future__ import annotations

from sqlalchemy import func, select

from lending.circulation.demonstration import mark
from lending.db import Database
from lending.models.people import Patron
from tests.cast import NOW, assemble
from tests.cli.conftest import Lending


def patrons(database: Database) -> int:
    with database.read() as session:
        return int(session.scalar(select(func.count()).select_from(Patron)) or 0)


def test_the_demonstration_goes_after_two_questions(database: Database, lending: Lending) -> None:
    assemble(database)
    database.act(lambda session: mark(session, at=NOW))
    for answers in ("n\n", "y\nn\n"):
        assert lending("demo", "--remove", input=answers).exit_code == 1
        assert patrons(database) == 3
    done = lending("demo", "--remove", input="y\ny\n")
    assert (done.exit_code, patrons(database)) == (0, 0)
    assert "The library is empty." in done.output


def test_a_library_of_ones_own_is_not_even_asked_about(database: Database, lending: Lending) -> None:
    assemble(database)
    said = lending("demo", "--remove", input="y\ny\n")
    assert (said.exit_code != 0, patrons(database)) == (True, 3)
    assert "more here than the demonstration" in said.output
    assert "?" not in said.output
