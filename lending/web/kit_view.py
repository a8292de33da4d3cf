"""One kit as its page shows it to this person: its parts, its history, and what may be done with it now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from lending.circulation import transfers
from lending.circulation.turnaround import IN_HAND
from lending.domain.permissions import Act
from lending.domain.states import KitState, LineState, LoanState
from lending.models.base import new_public_id
from lending.models.kits import PartState
from lending.phrases import LINE_STATES
from lending.queries.in_library import in_use
from lending.queries.kits import KitShown, PartShown
from lending.web import current
from lending.web.histories import happened

AWAY = frozenset({KitState.ON_LOAN, KitState.IN_USE, KitState.LOST, KitState.MISSING})
"""Nobody can say of a part that it is here while the kit itself is not."""

_STAYS = frozenset({KitState.WITHDRAWN, KitState.ON_SHELF, KitState.TO_INSPECT, KitState.IN_USE})
"""A kit that is withdrawn already, or first has to be seen by somebody."""


def shown(kit: KitShown) -> dict[str, Any]:
    """Everything the page of a kit shows to this person."""
    reader = current.reader()
    loan = kit.loan
    here = current.may(Act.CHANGE_KIT, kit.branch_id)
    may_see_lines = here or current.may(Act.CIRCULATE, kit.branch_id)
    due = None if loan is None else reader.day_and_year(loan.due_at)
    return {
        "code": kit.code,
        "kit_type": kit.kit_type_name,
        "branch_name": kit.owner_name,
        "at_branch": _("on its way to %(branch)s", branch=kit.in_transit_to) if kit.in_transit_to else kit.branch_name,
        "place": kit.place,
        "note": kit.note,
        "state": kit.state.value,
        "sentence": _sentence(kit),
        "due": due,
        "overdue": loan is not None and loan.state is LoanState.OUT and loan.due_at < current.now(),
        "out": loan is not None and loan.state is LoanState.OUT,
        "patron": None
        if loan is None or loan.patron is None
        else {"short_name": loan.patron_name, "url": url_for("patrons.show", public_id=loan.patron)},
        "collected_by": None if loan is None else loan.collected_by,
        "price": reader.money(kit.whole_price_cents),
        "parts": [_part_row(kit, part, may_see_lines) for part in kit.parts],
        "history": [happened(event, reader) for event in kit.history],
        "actions": _actions(kit),
        "edit_url": url_for("kits.edit", barcode=kit.code) if here else None,
        "key": new_public_id(),
    }


def _sentence(kit: KitShown) -> str:
    if kit.withdrawn_reason:
        return str(_("Withdrawn: %(reason)s", reason=kit.withdrawn_reason))
    if kit.state is KitState.IN_USE:
        return _in_use(kit)
    if kit.quarantine_until is not None and kit.quarantine_until > current.now():
        return str(_("It rests until %(moment)s.", moment=current.reader().moment(kit.quarantine_until)))
    return ""


def _in_use(kit: KitShown) -> str:
    """Where a kit is that is in nobody's loan, and when it is due."""
    with current.library().db.read() as session:
        uses = in_use(session, None, at=current.now(), kit=kit.code)
    if not uses:
        return ""  # it came back in this very moment
    use, reader = uses[0], current.reader()
    given = {"where": use.event or use.branch_name, "moment": reader.moment(use.due_at)}
    if use.late:
        return str(_("In use at %(where)s, and not back when it was due, %(moment)s. Look for it.", **given))
    return str(_("In use at %(where)s, due back %(moment)s.", **given))


def _part_row(kit: KitShown, part: PartShown, may_see_lines: bool) -> dict[str, Any]:
    actions = []
    url: dict[str, Any] = {"barcode": kit.code, "part_id": part.part_id}
    circulates = current.may(Act.CIRCULATE, kit.branch_id)
    if kit.loan is not None and kit.loan.state is LoanState.OUT and part.returnable and circulates:
        actions.append({"label": _("Not in the bag"), "url": url_for("kits.report", **url), "post": True})
        actions.append({"label": _("Give another"), "url": url_for("loans.swap", **url), "post": True})
    if part.state.value == "missing" and circulates:
        actions.append({"label": _("It is back"), "url": url_for("kits.back", **url), "post": True})
    if kit.loan is None and current.may(Act.CHANGE_KIT, kit.branch_id):
        actions.append({"label": _("Replace"), "url": url_for("kits.replace", **url), "post": False})
        wants_line = part.imei is not None if part.line is None else part.line.state is LineState.ENDED
        if wants_line:
            actions.append({"label": _("Put in a line"), "url": url_for("kits.line", **url), "post": False})
    return {
        "name": part.name,
        "quantity": part.quantity,
        "code": part.tag,
        "maker_model": f"{part.manufacturer} {part.model}".strip(),
        "serial": part.serial,
        "state": None if kit.state in AWAY and part.state is PartState.HERE else part.state.value,
        "line": None
        if part.line is None or not may_see_lines
        else {"carrier": part.line.carrier, "number": part.line.number, "status": _(LINE_STATES[part.line.state])},
        "network": None
        if part.network_name is None or not may_see_lines
        else {"name": part.network_name, "password": part.network_password or ""},
        "actions": actions,
    }


Add = Callable[..., None]


def _actions(kit: KitShown) -> list[dict[str, Any]]:
    """What this person may do with the kit as it is now, the usual first."""
    found: list[dict[str, Any]] = []

    def add(label: str, endpoint: str, *, post: bool = False, tone: str = "", **values: Any) -> None:
        url = url_for(endpoint, barcode=kit.code, **values)
        found.append({"label": label, "url": url, "post": post, "tone": tone})

    circulates = current.may(Act.CIRCULATE, kit.branch_id)
    if circulates and kit.state in IN_HAND and kit.in_transit_to is None:
        add(_("Inspect or make ready"), "inspection.sheet")
        add(_("Inspection slip"), "slips.inspection")
    _without_a_loan(kit, circulates, add)
    if kit.loan is not None and kit.loan.state is LoanState.OUT:
        if circulates:
            receipt = url_for("slips.receipt", loan=kit.loan.loan)
            found.append({"label": _("Receipt"), "url": receipt, "post": False, "tone": ""})
        _while_out(kit, circulates, add)
    if kit.loan is not None and kit.loan.state is LoanState.CLAIMED and circulates:
        add(_("It is here"), "kits.say", post=True, what="located")
        add(_("Patron still has it"), "kits.say", post=True, what="unclaimed")
    add(_("Print label"), "kits.label")
    add(_("Print parts list"), "slips.parts")
    if kit.in_transit_to is not None:
        add(_("Transfer slip"), "slips.transfer")
    elif current.may(Act.TRANSFER_KIT, kit.branch_id) and kit.state in transfers.MAY_TRAVEL:
        add(_("Send to another library"), "kits.send")
    if current.may(Act.CHANGE_KIT, kit.branch_id):
        if kit.state is KitState.REPAIR:
            add(_("It works again"), "kits.say", post=True, what="repaired")
        if kit.state is KitState.MISSING:
            add(_("It was found"), "kits.say", post=True, what="found")
    if current.may(Act.WITHDRAW_KIT, kit.branch_id):
        _managing(kit, add)
    return found


def _without_a_loan(kit: KitShown, circulates: bool, add: Add) -> None:
    if circulates and kit.state is KitState.AVAILABLE and kit.in_transit_to is None:
        add(_("Use in the library"), "in_library.use", post=True)
    if circulates and kit.state is KitState.IN_USE:
        add(_("It is back from its use"), "in_library.ended", post=True)


def _while_out(kit: KitShown, circulates: bool, add: Add) -> None:
    if current.may(Act.RENEW, kit.branch_id):
        add(_("Renew"), "loans.renew", post=True)
    if current.may(Act.SET_DUE_DATE, kit.branch_id):
        add(_("Change the due date"), "loans.due_date")
    if circulates:
        add(_("Exchange for another"), "kits.exchange")
        add(_("Patron says it was returned"), "kits.say", post=True, what="claimed")


def _managing(kit: KitShown, add: Add) -> None:
    if kit.state is KitState.ON_LOAN:
        add(_("Declare lost"), "kits.say", post=True, tone="stop", what="lost")
    elif kit.state is KitState.WITHDRAWN:
        add(_("Back into service"), "kits.say", post=True, what="reinstate")
    elif kit.state not in (KitState.LOST, KitState.MISSING):
        add(_("It cannot be found"), "kits.say", post=True, what="missing")
    if kit.loan is None and kit.state not in _STAYS:
        add(_("Withdraw"), "kits.withdraw", tone="stop")
