"""Print pages: receipts, inspection and transfer slips, the parts list. No surname and no device number on any."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.domain.barcodes import read
from lending.domain.permissions import Act
from lending.domain.states import ChargeState
from lending.errors import Reason, Refused
from lending.phrases import CHARGE_STATES, N_, STEPS, Reader, why_due
from lending.queries import branches as places
from lending.queries import charges, inspections, kits, patrons, slips
from lending.queries.kits import KitShown
from lending.queries.transfers import sent_at
from lending.web import current
from lending.web.access import allow
from lending.web.charged import charged_for
from lending.web.scanning import COMMANDS

bp = Blueprint("slips", __name__, url_prefix="/slips")


@bp.get("/loans/<loan>")
@allow(Act.CIRCULATE)
def receipt(loan: str) -> ResponseReturnValue:
    """What the patron takes home: the parts that went out, the due date and its reason; or proof of the return."""
    with current.library().db.read() as session:
        slip = slips.loan_slip(session, loan, branch_ids=current.branch_ids())
    reader = Reader(current.reader().gettext, current.locale(), slip.zone)
    if slip.received_at is not None:
        return page("print/return_receipt.html", receipt=_came_back(slip, reader))
    why = why_due(slip.rule, slip.cohort, reader.gettext)
    shown = {
        "branch_name": slip.branch,
        "branch_phone": slip.branch_phone,
        "printed_at": reader.moment(current.now()),
        "patron_short_name": slip.patron_short_name,
        "loans": [
            {
                "kit_code": slip.kit,
                "kit_type": slip.kit_type,
                "due": reader.moment(slip.due_at),
                "why": why[:1].upper() + why[1:],
                "parts": [
                    {"name": part.name, "quantity": part.quantity, "keep": not part.returnable} for part in slip.parts
                ],
            }
        ],
        "advice": [],
    }
    return page("print/receipt.html", receipt=shown)


def _came_back(slip: slips.LoanSlip, reader: Reader) -> dict[str, Any]:
    received = slip.received_at
    if received is None:
        raise Refused.because(Reason.NOT_FOUND)
    return {
        "branch_name": slip.received_branch or slip.branch,
        "patron_short_name": slip.patron_short_name,
        "kit_code": slip.kit,
        "kit_type": slip.kit_type,
        "received_at": reader.moment(received),
        "book_drop": slip.book_drop,
        "on_time": received <= slip.due_at,
        "next_sentence": "",
    }


@bp.get("/kits/<barcode>/inspection")
@allow(Act.CIRCULATE)
def inspection(barcode: str) -> ResponseReturnValue:
    """Goes with a kit to the inspection cart."""
    code = read(barcode, current.spaces()).text
    with current.library().db.read() as session:
        sheet = inspections.sheet(session, code, branch_ids=current.branch_ids(), at=current.now())
    reader = current.reader()
    shown = {
        "kit_code": sheet.barcode,
        "kit_type": sheet.kit_type,
        "branch_name": sheet.branch,
        "came_back": reader.moment(sheet.received_at) if sheet.received_at else "",
        "book_drop": sheet.book_drop,
        "parts": [
            {"name": part.name, "quantity": part.quantity, "code": part.tag, "returnable": part.returnable}
            for part in sheet.parts
        ],
        "steps": [{"label": _(STEPS[step.kind])} for step in sheet.steps],
    }
    return page("print/inspection_slip.html", slip=shown)


@bp.get("/kits/<barcode>/parts")
@allow(Act.CIRCULATE, Act.CHANGE_KIT)
def parts(barcode: str) -> ResponseReturnValue:
    """Lies in the bag: what belongs in it, with the price of what gets lost."""
    kit = _kit(barcode)
    with current.library().db.read() as session:
        branch = next(place for place in places.branches(session) if place.branch_id == kit.branch_id)
    shown = {
        "code": kit.code,
        "kit_type": kit.kit_type_name,
        "branch_name": branch.name,
        "branch_phone": branch.phone,
        "whole_price_cents": kit.whole_price_cents,
        "parts": [
            {
                "name": part.name,
                "quantity": part.quantity,
                "returnable": part.returnable,
                "price_cents": part.price_cents,
            }
            for part in kit.parts
        ],
    }
    return page("print/parts_list.html", kit=shown)


@bp.get("/kits/<barcode>/transfer")
@allow(Act.TRANSFER_KIT, Act.CIRCULATE)
def transfer(barcode: str) -> ResponseReturnValue:
    """Goes with a kit to another branch: a code, never a name."""
    kit = _kit(barcode)
    if kit.in_transit_to is None:
        raise Refused.because(Reason.NOT_FOUND)
    with current.library().db.read() as session:
        to = next(place for place in places.branches(session) if kit.in_transit_to in (place.name, place.code))
        sent = sent_at(session, kit.code)
    shown = {
        "kit_code": kit.code,
        "kit_type": kit.kit_type_name,
        "from_branch": kit.branch_name,
        "to_branch": to.name,
        "to_code": to.code,
        "sent_at": current.reader().moment(sent) if sent is not None else "",
        "why": "",
        "hold_code": None,
    }
    return page("print/transfer_slip.html", slip=shown)


@bp.get("/patrons/<public_id>/statement")
@allow(Act.RECORD_PAYMENT)
def statement(public_id: str) -> ResponseReturnValue:
    """What a patron was charged, and what became of it; nothing of what was borrowed beyond a kit's code."""
    with current.library().db.read() as session:
        patron = patrons.patron_shown(session, public_id, branch_ids=current.branch_ids())
        if patron is None:
            raise Refused.because(Reason.NOT_FOUND)
        lines = charges.statement(session, public_id)
    reader = current.reader()
    shown = {
        "branch_name": patron.home_branch_name,
        "patron_short_name": patron.short_name,
        "printed_at": reader.moment(current.now()),
        "lines": [_charged(line, reader) for line in lines],
        "owed_cents": sum(line.amount_cents for line in lines if line.state is ChargeState.OWED),
        "paid_cents": sum(line.amount_cents for line in lines if line.state is ChargeState.PAID),
        "refund_cents": sum(line.amount_cents for line in lines if line.state is ChargeState.REFUND_DUE),
    }
    return page("print/statement.html", statement=shown)


@bp.get("/patrons/<public_id>/charges/<charge>")
@allow(Act.RECORD_PAYMENT)
def payment(public_id: str, charge: str) -> ResponseReturnValue:
    """Proof for the patron that a charge was paid, and on which day."""
    with current.library().db.read() as session:
        patron = patrons.patron_shown(session, public_id, branch_ids=current.branch_ids())
        lines = [] if patron is None else charges.statement(session, public_id)
    paid = next((line for line in lines if line.charge == charge and line.state is ChargeState.PAID), None)
    if patron is None or paid is None:
        raise Refused.because(Reason.NOT_FOUND)
    reader = current.reader()
    shown = {
        "branch_name": patron.home_branch_name,
        "patron_short_name": patron.short_name,
        "printed_at": reader.moment(current.now()),
        **_charged(paid, reader),
    }
    return page("print/payment.html", receipt=shown)


def _charged(line: charges.StatementLine, reader: Reader) -> dict[str, Any]:
    return {
        "when": reader.day_and_year(line.made_at),
        "what": charged_for(line.kind, line.part),
        "kit": line.kit,
        "amount_cents": line.amount_cents,
        "state": _(CHARGE_STATES[line.state]),
        "ended": reader.day_and_year(line.ended_at) if line.ended_at else "",
    }


ON_PAPER = {
    "end": N_("End"),
    "undo": N_("Undo"),
    "renew": N_("Renew"),
    "exchange": N_("Exchange a kit"),
    "signed": N_("Agreement signed"),
    "receipt": N_("Receipt"),
    "all_here": N_("All parts here"),
    "in_library": N_("Use in the library"),
}
"""The word beside each printed command."""


@bp.get("/commands.pdf")
@allow(Act.CIRCULATE)
def commands() -> ResponseReturnValue:
    """The commands to lay on a desk, so that nobody has to let go of the scanner."""
    from lending.labels import command_sheet  # heavy, and printed once

    words = {COMMANDS[name]: str(_(word)) for name, word in ON_PAPER.items()}
    pdf = command_sheet(words, library=current.library().own_settings().name)
    return Response(pdf, content_type="application/pdf")


def _kit(barcode: str) -> KitShown:
    code = read(barcode, current.spaces()).text
    with current.library().db.read() as session:
        found = kits.kit_shown(session, code, branch_ids=current.branch_ids())
    if found is None:
        raise Refused.because(Reason.KIT_UNKNOWN, kit=code)
    return found


def page(template: str, **given: Any) -> ResponseReturnValue:
    """A page for paper: rolls of 80 mm unless Letter is asked for, and printed at once if that is."""
    paper = "letter" if request.args.get("paper") == "letter" else "80mm"
    return render_template(template, paper=paper, print_now=request.args.get("print") == "1", **given)
