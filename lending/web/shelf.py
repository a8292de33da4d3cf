"""The hold shelf's pages: kits scanned onto it and off it, the pull list, and the slip around a kit.

Source: SCREENS, "Shelf and pull list"; RULES 4, "Pick-up": a slip carries a code and no surname.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.phrases import RESERVATION_STATES, Reader
from lending.queries import shelf as queries
from lending.queries.shelf import ToPull
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.access import allow
from lending.web.desk import scanning_page, station_or_choose
from lending.web.scanning import Screen
from lending.web.slips import page

bp = Blueprint("shelf", __name__, url_prefix="/shelf")

TABS = ("pull", "ready", "back")


@bp.route("", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def shelf() -> ResponseReturnValue:
    """Kits are scanned onto the shelf; what is to be pulled, what is ready and what goes back is told beside."""
    return scanning_page(Screen.SHELF, "desk/shelf.html", _lists)


@bp.get("/pull-list")
@allow(Act.CIRCULATE)
def pull_list() -> ResponseReturnValue:
    """The pull list of the station's branch, to take along."""
    place = station_or_choose()
    if not isinstance(place, StationPlace):
        return place
    rows = _to_pull(place)
    return page(
        "print/pull_list.html", pull=rows, branch=place.branch_name, printed_at=current.reader().moment(current.now())
    )


@bp.get("/slips/<reservation>")
@allow(Act.CIRCULATE)
def slip(reservation: str) -> ResponseReturnValue:
    """What is wrapped around a kit on the shelf: its code in large letters, and until when."""
    with current.library().db.read() as session:
        found = queries.slip(session, reservation)
    if not current.may(Act.CIRCULATE, found.branch_id):
        raise Refused.because(Reason.NOT_FOUND)
    reader = Reader(current.reader().gettext, current.locale(), found.zone)
    shown = {
        "code": found.pickup_code,
        "kit_code": found.kit,
        "kit_type": found.kit_type,
        "session": found.cohort,
        "until": reader.day(found.ready_until),
        "branch_name": found.branch,
    }
    return page("print/wrap_slip.html", slip=shown)


def _lists(place: StationPlace) -> dict[str, Any]:
    """The lists of the station's branch, of which the page shows one."""
    reader = current.reader()
    with current.library().db.read() as session:
        ready = queries.ready(session, branch_id=place.branch_id)
        back = queries.to_put_back(session, branch_id=place.branch_id)
    pull = _to_pull(place)
    asked = request.args.get("tab", "")
    return {
        "tab": asked if asked in TABS else "pull",
        "tabs": [
            ("pull", _("Pull list"), len(pull)),
            ("ready", _("Ready"), len(ready)),
            ("back", _("Put back"), len(back)),
        ],
        "pull": pull,
        "ready": [
            {
                "code": row.pickup_code,
                "kit": row.kit,
                "kit_url": url_for("kits.show", barcode=row.kit),
                "kit_type": row.kit_type,
                "session": row.cohort or "",
                "until": reader.day(row.ready_until),
                "patron": row.patron_name,
                "patron_url": None if row.patron is None else url_for("patrons.show", public_id=row.patron),
                "slip_url": url_for("shelf.slip", reservation=row.reservation),
            }
            for row in ready
        ],
        "back": [
            {
                "kit": row.kit,
                "kit_url": url_for("kits.show", barcode=row.kit),
                "kit_type": row.kit_type,
                "code": row.pickup_code or "",
                "why": "" if row.ended is None else _(RESERVATION_STATES[row.ended]),
            }
            for row in back
        ],
    }


def _to_pull(place: StationPlace) -> list[dict[str, Any]]:
    today = current.now().astimezone(ZoneInfo(place.zone)).date()
    with current.library().db.read() as session:
        return [_row(row) for row in queries.pull_list(session, branch_id=place.branch_id, today=today)]


def _row(row: ToPull) -> dict[str, Any]:
    stands = _("on the hold shelf") if row.on_shelf else row.place or _("no place")
    return {
        "place": stands if row.kit else "",
        "kit": row.kit or "",
        "kit_url": url_for("kits.show", barcode=row.kit) if row.kit else None,
        "kit_type": row.kit_type,
        "session": row.cohort or "",
        "from": "" if row.pickup_from is None else current.reader().day(row.pickup_from),
        "code": row.pickup_code,
    }
