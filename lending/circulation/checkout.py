"""Check-out: a kit is handed to a patron, with its parts counted out and its due date set.

Source: RULES 2 to 4. All reasons against are found at once; a refusal changes nothing. The kit follows the cohort: a
scan uses the patron's earliest promise, and the loan is due when the cohort's kits are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from lending.circulation import checkout_statements as sql
from lending.circulation.checkout_facts import Gathered, gather
from lending.circulation.counts import counted
from lending.circulation.journal import entry
from lending.circulation.served import names_of, served
from lending.circulation.together import Write, write_together
from lending.domain.actors import Actor
from lending.domain.checkout import blocks
from lending.domain.counting import Counter
from lending.domain.due_dates import Ceiling, Due, DueRule, cohort_due, open_loan_due
from lending.domain.names import short_name
from lending.domain.permissions import Act
from lending.domain.states import (
    KIT_MOVES,
    RESERVATION_MOVES,
    KitVerb,
    LoanState,
    ReservationVerb,
    after,
)
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.loans import TermKind
from lending.models.notices import Channel, NoticeState
from lending.models.policies import Signing


@dataclass(frozen=True, slots=True)
class Override:
    """Reasons that an actor sets aside, and why. The note is kept with the loan and on the journal."""

    reasons: frozenset[Reason] = field(default_factory=frozenset)
    note: str = ""


NO_OVERRIDE = Override()

BORROWING_AGREEMENT = "borrowing"
"""The agreement that is signed where a programme has none of its own."""


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """What was handed out: what the desk says, and the receipt begins with. ``parts`` counts what went out.

    ``rolled_from`` is the closed day that was wished for, where a due date was set by hand. ``overridden``: a rule was
    set aside for it. ``put_back`` is the kit that still lies on the hold shelf for the patron, who has another one now.
    """

    loan: str
    kit: str
    kit_type: str
    patron: str
    patron_name: str
    cohort: str | None
    due_at: datetime
    due_on: date
    rule: DueRule
    parts: int
    rolled_from: date | None = None
    overridden: bool = False
    put_back: str | None = None


def check_out(
    session: Session,
    *,
    kit: str,
    patron: str,
    branch_id: int,
    at: datetime,
    by: Actor,
    override: Override = NO_OVERRIDE,
    signed: Signing | None = None,
    collected_by: str | None = None,
) -> CheckedOut:
    """Hand ``kit`` (its code) to ``patron`` (the card number) at a branch.

    ``signed``: the desk saw the agreement signed, and how. ``collected_by``: who collects with the patron's written
    authorisation. Raises ``Refused`` with every block that was not overridden; an override needs a note.
    """
    by.permit(Act.CIRCULATE, branch_id)
    _check(override)
    gathered = gather(session, kit=kit, patron=patron, branch_id=branch_id, at=at, signed=signed)
    against = blocks(gathered.facts, by.may_override)
    standing = [block for block in against if not (block.overridable and block.reason in override.reasons)]
    if standing:
        raise Refused(*standing)
    due = _due(gathered, at)
    if due is None:
        raise Refused.because(Reason.NO_OPEN_DAY)
    overridden = sorted(block.reason.value for block in against)
    if Reason.AGREEMENT_NOT_SIGNED in overridden:
        signed = Signing.ON_PAPER
    return _write(session, gathered, due, overridden, override.note, signed, collected_by, at=at, by=by)


def _check(override: Override) -> None:
    if override.reasons and not override.note.strip():
        raise Refused.because(Reason.REASON_NEEDED)


def _due(gathered: Gathered, at: datetime) -> Due | None:
    """The due date: the cohort's, whatever the day; else the period under its ceilings. ``None``: no open day fits."""
    cohort = gathered.cohort
    if cohort is not None:
        return cohort_due(gathered.calendar, cohort.return_by, at=at)
    ceilings = []
    if gathered.locked.expires_on is not None:
        ceilings.append(Ceiling(DueRule.CEILING_CARD_EXPIRY, gathered.locked.expires_on))
    ahead = gathered.ahead
    last_free_day = None if ahead is None else ahead.ceiling(gathered.found.loan_days)
    if last_free_day is not None:
        ceilings.append(Ceiling(DueRule.CEILING_STOCK, last_free_day))
    return open_loan_due(gathered.calendar, gathered.found.loan_days, ceilings, at=at)


def _write(
    session: Session,
    gathered: Gathered,
    due: Due,
    overridden: list[str],
    note: str,
    signed: Signing | None,
    collected_by: str | None,
    *,
    at: datetime,
    by: Actor,
) -> CheckedOut:
    found, locked = gathered.found, gathered.locked
    public_id = new_public_id()
    loan_id = _lend(session, gathered, public_id, due, overridden, note, collected_by, at=at, by=by)
    writes = [
        _term(gathered, loan_id, due, at=at, by=by),
        (sql.SNAPSHOT, {"loan_id": loan_id, "kit_id": found.kit_id}),
        *_recorded(session, gathered, loan_id, due, overridden, note, at=at, by=by),
    ]
    if (tokens := _served(session, gathered, at)) is not None:
        writes.append(tokens)
    if found.reservation_id is not None:
        writes.append(_picked_up(gathered, at))
    if signed is not None:
        writes.append(_signature(gathered, loan_id, signed, at=at, by=by))
    if locked.email is not None:
        writes.append(_receipt(gathered, public_id, loan_id, at))
    if 0 in write_together(session, *writes):
        raise Refused.because(Reason.BUSY)  # the reservation was ended by somebody else
    cohort = gathered.cohort
    return CheckedOut(
        loan=public_id,
        kit=locked.barcode,
        kit_type=locked.kit_type,
        patron=locked.patron_public_id,
        patron_name=short_name(locked.patron_name),
        cohort=None if cohort is None else cohort.name,
        due_at=due.at,
        due_on=due.on,
        rule=due.rule,
        parts=gathered.parts,
        overridden=bool(overridden),
        put_back=gathered.left_on_shelf,
    )


def _lend(
    session: Session,
    gathered: Gathered,
    public_id: str,
    due: Due,
    overridden: list[str],
    note: str,
    collected_by: str | None,
    *,
    at: datetime,
    by: Actor,
) -> int:
    """Move the kit and make its loan, whose id it gives."""
    connection = session.connection()
    found, locked, cohort = gathered.found, gathered.locked, gathered.cohort
    new = after(KIT_MOVES, locked.kit_state, KitVerb.CHECK_OUT)
    # Waited for, so that the comparison is heard before the unique index behind it.
    moved = connection.execute(sql.KIT_OUT, {"kit_id_": found.kit_id, "old": locked.kit_state, "new": new})
    if moved.rowcount != 1:
        raise Refused.because(Reason.CHANGED_SINCE)
    added = connection.execute(
        sql.ADD_LOAN,
        {
            "public_id": public_id,
            "kit_id": found.kit_id,
            "kit_type_id": locked.kit_type_id,
            "patron_id": found.patron_id,
            "cohort_id": None if cohort is None else cohort.id,
            "reservation_id": found.reservation_id,
            "exchange_of_id": None,
            "branch_id": found.branch_id,
            "station_id": by.station_id,
            "checked_out_by_id": by.staff_id,
            "collected_by": collected_by,
            "checked_out_at": at,
            "recorded_at": at,
            "door": by.door,
            "state": LoanState.OUT,
            "term": 1,
            "due_at": due.at,
            "renewals": 0,
            "override": {"reasons": overridden, "note": note} if overridden else None,
            "book_drop": False,
        },
    )
    return int(added.scalar_one())


def _term(gathered: Gathered, loan_id: int, due: Due, *, at: datetime, by: Actor) -> Write:
    return (
        sql.ADD_TERM,
        {
            "loan_id": loan_id,
            "n": 1,
            "kind": TermKind.CHECK_OUT,
            "due_at": due.at,
            "cohort_id": None if gathered.cohort is None else gathered.cohort.id,
            "policy_id": gathered.found.policy_id,
            "rule": due.rule.value,
            "reason": None,
            "staff_id": by.staff_id,
            "made_at": at,
        },
    )


def _recorded(
    session: Session,
    gathered: Gathered,
    loan_id: int,
    due: Due,
    overridden: list[str],
    note: str,
    *,
    at: datetime,
    by: Actor,
) -> list[Write]:
    """The journal's row and the count."""
    found, locked = gathered.found, gathered.locked
    cohort_id = None if gathered.cohort is None else gathered.cohort.id
    written = entry(
        "check_out",
        at=at,
        by=by,
        branch_id=found.branch_id,
        kit_id=found.kit_id,
        loan_id=loan_id,
        cohort_id=cohort_id,
        detail={
            "due_at": due.at.isoformat(),
            "due_on": due.on.isoformat(),
            "rule": due.rule.value,
            "from": locked.kit_state.value,
            "reservation": None if gathered.reservation is None else gathered.reservation.value,
            "left_on_shelf": gathered.left_on_shelf,
            "parts": gathered.parts,
            "overridden": overridden,
            "note": note,
        },
    )
    also = counted(
        session,
        (Counter.CHECK_OUT, found.branch_id),
        day=gathered.facts.today,
        kit_type_id=locked.kit_type_id,
        cohort_id=cohort_id,
    )
    return [written, also]


def _served(session: Session, gathered: Gathered, at: datetime) -> Write | None:
    """Whom the check-out serves, under tokens that name nobody."""
    return served(
        session,
        gathered.keys,
        names_of(gathered.household_id, gathered.locked.pseudonym),
        branch_id=gathered.found.branch_id,
        kit_type_id=gathered.locked.kit_type_id,
        program_id=None if gathered.cohort is None else gathered.cohort.program_id,
        at=at,
    )


def _picked_up(gathered: Gathered, at: datetime) -> Write:
    """The reservation that this loan fulfils, ended; no row is changed where somebody else ended it."""
    old = gathered.reservation
    assert old is not None  # noqa: S101 - the reservation was found and locked with its state
    return (
        sql.PICK_UP,
        {
            "reservation_id_": gathered.found.reservation_id,
            "old": old,
            "new": after(RESERVATION_MOVES, old, ReservationVerb.PICK_UP),
            "kit_id_": gathered.found.kit_id,
            "ended": at,
        },
    )


def _signature(gathered: Gathered, loan_id: int, signed: Signing, *, at: datetime, by: Actor) -> Write:
    cohort = gathered.cohort
    return (
        sql.SIGN,
        {
            "patron_id": gathered.found.patron_id,
            "agreement_code": (cohort and cohort.agreement_code) or BORROWING_AGREEMENT,
            "language": gathered.locked.language,
            "cohort_id": None if cohort is None else cohort.id,
            "loan_id": loan_id,
            "accepted_at": at,
            "how": signed,
            "typed_name": None,
            "staff_id": by.staff_id,
        },
    )


def _receipt(gathered: Gathered, public_id: str, loan_id: int, at: datetime) -> Write:
    """The receipt by e-mail goes to the outbox with the act; it is sent after the commit, by the sending sweep."""
    return (
        sql.TELL,
        {
            "public_id": new_public_id(),
            "subject": f"loan:{public_id}:1",
            "step": "receipt",
            "channel": Channel.EMAIL,
            "patron_id": gathered.found.patron_id,
            "loan_id": loan_id,
            "term": 1,
            "state": NoticeState.PENDING,
            "due_at": at,
            "made_at": at,
            "tries": 0,
        },
    )
