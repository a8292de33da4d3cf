"""A module is short, opens with what it is for, and gives a reason wherever it silences a check."""

from __future__ import annotations

import ast
import io
import re
import tokenize

import pytest

from tests.guards.tree import found, modules, text

LONGEST = 450
SILENCED = re.compile(
    r"#\s*(?:noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?:\[[\w, -]*\])?|pragma: no cover)"
)
CODE = modules("lending", "migrations", "tests", "benchmarks", "config.py")


def _unreasoned(source: str) -> list[int]:
    """The lines whose comment silences a check and says nothing more."""
    lines = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and SILENCED.search(token.string):
            said = SILENCED.sub("", token.string)
            if len(re.findall(r"[a-z]{2,}", said)) < 2:
                lines.append(token.start[0])
    return lines


def test_a_module_is_short_enough_to_read() -> None:
    long = {str(path): length for path in CODE if (length := len(text(path).splitlines())) > LONGEST}
    assert not long, f"{long} lines. Past {LONGEST} nobody reads a module whole: split it by noun."


def test_a_module_says_what_it_is_for() -> None:
    silent = [str(path) for path in modules("lending") if not ast.get_docstring(ast.parse(text(path)))]
    assert not silent, f"{silent}: no docstring. Its first sentence, in the library's words, tells whether to read on."


def test_a_silenced_check_has_its_reason() -> None:
    breaches = found(_unreasoned, CODE)
    assert not breaches, (
        f"{breaches}: a check is silenced without a reason. Write it behind the code ('# noqa: S105 - a name, not a "
        "password'); whoever reads it next can then tell whether it still holds."
    )


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: S105, E501", "# type: ignore[misc]", "# type: ignore"])
def test_a_bare_silence_would_be_seen(comment: str) -> None:
    assert _unreasoned(f"x = 1  {comment}\n") == [1]


def test_a_reasoned_silence_passes() -> None:
    assert _unreasoned("x = 1  # noqa: S105 - a reason, not a password\n") == []
