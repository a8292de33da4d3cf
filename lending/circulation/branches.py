"""Branches: added with their zone and hours. What they are is the administrator's matter.

Source: the permission sheet ("policies; kit types; ... imports"); RULES 3 (hours).
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record
from lending.domain.actors import Actor
from lending.domain.calendars import WeeklyHours
from lending.domain.permissions import Act
from lending.domain.registration import plain_text
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch


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
    by.permit(Act.ADMINISTER)
    against: list[Block] = []

    def text(field: str, value: str, longest: int) -> str:
        try:
            return plain_text(value, longest) or ""
        except ValueError:
            against.append(Block(Reason.VALUE_WRONG, {"field": field}))
            return ""

    texts = {
        "name": text("name", name, 120),
        "address": text("address", address, 240),
        "phone": text("phone", phone, 32),
    }
    if not texts["name"] and not against:
        against.append(Block(Reason.VALUE_MISSING, {"field": "name"}))
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{0,15}", code):
        against.append(Block(Reason.VALUE_WRONG, {"field": "code"}))
    try:
        week = WeeklyHours.parse(hours)
    except ValueError:
        against.append(Block(Reason.VALUE_WRONG, {"field": "hours"}))
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        against.append(Block(Reason.VALUE_WRONG, {"field": "zone"}))
    if against:
        raise Refused(*against)
    if session.scalar(select(Branch.id).where(Branch.code == code)) is not None:
        raise Refused.because(Reason.ALREADY_EXISTS, field="code", value=code)
    branch = Branch(code=code, zone=zone, hours=week, floats=floats, **texts)
    session.add(branch)
    with refusing_twins(Reason.ALREADY_EXISTS, field="code", value=code):
        session.flush()  # the journal needs the id; a code taken a moment ago is refused by name
    record(session, "add_branch", at=at, by=by, branch_id=branch.id, detail={"code": code})
    return branch.id
