"""Who may take part: each rule alone, all at once, and rules that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lending.domain.eligibility import Applicant, Question, checks, read_eligibility
from lending.errors import Block, Reason
from lending.wording import Audience, say

TODAY = date(2026, 3, 3)
NOOR = Applicant(
    today=TODAY,
    birth_date=date(1990, 5, 17),
    postal_code="90022-1234",
    has_address=True,
    completed=frozenset({"digital-basics"}),
    answers={"looking": True},
)
RULES: dict[str, Any] = {
    "min_age": 18,
    "postal_codes": ["90022", "90023"],
    "after_program": "digital-basics",
    "full_card": True,
    "questions": [
        {"code": "looking", "text": "Are you looking for work?", "must": True},
        {"code": "laptop", "text": "Have you a laptop at home?"},
    ],
}


def unmet(applicant: Applicant, rules: dict[str, Any] = RULES) -> list[object]:
    """The rules that somebody does not meet."""
    return [block.detail["rule"] for block in checks(rules, applicant)]


def test_who_meets_every_rule_may_take_part() -> None:
    assert unmet(NOOR) == []


def test_a_programme_without_rules_is_open_to_everybody() -> None:
    assert unmet(Applicant(TODAY, None, None, has_address=False), {}) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"birth_date": date(2008, 3, 4)}, "min_age"),
        ({"birth_date": None}, "min_age"),
        ({"postal_code": "90210"}, "postal_codes"),
        ({"postal_code": None}, "postal_codes"),
        ({"completed": frozenset()}, "after_program"),
        ({"has_address": False}, "full_card"),
        ({"answers": {"looking": False}}, "question"),
        ({"answers": {}}, "question"),
    ],
)
def test_one_rule_that_is_not_met_is_named(change: dict[str, Any], rule: str) -> None:
    assert unmet(replace(NOOR, **change)) == [rule]


def test_somebody_is_of_age_on_the_birthday() -> None:
    assert unmet(replace(NOOR, birth_date=date(2008, 3, 3))) == []


def test_all_rules_are_told_at_once_and_none_is_overridable() -> None:
    found = checks(RULES, Applicant(TODAY, None, None, has_address=False))
    assert [block.detail["rule"] for block in found] == [
        "min_age",
        "postal_codes",
        "after_program",
        "full_card",
        "question",
    ]
    assert {(block.reason, block.overridable) for block in found} == {(Reason.NOT_ELIGIBLE, False)}


def test_who_has_no_card_yet_gives_the_address_with_it() -> None:
    newcomer = replace(NOOR, has_address=False, is_provisional=True)
    assert unmet(newcomer) == []
    assert unmet(replace(newcomer, birth_date=None)) == ["min_age"]


AGE = {
    Audience.DESK: "This session is for people of 18 years or more; look at the date of birth.",
    Audience.PATRON: "This session is for people of 18 years or more.",
}


@pytest.mark.parametrize("audience", AGE)
def test_each_rule_has_its_plain_words(audience: Audience) -> None:
    said = [say(block, str, audience) for block in checks(RULES, Applicant(TODAY, None, None, has_address=False))]
    assert len(set(said)) == 5
    assert said[0] == AGE[audience]
    assert said[-1] == "This session is for people who answer yes to “Are you looking for work?”."
    assert say(Block(Reason.NOT_ELIGIBLE), str, audience) == "This session is not open to this patron."


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ({"min_age": "18"}, "min_age"),
        ({"min_age": True}, "min_age"),
        ({"postal_codes": "90022"}, "postal_codes"),
        ({"after_program": 7}, "after_program"),
        ({"full_card": "yes"}, "full_card"),
        ({"questions": [{"code": "a"}]}, "questions"),
        ({"questions": [{"code": "a", "text": "b", "must": 1}]}, "questions"),
        ({"questions": [{"code": "a", "text": "b", "answer": "no"}]}, "questions"),
        ({"questions": [{"code": "a", "text": "b", "texts": {"es": ""}}]}, "questions"),
        ({"questions": [{"code": "a", "text": "b", "texts": ["c"]}]}, "questions"),
        ({"min_income": 1}, "min_income"),
    ],
)
def test_rules_that_cannot_be_read_are_named(rules: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        read_eligibility(rules)


def test_a_question_may_ask_for_a_no_and_be_told_in_the_readers_language() -> None:
    asked = {"code": "kit", "text": "Have you a kit?", "must": True, "answer": False, "texts": {"es": "¿Tiene un kit?"}}
    rules = {"questions": [asked]}
    assert unmet(replace(NOOR, answers={"kit": False}), rules) == []
    for answers in ({}, {"kit": True}):
        (block,) = checks(rules, replace(NOOR, answers=answers))
        assert say(block, str) == "This session is for people who answer no to “Have you a kit?”."
        assert "“¿Tiene un kit?”" in say(block, str, locale="es")


def test_questions_are_read_in_their_order() -> None:
    assert read_eligibility(RULES).questions == (
        Question("looking", "Are you looking for work?", must=True),
        Question("laptop", "Have you a laptop at home?"),
    )
