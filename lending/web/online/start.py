"""The first page: what the library lends, for everybody; for the people who work there, where their work begins."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lending.queries.branches import KitTypeShown, kit_types
from lending.queries.offering import Offered, offered
from lending.web import current, opening
from lending.web.access import public
from lending.web.online.reserve_words import offered_words

bp = Blueprint("start", __name__)


@bp.get("/")
@public
def page() -> ResponseReturnValue:
    """What a kit is and where one is free; staff are sent to where their work begins."""
    if (account := current.staff()) is not None:
        return redirect(url_for(opening.BEGINS.get(account.role, "desk.desk")))
    with current.library().db.read() as session:
        found = offered(session, today=current.today(), at=current.now())
        kinds = kit_types(session)
    openly = {one.kit_type: one for one in found if one.cohort is None}
    return render_template(
        "online/start.html",
        kits=[_kit(kind, openly.get(kind.code)) for kind in kinds],
        sessions=[{**offered_words(one, (), None), "places": _places(one)} for one in found if one.cohort is not None],
    )


def _kit(kind: KitTypeShown, openly: Offered | None) -> dict[str, Any]:
    return {
        "name": kind.name,
        "description": kind.description,
        "parts": [(part.name, part.quantity, not part.returnable) for part in kind.parts],
        "for_sessions": kind.cohort_only,
        "value": None if openly is None else openly.choice,
        "free": 0 if openly is None else openly.kits_left,
        "places": [] if openly is None else _places(openly),
    }


def _places(one: Offered) -> list[tuple[str, int]]:
    """Each library with the kits that nobody waits for, most first."""
    left: Counter[str] = Counter()
    for place in one.places:
        left[place.library] += place.left
    return left.most_common()
