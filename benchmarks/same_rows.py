"""Proof that ours and the hand-made SQL do the same: afterwards the rows of both databases are equal.

Every table is compared, column by column, apart from what each act makes up for itself (public ids, act ids, keys)
and the instants of the acts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from lending.clock import SystemClock
from lending.db import Database
from lending.models.base import Base

MADE_UP = frozenset({"public_id", "act", "key", "digest", "subject", "token"})
APART = frozenset({"sign_in_limits", "alembic_version"})
"""Signing in is not the act that is measured."""
LATELY = timedelta(hours=1)


def compare(ours: str, bare: str) -> None:
    """Raise ``AssertionError``, naming the first difference of each table, unless the rows are the same."""
    found, wanted = _rows(ours), _rows(bare)
    differences = []
    for table, rows in wanted.items():
        if len(found[table]) != len(rows):
            differences.append(f"{table}: {len(found[table])} rows, by hand {len(rows)}")
            continue
        for mine, theirs in zip(found[table], rows, strict=True):
            unlike = {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]}
            if unlike:
                differences.append(f"{table}: {unlike}")
                break
    assert not differences, "Ours and the hand-made SQL write different rows: " + "; ".join(differences)


def _rows(url: str) -> dict[str, list[dict[str, Any]]]:
    since = SystemClock().now() - LATELY
    database = Database.from_url(url)
    try:
        with database.read() as session:
            return {
                table.name: [
                    {name: _told(name, value, since) for name, value in row.items()}
                    for row in session.execute(select(table).order_by(*table.primary_key)).mappings()
                ]
                for table in Base.metadata.sorted_tables
                if table.name not in APART
            }
    finally:
        database.close()


def _told(name: str, value: Any, since: datetime) -> Any:
    if name in MADE_UP and value is not None:
        return "made up"
    if isinstance(value, datetime) and since < value < since + 2 * LATELY and value.tzinfo is UTC:
        return "now"
    return value
