"""Kits in use without a loan: scanned out and back, in the library, at a workshop or a hiring event; and what is late.

Source: issue "Managers see what circulated", Build 3; RULES 7, "in-library use (due at closing)".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation.in_library import end_use, use_kit
from lending.domain.permissions import Act
from lending.queries.hiring import hiring_event
from lending.queries.in_library import UseShown, in_use
from lending.queries.workshops import workshop_shown
from lending.web import current
from lending.web.access import allow
from lending.web.desk import scanning_page
from lending.web.kit_pages import button, kit_of
from lending.web.outcomes.kit_scans import HIRING_EVENT, WORKSHOP
from lending.web.scanning import Screen

bp = Blueprint("in_library", __name__)


@bp.route("/in-library", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def page() -> ResponseReturnValue:
    """Kits used in the building, and all that are in use, the late ones first."""
    return _page("", _("Kits in use"), _("Scan a kit that is used here, or one that is back"))


@bp.route("/workshops/<public_id>/kits", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def at_workshop(public_id: str) -> ResponseReturnValue:
    """Kits for a workshop."""
    with current.library().db.read() as session:
        title = workshop_shown(session, public_id, at=current.now(), by=current.actor()).title
    back = (url_for("workshops.show", public_id=public_id), title)
    return _page(
        f"{WORKSHOP}:{public_id}", _("Kits at %(event)s", event=title), _label(), workshop=public_id, back=back
    )


@bp.route("/hiring-events/<public_id>/kits", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def at_hiring_event(public_id: str) -> ResponseReturnValue:
    """Kits for a hiring event."""
    with current.library().db.read() as session:
        name = hiring_event(session, public_id, current.branch_ids()).name
    heading, back = _("Kits at %(event)s", event=name), (url_for("hiring.show", public_id=public_id), name)
    return _page(f"{HIRING_EVENT}:{public_id}", heading, _label(), hiring_event=public_id, back=back)


@bp.post("/kits/<barcode>/use")
@allow(Act.CIRCULATE)
def use(barcode: str) -> ResponseReturnValue:
    """A kit is used in the library, by a button of its page."""
    kit = kit_of(barcode)
    branch_id = _here(kit.branch_id)
    return button(
        kit,
        lambda session, at, by: use_kit(session, kit=kit.code, branch_id=branch_id, at=at, by=by),
        _("%(kit)s is in use in the library until closing.", kit=kit.code),
    )


@bp.post("/kits/<barcode>/use-ended")
@allow(Act.CIRCULATE)
def ended(barcode: str) -> ResponseReturnValue:
    """A kit is back from its use, by a button of its page."""
    kit = kit_of(barcode)
    branch_id = _here(kit.branch_id)
    return button(
        kit,
        lambda session, at, by: end_use(session, kit=kit.code, branch_id=branch_id, at=at, by=by),
        _("%(kit)s is back. Put it on the inspection cart.", kit=kit.code),
    )


def _here(branch_id: int) -> int:
    place = current.station()
    return branch_id if place is None else place.branch_id


def _label() -> str:
    return str(_("Scan each kit as it goes, and again when it is back"))


def _page(
    subject: str, heading: str, label: str, *, back: tuple[str, str] | None = None, **event: str
) -> ResponseReturnValue:
    def more(_place: object) -> Mapping[str, Any]:
        with current.library().db.read() as session:
            uses = in_use(session, current.branch_ids(), at=current.now(), **event)
        shown = [_shown(one) for one in uses]
        return {"subject": subject, "heading": heading, "label": label, "uses": shown, "back": back}

    return scanning_page(Screen.IN_LIBRARY, "outcomes/in_library.html", more)


def _shown(one: UseShown) -> dict[str, Any]:
    reader = current.reader()
    return {
        "kit": one.kit,
        "url": url_for("kits.show", barcode=one.kit),
        "kit_type": one.kit_type,
        "since": reader.moment(one.began_at),
        "due": reader.moment(one.due_at),
        "late": one.late,
        "where": one.event or one.branch_name,
        "patron": one.patron_name,
    }
