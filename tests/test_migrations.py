from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from lending import paths
from lending.db import Database
from lending.models import Base
from tests.databases import opened


def plain(found: Iterable[Any]) -> list[str]:
    """What was reflected, as text in one order."""
    return sorted(json.dumps(one, default=str, sort_keys=True) for one in found)


def schema(database: Database) -> dict[str, dict[str, list[str]]]:
    """What the database itself says of each table."""
    with database.read_engine.connect() as connection:
        inspector = inspect(connection)
        return {
            table: {
                "columns": plain(inspector.get_columns(table)),
                "keys": plain(inspector.get_foreign_keys(table)),
                "indexes": plain(inspector.get_indexes(table)),
                "unique": plain(inspector.get_unique_constraints(table)),
                "checks": plain(inspector.get_check_constraints(table)),
            }
            for table in inspector.get_table_names()
        }


def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.read_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_name_of_the_last_file_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(paths.MIGRATIONS)).get_heads() == [paths.newest_migration()]


def checks(database: Database) -> dict[str, list[str]]:
    return {table: found["checks"] for table, found in schema(database).items() if table != "alembic_version"}


def test_the_migrations_make_every_check_of_the_models(bare_url: str) -> None:
    with opened(bare_url) as database:
        with database.write_engine.begin() as connection:
            Base.metadata.create_all(connection)
        of_the_models = checks(database)
        with database.write_engine.begin() as connection:
            Base.metadata.drop_all(connection)
        database.upgrade()
        assert checks(database) == of_the_models


def test_every_migration_can_be_undone_and_done_again(bare_url: str) -> None:
    with opened(bare_url) as database:
        database.upgrade()
        before = schema(database)
        with database.migrating() as config:
            command.downgrade(config, "base")
        assert list(schema(database)) == ["alembic_version"]
        assert len(database.check().pending) >= 1
        database.upgrade()
        assert schema(database) == before
        assert database.check().pending == ()
