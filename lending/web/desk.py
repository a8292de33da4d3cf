"""The desk's pages: card and kit in either order, returns, search; and the scans their queue sends.

The plain forms and the queue go through the same acts; the queue only never waits for a page. Source: SCREENS, "Rules
for every desk screen"; INTERFACES, "Desk".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnprocessableEntity

from lending.circulation.undo import WITHIN
from lending.domain.barcodes import Kind, read
from lending.domain.permissions import Act
from lending.errors import Refused
from lending.models.base import new_public_id
from lending.queries import acts
from lending.queries import desk as queries
from lending.queries.desk import Counters, PatronStrip
from lending.queries.staff import StationPlace
from lending.web import answers, current, finding
from lending.web.access import allow
from lending.web.said import kit_line, said
from lending.web.scanning import COMMANDS, Answer, Scan, Screen, scan_of, scan_of_form
from lending.web.scans import answer
from lending.web.standing import standing, standing_with_a_kit
from lending.wording import Tone

bp = Blueprint("desk", __name__)

LARGEST_SCAN = 16_384
"""Bytes of one scan's JSON: a few codes and a note."""


UNDONE = "rest"
"""The tone of a row whose act was taken back: it is no longer so, and asks for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a scanning page shows; each field is described in ``templates/desk/desk.html``."""

    screen: Screen
    action: str
    key: str
    station: str
    zone: str
    rows: list[dict[str, Any]]
    counters: Counters
    not_done: list[dict[str, Any]]
    not_done_today: int = 0
    patron: dict[str, Any] | None = None
    kit: str | None = None
    date: str | None = None
    date_text: str | None = None
    book_drop: bool = False
    may_set_date: bool = False
    answer: Answer | None = None
    receipt_url: str | None = None
    override: Any = None
    waiting: list[dict[str, Any]] | None = None
    kit_here: dict[str, Any] | None = None
    problems: tuple[str, ...] = ()
    commands = COMMANDS


@bp.route("/desk", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def desk() -> ResponseReturnValue:
    """Card and kit, in either order."""
    return scanning_page(Screen.DESK, "desk/desk.html")


@bp.route("/returns", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def returns() -> ResponseReturnValue:
    """One scan takes a kit back."""
    return scanning_page(Screen.RETURNS, "desk/returns.html")


@bp.post("/desk/scans")
@allow(Act.CIRCULATE, Act.RECORD_ATTENDANCE, Act.TRANSFER_KIT)
def scans() -> ResponseReturnValue:
    """One scan of a page's queue."""
    place = current.station()
    if place is None:
        choose = url_for("account.station", next=url_for("desk.desk"))
        return jsonify(say=_("Choose your station first."), tone=Tone.STOP, row=None, go=choose), 409
    if len(request.get_data()) > LARGEST_SCAN:
        raise RequestEntityTooLarge
    try:
        given = request.get_json()
    except RecursionError:
        raise BadRequest from None
    if not isinstance(given, dict):
        raise UnprocessableEntity("object")
    scan = scan_of(given)
    found = _another_station() if scan.station and scan.station != place.address else answer(scan, place)
    return jsonify(_as_json(found)), found.status


@bp.get("/search")
@allow(Act.FIND_PATRON)
def search() -> ResponseReturnValue:
    """A kit, a part or a patron; names from three letters on, and each such search is journalled.

    An exact code goes straight to what it means.
    """
    found = finding.find(request.args.get("q", ""))
    return redirect(found["go"]) if found["go"] else render_template("desk/search.html", **found)


def station_or_choose() -> StationPlace | ResponseReturnValue:
    """Where this browser stands, or the way to choose."""
    return current.station() or redirect(url_for("account.station", next=request.full_path.rstrip("?")))


def scanning_page(
    screen: Screen,
    template: str,
    more: Callable[[StationPlace], Mapping[str, Any]] | None = None,
    *,
    rows: Callable[[], list[dict[str, Any]]] | None = None,
    opening: Callable[[StationPlace], Answer | None] | None = None,
) -> ResponseReturnValue:
    """A page that is scanned at, and what its plain form posts.

    ``more`` gives what else the template shows, ``rows`` a log of its own instead of the station's; both are read after
    the scan was answered. ``opening`` is what the page says before anything was scanned.
    """
    place = station_or_choose()
    if not isinstance(place, StationPlace):
        return place
    scan, found = None, None
    if request.method == "POST":  # the head of a page needs no token, so nothing sent with it is a scan
        scan = scan_of_form(request.form, screen)
        if not request.form.get("clear_date"):
            other = scan.station and scan.station != place.address
            found = _another_station() if other else answer(scan, place)
            if found.go:
                return redirect(found.go, 303)
    elif opening is not None:
        found = opening(place)
    view = view_of(screen, place, scan=scan, found=found)
    if rows is not None:
        view = replace(view, rows=rows())
    page = render_template(template, view=view, **(more(place) if more is not None else {}))
    return page, 200 if found is None else found.status


def _another_station() -> Answer:
    """The station was changed in another window; a scan never lands at a place that its page does not show."""
    return Answer(
        _("This page belongs to another station. Nothing changed. Load the page again."),
        Tone.STOP,
        409,
        at=current.now(),
        same_patron=True,
        moved={"not_done": 1},
    )


def view_of(
    screen: Screen, place: StationPlace, *, scan: Scan | None = None, found: Answer | None = None, **more: Any
) -> View:
    """A scanning page as it stands after ``found``, or fresh."""
    answers.let_camera()
    reader, at = current.reader(), current.now()
    since = datetime.combine(at.astimezone(ZoneInfo(place.zone)).date(), time(0), ZoneInfo(place.zone))
    patron = found.patron if found is not None else None
    with current.library().db.read() as session:
        log = acts.station_log(session, place.station_id, since=since)
        counters = queries.counters(session, place.station_id, since=since)
        if scan is not None and scan.patron and (found is None or found.same_patron):
            try:
                patron = queries.strip_by_card(session, scan.patron, branch_id=place.branch_id, zone=place.zone, at=at)
            except Refused:
                patron = None
    rows = log_rows(log)
    stopped = found is not None and found.tone in (Tone.STOP, Tone.AGAIN)
    if found is not None and stopped and found.is_row:
        rows.insert(0, _row(found))
    on = scan.date if scan is not None and not request.form.get("clear_date") else None
    keeps_date = on is not None and (patron is not None or screen is Screen.RETURNS)
    return View(
        screen=screen,
        action=request.path,
        key=new_public_id(),
        station=place.address,
        zone=place.zone,
        rows=rows,
        not_done=[_row(found)] if found is not None and found.tone is Tone.STOP else [],
        not_done_today=1 if found is not None and found.tone is Tone.STOP else 0,
        counters=counters,
        patron=None if patron is None else strip_json(patron),
        kit=None if found is None else found.kit,
        date=on.isoformat() if on is not None and keeps_date else None,
        date_text=reader.day(on) if on is not None and keeps_date else None,
        book_drop=scan is not None and scan.book_drop,
        may_set_date=screen is Screen.RETURNS or current.may(Act.SET_DUE_DATE, place.branch_id),
        answer=found,
        receipt_url=_receipt_url(found) or (_last_receipt(log) if screen in _WITH_RECEIPTS else None),
        override=None if found is None else found.offer,
        **more,
    )


def log_rows(log: list[acts.Logged]) -> list[dict[str, Any]]:
    """The station's acts in words, newest first; only the newest may offer Undo, while it can be taken back."""
    reader, rows = current.reader(), []
    for place_in_log, logged in enumerate(log):
        done = said(logged.outcome, reader)
        fresh = current.now() - logged.recorded_at <= WITHIN
        rows.append(
            {
                "time": reader.clock(logged.recorded_at),
                "what": done.sentence,
                "kit": done.kit,
                "kit_url": url_for("kits.show", barcode=done.kit),
                "patron": logged.patron_name,
                "tone": UNDONE if logged.taken_back else done.tone.value,
                "undo": place_in_log == 0 and done.undoable and fresh and not logged.taken_back,
                "resolve_url": None,
                "receipt_url": None if logged.taken_back else _receipt_of(done.loan, done.moved),
            }
        )
    return rows


def strip_json(strip: PatronStrip) -> dict[str, Any]:
    """The patron strip as a page shows it: no surname, no address, no number but the card's."""
    reader, at = current.reader(), current.now()
    ready = ""
    if strip.ready_kit is not None:
        ready = strip.ready_kit
        if strip.ready_until is not None:
            ready = _("%(kit)s until %(day)s", kit=strip.ready_kit, day=reader.day(strip.ready_until))
    return {
        "public_id": strip.public_id,
        "card": strip.card,
        "short_name": strip.short_name,
        "card_good_until": reader.month(strip.expires_on) if strip.expires_on else _("further notice"),
        "session": ". ".join(standing(one, reader) for one in strip.seats),
        "session_with_a_kit": ". ".join(standing_with_a_kit(one, reader) for one in strip.seats),
        "ready_to_pick_up": ready,
        "kits_out": strip.kits_out,
        "limit": strip.limit,
        "kit_lines": [kit_line(kit.kit, kit.due_at, reader, state=kit.state, at=at) for kit in strip.kits],
        "url": url_for("patrons.show", public_id=strip.public_id),
        "owes_cents": strip.owes_cents,
        "agreement_missing": strip.agreement_missing,
        "reasons": [current.sentence(block) for block in strip.blocks],
    }


def _as_json(found: Answer) -> dict[str, Any]:
    body: dict[str, Any] = {
        "say": found.say,
        "tone": found.tone.value,
        "row": _row(found) if found.is_row else None,
        "kit": found.kit,
        "moved": dict(found.moved),
        "kit_line": found.kit_line,
        "receipt_url": _receipt_url(found),
        "override": None,
        "signed": found.signed,
        "go": found.go,
    }
    if found.offer is not None:
        offer = found.offer
        body["override"] = {
            "code": offer.code,
            "patron": offer.patron,
            "reasons": offer.reasons,
            "sentences": offer.sentences,
        }
    if not found.same_patron:
        body["patron"] = None if found.patron is None else strip_json(found.patron)
    return body


def _row(found: Answer) -> dict[str, Any]:
    at = found.at or current.now()
    kit = found.code if _is_kit(found.code) else ""  # a card or a part is named by the sentence
    return {
        "time": current.reader().clock(at),
        "what": found.say,
        "kit": kit,
        "kit_url": url_for("kits.show", barcode=kit) if kit else None,
        "patron": found.who,
        "tone": found.tone.value,
        "undo": found.undo,
        "act": found.is_act,
        "resolve_url": found.resolve_url,
        "receipt_url": _receipt_of(found.receipt_loan, found.moved),
    }


def _is_kit(code: str) -> bool:
    return read(code, current.spaces()).kind is Kind.KIT


_WITH_RECEIPTS = frozenset({Screen.DESK, Screen.RETURNS, Screen.COHORT})


def _last_receipt(log: list[acts.Logged]) -> str | None:
    """The receipt that Alt+P prints on a page that was just loaded: of the newest act that has one."""
    for logged in log:
        loan = said(logged.outcome, current.reader()).loan
        if loan is not None and not logged.taken_back:
            return url_for("slips.receipt", loan=loan, print=1)
    return None


def _receipt_of(loan: str | None, moved: Mapping[str, int]) -> str | None:
    """The receipt in the row of a check-out, which is what a patron comes back to ask for."""
    return url_for("slips.receipt", loan=loan, print=1) if loan is not None and moved.get("out") == 1 else None


def _receipt_url(found: Answer | None) -> str | None:
    if found is not None and found.slip is not None:
        return url_for("shelf.slip", reservation=found.slip, print=1)
    if found is None or found.receipt_loan is None:
        return None
    return url_for("slips.receipt", loan=found.receipt_loan, print=1)  # asked for at the desk: it prints at once
