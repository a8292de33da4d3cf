"""What a report is limited to: a period, libraries, a kind of kit, a program; read from the address alone.

The form is a plain one that asks for the same page again, so that an address says all that a page shows and can be
sent to somebody else, who sees it of their own libraries. Source: issue "Managers see what circulated", Build 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from flask import request
from flask_babel import gettext as _

from lending.domain.periods import Period, PeriodKind, fiscal_year_of, month_of, read_period
from lending.domain.permissions import Role
from lending.errors import Reason, Refused
from lending.phrases import Reader
from lending.queries import branches as places
from lending.queries.branches import BranchShown, KitTypeShown
from lending.queries.cohorts import ProgramShown, programs
from lending.queries.report_rows import kinds_of_program, kit_type_id, program_id
from lending.queries.today import Place
from lending.web import current

Named = TypeVar("Named", BranchShown, KitTypeShown, ProgramShown)
THIS_MONTH, LAST_MONTH = "this-month", "last-month"
THIS_YEAR, LAST_YEAR = "this-year", "last-year"
OWN_DAYS = "days"
_NONE = -1
"""No program's row: what a lead without a program sees."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader chose and may choose from. ``branches`` are those of their scope; chosen ones are ``None`` for all.

    ``kinds``: the kinds of kit (ids) that the program of a lead uses, whose stock alone a lead sees; ``None`` for all.
    ``wrong``: the days typed are none, and this month is shown instead.
    """

    asked: str
    period: Period
    today: date
    branches: tuple[BranchShown, ...]
    branch: BranchShown | None
    kit_types: tuple[KitTypeShown, ...]
    kit_type: KitTypeShown | None
    programs: tuple[ProgramShown, ...]
    program: ProgramShown | None
    kit_type_id: int | None = None
    program_id: int | None = None
    kinds: frozenset[int] | None = None
    wrong: bool = False

    @property
    def before(self) -> Period:
        """The comparable period before."""
        return self.period.before()

    @property
    def places(self) -> tuple[Place, ...]:
        """The libraries that are looked at."""
        shown = self.branches if self.branch is None else (self.branch,)
        return tuple(Place(one.branch_id, one.code, one.name, one.zone) for one in shown)

    @property
    def branch_ids(self) -> list[int]:
        """Their ids."""
        return sorted(place.branch_id for place in self.places)

    @property
    def program_code(self) -> str | None:
        """The code of the program; ``None`` for all of them, and empty for a lead without one."""
        return self.program.code if self.program is not None else None if self.program_id is None else ""

    @property
    def kit_type_ids(self) -> frozenset[int] | None:
        """The kinds of kit whose stock is looked at, ``None`` for all: kits belong to no program, but are set aside."""
        return self.kinds if self.kit_type_id is None else frozenset({self.kit_type_id})

    @property
    def led_program_id(self) -> int | None:
        """The program of a lead, to whom nothing of another is told; ``None`` for everybody else."""
        return None if self.kinds is None else self.program_id

    @property
    def arguments(self) -> dict[str, Any]:
        """What an address says of this choice, for links to pages with the same one."""
        given = {"period": self.asked}
        if self.asked == OWN_DAYS:
            given |= {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        return given | self.narrowing

    @property
    def narrowing(self) -> dict[str, Any]:
        """The same without the period."""
        chosen = {"branch": self.branch, "kit_type": self.kit_type, "program": self.program}
        return {name: one.code for name, one in chosen.items() if one is not None}

    def narrowed(self) -> tuple[tuple[str, str], ...]:
        """What the report is limited to, in words."""
        where = self.branch.name if self.branch is not None else self._all_branches()
        found = [(_("Library"), where)]
        if self.kit_type is not None:
            found.append((_("Kind of kit"), self.kit_type.name))
        if self.program is not None:
            found.append((_("Program"), self.program.name))
        return tuple(found)

    def _all_branches(self) -> str:
        if len(self.branches) == 1:
            return self.branches[0].name
        everywhere = current.branch_ids() is None
        return str(_("all libraries") if everywhere else _("all your libraries"))


def chosen() -> Choice:
    """What the address of this request asks for. ``NOT_FOUND`` for a library outside the reader's scope, and the like.

    A programme lead sees one of their own programs at a time, the first of them unless they choose another, and of kits
    the kinds that are set aside for it (the permission sheet, "own programmes").
    """
    today = current.today()
    asked, period, wrong = _period(request.args, today)
    with current.library().db.read() as session:
        own = tuple(places.branches(session, current.branch_ids()))
        types = tuple(places.kit_types(session))
        led = tuple(programs(session, by=current.actor()))
        program, leads = _one(led, "program"), current.person().role is Role.PROGRAM
        if leads and program is None and led:
            program = led[0]
        of_program = program_id(session, program.code) if program is not None else _NONE if leads else None
        kinds = kinds_of_program(session, of_program) if leads and of_program is not None else None
        if kinds is not None:
            types = tuple(one for one in types if one.code in kinds.values())
        kit_type = _one(types, "kit_type")
        of_type = None if kit_type is None else kit_type_id(session, kit_type.code)
    return Choice(
        asked=asked,
        period=period,
        today=today,
        branches=own,
        branch=_one(own, "branch"),
        kit_types=types,
        kit_type=kit_type,
        programs=led,
        program=program,
        kit_type_id=of_type,
        program_id=of_program,
        kinds=None if kinds is None else frozenset(kinds),
        wrong=wrong,
    )


def _one(choices: tuple[Named, ...], name: str) -> Named | None:
    code = request.args.get(name, "")
    if not code:
        return None
    found = next((one for one in choices if one.code == code), None)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def _period(given: Mapping[str, str], today: date) -> tuple[str, Period, bool]:
    """What was asked for, the period that it is, and whether it was wrong. What is not over yet ends today."""
    asked = given.get("period") or THIS_MONTH
    begins = current.library().own_settings().fiscal_year_begins
    year = fiscal_year_of(today, begins)
    known = {
        THIS_MONTH: month_of(today).until(today),
        LAST_MONTH: month_of(today).before(),
        THIS_YEAR: year.until(today),
        LAST_YEAR: year.before(),
    }
    if asked in known:
        return asked, known[asked], False
    try:
        period = read_period(f"{given.get('from', '')}..{given.get('to', '')}" if asked == OWN_DAYS else asked)
    except ValueError:
        return THIS_MONTH, known[THIS_MONTH], True
    if period.first > today:
        return THIS_MONTH, known[THIS_MONTH], True
    return asked, period.until(today), False


def period_choices(choice: Choice, reader: Reader) -> list[tuple[str, str]]:
    """The periods to choose from, with their names."""
    begins = current.library().own_settings().fiscal_year_begins
    year = fiscal_year_of(choice.today, begins)
    found = [
        (THIS_MONTH, _("This month")),
        (LAST_MONTH, _("Last month")),
        (THIS_YEAR, _("This fiscal year")),
        (LAST_YEAR, _("Last fiscal year")),
        (OWN_DAYS, _("Days of my own choice")),
    ]
    if choice.asked not in dict(found):
        found.insert(0, (choice.asked, period_words(choice.period, reader)))
    named = {THIS_MONTH: month_of(choice.today), LAST_MONTH: month_of(choice.today).before()}
    words = {key: reader.month(period.first) for key, period in named.items()}
    words |= {THIS_YEAR: _year_words(year), LAST_YEAR: _year_words(year.before())}
    return [(key, f"{name}: {words[key]}" if key in words else name) for key, name in found]


def _year_words(year: Period) -> str:
    """``2026-27``, or ``2026`` where it begins in January."""
    first, last = year.first.year, year.last.year
    return str(first) if first == last else f"{first}-{last % 100:02}"


def period_words(period: Period, reader: Reader) -> str:
    """A period as people call it: a month by its name, a part of one by its days."""
    whole = period.name
    if period.kind is PeriodKind.MONTH:
        if ".." not in whole:
            return reader.month(period.first)
        return reader.days(period.first, period.last)
    if period.kind is PeriodKind.FISCAL_YEAR:
        year = _year_words(fiscal_year_of(period.first, period.first.month))
        if ".." not in whole:
            return str(_("fiscal year %(year)s", year=year))
        return str(_("fiscal year %(year)s, until %(day)s", year=year, day=reader.day_and_year(period.last)))
    return reader.days(period.first, period.last)
