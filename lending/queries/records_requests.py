"""Requests for records of patrons, as staff of their branches read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, aliased

from lending.domain.names import short_name
from lending.errors import Reason, Refused
from lending.models.branches import Branch
from lending.models.people import Staff
from lending.models.privacy import Authority, RecordsRequest, RequestAbout, RequestDecision, RequestFrom
from lending.queries.scope import Branches, within


@dataclass(frozen=True, slots=True)
class RequestShown:
    """One request. ``asker`` and ``note`` may name people, and stay inside the library."""

    request: str
    branch: str
    branch_code: str
    zone: str
    asked_at: datetime
    written_by: str
    kind: RequestFrom
    about: RequestAbout
    authority: Authority
    asker: str | None
    note: str | None
    routed_to: str | None
    decision: RequestDecision | None
    decided_at: datetime | None
    decided_by: str


def requests_shown(session: Session, branch_ids: Branches, *, limit: int | None = 100) -> list[RequestShown]:
    """The requests of the reader's branches: those that wait first, then the newest."""
    waits = RecordsRequest.decision.is_(None)
    chosen = _shown(branch_ids).order_by(waits.desc(), RecordsRequest.asked_at.desc(), RecordsRequest.id.desc())
    return [_row(row) for row in session.execute(chosen.limit(limit))]


def requests_page(
    session: Session, branch_ids: Branches, *, after: str | None = None, limit: int = 50
) -> tuple[list[RequestShown], str | None]:
    """The same, the newest first, from behind the one with the public id ``after`` on; and what continues behind."""
    chosen = _shown(branch_ids).order_by(RecordsRequest.id.desc()).limit(limit + 1)
    if after is not None:
        behind = select(RecordsRequest.id).where(RecordsRequest.public_id == after)
        last = session.scalars(behind.where(within(RecordsRequest.branch_id, branch_ids))).one_or_none()
        if last is None:
            raise Refused.because(Reason.NOT_FOUND)
        chosen = chosen.where(RecordsRequest.id < last)
    found = [_row(row) for row in session.execute(chosen)]
    return found[:limit], found[limit - 1].request if len(found) > limit else None


def request_shown(session: Session, request: str, branch_ids: Branches) -> RequestShown | None:
    """One of them by its public id; ``None`` where there is none for this reader."""
    row = session.execute(_shown(branch_ids).where(RecordsRequest.public_id == request)).one_or_none()
    return None if row is None else _row(row)


def _shown(branch_ids: Branches) -> Select[RecordsRequest, str, str, str, str | None, str | None]:
    writer, decider = aliased(Staff), aliased(Staff)
    return (
        select(
            RecordsRequest,
            Branch.name.label("branch"),
            Branch.code.label("branch_code"),
            Branch.zone.label("zone"),
            writer.name.label("writer"),
            decider.name.label("decider"),
        )
        .join(Branch, Branch.id == RecordsRequest.branch_id)
        .outerjoin(writer, writer.id == RecordsRequest.staff_id)
        .outerjoin(decider, decider.id == RecordsRequest.decided_by_id)
        .where(within(RecordsRequest.branch_id, branch_ids))
    )


def _row(found: Row[RecordsRequest, str, str, str, str | None, str | None]) -> RequestShown:
    row: RecordsRequest = found.RecordsRequest
    return RequestShown(
        request=row.public_id,
        branch=found.branch,
        branch_code=found.branch_code,
        zone=found.zone,
        asked_at=row.asked_at,
        written_by=short_name(found.writer or ""),
        kind=row.kind,
        about=row.about,
        authority=row.authority,
        asker=row.asker,
        note=row.note,
        routed_to=row.routed_to,
        decision=row.decision,
        decided_at=row.decided_at,
        decided_by=short_name(found.decider or ""),
    )
