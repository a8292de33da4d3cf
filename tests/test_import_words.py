"""What is wrong with a file is said in the reader's language, and the page about imports says what the code does."""

from __future__ import annotations

import pytest

from lending.circulation.imports.columns import TEMPLATES
from lending.circulation.imports.report import Fault, Problem
from lending.errors import Block, Reason
from lending.import_words import FAULTS, FORMS, as_markdown, say_problem
from tests.guards.tree import ROOT

SPANISH = {
    FAULTS[Fault.WRONG]: "Esto debe ser %(form)s.",
    FORMS["patrons", "card"]: "el número de una tarjeta",
    FAULTS[Fault.CODE_TAKEN]: "Este código ya es de %(holder)s.",
    "a kit": "un kit",
}


def spanish(message: str) -> str:
    return SPANISH.get(message, message)


def english(message: str) -> str:
    return message


def test_the_page_about_imports_says_what_the_code_does() -> None:
    written = (ROOT / "docs" / "imports.md").read_text(encoding="utf-8")
    assert written == as_markdown(), "write it anew: python -m lending.import_words > docs/imports.md"


def test_every_fault_has_its_sentence_and_every_column_its_form() -> None:
    assert set(FAULTS) == set(Fault)
    columns = {(kind, column.name) for kind, template in TEMPLATES.items() for column in template.columns}
    assert set(FORMS) == columns | {("participants", "name")}


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (Problem(2, "card", Fault.WRONG, {"kind": "patrons"}), "Esto debe ser el número de una tarjeta."),
        (Problem(2, "card", Fault.CODE_TAKEN, {"holder": "kit"}), "Este código ya es de un kit."),
        (Problem(2, "code", Fault.REPEATED, {"first": 1}), "Row 1 says the same already."),
    ],
)
def test_a_problem_is_said_in_the_readers_language_with_its_details(problem: Problem, said: str) -> None:
    assert say_problem(problem, spanish) == said


def test_what_a_verb_refused_is_said_as_at_the_desk() -> None:
    block = Block(Reason.ALREADY_EXISTS, {"field": "code", "value": "ELA"})
    assert say_problem(Problem(3, "code", block), english).endswith(".")


def test_a_column_that_is_named_twice_is_said_beside_those_nobody_knows() -> None:
    detail = {"missing": [], "unknown": ["pin"], "twice": ["name"], "found": ["name", "pin"], "expected": ["name"]}
    said = say_problem(Problem(1, None, Fault.WRONG_COLUMNS, detail), english)
    assert "Missing: none. Not known: pin, name (twice)." in said
