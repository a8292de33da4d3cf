"""A kit at the transfers screen: sent to the branch that was chosen, or received. Source: RULES 5, "Transfers"."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lending.circulation.transfers import arrive, send
from lending.domain.barcodes import Code
from lending.queries.acts import Outcome
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.said import said
from lending.web.scan_acts import act_for, kit_code
from lending.web.scanning import Answer, Scan, told


def send_or_receive(scan: Scan, place: StationPlace, code: Code) -> Answer:
    """Send a kit to the branch that the screen is about; about none, receive it here."""
    by, at, kit = current.actor(at_station=place), current.now(), kit_code(code)

    def do(session: Session) -> Outcome:
        if scan.subject:
            return send(session, kit=kit, to_branch=scan.subject, at=at, by=by)
        return arrive(session, kit=kit, branch_id=place.branch_id, at=at, by=by)

    return told(said(act_for(scan, by, at, do), current.reader()))
