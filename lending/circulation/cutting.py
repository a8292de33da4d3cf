"""Links between people and what they had, cut: the statements that the privacy clock and an erasure share.

Each function takes the keys of rows whose time has come, and empties what names a person in them and in whatever hangs
on them; the rows stay for counting. Parts of another act. Source: RULES 8, "Two clocks" (A).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, cast, exists, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from lending.circulation.ledger import seal_loans
from lending.domain.retention import OWN_REASONS
from lending.domain.sealed_names import NameSeal
from lending.models.base import Base, table_of
from lending.models.charges import Charge
from lending.models.cohorts import Attendance, Enrolment, Workshop
from lending.models.loans import Loan, LoanPart, LoanTerm
from lending.models.notices import Notice
from lending.models.people import Patron
from lending.models.policies import AgreementAcceptance
from lending.models.reservations import Reservation
from lending.models.tasks import Task, TaskKind

_attendances, _enrolments, _loans = table_of(Attendance), table_of(Enrolment), table_of(Loan)
_notices, _reservations, _tasks = table_of(Notice), table_of(Reservation), table_of(Task)
_acceptances, _workshops = table_of(AgreementAcceptance), table_of(Workshop)


def cut_loans(session: Session, ids: Sequence[int], seal: NameSeal, *, at: datetime) -> int:
    """Cut loans, with their charges, tasks, notices, signatures and the promises they fulfilled.

    What ECF money paid for is written into the sealed ledger first. How many rows that made.
    """
    sealed = seal_loans(session, Loan.id.in_(ids), seal, at=at)
    of_loans = {kind: table_of(kind).c.loan_id.in_(ids) for kind in (Charge, LoanPart, LoanTerm)}
    promises = select(_loans.c.reservation_id).where(_loans.c.id.in_(ids), _loans.c.reservation_id.is_not(None))
    cut_reservations(session, list(session.scalars(promises)))
    cut_tasks(session, _tasks.c.loan_id.in_(ids))
    cut_notices(session, _notices.c.loan_id.in_(ids))
    cut_signatures(session, _acceptances.c.loan_id.in_(ids))
    empty(session, Charge, of_loans[Charge], patron_id=None, ended_reason=None)
    empty(session, LoanTerm, of_loans[LoanTerm], reason=None)
    empty(session, LoanPart, of_loans[LoanPart], note=None)
    empty(session, Loan, _loans.c.id.in_(ids), patron_id=None, collected_by=None, override=None)
    return sealed


def cut_enrolments(session: Session, ids: Sequence[int]) -> None:
    """Cut seats, with the attendances, promises, signatures and notices of the same person in the same session."""
    seats = session.execute(
        select(_enrolments.c.patron_id, _enrolments.c.cohort_id, _enrolments.c.public_id).where(
            _enrolments.c.id.in_(ids)
        )
    ).all()
    for seat in seats:
        meetings = select(_workshops.c.id).where(_workshops.c.cohort_id == seat.cohort_id)
        theirs = _attendances.c.patron_id == seat.patron_id
        empty(session, Attendance, theirs & _attendances.c.workshop_id.in_(meetings), patron_id=None)
        cut_signatures(
            session, (_acceptances.c.patron_id == seat.patron_id) & (_acceptances.c.cohort_id == seat.cohort_id)
        )
    cut_notices(session, _notices.c.subject.in_([f"enrolment:{seat.public_id}" for seat in seats]))
    cut_reservations(session, list(session.scalars(select(Reservation.id).where(Reservation.enrolment_id.in_(ids)))))
    empty(session, Enrolment, _enrolments.c.id.in_(ids) & _typed(_enrolments.c.ended_reason), ended_reason=None)
    empty(session, Enrolment, _enrolments.c.id.in_(ids), patron_id=None)


def cut_reservations(session: Session, ids: Sequence[int]) -> None:
    """Cut promises, with what was told of them."""
    names = session.scalars(select(Reservation.public_id).where(Reservation.id.in_(ids)))
    cut_notices(session, _notices.c.subject.in_([f"reservation:{name}" for name in names]))
    empty(session, Reservation, _reservations.c.id.in_(ids) & _typed(_reservations.c.ended_reason), ended_reason=None)
    empty(session, Reservation, _reservations.c.id.in_(ids), patron_id=None)


def cut_tasks(session: Session, which: ColumnElement[bool]) -> None:
    """Cut tasks, with what staff noted of them, and what the patron wrote of a problem.

    A subject that is made of the patron's key is made of the task's own.
    """
    empty(session, Task, which & (_tasks.c.kind == TaskKind.PROBLEM), what="")
    own = _tasks.c.subject.like("patron:%") | _tasks.c.subject.like("erasure:%")
    empty(session, Task, which & own, subject=literal("task:") + cast(_tasks.c.id, _tasks.c.subject.type))
    empty(session, Task, which, patron_id=None, outcome=None)


def cut_notices(session: Session, which: ColumnElement[bool]) -> None:
    """Cut notices. They hold no words; those were made at the moment of sending."""
    empty(session, Notice, which, patron_id=None)


def cut_signatures(session: Session, which: ColumnElement[bool]) -> None:
    """Cut signatures: that somebody signed this version of the text stays."""
    empty(session, AgreementAcceptance, which, patron_id=None, typed_name=None)


def _typed(reason: Column[Any]) -> ColumnElement[bool]:
    """Whether somebody typed why a seat or a promise ended. The library's own words name nobody, and count."""
    return reason.not_in(OWN_REASONS) & reason.not_like("to %")


def keeps_history(patron_id: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Whether somebody (a column with their id) keeps their history: they are left alone until they say otherwise."""
    person = aliased(Patron)
    return exists().where(person.id == patron_id, person.keeps_history)


def names(kind: type[Base], patron_id: int) -> ColumnElement[bool]:
    """Whether a row of ``kind`` names a patron."""
    return table_of(kind).c.patron_id == patron_id


def empty(session: Session, kind: type[Base], which: ColumnElement[bool], **values: Any) -> int:
    """Write ``values`` into the rows of ``kind`` that ``which`` says; how many there are."""
    table: Table = table_of(kind)
    return session.connection().execute(update(table).where(which).values(**values)).rowcount
