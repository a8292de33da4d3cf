"""The questions of a programme, asked of whoever enrols: one is put or taken away, the others stay.

Source: RULES 4, "Eligibility: ... questionnaire (settings)"; issue "Kits follow cohorts", Build 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.eligibility import Question
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.cohorts import Program
from lending.programs.cohorts import permit_for_program, program_of
from lending.programs.programs import change_program


def put_question(session: Session, *, program: str, question: Question, at: datetime, by: Actor) -> None:
    """Ask ``question`` of whoever enrols in ``program`` (its code), in the place of the one with the same code or last.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``VALUE_WRONG`` for what no question can be.
    """
    rules = _rules(session, program, by)
    asked = _kept(question)
    questions = [asked if one["code"] == question.code else one for one in rules.get("questions", [])]
    if asked not in questions:
        questions.append(asked)
    _keep(session, program, {**rules, "questions": questions}, at=at, by=by)


def remove_question(session: Session, *, program: str, code: str, at: datetime, by: Actor) -> None:
    """Ask the question with this code no more. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``."""
    rules = _rules(session, program, by)
    asked = rules.pop("questions", [])
    questions = [one for one in asked if one["code"] != code]
    if len(questions) == len(asked):
        raise Refused.because(Reason.NOT_FOUND)
    _keep(session, program, rules | ({"questions": questions} if questions else {}), at=at, by=by)


def _rules(session: Session, code: str, by: Actor) -> dict[str, Any]:
    """The programme's rules, which nobody else changes until this act is done."""
    found = program_of(session, code)
    permit_for_program(by, Act.PLAN_COHORT, found.id)
    chosen = select(Program).where(Program.id == found.id).with_for_update(key_share=True)
    return dict(session.scalars(chosen.execution_options(populate_existing=True)).one().eligibility)


def _keep(session: Session, code: str, rules: Mapping[str, Any], *, at: datetime, by: Actor) -> None:
    change_program(session, program=code, details={"eligibility": rules}, at=at, by=by)


def _kept(question: Question) -> dict[str, Any]:
    """A question as a programme keeps it: what is usual is not written down."""
    given = {"code": question.code, "text": question.text, "must": question.must}
    answer = {} if question.answer else {"answer": False}
    return given | answer | ({"texts": dict(question.texts)} if question.texts else {})
