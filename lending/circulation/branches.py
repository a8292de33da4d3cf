"""Branches: added with their zone and hours, and the stations of their desks: an administrator's matter.

Source: the permission sheet ("policies; kit types; ... imports"); RULES 3 (hours).
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record
from lending.domain.actors import Actor
from lending.domain.calendars import WeeklyHours
from lending.domain.permissions import Act
from lending.domain.registration import needed_text, plain_text
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch, Station


def add_branch(
    session: Session,
    *,
    code: str,
    name: str,
    zone: str,
    hours: str,
    address: str = "",
    phone: str = "",
    floats: bool = False,
    at: datetime,
    by: Actor,
) -> int:
    """Add a branch and give its id. ``hours`` is the text of ``WeeklyHours.format``, ``zone`` an IANA name.

    Raises ``Refused``: ``NOT_PERMITTED``, ``VALUE_WRONG`` for every field that is, ``ALREADY_EXISTS``.
    """
    branch = make_branch(
        session, code=code, name=name, zone=zone, hours=hours, address=address, phone=phone, floats=floats, by=by
    )
    record(session, "add_branch", at=at, by=by, branch_id=branch.id, detail={"code": code})
    return branch.id


def make_branch(
    session: Session,
    *,
    code: str,
    name: str,
    zone: str,
    hours: str,
    address: str,
    phone: str,
    floats: bool,
    by: Actor,
) -> Branch:
    """A new branch. Part of another act, which journals it."""
    by.permit(Act.ADMINISTER)
    values = checked_branch(code=code, name=name, zone=zone, hours=hours, address=address, phone=phone)
    if session.scalar(select(Branch.id).where(Branch.code == code)) is not None:
        raise Refused.because(Reason.ALREADY_EXISTS, field="code", value=code)
    branch = Branch(**values, floats=floats)
    session.add(branch)
    with refusing_twins(Reason.ALREADY_EXISTS, field="code", value=code):
        session.flush()  # the journal needs the id; a code taken a moment ago is refused by name
    return branch


def checked_branch(*, code: str, name: str, zone: str, hours: str, address: str, phone: str) -> dict[str, Any]:
    """The columns of a branch; everything that is wrong with it is told at once. Part of other acts."""
    against: list[Block] = []
    values: dict[str, Any] = {"code": code, "zone": zone}
    for field, value, longest in (("name", name, 120), ("address", address, 240), ("phone", phone, 32)):
        try:
            values[field] = plain_text(value, longest) or ""
        except ValueError:
            against.append(Block(Reason.VALUE_WRONG, {"field": field}))
    if values.get("name") == "":
        against.append(Block(Reason.VALUE_MISSING, {"field": "name"}))
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{0,15}", code):
        against.append(Block(Reason.VALUE_WRONG, {"field": "code"}))
    try:
        values["hours"] = WeeklyHours.parse(hours)
    except ValueError:
        against.append(Block(Reason.VALUE_WRONG, {"field": "hours"}))
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        against.append(Block(Reason.VALUE_WRONG, {"field": "zone"}))
    if against:
        raise Refused(*against)
    return values


def add_station(session: Session, *, branch_id: int, name: str, at: datetime, by: Actor) -> int:
    """Add a place at a branch's desk where people scan, and give its id.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND`` for the branch, ``VALUE_MISSING`` or ``VALUE_WRONG``,
    ``ALREADY_EXISTS``.
    """
    by.permit(Act.ADMINISTER)
    if session.get(Branch, branch_id) is None:
        raise Refused.because(Reason.NOT_FOUND)
    called = _station_name(session, branch_id, name)
    station = Station(branch_id=branch_id, name=called)
    session.add(station)
    with refusing_twins(Reason.ALREADY_EXISTS, field="name", value=called):
        session.flush()  # a name taken a moment ago is refused by name
    record(session, "add_station", at=at, by=by, branch_id=branch_id, detail={"station_id": station.id})
    return station.id


def rename_station(session: Session, *, branch_id: int, station: str, name: str, at: datetime, by: Actor) -> None:
    """Call a station of a branch something else; what was done at it stays its own. Raises as ``add_station`` does."""
    by.permit(Act.ADMINISTER)
    chosen = select(Station).where(Station.branch_id == branch_id, Station.name == station)
    row = session.scalars(chosen.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    called = _station_name(session, branch_id, name, but=row.id)
    row.name = called
    with refusing_twins(Reason.ALREADY_EXISTS, field="name", value=called):
        session.flush()  # a name taken a moment ago is refused by name
    record(session, "rename_station", at=at, by=by, branch_id=branch_id, detail={"station_id": row.id})


def _station_name(session: Session, branch_id: int, name: str, *, but: int | None = None) -> str:
    called = needed_text("name", name, 60)
    again = select(Station.id).where(Station.branch_id == branch_id, Station.name == called, Station.id != (but or 0))
    if session.scalar(again) is not None:
        raise Refused.because(Reason.ALREADY_EXISTS, field="name", value=called)
    return called
