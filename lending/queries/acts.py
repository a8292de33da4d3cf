"""What an act came to, read back from its rows: the same answer for a repeated scan, and the log of a station.

The answer of an act is never stored. It is rebuilt from the journal and the rows the journal names, into the very
dataclass its verb gave, so that one function puts both into words. Source: ARCHITECTURE, "Transactions and locks".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from lending.circulation.checkout import CheckedOut
from lending.circulation.exchange import Exchanged
from lending.circulation.in_library import AT_EVENT, ENDED, IN_LIBRARY, InUse, UseEnded
from lending.circulation.inspection import Inspected
from lending.circulation.kits import KitFound
from lending.circulation.renewal import DueDateSet, Renewed
from lending.circulation.returns import Next, Returned
from lending.circulation.shelf import Captured, PutBack
from lending.circulation.transfers import Transferred
from lending.circulation.turnaround import StepRecorded
from lending.circulation.undo import Undone
from lending.domain.due_dates import DueRule
from lending.domain.names import short_name
from lending.domain.states import KitState, LoanState
from lending.errors import Reason, Refused
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.charges import Charge
from lending.models.cohorts import Cohort, Workshop
from lending.models.hiring import HiringEvent
from lending.models.in_library import KitUse
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitType, KitTypePart, Part, TurnaroundStepKind
from lending.models.loans import Loan
from lending.models.people import Patron

Outcome = (
    CheckedOut
    | Returned
    | Exchanged
    | Undone
    | Inspected
    | Renewed
    | DueDateSet
    | Transferred
    | StepRecorded
    | KitFound
    | Captured
    | PutBack
    | InUse
    | UseEnded
)

_journal, _kits, _kit_types, _loans = table_of(JournalEntry), table_of(Kit), table_of(KitType), table_of(Loan)
_patrons, _cohorts, _branches = table_of(Patron), table_of(Cohort), table_of(Branch)
_owners = _branches.alias("owner")

_ENTRIES: Select[Any] = select(
    _journal.c.id,
    _journal.c.act,
    _journal.c.verb,
    _journal.c.at,
    _journal.c.recorded_at,
    _journal.c.detail,
    _kits.c.barcode.label("kit"),
    _kit_types.c.code.label("kit_type"),
    _loans.c.public_id.label("loan"),
    _loans.c.incomplete_until,
    _patrons.c.public_id.label("patron"),
    _patrons.c.name.label("patron_name"),
    _cohorts.c.name.label("cohort"),
    _owners.c.name.label("owner"),
    _branches.c.code.label("branch"),
).select_from(
    _journal.join(_kits, _kits.c.id == _journal.c.kit_id)
    .join(_kit_types, _kit_types.c.id == _kits.c.kit_type_id)
    # Whose the kit was then: it may have been given to another branch since.
    .outerjoin(_owners, _owners.c.id == _journal.c.detail["owner"].as_integer())
    .outerjoin(_branches, _branches.c.id == _journal.c.branch_id)
    .outerjoin(_loans, _loans.c.id == _journal.c.loan_id)
    .outerjoin(_patrons, _patrons.c.id == _loans.c.patron_id)
    .outerjoin(_cohorts, _cohorts.c.id == _journal.c.cohort_id)
)
_OF_ACT = _ENTRIES.where(_journal.c.act == bindparam("act")).order_by(_journal.c.id)


@dataclass(frozen=True, slots=True)
class Logged:
    """One act of a station, as its log shows it. ``taken_back``: it was undone later."""

    entry_id: int
    act: str
    recorded_at: datetime
    outcome: Outcome
    kit: str
    patron_name: str
    taken_back: bool


def outcome(session: Session, act: str) -> Outcome:
    """What the act with this id came to. Raises ``Refused`` (``KEY_REUSED``) for an act of another kind."""
    rows = session.connection().execute(_OF_ACT, {"act": act}).all()
    built = [_BUILDERS[row.verb](session, row) for row in rows if row.verb in _BUILDERS]
    if not built:
        raise Refused.because(Reason.KEY_REUSED)
    first, last = built[0], built[-1]
    if isinstance(first, CheckedOut) and isinstance(last, DueDateSet):
        return due_by_hand(first, last)
    return _freed(last) if any(row.verb == _FREED for row in rows) else last


def station_log(session: Session, station_id: int, *, since: datetime, limit: int = 50) -> list[Logged]:
    """The newest acts of a station since an instant, newest first."""
    rows = (
        session.connection()
        .execute(
            _ENTRIES.where(
                _journal.c.station_id == station_id,
                _journal.c.recorded_at >= since,
                _journal.c.verb.in_([*sorted(_BUILDERS), _FREED]),
            )
            .order_by(_journal.c.id.desc())
            .limit(limit)
        )
        .all()
    )
    undone = {row.detail.get("undone") for row in rows if row.verb in _UNDO_VERBS}
    taken_back = {row.act for row in rows if row.id in undone}
    freed = {row.act for row in rows if row.verb == _FREED}
    return list(_logged(session, [row for row in rows if row.verb in _BUILDERS], taken_back, freed))


def _logged(session: Session, rows: list[AnyRow], taken_back: set[str], freed: set[str]) -> Iterator[Logged]:
    """The acts of ``rows``, newest first. What frees a kit is the last thing that an act did to it."""
    told: set[str] = set()
    for row in rows:
        is_last = row.act not in told
        told.add(row.act)
        found = _BUILDERS[row.verb](session, row)
        yield Logged(
            entry_id=row.id,
            act=row.act,
            recorded_at=row.recorded_at,
            outcome=_freed(found) if is_last and row.act in freed else found,
            kit=row.kit,
            patron_name=short_name(row.patron_name or ""),
            taken_back=row.act in taken_back,
        )


def _checked_out(session: Session, row: AnyRow) -> CheckedOut:
    detail = row.detail
    return CheckedOut(
        loan=row.loan,
        kit=row.kit,
        kit_type=row.kit_type,
        patron=row.patron or "",
        patron_name=short_name(row.patron_name or ""),
        cohort=row.cohort,
        due_at=datetime.fromisoformat(detail["due_at"]),
        due_on=date.fromisoformat(detail["due_on"]),
        rule=DueRule(detail["rule"]),
        parts=detail["parts"],
        overridden=bool(detail["overridden"]),
        put_back=detail.get("left_on_shelf"),
    )


def _returned(session: Session, row: AnyRow) -> Returned:
    detail = row.detail
    return Returned(
        loan=row.loan,
        kit=row.kit,
        kit_type=row.kit_type,
        patron=row.patron or "",
        patron_name=short_name(row.patron_name or ""),
        received_at=row.at,
        book_drop=detail["book_drop"],
        next=Next(detail["next"]),
        owner=row.owner,
        was_lost=detail["loan_from"] == LoanState.LOST,
        was_claimed=detail["loan_from"] == LoanState.CLAIMED,
        backdated=row.at < row.recorded_at,
        days_late=detail["days_late"],
    )


def _exchanged(session: Session, row: AnyRow) -> Exchanged:
    detail = row.detail
    return Exchanged(
        loan=row.loan,
        old_loan=detail["old_loan"],
        kit=detail["faulty"],
        replacement=row.kit,
        patron_name=short_name(row.patron_name or ""),
        due_at=datetime.fromisoformat(detail["due_at"]),
        due_on=date.fromisoformat(detail["due_on"]),
        parts=detail["parts"],
        to_branch=detail["to_branch"],
    )


def _undone(session: Session, row: AnyRow) -> Undone:
    told = {name: value for name, value in row.detail.items() if name in ("faulty", "lost", "charged")}
    return Undone(verb=row.verb.removeprefix("undo_"), kit=row.kit, loan=row.loan or "", **told)


def _inspected(session: Session, row: AnyRow) -> Inspected:
    detail = row.detail
    found: Mapping[str, str] = detail.get("found", {})
    names: dict[str, str] = {}
    if set(found.values()) - {"here"}:
        chosen = select(Part.id, KitTypePart.name).join(Part.kind).where(Part.id.in_([int(key) for key in found]))
        names = {str(part_id): name for part_id, name in session.execute(chosen)}
    charges = detail.get("charges", [])
    charged = session.scalars(select(Charge.amount_cents).where(Charge.id.in_(charges))).all() if charges else []
    loan_to = detail.get("loan_to")
    return Inspected(
        kit=row.kit,
        kit_state=KitState(detail["kit_to"]),
        loan=row.loan,
        loan_state=None if loan_to is None else LoanState(loan_to),
        missing=tuple(names[key] for key, state in found.items() if state == "missing"),
        damaged=tuple(names[key] for key, state in found.items() if state == "damaged"),
        owed_until=row.incomplete_until if loan_to == LoanState.INCOMPLETE else None,
        charged_cents=sum(charged),
        steps=_left(row),
    )


def _step_recorded(session: Session, row: AnyRow) -> StepRecorded:
    kind = TurnaroundStepKind(row.detail["step"])
    return StepRecorded(row.kit, kind, KitState(row.detail["kit_to"]), _left(row))


def _left(row: AnyRow) -> tuple[TurnaroundStepKind, ...]:
    return tuple(TurnaroundStepKind(kind) for kind in row.detail["left"])


def _renewed(session: Session, row: AnyRow) -> Renewed:
    detail = row.detail
    return Renewed(
        loan=row.loan,
        kit=row.kit,
        due_at=datetime.fromisoformat(detail["due_at"]),
        due_on=date.fromisoformat(detail["due_on"]),
        rule=DueRule(detail["rule"]),
        term=detail["term"],
        left=detail["left"],
        overridden=bool(detail["overridden"]),
    )


def _due_date_set(session: Session, row: AnyRow) -> DueDateSet:
    detail = row.detail
    rolled_from = detail["rolled_from"]
    return DueDateSet(
        loan=row.loan,
        kit=row.kit,
        due_at=datetime.fromisoformat(detail["due_at"]),
        due_on=date.fromisoformat(detail["due_on"]),
        rolled_from=None if rolled_from is None else date.fromisoformat(rolled_from),
        term=detail["term"],
    )


def _arrived(session: Session, row: AnyRow) -> Transferred:
    return Transferred(row.kit, KitState(row.detail["kit_to"]), row.branch, None)


def _sent(session: Session, row: AnyRow) -> Transferred:
    to = session.get_one(Branch, row.detail["to_branch_id"])
    return Transferred(row.kit, KitState(row.detail["kit_to"]), row.branch, to.code)


def _found(session: Session, row: AnyRow) -> KitFound:
    return KitFound(row.kit)


def _captured(session: Session, row: AnyRow) -> Captured:
    detail = row.detail
    until = datetime.fromisoformat(detail["ready_until"])
    return Captured(row.kit, detail["reservation"], detail["pickup_code"], row.cohort, until)


def _put_back(session: Session, row: AnyRow) -> PutBack:
    return PutBack(row.kit)


def _in_use(session: Session, row: AnyRow) -> InUse:
    chosen = (
        select(Workshop.title, HiringEvent.name, Patron.name.label("patron"))
        .select_from(KitUse)
        .outerjoin(Workshop, Workshop.id == KitUse.workshop_id)
        .outerjoin(HiringEvent, HiringEvent.id == KitUse.hiring_event_id)
        .outerjoin(Patron, Patron.id == KitUse.patron_id)
        .where(KitUse.public_id == row.detail["use"])
    )
    found = session.execute(chosen).one()
    due_at = datetime.fromisoformat(row.detail["due_at"])
    event = found.title or found.name
    return InUse(row.detail["use"], row.kit, row.kit_type, due_at, event, short_name(found.patron or ""))


def _use_ended(session: Session, row: AnyRow) -> UseEnded:
    detail = row.detail
    return UseEnded(detail["use"], row.kit, row.kit_type, Next(detail["next"]), row.owner, detail["late"])


def due_by_hand(out: CheckedOut, then: DueDateSet) -> CheckedOut:
    """A check-out whose due date was set by hand in the same act."""
    return replace(out, due_at=then.due_at, due_on=then.due_on, rule=DueRule.BY_HAND, rolled_from=then.rolled_from)


def _freed(found: Outcome) -> Outcome:
    """The same act, where nothing was left to do with the kit and so it was free at once."""
    match found:
        case Inspected():
            return replace(found, kit_state=KitState.AVAILABLE, steps=())
        case StepRecorded():
            return replace(found, state=KitState.AVAILABLE, missing=())
        case Transferred():
            return replace(found, kit_state=KitState.AVAILABLE)
    return found


_BUILDERS: Mapping[str, Callable[[Session, AnyRow], Outcome]] = {
    "check_out": _checked_out,
    "return": _returned,
    "exchange": _exchanged,
    "undo_check_out": _undone,
    "undo_return": _undone,
    "undo_exchange": _undone,
    "undo_inspect": _undone,
    "inspect": _inspected,
    "record_step": _step_recorded,
    "arrive_kit": _arrived,
    "send_kit": _sent,
    "find_kit": _found,
    "renew": _renewed,
    "set_due_date": _due_date_set,
    "capture": _captured,
    "undo_capture": _undone,
    "put_back": _put_back,
    IN_LIBRARY: _in_use,
    AT_EVENT: _in_use,
    ENDED: _use_ended,
    f"undo_{IN_LIBRARY}": _undone,
    f"undo_{AT_EVENT}": _undone,
    f"undo_{ENDED}": _undone,
}
_FREED = "free"
_UNDO_VERBS = frozenset(verb for verb in _BUILDERS if verb.startswith("undo_"))
