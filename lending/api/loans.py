"""Loans to read, and the charges that hang on them, for other programs. Source: INTERFACES, "GET /loans"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import fields
from sqlalchemy.orm import Session

from lending.api import answers, bodies, current
from lending.api.acts import key_required
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Page
from lending.api.paging import after, cursor_of
from lending.circulation.charges import ChargeChanged, cancel_charge, pay_charge, refund_charge, waive_charge
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import LoanState
from lending.errors import Reason, hidden_as
from lending.queries import loans
from lending.queries.charges import charge


class LoanQuery(Page):
    """Which loans: those that fit all that is given."""

    state = fields.Enum(LoanState, by_value=True)
    branch = CodeText()
    cohort = CodeText()
    patron = CodeText()
    overdue = fields.Boolean(truthy={"true", "1"}, falsy={"false", "0"})


@call("GET", "/loans", Act.SEE_TODAY, query=LoanQuery, gives=answers.LoanPage, tag="Loans")
def get_loans(query: Body) -> Any:
    """List the loans of one's branches, newest first"""
    cursor = after(query.pop("cursor", None))
    with current.library().db.read() as session:
        page = loans.loans(session, by=current.actor(), at=current.now(), after=cursor, **query)
    return {"items": [answers.loan(shown) for shown in page.loans], "next": cursor_of(page.after)}


@call("GET", "/loans/<loan_id>", Act.SEE_TODAY, gives=answers.Loan, tag="Loans")
def get_loan(loan_id: str) -> Any:
    """Show a loan of one's branches"""
    with current.library().db.read() as session:
        return answers.loan(loans.loan(session, loan_id, by=current.actor()))


@call(
    "POST",
    "/charges/<charge_id>/payment",
    Act.RECORD_PAYMENT,
    takes=bodies.Nothing,
    gives=answers.Charge,
    keyed=True,
    tag="Charges",
)
def post_payment(body: Body, charge_id: str) -> Any:
    """Record that a charge was paid"""
    return _end(lambda session, by: pay_charge(session, charge=charge_id, at=current.now(), by=by), body, charge_id)


@call(
    "POST",
    "/charges/<charge_id>/refund",
    Act.RECORD_PAYMENT,
    takes=bodies.Nothing,
    gives=answers.Charge,
    keyed=True,
    tag="Charges",
)
def post_refund(body: Body, charge_id: str) -> Any:
    """Record that a refund was handed over"""
    return _end(lambda session, by: refund_charge(session, charge=charge_id, at=current.now(), by=by), body, charge_id)


@call(
    "POST",
    "/charges/<charge_id>/waiver",
    Act.WAIVE_CHARGE,
    takes=bodies.Why,
    gives=answers.Charge,
    keyed=True,
    tag="Charges",
)
def post_waiver(body: Body, charge_id: str) -> Any:
    """Let a patron off a charge"""
    why = body["reason"]
    return _end(
        lambda session, by: waive_charge(session, charge=charge_id, reason=why, at=current.now(), by=by),
        body,
        charge_id,
    )


@call(
    "POST",
    "/charges/<charge_id>/cancellation",
    Act.WAIVE_CHARGE,
    takes=bodies.Why,
    gives=answers.Charge,
    keyed=True,
    tag="Charges",
)
def post_cancellation(body: Body, charge_id: str) -> Any:
    """Take back a charge that should not have been made"""
    why = body["reason"]
    return _end(
        lambda session, by: cancel_charge(session, charge=charge_id, reason=why, at=current.now(), by=by),
        body,
        charge_id,
    )


def _end(verb: Callable[[Session, Actor], ChargeChanged], body: Body, charge_id: str) -> Any:
    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return verb(session, by)

    return key_required(do, lambda session, act: charge(session, charge_id), body=body)
