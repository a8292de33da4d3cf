"""How many rows hold something personal now, table by table, and which copies of the database still do."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from lending.domain.retention import PERSONAL, Rule, rules_of
from lending.models import Base


@dataclass(frozen=True, slots=True)
class Kept:
    """The personal columns of a table that go by one rule, and in how many rows they hold something now."""

    table: str
    rule: Rule
    columns: tuple[str, ...]
    rows: int


def what_is_kept(session: Session, rules: frozenset[Rule]) -> list[Kept]:
    """What goes by ``rules``, by table. Staff's own columns are asked for apart: they are no patron's."""
    found = []
    for name in PERSONAL:
        for rule, columns in rules_of(name).items():
            if rule in rules:
                found.append(Kept(name, rule, columns, _rows(session, name, columns)))
    return found


def _rows(session: Session, name: str, columns: tuple[str, ...]) -> int:
    table = Base.metadata.tables[name]
    held: list[ColumnElement[bool]] = []
    for column in (table.c[one] for one in columns):
        text = column.type.python_type is str
        held.append(column.is_not(None) & (column != "") if text else column.is_not(None))
    return session.scalar(select(func.count()).select_from(table).where(or_(*held))) or 0
