"""Moved dates, written: a few statements however many loans and reservations there are, and everybody is told once.

Whatever calls these has locked the rows and worked out the list under the locks (``circulation/redating.py``).
Source: RULES 4, "Cohort moved", and 6, "a new term starts the ladder afresh".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, insert, select, update
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import kits, loans, notices, reservations, terms, unreceived
from lending.circulation.journal import record_each
from lending.circulation.redating import LoanMove, ShelfMove
from lending.circulation.telling import new_notice, put_in_outbox
from lending.domain.actors import Actor
from lending.domain.states import PROMISED_RESERVATIONS, LoanState
from lending.models.base import AnyRow
from lending.models.loans import TermKind
from lending.models.notices import NoticeState


def lock_open_loans(session: Session, chosen: ColumnElement[bool]) -> None:
    """Lock the loans that are out and fit, and before them their kits, so that none of them comes back meanwhile."""
    out = select(loans.c.id).where(chosen, unreceived, loans.c.state == LoanState.OUT)
    theirs = select(kits.c.id).where(kits.c.id.in_(out.with_only_columns(loans.c.kit_id))).order_by(kits.c.id)
    for rows, of in ((theirs, kits), (out.order_by(loans.c.id), loans)):
        session.execute(rows.with_for_update(of=of, key_share=True)).all()


def lock_promises(session: Session, chosen: ColumnElement[bool]) -> None:
    """Lock the promises that fit. Their stocks are locked before."""
    promised = select(reservations.c.id).where(chosen, reservations.c.state.in_(PROMISED_RESERVATIONS))
    locked = promised.order_by(reservations.c.id).with_for_update(of=reservations, key_share=True)
    session.execute(locked).all()


_CANCEL_NOTICES = (
    update(notices)
    .where(
        notices.c.loan_id == bindparam("of_loan"),
        notices.c.term == bindparam("of_term"),
        notices.c.state == NoticeState.PENDING,
        notices.c.step != "receipt",
    )
    .values(state=NoticeState.CANCELLED)
)
_ADD_TERM = insert(terms).inline()
_SET_DUE = update(loans).where(loans.c.id == bindparam("of_loan")).values(term=bindparam("n"), due_at=bindparam("due"))
_SET_SHELF = (
    update(reservations).where(reservations.c.id == bindparam("of_reservation")).values(ready_until=bindparam("until"))
)


def move_loans(
    session: Session, moves: Iterable[LoanMove], kind: TermKind, step: str, *, at: datetime, by: Actor
) -> frozenset[int]:
    """Write the new due dates of loans, which are locked, each as a new term with its notice ``step``.

    Gives the patrons who are told. A handful of statements, however many loans.
    """
    moving = [(move, move.due) for move in moves if move.due is not None]
    if not moving:
        return frozenset()
    connection = session.connection()
    connection.execute(_CANCEL_NOTICES, [{"of_loan": move.row.id, "of_term": move.row.term} for move, _ in moving])
    connection.execute(
        _ADD_TERM,
        [
            {
                "loan_id": move.row.id,
                "n": move.row.term + 1,
                "kind": kind,
                "due_at": due.at,
                "cohort_id": move.row.cohort_id,
                "policy_id": move.policy_id,
                "rule": due.rule.value,
                "reason": move.why.value,
                "staff_id": by.staff_id,
                "made_at": at,
            }
            for move, due in moving
        ],
    )
    connection.execute(
        _SET_DUE, [{"of_loan": move.row.id, "n": move.row.term + 1, "due": due.at} for move, due in moving]
    )
    told = [_notice(move.row, f"loan:{move.row.public_id}:{move.row.term + 1}", step, at) for move, _ in moving]
    tell_many(session, told)
    entries = [
        {
            "branch_id": move.row.branch_id,
            "kit_id": move.row.kit_id,
            "loan_id": move.row.id,
            "cohort_id": move.row.cohort_id,
            "detail": {
                "term": move.row.term + 1,
                "due_from": move.row.due_at.isoformat(),
                "due_at": due.at.isoformat(),
                "due_on": due.on.isoformat(),
                "why": move.why.value,
            },
        }
        for move, due in moving
    ]
    record_each(session, "move_due_date", entries, at=at, by=_nowhere(by))
    return frozenset(move.row.patron_id for move, _ in moving if move.row.patron_id is not None)


def move_shelf(session: Session, moves: Iterable[ShelfMove], step: str, *, at: datetime, by: Actor) -> frozenset[int]:
    """Write until when kits stay on the hold shelf, for reservations which are locked; gives the patrons told."""
    moving = [(move.row, move.until) for move in moves if move.until is not None]
    if not moving:
        return frozenset()
    session.connection().execute(_SET_SHELF, [{"of_reservation": row.id, "until": until} for row, until in moving])
    tell_many(session, [_notice(row, f"reservation:{row.public_id}:{by.act}", step, at) for row, _ in moving])
    entries = [
        {
            "branch_id": row.branch_id,
            "kit_id": row.kit_id,
            "cohort_id": row.cohort_id,
            "detail": {
                "reservation": row.public_id,
                "until_from": row.ready_until.isoformat(),
                "until": until.isoformat(),
            },
        }
        for row, until in moving
    ]
    record_each(session, "move_shelf_date", entries, at=at, by=_nowhere(by))
    return frozenset(row.patron_id for row, _ in moving if row.patron_id is not None)


def tell_people(session: Session, rows: Iterable[AnyRow], subject: str, step: str, *, at: datetime, by: Actor) -> None:
    """Tell people, once in this act; each row has ``public_id``, ``patron_id`` and how the patron is reached."""
    tell_many(session, [_notice(row, f"{subject}:{row.public_id}:{by.act}", step, at, loan=False) for row in rows])


def tell_many(session: Session, told: Iterable[Mapping[str, Any]]) -> None:
    """Put notices into the outbox; nobody is told where the patron's link was cut."""
    rows = [row for row in told if row["patron_id"] is not None]
    if rows:
        put_in_outbox(session, rows)


def _nowhere(by: Actor) -> Actor:
    """The same actor at no station: what moves for many is no scan of a desk, and so not its last act to undo."""
    return replace(by, station_id=None)


def _notice(row: AnyRow, subject: str, step: str, at: datetime, *, loan: bool = True) -> dict[str, Any]:
    is_loan = loan and subject.startswith("loan:")
    return new_notice(
        step,
        row,
        subject=subject,
        patron_id=row.patron_id,
        at=at,
        loan_id=row.id if is_loan else None,
        term=row.term + 1 if is_loan else None,
    )
