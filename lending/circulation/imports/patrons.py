"""Importing patrons: a hundred thousand in one act, every row checked before the database is asked to wait.

``plan_patrons`` reads and checks everything outside of any lock; ``write_patrons`` looks once more at what came in
between and writes all rows in bulk. A card that is known already changes its patron's record where the file says
otherwise; a card that was replaced or merged is told. Source: BATTERY P8; RULES 1 (codes), 2 (cards, household).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Dialect, bindparam, case, func, select, update
from sqlalchemy.orm import Session

from lending.circulation.imports.bulk import converter, insert_rows, new_public_ids, roomy, take_ids
from lending.circulation.imports.columns import PATRONS
from lending.circulation.imports.report import Fault, Problem, Progress, Report, enough, quietly
from lending.circulation.imports.sheets import Sheet
from lending.circulation.journal import record, record_each
from lending.domain.actors import Actor
from lending.domain.barcodes import CodeSpaces, Kind, is_provisional, read
from lending.domain.contacts import address_key
from lending.domain.names import fold
from lending.domain.permissions import Act
from lending.domain.registration import ADDRESS, read_details
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, Part
from lending.models.people import Card, CardEnd, Household, Patron, PatronStatus

PIECE: Final = 5_000
"""How many rows are asked for, or written, at a time."""

_FOLLOWS: Final = {"phone": ("text_consent_at", "text_consent_wording"), "email": ("email_refused_at",)}
"""What belongs to one number or address and goes with it: the consent to text messages, and that mail came back."""

_patrons, _cards, _households = table_of(Patron), table_of(Card), table_of(Household)
_journal, _kits, _parts = table_of(JournalEntry), table_of(Kit), table_of(Part)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Known:
    """A card that is in the library already, with its patron's record."""

    patron_id: int
    pseudonym: str
    end: CardEnd | None
    status: PatronStatus
    values: dict[str, Any]


@dataclass(slots=True)
class PatronPlan:
    """Everything an import of patrons would write, and everything that is wrong with it."""

    rows: int
    prepared: tuple[str, ...]
    seen: dict[str, int]
    new: list[tuple[str, str | None, tuple[Any, ...]]] = field(default_factory=list)
    """Card number, key of the household, and the values of the ``prepared`` columns as the driver takes them."""
    changed: list[tuple[_Known, dict[str, Any], str | None, list[str]]] = field(default_factory=list)
    """Who, the columns as the file has them, key of the household, and which of them are new."""
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    made: list[int] = field(default_factory=list)
    """The keys of the patrons that were added, once they are."""

    @property
    def report(self) -> Report:
        """What it comes to."""
        problems = tuple(sorted(self.problems, key=lambda problem: problem.row))
        return Report(self.rows, len(self.new), len(self.changed), self.unchanged, problems, tuple(self.made))

    def befores(self) -> Iterator[tuple[int, dict[str, dict[str, Any]]]]:
        """Each record that changes: its key, what its columns said (``was``), and what the file says (``became``)."""
        for known, values, _key, new in self.changed:
            before = {name: _plain(known.values[name]) for name in new}
            yield known.patron_id, {"was": before, "became": {name: _plain(values[name]) for name in new}}


def plan_patrons(
    session: Session, sheet: Sheet, *, spaces: CodeSpaces, at: datetime, progress: Progress = quietly
) -> PatronPlan:
    """Check every row and work out what is to be written; changes nothing. ``BadFile`` for wrong columns."""
    PATRONS.require(sheet)
    fields = tuple(name for name in sheet.columns if name not in ("card", "home_branch"))
    preparer = _Preparer(session.connection().dialect, (*fields, "home_branch_id"))
    plan = PatronPlan(len(sheet.rows), preparer.columns, _newest(session), problems=list(sheet.problems))
    reader = _Reader(session, sheet.columns, fields, spaces, at, plan.problems)
    taken = _codes_of_things(session)
    first_rows: dict[str, int] = {}
    for piece in _pieces(sheet.rows, PIECE):
        if enough(plan.problems, piece[0][0]):
            break
        read_rows = [found for row, cells in piece if (found := reader.read(row, cells)) is not None]
        known = _known(session, [number for _, number, _ in read_rows], reader.written)
        names = iter(new_public_ids(3 * len(read_rows)))
        for row, number, values in read_rows:
            if number in first_rows:
                plan.problems.append(Problem(row, "card", Fault.REPEATED, {"first": first_rows[number]}))
                continue
            first_rows[number] = row
            if number in taken:
                plan.problems.append(Problem(row, "card", Fault.CODE_TAKEN, {"holder": taken[number]}))
            elif number in known:
                _compare(plan, row, known[number], values)
            else:
                key = address_key(**_address(values))
                plan.new.append((number, key, preparer.prepare(values, (next(names), next(names), next(names)))))
        progress(piece[-1][0] - 1, plan.rows)
    return plan


def write_patrons(session: Session, plan: PatronPlan, *, file: str, at: datetime, by: Actor) -> Report:
    """Write all of a plan without problems, as one act. ``file`` is the file's digest, kept on the journal.

    Raises ``Refused``: ``NOT_PERMITTED``, and ``CHANGED_SINCE`` when one of the cards was given out, or one of the
    records merged or erased, since the plan was made; plan again.
    """
    if plan.problems:
        raise ValueError("a plan with problems is told, not written")
    by.permit(Act.ADMINISTER)
    roomy(session)
    _refuse_what_came_in_between(session, plan)
    keys = {key for _, key, _ in plan.new if key} | {key for _, _, key, _ in plan.changed if key}
    households = _make_households(session, keys)
    _add(session, plan, households, at)
    _change(session, plan, households, at, by)
    report = plan.report
    detail = {"file": file, "added": report.added, "changed": report.changed, "unchanged": report.unchanged}
    record(session, "import_patrons", at=at, by=by, detail=detail)
    return report


class _Reader:
    """Reads one row after another, and notes what is wrong."""

    def __init__(
        self,
        session: Session,
        columns: tuple[str, ...],
        fields: tuple[str, ...],
        spaces: CodeSpaces,
        at: datetime,
        problems: list[Problem],
    ) -> None:
        self.spaces, self.problems, self.fields = spaces, problems, fields
        self.places = [(name, columns.index(name)) for name in fields]
        self.card, self.branch = columns.index("card"), columns.index("home_branch")
        self.branches = {
            code: (branch_id, at.astimezone(ZoneInfo(zone)).date())
            for branch_id, code, zone in session.execute(select(Branch.id, Branch.code, Branch.zone))
        }
        self.written = (*fields, "home_branch_id")
        self.someday: date = min((today for _, today in self.branches.values()), default=at.date())

    def read(self, row: int, cells: list[str]) -> tuple[int, str, dict[str, Any]] | None:
        """The row's card number and values, or ``None`` when something is wrong with it."""
        before = len(self.problems)
        number = self._number(row, cells[self.card])
        branch_id, today = self._branch(row, cells[self.branch])
        given = {name: cells[place] or None for name, place in self.places}
        try:
            values: dict[str, Any] = read_details(given, today=today)
        except Refused as refused:
            for block in refused.blocks:
                what = Fault.MISSING if block.reason is Reason.VALUE_MISSING else Fault.WRONG
                self._note(row, str(block.detail["field"]), what)
            return None
        if len(self.problems) > before:
            return None
        values["home_branch_id"] = branch_id
        return row, number, values

    def _number(self, row: int, cell: str) -> str:
        code = read(cell, self.spaces)
        if not code.text:
            self._note(row, "card", Fault.MISSING)
        elif code.kind is not Kind.PATRON or is_provisional(code.text):
            self.problems.append(Problem(row, "card", Fault.NOT_A_CARD))
        elif not code.valid:
            self.problems.append(Problem(row, "card", Fault.BAD_CHECK_DIGIT))
        return code.text

    def _branch(self, row: int, cell: str) -> tuple[int, date]:
        found = self.branches.get(cell.upper())
        if found is not None:
            return found
        if cell:
            self.problems.append(Problem(row, "home_branch", Fault.UNKNOWN_BRANCH))
        else:
            self._note(row, "home_branch", Fault.MISSING)
        return 0, self.someday

    def _note(self, row: int, column: str, what: Fault) -> None:
        self.problems.append(Problem(row, column, what, {"kind": PATRONS.kind}))


class _Preparer:
    """Makes the rows of new patrons while nobody waits for them."""

    _NAMED = ("public_id", "pseudonym", "session_version", "status", "keeps_history", "name_key")

    def __init__(self, dialect: Dialect, fields: tuple[str, ...]) -> None:
        self.fields = fields
        self.defaults = () if "language" in fields else ("en",)
        self.columns = (*self._NAMED, *(("language",) if self.defaults else ()), *fields)
        self._convert = converter(dialect, _patrons, self.columns)

    def prepare(self, values: dict[str, Any], names: tuple[str, str, str]) -> tuple[Any, ...]:
        """The values of ``columns`` as the driver takes them."""
        key = fold(values["name"])[:160]
        given = (values[name] for name in self.fields)
        return self._convert((*names, PatronStatus.ACTIVE, False, key, *self.defaults, *given))


def _compare(plan: PatronPlan, row: int, known: _Known, values: dict[str, Any]) -> None:
    if known.status is not PatronStatus.ACTIVE or known.end is CardEnd.MERGED:
        plan.problems.append(Problem(row, "card", Fault.CARD_MERGED))
        return
    if known.end is not None:
        plan.problems.append(Problem(row, "card", Fault.CARD_ENDED))
        return
    new = sorted(name for name, value in values.items() if known.values[name] != value)
    if new:
        key = address_key(**_address({**known.values, **values}))
        plan.changed.append((known, values, key, new))
    else:
        plan.unchanged += 1


def _plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else value


def _address(values: dict[str, Any]) -> dict[str, Any]:
    return {"street": None} | {name: values.get(name) for name in ADDRESS}


def _newest(session: Session) -> dict[str, int]:
    """The highest keys of what has codes, so that writing can ask for what came after."""
    tables = (_cards, _kits, _parts)
    return {table.name: session.scalar(select(func.max(table.c.id))) or 0 for table in tables}


def _codes_of_things(session: Session) -> dict[str, str]:
    """Every code of a kit or a part, with what has it."""
    of_parts = session.scalars(select(_parts.c.tag).where(_parts.c.tag.is_not(None)))
    return dict.fromkeys(of_parts, "part") | dict.fromkeys(session.scalars(select(_kits.c.barcode)), "kit")


def _known(session: Session, numbers: list[str], fields: tuple[str, ...]) -> dict[str, _Known]:
    # Every column of an address makes the household, whichever of them the file has.
    names = sorted({*fields, *ADDRESS})
    columns = [_patrons.c[name] for name in names]
    chosen = (
        select(_cards.c.number, _cards.c.end, _patrons.c.id, _patrons.c.pseudonym, _patrons.c.status, *columns)
        .join(_patrons, _patrons.c.id == _cards.c.patron_id)
        .where(_cards.c.number.in_(numbers))
    )
    return {
        number: _Known(patron_id, pseudonym, end, status, dict(zip(names, values, strict=True)))
        for number, end, patron_id, pseudonym, status, *values in session.execute(chosen)
    }


def _refuse_what_came_in_between(session: Session, plan: PatronPlan) -> None:
    """What was given out since the plan was made is little; the unique index has the last word on the rest."""
    came: set[str | None] = set()
    for table, column in ((_cards, _cards.c.number), (_kits, _kits.c.barcode), (_parts, _parts.c.tag)):
        came.update(session.scalars(select(column).where(table.c.id > plan.seen[table.name])))
    if came and any(number in came for number, *_ in plan.new):
        raise Refused.because(Reason.CHANGED_SINCE)


def _make_households(session: Session, keys: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    ordered = sorted(keys)
    for piece in _pieces(ordered, PIECE):
        chosen = select(_households.c.address_key, _households.c.id).where(_households.c.address_key.in_(piece))
        found.update((key, household_id) for key, household_id in session.execute(chosen))
    missing = [key for key in ordered if key not in found]
    ids = take_ids(session, _households, len(missing))
    insert_rows(
        session, _households, ("id", "address_key", "exempt"), ((*row, False) for row in zip(ids, missing, strict=True))
    )
    found.update(zip(missing, ids, strict=True))
    return found


def _add(session: Session, plan: PatronPlan, households: dict[str, int], at: datetime) -> None:
    ids = plan.made = take_ids(session, _patrons, len(plan.new))
    instant = converter(session.connection().dialect, _patrons, ["created_at"])([at])
    people = (
        (patron_id, None if key is None else households[key], *instant, *prepared)
        for patron_id, (_, key, prepared) in zip(ids, plan.new, strict=True)
    )
    insert_rows(session, _patrons, ("id", "household_id", "created_at", *plan.prepared), people)
    cards = take_ids(session, _cards, len(ids))
    numbers = (number for number, *_ in plan.new)
    issued = (
        (card_id, number, patron_id, *instant) for card_id, number, patron_id in zip(cards, numbers, ids, strict=True)
    )
    insert_rows(session, _cards, ("id", "number", "patron_id", "issued_at"), issued)


def _change(session: Session, plan: PatronPlan, households: dict[str, int], at: datetime, by: Actor) -> None:
    """Change records in the order of their keys, as every other act locks them; only columns in which any differs."""
    if not plan.changed:
        return
    names = {name for *_, new in plan.changed for name in new}
    moved, named = not names.isdisjoint(ADDRESS), "name" in names
    rows = []
    for known, values, key, _ in sorted(plan.changed, key=lambda row: row[0].patron_id):
        row = {name: values[name] for name in names} | {"patron_id_": known.patron_id}
        row |= {f"{name}_": values[name] for name in _FOLLOWS if name in names}
        if moved:
            row["household_id"] = None if key is None else households[key]
        if named:
            row["name_key"] = fold(values["name"])[:160]
        rows.append(row)
    statement = (
        update(_patrons)
        .where(_patrons.c.id == bindparam("patron_id_"), _patrons.c.status == PatronStatus.ACTIVE)
        .values({name: bindparam(name) for name in rows[0] if not name.endswith("_")} | _follows(names))
    )
    if session.connection().execute(statement, rows).rowcount != len(rows):
        raise Refused.because(Reason.CHANGED_SINCE)
    fields = [
        {"branch_id": values["home_branch_id"], "patron": known.pseudonym, "detail": {"fields": new}}
        for known, values, _, new in plan.changed
    ]
    record_each(session, "change_patron", fields, at=at, by=by)


def _follows(names: set[str]) -> dict[str, Any]:
    """What is emptied where a number or an address is another one, as ``circulation.patrons.reached`` does by hand."""
    return {
        column: case((_patrons.c[name].is_not_distinct_from(bindparam(f"{name}_")), _patrons.c[column]), else_=None)
        for name, columns in _FOLLOWS.items()
        if name in names
        for column in columns
    }


def _pieces(rows: Sequence[_T], size: int) -> Iterator[list[_T]]:
    everything: Iterable[_T] = iter(rows)
    while piece := list(islice(everything, size)):
        yield piece
