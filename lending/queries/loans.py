"""Loans as other programs see them: one, a page of many, and a loan as an act left it.

Every list is scoped to the actor's branches in the statement itself, and a page is one statement however long it is.
A loan belongs to the branch that lent it and the one that took it back. Source: INTERFACES, "GET /loans".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.due_dates import DueRule
from lending.domain.states import LoanState
from lending.errors import Reason, Refused
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan, LoanTerm
from lending.models.people import Card
from lending.queries.scope import seen_by

_loans, _terms, _kits, _kit_types = table_of(Loan), table_of(LoanTerm), table_of(Kit), table_of(KitType)
_branches, _cohorts, _cards, _journal = table_of(Branch), table_of(Cohort), table_of(Card), table_of(JournalEntry)


@dataclass(frozen=True, slots=True)
class LoanShown:
    """A loan in full. ``patron`` is the card's number, ``None`` once the link is cut; ``zone`` is the branch's."""

    id: str
    kit: str
    kit_type: str
    patron: str | None
    cohort: str | None
    branch: str
    zone: str
    checked_out_at: datetime
    due_at: datetime
    received_at: datetime | None
    state: LoanState
    rule: DueRule


@dataclass(frozen=True, slots=True)
class LoanPage:
    """Loans, newest first; ``after`` continues behind the last one, ``None`` at the end."""

    loans: tuple[LoanShown, ...]
    after: str | None


_LOANS = select(
    _loans.c.public_id.label("id"),
    _kits.c.barcode.label("kit"),
    _kit_types.c.code.label("kit_type"),
    _cards.c.number.label("patron"),
    _cohorts.c.code.label("cohort"),
    _branches.c.code.label("branch"),
    _branches.c.zone,
    _loans.c.checked_out_at,
    _loans.c.due_at,
    _loans.c.received_at,
    _loans.c.state,
    _terms.c.rule,
).select_from(
    _loans.join(_kits, _kits.c.id == _loans.c.kit_id)
    .join(_kit_types, _kit_types.c.id == _loans.c.kit_type_id)
    .join(_branches, _branches.c.id == _loans.c.branch_id)
    .join(_terms, and_(_terms.c.loan_id == _loans.c.id, _terms.c.n == _loans.c.term))
    .outerjoin(_cards, and_(_cards.c.patron_id == _loans.c.patron_id, _cards.c.ended_at.is_(None)))
    .outerjoin(_cohorts, _cohorts.c.id == _loans.c.cohort_id)
)


def loan(session: Session, public_id: str, *, by: Actor) -> LoanShown:
    """The loan with this id, where ``by`` may see it; otherwise ``NOT_FOUND``, whether it exists or not."""
    chosen = _LOANS.where(_loans.c.public_id == public_id, _visible(by))
    row = session.execute(chosen).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _shown(row)


def loans(
    session: Session,
    *,
    by: Actor,
    at: datetime,
    state: LoanState | None = None,
    branch: str | None = None,
    cohort: str | None = None,
    patron: str | None = None,
    overdue: bool | None = None,
    after: str | None = None,
    limit: int = 50,
) -> LoanPage:
    """The loans that ``by`` may see and that fit all that is given: codes, a card's number, whether overdue at ``at``.

    ``after`` is a loan's id; one that is not there gives an empty page.
    """
    chosen = _LOANS.where(_visible(by))
    if state is not None:
        chosen = chosen.where(_loans.c.state == state)
    if branch is not None:
        chosen = chosen.where(_branches.c.code == branch)
    if cohort is not None:
        chosen = chosen.where(_cohorts.c.code == cohort)
    if patron is not None:
        chosen = chosen.where(_cards.c.number == patron)
    if overdue is not None:
        late = and_(_loans.c.received_at.is_(None), _loans.c.state == LoanState.OUT, _loans.c.due_at < at)
        chosen = chosen.where(late if overdue else ~late)
    if after is not None:
        last = session.execute(select(_loans.c.checked_out_at, _loans.c.id).where(_loans.c.public_id == after)).first()
        if last is None:
            return LoanPage((), None)
        earlier = and_(_loans.c.checked_out_at == last.checked_out_at, _loans.c.id < last.id)
        chosen = chosen.where(or_(_loans.c.checked_out_at < last.checked_out_at, earlier))
    ordered = chosen.order_by(_loans.c.checked_out_at.desc(), _loans.c.id.desc()).limit(limit + 1)
    found = tuple(_shown(row) for row in session.execute(ordered))
    return LoanPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def newest_of_kit(session: Session, kit: str) -> LoanShown:
    """The newest loan of the kit with this code, for the answer of an act on it. ``NOT_FOUND`` for one never lent."""
    newest = _LOANS.where(_kits.c.barcode == kit).order_by(_loans.c.checked_out_at.desc(), _loans.c.id.desc())
    row = session.execute(newest.limit(1)).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _shown(row)


def _visible(by: Actor) -> Any:
    return seen_by(by, _loans.c.branch_id, _loans.c.received_branch_id)


def _shown(row: AnyRow) -> LoanShown:
    return LoanShown(**{**row._mapping, "rule": DueRule(row.rule)})


# --- A loan as an act left it ---------------------------------------------------------------------------------

_card_then = (
    select(_cards.c.number)
    .where(
        _cards.c.patron_id == _loans.c.patron_id,
        _cards.c.issued_at <= _journal.c.recorded_at,
        or_(_cards.c.ended_at.is_(None), _cards.c.ended_at >= _journal.c.recorded_at),
    )
    .order_by(_cards.c.id)
    .limit(1)
    .correlate(_loans, _journal)
    .scalar_subquery()
    .label("card_then")
)
_AFTER: Select[Any] = (
    _LOANS.add_columns(
        _loans.c.id.label("loan_id"),
        _loans.c.term,
        _terms.c.made_at,
        _journal.c.verb,
        _journal.c.at,
        _journal.c.recorded_at,
        _journal.c.detail,
        _card_then,
    )
    .join_from(_loans, _journal, _journal.c.loan_id == _loans.c.id)
    .where(_journal.c.act == bindparam("act"))
    .order_by(_journal.c.id)
)
_TERMS = select(_terms.c.n, _terms.c.due_at, _terms.c.rule, _terms.c.made_at).where(
    _terms.c.loan_id == bindparam("loan_id")
)


def loan_after(session: Session, act: str) -> LoanShown | None:
    """The loan as the act with this id left it, whatever became of it since; ``None`` for an act without a loan.

    So a repeated request is answered as it was the first time: from the journal's row, and the term and the card of
    that moment.
    """
    found = told_after(session, act)
    return None if found is None else found[0]


def told_after(session: Session, act: str) -> tuple[LoanShown, Mapping[str, Any]] | None:
    """The loan as ``loan_after`` gives it, and what the journal says of the act besides."""
    for row in session.execute(_AFTER, {"act": act}):
        if row.verb in _LEFT:
            return _as_left(session, row), row.detail
    return None


def _as_left(session: Session, row: AnyRow) -> LoanShown:
    left = {name: value for name, value in row._mapping.items() if name in LoanShown.__slots__}
    shown = LoanShown(**{**left, "rule": DueRule(row.rule), "patron": row.card_then})
    n = row.detail.get("term") or _FIRST.get(row.verb)
    is_current = row.made_at <= row.recorded_at if n is None else n == row.term
    if not is_current:
        terms = {term.n: term for term in session.execute(_TERMS, {"loan_id": row.loan_id})}
        n = n or max(term.n for term in terms.values() if term.made_at <= row.recorded_at)
        shown = replace(shown, due_at=terms[n].due_at, rule=DueRule(terms[n].rule))
    return _LEFT[row.verb](shown, row)


def _still_out(shown: LoanShown, row: AnyRow) -> LoanShown:
    return replace(shown, state=LoanState.OUT, received_at=None)


def _received(shown: LoanShown, row: AnyRow) -> LoanShown:
    return replace(shown, state=LoanState.RECEIVED, received_at=row.at)


def _moved(shown: LoanShown, row: AnyRow) -> LoanShown:
    return replace(shown, state=LoanState(row.detail["loan_to"]))


_FIRST: Mapping[str, int] = {"check_out": 1, "exchange": 1}
"""The term of verbs that begin a loan; the others say theirs, or leave the one that stood."""

_LEFT: Mapping[str, Callable[[LoanShown, AnyRow], LoanShown]] = {
    "check_out": _still_out,
    "exchange": _still_out,
    "swap_part": _still_out,
    "return": _received,
    "inspect": _moved,
    "bring_back_part": _moved,
    "renew": _still_out,
    "set_due_date": _still_out,
    "report_missing_part": _still_out,
    "declare_lost": lambda shown, row: replace(shown, state=LoanState.LOST, received_at=None),
    "claim_returned": lambda shown, row: replace(shown, state=LoanState.CLAIMED, received_at=None),
    "take_claim_back": _still_out,
}
