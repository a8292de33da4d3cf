"""Migrations on a library with data: down and up again keeps its rows, and of several starters one migrates (R11)."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from lending import paths
from lending.circulation.telling import tell
from lending.db import Database
from lending.models.notices import Notice
from lending.models.outcomes import Registration
from tests.cast import MINA, NOW, OTHER_OPEN_KIT, assemble
from tests.circulation.kits_in_hand import back_without, lend, only, rows
from tests.databases import opened
from tests.programs.meetings import meeting
from tests.programs.registering import sign_up


def hashes(database: Database) -> dict[str, str]:
    """A digest of every column of every table that is there, its rows in the order of their keys."""
    found = {}
    with database.read_engine.connect() as connection:
        known = inspect(connection)
        for table in sorted(set(known.get_table_names()) - {"alembic_version"}):
            key = ", ".join(f'"{name}"' for name in known.get_pk_constraint(table)["constrained_columns"])
            columns = [each["name"] for each in known.get_columns(table)]
            listed = ", ".join(f'"{name}"' for name in columns)
            rows = connection.execute(text(f'SELECT {listed} FROM "{table}" ORDER BY {key}')).mappings().all()  # noqa: S608 - names of our own tables
            for column in columns:
                values = "\n".join(repr(row[column]) for row in rows)
                found[f"{table}.{column}"] = hashlib.sha256(values.encode()).hexdigest()
    return found


def revisions() -> list[str]:
    """Every revision, the newest first."""
    return [each.revision for each in ScriptDirectory(str(paths.MIGRATIONS)).walk_revisions()]


def test_what_a_library_holds_is_the_same_after_every_step_down_and_up(bare_url: str) -> None:
    with opened(bare_url) as database:
        database.upgrade()
        cast = assemble(database)
        lend(database, cast)
        lend(database, cast, OTHER_OPEN_KIT, MINA)
        back_without(database, cast, "Charger", kit=OTHER_OPEN_KIT)
        before = hashes(database)
        for older in (*revisions()[1:], "base"):
            with database.migrating() as config:
                command.downgrade(config, older)
            kept = hashes(database)
            assert kept == {column: before[column] for column in kept}, f"down to {older}"
            database.upgrade()
            after = hashes(database)
            assert after.keys() == before.keys()
            assert {column: after[column] for column in kept} == kept, f"up again from {older}"
        assert database.check().problems == ()


def test_without_a_place_for_them_the_notices_to_who_registered_go_and_the_others_stay(bare_url: str) -> None:
    with opened(bare_url) as database:
        database.upgrade()
        cast = assemble(database)
        database.act(lambda s: tell(s, "news", subject="programme:x", patron_id=cast.luis_id, at=NOW))
        sign_up(database, cast, meeting(database, cast))
        assert {row.step for row in rows(database, Notice)} == {"news", "registered"}
        with database.migrating() as config:
            command.downgrade(config, "0014")
        database.upgrade()
        assert only(database, Notice).step == "news"
        assert only(database, Registration).email == "omid@example.org"
        assert database.check().problems == ()


def test_a_changed_row_would_be_seen(database: Database) -> None:
    assemble(database)
    before = hashes(database)
    database.act(lambda session: session.execute(text("UPDATE patrons SET city = 'Compton'")))
    assert {column for column, digest in hashes(database).items() if digest != before[column]} == {"patrons.city"}


def test_of_four_that_start_at_once_one_migrates(bare_url: str, tmp_path: Path) -> None:
    program = (
        "import sys; from lending.db import Database; done = []; "
        "database = Database.from_url(sys.argv[1]); "
        "from sqlalchemy import event; "
        "event.listen(database.write_engine, 'before_cursor_execute', "
        "lambda c, u, statement, *r: done.append(1) if 'CREATE TABLE branches' in statement else None); "
        "database.upgrade(); print(len(done), database.check().pending)"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LENDING_")}
    starters = [
        subprocess.Popen([sys.executable, "-c", program, bare_url], env=environ, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = sorted(starter.communicate(timeout=120)[0].strip() for starter in starters)
    assert [starter.returncode for starter in starters] == [0, 0, 0, 0]
    assert said == ["0 ()", "0 ()", "0 ()", "1 ()"]
