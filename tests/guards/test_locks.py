"""A lock keeps out who would change the row, not who only names it."""

from __future__ import annotations

import ast

import pytest

from tests.guards.tree import found, modules


def _stronger_than_needed(source: str) -> list[int]:
    """The lines that lock a row even against a foreign key that names it."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "with_for_update":
            if not {"key_share", "read"} & {keyword.arg for keyword in node.keywords}:
                lines.append(node.lineno)
        elif any(
            keyword.arg == "with_for_update" and ast.unparse(keyword.value) == "True" for keyword in node.keywords
        ):
            lines.append(node.lineno)
    return lines


def test_a_lock_lets_foreign_keys_by() -> None:
    breaches = found(_stronger_than_needed, modules("lending"))
    assert not breaches, (
        f"{breaches}: say with_for_update(key_share=True). FOR UPDATE also stops an INSERT that names the row, as the "
        "journal names a cohort, and that comes against the order of the locks: PostgreSQL breaks one of the two off."
    )


@pytest.mark.parametrize(
    "source",
    ["q.with_for_update()", "q.with_for_update(of=Kit)", "s.get_one(Kit, 1, with_for_update=True)"],
)
def test_a_stronger_lock_would_be_seen(source: str) -> None:
    assert _stronger_than_needed(source) == [1]


@pytest.mark.parametrize(
    "source",
    [
        "q.with_for_update(of=Kit, key_share=True)",
        "q.with_for_update(read=True)",
        "s.get_one(Kit, 1, with_for_update={'key_share': True})",
    ],
)
def test_a_lock_that_suffices_passes(source: str) -> None:
    assert _stronger_than_needed(source) == []
