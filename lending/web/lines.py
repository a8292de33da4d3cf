"""The lines' page: what the carriers are to be asked today, as a list and a file; what they did; lines nobody uses.

Source: RULES 6, "Hotspot lines".
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from flask_wtf.file import FileField, FileRequired

from lending.circulation.imports.report import BadFile, Fault
from lending.circulation.imports.sheets import read_sheet
from lending.circulation.lines import confirm_lines, note_asked
from lending.domain.permissions import Act
from lending.import_words import say_problem
from lending.models.base import new_public_id
from lending.queries.lines import ACTIONS, IDLE_DAYS, LineAsked, LineIdle, carrier_file, idle_lines, lines_asked
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm
from lending.web.posting import NotDone, pressed

bp = Blueprint("lines", __name__)

MOST = 2000
"""Lines of one file."""


class ConfirmForm(KeyedForm):
    """The file in which a carrier says what it did."""

    file = FileField(
        lazy_gettext("The carrier's answer"),
        description=lazy_gettext("CSV or XLSX with a column 'number': every line in it is confirmed."),
        validators=[FileRequired(lazy_gettext("Choose a file."))],
    )


@bp.get("/lines")
@allow(Act.CHANGE_KIT)
def index() -> ResponseReturnValue:
    """What is asked of the carriers, and the lines that are idle."""
    return _page(ConfirmForm())


@bp.get("/lines.csv")
@allow(Act.CHANGE_KIT)
def export() -> ResponseReturnValue:
    """What is asked, for a carrier."""
    carrier = request.args.get("carrier", "")[:80] or None
    with current.library().db.read() as session:
        text = carrier_file(lines_asked(session, branch_ids=current.branch_ids(), carrier=carrier))
    headers = {"Content-Disposition": "attachment; filename=lines.csv"}
    return Response(text, content_type="text/csv; charset=utf-8", headers=headers)


@bp.post("/lines/<any(asked,confirmed):answer>")
@allow(Act.CHANGE_KIT)
def say(answer: str) -> ResponseReturnValue:
    """The lines that were ticked were put before their carriers, or the carriers did what was asked."""
    numbers = request.form.getlist("number")
    if not numbers:
        return _page(ConfirmForm(), NotDone((_("Tick the lines first."),), 422))
    if answer == "asked":
        not_done = pressed(lambda session, at, by: note_asked(session, numbers=numbers, at=at, by=by))
        told = ngettext("%(num)s line is noted as asked for.", "%(num)s lines are noted as asked for.", len(numbers))
    else:
        not_done = pressed(lambda session, at, by: confirm_lines(session, numbers=numbers, at=at, by=by))
        told = _confirmed(len(numbers))
    if not_done is not None:
        return _page(ConfirmForm(), not_done)
    flash(told, "done")
    return redirect(url_for("lines.index"), 303)


@bp.post("/lines/answers")
@allow(Act.CHANGE_KIT)
def upload() -> ResponseReturnValue:
    """A carrier's file: every line in it is confirmed, or none."""
    form = ConfirmForm()
    if not form.validate_on_submit():
        return _page(form, NotDone((), 422))
    try:
        numbers = _numbers(form.file.data.read())
    except BadFile as bad:
        form.file.errors = [say_problem(bad.problem, current.reader().gettext)]
        return _page(form, NotDone((), 422))
    not_done = pressed(lambda session, at, by: confirm_lines(session, numbers=numbers, at=at, by=by))
    if not_done is not None:
        return _page(form, not_done)
    flash(_confirmed(len(numbers)), "done")
    return redirect(url_for("lines.index"), 303)


def _numbers(data: bytes) -> list[str]:
    """The lines that a file names. ``BadFile`` when there is no column of numbers."""
    sheet = read_sheet(data, most=MOST)
    if not sheet.rows:
        raise BadFile(Fault.EMPTY, expected=["number"])
    if "number" not in sheet.columns:
        raise BadFile(
            Fault.WRONG_COLUMNS, missing=["number"], unknown=[], found=list(sheet.columns), expected=["number"]
        )
    place = sheet.columns.index("number")
    return sorted({cells[place] for _row, cells in sheet.rows if cells[place]})


def _confirmed(count: int) -> str:
    return str(ngettext("%(num)s line is confirmed.", "%(num)s lines are confirmed.", count))


def _page(form: ConfirmForm, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    own = current.branch_ids()
    with current.library().db.read() as session:
        asked = lines_asked(session, branch_ids=own)
        idle = idle_lines(session, branch_ids=own, at=current.now())
    page = render_template(
        "lines/list.html",
        form=form,
        problems=not_done.sentences,
        asked=[_asked(line) for line in asked],
        carriers=sorted({line.carrier for line in asked}),
        idle=[_idle(line) for line in idle],
        idle_days=IDLE_DAYS,
        key=new_public_id(),
    )
    return page, not_done.status


def _asked(line: LineAsked) -> dict[str, Any]:
    words = {"suspend": _("Suspend"), "restore": _("Restore")}
    return {
        "number": line.number,
        "iccid": line.iccid,
        "carrier": line.carrier,
        "plan": line.plan,
        "what": words[ACTIONS[line.state]],
        "kit": line.kit,
        "kit_url": url_for("kits.show", barcode=line.kit),
        "branch": line.branch_name,
        "since": current.reader().day(line.since) if line.since else None,
        "asked": line.asked,
    }


def _idle(line: LineIdle) -> dict[str, Any]:
    return {
        "number": line.number,
        "carrier": line.carrier,
        "plan": line.plan,
        "kit": line.kit,
        "kit_url": url_for("kits.show", barcode=line.kit),
        "branch": line.branch_name,
        "since": current.reader().day_and_year(line.since) if line.since else None,
    }
