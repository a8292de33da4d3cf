"""The funder's list and the Public Libraries Survey, for other programs.

What leaves here hides counts under five: ``n`` is null, and ``hidden`` says that it is not unknown.
Source: INTERFACES, "GET /reports/indicators"; RULES 7 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError, fields, validates_schema
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText, Day
from lending.domain.counting import Counter
from lending.domain.indicators import DEFINITIONS, NAMES, PEOPLE, Indicator
from lending.domain.periods import LONGEST_DAYS, Period, named
from lending.domain.permissions import Act, Role
from lending.domain.public_survey import NAMES as ELEMENTS
from lending.domain.public_survey import OF_PEOPLE, SUMS
from lending.domain.small_cells import Shown, Sum, hide
from lending.errors import Reason, Refused
from lending.queries.cohorts import programs
from lending.queries.counts import By, Circulated
from lending.queries.indicators import Indicators, indicators
from lending.queries.public_survey import public_survey
from lending.queries.report_rows import kinds_of_program, program_id
from lending.queries.scope import Branches, branches_of

Report = TypeVar("Report")


class ReportQuery(Schema):
    """The days of a report, both counted. Without a branch it is of all one's branches, without a program of all.

    Whoever leads programs reads one of theirs at a time, and names it where they lead several.
    """

    from_ = Day(required=True, data_key="from")
    to = Day(required=True)
    branch = CodeText()
    program = CodeText()

    @validates_schema
    def _in_order(self, data: Body, **_options: Any) -> None:
        if "from_" in data and "to" in data and not 0 <= (data["to"] - data["from_"]).days < LONGEST_DAYS:
            raise ValidationError("This is before the first day, or ten years or more after it.", "to")


class IndicatorAnswer(Schema):
    """One number of the list. n is null where it is unknown, and where hidden says that it is under 5."""

    indicator = fields.Enum(Indicator, by_value=True, required=True)
    name = answers.text()
    n = answers.optional(fields.Integer)
    hidden = fields.Boolean(required=True)
    definition = answers.text()


class CheckOutsOfMonth(Schema):
    """The check-outs of a month, named by its first day."""

    month = fields.Date(required=True)
    checkouts = answers.optional(fields.Integer)


class CheckOutsOfBranch(Schema):
    """The check-outs of a branch."""

    branch = answers.text()
    checkouts = answers.optional(fields.Integer)


class IndicatorsAnswer(Schema):
    """The funder's list. held_on is the day of the kits ready and queued; uncounted workshops are in no attendance."""

    items = fields.List(fields.Nested(IndicatorAnswer), required=True)
    by_month = fields.List(fields.Nested(CheckOutsOfMonth), required=True)
    by_branch = fields.List(fields.Nested(CheckOutsOfBranch), required=True)
    uncounted = fields.Integer(required=True)
    held_on = answers.optional(fields.Date)


class ElementAnswer(Schema):
    """One element of the survey by its number; n is null where it is unknown, and where hidden says it is under 5."""

    element = fields.Integer(required=True)
    name = answers.text()
    n = answers.optional(fields.Integer)
    hidden = fields.Boolean(required=True)


class SurveyElementsAnswer(Schema):
    """The elements and the survey's own checks: whether totals by age and by format agree."""

    items = fields.List(fields.Nested(ElementAnswer), required=True)
    sessions_agree = fields.Boolean(required=True)
    attendance_agrees = fields.Boolean(required=True)
    uncounted = fields.Integer(required=True)


@call("GET", "/reports/indicators", Act.SEE_COUNTS, query=ReportQuery, gives=IndicatorsAnswer, tag="Reports")
def get_indicators(query: Body) -> Any:
    """Read the funder's list of a period"""
    found = _read(_of_kinds, query)
    return _told(found)


@call("GET", "/reports/public_survey", Act.SEE_COUNTS, query=ReportQuery, gives=SurveyElementsAnswer, tag="Reports")
def get_public_survey(query: Body) -> Any:
    """Read the elements of the Public Libraries Survey of a period"""
    found = _read(public_survey, query)
    people = {one.number: one.n for one in found.elements if one.number in OF_PEOPLE}
    shown = hide(people, [Sum(*each) for each in SUMS])
    return {
        "items": [
            {"element": one.number, "name": ELEMENTS[one.number], **_number(one.n, shown.get(one.number, one.n))}
            for one in found.elements
        ],
        "sessions_agree": found.sessions_agree,
        "attendance_agrees": found.attendance_agrees,
        "uncounted": found.uncounted,
    }


def _read(report: Callable[..., Report], query: Body) -> Report:
    """A report of the days and branches that were asked for."""
    by, library = current.actor(), current.library()
    given = {"zone": library.settings.zone, "at": current.now(), "led": by.program_ids}
    with library.db.read() as session:
        program = program_of(session, query)
        return report(session, scope_of(session, query), _period(query), **given, program_id=program.id)


def _of_kinds(session: Session, *where: Any, program_id: int | None, **given: Any) -> Indicators:
    """The funder's list; of kits, a lead is told of the kinds that are set aside for their program."""
    leads = current.actor().role is Role.PROGRAM
    kinds = kinds_of_program(session, program_id) if leads and program_id is not None else None
    return indicators(session, *where, program_id=program_id, kinds=kinds, **given)


def scope_of(session: Session, query: Body) -> Branches:
    """The branch that was asked for, which has to be one of one's own, or all of them."""
    by = current.actor()
    if "branch" in query:
        return frozenset({branch_of(session, query["branch"], by)})
    return branches_of(by)


@dataclass(frozen=True, slots=True)
class OfProgram:
    """The programme that a report is of, its row and its code; ``None`` for all, and what no programme has for none."""

    id: int | None = None
    code: str | None = None


def program_of(session: Session, query: Body) -> OfProgram:
    """Of which programme somebody may read what they ask for. Raises ``Refused``: ``NOT_FOUND``, ``VALUE_MISSING``."""
    by, asked = current.actor(), query.get("program")
    shown = [one.code for one in programs(session, by=by)]
    if asked is None and by.role is Role.PROGRAM:
        if len(shown) > 1:
            raise Refused.because(Reason.VALUE_MISSING, field="program")
        asked = shown[0] if shown else ""
    if asked is None:
        return OfProgram()
    if asked and asked not in shown:
        raise Refused.because(Reason.NOT_FOUND)
    return OfProgram(program_id(session, asked) or 0, asked)


def _period(query: Body) -> Period:
    return named(query["from_"], query["to"], current.library().own_settings().fiscal_year_begins)


def _told(found: Indicators) -> Body:
    months, places = _keyed(found.by_month, By.MONTH), _keyed(found.by_branch, By.BRANCH)
    numbers: dict[Any, int | None] = {which: n for which, n in found.numbers.items() if which in PEOPLE}
    shown = hide(
        {**numbers, **months, **places, "views": found.workshops.views},
        [
            Sum(Indicator.CHECK_OUTS, tuple(months)),
            Sum(Indicator.CHECK_OUTS, tuple(places)),
            Sum(Indicator.REACH, (Indicator.ATTENDED, "views")),
        ],
    )
    return {
        "items": [
            {"indicator": which, "name": NAMES[which], **_number(n, shown.get(which, n))}
            | {"definition": DEFINITIONS[which]}
            for which, n in found.numbers.items()
        ],
        "by_month": [{"month": month, "checkouts": number_of(shown[month])} for month in months],
        "by_branch": [{"branch": branch, "checkouts": number_of(shown[branch])} for branch in places],
        "uncounted": found.uncounted,
        "held_on": found.held_on,
    }


def _keyed(rows: Sequence[Circulated], by: By) -> Mapping[date | str, int]:
    return {row.at[by]: row.n(Counter.CHECK_OUT) for row in rows}


def _number(n: int | None, shown: Shown) -> Body:
    return {"n": number_of(shown), "hidden": n is not None and number_of(shown) is None}


def number_of(shown: Shown) -> int | None:
    """A number as it leaves: ``None`` where it is hidden, as where it is unknown."""
    return shown if isinstance(shown, int) else None
