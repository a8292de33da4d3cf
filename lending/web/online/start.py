"""The first page: what the library lends, for everybody; the desk, for the people who work at it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from lending.domain.permissions import Act
from lending.queries.on_offer import KitOffered, SessionOffered, on_offer
from lending.web import current
from lending.web.access import public

bp = Blueprint("start", __name__)


@bp.get("/")
@public
def page() -> ResponseReturnValue:
    """What a kit is and where one is free; staff are sent to the desk, or to the search if they do not circulate."""
    if current.staff() is not None:
        return redirect(url_for("desk.desk") if current.may_anywhere(Act.CIRCULATE) else url_for("desk.search"))
    reader = current.reader()
    with current.library().db.read() as session:
        offered = on_offer(session, today=current.today(), at=current.now())
    return render_template(
        "online/start.html",
        kits=[_kit(one) for one in offered.kits],
        sessions=[
            {
                "name": one.name,
                "code": one.code,
                "dates": _(
                    "%(first)s to %(last)s", first=reader.day(one.starts_on), last=reader.day_and_year(one.ends_on)
                ),
                "seats": _seats(one),
                "languages": reader.languages(one.languages),
                "libraries": one.libraries,
            }
            for one in offered.sessions
        ],
    )


def _kit(one: KitOffered) -> dict[str, Any]:
    return {
        "name": one.kit_type.name,
        "description": one.kit_type.description,
        "parts": [(part.name, part.quantity, not part.returnable) for part in one.kit_type.parts],
        "for_sessions": one.kit_type.cohort_only,
        "free": one.free,
        "places": [(place.library, place.free) for place in one.places],
    }


def _seats(one: SessionOffered) -> str:
    if one.seats_left:
        return str(ngettext("%(num)s seat left", "%(num)s seats left", one.seats_left))
    if one.waiting:
        return str(
            ngettext(
                "Full. %(num)s person is on the waiting list.",
                "Full. %(num)s people are on the waiting list.",
                one.waiting,
            )
        )
    return str(_("Full. You can join the waiting list."))
