"""Registering for one workshop: without a card, without a kit, by the person alone or by staff on the telephone.

A name, and an e-mail address or a telephone number; a reference and a link to cancel with come back, and are sent where
an e-mail, or a text that they agreed to, reaches them. Who registered is counted as registered and nothing else: only
whom staff note as present has attended.
Source: RULES 7, "Registered is its own number (anyone may register for one workshop without card or kit)".
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lending.circulation.addressees import REGISTERED_NOTICE, registered, tell_registered
from lending.circulation.codes import refusing_twins
from lending.circulation.cutting import empty
from lending.circulation.journal import record, record_unchanged
from lending.circulation.sign_ins import reserve_newcomer
from lending.domain.actors import Actor
from lending.domain.barcodes import REFERENCE_LENGTH, REFERENCE_LETTERS
from lending.domain.names import fold
from lending.domain.permissions import Act, Role
from lending.domain.registration import read_details
from lending.errors import Block, Reason, Refused
from lending.models.base import table_of
from lending.models.cohorts import Attendance, AttendanceMode, Cohort, CohortStatus, Workshop
from lending.models.notices import Notice
from lending.models.outcomes import HeardOf, Registration, RegistrationWay, Survey
from lending.programs.cohorts import permit_for_program
from lending.programs.hearing import Heard, count_heard
from lending.programs.workshops import MODES, check_countable, lock_workshop, permit_attendance

REGISTERED, CANCELLED, CAME, DID_NOT_COME = (
    "register",
    "cancel_registration",
    "note_registered_came",
    "undo_registered_came",
)
"""What the journal calls the acts about a registration."""

REFERENCE_PREFIX: Final = "W-"
"""How the references of registrations begin, which open nothing and stand for no card."""

ASKED: Final = frozenset({"name", "email", "phone", "language", "text_consent_wording"})
"""What people say of themselves; ``text_consent_wording`` is what they read who agreed to text messages."""

MOST_PLACES: Final = 100_000

_registrations = table_of(Registration)


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration as the person keeps it: the public id, which their link holds, and the reference."""

    registration: str
    reference: str


@dataclass(frozen=True, slots=True)
class RegistrationFound:
    """A registration and its workshop, which are locked, and the workshop's session."""

    row: Registration
    workshop: Workshop
    cohort: Cohort


def ways_of(workshop: Workshop) -> list[RegistrationWay]:
    """How somebody may take part in a workshop; of one that is held both ways they need not say which yet."""
    modes = MODES[workshop.mode]
    ways = [way for way in RegistrationWay if way.value in modes]
    return [*ways, RegistrationWay.EITHER] if len(ways) > 1 else ways


def register(
    session: Session,
    *,
    workshop: str,
    details: Mapping[str, object],
    way: RegistrationWay,
    heard: Heard | None = None,
    address: str | None = None,
    at: datetime,
    by: Actor,
) -> Registered:
    """Register somebody for ``workshop`` (its public id) by what they say (``details``, fields of ``ASKED``).

    By themselves, not signed in, or by staff who may enrol; ``address`` is a digest of where they ask from, counted as
    people without a card are. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``TOO_MANY_FROM_HERE``, or all of
    ``REGISTRATION_CLOSED``, ``COHORT_CANCELLED``, ``WORKSHOP_FULL``, ``REGISTERED_BEFORE`` (to the public only where
    nothing else stands against it), and ``VALUE_MISSING`` and ``VALUE_WRONG`` by field (``contact`` for neither e-mail
    nor telephone).
    """
    if by.role is Role.PATRON:
        by.permit_newcomer()
        reserve_newcomer(session, address or "", at=at)
    found, cohort = _lock(session, workshop)
    if by.role is not Role.PATRON:
        permit_for_program(by, Act.ENROL, cohort.program_id, found.branch_id)
    values: dict[str, Any] = {}
    against = [*_against_workshop(session, found, cohort, at), *_against_way(found, way)]
    try:
        values = _read(details, at)
    except Refused as refused:
        against += refused.blocks
    # Who may not register at all is not told who is: a script that knows names and addresses would ask for others.
    asks_for_others = by.role is Role.PATRON and bool(against)
    if values and not asks_for_others and _registered_before(session, found.id, values):
        against.append(Block(Reason.REGISTERED_BEFORE, {}))
    if against:
        raise Refused(*against)
    row = Registration(reference=_new_reference(), workshop_id=found.id, way=way, created_at=at, **_columns(values, at))
    session.add(row)
    if heard is not None:
        count_heard(session, heard, cohort_id=cohort.id, branch_id=found.branch_id, workshop=found, at=at)
    with refusing_twins(Reason.BUSY):
        session.flush()  # the journal names it by its public id; a reference drawn twice is drawn again at the next try
    tell_registered(session, REGISTERED_NOTICE, registered(session, _registrations.c.id == row.id), at=at)
    _record(session, REGISTERED, RegistrationFound(row, found, cohort), at=at, by=by, way=way.value)
    return Registered(row.public_id, row.reference)


def cancel_registration(session: Session, *, registration: str, at: datetime, by: Actor) -> None:
    """Cancel a registration (its public id): whoever has its link, or staff who may enrol. Again, nothing changes.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, and ``WORKSHOP_HELD`` once the workshop has begun or somebody
    noted that they came.
    """
    found = _lock_registration(session, registration)
    if by.role is Role.PATRON:
        by.permit_newcomer()
    else:
        permit_for_program(by, Act.ENROL, found.cohort.program_id, found.workshop.branch_id)
    if found.row.cancelled_at is not None:
        record_unchanged(session, CANCELLED, at=at, by=by)
        return
    if found.workshop.starts_at <= at or found.row.attendance_id is not None:
        raise Refused.because(Reason.WORKSHOP_HELD, workshop=found.workshop.title)
    found.row.cancelled_at = at
    _record(session, CANCELLED, found, at=at, by=by)


def note_came(session: Session, *, registration: str, mode: AttendanceMode, at: datetime, by: Actor) -> None:
    """Note that whoever registered attends: one of those who signed in, by name, from then on. Again, nothing changes.

    Raises ``Refused``: ``NOT_FOUND``, also for a registration that was cancelled, ``NOT_PERMITTED``, and what
    ``workshops.check_countable`` refuses.
    """
    found = _lock_to_count(session, registration, by)
    if found.row.cancelled_at is not None:
        raise Refused.because(Reason.NOT_FOUND)
    if found.row.attendance_id is not None:
        record_unchanged(session, CAME, at=at, by=by)
        return
    attendance = Attendance(workshop_id=found.workshop.id, patron_id=None, mode=mode, at=at)
    check_countable(lock_workshop(session, found.workshop.public_id, by), mode, at)
    session.add(attendance)
    session.flush()  # the registration points at it
    found.row.attendance_id = attendance.id
    _record(session, CAME, found, at=at, by=by, mode=mode.value)


def undo_came(session: Session, *, registration: str, at: datetime, by: Actor) -> None:
    """Take back that whoever registered attends.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, and ``NOTHING_TO_UNDO``.
    """
    found = _lock_to_count(session, registration, by)
    attendance_id = found.row.attendance_id
    if attendance_id is None:
        raise Refused.because(Reason.NOTHING_TO_UNDO)
    found.row.attendance_id = None
    session.flush()  # before the row goes that it pointed at
    session.execute(delete(Attendance).where(Attendance.id == attendance_id))
    _record(session, DID_NOT_COME, found, at=at, by=by)


def open_registration(
    session: Session, *, workshop: str, is_open: bool, places: int | None, at: datetime, by: Actor
) -> None:
    """Say whether anyone may register for a workshop (its public id), and how many; ``None`` for as many as like.

    Fewer places than people who are registered turn nobody away. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``,
    ``VALUE_WRONG``.
    """
    found, cohort = _lock(session, workshop)
    permit_for_program(by, Act.PLAN_COHORT, cohort.program_id)
    if places is not None and not 1 <= places <= MOST_PLACES:
        raise Refused.because(Reason.VALUE_WRONG, field="places")
    found.is_open, found.places = is_open, places
    record(
        session,
        "open_registration",
        at=at,
        by=by,
        branch_id=found.branch_id,
        cohort_id=cohort.id,
        detail={"workshop": workshop, "is_open": is_open, "places": places},
    )


def taken(session: Session, workshop_id: int) -> int:
    """How many are registered for a workshop and have not cancelled."""
    live = select(func.count()).where(Registration.workshop_id == workshop_id, Registration.cancelled_at.is_(None))
    return session.scalars(live).one()


def forget_cancelled(session: Session, workshop_id: int) -> None:
    """Let go what hangs on a workshop that is dropped and for which nobody is registered. Part of that act."""
    theirs = select(Registration.id).where(Registration.workshop_id == workshop_id)
    empty(session, Notice, table_of(Notice).c.registration_id.in_(theirs), registration_id=None)
    for kind in (Registration, HeardOf, Survey):
        session.execute(delete(kind).where(kind.workshop_id == workshop_id))


def _lock(session: Session, public_id: str) -> tuple[Workshop, Cohort]:
    """Lock a workshop, whose places are counted next."""
    chosen = select(Workshop).where(Workshop.public_id == public_id)
    locked = chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = session.scalars(locked).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found, session.get_one(Cohort, found.cohort_id)


def _lock_registration(session: Session, public_id: str) -> RegistrationFound:
    """Lock a registration, and before it its workshop."""
    chosen = select(Registration).where(Registration.public_id == public_id)
    known = session.execute(
        select(Workshop.public_id)
        .join(Registration, Registration.workshop_id == Workshop.id)
        .where(Registration.public_id == public_id)
    ).one_or_none()
    if known is None:
        raise Refused.because(Reason.NOT_FOUND)
    workshop, cohort = _lock(session, known.public_id)
    locked = chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    return RegistrationFound(session.scalars(locked).one(), workshop, cohort)


def _lock_to_count(session: Session, registration: str, by: Actor) -> RegistrationFound:
    found = _lock_registration(session, registration)
    permit_attendance(session, found.cohort, by, found.workshop.branch_id)
    return found


def _against_workshop(session: Session, found: Workshop, cohort: Cohort, at: datetime) -> Iterator[Block]:
    if cohort.status is CohortStatus.CANCELLED:
        yield Block(Reason.COHORT_CANCELLED, {"cohort": cohort.name})
    elif not found.is_open or found.ends_at <= at:
        yield Block(Reason.REGISTRATION_CLOSED, {})
    if found.places is not None and taken(session, found.id) >= found.places:
        yield Block(Reason.WORKSHOP_FULL, {})


def _against_way(found: Workshop, way: RegistrationWay) -> Iterator[Block]:
    if way not in ways_of(found):
        yield Block(Reason.VALUE_WRONG, {"field": "way"})


def _read(details: Mapping[str, object], at: datetime) -> dict[str, Any]:
    against = [Block(Reason.VALUE_WRONG, {"field": name}) for name in sorted(details.keys() - ASKED)]
    values: dict[str, Any] = {}
    given = {name: value for name, value in details.items() if name in ASKED}
    try:
        values = read_details({"name": None, **given}, today=at.date())
    except Refused as refused:
        against += refused.blocks
    if not any(details.get(name) for name in ("email", "phone")):
        against.append(Block(Reason.VALUE_MISSING, {"field": "contact"}))
    if against:
        raise Refused(*against)
    return values


def _columns(values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """A consent to text messages is for a number, and nothing without one."""
    wording = values.get("text_consent_wording") if values.get("phone") else None
    return {
        "name": values["name"],
        "name_key": fold(values["name"]),
        "email": values.get("email"),
        "phone": values.get("phone"),
        "language": values.get("language") or "en",
        "text_consent_wording": wording,
        "text_consent_at": None if wording is None else at,
    }


def _registered_before(session: Session, workshop_id: int, values: Mapping[str, Any]) -> bool:
    """Whether somebody of this name who is reached there is registered, and has not cancelled."""
    same = select(Registration.id).where(
        Registration.workshop_id == workshop_id,
        Registration.cancelled_at.is_(None),
        Registration.name_key == fold(values["name"]),
        (Registration.email == values["email"]) if values.get("email") else (Registration.phone == values["phone"]),
    )
    return session.scalars(same.limit(1)).first() is not None


def _new_reference() -> str:
    return REFERENCE_PREFIX + "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(REFERENCE_LENGTH))


def _record(
    session: Session, verb: str, found: RegistrationFound, *, at: datetime, by: Actor, **detail: object
) -> None:
    record(
        session,
        verb,
        at=at,
        by=by,
        branch_id=found.workshop.branch_id,
        cohort_id=found.cohort.id,
        detail={"workshop": found.workshop.public_id, "registration": found.row.public_id, **detail},
    )
