"""What waits at the desk for the next scan: a kit for its card, or, in an exchange, a faulty kit for the other one.

An exchange is three scans and no click: the command, the faulty kit, the kit that goes out for it. What waits travels
with each scan as its ``kit``: in an exchange the command, and behind it the faulty kit once that was scanned. Source:
SCREENS, "Desk", "Exchange"; RULES 2, "Exchange".
"""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _

from lending.circulation.exchange import exchange
from lending.domain.barcodes import Code, Kind, read
from lending.domain.states import KitState, LoanState
from lending.errors import Block, Reason, Refused
from lending.phrases import KIT_STATES, isolated
from lending.queries import desk
from lending.queries.desk import KitGlance
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.said import said
from lending.web.scan_acts import act_for, kit_code, kit_url
from lending.web.scanning import COMMANDS, Answer, Scan, Screen, told
from lending.wording import Tone

REASON = "at the desk"
"""Why a kit was exchanged, where nobody typed more: what is wrong with it is written down at its inspection."""

_WHY_NOT = {
    KitState.IN_USE: Reason.IN_USE,
    KitState.TO_INSPECT: Reason.NOT_INSPECTED,
    KitState.INCOMPLETE: Reason.INCOMPLETE,
    KitState.REPAIR: Reason.IN_REPAIR,
    KitState.MISSING: Reason.MISSING,
    KitState.LOST: Reason.LOST,
    KitState.WITHDRAWN: Reason.WITHDRAWN,
}


def remember_kit(place: StationPlace, code: Code) -> Answer:
    """A kit before its card: the page keeps it until the card comes; one that cannot be lent says so now."""
    kit, found = _glance(code)
    if found.in_transit_to_id is not None:
        raise Refused.because(Reason.IN_TRANSIT, kit=kit)
    if found.state in (KitState.AVAILABLE, KitState.ON_SHELF):
        if found.branch_id != place.branch_id:
            raise Refused.because(Reason.AT_ANOTHER_BRANCH, kit=kit, branch=found.branch)
        sentence = _("%(kit)s, %(kit_type)s. Now scan the library card.", kit=kit, kit_type=found.kit_type)
        return Answer(sentence, Tone.LOOK, code=kit, kit=kit)
    return Answer(_why_not(kit, found), Tone.LOOK, code=kit, who=found.patron_name or "", resolve_url=kit_url(kit))


def _glance(code: Code) -> tuple[str, KitGlance]:
    kit = kit_code(code)
    with current.library().db.read() as session:
        found = desk.glance(session, kit)
    if found is None:
        raise Refused.because(Reason.KIT_UNKNOWN if code.valid else Reason.CODE_MISREAD, code=kit)
    return kit, found


def _why_not(kit: str, found: KitGlance) -> str:
    patron = isolated(found.patron_name or "?")
    if found.due_at is not None and found.loan_state is LoanState.CLAIMED:
        sentence = _(
            "%(patron)s says that %(kit)s was returned. If it is in your hands, take it back at Returns.",
            kit=kit,
            patron=patron,
        )
    elif found.due_at is not None and found.loan_state is LoanState.OUT:
        sentence = _(
            "%(kit)s is checked out to %(patron)s, due %(day)s. To take it back, go to Returns.",
            kit=kit,
            patron=patron,
            day=current.reader().day(found.due_at),
        )
    elif found.state in _WHY_NOT:
        sentence = current.sentence(Block(_WHY_NOT[found.state], {"kit": kit}))
    else:
        sentence = _("%(kit)s cannot be lent now: it is %(state)s.", kit=kit, state=_(KIT_STATES[found.state]))
    return str(sentence)


# --- Exchange ---------------------------------------------------------------------------------------------------------


def is_exchange(scan: Scan) -> bool:
    """Whether the page is in the middle of an exchange."""
    return (scan.kit or "").startswith(COMMANDS["exchange"])


def begin_exchange(scan: Scan) -> Answer:
    """The command was scanned."""
    if scan.screen is not Screen.DESK:
        return Answer(_("Kits are exchanged at the desk. Scan this there."), Tone.LOOK, same_patron=True, is_row=False)
    return Answer(
        _("Exchange: scan the faulty kit."), Tone.LOOK, kit=COMMANDS["exchange"], same_patron=True, is_row=False
    )


def exchange_by_scan(scan: Scan, place: StationPlace, code: Code) -> Answer:
    """A kit in an exchange: the faulty one, or the one that goes out for it."""
    faulty = (scan.kit or "").removeprefix(COMMANDS["exchange"]).strip()
    return _hand_out(scan, place, faulty, kit_code(code)) if faulty else _remember_faulty(code)


def _remember_faulty(code: Code) -> Answer:
    kit, found = _glance(code)
    if found.loan_state is None:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=kit, state=found.state.value)
    who = found.patron_name or "?"
    if found.loan_state is not LoanState.OUT:
        return Answer(_why_not(kit, found), Tone.LOOK, code=kit, who=who, resolve_url=kit_url(kit), same_patron=True)
    sentence = _(
        "%(kit)s of %(patron)s is faulty. Now scan the kit that goes out for it.", kit=kit, patron=isolated(who)
    )
    return Answer(
        sentence,
        Tone.LOOK,
        code=kit,
        who=who,
        kit=f"{COMMANDS['exchange']} {kit}",
        same_patron=True,
        is_row=False,
    )


def _hand_out(scan: Scan, place: StationPlace, faulty: str, kit: str) -> Answer:
    by, at = current.actor(at_station=place), current.now()
    done = act_for(
        scan,
        by,
        at,
        lambda session: exchange(
            session, kit=faulty, replacement=kit, branch_id=place.branch_id, reason=REASON, at=at, by=by
        ),
    )
    return with_strip(told(said(done, current.reader())), scan, place)


def with_strip(found: Answer, scan: Scan, place: StationPlace) -> Answer:
    """The answer with the patron of the screen as they stand now; they may have another kit, or none."""
    if not scan.patron:
        return replace(found, same_patron=True)
    by_card = read(scan.patron, current.spaces()).kind is Kind.PATRON
    look = desk.strip_by_card if by_card else desk.strip_by_public_id
    try:
        with current.library().db.read() as session:
            strip = look(session, scan.patron, branch_id=place.branch_id, zone=place.zone, at=current.now())
    except Refused:  # their card was replaced meanwhile: the act is done all the same
        return replace(found, same_patron=True)
    return replace(found, patron=strip, same_patron=False)
