"""Every column that may say something of a person has a rule by which it goes; a new one without one is found here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Date, ForeignKey, Integer, LargeBinary, MetaData, Select, String, Table
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import TypeEngine

from lending.domain.retention import PERSONAL, Plain, Rule, class_of, classed, rules_of
from lending.models import Base
from lending.models.base import UtcDateTime
from lending.queries.borrowers_data import _all

PEOPLE = {"patrons", "staff"}
LOOKS_PERSONAL = ("name", "mail", "phone", "birth", "address", "street", "note", "collected", "asker")
THINGS_NAMES = {
    *("branches", "cohorts", "hiring_events", "job_runs", "jobs_leaders", "kit_type_parts", "kit_types", "loan_parts"),
    *("library_settings", "parts", "programs", "stations", "kits"),
}
"""Tables in which a name, an address or a note is a thing's."""


def must_be_classed(column: Column[object]) -> bool:
    """Whether a column can hold words, a day or bytes, or is the key of a person."""
    if any(key.target_fullname.split(".")[0] in PEOPLE for key in column.foreign_keys):
        return True
    if isinstance(column.type, UtcDateTime) or column.foreign_keys or hasattr(column.type, "enums"):
        return False
    return column.type.python_type not in (int, bool)


def unclassed(metadata: MetaData) -> list[str]:
    """The columns for which nobody said how long they are kept, or why they are not personal."""
    found = [
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if must_be_classed(column) and class_of(table.name, column.name) is None
    ]
    return sorted(found)


def test_every_column_that_may_be_personal_is_classed() -> None:
    assert unclassed(Base.metadata) == [], "give each a rule or a reason in lending/domain/retention.py"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("nickname", String(40)), ("born_on", Date()), ("photo_of_face", LargeBinary()), ("friend_id", Integer())],
)
def test_a_new_personal_column_without_a_rule_is_found(name: str, kind: TypeEngine[object]) -> None:
    metadata = MetaData()
    Table("patrons", metadata, Column("id", Integer(), primary_key=True))
    key = [ForeignKey("patrons.id")] if name == "friend_id" else []
    Table("pen_friends", metadata, Column("id", Integer(), primary_key=True), Column(name, kind, *key))
    assert unclassed(metadata) == [f"pen_friends.{name}"]


def test_every_column_that_is_classed_is_there_and_once() -> None:
    there = {(table.name, column.name) for table in Base.metadata.sorted_tables for column in table.columns}
    named = Counter(classed())
    assert set(named) - there == set()
    assert [one for one, n in named.items() if n > 1] == []


def test_every_key_of_a_patron_has_a_rule() -> None:
    keys = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "patrons" for key in column.foreign_keys)
    }
    assert {one for one in keys if not isinstance(class_of(*one), Rule)} == set()


def test_what_looks_personal_is_called_a_things_only_where_things_are_kept() -> None:
    looks = {
        (table, column)
        for table, column in classed()
        if any(word in column for word in LOOKS_PERSONAL) and isinstance(class_of(table, column), Plain)
    }
    assert {table for table, _ in looks} - THINGS_NAMES == set()


def test_a_tables_rules_name_their_columns() -> None:
    assert rules_of("loan_terms") == {Rule.CUT: ("reason",), Rule.STAFF: ("staff_id",)}
    assert rules_of("daily_counts") == {}
    assert all(rules_of(table) for table in PERSONAL)


def test_what_names_a_patron_stands_in_their_own_export() -> None:
    """But for the codes of a PIN, which are digests and open nothing to who reads them."""
    read = {table.name for chosen in _all(0).values() for table in _joined(chosen)}
    named = {table for table, rules in PERSONAL.items() if "patron_id" in rules}
    assert named - read == {"pin_codes"}


def _joined(chosen: Select[*tuple[object, ...]]) -> Iterator[Table]:
    """The tables that a statement reads."""
    for one in iterate(chosen):
        if isinstance(one, Table):
            yield one
