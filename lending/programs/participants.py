"""Attendance from a meeting tool's list of participants: matched to the session's people, and the rest counted.

A row is one connection; the same person connected again is one device. Who is matched attended on line; who is not is
only counted. Nothing that stood in the file is kept, and the report names rows, never people.
Source: RULES 7, "one device, one attendee"; RULES 8, "names from meeting tools are discarded after matching".
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.imports.report import BadFile, Fault, Problem
from lending.circulation.imports.sheets import read_sheet
from lending.circulation.journal import record, record_each
from lending.domain.actors import Actor
from lending.domain.names import fold
from lending.domain.states import EnrolmentState
from lending.errors import Block, Reason
from lending.models.cohorts import Attendance, AttendanceMode, Enrolment, HeadCount, HeadCountKind
from lending.models.people import Patron, PatronStatus
from lending.programs.workshops import WorkshopFound, check_countable, lock_workshop, put_head_count, seats_of

COLUMNS: Mapping[str, frozenset[str]] = {
    "name": frozenset({"name", "full_name", "name_(original_name)", "participant", "participant_name", "display_name"}),
    "email": frozenset({"email", "e_mail", "user_email", "email_address"}),
}
"""What meeting tools call the columns that matter. The file may have others; they are not looked at."""

MOST_PARTICIPANTS = 5_000
"""Connections of one list: more are not of one meeting."""

IMPORTED = "import_participants"
"""What the journal calls an import."""

_SECTION = re.compile(r"[0-9]+\. ")
"""How a tool heads what follows the table in the same file, as in ``3. In-Meeting Activities``."""

_IN_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
"""What people add to the name they show: another name, how to speak of them."""

ENROLLED = frozenset({EnrolmentState.ENROLLED, EnrolmentState.COMPLETED})
"""Whose enrolments a row may be."""


@dataclass(frozen=True, slots=True)
class Participant:
    """One connection: the ``row`` as spreadsheets count, and whose the tool says that it was."""

    row: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ParticipantsImported:
    """What became of a list: rows by number. ``devices`` is the count that the workshop has now.

    ``matched`` attended on line, ``again`` had signed in already, ``ambiguous`` could be several people of the session,
    ``unmatched`` none of them; the last two are only counted. ``fewer``: the list has fewer devices than were counted
    before, and the larger count was kept.
    """

    rows: int
    matched: tuple[int, ...]
    again: tuple[int, ...]
    ambiguous: tuple[int, ...]
    unmatched: tuple[int, ...]
    devices: int
    fewer: bool = False


@dataclass(frozen=True, slots=True)
class _Person:
    patron_id: int
    name_key: str
    email: str


def read_participants(data: bytes) -> tuple[list[Participant], list[Problem]]:
    """The connections in a file's bytes, and what is wrong with single rows.

    ``BadFile`` when it is no such list, or has more than ``MOST_PARTICIPANTS`` rows.
    """
    sheet = read_sheet(data, most=MOST_PARTICIPANTS, below=COLUMNS["name"])
    places = {
        name: [place for place, column in enumerate(sheet.columns) if column in known]
        for name, known in COLUMNS.items()
    }
    if not sheet.columns or not sheet.rows:
        raise BadFile(Fault.EMPTY, expected=list(COLUMNS))
    if not places["name"]:
        raise BadFile(Fault.COLUMN_MISSING, column="name")
    if twice := [sheet.columns[place] for found in places.values() if len(found) > 1 for place in found]:
        raise BadFile(Fault.COLUMN_TWICE, columns=twice)
    end = next((row for row, cells in sheet.rows if _SECTION.match(cells[0])), math.inf)
    looked_at = {sheet.columns[place] for found in places.values() for place in found}
    problems = [problem for problem in sheet.problems if problem.row < end and problem.column in (None, *looked_at)]
    participants = []
    for row, cells in sheet.rows:
        if row >= end:
            break
        name, email = (cells[found[0]] if found else "" for found in places.values())
        if name or email:
            participants.append(Participant(row, name, email))
        else:
            problems.append(Problem(row, "name", Fault.MISSING, {"kind": "participants"}))
    return participants, problems


def import_participants(
    session: Session, *, workshop: str, participants: Sequence[Participant], at: datetime, by: Actor
) -> ParticipantsImported:
    """Note who of a list attended ``workshop`` (its public id) on line, and count its devices. The same list again
    changes nothing.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, or all of ``COHORT_OVER``, ``WORKSHOP_TO_COME``, and
    ``VALUE_WRONG`` for a workshop that nobody can attend on line, and for more than ``MOST_PARTICIPANTS`` participants.
    """
    found = lock_workshop(session, workshop, by)
    too_many = [Block(Reason.VALUE_WRONG, {"field": "participants"})] if len(participants) > MOST_PARTICIPANTS else []
    check_countable(found, AttendanceMode.VIRTUAL, at, *too_many)
    rows_of, ambiguous, unmatched = _matched(participants, _people(session, found.cohort.id))
    here = set(session.scalars(select(Attendance.patron_id).where(Attendance.workshop_id == found.workshop.id)))
    new = [person for person in rows_of if person.patron_id not in here]
    seats = seats_of(session, found.cohort.id, [person.patron_id for person in new])
    session.add_all(
        Attendance(
            workshop_id=found.workshop.id,
            patron_id=person.patron_id,
            enrolment_id=seats.get(person.patron_id),
            mode=AttendanceMode.VIRTUAL,
            at=at,
            staff_id=by.staff_id,
        )
        for person in new
    )
    devices = len(rows_of) + len({_device(one) for one in (*ambiguous, *unmatched)})
    counted = session.get(HeadCount, (found.workshop.id, HeadCountKind.DEVICES))
    kept = max(devices, counted.n) if counted is not None else devices
    before = put_head_count(session, found.workshop.id, HeadCountKind.DEVICES, kept, at=at)
    told = ParticipantsImported(
        rows=len(participants),
        matched=tuple(sorted(row for person in new for row in rows_of[person])),
        again=tuple(sorted(row for person, rows in rows_of.items() if person not in new for row in rows)),
        ambiguous=tuple(one.row for one in ambiguous),
        unmatched=tuple(one.row for one in unmatched),
        devices=kept,
        fewer=kept > devices,
    )
    _journal(session, found, new, told, before, at=at, by=by)
    return told


def spans(rows: Iterable[int]) -> str:
    """Row numbers, ascending, as people write them: ``2-4, 7``."""
    found: list[list[int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1][1] = row
        else:
            found.append([row, row])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def rows_in(text: str) -> list[int]:
    """The row numbers that ``spans`` wrote."""
    ends = [[int(end) for end in span.split("-")] for span in text.split(", ") if span]
    return [row for found in ends for row in range(found[0], found[-1] + 1)]


def _people(session: Session, cohort_id: int) -> list[_Person]:
    rows = session.execute(
        select(Patron.id, Patron.name_key, Patron.email)
        .join(Enrolment, Enrolment.patron_id == Patron.id)
        .where(Enrolment.cohort_id == cohort_id, Enrolment.state.in_(ENROLLED), Patron.status == PatronStatus.ACTIVE)
        .order_by(Patron.id)
        .with_for_update(of=Patron, key_share=True)
    )
    return [_Person(row.id, row.name_key, (row.email or "").casefold()) for row in rows]


def _matched(
    participants: Iterable[Participant], people: Iterable[_Person]
) -> tuple[dict[_Person, list[int]], list[Participant], list[Participant]]:
    """The rows of each person found, those that could be several people, and those that are nobody's."""
    by_email, by_name = defaultdict(list), defaultdict(list)
    for person in people:
        by_name[person.name_key].append(person)
        if person.email:
            by_email[person.email].append(person)
    rows: dict[_Person, list[int]] = {}
    ambiguous, unmatched = [], []
    for one in participants:
        namesakes = next((found for name in _names(one.name) if (found := by_name.get(name))), [])
        holders = by_email.get(one.email.strip().casefold(), []) if one.email else []
        # One address for two people of a household: the name decides between them.
        candidates = [person for person in holders if person in namesakes] or holders or namesakes
        if len(candidates) == 1:
            rows.setdefault(candidates[0], []).append(one.row)
        elif candidates:
            ambiguous.append(one)
        else:
            unmatched.append(one)
    return rows, ambiguous, unmatched


def _names(shown: str) -> Iterator[str]:
    """What a tool's name may say, folded, the nearest first: ``Mensah, Efua`` and ``Amina Diallo (she/her)`` too."""
    plain = _IN_BRACKETS.sub(" ", shown)
    family, comma, given = plain.partition(",")
    for name in (shown, plain, f"{given} {family}" if comma else ""):
        if folded := fold(name):
            yield folded


def _device(one: Participant) -> tuple[str, str]:
    """Who connected again under the same name and address is the same device."""
    return fold(one.name), one.email.casefold()


def _journal(
    session: Session,
    found: WorkshopFound,
    new: Sequence[_Person],
    told: ParticipantsImported,
    before: int | None,
    *,
    at: datetime,
    by: Actor,
) -> None:
    """That somebody was noted, as often as it was, and the list by the numbers of its rows."""
    branch_id, cohort_id = found.workshop.branch_id, found.cohort.id
    signed_in = [
        {
            "branch_id": branch_id,
            "cohort_id": cohort_id,
            "detail": {"workshop": found.workshop.public_id, "mode": AttendanceMode.VIRTUAL.value},
        }
        for person in new
    ]
    record_each(session, "sign_in", signed_in, at=at, by=by)
    rows = {name: spans(value) if isinstance(value, tuple) else value for name, value in asdict(told).items()}
    detail = {"workshop": found.workshop.public_id, "before": before, **rows}
    record(session, IMPORTED, at=at, by=by, branch_id=branch_id, cohort_id=cohort_id, detail=detail)
