"""The transfers page: kits sent and received by scan, what is on its way, and what should have arrived.

The target is chosen once; then every scan sends a kit there. Without a target a scan receives. Source: RULES 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.domain.permissions import Act
from lending.queries import branches as places
from lending.queries.staff import StationPlace
from lending.queries.transfers import ARRIVES_WITHIN_OPEN_DAYS, Travelling, transfers
from lending.web import current
from lending.web.access import allow
from lending.web.desk import scanning_page
from lending.web.scanning import Screen

bp = Blueprint("transfers", __name__)


@bp.route("/transfers", methods=["GET", "POST"])
@allow(Act.TRANSFER_KIT)
def show() -> ResponseReturnValue:
    """Send and receive, and the lists of what travels."""
    return scanning_page(Screen.TRANSFERS, "transfers/show.html", _shown)


def _shown(place: StationPlace) -> Mapping[str, Any]:
    at = current.now()
    with current.library().db.read() as session:
        found = transfers(session, branch_ids={place.branch_id}, at=at)
        others = [one for one in places.branches(session) if one.branch_id != place.branch_id]
    chosen = request.form.get("subject", request.args.get("to", ""))
    return {
        "here": place.branch_name,
        "targets": [(one.code, one.name) for one in others],
        "target": chosen if chosen in {one.code for one in others} else "",
        "late": [_line(kit) for kit in found.incoming if kit.late],
        "incoming": [_line(kit) for kit in found.incoming if not kit.late],
        "outgoing": [_line(kit) for kit in found.outgoing],
        "days": ARRIVES_WITHIN_OPEN_DAYS,
    }


def _line(kit: Travelling) -> dict[str, Any]:
    """A kit on its way, as the lists show it."""
    sent = _("not known") if kit.sent_at is None else current.reader().day(kit.sent_at)
    return {
        "code": kit.kit,
        "url": url_for("kits.show", barcode=kit.kit),
        "kit_type": kit.kit_type,
        "from_branch": kit.from_branch_name,
        "to_branch": kit.to_branch_name,
        "sent": sent,
        "late": kit.late,
        "slip_url": url_for("slips.transfer", barcode=kit.kit),
    }
