"""A scan at the hold shelf: the kit is for whoever is first, or goes back to the free ones. Source: RULES 4."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation.shelf import Captured, shelve
from lending.domain.barcodes import Code
from lending.errors import Reason, Refused
from lending.queries.acts import Outcome
from lending.queries.shelf import ready_for
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.said import said
from lending.web.scan_acts import act_for, kit_code
from lending.web.scanning import Answer, Scan, told
from lending.wording import Tone


def put_on_shelf(scan: Scan, place: StationPlace, code: Code) -> Answer:
    """One scan of a kit; the answer leads to the slip that is wrapped around it."""
    kit = kit_code(code)
    by, at = current.actor(at_station=place), current.now()

    def do(session: Session) -> Outcome:
        return shelve(session, kit=kit, branch_id=place.branch_id, at=at, by=by)

    try:
        done = act_for(scan, by, at, do)
    except Refused as refused:
        with current.library().db.read() as session:
            ready = ready_for(session, kit)
        if ready is None or [block.reason for block in refused.blocks] != [Reason.PROMISED_TO_ANOTHER]:
            raise
        sentence = _(
            "%(kit)s is ready under the code %(code)s. Print its slip again if it is lost.", kit=kit, code=ready[1]
        )
        return Answer(sentence, Tone.LOOK, code=kit, slip=ready[0])
    answer = told(said(done, current.reader()))
    return replace(answer, slip=done.reservation) if isinstance(done, Captured) else answer
