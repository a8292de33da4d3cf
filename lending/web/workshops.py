"""Workshop pages: sign-in by scan, counts without names, views of the recording, a meeting's list of participants.

Attendance and views stand apart on the page, each under its own name. Source: SCREENS, "Workshop sign-in"; RULES 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation.imports.report import BadFile, Problem
from lending.domain.permissions import Act, Role
from lending.import_words import say_problem
from lending.models.base import new_public_id
from lending.models.cohorts import AttendanceMode, HeadCountKind
from lending.programs.participants import ParticipantsImported, import_participants, read_participants, spans
from lending.programs.workshops import (
    COUNTS,
    MODES,
    post_recording,
    record_views,
    set_head_count,
    undo_sign_in,
)
from lending.queries.staff import StationPlace
from lending.queries.workshops import SignInSheet, WorkshopShown, series, sign_in_sheet, workshops_around
from lending.web import current
from lending.web.access import allow
from lending.web.desk import scanning_page, station_or_choose, view_of
from lending.web.posting import Doing, posted, pressed, status
from lending.web.scanning import Screen
from lending.web.workshop_forms import CountForm, ParticipantsForm, RecordingForm, ViewsForm

bp = Blueprint("workshops", __name__)

SHOWN = 50
"""Rows of the log beside the box; the whole list has a page of its own."""


@bp.get("/workshops")
@allow(Act.RECORD_ATTENDANCE)
def index() -> ResponseReturnValue:
    """The workshops near today, the next first."""
    with current.library().db.read() as session:
        near = workshops_around(session, at=current.now(), by=current.actor())
    return render_template("workshops/list.html", workshops=[_line(one) for one in near])


@bp.get("/sessions/<code>/workshops")
@allow(Act.RECORD_ATTENDANCE)
def of_session(code: str) -> ResponseReturnValue:
    """All workshops of a session, and what they count together."""
    with current.library().db.read() as session:
        found = series(session, code, at=current.now(), by=current.actor())
    return render_template(
        "workshops/session.html",
        series=found,
        workshops=[_line(one) for one in found.workshops],
        forecast_url=url_for("forecast.show", code=found.cohort),
        key=new_public_id(),
    )


@bp.route("/workshops/<public_id>", methods=["GET", "POST"])
@allow(Act.RECORD_ATTENDANCE)
def show(public_id: str) -> ResponseReturnValue:
    """Sign-in: one scan each. A lead without a branch has no station to scan at, and counts and posts all the same."""
    found = _sheet(public_id)  # one that is not there is no page to scan at
    if _stands_nowhere():
        return render_template("workshops/show.html", view=None, **_shown(found))
    return scanning_page(
        Screen.WORKSHOP,
        "workshops/show.html",
        lambda place: _shown(_sheet(public_id)),
        rows=lambda: _rows(_sheet(public_id)),
    )


@bp.post("/workshops/<public_id>/counts")
@allow(Act.RECORD_ATTENDANCE)
def count(public_id: str) -> ResponseReturnValue:
    """Set what was counted without names."""
    form, found = CountForm(), _sheet(public_id)

    def do(session: Any, at: Any, by: Any) -> None:
        for kind in _kinds(found.workshop):
            set_head_count(session, workshop=public_id, kind=kind, n=form[kind.value].data, at=at, by=by)

    return _save(public_id, form, do, _("The count is kept."), counts=form)


@bp.post("/workshops/<public_id>/recording")
@allow(Act.RECORD_ATTENDANCE)
def recording(public_id: str) -> ResponseReturnValue:
    """Say from when on the recording can be viewed."""
    form = RecordingForm()
    return _save(
        public_id,
        form,
        lambda session, at, by: post_recording(
            session, workshop=public_id, posted_on=form.posted_on.data, at=at, by=by
        ),
        _("The day of the recording is kept."),
        recording=form,
    )


@bp.post("/workshops/<public_id>/views")
@allow(Act.RECORD_ATTENDANCE)
def views(public_id: str) -> ResponseReturnValue:
    """Set how often the recording was viewed on one day."""
    form = ViewsForm()
    return _save(
        public_id,
        form,
        lambda session, at, by: record_views(
            session, workshop=public_id, day=form.day.data, views=form.count.data, at=at, by=by
        ),
        _("The views of that day are kept. They are not attendance."),
        views=form,
    )


@bp.route("/workshops/<public_id>/people", methods=["GET", "POST"])
@allow(Act.RECORD_ATTENDANCE)
def people(public_id: str) -> ResponseReturnValue:
    """Everybody who signed in; a slip of the scanner is taken back here."""
    problems: Sequence[str] = ()
    code = 200
    found, reader = _sheet(public_id), current.reader()
    if request.method == "POST":
        whose = request.form.get("patron", "")
        not_done = pressed(
            lambda session, at, by: undo_sign_in(session, workshop=public_id, patron=whose, at=at, by=by)
        )
        if not_done is None:
            flash(_("Taken back. Nobody is counted twice."), "done")
            return redirect(url_for("workshops.people", public_id=public_id), 303)
        problems, code = not_done.sentences, not_done.status
    attendees = [
        {
            "name": one.patron_name or _("without a card, or no longer linked"),
            "patron": one.patron,
            "mode": one.mode.value,
            "when": reader.moment(one.at),
        }
        for one in found.attendees
    ]
    page = render_template(
        "workshops/people.html",
        workshop=_line(found.workshop),
        attendees=attendees,
        problems=problems,
        key=new_public_id(),
    )
    return page, code


@bp.route("/workshops/<public_id>/participants", methods=["GET", "POST"])
@allow(Act.RECORD_ATTENDANCE)
def participants(public_id: str) -> ResponseReturnValue:
    """A meeting's list: who of it attended, and how many devices there were. Nothing of it is kept."""
    form, found = ParticipantsForm(), _sheet(public_id)
    problems: list[str] = []
    report: ParticipantsImported | None = None
    code = status(form)
    if form.validate_on_submit():
        problems, report, code = _imported(public_id, form)
    page = render_template(
        "workshops/participants.html",
        form=form,
        workshop=_line(found.workshop),
        problems=problems,
        report=report,
        rows=None if report is None else _rows_in_words(report),
    )
    return page, code


def _imported(public_id: str, form: ParticipantsForm) -> tuple[list[str], ParticipantsImported | None, int]:
    """What is wrong with the file, or what became of it."""
    try:
        given, wrong = read_participants(form.file.data.read())
    except BadFile as bad:
        return [_in_words(bad.problem)], None, 422
    if wrong:
        return [_in_words(problem) for problem in wrong], None, 422
    reports: list[ParticipantsImported] = []
    not_done = pressed(
        lambda session, at, by: reports.append(
            import_participants(session, workshop=public_id, participants=given, at=at, by=by)
        )
    )
    if not_done is not None:
        return list(not_done.sentences), None, not_done.status
    if not reports:
        return [_("This list was taken in a moment ago. Nothing changed.")], None, 409
    return [], reports[-1], 200


def _in_words(problem: Problem) -> str:
    """A problem of a file; its row before it, where it is of one."""
    sentence = say_problem(problem, current.reader().gettext)
    return str(_("Row %(row)s: %(problem)s", row=problem.row, problem=sentence)) if problem.row else sentence


def _rows_in_words(report: ParticipantsImported) -> list[tuple[str, str]]:
    """What became of the rows, by their numbers."""
    listed = (
        (_("Signed in by this list"), report.matched),
        (_("Had signed in already"), report.again),
        (_("Several people of the session have this name: only counted"), report.ambiguous),
        (_("Nobody of the session: only counted"), report.unmatched),
    )
    return [(words, spans(rows)) for words, rows in listed if rows]


def _save(public_id: str, form: Any, do: Doing, told: str, **forms: Any) -> ResponseReturnValue:
    """Do what a form beside the box says, and back to the page; or the page with what is wrong."""
    _sheet(public_id)  # one that this person may not see looks as if there were none
    place = None if _stands_nowhere() else station_or_choose()
    if not (place is None or isinstance(place, StationPlace)):
        return place
    if posted(form, do):
        flash(told, "done")
        return redirect(url_for("workshops.show", public_id=public_id), 303)
    found, view = _sheet(public_id), None
    if place is not None:
        action = url_for("workshops.show", public_id=public_id)
        view = replace(view_of(Screen.WORKSHOP, place), action=action, rows=_rows(found))
    return render_template("workshops/show.html", view=view, wrong=form, **_shown(found, **forms)), status(form)


def _stands_nowhere() -> bool:
    """Whether this person works at no station: a lead is asked for none, and whoever has no branch has none."""
    own = current.branch_ids()
    return (own is not None and not own) or (current.person().role is Role.PROGRAM and current.station() is None)


def _sheet(public_id: str) -> SignInSheet:
    with current.library().db.read() as session:
        return sign_in_sheet(session, public_id, at=current.now(), by=current.actor())


def _kinds(workshop: WorkshopShown) -> list[HeadCountKind]:
    """What can be counted at a workshop, as it is held."""
    return [kind for kind in HeadCountKind if kind not in COUNTS or COUNTS[kind] in MODES[workshop.mode]]


def _shown(found: SignInSheet, **forms: Any) -> Mapping[str, Any]:
    """What the page of a workshop shows besides its box and log."""
    told, reader = found.workshop.told, current.reader()
    counts = forms.get("counts") or CountForm(
        None, onsite=told.in_room, devices=told.devices, peak_viewers=told.peak_viewers, registered=told.registered
    )
    modes = sorted(MODES[found.workshop.mode])
    chosen = request.form.get("mode")
    return {
        "workshop": _line(found.workshop),
        "counted": found.workshop.counted,
        "signed_in": told.named_onsite + told.named_virtual,
        "modes": [mode.value for mode in modes],
        "mode": chosen if chosen in set(AttendanceMode) else modes[0].value,
        "counts": counts,
        "count_fields": [counts[kind.value] for kind in _kinds(found.workshop)],
        "recording": forms.get("recording") or RecordingForm(None, posted_on=told.posted_on),
        "views": forms.get("views") or ViewsForm(None),
        "view_rows": [(reader.day(day), views) for day, views in sorted(told.views.items(), reverse=True)],
    }


def _rows(found: SignInSheet) -> list[dict[str, Any]]:
    """Who signed in, as the log beside the box shows it, the newest first."""
    reader, rows = current.reader(), []
    for one in found.attendees[:SHOWN]:
        in_room = one.mode is AttendanceMode.ONSITE
        rows.append(
            {
                "time": reader.clock(one.at),
                "what": _("Signed in, in the room.") if in_room else _("Signed in, online."),
                "patron": one.patron_name,
                "tone": "done",
            }
        )
    return rows


def _line(workshop: WorkshopShown) -> dict[str, Any]:
    """A workshop as lists and headings show it."""
    return {
        "public_id": workshop.workshop,
        "title": workshop.title,
        "session": workshop.cohort_name,
        "session_url": url_for("workshops.of_session", code=workshop.cohort),
        "when": current.reader().moment(workshop.starts_at),
        "mode": workshop.mode.value,
        "branch": workshop.branch,
        "has_begun": workshop.counted.sessions == 1,
        "counted": workshop.counted,
        "url": url_for("workshops.show", public_id=workshop.workshop),
    }
