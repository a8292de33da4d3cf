"""What may be done to a loan from its kit's page: renewed, due on another day, one part given anew."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation.exchange import swap_part
from lending.circulation.renewal import renew as renew_loan
from lending.circulation.renewal import set_due_date
from lending.domain.permissions import Act
from lending.web import current
from lending.web.access import allow
from lending.web.forms import DueDateForm
from lending.web.kit_pages import button, form_page, kit_of, part_of

bp = Blueprint("loans", __name__, url_prefix="/kits")


@bp.post("/<barcode>/renewal")
@allow(Act.RENEW)
def renew(barcode: str) -> ResponseReturnValue:
    """Renew the loan of a kit, as the desk's own key does for the patron it shows."""
    kit = kit_of(barcode)
    return button(
        kit,
        lambda session, at, by: renew_loan(session, kit=kit.code, at=at, by=by),
        _("%(kit)s is renewed.", kit=kit.code),
    )


@bp.route("/<barcode>/due-date", methods=["GET", "POST"])
@allow(Act.SET_DUE_DATE)
def due_date(barcode: str) -> ResponseReturnValue:
    """Set the day by which a kit is to come back, with a reason."""
    kit, form = kit_of(barcode), DueDateForm()
    return form_page(
        kit,
        form,
        lambda session, at, by: set_due_date(
            session, kit=kit.code, on=form.due_on.data, reason=form.reason.data, at=at, by=by
        ),
        heading=_("Change the due date of %(kit)s", kit=kit.code),
        submit=_("Save"),
        told=_("The due date of %(kit)s is changed. A closed day goes on to the next open one.", kit=kit.code),
    )


@bp.post("/<barcode>/parts/<int:part_id>/swap")
@allow(Act.CIRCULATE)
def swap(barcode: str, part_id: int) -> ResponseReturnValue:
    """Give the patron another of one part, while the kit stays out."""
    kit, place = kit_of(barcode), current.station()
    branch_id = kit.branch_id if place is None else place.branch_id
    name = part_of(kit, part_id).name
    return button(
        kit,
        lambda session, at, by: swap_part(session, kit=kit.code, part_id=part_id, branch_id=branch_id, at=at, by=by),
        _("Another %(part)s goes out. Put the old one with the repairs, if it is here.", part=name),
    )
