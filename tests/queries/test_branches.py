"""Claims about the lists that pages choose from."""

from __future__ import annotations

import pytest

from lending.db import Database
from lending.queries.branches import branch, branches, kit_types
from tests.cast import Cast, assemble
from tests.databases import counting


@pytest.fixture
def cast(database: Database) -> Cast:
    """The standing cast."""
    return assemble(database)


def test_branches_are_listed_by_name_and_scoped_where_asked(database: Database, cast: Cast) -> None:
    with database.read() as session:
        assert [row.code for row in branches(session)] == ["COM", "ELA"]
        assert [row.code for row in branches(session, {cast.ela})] == ["ELA"]
        assert branches(session, set()) == []


def test_a_branch_is_found_by_its_code_in_either_case(database: Database, cast: Cast) -> None:
    with database.read() as session:
        found = branch(session, "ela")
        assert found is not None
        assert (found.branch_id, found.zone) == (cast.ela, "America/Los_Angeles")
        assert branch(session, "XXX") is None


def test_kit_types_come_with_their_parts_in_two_statements(database: Database, cast: Cast) -> None:
    with database.read() as session, counting(database) as statements:
        found = {row.code: row for row in kit_types(session)}
    assert [part.name for part in found["work-ready"].parts] == ["Laptop", "Hotspot", "Charger", "Case", "Notebook"]
    assert (found["work-ready"].cohort_only, found["laptop-hotspot"].cohort_only) == (True, False)
    assert len(statements) == 2
