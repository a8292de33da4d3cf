"""Stock rows: found, or made when a branch gets its first kit of a type."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.models.base import table_of
from lending.models.stock import Stock

_stocks = table_of(Stock)
_FIND = select(_stocks.c.id).where(
    _stocks.c.branch_id == bindparam("branch_id"), _stocks.c.kit_type_id == bindparam("kit_type_id")
)
_MAKE = {
    "sqlite": sqlite.insert(_stocks).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(_stocks).on_conflict_do_nothing(),
}


def stock_of(session: Session, *, branch_id: int, kit_type_id: int) -> int:
    """The id of a branch's stock of a kit type; makes the row, safely against another who makes it too."""
    connection = session.connection()
    keys = {"branch_id": branch_id, "kit_type_id": kit_type_id}
    found = connection.execute(_FIND, keys).scalar_one_or_none()
    if found is None:
        connection.execute(_MAKE[connection.dialect.name], keys)
        found = connection.execute(_FIND, keys).scalar_one()
    return int(found)
