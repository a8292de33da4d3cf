"""Imports: a file of patrons, kits, branches or kit types, from its upload to the undoing of it.

Nothing is written before every row was checked, and then all of it or nothing. Everything works without a script: a
page that waits for a large file asks for itself again. Source: SCREENS, "imports ... with template, column matching,
check report by row, progress bar, undo within 24 h".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from flask_wtf.file import FileField
from sqlalchemy.orm import Session
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from lending.circulation.imports.columns import TEMPLATES, Template
from lending.circulation.imports.matching import guess
from lending.circulation.imports.report import BadFile
from lending.circulation.imports.runs import (
    STALE_AFTER,
    UNDO_WITHIN,
    begin_reading,
    choose_columns,
    discard,
    give_file,
)
from lending.circulation.imports.sheets import LARGEST_BYTES, Sheet, read_sheet
from lending.circulation.imports.undoing import undo_import
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.import_words import FORMS, say_problem
from lending.models.base import new_public_id
from lending.models.setting_up import ImportState
from lending.queries import imports as queries
from lending.queries.imports import RunShown
from lending.web import current, import_templates
from lending.web.access import allow
from lending.web.forms import KeyedForm
from lending.web.importing import problem_of, read_file
from lending.web.posting import NotDone, posted, pressed, status

bp = Blueprint("imports", __name__, url_prefix="/administration/imports")

KINDS = {
    "patrons": lazy_gettext("Patrons"),
    "kits": lazy_gettext("Kits"),
    "branches": lazy_gettext("Libraries"),
    "kit-types": lazy_gettext("Kinds of kit"),
}
_STATES = {
    ImportState.UPLOADED: ("look", lazy_gettext("not imported yet")),
    ImportState.DONE: ("done", lazy_gettext("imported")),
    ImportState.UNDONE: ("rest", lazy_gettext("undone")),
    ImportState.DISCARDED: ("rest", lazy_gettext("discarded")),
}
_NEEDED = lazy_gettext("Fill this in.")
RELOAD_SECONDS = 4
"""How often a page that waits asks for itself again."""


class FileForm(KeyedForm):
    """A file, and what its rows are."""

    kind = SelectField(
        lazy_gettext("What is in the file?"), choices=[SelectChoice(kind, words) for kind, words in KINDS.items()]
    )
    file = FileField(
        lazy_gettext("File"),
        description=lazy_gettext("CSV in UTF-8, or an XLSX workbook, whose first row names the columns."),
        validators=[InputRequired(_NEEDED)],
        render_kw={"accept": ".csv,.tsv,.txt,.xlsx"},
    )


@bp.get("")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """The latest imports, and the templates."""
    with current.library().db.read() as session:
        found = queries.runs(session)
    return render_template("imports/list.html", runs=[_line(run) for run in found], kinds=KINDS)


@bp.get("/templates/<kind>.<any(csv,xlsx):form>")
@allow(Act.ADMINISTER)
def template(kind: str, form: str) -> ResponseReturnValue:
    """A file with the right columns and one example, to be filled in."""
    found = TEMPLATES.get(kind)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    content, mimetype = import_templates.MADE[form](found)
    headers = {"Content-Disposition": f'attachment; filename="{kind}.{form}"'}
    return Response(content, mimetype=mimetype, headers=headers)


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def new() -> ResponseReturnValue:
    """Give a file; its columns are guessed."""
    form = FileForm()
    sheet, content = _sheet_of(form) if form.validate_on_submit() else (None, b"")
    made: list[str] = []

    def do(session: Session, at: datetime, by: Actor) -> None:
        assert sheet is not None  # noqa: S101 - a form without a sheet is not posted
        match = guess(sheet.columns, TEMPLATES[form.kind.data])
        given = {"kind": form.kind.data, "file_name": form.file.data.filename or "", "content": content}
        made[:] = [give_file(session, **given, columns=sheet.columns, match=match, at=at, by=by)]

    if sheet is not None and posted(form, do):
        target = url_for("imports.show", run=made[0]) if made else url_for("imports.index")
        return redirect(target, 303)
    page = render_template(
        "imports/new.html", form=form, heading=_("Import a file"), submit=_("Go on"), back_url=url_for("imports.index")
    )
    return page, status(form)


def _sheet_of(form: FileForm) -> tuple[Sheet | None, bytes]:
    """The file as a sheet; what stands in the way is told at the field."""
    content = form.file.data.read(LARGEST_BYTES + 1)
    try:
        sheet = read_sheet(content)
        if not sheet.columns:
            TEMPLATES[form.kind.data].require(sheet)
    except BadFile as bad:
        form.file.errors = [say_problem(bad.problem, _)]
        return None, b""
    return sheet, content


@bp.get("/<run>")
@allow(Act.ADMINISTER)
def show(run: str) -> ResponseReturnValue:
    """One import: its columns, what was found, how far it is, or what it did."""
    return _page(_run(run))


@bp.post("/<run>/columns")
@allow(Act.ADMINISTER)
def columns(run: str) -> ResponseReturnValue:
    """Say which column is which, and check every row."""
    found = _run(run)
    match = {field: name for field in _fields(found) if (name := request.form.get(f"field-{field}", ""))}
    return _reading(found, keep=False, before=lambda session, by: choose_columns(session, run=run, match=match, by=by))


@bp.post("/<run>/import")
@allow(Act.ADMINISTER)
def carry_out(run: str) -> ResponseReturnValue:
    """Import all of it, if nothing is wrong by now."""
    return _reading(_run(run), keep=True, before=lambda session, by: None)


@bp.post("/<run>/discard")
@allow(Act.ADMINISTER)
def forget(run: str) -> ResponseReturnValue:
    """Forget a file that was not imported."""
    found = _run(run)
    not_done = pressed(lambda session, at, by: discard(session, run=run, at=at, by=by))
    if not_done is not None:
        return _page(found, not_done)
    flash(_("The file is forgotten."), "done")
    return redirect(url_for("imports.index"), 303)


@bp.post("/<run>/undo")
@allow(Act.ADMINISTER)
def undo(run: str) -> ResponseReturnValue:
    """Undo an import of the last 24 hours."""
    found = _run(run)
    not_done = pressed(lambda session, at, by: undo_import(session, run=run, at=at, by=by))
    if not_done is not None:
        return _page(found, not_done)
    flash(_("The import is undone."), "done")
    return redirect(url_for("imports.show", run=run), 303)


def _reading(found: RunShown, *, keep: bool, before: Any) -> ResponseReturnValue:
    """Have the file read, once for the key of the form; the page then shows what came of it."""
    at, by = current.now(), current.actor()

    def do(session: Session, at: datetime, by: Actor) -> None:
        before(session, by)
        begin_reading(session, run=found.run, at=at, by=by)

    not_done = pressed(do)
    if not_done is not None:
        return _page(found, not_done)
    read_file(current.library(), found.run, keep=keep, rows=_rows_of(found), at=at, by=by)
    return redirect(url_for("imports.show", run=found.run), 303)


def _rows_of(found: RunShown) -> int:
    """About how many rows the file has: known once it was read, else worked out from its size."""
    if found.rows:
        return found.rows
    with current.library().db.read() as session:
        content = queries.content_of(session, found.run) or b""
    return len(content) // 20 if content.startswith(b"PK") else content.count(b"\n")


def _run(run: str) -> RunShown:
    with current.library().db.read() as session:
        found = queries.run_shown(session, run)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def _template(found: RunShown) -> Template:
    return TEMPLATES[found.kind]


def _fields(found: RunShown) -> list[str]:
    return [*_template(found).required, *_template(found).optional]


def _page(found: RunShown, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    now, report = current.now(), dict(found.report or {})
    busy = found.busy_since is not None and now <= found.busy_since + STALE_AFTER
    undo_until = found.done_at + UNDO_WITHIN if found.state is ImportState.DONE and found.done_at else None
    page = render_template(
        "imports/show.html",
        run=found,
        kind=KINDS[found.kind],
        state=_STATES[found.state],
        busy=busy,
        percent=100 * found.rows_done // found.rows if found.rows else None,
        fields=[_field(found, name) for name in _fields(found)],
        unmatched=[name for name in found.names if name not in found.match.values()],
        report=report,
        findings=[_finding(kept) for kept in report.get("problems", ())],
        may_import=bool(report) and not report.get("wrong") and not report.get("failed") and report.get("rows", 0) > 0,
        undo_until=current.reader().moment(undo_until) if undo_until is not None and now <= undo_until else None,
        problems=not_done.sentences,
        key=new_public_id(),
    )
    answer = make_response(page, not_done.status)
    if busy:
        answer.headers["Refresh"] = str(RELOAD_SECONDS)
    return answer


def _field(found: RunShown, name: str) -> dict[str, Any]:
    form = _(FORMS[found.kind, name])
    return {
        "name": name,
        "required": name in _template(found).required,
        "form": form[:1].upper() + form[1:],
        "chosen": found.match.get(name, ""),
    }


def _finding(kept: dict[str, Any]) -> dict[str, Any]:
    problem = problem_of(kept)
    return {"row": problem.row, "column": problem.column, "sentence": say_problem(problem, _)}


def _line(run: RunShown) -> dict[str, Any]:
    tone, state = _STATES[run.state]
    counts = []
    if run.rows_added:
        counts.append(ngettext("%(num)s new", "%(num)s new", run.rows_added))
    if run.rows_changed:
        counts.append(ngettext("%(num)s changed", "%(num)s changed", run.rows_changed))
    return {
        "url": url_for("imports.show", run=run.run),
        "file_name": run.file_name,
        "kind": KINDS[run.kind],
        "tone": tone,
        "state": state,
        "what": ", ".join(counts),
        "who": run.by,
        "at": current.reader().day_and_year(run.made_at),
    }
