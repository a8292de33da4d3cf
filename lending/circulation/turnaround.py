"""Turnaround: what must be done to a returned kit before it is free again.

Wiped, charged and restocked, as its policy asks, each with its proof; its lines active; its quarantine over; at its own
branch. Whatever does the last of these frees the kit, so that nobody has to. Source: RULES 5, "Turnaround".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.checkout_facts import steps_needed
from lending.circulation.counts import count_duration
from lending.circulation.journal import record_unchanged
from lending.circulation.loans import record_on_kit
from lending.circulation.locks import lock_kit_and_stock, lock_kits, lock_stocks
from lending.circulation.policies import policy_for
from lending.circulation.reservations import serve_stock
from lending.circulation.suspension import ask_to_restore
from lending.circulation.tasks import close_task, line_subject
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import KitState, KitVerb, LineState, LineVerb
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.counts import Measure
from lending.models.kits import Kit, Part, TurnaroundStep, TurnaroundStepKind
from lending.models.lines import Line, LinePlacement
from lending.models.stock import Stock
from lending.models.tasks import TaskKind

IN_HAND = frozenset({KitState.TO_INSPECT, KitState.TURNAROUND, KitState.INCOMPLETE, KitState.REPAIR})
"""The states in which staff work on a kit."""

_steps = table_of(TurnaroundStep)
_DO = {
    "sqlite": sqlite.insert(_steps)
    .on_conflict_do_nothing(index_elements=["kit_id", "round", "kind"])
    .returning(_steps.c.id),
    "postgresql": postgresql.insert(_steps)
    .on_conflict_do_nothing(index_elements=["kit_id", "round", "kind"])
    .returning(_steps.c.id),
}


@dataclass(frozen=True, slots=True)
class StepRecorded:
    """A step was done; ``missing`` are those that are left, empty when the kit is free or waits for something else."""

    kit: str
    kind: TurnaroundStepKind
    state: KitState
    missing: tuple[TurnaroundStepKind, ...]


def record_step(
    session: Session, *, kit: str, kind: TurnaroundStepKind, proof: str = "", at: datetime, by: Actor
) -> StepRecorded:
    """Record that a step was done to ``kit`` (its code), and free the kit if it was the last. The same step again
    changes nothing.

    ``LINE_ACTIVE`` says that someone saw the line work: a line being restored is active from now on. Raises
    ``Refused``: ``KIT_UNKNOWN``, ``NOT_PERMITTED``, ``WRONG_STATE``, ``LINE_SUSPENDED`` for a line nobody restored, or
    ``LINE_ENDED``.
    """
    row = lock_kit_and_stock(session, kit)
    by.permit(Act.CIRCULATE, row.branch_id)
    if row.state not in IN_HAND:
        raise Refused.because(Reason.WRONG_STATE, kit=row.barcode, state=row.state.value)
    done = do_steps(session, row, {kind: proof}, at=at, by=by)
    left = steps_missing(session, row, at=at)
    if done:
        detail = {"step": kind.value, "round": row.round, "kit_to": row.state.value, "left": left}
        record_on_kit(session, "record_step", kit=row, at=at, by=by, detail=detail)
    if not free_if_ready(session, row, at=at, by=by) and not done:
        record_unchanged(session, "record_step", at=at, by=by)
    return StepRecorded(row.barcode, kind, row.state, left)


def do_steps(
    session: Session, kit: Kit, steps: Mapping[TurnaroundStepKind, str], *, at: datetime, by: Actor
) -> list[TurnaroundStepKind]:
    """Keep the proof of ``steps`` for the kit's present round; gives those that were new. Part of another act."""
    connection = session.connection()
    done = []
    for kind, proof in steps.items():
        if kind is TurnaroundStepKind.LINE_ACTIVE:
            _confirm_lines(session, kit, at=at, by=by)
        values = {
            "kit_id": kit.id,
            "round": kit.round,
            "kind": kind,
            "at": at,
            "staff_id": by.staff_id,
            "proof": proof[:200],
        }
        if connection.execute(_DO[connection.dialect.name], values).scalar_one_or_none() is not None:
            done.append(kind)
    return done


def steps_missing(session: Session, kit: Kit, *, at: datetime) -> tuple[TurnaroundStepKind, ...]:
    """The steps that are left before ``kit`` is free; none for a kit that is not in turnaround."""
    if kit.state not in IN_HAND:
        return ()
    policy = policy_for(session, kit_type_id=kit.kit_type_id, branch_id=kit.branch_id, at=at)
    done = set(
        session.scalars(
            select(TurnaroundStep.kind).where(TurnaroundStep.kit_id == kit.id, TurnaroundStep.round == kit.round)
        )
    )
    missing = [kind for kind in steps_needed(policy) if kind not in done]
    if any(line.state is not LineState.ACTIVE for line in lines_of(session, kit)):
        missing.append(TurnaroundStepKind.LINE_ACTIVE)
    return tuple(missing)


def begin_turnaround(session: Session, kit: Kit, verb: KitVerb, *, at: datetime, by: Actor) -> None:
    """Move ``kit`` into turnaround by ``verb``; its quarantine, if the policy has one, runs from its return.

    A line that is suspended still, and by hand, is wanted again: restoring it is asked of the carrier.
    """
    kit.move(verb)
    ask_to_restore(session, kit_id=kit.id, branch_id=kit.branch_id, at=at, by=by)
    hours = policy_for(session, kit_type_id=kit.kit_type_id, branch_id=kit.branch_id, at=at).quarantine_hours
    kit.turnaround_since = kit.turnaround_since or at
    kit.quarantine_until = kit.turnaround_since + timedelta(hours=hours) if hours else None


def free_if_ready(session: Session, kit: Kit, *, at: datetime, by: Actor) -> bool:
    """Free ``kit``, which is locked as its stock is, if nothing is left to do; whether it was freed.

    Whoever waits longest for such a kit is promised it at once. Part of another act.
    """
    if kit.state is not KitState.TURNAROUND or kit.in_transit_to_id is not None:
        return False
    if kit.quarantine_until is not None and kit.quarantine_until > at:
        return False
    at_home = session.scalar(select(exists().where(Stock.id == kit.stock_id, Stock.branch_id == kit.branch_id)))
    if not at_home or steps_missing(session, kit, at=at):
        return False
    since = kit.turnaround_since
    kit.move(KitVerb.FREE)
    kit.turnaround_since = kit.quarantine_until = None
    seconds = None if since is None else int((at - since).total_seconds())
    record_on_kit(session, "free", kit=kit, at=at, by=by, detail={"round": kit.round, "seconds": seconds})
    serve_stock(session, kit.stock_id, at=at, by=by)
    count_duration(
        session,
        Measure.TURNAROUND,
        seconds,
        day=local_day(session, kit.branch_id, at),
        branch_id=kit.branch_id,
        kit_type_id=kit.kit_type_id,
    )
    return True


def free_rested_kits(session: Session, *, at: datetime, by: Actor) -> int:
    """Free the kits whose quarantine is over and that wait for nothing else; how many. For the sweep."""
    by.permit(Act.ADMINISTER)
    rested = select(Kit.id, Kit.stock_id).where(Kit.state == KitState.TURNAROUND, Kit.quarantine_until <= at)
    found = {row.id: row.stock_id for row in session.execute(rested)}
    lock_stocks(session, found.values())
    kits = lock_kits(session, found).values()
    # One that was given to another stock meanwhile is free at the next run.
    return sum(free_if_ready(session, kit, at=at, by=by) for kit in kits if kit.stock_id == found[kit.id])


def lines_of(session: Session, kit: Kit) -> list[Line]:
    """The lines whose SIMs are in the kit's parts now."""
    return list(
        session.scalars(
            select(Line)
            .join(LinePlacement, LinePlacement.line_id == Line.id)
            .join(Part, Part.id == LinePlacement.part_id)
            .where(Part.kit_id == kit.id, LinePlacement.until.is_(None))
            .order_by(Line.id)
        )
    )


def _confirm_lines(session: Session, kit: Kit, *, at: datetime, by: Actor) -> None:
    for line in lines_of(session, kit):
        if line.state is LineState.RESTORING:
            line.move(LineVerb.CONFIRM_RESTORED)
            subject = line_subject(line.id)
            close_task(session, TaskKind.RESTORE_LINE, subject=subject, at=at, by=by, outcome="restored")
        elif line.state is LineState.ENDED:
            raise Refused.because(Reason.LINE_ENDED, kit=kit.barcode)
        elif line.state is not LineState.ACTIVE:
            raise Refused.because(Reason.LINE_SUSPENDED, kit=kit.barcode)
