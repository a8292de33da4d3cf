"""What check-out needs to know, gathered under its locks: facts for the rule, and the rows that the loan needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lending.circulation import checkout_statements as sql
from lending.circulation.availability import IN_SERVICE, Outlook, outlook
from lending.circulation.calendars import ask_for_closures, calendar_from
from lending.circulation.together import together
from lending.domain.calendars import Calendar
from lending.domain.checkout import CheckOutFacts, KitFacts, PatronFacts, PolicyFacts, PromiseFacts
from lending.domain.library_settings import fiscal_year_begins
from lending.domain.periods import token_periods
from lending.domain.states import LIVE_RESERVATIONS, PROMISED_RESERVATIONS, KitState, ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.base import AnyRow
from lending.models.kits import TurnaroundStepKind
from lending.models.policies import AgreementRule, Signing

LOOKS = 2
"""Ids are found without a lock. Whoever changed what they lead to had the locks first, so a second look finds it."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The locked rows, the facts for the rule, and what writing the loan needs."""

    found: AnyRow
    locked: AnyRow
    cohort: AnyRow | None
    calendar: Calendar
    reservation: ReservationState | None
    facts: CheckOutFacts
    ahead: Outlook | None
    """What is free of the stock, where anybody without a promise asks for it."""

    parts: int
    """How many parts go out."""

    left_on_shelf: str | None
    """The kit (its code) that lies on the hold shelf for the patron, when another one is handed out."""

    keys: Mapping[str, bytes | None]
    """What stands for the patron is made with these, by the name of the period; ``None`` where there is none yet."""

    household_id: int | None
    """The patron's household, where it is one."""


def gather(
    session: Session, *, kit: str, patron: str, branch_id: int, at: datetime, signed: Signing | None = None
) -> Gathered:
    """Lock what a check-out of ``kit`` to ``patron`` touches and gather the facts; changes nothing.

    Raises ``Refused`` when the card or the kit is unknown, or the card was replaced.
    """
    for _ in range(LOOKS):
        gathered = _look(session, kit=kit, patron=patron, branch_id=branch_id, at=at, signed=signed)
        if gathered is not None:
            return gathered
    raise Refused.because(Reason.BUSY)


def _look(
    session: Session, *, kit: str, patron: str, branch_id: int, at: datetime, signed: Signing | None
) -> Gathered | None:
    """The facts; ``None`` when what was found without a lock was no longer so under it."""
    found, calendar = _resolve(session, kit=kit, patron=patron, branch_id=branch_id, at=at)
    today = calendar.local_date(at)
    cohort_id = found.reserved_cohort_id if found.reservation_id is not None else found.seat_cohort_id
    ids = {"patron_id": found.patron_id, "stock_id": found.stock_id, "kit_id": found.kit_id}
    month, fiscal_year = token_periods(today, fiscal_year_begins(found.fiscal_year_begins))
    periods = {"month": month.name, "fiscal_year": fiscal_year.name}
    about = {**ids, **periods, "at": at, "cohort_id": cohort_id, "reservation_id": found.reservation_id}
    with together(session) as connection:
        cohorts = None if cohort_id is None else connection.execute(sql.LOCK_COHORT, {"cohort_id": cohort_id})
        in_household = _household_unreceived(session, found)
        if connection.dialect.name == "sqlite":
            lock = counted = connection.execute(sql.LOCK_AND_FACTS, about)
        else:
            lock, counted = connection.execute(sql.LOCK, ids), connection.execute(sql.FACTS, about)
    cohort, locked = None if cohorts is None else cohorts.one(), lock.one_or_none()
    seen = locked if counted is lock else counted.one()
    if locked is None or seen is None:
        return None  # the record was merged, or the kit went to another branch or stock
    if cohort is not None and found.reservation_id is None and cohort.return_by < today:
        cohort = None
    if found.reservation_id is not None and seen.reservation_state not in LIVE_RESERVATIONS:
        return None  # it was picked up or ended
    ahead = _ahead(session, found, locked, seen, calendar, at)
    facts = CheckOutFacts(
        at=at,
        today=today,
        patron=_patron_facts(locked, seen, in_household, signed, found.agreement, cohort),
        kit=_kit_facts(session, found, locked, seen),
        promise=_promise_facts(seen, cohort, found, ahead),
        policy=PolicyFacts(
            kit_limit=found.kit_limit,
            household_limit=found.household_limit,
            cool_down_hours=found.cool_down_hours,
            owes_limit_cents=found.owes_limit_cents,
            adult_age=found.adult_age,
            agreement_needed=found.agreement is not AgreementRule.NONE,
        ),
    )
    return Gathered(
        found,
        locked,
        cohort,
        calendar,
        seen.reservation_state,
        facts,
        ahead,
        seen.parts,
        seen.left_on_shelf,
        keys={month.name: seen.month_key, fiscal_year.name: seen.fiscal_year_key},
        household_id=seen.household_id,
    )


def _resolve(session: Session, *, kit: str, patron: str, branch_id: int, at: datetime) -> tuple[AnyRow, Calendar]:
    day = at.date()
    yesterday = day - timedelta(days=1)
    keys = {"kit": kit, "card": patron, "branch_id": branch_id, "at": at, "utc_day": day, "yesterday": yesterday}
    with together(session) as connection:
        resolved = connection.execute(sql.RESOLVE, keys)
        closures = ask_for_closures(connection, branch_id, since=yesterday)
    found = resolved.one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    unknown = []
    if found.kit_id is None:
        unknown.append(Block(Reason.KIT_UNKNOWN, {"kit": kit}))
    if found.patron_id is None:
        unknown.append(Block(Reason.CARD_UNKNOWN, {}))
    elif found.card_ended_at is not None:
        unknown.append(Block(Reason.CARD_REPLACED, {}))
    if unknown:
        raise Refused(*unknown)
    return found, calendar_from(found.zone, found.hours, closures)


def _household_unreceived(session: Session, found: AnyRow) -> int | None:
    """Loans of the others at the same address; ``None`` where the rule is off or the address matches nobody."""
    if found.household_limit is None:
        return None
    connection = session.connection()
    # To know the household is to wait for its row, and to hold it before the patron's.
    household = connection.execute(sql.HOUSEHOLD, {"patron_id": found.patron_id}).one_or_none()
    if household is None or household.exempt:
        return None
    keys = {"household_id": household.id, "patron_id": found.patron_id}
    return int(connection.execute(sql.HOUSEHOLD_UNRECEIVED, keys).scalar_one())


def _patron_facts(
    locked: AnyRow,
    seen: AnyRow,
    in_household: int | None,
    signed: Signing | None,
    agreement: AgreementRule,
    cohort: AnyRow | None,
) -> PatronFacts:
    already_signed = {
        AgreementRule.NONE: True,
        AgreementRule.ONCE: seen.signed_once,
        AgreementRule.PER_COHORT: seen.signed_for_cohort if cohort is not None else seen.signed_once,
        AgreementRule.PER_LOAN: False,
    }[agreement]
    return PatronFacts(
        birth_date=locked.birth_date,
        guardian_agreed=locked.guardian_agreed_on is not None,
        expires_on=locked.expires_on,
        blocked_reason=locked.blocked_reason,
        agreement_signed=signed is not None or already_signed,
        unreceived=seen.unreceived,
        overdue=seen.overdue,
        owes_cents=seen.owes_cents,
        last_received_at=seen.last_received_at,
        household_unreceived=in_household,
        is_provisional=locked.provisional_since is not None,
    )


def _kit_facts(session: Session, found: AnyRow, locked: AnyRow, seen: AnyRow) -> KitFacts:
    missing: tuple[str, ...] = ()
    if locked.kit_state is KitState.TURNAROUND:
        done = set(session.connection().scalars(sql.STEPS_DONE, {"kit_id": found.kit_id, "round": locked.round}))
        missing = tuple(kind.value for kind in steps_needed(found) if kind not in done)
    return KitFacts(
        barcode=locked.barcode,
        state=locked.kit_state,
        cohort_only=locked.cohort_only,
        held_by_this_patron=seen.held_by_id == found.patron_id,
        promised_to_another=seen.promised_to_another,
        at_branch=locked.kit_branch,
        here=locked.kit_branch_id == found.branch_id,
        in_transit=locked.in_transit_to_id is not None,
        steps_missing=missing,
        line_state=None if seen.line_rank is None else sql.LINE_STATES[seen.line_rank],
    )


def steps_needed(policy: AnyRow) -> list[TurnaroundStepKind]:
    """The steps a kit goes through before it is free, by its policy (any row with the policy's ``needs_`` columns)."""
    wanted = {
        TurnaroundStepKind.WIPED: policy.needs_wipe,
        TurnaroundStepKind.CHARGED: policy.needs_charge,
        TurnaroundStepKind.RESTOCKED: policy.needs_restock,
    }
    return [kind for kind, needed in wanted.items() if needed]


def _ahead(
    session: Session, found: AnyRow, locked: AnyRow, seen: AnyRow, calendar: Calendar, at: datetime
) -> Outlook | None:
    """The stock's outlook, for whoever has no promise, and for the ceiling of an open loan.

    Not asked for where a cohort's kit was promised to this patron, or the kit cannot be lent anyway.
    """
    promised = _has_promise(found, seen)
    if (promised and seen.reserved_cohort_id is not None) or locked.kit_state not in IN_SERVICE:
        return None
    ahead = outlook(
        session,
        found.stock_id,
        calendar=calendar,
        at=at,
        turnaround_open_days=found.turnaround_open_days,
        overdue_hold_days=found.overdue_hold_days,
    )
    return ahead.without_a_promise() if promised else ahead


def _has_promise(found: AnyRow, seen: AnyRow) -> bool:
    return seen.reservation_state in PROMISED_RESERVATIONS and bool(seen.reservation_stock_id == found.stock_id)


def _promise_facts(seen: AnyRow, cohort: AnyRow | None, found: AnyRow, ahead: Outlook | None) -> PromiseFacts:
    promised, has_promise = seen.reservation_state in PROMISED_RESERVATIONS, _has_promise(found, seen)
    free = None
    # A kit left on the shelf, whose promise has ended, is the next one's before it is a walk-in's.
    if ahead is not None and not has_promise:
        # An open loan is shortened where it must be; a cohort's loan is not, so its whole span must be free.
        free = ahead.free(until=None if cohort is None else cohort.return_by) - seen.waiting_before
    return PromiseFacts(
        has_promise=has_promise,
        cohort=cohort.name if cohort is not None else None,
        # Who waits for a seat has a place in the kits' queue all the same: that alone is no seat.
        in_cohort=cohort is not None and (seen.seated or promised),
        pickup_from=cohort.pickup_from if cohort is not None else None,
        last_borrow_on=cohort.last_borrow_on if cohort is not None else None,
        free_for_walk_ins=free,
        waiting_before=0 if cohort is None or has_promise else seen.waiting_in_pool,
    )
