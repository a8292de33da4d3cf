"""A scan that was refused, in words: what it is, the way out, and what this person may override.

A refusal changed nothing. Nothing a scanner can type overrides one. Source: SCREENS, rules 3 and 4; RULES 1 and 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from flask import session as browser
from flask import url_for
from flask_babel import gettext as _

from lending.circulation.in_library import UseEnded
from lending.circulation.kits import KitFound
from lending.circulation.parts import resolve_part_code
from lending.circulation.returns import Returned
from lending.circulation.transfers import Transferred
from lending.domain.barcodes import DEVICE_NUMBERS, Code, Kind, read
from lending.domain.states import KitState
from lending.errors import Block, Reason, Refused
from lending.phrases import N_
from lending.queries import acts, desk
from lending.queries.acts import Logged, Outcome
from lending.queries.desk import PatronStrip
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.instead import said_instead
from lending.web.scanning import Answer, Offer, Scan, Screen
from lending.wording import Tone, status_of, tone_of

TWICE_WITHIN = timedelta(seconds=4)
"""The same code again this soon is one scan read twice, not a second wish."""


def stopped(scan: Scan, place: StationPlace, code: Code, blocks: tuple[Block, ...]) -> Answer:
    """A refusal in words: the way out where there is one, and what this person may override."""
    if (first := _read_twice(scan, place, code, blocks)) is not None:
        again = _("Same scan twice. Nothing changed.")
        return Answer(again, Tone.AGAIN, 409, code=code.text, who=first.patron_name, same_patron=True)
    blocks = _with_the_way_out(scan, place, code, blocks)
    strip = _strip_of(scan, place, code)
    reasons = {block.reason for block in blocks}
    # Who looks inside is the library that a kit is on its way to: one that travels is not inspected first.
    told = [block for block in blocks if block.reason is not Reason.NOT_INSPECTED or Reason.IN_TRANSIT not in reasons]
    sentences = [said_instead(block, scan, code.text, strip) or current.sentence(block) for block in told]
    if Reason.CODE_UNKNOWN in reasons:
        # The second time a person has obeyed "Scan it again"; now they need another way.
        if browser.get("unknown") == code.text:
            sentences = [_("We still don't know %(code)s. Search for it, or add it.", code=code.text)]
        browser["unknown"] = code.text
    came_unsent = scan.screen is Screen.TRANSFERS and not scan.subject and reasons == {Reason.WRONG_STATE}
    if came_unsent or (reasons == {Reason.NOT_ON_LOAN} and scan.screen is Screen.RETURNS):
        sentences.append(_where_it_goes(place, code.text))
    if reasons & {Reason.KIT_UNKNOWN, Reason.CARD_UNKNOWN} and _is_foreign(code):
        sentences.append(_("Its number is another library's."))
    tone = tone_of(blocks)
    return Answer(
        " ".join(filter(None, sentences)),
        tone,
        status_of(blocks),
        code=code.text,
        who="" if strip is None else strip.short_name,
        same_patron=True,
        resolve_url=_resolve_url(scan, place, code, reasons),
        offer=_offer(scan, code, blocks, sentences),
        moved={"not_done": 1} if tone is Tone.STOP else {},
    )


_PLACES: Mapping[KitState, str] = {
    KitState.AVAILABLE: N_("Put it back with the free kits."),
    KitState.ON_SHELF: N_("Put it back on the hold shelf."),
    KitState.TO_INSPECT: N_("Put it on the inspection cart."),
    KitState.TURNAROUND: N_("Make it ready for the next patron."),
    KitState.INCOMPLETE: N_("If its missing part is here, say so on its page."),
    KitState.REPAIR: N_("Put it with the repairs."),
    KitState.MISSING: N_("Scan it at Returns."),
    KitState.WITHDRAWN: N_("Put it aside."),
}


def _where_it_goes(place: StationPlace, kit: str) -> str:
    """What to do with a kit that is in the hand at Returns and was not out."""
    with current.library().db.read() as session:
        found = desk.glance(session, kit)
    if found is None:
        return ""
    there = found.in_transit_to or (found.branch if found.branch_id != place.branch_id else None)
    if there is not None and found.state not in (KitState.MISSING, KitState.WITHDRAWN):
        return str(_("It should be at %(branch)s: send it there.", branch=there))
    return str(_(_PLACES[found.state])) if found.state in _PLACES else ""


def _read_twice(scan: Scan, place: StationPlace, code: Code, blocks: tuple[Block, ...]) -> Logged | None:
    """The scan that took this kit in at this station a moment ago, whose label was read twice."""
    if scan.screen is not Screen.RETURNS or [block.reason for block in blocks] != [Reason.NOT_ON_LOAN]:
        return None
    with current.library().db.read() as session:
        log = acts.station_log(session, place.station_id, since=current.now() - TWICE_WITHIN, limit=1)
    return log[0] if log and log[0].kit == code.text and _came_in(log[0].outcome) else None


def _came_in(outcome: Outcome) -> bool:
    """Whether an act was a scan at Returns: a return, an arrival, a missing kit that was found."""
    return isinstance(outcome, Returned | KitFound | UseEnded) or (
        isinstance(outcome, Transferred) and outcome.to_branch is None
    )


def _strip_of(scan: Scan, place: StationPlace, code: Code) -> PatronStrip | None:
    """The patron for whom a kit was scanned, where that is known."""
    card = read((scan.code if scan.kit else scan.patron) or "", current.spaces())
    if code.kind is not Kind.KIT or card.kind is not Kind.PATRON:
        return None
    try:
        with current.library().db.read() as session:
            at = current.now()
            return desk.strip_by_card(session, card.text, branch_id=place.branch_id, zone=place.zone, at=at)
    except Refused:
        return None


_OTHER_KIT_HELPS = frozenset(
    {
        Reason.PROMISED_TO_ANOTHER,
        Reason.ON_LOAN_TO_ANOTHER,
        Reason.IN_USE,
        Reason.NOT_INSPECTED,
        Reason.NOT_READY,
        Reason.NOT_WIPED,
        Reason.INCOMPLETE,
        Reason.IN_REPAIR,
        Reason.LINE_SUSPENDED,
        Reason.LINE_ENDED,
        Reason.WITHDRAWN,
    }
)


_OF_A_KIT = frozenset({Reason.IN_TRANSIT, Reason.AT_ANOTHER_BRANCH})


def _with_the_way_out(scan: Scan, place: StationPlace, code: Code, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    helped = [block for block in blocks if block.reason in _OTHER_KIT_HELPS]
    # Another kit helps only where nothing stands against the patron.
    of_the_patron = any(block.reason not in _OTHER_KIT_HELPS | _OF_A_KIT for block in blocks)
    if not helped or of_the_patron or scan.screen is not Screen.DESK:
        return blocks
    kit = str(helped[0].detail.get("kit", code.text))
    with current.library().db.read() as session:
        free = desk.free_instead(session, kit, branch_id=place.branch_id)
    last = blocks[-1]
    return tuple(replace(block, detail={**block.detail, "free": free}) if block is last else block for block in blocks)


def _offer(scan: Scan, code: Code, blocks: tuple[Block, ...], sentences: list[str]) -> Offer | None:
    """An override is offered only where it would help: when this person may set every block aside."""
    if not blocks or not all(block.overridable for block in blocks):
        return None
    card = read(scan.code, current.spaces()).text if scan.kit else scan.patron
    return Offer(code.text, card or "", [block.reason.value for block in blocks], sentences)


def not_a_label(code: Code) -> Block:
    """A part, a device's own number or an unknown code: said for what it is. It never lends or returns anything."""
    with current.library().db.read() as session:
        part = resolve_part_code(session, code.text)
    if part is None and code.kind in DEVICE_NUMBERS:
        return Block(Reason.CODE_NOT_A_KIT, {"kind": code.kind.value})
    if part is None:
        return Block(Reason.CODE_UNKNOWN, {"code": code.text})
    detail = {"code": code.text, "kind": code.kind.value, "part": part.name}
    if part.kit is not None:
        detail["kit"] = part.kit
    is_device = code.kind in DEVICE_NUMBERS or part.mark in ("imei", "iccid")
    return Block(Reason.CODE_IS_A_DEVICE_NUMBER if is_device else Reason.CODE_IS_A_PART, detail)


def _is_foreign(code: Code) -> bool:
    text = code.text
    return len(text) == 14 and text.isdigit() and text[1:5] != current.spaces().institution


_OF_THE_PATRON = frozenset(
    {
        Reason.CARD_EXPIRED,
        Reason.CARD_BLOCKED,
        Reason.UNDER_AGE,
        Reason.AGREEMENT_NOT_SIGNED,
        Reason.NOT_IN_COHORT,
        Reason.LIMIT_REACHED,
        Reason.HOUSEHOLD_LIMIT,
        Reason.COOL_DOWN,
        Reason.OWES,
        Reason.OVERDUE_ELSEWHERE,
        Reason.NOT_VERIFIED,
    }
)


def _resolve_url(scan: Scan, place: StationPlace, code: Code, reasons: set[Reason]) -> str | None:
    """The page where a refusal can be put right: of the patron where it lies in them, else of the kit."""
    if reasons & {Reason.CODE_UNKNOWN, Reason.CARD_UNKNOWN, Reason.KIT_UNKNOWN, Reason.CARD_REPLACED}:
        return url_for("desk.search", q=code.text)
    if reasons == {Reason.NOTHING_TO_UNDO} and scan.screen is Screen.WORKSHOP and scan.subject:
        return url_for("workshops.people", public_id=scan.subject)
    if reasons == {Reason.NOTHING_TO_UNDO} and scan.screen is Screen.ENROL and scan.patron:
        return _patron_url(replace(scan, kit=None), place, reasons)
    if of_the_patron := reasons & _OF_THE_PATRON:
        return _patron_url(scan, place, of_the_patron)
    return (
        url_for("kits.show", barcode=code.text)
        if code.kind is Kind.KIT and not reasons & {Reason.CODE_MISREAD}
        else None
    )


def _patron_url(scan: Scan, place: StationPlace, reasons: set[Reason]) -> str | None:
    """Where the patron of a scan is helped: verified, enrolled where only a session lacks, else on their own page."""
    if reasons == {Reason.NOT_IN_COHORT}:
        return url_for("roster.enrol")
    whose = scan.code if scan.kit else scan.patron or scan.code
    card = read(whose, current.spaces())
    if card.kind is not Kind.PATRON:
        return url_for("patrons.show", public_id=whose)
    with current.library().db.read() as session:
        strip = desk.strip_by_card(session, card.text, branch_id=place.branch_id, zone=place.zone, at=current.now())
    page = "verifying.page" if Reason.NOT_VERIFIED in reasons else "patrons.show"
    return url_for(page, public_id=strip.public_id)
