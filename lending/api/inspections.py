"""Inspection, turnaround and the parts of a kit that is out, for other programs.

A part is named by its number within its kit. Source: INTERFACES, "POST /inspections"; RULES 2 (48 hours) and 5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from lending.api import answers, bodies, current
from lending.api.acts import key_required
from lending.api.calls import call
from lending.api.circulation import Body, branch_of, kit_of
from lending.circulation.exchange import swap_part
from lending.circulation.inspection import PartSeen, all_here, inspect
from lending.circulation.missing_parts import bring_back_part, report_missing_part
from lending.circulation.turnaround import record_step
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.models.kits import TurnaroundStepKind
from lending.queries import catalogue, loans


@call("POST", "/inspections", Act.CIRCULATE, takes=bodies.Inspection, gives=answers.KitAndLoan, keyed=True, tag="Parts")
def post_inspection(body: Body) -> Any:
    """Inspect a returned kit part by part"""

    def do(session: Session, by: Actor) -> object:
        kit = kit_of(session, body["kit"])
        with hidden_as(Reason.KIT_UNKNOWN, kit=kit):
            catalogue.kit(session, kit, by=by)  # another branch's kit does not tell which parts it has
            seen = all_here(session, kit=kit) if body["all_here"] else _seen(session, kit, body["parts"])
            steps = {TurnaroundStepKind(name): _proof(done) for name, done in body["steps"].items() if done}
            return inspect(session, kit=kit, parts=seen, steps=steps, at=current.now(), by=by)

    return key_required(do, _showing(body), body=body)


@call("POST", "/missing_parts", Act.CIRCULATE, takes=bodies.KitPart, gives=answers.PartAndLoan, keyed=True, tag="Parts")
def post_missing_part(body: Body) -> Any:
    """Report a part that was not in the bag, within 48 hours of check-out"""
    return key_required(_with_part(body, report_missing_part), _showing_part(body), body=body)


@call("POST", "/found_parts", Act.CIRCULATE, takes=bodies.KitPart, gives=answers.KitAndLoan, keyed=True, tag="Parts")
def post_found_part(body: Body) -> Any:
    """Take in a missing part that was brought back"""
    return key_required(_with_part(body, bring_back_part), _showing(body), body=body)


@call("POST", "/swaps", Act.CIRCULATE, takes=bodies.Swap, gives=answers.KitAndLoan, keyed=True, tag="Parts")
def post_swap(body: Body) -> Any:
    """Give another of one part while the kit stays out"""

    def do(session: Session, by: Actor) -> object:
        kit = kit_of(session, body["kit"])
        code = body.get("branch") or catalogue.kit(session, kit, by=by).branch
        branch_id, part_id = branch_of(session, code, by), catalogue.part_id(session, kit, body["part"])
        return swap_part(session, kit=kit, part_id=part_id, branch_id=branch_id, at=current.now(), by=by)

    return key_required(do, _showing(body), body=body)


@call(
    "POST", "/kits/<barcode>/steps", Act.CIRCULATE, takes=bodies.Step, gives=answers.KitAnswer, keyed=True, tag="Parts"
)
def post_step(body: Body, barcode: str) -> Any:
    """Record a step of a kit's turnaround"""

    def do(session: Session, by: Actor) -> object:
        kit = kit_of(session, barcode)
        with hidden_as(Reason.KIT_UNKNOWN, kit=kit):
            return record_step(session, kit=kit, kind=body["step"], proof=body["proof"], at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        return {"kit": answers.kit(catalogue.kit_anywhere(session, kit_of(session, barcode)))}

    return key_required(do, show, body=body)


def _with_part(body: Body, verb: Callable[..., object]) -> Callable[[Session, Actor], object]:
    """``verb`` on one part of a kit of the account's branches."""

    def do(session: Session, by: Actor) -> object:
        kit = kit_of(session, body["kit"])
        with hidden_as(Reason.KIT_UNKNOWN, kit=kit):
            catalogue.kit(session, kit, by=by)  # another branch's kit does not tell which parts it has
            part_id = catalogue.part_id(session, kit, body["part"])
            return verb(session, kit=kit, part_id=part_id, at=current.now(), by=by)

    return do


def _seen(session: Session, kit: str, parts: list[Body]) -> dict[int, PartSeen]:
    rows = catalogue.part_ids(session, kit)
    unknown = [given["part"] for given in parts if given["part"] not in rows]
    if unknown:
        raise Refused.because(Reason.PART_UNKNOWN, kit=kit, parts=unknown)
    return {rows[given["part"]]: PartSeen(given["state"], given["note"]) for given in parts}


def _proof(done: bool | str) -> str:
    return done if isinstance(done, str) else ""


def _showing(body: Body) -> Any:
    def show(session: Session, act: str) -> Body:
        kit = catalogue.kit_anywhere(session, kit_of(session, body["kit"]))
        loan = loans.loan_after(session, act)
        return {"loan": None if loan is None else answers.loan(loan), "kit": answers.kit(kit)}

    return show


def _showing_part(body: Body) -> Any:
    def show(session: Session, act: str) -> Body:
        kit = kit_of(session, body["kit"])
        # Reporting a part again changes nothing and so leaves nothing in the journal.
        found = loans.loan_after(session, act) or loans.newest_of_kit(session, kit)
        return {"loan": answers.loan(found), "part": body["part"]}

    return show
