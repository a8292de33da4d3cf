"""Programmes: what is run again and again as cohorts, who may take part in it, and until when it lends.

A programme is an administrator's to add; its lead and an administrator change it. After ``last_borrow_on`` it lends
nothing, and nobody joins a cohort after ``ends_on``. Source: RULES 4, "Programme end date", and "Eligibility".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record, record_unchanged
from lending.domain.actors import Actor
from lending.domain.eligibility import read_eligibility
from lending.domain.permissions import Act
from lending.domain.public_survey import Audience
from lending.domain.registration import is_storable, plain_text
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus, Program
from lending.models.policies import Agreement
from lending.programs.cohorts import permit_for_program, program_of

SEAT_OFFER_HOURS: Final = 48
"""How long a freed seat of a new programme is offered, unless the plan says otherwise (setting; RULES 4)."""

CHANGEABLE: Final = frozenset(
    {
        "name",
        "description",
        "agreement_code",
        "eligibility",
        "ends_on",
        "last_borrow_on",
        "seat_offer_hours",
        "audience",
    }
)
"""What of a programme may change; its code is what everybody calls it by."""

_LONGEST_OFFER = 24 * 60
"""Hours: sixty days; a longer offer is a slip of the finger."""

_LONGEST_RULES = 20_000
"""Characters of a programme's rules: some thousand postal codes, and questions."""


def plan_program(
    session: Session,
    *,
    code: str,
    name: str,
    description: str = "",
    agreement_code: str | None = None,
    eligibility: Mapping[str, Any] | None = None,
    ends_on: date | None = None,
    last_borrow_on: date | None = None,
    seat_offer_hours: int | None = SEAT_OFFER_HOURS,
    audience: Audience = Audience.ADULTS,
    at: datetime,
    by: Actor,
) -> str:
    """Add a programme and give its code (lower-case letters, digits and hyphens).

    Raises ``Refused``: ``NOT_PERMITTED``, ``VALUE_MISSING`` or ``VALUE_WRONG`` for every field that is, and
    ``ALREADY_EXISTS``.
    """
    by.permit(Act.ADMINISTER)
    values: dict[str, Any] = {
        "name": name,
        "description": description,
        "agreement_code": agreement_code,
        "eligibility": dict(eligibility or {}),
        "ends_on": ends_on,
        "last_borrow_on": last_borrow_on,
        "seat_offer_hours": seat_offer_hours,
        "audience": audience,
    }
    against = list(_against(session, values))
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", code):
        against.insert(0, Block(Reason.VALUE_WRONG, {"field": "code"}))
    if against:
        raise Refused(*against)
    program = Program(code=code, **{**values, "name": plain_text(name, 120), "description": description.strip()})
    session.add(program)
    with refusing_twins(Reason.ALREADY_EXISTS, field="code", value=code):
        session.flush()  # the journal names the programme by its id; a code that is taken is refused by name
    record(session, "plan_program", at=at, by=by, detail={"program_id": program.id, "code": code})
    return code


def change_program(session: Session, *, program: str, details: Mapping[str, Any], at: datetime, by: Actor) -> str:
    """Change a programme (its code): any of ``CHANGEABLE``, a ``None`` taking the value away. Existing loans stay.

    ``eligibility`` is what ``domain/eligibility.py`` reads. A programme does not end before a cohort that is planned:
    that one is moved or cancelled first. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``VALUE_MISSING`` or
    ``VALUE_WRONG`` for every field that is.
    """
    found = program_of(session, program)
    permit_for_program(by, Act.PLAN_COHORT, found.id)
    unknown = sorted(details.keys() - CHANGEABLE)
    if unknown:
        raise Refused(*(Block(Reason.VALUE_WRONG, {"field": name}) for name in unknown))
    row = session.scalars(
        select(Program)
        .where(Program.id == found.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    values = {name: getattr(row, name) for name in CHANGEABLE} | dict(details)
    against = list(_against(session, values))
    if (
        values["ends_on"] is not None
        and values["ends_on"] != row.ends_on
        and _outlasts(session, row, values["ends_on"])
    ):
        against.append(Block(Reason.VALUE_WRONG, {"field": "ends_on"}))
    if against:
        raise Refused(*against)
    values["name"] = plain_text(values["name"], 120)
    values["description"] = (values["description"] or "").strip()
    values["eligibility"] = dict(values["eligibility"] or {})
    changed = sorted(name for name in values if getattr(row, name) != values[name])
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        record(session, "change_program", at=at, by=by, detail={"program_id": row.id, "fields": changed})
    else:
        record_unchanged(session, "change_program", at=at, by=by)
    return row.code


def _outlasts(session: Session, row: Program, ends_on: date) -> bool:
    """Whether a cohort that is planned ends later: it is moved or cancelled first, which tells its people."""
    later = select(Cohort.id).where(
        Cohort.program_id == row.id, Cohort.status == CohortStatus.PLANNED, Cohort.ends_on > ends_on
    )
    return session.scalars(later.limit(1)).first() is not None


def _against(session: Session, values: Mapping[str, Any]) -> Iterator[Block]:
    """Everything that is wrong with a programme's values."""
    if not (values["name"] or "").strip():
        yield Block(Reason.VALUE_MISSING, {"field": "name"})
    wrong = {
        "name": not _is_text(values["name"], 120),
        "description": not _is_text(values["description"], 2_000),
        "agreement_code": values["agreement_code"] is not None and not _is_agreement(session, values["agreement_code"]),
        "eligibility": not _is_eligibility(values["eligibility"]),
        "last_borrow_on": values["ends_on"] is not None
        and values["last_borrow_on"] is not None
        and values["last_borrow_on"] > values["ends_on"],
        "seat_offer_hours": values["seat_offer_hours"] is not None
        and not 1 <= values["seat_offer_hours"] <= _LONGEST_OFFER,
        "audience": not isinstance(values["audience"], Audience),
    }
    yield from (Block(Reason.VALUE_WRONG, {"field": name}) for name, is_wrong in wrong.items() if is_wrong)


def _is_text(value: str | None, longest: int) -> bool:
    # Line breaks are a description's own; the rest of what is no text is refused.
    try:
        plain_text(" ".join((value or "").split()), longest)
    except ValueError:
        return False
    return True


def _is_agreement(session: Session, code: str) -> bool:
    return session.scalars(select(Agreement.id).where(Agreement.code == code).limit(1)).first() is not None


def _is_eligibility(given: Mapping[str, Any] | None) -> bool:
    try:
        read_eligibility(given or {})
    except ValueError:
        return False
    return len(json.dumps(given)) <= _LONGEST_RULES and all(map(is_storable, _texts(given or {})))


def _texts(value: Any) -> Iterator[str]:
    """Every text within a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for pair in value.items() for each in pair for text in _texts(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in _texts(each))
