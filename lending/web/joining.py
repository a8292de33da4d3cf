"""Somebody joins a session by two scans: the card, then the session's code, which its button stands for as well.

A seat that is offered to them is accepted by the card alone; who was found by name takes it by the session.
Source: SCREENS, "Enrol or reserve for someone"; RULES 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from lending.circulation.locks import find_card
from lending.domain.barcodes import Code, Kind
from lending.domain.states import EnrolmentState
from lending.errors import Reason, Refused, hidden_as
from lending.models.policies import Signing
from lending.phrases import isolated, one_stop
from lending.programs.enrolment import Enrolled, Kit, enrol, enrolment_as_it_stands, live_enrolment
from lending.programs.offers import accept_offer
from lending.programs.requeue import requeue
from lending.queries import desk
from lending.queries.desk import PatronStrip
from lending.queries.enrolling import Prospect, can_enrol, questions_of, session_of_code, sessions_to_join
from lending.queries.enrolments import offered_to, seat_after, seat_without_a_kit
from lending.queries.patrons import is_too_short
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.scan_acts import once_for
from lending.web.scanning import LONGEST_KEY, Answer, Scan
from lending.web.standing import enrolled_words
from lending.wording import Tone


def enrol_by_scan(scan: Scan, place: StationPlace, code: Code) -> Answer:
    """A card shows its person, and takes the seat they were offered; a session's code enrols them, or asks for a kit
    again for whoever has a seat in it without one."""
    if code.kind is Kind.PATRON:
        return _person(scan, place, code)
    if code.kind is Kind.COHORT:
        return _enrol(scan, place, code)
    raise Refused.because(Reason.CODE_NOT_A_CARD, code=code.text, kind=code.kind.value)


def by_name(scan: Scan) -> Answer | None:
    """A name that was typed instead of a card: the way to the people it may mean; ``None`` for what is no name."""
    typed = scan.code.strip()
    if not typed.replace(" ", "").replace("-", "").replace("'", "").isalpha() or is_too_short(typed):
        return None
    return Answer(_("Choose who it is."), Tone.LOOK, is_row=False, go=url_for("roster.enrol", q=typed))


def chosen(public_id: str, place: StationPlace) -> Answer | None:
    """The person for whom the page is opened, as if their card had been scanned; ``None`` for nobody with a card."""
    with current.library().db.read() as session:
        strip = desk.strip_by_public_id(
            session, public_id, branch_id=place.branch_id, zone=place.zone, at=current.now()
        )
    return None if strip is None or strip.card is None else _ask_for_session(strip, strip.card, place)


def _person(scan: Scan, place: StationPlace, code: Code) -> Answer:
    strip = _strip(code.text, place)
    with current.library().db.read() as session:
        offered = offered_to(session, code.text, by=current.actor())
    if offered is not None:
        return accept(scan, place, code.text, offered)
    return _ask_for_session(strip, code.text, place)


def _ask_for_session(strip: PatronStrip, card: str, place: StationPlace) -> Answer:
    hint = _("%(patron)s. Scan a session's code, or press its button.", patron=isolated(strip.short_name))
    soonest = _of_the_soonest(card, place)
    tone = Tone.LOOK if strip.blocks else Tone.DONE
    return Answer(one_stop(f"{hint} {soonest}".strip()), tone, who=strip.short_name, patron=strip)


def _of_the_soonest(card: str, place: StationPlace) -> str:
    """What would come of enrolling somebody in the session that begins soonest; nothing is changed."""
    by, at = current.actor(), current.now()
    today = at.astimezone(ZoneInfo(place.zone)).date()
    with current.library().db.read() as session:
        found = sessions_to_join(session, today=today, by=by)
        if not found:
            return ""
        name, code = found[0].name, found[0].code
        asked = {question.code: question.answer for question in questions_of(session, found[0])}
        hope = can_enrol(
            session,
            patron=card,
            cohort=code,
            pickup_branch_id=place.branch_id,
            answers=asked,
            at=at,
            by=by,
        )
    if hope.offered is not None:
        return str(_("%(session)s: a seat is offered to them, and its button takes it.", session=name))
    if hope.blocks:
        return " ".join([f"{name}:", *(current.sentence(block) for block in hope.blocks)])
    sentence = _("%(session)s: %(left)s.", session=name, left=current.reader().listed(list(_left(hope))))
    if hope.household_has_a_kit:
        sentence += " " + _("Somebody at the same address has a kit; that counts when theirs is handed out.")
    return str(sentence)


def _left(hope: Prospect) -> Iterator[str]:
    """The seats and kits that are left, or the place in line."""
    if hope.position is None:
        yield ngettext("%(num)s seat left", "%(num)s seats left", hope.seats_left)
    else:
        yield _("number %(n)s on the waiting list", n=hope.position)
    if hope.kits_left is None:
        yield _("no kits of this library")
    elif hope.kit_position is None:
        yield ngettext("%(num)s kit left here", "%(num)s kits left here", hope.kits_left)
    else:
        yield _("number %(n)s in line for a kit", n=hope.kit_position)


def accept(scan: Scan, place: StationPlace, card: str, enrolment: str) -> Answer:
    """The seat that was offered to an enrolment (its public id) is taken by a scan, once for its key."""
    by, at = current.actor(at_station=place), current.now()
    taken = once_for(
        scan,
        by,
        at,
        lambda session: accept_offer(session, enrolment=enrolment, at=at, by=by),
        _again,
    )
    return _told(taken, _strip(card, place))


def accept_for(scan: Scan, place: StationPlace, card: str, kit: str) -> Answer | None:
    """The seat that was offered is taken by the scan of a kit of that session; ``None`` where no such offer stands."""
    with current.library().db.read() as session:
        offered = offered_to(session, card, by=current.actor(), kit=kit)
    if offered is None:
        return None
    return accept(replace(scan, key=f"{scan.key[: LONGEST_KEY - 5]}-seat"), place, card, offered)


def _enrol(scan: Scan, place: StationPlace, code: Code) -> Answer:
    if not scan.patron:
        return Answer(_("Scan the library card first, then the session."), Tone.LOOK, is_row=False)
    card, by, at = scan.patron, current.actor(at_station=place), current.now()

    def do(session: Session) -> Enrolled:
        held = session_of_code(session, code.text)
        theirs = live_enrolment(session, held.id, find_card(session, card))
        if theirs is not None and theirs.state is EnrolmentState.OFFERED:
            return accept_offer(session, enrolment=theirs.public_id, at=at, by=by)
        again = None if scan.mode == "seat" else seat_without_a_kit(session, card, held.id)
        if again is not None:
            requeue(session, enrolment=again, pickup_branch_id=place.branch_id, at=at, by=by)
            return enrolment_as_it_stands(session, again)
        return enrol(
            session,
            patron=card,
            cohort=held.code,
            pickup_branch_id=place.branch_id,
            wants_kit=scan.mode != "seat",
            signed=Signing.AT_DESK if scan.agreement else None,
            # The page says what to ask first; whoever scans the session then says that the answers were the right ones.
            answers={question.code: question.answer for question in questions_of(session, held)},
            at=at,
            by=by,
        )

    def hidden(session: Session) -> Enrolled:
        with hidden_as(Reason.NOT_FOUND):  # another programme's session looks as if there were none
            return do(session)

    joined = once_for(scan, by, at, hidden, _again)
    return _told(joined, _strip(card, place))


def _again(session: Session, act: str) -> Enrolled:
    return enrolment_as_it_stands(session, seat_after(session, act, by=current.actor()).id)


def _strip(card: str, place: StationPlace) -> PatronStrip:
    with current.library().db.read() as session:
        return desk.strip_by_card(session, card, branch_id=place.branch_id, zone=place.zone, at=current.now())


def _told(joined: Enrolled, strip: PatronStrip) -> Answer:
    """The seat and the kit, each with the place in line where they wait."""
    with current.library().db.read() as session:
        held = session_of_code(session, joined.cohort)
    sentences = enrolled_words(joined, isolated(strip.short_name), held.name)
    if joined.card_expires_first:
        sentences.append(_("The card ends before the session does: renew it."))
    waits = joined.seat is not EnrolmentState.ENROLLED or joined.kit is Kit.WAITING
    return Answer(
        one_stop(" ".join(sentences)),
        Tone.LOOK if waits or joined.card_expires_first else Tone.DONE,
        who=strip.short_name,
        patron=strip,
        is_act=True,
        resolve_url=url_for("roster.show", code=joined.cohort),
    )
