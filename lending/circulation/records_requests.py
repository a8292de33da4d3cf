"""Requests for records of patrons: written down by whoever is asked, and decided by whoever may erase a record.

Nothing is told without an order of the superior court, the patron's own written word, or the patron themselves;
counts may be given to anybody. The permission sheet has no line for it: whoever may find a patron may be asked about
one, and managers answer. Source: California Gov. Code 7927.105; RULES 8, "Requests are logged and routed".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.circulation.locks import lock_named
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.registration import plain_text
from lending.errors import Block, Reason, Refused
from lending.models.privacy import Authority, RecordsRequest, RequestAbout, RequestDecision, RequestFrom

LONGEST: Final = {"asker": 160, "note": 500, "routed_to": 160}
LOGGED: Final = "log_records_request"
"""What the journal calls that somebody asked."""

OPENS: Final = frozenset({Authority.COURT_ORDER, Authority.PATRONS_WRITING, Authority.OWN_RECORD})
"""What a patron's records are disclosed for."""


@dataclass(frozen=True, slots=True)
class RequestChanged:
    """A request for records (its public id), and what was decided, ``None`` while it waits."""

    request: str
    decision: RequestDecision | None


def log_request(
    session: Session,
    *,
    branch_id: int,
    kind: RequestFrom,
    about: RequestAbout,
    authority: Authority,
    asker: str = "",
    note: str = "",
    routed_to: str = "",
    at: datetime,
    by: Actor,
) -> RequestChanged:
    """Write down that somebody asked, what they showed, and to whom they were sent on.

    Raises ``Refused``: ``NOT_PERMITTED``, ``VALUE_WRONG`` for each text that no line is.
    """
    by.permit(Act.FIND_PATRON, branch_id)
    texts = _texts(asker=asker, note=note, routed_to=routed_to)
    asked = {"branch_id": branch_id, "kind": kind, "about": about, "authority": authority}
    row = RecordsRequest(asked_at=at, staff_id=by.staff_id, **asked, **texts)
    session.add(row)
    session.flush()  # the journal names it by its public id
    return _changed(session, LOGGED, row, at=at, by=by)


def decide_request(
    session: Session,
    *,
    request: str,
    decision: RequestDecision,
    authority: Authority,
    routed_to: str = "",
    at: datetime,
    by: Actor,
) -> RequestChanged:
    """Decide a request (its public id), with what was shown in the end.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, ``VALUE_WRONG``, ``WRONG_STATE`` for one that was decided, and
    ``AUTHORITY_NEEDED`` for a disclosure without what the law asks for.
    """
    by.permit(Act.MERGE_PATRONS)
    row = lock_named(session, select(RecordsRequest).where(RecordsRequest.public_id == request))
    if not by.everywhere and row.branch_id not in by.branch_ids:
        raise Refused.because(Reason.NOT_FOUND)
    texts = _texts(routed_to=routed_to)
    if row.decision is not None:
        raise Refused.because(Reason.WRONG_STATE, state="decided")
    if decision is RequestDecision.DISCLOSED and authority not in OPENS:
        raise Refused.because(Reason.AUTHORITY_NEEDED, field="authority")
    row.decision, row.decided_at, row.decided_by_id, row.authority = decision, at, by.staff_id, authority
    row.routed_to = texts["routed_to"] or row.routed_to
    return _changed(session, "decide_records_request", row, at=at, by=by)


def _texts(**given: str) -> dict[str, str | None]:
    read: dict[str, str | None] = {}
    against = []
    for name, text in given.items():
        try:
            read[name] = plain_text(text, LONGEST[name])
        except ValueError:
            against.append(Block(Reason.VALUE_WRONG, {"field": name}))
    if against:
        raise Refused(*against)
    return read


def _changed(session: Session, verb: str, row: RecordsRequest, *, at: datetime, by: Actor) -> RequestChanged:
    detail = {
        "request": row.public_id,
        "kind": row.kind.value,
        "about": row.about.value,
        "authority": row.authority.value,
        "decision": None if row.decision is None else row.decision.value,
    }
    record(session, verb, at=at, by=by, branch_id=row.branch_id, detail=detail)
    return RequestChanged(row.public_id, row.decision)
