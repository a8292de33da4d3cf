"""Mobile lines: where their SIMs sit, and where they stand with the carrier.

A line is placed in a part by date, so that a carrier's bill can be followed to a kit. What the carrier must do is a
task for a person. Source: RULES 1 ("A *line* is a row of its own") and 6 ("Hotspot lines").
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record, record_each, record_unchanged
from lending.circulation.locks import find_kit
from lending.circulation.parts import lock_kit_for, lock_kits_for, part_in
from lending.circulation.tasks import close_task, line_subject, open_task
from lending.circulation.telling import tell
from lending.circulation.turnaround import free_if_ready
from lending.domain.actors import Actor
from lending.domain.barcodes import is_iccid
from lending.domain.permissions import Act
from lending.domain.registration import plain_text
from lending.domain.states import LineState, LineVerb, LoanState, NoSuchMove
from lending.errors import Block, Reason, Refused
from lending.models.kits import Kit, Part
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan
from lending.models.tasks import Task, TaskKind


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A line as the carrier describes it. Speeds are megabits a second, the cap gigabytes a month."""

    number: str
    iccid: str
    carrier: str
    plan: str = ""
    upload_mbps: int | None = None
    download_mbps: int | None = None
    data_cap_gb: int | None = None
    fund: str | None = None


@dataclass(frozen=True, slots=True)
class LineChanged:
    """A line after an act: its number, its state, and the part and kit that hold its SIM."""

    number: str
    state: LineState
    part_id: int | None = None
    kit: str | None = None


def add_line(
    session: Session, *, line: GivenLine, kit: str, part_id: int, on: date, at: datetime, by: Actor
) -> LineChanged:
    """Enter a new line, active, with its SIM in a part of a kit since ``on``.

    Raises ``Refused``: ``VALUE_WRONG`` and ``VALUE_MISSING`` for every field, ``ALREADY_EXISTS``, and as
    ``attach_line``. A kit that waited for nothing else is free again.
    """
    row = lock_kit_for(session, kit, Act.CHANGE_KIT, by)
    part = part_in(session, row, part_id)
    made = _made(session, line)
    _place(session, made, part, row, on, at)
    _journal(session, "add_line", made, part, row, at=at, by=by)
    free_if_ready(session, row, at=at, by=by)
    return LineChanged(made.number, made.state, part.id, row.barcode)


def attach_line(
    session: Session, *, number: str, kit: str, part_id: int, on: date, at: datetime, by: Actor
) -> LineChanged:
    """Put a line's SIM into a part of a kit, since ``on``; it leaves the part it was in on that day, and a line that
    has ended leaves the part to it.

    Raises ``Refused``: ``NOT_FOUND`` for the line, ``PART_UNKNOWN``, ``ALREADY_EXISTS`` for a part with another line,
    ``WRONG_STATE`` for a line that ended,
    ``DATE_IN_THE_FUTURE``, ``DATE_IN_THE_PAST`` for a day before it was put where it is.
    """
    _, left = _where(session, number)
    rows = lock_kits_for(session, {kit} if left is None else {kit, left}, Act.CHANGE_KIT, by)
    row = rows[kit]
    part = part_in(session, row, part_id)
    line = _lock_line(session, number)
    if line.state is LineState.ENDED:
        raise Refused.because(Reason.WRONG_STATE, line=number, state=line.state.value)
    _place(session, line, part, row, on, at)
    for touched in rows.values():
        _journal(session, "attach_line", line, part, touched, at=at, by=by)
        free_if_ready(session, touched, at=at, by=by)
    return LineChanged(line.number, line.state, part.id, row.barcode)


def put_line(
    session: Session, *, line: GivenLine, kit: str, part_id: int, on: date, at: datetime, by: Actor
) -> LineChanged:
    """Put a line into a part of a kit since ``on``: one that the library has, by its number, or a new one.

    One that had ended works again. Raises ``Refused`` as ``attach_line``, ``wake_line`` and ``add_line`` do.
    """
    state = session.scalar(select(Line.state).where(Line.number == line.number.strip()))
    if state is None:
        return add_line(session, line=line, kit=kit, part_id=part_id, on=on, at=at, by=by)
    if state is LineState.ENDED:
        return wake_line(session, line=line, kit=kit, part_id=part_id, on=on, at=at, by=by)
    return attach_line(session, number=line.number.strip(), kit=kit, part_id=part_id, on=on, at=at, by=by)


def wake_line(
    session: Session, *, line: GivenLine, kit: str, part_id: int, on: date, at: datetime, by: Actor
) -> LineChanged:
    """A line that had ended works again under its number, in a part of a kit since ``on``.

    Carriers wake a SIM again, or give the number to another one: what ``line`` leaves empty is as it was, and the
    journal keeps which SIM it was. Raises ``Refused``: ``WRONG_STATE`` for a line that has not ended, and as
    ``add_line`` and ``attach_line`` do. A kit that waited for nothing else is free again.
    """
    number = line.number.strip()
    _, left = _where(session, number)
    rows = lock_kits_for(session, {kit} if left is None else {kit, left}, Act.CHANGE_KIT, by)
    part, woken = part_in(session, rows[kit], part_id), _lock_line(session, number)
    if woken.state is not LineState.ENDED:
        raise Refused.because(Reason.WRONG_STATE, line=number, state=woken.state.value)
    iccid_from = woken.iccid
    for name, value in _checked(session, line, woken).items():
        setattr(woken, name, value)
    woken.move(LineVerb.REACTIVATE)
    with refusing_twins(Reason.ALREADY_EXISTS, field="iccid"):
        session.flush()  # a SIM that another line took a moment ago is refused by name
    _place(session, woken, part, rows[kit], on, at)
    for touched in rows.values():
        _journal(session, LineVerb.REACTIVATE.value, woken, part, touched, at=at, by=by, iccid_from=iccid_from)
        free_if_ready(session, touched, at=at, by=by)
    return LineChanged(number, woken.state, part.id, kit)


def detach_line(session: Session, *, number: str, on: date, at: datetime, by: Actor) -> LineChanged:
    """Take a line's SIM out of its part, on ``on``. Raises ``Refused`` as ``attach_line``; ``NOT_FOUND`` in no part."""
    part, kit = _where(session, number)
    if part is None or kit is None:
        raise Refused.because(Reason.NOT_FOUND)
    row = lock_kit_for(session, kit, Act.CHANGE_KIT, by)
    line = _lock_line(session, number)
    _take_out(session, line, row, on, at)
    _journal(session, "detach_line", line, part, row, at=at, by=by)
    free_if_ready(session, row, at=at, by=by)
    return LineChanged(line.number, line.state)


def move_line(session: Session, *, number: str, verb: LineVerb, at: datetime, by: Actor) -> LineChanged:
    """Say what was asked of the carrier for a line, or what the carrier did.

    Asking opens a task at the kit's branch, and what the carrier confirms closes it. Permitted at the branch of the
    kit that holds the SIM; for a line in no kit it is an administrator's act. ``WRONG_STATE`` when it cannot be.
    """
    part, kit = _where(session, number)
    row = None if kit is None else lock_kit_for(session, kit, Act.CHANGE_KIT, by)
    if row is None:
        by.permit(Act.ADMINISTER)
    line = _lock_line(session, number)
    try:
        line.move(verb)
    except NoSuchMove as error:
        raise Refused.because(Reason.WRONG_STATE, line=number, state=error.state.value) from None
    for kind in (TaskKind.SUSPEND_LINE, TaskKind.RESTORE_LINE):
        close_task(session, kind, subject=line_subject(line.id), at=at, by=by, outcome=verb.value)
    if row is not None and verb in _ASKED:
        open_task(
            session,
            _ASKED[verb],
            subject=line_subject(line.id),
            branch_id=row.branch_id,
            what=row.barcode,
            at=at,
            kit_id=row.id,
        )
    _journal(session, verb.value, line, part, row, at=at, by=by)
    if row is not None:
        if verb in _TOLD:
            _tell_borrower(session, row, _TOLD[verb], at=at)
        free_if_ready(session, row, at=at, by=by)
    return LineChanged(line.number, line.state, part.id if part else None, kit)


def confirm_lines(session: Session, *, numbers: Collection[str], at: datetime, by: Actor) -> tuple[LineChanged, ...]:
    """Say that the carrier did what it was asked for each of these lines: suspended them, or restored them.

    All or none. Raises ``Refused``: ``NOT_FOUND`` for each number that no kit of ``by``'s branches holds,
    ``WRONG_STATE`` for each line of which nothing was asked.
    """
    lines = _lock_lines(session, numbers, by)
    against = [
        Block(Reason.WRONG_STATE, {"line": line.number, "state": line.state.value})
        for line in lines
        if line.state not in _CONFIRMS
    ]
    if against:
        raise Refused(*against)
    return tuple(move_line(session, number=line.number, verb=_CONFIRMS[line.state], at=at, by=by) for line in lines)


def note_asked(session: Session, *, numbers: Collection[str], at: datetime, by: Actor) -> int:
    """Note that these lines were put before their carriers, in a list or by telephone; how many tasks that concerns.

    Raises ``Refused`` as ``confirm_lines`` does.
    """
    lines = {line_subject(line.id): line for line in _lock_lines(session, numbers, by)}
    tasks = session.scalars(
        select(Task)
        .where(Task.kind.in_(_ASKED.values()), Task.subject.in_(lines), Task.closed_at.is_(None))
        .order_by(Task.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for task in tasks:
        task.tries += 1
    if not tasks:
        record_unchanged(session, "note_asked", at=at, by=by)
    record_each(
        session,
        "note_asked",
        [
            {"branch_id": task.branch_id, "kit_id": task.kit_id, "patron": None}
            | {"detail": {"line_id": lines[task.subject].id, "task_id": task.id}}
            for task in tasks
        ],
        at=at,
        by=by,
    )
    return len(tasks)


_ASKED = {LineVerb.ASK_TO_SUSPEND: TaskKind.SUSPEND_LINE, LineVerb.ASK_TO_RESTORE: TaskKind.RESTORE_LINE}

_CONFIRMS = {LineState.SUSPENDING: LineVerb.CONFIRM_SUSPENDED, LineState.RESTORING: LineVerb.CONFIRM_RESTORED}
_TOLD = {LineVerb.CONFIRM_SUSPENDED: "line_suspended", LineVerb.CONFIRM_RESTORED: "line_restored"}


def _tell_borrower(session: Session, kit: Kit, step: str, *, at: datetime) -> None:
    """Whoever has the kit learns why it is not connected, or that it is again; once in each term of the loan."""
    loan = session.execute(
        select(Loan.id, Loan.public_id, Loan.term, Loan.patron_id).where(
            Loan.kit_id == kit.id, Loan.received_at.is_(None), Loan.state == LoanState.OUT
        )
    ).one_or_none()
    if loan is not None:
        subject = f"loan:{loan.public_id}:{loan.term}"
        tell(session, step, subject=subject, patron_id=loan.patron_id, at=at, loan_id=loan.id)


def _lock_lines(session: Session, numbers: Collection[str], by: Actor) -> list[Line]:
    """The lines of these numbers, locked in the order of their ids, with the kits that hold them before."""
    held = {number: _where(session, number)[1] for number in sorted(set(numbers))}
    known = {
        number: kit
        for number, kit in held.items()
        if kit is not None and by.may(Act.CHANGE_KIT, find_kit(session, kit).branch_id)
    }
    unknown = [number for number in held if number not in known]
    if unknown or not known:  # a line of another branch looks like none
        raise Refused(*(Block(Reason.NOT_FOUND, {"line": number}) for number in unknown or [""]))
    lock_kits_for(session, set(known.values()), Act.CHANGE_KIT, by)
    chosen = select(Line).where(Line.number.in_(held)).order_by(Line.id)
    return list(session.scalars(chosen.with_for_update(key_share=True).execution_options(populate_existing=True)))


def _where(session: Session, number: str) -> tuple[Part | None, str | None]:
    """The part that holds a line's SIM and its kit's code, without a lock."""
    found = session.execute(
        select(Part, Kit.barcode)
        .join(LinePlacement, LinePlacement.part_id == Part.id)
        .join(Line, Line.id == LinePlacement.line_id)
        .outerjoin(Part.kit)
        .where(Line.number == number, LinePlacement.until.is_(None))
    ).one_or_none()
    return (None, None) if found is None else (found[0], found[1])


def _lock_line(session: Session, number: str) -> Line:
    chosen = select(Line).where(Line.number == number)
    line = session.scalars(
        chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if line is None:
        raise Refused.because(Reason.NOT_FOUND)
    return line


def _place(session: Session, line: Line, part: Part, kit: Kit, on: date, at: datetime) -> None:
    _take_out(session, line, kit, on, at)
    there = session.scalars(
        select(Line)
        .join(LinePlacement, LinePlacement.line_id == Line.id)
        .where(LinePlacement.part_id == part.id, LinePlacement.until.is_(None))
    ).first()
    if there is not None and there.state is not LineState.ENDED:
        raise Refused.because(Reason.ALREADY_EXISTS, field="line", value=there.number)
    if there is not None:
        _take_out(session, there, kit, on, at)
    session.add(LinePlacement(line_id=line.id, part_id=part.id, since=on))


def _take_out(session: Session, line: Line, kit: Kit, on: date, at: datetime) -> None:
    """End where the SIM is on ``on``; it can neither leave before it came nor come before it left."""
    if on > local_day(session, kit.branch_id, at):
        raise Refused.because(Reason.DATE_IN_THE_FUTURE, on=on)
    begun, left = session.execute(
        select(func.max(LinePlacement.since), func.max(LinePlacement.until)).where(LinePlacement.line_id == line.id)
    ).one()
    earliest = max((day for day in (begun, left) if day is not None), default=on)
    if on < earliest:
        raise Refused.because(Reason.DATE_IN_THE_PAST, on=on, earliest=earliest)
    current = session.scalars(
        select(LinePlacement).where(LinePlacement.line_id == line.id, LinePlacement.until.is_(None))
    ).one_or_none()
    if current is not None:
        current.until = on
        session.flush()  # the unique index allows the next placement only when this one has ended


def _journal(
    session: Session,
    verb: str,
    line: Line,
    part: Part | None,
    kit: Kit | None,
    *,
    at: datetime,
    by: Actor,
    **more: str,
) -> None:
    record(
        session,
        verb,
        at=at,
        by=by,
        branch_id=kit.branch_id if kit else None,
        kit_id=kit.id if kit else None,
        detail={"line_id": line.id, "part_id": part.id if part else None, **more},
    )


_LONGEST = {"number": 32, "iccid": 40, "carrier": 80, "plan": 80, "fund": 60}


def _made(session: Session, given: GivenLine) -> Line:
    """The row of a new line."""
    line = Line(**_checked(session, given))
    session.add(line)
    with refusing_twins(Reason.ALREADY_EXISTS, field="line"):
        session.flush()  # its placement needs the line's id; a number taken a moment ago is refused by name
    return line


def _checked(session: Session, given: GivenLine, line: Line | None = None) -> dict[str, Any]:
    """What a line is from now on; ``line`` as it was says what is not given. All that is wrong is told at once."""
    if line is not None:
        known = {each.name: getattr(line, each.name) for each in fields(given)}
        given = replace(given, **{name: value for name, value in known.items() if getattr(given, name) in ("", None)})
    against = []
    texts: dict[str, str] = {}
    for name, longest in _LONGEST.items():
        try:
            texts[name] = plain_text(getattr(given, name), longest) or ""
        except ValueError:
            against.append(Block(Reason.VALUE_WRONG, {"field": name}))
    against += [Block(Reason.VALUE_MISSING, {"field": name}) for name in ("number", "carrier") if texts.get(name) == ""]
    iccid = re.sub(r"[ -]", "", texts.get("iccid", ""))
    if "iccid" in texts and not is_iccid(iccid) and (line is None or iccid != line.iccid):
        against.append(Block(Reason.VALUE_WRONG, {"field": "iccid"}))
    for name in ("upload_mbps", "download_mbps", "data_cap_gb"):
        value = getattr(given, name)
        if value is not None and value < 0:
            against.append(Block(Reason.VALUE_WRONG, {"field": name}))
    if against:
        raise Refused(*against)
    others = select(Line.number, Line.iccid).where((Line.number == texts["number"]) | (Line.iccid == iccid))
    twin = session.execute(others if line is None else others.where(Line.id != line.id)).first()
    if twin is not None:
        field = "number" if twin.number == texts["number"] else "iccid"
        raise Refused.because(Reason.ALREADY_EXISTS, field=field, value=twin._mapping[field])
    return asdict(given) | texts | {"iccid": iccid, "fund": texts["fund"] or None}
