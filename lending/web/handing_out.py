"""The session's own desk: kits are handed out by card and kit, and collected by scanning the kits alone.

Everything is done as at the desk and at Returns, with the same keys, sounds and undo; this only tells which of the two
a scan asks for. Source: RULES 4, "Cohort desk"; SCREENS, "Cohort".
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation.acts import act_of_key
from lending.domain.barcodes import Code, Kind
from lending.models.cohorts import Cohort
from lending.queries.enrolments import held_by, kits_out, roster, sessions_at
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.scan_acts import Handler
from lending.web.scanning import Answer, Scan, Screen


def session_desk(at_desk: Handler, take_back: Handler) -> Handler:
    """The handler of the session's desk, made of the desk's and of Returns'."""

    def handle(scan: Scan, place: StationPlace, code: Code) -> Answer:
        if code.kind is not Kind.KIT:
            return at_desk(scan, place, code)
        with current.library().db.read() as session:
            done_before = act_of_key(session, by=current.actor(at_station=place), key=scan.key) is not None
            holder = held_by(session, code.text, [held.id for held in _sessions(session, scan, place)])
        # A scan that is sent again is answered as it was, though its kit is back by now.
        comes_back = done_before or (holder is not None and holder != scan.patron)
        return replace(take_back(scan, place, code), same_patron=True) if comes_back else at_desk(scan, place, code)

    return handle


def counted(found: Answer, scan: Scan, place: StationPlace) -> Answer:
    """The answer about an act, and how many kits of the session are out now."""
    if scan.screen is not Screen.COHORT or not found.is_act:
        return found
    with current.library().db.read() as session:
        held = [one.id for one in _sessions(session, scan, place)]
        out, kits = kits_out(roster(session, held, by=current.actor(), branch_id=place.branch_id))
    so_far = _("%(out)s of %(kits)s out.", out=out, kits=kits)
    return replace(found, say=f"{found.say} {so_far}")


def _sessions(session: Session, scan: Scan, place: StationPlace) -> list[Cohort]:
    """The sessions of this desk: the one that it is about, or all that its branch has to do with today."""
    today = current.now().astimezone(ZoneInfo(place.zone)).date()
    return sessions_at(session, branch_id=place.branch_id, today=today, code=scan.subject)
