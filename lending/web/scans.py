"""One scan at a desk: what it is, the act it asks for, and what is said about it.

A refusal changes nothing and names the way out (``stops.py``). Source: RULES 1, 2 and 5; SCREENS; INTERFACES, "Desk".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.checkout import check_out
from lending.circulation.kits import find
from lending.circulation.renewal import renew, set_due_date
from lending.circulation.returns import Receipt, return_kit
from lending.circulation.transfers import arrive
from lending.circulation.turnaround import IN_HAND
from lending.circulation.undo import undo
from lending.domain.barcodes import DEVICE_NUMBERS, Code, Kind, read
from lending.domain.permissions import Act
from lending.domain.states import EnrolmentState, KitState
from lending.errors import Reason, Refused
from lending.models.policies import Signing
from lending.phrases import isolated, one_stop
from lending.queries import acts, desk
from lending.queries.acts import Outcome, due_by_hand
from lending.queries.desk import PatronStrip
from lending.queries.enrolments import Standing
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.attending import attend
from lending.web.counting import count_kit
from lending.web.handing_out import counted, session_desk
from lending.web.joining import accept, accept_for, by_name, enrol_by_scan
from lending.web.outcomes.kit_scans import at_own_screen, begin_use, is_use, take_back, use_by_scan
from lending.web.said import said
from lending.web.scan_acts import Handler, act_for, kit_code
from lending.web.scanning import COMMANDS, Answer, Scan, Screen, told
from lending.web.sending import send_or_receive
from lending.web.shelf_scans import put_on_shelf
from lending.web.stops import not_a_label, stopped
from lending.web.waiting import begin_exchange, exchange_by_scan, is_exchange, remember_kit, with_strip
from lending.wording import Tone


def answer(scan: Scan, place: StationPlace) -> Answer:
    """Do what a scan asks for, and say what came of it. ``Refused`` only for ``BUSY``: that scan is sent again."""
    code = read(scan.code, current.spaces())
    try:
        return replace(counted(_dispatch(scan, place, code), scan, place), at=current.now())
    except Refused as refused:
        if any(block.reason is Reason.BUSY for block in refused.blocks):
            raise
        # What a command began goes on: another kit may be scanned in the place of the one that was refused.
        waits = scan.kit if is_exchange(scan) or is_use(scan) else None
        return replace(stopped(scan, place, code, refused.blocks), at=current.now(), kit=waits)


def _dispatch(scan: Scan, place: StationPlace, code: Code) -> Answer:
    if scan.unread:
        raise Refused(*scan.unread)
    if not code.text:
        raise Refused.because(Reason.CODE_EMPTY)
    if code.kind is Kind.COMMAND:
        return _command(scan, place, code)
    if code.kind is Kind.UNKNOWN and scan.screen is Screen.ENROL and (named := by_name(scan)) is not None:
        return named
    if code.kind in (Kind.PART, Kind.UNKNOWN) or code.kind in DEVICE_NUMBERS:
        raise Refused(not_a_label(code))
    return _SCREENS[scan.screen](scan, place, code)


# --- Desk -------------------------------------------------------------------------------------------------------------


def _at_desk(scan: Scan, place: StationPlace, code: Code) -> Answer:
    """A card or a kit, in either order."""
    if code.kind is Kind.PATRON:
        return _show_patron(scan, place, code)
    if is_exchange(scan):
        return exchange_by_scan(scan, place, code)
    if is_use(scan):
        return use_by_scan(scan, place, code, _card_on_screen(scan, place))
    if scan.patron:
        return _lend(scan, place, kit=kit_code(code), card=_card_of(scan, place))
    return remember_kit(place, code)


def _show_patron(scan: Scan, place: StationPlace, code: Code) -> Answer:
    """A card: show the person; nothing changes but that a session's own desk takes the seat it offered to them. With a
    kit waiting, it is lent to them; an exchange is given up, because a new card is the next patron.
    """
    if scan.kit and not (is_exchange(scan) or is_use(scan)):
        return _lend_waiting(scan, place, code)
    strip = _strip_of_card(place, code)
    name = strip.short_name
    if strip.blocks:
        sentences = " ".join(current.sentence(block) for block in strip.blocks)
        unseen = any(block.reason is Reason.NOT_VERIFIED for block in strip.blocks)
        page = url_for("verifying.page" if unseen else "patrons.show", public_id=strip.public_id)
        return Answer(f"{isolated(name)}: {sentences}", Tone.LOOK, who=name, patron=strip, resolve_url=page)
    offer = _offer_to(strip, scan)
    own_desk = offer is not None and scan.screen is Screen.COHORT and offer.seat.cohort == scan.subject
    if offer is not None and own_desk and current.may(Act.ENROL, offer.branch_id):
        return accept(scan, place, code.text, offer.seat.id)
    if offer is not None and offer.seat.offered_until is not None:
        sentence = _(
            "A seat in %(session)s is offered to %(patron)s until %(day)s.",
            session=offer.session,
            patron=isolated(name),
            day=current.reader().day(offer.seat.offered_until),
        )
        return Answer(one_stop(sentence), Tone.LOOK, who=name, patron=strip)
    if strip.ready_kit:
        sentence = _("%(patron)s: %(kit)s is ready to pick up.", patron=isolated(name), kit=strip.ready_kit)
    elif strip.kits_out:
        sentence = _(
            "%(patron)s has %(out)s of %(limit)s kits.", patron=isolated(name), out=strip.kits_out, limit=strip.limit
        )
    elif strip.session:
        sentence = _("%(patron)s, %(session)s. Scan a kit.", patron=isolated(name), session=strip.session)
    else:
        sentence = _("%(patron)s. Scan a kit.", patron=isolated(name))
    return Answer(one_stop(sentence), Tone.DONE, who=name, patron=strip)


def _offer_to(strip: PatronStrip, scan: Scan) -> Standing | None:
    """The seat that is offered to somebody, of the screen's own session before the soonest."""
    offered = [one for one in strip.seats if one.seat.seat is EnrolmentState.OFFERED]
    return min(offered, key=lambda one: one.seat.cohort != scan.subject, default=None)


def _lend_waiting(scan: Scan, place: StationPlace, code: Code) -> Answer:
    """The card of a kit that waits: lent, or told why not; either way the person is shown as they are now."""
    waiting = read(scan.kit or "", current.spaces())
    try:
        found = _lend(scan, place, kit=kit_code(waiting), card=code.text)
    except Refused as refused:
        if any(block.reason in (Reason.BUSY, Reason.CARD_UNKNOWN, Reason.CARD_REPLACED) for block in refused.blocks):
            raise
        found = stopped(scan, place, waiting, refused.blocks)
    strip = _strip_of_card(place, code)
    return replace(found, who=strip.short_name, patron=strip, same_patron=False)


def _strip_of_card(place: StationPlace, code: Code) -> PatronStrip:
    try:
        with current.library().db.read() as session:
            return desk.strip_by_card(session, code.text, branch_id=place.branch_id, zone=place.zone, at=current.now())
    except Refused as refused:
        if code.valid or refused.blocks[0].reason is not Reason.CARD_UNKNOWN:
            raise
        raise Refused.because(Reason.CODE_MISREAD, code=code.text) from None


def _card_of(scan: Scan, place: StationPlace) -> str:
    """The card of the patron a scan belongs to; the page sends the card, a program may send the public id."""
    patron = scan.patron or ""
    if read(patron, current.spaces()).kind is Kind.PATRON:
        return patron
    with current.library().db.read() as session:
        strip = desk.strip_by_public_id(session, patron, branch_id=place.branch_id, zone=place.zone, at=current.now())
    if strip is None or strip.card is None:
        raise Refused.because(Reason.CARD_UNKNOWN, code=patron)
    return strip.card


def _card_on_screen(scan: Scan, place: StationPlace) -> str | None:
    return _card_of(scan, place) if scan.patron else None


def _lend(scan: Scan, place: StationPlace, *, kit: str, card: str) -> Answer:
    """A kit is lent; to somebody whom only the seat was missing that is offered to them, with that seat."""
    try:
        return _check_out(scan, place, kit=kit, card=card)
    except Refused as refused:
        only_a_seat = [block.reason for block in refused.blocks] == [Reason.NOT_IN_COHORT]
        taken = accept_for(scan, place, card, kit) if only_a_seat else None
        if taken is None:
            raise
    lent = _check_out(scan, place, kit=kit, card=card)
    return replace(lent, say=f"{taken.say} {lent.say}")


def _check_out(scan: Scan, place: StationPlace, *, kit: str, card: str) -> Answer:
    by, at = current.actor(at_station=place), current.now()

    def do(session: Session) -> Outcome:
        out = check_out(
            session,
            kit=kit,
            patron=card,
            branch_id=place.branch_id,
            at=at,
            by=by,
            override=scan.override,
            signed=Signing.AT_DESK if scan.agreement else None,
        )
        if scan.date is None:
            return out
        why = scan.override.note or "at check-out"
        return due_by_hand(out, set_due_date(session, kit=kit, on=scan.date, reason=why, at=at, by=by))

    done = said(act_for(scan, by, at, do), current.reader())
    return replace(told(done), same_patron=True)


# --- Returns and inspection -------------------------------------------------------------------------------------------


def _take_back(scan: Scan, place: StationPlace, code: Code) -> Answer:
    kit = kit_code(code)
    by, at = current.actor(at_station=place), current.now()

    def do(session: Session) -> Outcome:
        return return_kit(
            session,
            kit=kit,
            branch_id=place.branch_id,
            at=at,
            by=by,
            received_at=None if scan.date is None else _on_that_day(session, scan.date, place, at),
            receipt=Receipt.BOOK_DROP if scan.book_drop else Receipt.COUNTER,
        )

    try:
        return told(said(act_for(scan, by, at, do), current.reader()))
    except Refused as refused:
        if [block.reason for block in refused.blocks] != [Reason.NOT_ON_LOAN]:
            raise
        return _arrive(scan, place, kit, refused)


def _arrive(scan: Scan, place: StationPlace, kit: str, not_out: Refused) -> Answer:
    """A kit in nobody's loan may come from its use or another branch, or was missing; the refusal left the key free."""
    by, at = current.actor(at_station=place), current.now()
    with current.library().db.read() as session:
        found = desk.glance(session, kit)
    if found is not None and found.state is KitState.IN_USE:
        return take_back(scan, place, kit)
    is_missing = found is not None and found.state is KitState.MISSING
    if found is None or not (is_missing or found.in_transit_to_id == place.branch_id):
        raise not_out

    def do(session: Session) -> Outcome:
        turned_up = find if is_missing else arrive
        return turned_up(session, kit=kit, branch_id=place.branch_id, at=at, by=by)

    return told(said(act_for(scan, by, at, do), current.reader()))


def _on_that_day(session: Session, on: date, place: StationPlace, at: datetime) -> datetime:
    """The closing of a day named by hand, which is on time for that day; noon where the branch was closed."""
    calendar = branch_calendar(session, place.branch_id, since=on)
    if on >= calendar.local_date(at):
        return at if on == calendar.local_date(at) else datetime.combine(on, time(12), ZoneInfo(place.zone))
    return calendar.closing_at(on) if calendar.is_open_on(on) else datetime.combine(on, time(12), ZoneInfo(place.zone))


def _open_inspection(scan: Scan, place: StationPlace, code: Code) -> Answer:
    kit = kit_code(code)
    with current.library().db.read() as session:
        found = desk.glance(session, kit)
    if found is None:
        raise Refused.because(Reason.KIT_UNKNOWN, code=kit)
    if found.state not in IN_HAND:
        raise Refused.because(Reason.NOT_TO_INSPECT, kit=kit, state=found.state.value)
    if found.in_transit_to_id is not None:
        raise Refused.because(Reason.IN_TRANSIT, kit=kit)
    if not current.may(Act.CIRCULATE, found.branch_id):
        raise Refused.because(Reason.AT_ANOTHER_BRANCH, kit=kit, branch=found.branch)
    sentence = _("%(kit)s, %(kit_type)s. Look for each part.", kit=kit, kit_type=found.kit_type)
    return Answer(
        sentence, Tone.LOOK, code=kit, go=url_for("inspection.sheet", barcode=kit), same_patron=True, is_row=False
    )


# --- Commands ---------------------------------------------------------------------------------------------------------


def _command(scan: Scan, place: StationPlace, code: Code) -> Answer:
    if code.text == COMMANDS["end"]:
        return Answer(_("Ready for the next patron."), Tone.LOOK, is_row=False)
    if code.text == COMMANDS["undo"]:
        return _undo(scan, place)
    if code.text == COMMANDS["receipt"]:
        return _receipt(place)
    if code.text == COMMANDS["renew"]:
        return _renew(scan, place)
    if code.text == COMMANDS["exchange"]:
        return begin_exchange(scan)
    if code.text == COMMANDS["signed"]:
        return _signed(scan, place)
    if code.text == COMMANDS["in_library"]:
        return begin_use(scan, place, _card_on_screen(scan, place))
    return Answer(_("Scan a kit at Inspection first, then this."), Tone.LOOK, same_patron=True, is_row=False)


def _undo(scan: Scan, place: StationPlace) -> Answer:
    by, at = current.actor(at_station=place), current.now()
    done = said(act_for(scan, by, at, lambda session: undo(session, at=at, by=by)), current.reader())
    return with_strip(told(done), scan, place)


def _receipt(place: StationPlace) -> Answer:
    with current.library().db.read() as session:
        log = acts.station_log(session, place.station_id, since=current.now() - timedelta(hours=12), limit=10)
    for logged in log:
        loan = said(logged.outcome, current.reader()).loan
        if loan is not None and not logged.taken_back:
            url = url_for("slips.receipt", loan=loan)
            return Answer(
                _("The receipt for %(kit)s.", kit=logged.kit),
                Tone.LOOK,
                same_patron=True,
                receipt_loan=loan,
                is_row=False,
                go=f"{url}?print=1",
            )
    return Answer(_("There is no receipt to print."), Tone.LOOK, same_patron=True, is_row=False)


def _renew(scan: Scan, place: StationPlace) -> Answer:
    """Renew what the patron on the screen has: with the one-kit limit, that is one kit."""
    if not scan.patron:
        return Answer(_("Scan a card first, then renew."), Tone.LOOK, is_row=False)
    by, at = current.actor(at_station=place), current.now()
    with current.library().db.read() as session:
        kits = desk.kits_out(session, _card_of(scan, place))
    if not kits:
        return Answer(_("There is no kit to renew."), Tone.LOOK, same_patron=True, is_row=False)
    done = said(
        act_for(scan, by, at, lambda session: renew(session, kit=kits[0], at=at, by=by, override=scan.override)),
        current.reader(),
    )
    return replace(told(done), same_patron=True)


def _signed(scan: Scan, place: StationPlace) -> Answer:
    """The patron on the screen signed the agreement just now: it is kept with the check-out that follows."""
    if not scan.patron:
        return Answer(_("Scan a card first, then this."), Tone.LOOK, kit=scan.kit, is_row=False)
    strip = _strip_of_card(place, read(_card_of(scan, place), current.spaces()))
    name = isolated(strip.short_name)
    if not strip.agreement_missing:
        say = one_stop(_("No agreement is missing from %(patron)s.", patron=name))
        return Answer(say, Tone.LOOK, same_patron=True, is_row=False)
    say = _("%(patron)s signed the agreement just now. Scan the kit.", patron=name)
    return Answer(say, Tone.LOOK, same_patron=True, signed=True, is_row=False)


_SCREENS: Mapping[Screen, Handler] = {
    Screen.DESK: _at_desk,
    Screen.RETURNS: _take_back,
    Screen.INSPECTION: _open_inspection,
    Screen.WORKSHOP: attend,
    Screen.STOCKTAKE: count_kit,
    Screen.TRANSFERS: send_or_receive,
    Screen.SHELF: put_on_shelf,
    Screen.COHORT: session_desk(_at_desk, _take_back),
    Screen.ENROL: enrol_by_scan,
    Screen.IN_LIBRARY: at_own_screen,
}
"""What each screen does with a scan. A screen of another module brings its handler from there."""
