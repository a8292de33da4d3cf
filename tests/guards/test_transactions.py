"""A transaction begins and ends in lending/db.py alone; a flush says why."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.guards.tree import found, modules

ENDS = {"commit", "rollback"}
SPOKEN = re.compile(r"\s*(COMMIT|ROLLBACK|BEGIN|BEGIN IMMEDIATE)\s*;?\s*", re.IGNORECASE)
HOME = Path("lending/db.py")


def _ends(source: str) -> list[int]:
    """The lines that end a transaction, by a call or by its SQL."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ENDS)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and SPOKEN.fullmatch(node.value))
    ]


def _unexplained_flushes(source: str) -> list[int]:
    """The lines that flush a session and carry no comment."""
    lines = source.splitlines()
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "flush"
        # A stream's flush says what it is by its name.
        if ast.unparse(node.func.value) not in {"sys.stdout", "sys.stderr"} and "# " not in lines[node.lineno - 1]
    ]


def test_only_db_ends_a_transaction() -> None:
    breaches = found(_ends, (path for path in modules("lending") if path != HOME))
    assert not breaches, (
        f"{breaches}: commit and rollback stand in {HOME} alone. A verb that commits tears an act in two: "
        "half of it survives a refusal, and the retry after a deadlock runs only the other half."
    )


def test_every_flush_says_why() -> None:
    breaches = found(_unexplained_flushes, modules("lending"))
    assert not breaches, (
        f"{breaches}: say on the same line why this flush is needed. The session flushes by itself before it reads and "
        "when it commits; one more is a trip to the database, unless an id or a constraint is needed here."
    )


@pytest.mark.parametrize(
    "source", ["session.commit()", "self.session.rollback()", "connection.exec_driver_sql('commit;')", "text('BEGIN')"]
)
def test_an_end_in_disguise_would_be_seen(source: str) -> None:
    assert _ends(source) == [1]


def test_a_silent_flush_would_be_seen_and_a_reasoned_one_not() -> None:
    assert _unexplained_flushes("session.flush()\nsession.flush()  # the journal row needs the loan's id") == [1]
