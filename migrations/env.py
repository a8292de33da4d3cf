"""How Alembic meets the library's tables: on the one connection that ``lending.db.Database.migrating`` holds.

There is no ``alembic.ini``. A new revision is written by comparing the rows of ``lending/models`` with a scratch
database at the newest revision. Give it the next number, then read it and mend it by hand::

    python - <<'END'
    from alembic import command
    from lending.db import Database
    scratch = Database.from_url("sqlite:///instance/scratch.db")
    scratch.upgrade()
    with scratch.migrating() as config:
        command.revision(config, "Lend kits.", rev_id="0001", autogenerate=True)
    END

A revision imports nothing from ``lending``: it must mean tomorrow what it meant the day it was written.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Enum, TypeDecorator

from lending.models import Base


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write the types of ``lending/models/base.py`` as the plain types under them, so that a revision stands alone."""
    if kind != "type":
        return False
    if isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    if isinstance(item, JSON):
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if isinstance(item, Enum):
        # Without a name of its own its CHECK is named after the column, so that two columns may share one enumeration.
        values = ", ".join(repr(value) for value in item.enums)
        return f"sa.Enum({values}, name=None, native_enum=False, create_constraint=True, length={item.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by rebuilding it
    render_item=render_item,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
