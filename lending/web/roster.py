"""The people of a session: its roster, on paper too, its desk, and what may be done with one person's seat.

Source: RULES 4, "Cohort desk"; SCREENS, "Cohort", "Enrol or reserve for someone".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.domain.permissions import Act
from lending.domain.states import EnrolmentState
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort
from lending.phrases import Reader
from lending.programs.withdrawal import no_shows as missed
from lending.programs.withdrawal import release_no_shows
from lending.queries import enrolments as queries
from lending.queries import short_names
from lending.queries.branches import branches
from lending.queries.enrolling import open_sessions
from lending.queries.enrolments import KitStanding, SeatShown
from lending.queries.staff import StationPlace
from lending.web import current, finding, joining
from lending.web.access import allow
from lending.web.desk import scanning_page, station_or_choose
from lending.web.forms import KeyedForm
from lending.web.names import names
from lending.web.posting import NotDone, posted, status
from lending.web.scanning import Screen
from lending.web.standing import kit_words, seat_words
from lending.wording import status_of

bp = Blueprint("roster", __name__)


@bp.route("/session-desk", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def today() -> ResponseReturnValue:
    """Hand out and collect for every session that this branch has to do with today."""
    return _desk("")


@bp.route("/sessions/<code>/desk", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def desk(code: str) -> ResponseReturnValue:
    """Hand out and collect for one session."""
    _session(code)
    return _desk(code)


@bp.get("/session-desk/roster")
@allow(Act.CIRCULATE)
def rows() -> ResponseReturnValue:
    """The roster beside the scans, read again after each of them."""
    place = station_or_choose()
    if not isinstance(place, StationPlace):
        return place
    return render_template("roster/rows.html", **_of_desk(place, request.args.get("code", "")))


@bp.get("/sessions/<code>/roster")
@allow(Act.ENROL)
def show(code: str) -> ResponseReturnValue:
    """Everybody of a session whom this person may see; with ``who=seats`` those whom its figures count."""
    if request.args.get("who") == "seats":
        return _had_a_seat(code)
    return _page(code)


@bp.get("/sessions/<code>/roster/print")
@allow(Act.ENROL)
def on_paper(code: str) -> ResponseReturnValue:
    """The roster to take along: names and codes, and nothing more."""
    held = _session(code)
    with current.library().db.read() as session:
        seats = queries.roster(session, [held.id], by=current.actor())
    shown = _roster(held, [seat for seat in seats if seat.seat is EnrolmentState.ENROLLED])
    return render_template(
        "roster/print.html", roster=shown, paper="letter", print_now=request.args.get("print") == "1"
    )


@bp.route("/sessions/<code>/no-shows", methods=["GET", "POST"])
@allow(Act.ENROL)
def no_shows(code: str) -> ResponseReturnValue:
    """Who missed the mandatory first day, by name; then their seats are freed."""
    held, by, form = _session(code), current.actor(), KeyedForm()
    if posted(form, lambda session, at, by: release_no_shows(session, cohort=code, at=at, by=by)):
        flash(_("Who missed the first day has no seat any more; the next were told."), "done")
        return redirect(url_for("roster.show", code=code), 303)
    if not _may_release(held):
        return redirect(url_for("roster.show", code=code))
    try:
        with current.library().db.read() as session:
            absent = [seat.public_id for seat in missed(session, held, at=current.now())]
            people = short_names.of_seats(session, absent, by=by)
    except Refused as refused:
        sentences = tuple(current.sentence(block) for block in refused.blocks)
        return _page(code, NotDone(sentences, status_of(refused.blocks)))
    page = render_template(
        "roster/no_shows.html",
        form=form,
        people=people,
        heading=_("Free the seats of people who missed the first day"),
        back_url=url_for("roster.show", code=code),
        submit=_("Free these seats"),
    )
    return page, status(form)


@bp.route("/enrol", methods=["GET", "POST"])
@allow(Act.ENROL)
def enrol() -> ResponseReturnValue:
    """Enrol somebody who stands at the desk or is on the telephone: by card, by name, or from their page."""
    return scanning_page(
        Screen.ENROL,
        "roster/enrol.html",
        more=lambda place: {**_choices(place), **_people(request.args.get("q", ""))},
        opening=lambda place: joining.chosen(request.args.get("patron", ""), place),
    )


def _desk(code: str) -> ResponseReturnValue:
    return scanning_page(Screen.COHORT, "roster/desk.html", more=lambda place: _of_desk(place, code))


def _of_desk(place: StationPlace, code: str) -> dict[str, Any]:
    """The sessions of this desk with the people who pick up at its branch."""
    on = current.now().astimezone(ZoneInfo(place.zone)).date()
    with current.library().db.read() as session:
        held = queries.sessions_at(session, branch_id=place.branch_id, today=on, code=code)
        seats = queries.roster(session, [one.id for one in held], by=current.actor(), branch_id=place.branch_id)
    missing_first = sorted(seats, key=lambda seat: seat.kit not in _TO_COME)
    rosters = [_roster(one, [seat for seat in missing_first if seat.cohort == one.code]) for one in held]
    out, kits = queries.kits_out(seats)
    return {"rosters": rosters, "out": out, "kits": kits, "subject": code}


def _page(code: str, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    held = _session(code)
    with current.library().db.read() as session:
        seats = queries.roster(session, [held.id], by=current.actor())
    page = render_template(
        "roster/show.html",
        roster=_roster(held, seats),
        problems=not_done.sentences,
        may_release=held.first_day_mandatory and _may_release(held),
        may_circulate=current.may_anywhere(Act.CIRCULATE),
    )
    return page, not_done.status


def _had_a_seat(code: str) -> ResponseReturnValue:
    """The people behind a figure: of one's own libraries, or of the one that the address names."""
    held, asked = _session(code), request.args.get("branch", "")
    with current.library().db.read() as session:
        own = {one.code for one in branches(session, current.branch_ids())}
        if asked and asked not in own:
            raise Refused.because(Reason.NOT_FOUND)
        shown = {asked} if asked else own
        found = queries.had_a_seat(session, held.id, by=current.actor())
    seats = [seat for seat in found if seat.pickup_branch in shown]
    return render_template("roster/had_a_seat.html", roster=_roster(held, seats))


def _may_release(held: Cohort) -> bool:
    try:
        current.actor().permit_for_program(Act.ENROL, held.program_id)
    except Refused:
        return False
    return True


def _session(code: str) -> Cohort:
    with current.library().db.read() as session:
        found = queries.session_with(session, code)
        if found is None or not queries.may_see(found, by=current.actor()):
            raise Refused.because(Reason.NOT_FOUND)
    return found


def _people(typed: str) -> dict[str, Any]:
    """Those whom a typed name may mean, to choose from; nobody where nothing was typed."""
    query = typed.strip()[: finding.LONGEST]
    return {"query": query, **(finding.people(query) if query else {"patrons": [], "more": False})}


def _choices(place: StationPlace) -> dict[str, Any]:
    """The sessions that people may still join, as the page shows them."""
    reader = current.reader()
    on = current.now().astimezone(ZoneInfo(place.zone)).date()
    with current.library().db.read() as session:
        found = open_sessions(session, branch_id=place.branch_id, today=on, at=current.now(), by=current.actor())
    return {
        "sessions": [
            {
                "code": one.code,
                "scan": one.code if one.code.startswith(PREFIX) else f"{PREFIX}{one.code}",
                "name": one.name,
                "starts_on": reader.day(one.starts_on),
                "ends_on": reader.day(one.ends_on),
                "seats_left": one.seats_left,
                "waiting": one.waiting,
                "kits_left": one.kits_left,
                "kits_waiting": one.kits_waiting,
                "questions": [
                    {"text": question.text_in(reader.locale), "answer": question.answer}
                    for question in one.questions
                    if question.must
                ],
            }
            for one in found
        ]
    }


PREFIX = "CO-"
"""What the printed code of a session begins with, so that no scan takes it for a kit or a card."""


def _roster(held: Cohort, seats: Sequence[SeatShown]) -> dict[str, Any]:
    """A session's people in order, and how many of their kits are out."""
    reader = current.reader()
    out, kits = queries.kits_out(seats)
    return {
        "code": held.code,
        "scan": held.code if held.code.startswith(PREFIX) else f"{PREFIX}{held.code}",
        "name": held.name,
        "dates": _("%(first)s to %(last)s", first=reader.day(held.starts_on), last=reader.day(held.ends_on)),
        "return_by": reader.day(held.return_by),
        "out": out,
        "kits": kits,
        "missing": kits - out,
        "seats": [seat_shown(seat, reader) for seat in seats],
    }


_TO_COME = frozenset({KitStanding.PROMISED, KitStanding.READY})
"""Whose kit is still to be handed out: who is missing, at a glance."""

_TONES = {
    KitStanding.OUT: "out",
    KitStanding.BACK: "done",
    KitStanding.READY: "look",
    KitStanding.PROMISED: "look",
    KitStanding.WAITING: "rest",
    KitStanding.NONE: "rest",
}


def seat_shown(seat: SeatShown, reader: Reader) -> dict[str, Any]:
    """One person's place in a session, as pages show it."""
    return {
        "id": seat.id,
        "name": seat.name or _("somebody"),
        "url": None if seat.patron_id is None else url_for("patrons.show", public_id=seat.patron_id),
        "seat": seat_words(seat, reader),
        "kit": kit_words(seat, reader),
        "word": _("out") if seat.kit is KitStanding.OUT else kit_words(seat, reader),
        "tone": _TONES[seat.kit],
        "barcode": seat.barcode,
        "kit_url": None if seat.barcode is None else url_for("kits.show", barcode=seat.barcode),
        "code": seat.code,
        "branch": names().branch(seat.pickup_branch),
        "change_url": url_for("seats.show", enrolment=seat.id),
    }
