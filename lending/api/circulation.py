"""Check-outs, returns, renewals, exchanges and what else happens to a loan at a desk, for other programs.

An exact card or kit works at any branch the account stands in; a loan or kit that it may not act on looks as if there
were none. Source: INTERFACES, "REST API"; RULES 2 and 5.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from lending.api import answers, bodies, current
from lending.api.acts import at_station, key_required
from lending.api.calls import call
from lending.circulation.checkout import NO_OVERRIDE, Override, check_out
from lending.circulation.exchange import exchange
from lending.circulation.in_library import UseEnded, end_use
from lending.circulation.lost import claim_returned
from lending.circulation.renewal import renew, set_due_date
from lending.circulation.returns import Receipt, Returned, return_kit
from lending.circulation.undo import Undone, undo
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import KitState
from lending.errors import Reason, Refused, hidden_as
from lending.models.policies import Signing
from lending.queries import catalogue, loans
from lending.queries.acts import outcome
from lending.queries.branches import branch, station_id
from lending.queries.codes import card_number, kit_code

Body = dict[str, Any]


@call("POST", "/checkouts", Act.CIRCULATE, takes=bodies.CheckOut, gives=answers.CheckOutAnswer, keyed=True, tag="Loans")
def post_checkout(body: Body) -> Any:
    """Check a kit out to a patron"""

    def do(session: Session, by: Actor) -> object:
        spaces = current.library().spaces
        branch_id = branch_of(session, body["branch"], by)
        return check_out(
            session,
            kit=kit_code(session, body["kit"], spaces),
            patron=card_number(session, body["patron"], spaces),
            branch_id=branch_id,
            at=current.now(),
            by=standing(session, body, branch_id, by),
            override=override_of(body),
            signed=Signing.AT_DESK if body["agreement"] else None,
            collected_by=body.get("collected_by") or None,
        )

    def show(session: Session, act: str) -> Body:
        found = loans.told_after(session, act)
        if found is None:
            raise Refused.because(Reason.NOT_FOUND)
        left, told = found
        return {"loan": answers.loan(left), "put_back": told.get("left_on_shelf")}

    return key_required(do, show, body=body)


@call("POST", "/returns", Act.CIRCULATE, takes=bodies.Return, gives=answers.ReturnAnswer, keyed=True, tag="Loans")
def post_return(body: Body) -> Any:
    """Take a kit back"""

    def do(session: Session, by: Actor) -> object:
        branch_id = branch_of(session, body["branch"], by)
        kit, who = kit_of(session, body["kit"]), standing(session, body, branch_id, by)
        receipt = Receipt.BOOK_DROP if body["book_drop"] else Receipt.COUNTER
        received_at = body.get("received_at")
        try:
            return return_kit(
                session,
                kit=kit,
                branch_id=branch_id,
                at=current.now(),
                by=who,
                received_at=received_at,
                receipt=receipt,
            )
        except Refused as refused:
            if refused.blocks[0].detail.get("state") != KitState.IN_USE.value:
                raise
        return end_use(session, kit=kit, branch_id=branch_id, at=current.now(), by=who)

    def show(session: Session, act: str) -> Body:
        returned = outcome(session, act)
        if isinstance(returned, UseEnded):
            return {"loan": None, "next": returned.next, "owner": returned.owner, "days_late": 0, "was_lost": False}
        assert isinstance(returned, Returned)  # noqa: S101 - the key stands for this call, so the act is a return
        return {
            **show_loan(session, act),
            "next": returned.next,
            "owner": returned.owner,
            "days_late": returned.days_late,
            "was_lost": returned.was_lost,
        }

    return key_required(do, show, body=body)


@call("POST", "/renewals", Act.RENEW, takes=bodies.Renewal, gives=answers.LoanAnswer, keyed=True, tag="Loans")
def post_renewal(body: Body) -> Any:
    """Renew the loan of a kit"""

    def do(session: Session, by: Actor) -> object:
        kit = kit_of(session, body["kit"])
        with hidden_as(Reason.KIT_UNKNOWN, kit=kit):
            catalogue.kit(session, kit, by=by)  # another branch's kit does not tell whether it is out
            return renew(session, kit=kit, at=current.now(), by=by, override=override_of(body))

    return key_required(do, show_loan, body=body)


@call("POST", "/due_dates", Act.SET_DUE_DATE, takes=bodies.DueDate, gives=answers.LoanAnswer, keyed=True, tag="Loans")
def post_due_date(body: Body) -> Any:
    """Set the due date of a kit by hand"""

    def do(session: Session, by: Actor) -> object:
        kit = kit_of(session, body["kit"])
        with hidden_as(Reason.KIT_UNKNOWN, kit=kit):
            catalogue.kit(session, kit, by=by)  # another branch's kit does not tell whether it is out
            return set_due_date(session, kit=kit, on=body["due_on"], reason=body["reason"], at=current.now(), by=by)

    return key_required(do, show_loan, body=body)


@call("POST", "/exchanges", Act.CIRCULATE, takes=bodies.Exchange, gives=answers.LoanAnswer, keyed=True, tag="Loans")
def post_exchange(body: Body) -> Any:
    """Exchange a faulty kit for another on the same terms"""

    def do(session: Session, by: Actor) -> object:
        kit, replacement = kit_of(session, body["kit"]), kit_of(session, body["replacement"])
        # Without a branch it happens where the other kit is, because that is handed out.
        code = body.get("branch") or catalogue.kit(session, replacement, by=by).branch
        branch_id = branch_of(session, code, by)
        return exchange(
            session,
            kit=kit,
            replacement=replacement,
            branch_id=branch_id,
            reason=body["reason"],
            at=current.now(),
            by=standing(session, body, branch_id, by),
        )

    return key_required(do, show_loan, body=body)


@call("POST", "/claims", Act.CIRCULATE, takes=bodies.AtBranch, gives=answers.LoanAnswer, keyed=True, tag="Loans")
def post_claim(body: Body) -> Any:
    """Note that a patron says a kit was returned"""

    def do(session: Session, by: Actor) -> object:
        branch_id = branch_of(session, body["branch"], by)
        return claim_returned(session, kit=kit_of(session, body["kit"]), branch_id=branch_id, at=current.now(), by=by)

    return key_required(do, show_loan, body=body)


@call("POST", "/undo", Act.UNDO, takes=bodies.Undo, gives=answers.Undone, keyed=True, tag="Loans")
def post_undo(body: Body) -> Any:
    """Take back the last act of a station within ten minutes"""

    def do(session: Session, by: Actor) -> object:
        branch_id = branch_of(session, body["branch"], by)
        return undo(session, at=current.now(), by=standing(session, body, branch_id, by))

    def show(session: Session, act: str) -> Undone:
        undone = outcome(session, act)
        assert isinstance(undone, Undone)  # noqa: S101 - the key stands for this call, so the act is an undo
        return undone

    return key_required(do, show, body=body)


# --- What the calls share -------------------------------------------------------------------------------------


def show_loan(session: Session, act: str) -> Body:
    """The loan as an act left it."""
    found = loans.loan_after(session, act)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return {"loan": answers.loan(found)}


def kit_of(session: Session, raw: str) -> str:
    """The kit's code that was sent."""
    return kit_code(session, raw, current.library().spaces)


def branch_of(session: Session, code: str, by: Actor) -> int:
    """The row of a branch where ``by`` may act; any other is not found, whether it exists or not."""
    found = branch(session, code)
    if found is None or not (by.everywhere or found.branch_id in by.branch_ids):
        raise Refused.because(Reason.NOT_FOUND)
    return found.branch_id


def standing(session: Session, body: Body, branch_id: int, by: Actor) -> Actor:
    """The actor at the station that a body names, which can then take the act back; at none if it names none."""
    name = body.get("station")
    return by if name is None else at_station(by, station_id(session, name, branch_id=branch_id))


def override_of(body: Body) -> Override:
    """What a body sets aside, and why."""
    given = body.get("override")
    return NO_OVERRIDE if given is None else Override(frozenset(given["reasons"]), given["note"].strip())
