"""The ladder editor: what happens as a due date comes and goes, for the library or for one kind of kit.

Source: RULES 6, "Ladder (setting per kit type)".
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation.ladders import ladders_by_code, restore_ladder, set_ladder
from lending.domain.ladders import Ladder, Step
from lending.domain.permissions import Act
from lending.errors import Block, Reason, Refused
from lending.models.base import new_public_id
from lending.queries import branches as places
from lending.web import current
from lending.web.access import allow
from lending.web.posting import NotDone, pressed

bp = Blueprint("ladders", __name__, url_prefix="/administration/ladders")

MORE = 3
"""Empty rows for further steps."""
MOST_ROWS = 40
FLAGS = ("notifies", "suspends_lines", "calls", "gives_up")


@bp.get("")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """The library's ladder, and those of the kinds of kit that have one of their own."""
    with current.library().db.read() as session:
        known, kinds = ladders_by_code(session), places.kit_types(session)
    shown = [{"name": kind.name, "code": kind.code, "own": kind.code in known} for kind in kinds]
    return render_template("ladders/list.html", kinds=shown, steps=_rows(known[None], 0))


@bp.route("/steps", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def edit() -> ResponseReturnValue:
    """Change a ladder: of a kind of kit, or without one of the library."""
    kit_type = request.args.get("kit_type", "")[:64] or None
    name, ladder, own = _ladder(kit_type)
    if request.method != "POST":
        return _form(name, kit_type, _rows(ladder, MORE), own)
    try:
        steps = _given()
    except ValueError:
        wrong = current.sentence(Block(Reason.VALUE_WRONG, {"field": "days"}))
        return _form(name, kit_type, _typed(), own, NotDone((wrong,), 422))
    not_done = pressed(lambda session, at, by: set_ladder(session, kit_type=kit_type, steps=steps, at=at, by=by))
    if not_done is not None:
        return _form(name, kit_type, _typed(), own, not_done)
    flash(_("Saved. Nothing that was sent is sent again."), "done")
    return redirect(url_for("ladders.index"), 303)


@bp.post("/default")
@allow(Act.ADMINISTER)
def restore() -> ResponseReturnValue:
    """Take a ladder away, so that the usual one holds again."""
    kit_type = request.args.get("kit_type", "")[:64] or None
    name, ladder, own = _ladder(kit_type)
    not_done = pressed(lambda session, at, by: restore_ladder(session, kit_type=kit_type, at=at, by=by))
    if not_done is not None:
        return _form(name, kit_type, _rows(ladder, MORE), own, not_done)
    flash(_("The usual steps hold again."), "done")
    return redirect(url_for("ladders.index"), 303)


def _ladder(kit_type: str | None) -> tuple[str, Ladder, bool]:
    """Whose ladder it is, in words; its steps; and whether somebody set them."""
    with current.library().db.read() as session:
        known = ladders_by_code(session)
        kinds = {kind.code: kind.name for kind in places.kit_types(session)}
    if kit_type is None:
        return _("Every kind of kit"), known[None], True
    if kit_type not in kinds:
        raise Refused.because(Reason.NOT_FOUND)
    return kinds[kit_type], known.get(kit_type, known[None]), kit_type in known


def _given() -> list[Step]:
    """The steps of the form; a row without days is none. ``ValueError`` for days that are no number."""
    steps = []
    for row in _typed():
        if row["days"].strip():
            days = int(row["days"])
            code = row["code"] or (f"{days}_days_after" if days > 0 else f"{-days}_days_before")
            steps.append(Step(code, days, **{flag: row[flag] for flag in FLAGS}))
    return steps


def _typed() -> list[dict[str, Any]]:
    """The rows as they were typed."""
    return [
        {"code": request.form.get(f"code-{n}", "")[:40], "days": request.form.get(f"days-{n}", "")[:6]}
        | {flag: f"{flag}-{n}" in request.form for flag in FLAGS}
        for n in range(MOST_ROWS)
        if f"days-{n}" in request.form
    ]


def _rows(ladder: Ladder, more: int) -> list[dict[str, Any]]:
    empty = {"code": "", "days": "", "notifies": True, "suspends_lines": False, "calls": False, "gives_up": False}
    rows = [
        {"code": step.code, "days": str(step.days)} | {flag: getattr(step, flag) for flag in FLAGS} for step in ladder
    ]
    return rows + [dict(empty) for _n in range(more)]


def _form(
    name: str, kit_type: str | None, rows: list[dict[str, Any]], own: bool, not_done: NotDone = NotDone()
) -> ResponseReturnValue:
    page = render_template(
        "ladders/edit.html",
        name=name,
        kit_type=kit_type,
        rows=rows,
        own=own,
        problems=not_done.sentences,
        key=new_public_id(),
    )
    return page, not_done.status
