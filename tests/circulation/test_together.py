from __future__ import annotations

import pytest
from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lending.circulation.together import together
from lending.db import Database
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.branches import Branch, Station
from tests.cast import Cast, assemble

BRANCHES, STATIONS = table_of(Branch), table_of(Station)
RENAME = (
    update(BRANCHES)
    .where(BRANCHES.c.id == bindparam("branch_id"))
    .values(name=bindparam("new_name"))
    .returning(BRANCHES.c.id)
)
NEW = "Boyle Heights"
NAME = select(BRANCHES.c.name).where(BRANCHES.c.id == bindparam("branch_id"))


def names(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Branch.name).order_by(Branch.id)))


def test_each_statement_sees_what_those_before_it_did(database: Database, cast: Cast) -> None:
    def act(session: Session) -> tuple[int | None, str, int | None]:
        with together(session) as connection:
            renamed = connection.execute(RENAME, {"branch_id": cast.ela, "new_name": NEW})
            named = connection.execute(NAME, {"branch_id": cast.ela})
            nowhere = connection.execute(RENAME, {"branch_id": 0, "new_name": "Nowhere"})
        return renamed.scalar_one_or_none(), named.scalar_one(), nowhere.scalar_one_or_none()

    for _ in range(2):  # the second time the columns are known before the rows are here
        assert database.act(act) == (cast.ela, NEW, None)
    assert NEW in names(database)


def test_what_fails_is_raised_as_it_is_alone_and_nothing_stays(database: Database, cast: Cast) -> None:
    before = names(database)

    def act(session: Session) -> None:
        with together(session) as connection:
            connection.execute(RENAME, {"branch_id": cast.ela, "new_name": "Elsewhere"})
            for _ in range(2):
                connection.execute(insert(STATIONS).inline(), {"branch_id": cast.ela, "name": "Desk of twins"})
            connection.execute(RENAME, {"branch_id": cast.com, "new_name": "Elsewhere too"})

    with pytest.raises(IntegrityError):
        database.act(act)
    assert names(database) == before


def test_a_lock_that_is_not_to_be_had_is_refused_as_busy(postgres_database: Database) -> None:
    database, cast = postgres_database, assemble(postgres_database)

    def act(session: Session) -> None:
        session.execute(text("SET LOCAL lock_timeout = '20ms'"))
        with together(session) as connection:
            connection.execute(NAME, {"branch_id": cast.ela})
            connection.execute(RENAME, {"branch_id": cast.ela, "new_name": "Elsewhere"})

    with database.write_engine.begin() as holder:
        holder.execute(RENAME, {"branch_id": cast.ela, "new_name": "Held"})
        with pytest.raises(Refused) as refused:
            database.act(act)
    assert [block.reason for block in refused.value.blocks] == [Reason.BUSY]


def test_a_connection_that_is_lost_meanwhile_has_the_act_run_again(postgres_database: Database) -> None:
    assemble(postgres_database)
    runs: list[int] = []

    def act(session: Session) -> int:
        runs.append(len(runs))
        with together(session) as connection:
            counted = connection.execute(select(func.count()).select_from(BRANCHES))
            if len(runs) == 1:
                connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return counted.scalar_one()

    assert postgres_database.act(act) == len(names(postgres_database))
    assert runs == [0, 1]
