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
from alembic.autogenerate.render import _repr_type
from sqlalchemy import TypeDecorator

from lending.models import Base


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write a type of ours as the plain type under it, so that the revision stands alone."""
    if kind == "type" and isinstance(item, TypeDecorator) and type(item).__module__.startswith("lending."):
        return _repr_type(item.impl_instance, autogen_context)
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
