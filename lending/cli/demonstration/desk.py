"""What staff do in the demonstration's stories, each a call of the verb that a desk calls.

A kit is taken from the shelf as staff would: any that is free, the least used first, and never the same one twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.charges import pay_charge
from lending.circulation.checkout import check_out
from lending.circulation.inspection import PartSeen, all_here, inspect
from lending.circulation.lines import move_line
from lending.circulation.patrons import patron_with_card, register, set_pin
from lending.circulation.returns import Receipt, return_kit
from lending.cli.demonstration.names import Person
from lending.cli.demonstration.rehearsal import Do
from lending.cli.demonstration.town import WORK_READY, Place, Town, acting
from lending.domain.actors import Actor
from lending.domain.completeness import Found
from lending.domain.states import ChargeState, KitState, LineState, LineVerb
from lending.errors import Reason, Refused
from lending.models.charges import Charge
from lending.models.kits import Kit, KitType, KitTypePart, Part, TurnaroundStepKind
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.models.policies import Signing
from lending.programs.enrolment import enrol
from lending.programs.hearing import Heard, note_heard

DONE: Mapping[TurnaroundStepKind, str] = {
    TurnaroundStepKind.WIPED: "powerwashed",
    TurnaroundStepKind.CHARGED: "",
    TurnaroundStepKind.RESTOCKED: "",
}
"""Every step of a turnaround, with its proof."""


def registering(town: Town, place: Place, person: Person, **details: object) -> Do:
    """Register somebody, who chooses a PIN; gives the public id."""

    def do(session: Session, at: datetime, by: Actor) -> str:
        card = town.card(person.sequence)
        given = {**person.details(), **details}
        made = register(session, card=card, details=given, home_branch_id=place.id, at=at, by=by).patron
        set_pin(session, patron=made, pin_hash=town.pin_hash, at=at, by=by)
        return made

    return do


def enrolling(town: Town, place: Place, person: Person, cohort: str, heard: Heard | None = None) -> Do:
    """Register somebody and enrol them in the same visit, the agreement signed; gives the enrolment's public id.

    ``heard``: they say how they heard of it.
    """

    def do(session: Session, at: datetime, by: Actor) -> str:
        registering(town, place, person)(session, at, by)
        enrolment = enrol(
            session,
            patron=town.card(person.sequence).text,
            cohort=cohort,
            pickup_branch_id=place.id,
            signed=Signing.AT_DESK,
            at=at,
            by=acting(by),
        ).enrolment
        if heard is not None:
            note_heard(session, enrolment=enrolment, heard=heard, at=at, by=acting(by))
        return enrolment

    return do


def lending(town: Town, place: Place, person: Person, kit_type: str) -> Do:
    """Hand out a free kit; gives its code. An open loan's agreement is signed at the desk."""

    def do(session: Session, at: datetime, by: Actor) -> str:
        return check_out(
            session,
            kit=free_kit(session, place.id, kit_type),
            patron=town.card(person.sequence).text,
            branch_id=place.id,
            signed=None if kit_type == WORK_READY else Signing.AT_DESK,
            at=at,
            by=by,
        ).kit

    return do


def returning(kit: str, place: Place, receipt: Receipt = Receipt.COUNTER) -> Do:
    """Take a kit back; a line that was suspended meanwhile is asked for again. Gives where the kit goes."""

    def do(session: Session, at: datetime, by: Actor) -> Any:
        returned = return_kit(session, kit=kit, branch_id=place.id, receipt=receipt, at=at, by=by)
        for number, state in _lines(session, kit):
            if state in (LineState.SUSPENDING, LineState.SUSPENDED):
                move_line(session, number=number, verb=LineVerb.ASK_TO_RESTORE, at=at, by=acting(by))
        return returned.next

    return do


def telling_the_carrier(kit: str, verb: LineVerb) -> Do:
    """Ask the carrier to suspend a kit's line, or note that it did."""

    def do(session: Session, at: datetime, by: Actor) -> None:
        for number, state in _lines(session, kit):
            if state is not LineState.ENDED:
                move_line(session, number=number, verb=verb, at=at, by=acting(by))

    return do


def inspecting(
    kit: str,
    found: Mapping[str, PartSeen] | None = None,
    steps: Mapping[TurnaroundStepKind, str] = DONE,
) -> Do:
    """Look at a kit: all here but for the parts named in ``found``."""

    def do(session: Session, at: datetime, by: Actor) -> KitState:
        parts = all_here(session, kit=kit)
        parts.update({part_id(session, kit, name): seen for name, seen in (found or {}).items()})
        done = dict(steps)
        if any(state is LineState.RESTORING for _, state in _lines(session, kit)):
            done[TurnaroundStepKind.LINE_ACTIVE] = "opened a page"
        return inspect(session, kit=kit, parts=parts, steps=done, at=at, by=by).kit_state

    return do


def paying(kit: str) -> Do:
    """Take money for what the last loan of a kit owes."""

    def do(session: Session, at: datetime, by: Actor) -> None:
        owed = (
            select(Charge.public_id)
            .join(Loan, Loan.id == Charge.loan_id)
            .join(Kit, Kit.id == Loan.kit_id)
            .where(Kit.barcode == kit, Charge.state == ChargeState.OWED)
            .order_by(Charge.id)
        )
        for charge in session.scalars(owed).all():
            pay_charge(session, charge=charge, at=at, by=acting(by))

    return do


def missing(*names: str) -> dict[str, PartSeen]:
    """Parts that did not come back."""
    return {name: PartSeen(Found.MISSING) for name in names}


def damaged(name: str, note: str, cents: int = 0) -> dict[str, PartSeen]:
    """A part that came back broken, and what the patron is asked to pay."""
    return {name: PartSeen(Found.DAMAGED, note, cents)}


def free_kit(session: Session, branch_id: int, kit_type: str) -> str:
    """A kit of a type that lies at a branch and may be lent; ``Refused`` when there is none."""
    found = session.scalars(
        select(Kit.barcode)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .where(
            Kit.branch_id == branch_id,
            KitType.code == kit_type,
            Kit.state == KitState.AVAILABLE,
            Kit.in_transit_to_id.is_(None),
        )
        .order_by(Kit.round, Kit.barcode)
        .limit(1)
    ).one_or_none()
    if found is None:
        raise Refused.because(Reason.KIT_UNKNOWN, kit=kit_type)
    return found


def part_id(session: Session, kit: str, name: str) -> int:
    """The part of a kit that has this name."""
    return session.scalars(
        select(Part.id)
        .join(KitTypePart, KitTypePart.id == Part.kind_id)
        .join(Kit, Kit.id == Part.kit_id)
        .where(Kit.barcode == kit, KitTypePart.name == name, Part.retired_at.is_(None))
    ).one()


def public_id(session: Session, town: Town, person: Person) -> str:
    """The public id of whoever has this card."""
    found: Patron = patron_with_card(session, town.card(person.sequence))
    return found.public_id


def _lines(session: Session, kit: str) -> list[tuple[str, LineState]]:
    rows = session.execute(
        select(Line.number, Line.state)
        .join(LinePlacement, LinePlacement.line_id == Line.id)
        .join(Part, Part.id == LinePlacement.part_id)
        .join(Kit, Kit.id == Part.kit_id)
        .where(Kit.barcode == kit, LinePlacement.until.is_(None))
    )
    return [(row.number, row.state) for row in rows]
