"""Who may take part in a programme: its rules, and for each one that is not met a block in plain words.

A rule that the library knows too little to check (no date of birth, no postal code) is not met; the desk completes the
record first. Nobody may override a rule; whoever may change the programme changes it. Source: RULES 4, "Eligibility:
card, age, region, prerequisite, questionnaire (settings)".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lending.errors import Block, Reason

_POSTAL_DIGITS = 5
"""A ZIP+4 says more than a region needs."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is asked of whoever enrols. ``must``: only ``answer`` (a yes, unless it says otherwise) lets
    them in. ``texts`` are the same question in other languages, by their codes.
    """

    code: str
    text: str
    must: bool = False
    answer: bool = True
    texts: Mapping[str, str] = field(default_factory=dict)

    def text_in(self, language: str) -> str:
        """The question in a language, or as it stands where it has no text in that."""
        return self.texts.get(language, self.text)


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The rules of one programme; none of them is set unless somebody said so. ``min_age`` is whole years.

    ``after_program`` is the code of a programme to complete before. ``full_card``: the card is no provisional one, as
    the address on its record shows.
    """

    min_age: int | None = None
    postal_codes: frozenset[str] = frozenset()
    after_program: str | None = None
    full_card: bool = False
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Applicant:
    """What counts about the person. ``today`` is local to the pick-up branch; ``completed`` are codes of programmes.

    ``answers`` are by the code of the question. ``is_provisional``: they get their card, and give their address, before
    any kit.
    """

    today: date
    birth_date: date | None
    postal_code: str | None
    has_address: bool
    completed: frozenset[str] = frozenset()
    answers: Mapping[str, bool] = field(default_factory=dict)
    is_provisional: bool = False


def read_eligibility(given: Mapping[str, Any]) -> Eligibility:
    """The rules as a programme keeps them: ``min_age``, ``postal_codes``, ``after_program``, ``full_card``,
    ``questions``. Raises ``ValueError`` that names what cannot be read.
    """
    unknown = given.keys() - {"min_age", "postal_codes", "after_program", "full_card", "questions"}
    if unknown:
        raise ValueError(", ".join(sorted(unknown)))
    min_age, after, full = given.get("min_age"), given.get("after_program"), given.get("full_card", False)
    codes, questions = given.get("postal_codes", []), given.get("questions", [])
    wrong = {
        "min_age": min_age is not None and (type(min_age) is not int or not 0 <= min_age <= 120),
        "postal_codes": not isinstance(codes, list) or not all(isinstance(code, str) and code for code in codes),
        "after_program": after is not None and (not isinstance(after, str) or not after),
        "full_card": not isinstance(full, bool),
        "questions": not isinstance(questions, list) or not all(_is_question(asked) for asked in questions),
    }
    if any(wrong.values()):
        raise ValueError(", ".join(name for name, is_wrong in wrong.items() if is_wrong))
    return Eligibility(
        min_age,
        frozenset(code[:_POSTAL_DIGITS] for code in codes),
        after,
        full,
        tuple(Question(**asked) for asked in questions),
    )


def checks(eligibility: Mapping[str, Any], applicant: Applicant) -> list[Block]:
    """Every rule that ``applicant`` does not meet, one block each; empty when they may take part."""
    rules = read_eligibility(eligibility)
    return [Block(Reason.NOT_ELIGIBLE, detail) for detail in _unmet(rules, applicant)]


def _unmet(rules: Eligibility, applicant: Applicant) -> Iterator[Mapping[str, object]]:
    if rules.min_age is not None and not _is_of_age(applicant.birth_date, rules.min_age, applicant.today):
        yield {"rule": "min_age", "age": rules.min_age}
    if rules.postal_codes and (applicant.postal_code or "")[:_POSTAL_DIGITS] not in rules.postal_codes:
        yield {"rule": "postal_codes"}
    if rules.after_program is not None and rules.after_program not in applicant.completed:
        yield {"rule": "after_program", "program": rules.after_program}
    if rules.full_card and not (applicant.has_address or applicant.is_provisional):
        yield {"rule": "full_card"}
    for question in rules.questions:
        if question.must and applicant.answers.get(question.code) is not question.answer:
            texts = {"texts": dict(question.texts)} if question.texts else {}
            yield {"rule": "question" if question.answer else "question_no", "question": question.text, **texts}


def _is_of_age(birth_date: date | None, years: int, today: date) -> bool:
    if birth_date is None:
        return False
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (0 if had_birthday else 1) >= years


def _is_question(asked: object) -> bool:
    return (
        isinstance(asked, dict)
        and asked.keys() <= {"code", "text", "must", "answer", "texts"}
        and all(_is_text(asked.get(name)) for name in ("code", "text"))
        and all(isinstance(asked.get(name, True), bool) for name in ("must", "answer"))
        and isinstance(asked.get("texts", {}), dict)
        and all(_is_text(text) for pair in asked.get("texts", {}).items() for text in pair)
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
