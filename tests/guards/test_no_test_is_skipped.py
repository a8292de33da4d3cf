"""Every test runs, everywhere: a test that may be skipped guards nothing."""

from __future__ import annotations

import ast
import re

import pytest

from tests.guards.tree import found, modules

ESCAPE = re.compile(r"(?:^|\.)(?:pytest|mark|unittest)\.(?:skip\w*|xfail|importorskip|SkipTest)$")


def _escapes(source: str) -> list[int]:
    """The lines that skip a test or expect it to fail."""
    tree = ast.parse(source)
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ESCAPE.search(ast.unparse(node))]
    taken = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and any(ESCAPE.search(f"{node.module}.{alias.name}") for alias in node.names)
    ]
    return sorted({node.lineno for node in (*used, *taken)})


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    breaches = found(_escapes, modules("tests"))
    assert not breaches, (
        f"{breaches}: a test that is skipped on some machine is a promise nobody keeps there. Let `make test` install "
        "what it needs, or write the test so that it runs anywhere."
    )


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.skipif(True)\ndef test_x(): ...",
        "pytest.importorskip('x')",
        "from pytest import skip",
        "mark.xfail",
    ],
)
def test_an_escape_would_be_seen(source: str) -> None:
    assert _escapes(source) == [1]
