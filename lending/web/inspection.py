"""Inspection pages: the cart, and the kit on the table, looked at part by part with nothing ticked beforehand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnprocessableEntity

from lending.circulation.acts import once
from lending.circulation.inspection import PartSeen, all_here, inspect
from lending.circulation.turnaround import StepRecorded, record_step
from lending.domain.barcodes import read
from lending.domain.completeness import Found
from lending.domain.permissions import Act
from lending.domain.states import KitState
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.kits import TurnaroundStepKind
from lending.phrases import STEPS
from lending.queries import inspections
from lending.queries.acts import Outcome, outcome
from lending.queries.cart import cart as in_hand
from lending.queries.inspections import Sheet
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.access import allow
from lending.web.desk import station_or_choose, view_of
from lending.web.said import said
from lending.web.scanning import COMMANDS, Screen, scan_of_form
from lending.web.scans import answer
from lending.wording import status_of

bp = Blueprint("inspection", __name__)

LONGEST_NOTE = 200
_DOLLARS = re.compile(r"[0-9]{1,5}(\.[0-9]{1,2})?")
_LOOKED_AT = frozenset({KitState.TO_INSPECT, KitState.INCOMPLETE})


@bp.route("/inspection", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def cart() -> ResponseReturnValue:
    """The kits that wait; a scanned one opens its sheet."""
    place = station_or_choose()
    if not isinstance(place, StationPlace):
        return place
    found = scan = None
    if request.method == "POST":
        scan = scan_of_form(request.form, Screen.INSPECTION)
        found = answer(scan, place)
        if found.go:
            return redirect(found.go, 303)
    with current.library().db.read() as session:
        kits = in_hand(session, branch_ids=current.branch_ids())
    reader = current.reader()
    waiting = [
        {
            "code": kit.kit,
            "url": url_for("inspection.sheet", barcode=kit.kit),
            "kit_type": kit.kit_type,
            "state": kit.state.value,
            "since": reader.moment(kit.since) if kit.since else "",
            "branch_name": kit.branch,
        }
        for kit in kits
    ]
    view = view_of(Screen.INSPECTION, place, scan=scan, found=found, waiting=waiting)
    return render_template("desk/inspection.html", view=view), found.status if found else 200


@bp.route("/inspection/<barcode>", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def sheet(barcode: str) -> ResponseReturnValue:
    """The kit on the table: what is here, missing or damaged, and what was made ready."""
    place = station_or_choose()
    if not isinstance(place, StationPlace):
        return place
    code = read(barcode, current.spaces()).text
    with current.library().db.read() as session:
        found = inspections.sheet(session, code, branch_ids=current.branch_ids(), at=current.now())
    problems: tuple[str, ...] = ()
    status = 200
    if request.method == "POST":
        try:
            done = _save(found, place, request.form)
        except Refused as refused:
            problems = tuple(current.sentence(block) for block in refused.blocks)
            status = status_of(refused.blocks)
        else:
            flash(done[1], done[0])
            return redirect(url_for("inspection.cart"), 303)
    view = view_of(Screen.INSPECTION, place, kit_here=_table(found, request.form), problems=problems)
    return render_template("desk/inspection.html", view=view), status


def _save(found: Sheet, place: StationPlace, form: Mapping[str, str]) -> tuple[str, str]:
    """Do what the form says, once; gives the tone and the sentence."""
    by, at = current.actor(at_station=place), current.now()
    steps = {kind: form.get("initials", "").strip()[:8] for kind in TurnaroundStepKind if form.get(f"step-{kind}")}
    marked: dict[int, PartSeen] = {}
    if found.state in _LOOKED_AT:
        marked = _marked(form)
    body = {"kit": found.barcode, **{name: form[name] for name in sorted(form) if name not in ("csrf_token", "key")}}

    def do(session: Session) -> Outcome:
        if found.state not in _LOOKED_AT:
            return _steps_alone(session, found.barcode, steps)
        parts = marked
        if form.get("all_here"):
            # What somebody has marked was seen with their own eyes: the button speaks of the rest.
            parts = all_here(session, kit=found.barcode) | marked
        return inspect(session, kit=found.barcode, parts=parts, steps=steps, at=at, by=by)

    def _steps_alone(session: Session, kit: str, wanted: Mapping[TurnaroundStepKind, str]) -> StepRecorded:
        last = None
        for kind, proof in wanted.items():
            last = record_step(session, kit=kit, kind=kind, proof=proof, at=at, by=by)
        if last is None:
            left = [step.kind.value for step in found.steps if step.done_at is None]
            left += [TurnaroundStepKind.LINE_ACTIVE.value] if found.line_ended else []
            raise Refused.because(Reason.STEPS_NOT_DONE, kit=kit, steps=left)
        return last

    key = form.get("key", "")
    if not 8 <= len(key) <= 80:
        raise UnprocessableEntity("key")
    result = current.library().db.act(
        lambda session: once(
            session, by=by, key=key, body=body, at=at, do=lambda: do(session), again=lambda act: outcome(session, act)
        )
    )
    told = said(result, current.reader())
    return told.tone.value, told.sentence


def _marked(form: Mapping[str, str]) -> dict[int, PartSeen]:
    """What the form says of each part it names; a part without a mark is not named, and so is asked for again."""
    marked = {}
    for name, value in form.items():
        kind, dash, number = name.partition("-")
        if kind != "part" or not dash:
            continue
        if not number.isascii() or not number.isdigit() or len(number) > 15 or value not in set(Found):
            raise UnprocessableEntity(name)
        damaged = value == Found.DAMAGED
        marked[int(number)] = PartSeen(
            Found(value),
            form.get(f"note-{number}", "")[:LONGEST_NOTE],
            charge_cents=_cents(form.get(f"charge-{number}", "")) if damaged else 0,
        )
    return marked


def _cents(dollars: str) -> int:
    """What is asked for damage, in whole cents; nothing typed is nothing asked."""
    typed = dollars.strip().removeprefix("$").replace(",", "")
    if not typed:
        return 0
    if not _DOLLARS.fullmatch(typed):
        raise Refused.because(Reason.VALUE_WRONG, field="charge_cents")
    return round(float(typed) * 100)


def _table(found: Sheet, form: Mapping[str, str]) -> dict[str, Any]:
    reader = current.reader()
    back = ""
    if found.received_at is not None:
        back = _("back since %(moment)s", moment=reader.moment(found.received_at))
        if found.book_drop:
            back = _("from the book drop, counted as of %(moment)s", moment=reader.moment(found.received_at))
    return {
        "code": found.barcode,
        "kit_type": found.kit_type,
        "action": request.path,
        "key": new_public_id(),
        "back": back,
        "may_charge": found.received_at is not None,
        "looked_at": found.state not in _LOOKED_AT,
        "all_here": COMMANDS["all_here"],
        "line_url": url_for("kits.show", barcode=found.barcode) if found.line_ended else None,
        "repaired_url": url_for("kits.say", barcode=found.barcode, what="repaired")
        if found.state is KitState.REPAIR and current.may(Act.CHANGE_KIT, found.branch_id)
        else None,
        "slip_url": url_for("slips.inspection", barcode=found.barcode),
        "parts": [
            {
                "id": part.part_id,
                "name": part.name,
                "code": part.tag or "",
                "quantity": part.quantity,
                "returnable": part.returnable,
                "photo_url": url_for("pictures.show", public_id=part.photo) if part.photo else None,
                "note": form.get(f"note-{part.part_id}", ""),
                "charge": form.get(f"charge-{part.part_id}", ""),
                "state": form.get(f"part-{part.part_id}") or (part.known.value if part.known else ""),
            }
            for part in found.parts
        ],
        "steps": [
            {
                "name": step.kind.value,
                "label": _(STEPS[step.kind]),
                "done": step.done_at is not None,
                "done_by": f"{step.done_by}, {reader.moment(step.done_at)}" if step.done_at and step.done_by else "",
            }
            for step in found.steps
        ],
    }
