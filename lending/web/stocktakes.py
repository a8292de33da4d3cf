"""Stocktake pages: what is being counted, and one count with its box, "31 of 40 seen", and its lists.

Source: SCREENS, "Stocktake"; RULES 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from lending.circulation.stocktake import LONGEST_PLACE, begin, end
from lending.domain.permissions import Act
from lending.domain.stocktake import Standing
from lending.models.base import new_public_id
from lending.queries import branches as places
from lending.queries.stocktakes import KitCounted, StocktakeReport, StocktakeShown, report, stocktakes
from lending.web import current
from lending.web.access import allow
from lending.web.counting import what_to_do
from lending.web.desk import scanning_page
from lending.web.forms import KeyedForm, offer
from lending.web.posting import posted, pressed, status
from lending.web.scanning import Screen

bp = Blueprint("stocktakes", __name__)


class BeginForm(KeyedForm):
    """What is counted."""

    branch = SelectField(lazy_gettext("Library"), validators=[InputRequired(lazy_gettext("Fill this in."))])
    place = StringField(
        lazy_gettext("Place on the shelf"),
        description=lazy_gettext("As it stands on the kits' pages. Leave it empty to count the whole library."),
        validators=[Optional(), Length(max=LONGEST_PLACE)],
    )


@bp.route("/stocktakes", methods=["GET", "POST"])
@allow(Act.CHANGE_KIT)
def index() -> ResponseReturnValue:
    """The counts of the person's branches, and a form to begin one."""
    form, own = BeginForm(), current.branch_ids()
    with current.library().db.read() as session:
        here = {place.code: place for place in places.branches(session, own)}
        found, _more = stocktakes(session, branch_ids=own)
    offer(form.branch, [(code, place.name) for code, place in here.items()])
    station = current.station()
    if not form.is_submitted() and station is not None:
        form.branch.data = next((code for code, p in here.items() if p.branch_id == station.branch_id), None)
    begun: list[str] = []

    def do(session: Any, at: Any, by: Any) -> None:
        branch_id = here[form.branch.data].branch_id
        begun.append(begin(session, branch_id=branch_id, place=form.place.data or "", at=at, by=by).stocktake)

    if posted(form, do):
        there = url_for("stocktakes.show", public_id=begun[-1]) if begun else url_for("stocktakes.index")
        return redirect(there, 303)
    page = render_template("stocktakes/list.html", form=form, stocktakes=[_line(one) for one in found])
    return page, status(form)


@bp.route("/stocktakes/<public_id>", methods=["GET", "POST"])
@allow(Act.CHANGE_KIT)
def show(public_id: str) -> ResponseReturnValue:
    """One count: the box while it is open, and its lists."""
    found = _report(public_id)
    if found.stocktake.ended_at is not None:
        return render_template("stocktakes/report.html", **_shown(found))
    return scanning_page(
        Screen.STOCKTAKE,
        "stocktakes/show.html",
        lambda place: _shown(_report(public_id)),
        rows=lambda: _rows(_report(public_id)),
    )


@bp.post("/stocktakes/<public_id>/end")
@allow(Act.CHANGE_KIT)
def finish(public_id: str) -> ResponseReturnValue:
    """End a count; what was not seen stays listed as missing."""
    _report(public_id)  # another branch's count looks as if there were none
    not_done = pressed(lambda session, at, by: end(session, stocktake=public_id, at=at, by=by))
    if not_done is not None:
        page = render_template("stocktakes/report.html", problems=not_done.sentences, **_shown(_report(public_id)))
        return page, not_done.status
    flash(_("The stocktake has ended. No kit was changed."), "done")
    return redirect(url_for("stocktakes.show", public_id=public_id), 303)


def _report(public_id: str) -> StocktakeReport:
    with current.library().db.read() as session:
        return report(session, public_id, branch_ids=current.branch_ids())


def _shown(found: StocktakeReport) -> Mapping[str, Any]:
    return {
        "stocktake": _line(found.stocktake),
        "missing": [_kit(kit) for kit in found.missing],
        "unexpected": [_kit(kit) for kit in found.unexpected],
        "left": [_kit(kit) for kit in found.left],
        "key": new_public_id(),
    }


def _line(one: StocktakeShown) -> dict[str, Any]:
    """A count as lists and headings show it."""
    reader = current.reader()
    return {
        "public_id": one.stocktake,
        "branch": one.branch_name,
        "place": one.place,
        "began": reader.moment(one.began_at),
        "ended": None if one.ended_at is None else reader.moment(one.ended_at),
        "seen": one.seen,
        "expected": one.expected,
        "url": url_for("stocktakes.show", public_id=one.stocktake),
    }


def _kit(kit: KitCounted) -> dict[str, Any]:
    """A kit of a list, with what to do about it where it should not be there."""
    standing = kit.standing or Standing.EXPECTED
    what = what_to_do(standing, kit=kit.kit, place=kit.place, branch=kit.branch, to_branch=kit.to_branch)
    return {
        "code": kit.kit,
        "url": url_for("kits.show", barcode=kit.kit),
        "kit_type": kit.kit_type,
        "state": kit.state.value,
        "place": kit.place or "",
        "what": what,
    }


def _rows(found: StocktakeReport) -> list[dict[str, Any]]:
    """What was seen, as the log beside the box shows it, the newest first."""
    reader, rows = current.reader(), []
    counted = sorted((*found.seen, *found.unexpected), key=lambda kit: (kit.seen_at, kit.kit), reverse=True)
    unexpected = set(found.unexpected)
    for kit in counted[:50]:
        shown = _kit(kit)
        rows.append(
            {
                "time": reader.clock(kit.seen_at) if kit.seen_at is not None else "",
                "what": shown["what"],
                "kit": kit.kit,
                "kit_url": shown["url"],
                "tone": "look" if kit in unexpected else "done",
            }
        )
    return rows
