"""A kit scanned for use in the library or at an event, and back: at its own screen, and by a command at the desk.

Source: issue "Managers see what circulated", Build 3, "in-library and event use of kits"; SCREENS, desk rule 9.
"""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation.acts import act_of_key
from lending.circulation.in_library import end_use, use_kit
from lending.domain.barcodes import Code, read
from lending.domain.states import KitState
from lending.phrases import isolated
from lending.queries import desk
from lending.queries.acts import Outcome
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.said import said
from lending.web.scan_acts import act_for, kit_code
from lending.web.scanning import COMMANDS, Answer, Scan, Screen, told
from lending.wording import Tone

WORKSHOP, HIRING_EVENT = "workshop", "hiring_event"
"""What stands before the public id in the subject of a scan; a scan without a subject is for use in the library."""


def at_own_screen(scan: Scan, place: StationPlace, code: Code) -> Answer:
    """One scan: a kit that is in use is back, any other goes out for what the screen is about."""
    kit = kit_code(code)
    with current.library().db.read() as session:
        done_before = act_of_key(session, by=current.actor(at_station=place), key=scan.key) is not None
        found = desk.glance(session, kit)
    # A scan that is sent again is answered as it was, though its kit is back, or out, by now.
    if done_before or found is None or found.state is not KitState.IN_USE:
        return _use(scan, place, kit, None)
    return take_back(scan, place, kit)


def take_back(scan: Scan, place: StationPlace, kit: str) -> Answer:
    """A kit in use is back, wherever it is scanned."""
    by, at = current.actor(at_station=place), current.now()

    def do(session: Session) -> Outcome:
        return end_use(session, kit=kit, branch_id=place.branch_id, at=at, by=by)

    return told(said(act_for(scan, by, at, do), current.reader()))


def is_use(scan: Scan) -> bool:
    """Whether the desk waits for the kit that is to be used in the library."""
    return scan.kit == COMMANDS["in_library"]


def begin_use(scan: Scan, place: StationPlace, card: str | None) -> Answer:
    """The command was scanned at the desk: for the kit that waits there, or for the one that comes next."""
    if scan.screen is not Screen.DESK:
        say = _("Use in the library begins at the desk. Scan this there.")
        return Answer(say, Tone.LOOK, same_patron=True, is_row=False)
    waiting = read(scan.kit or "", current.spaces())
    if scan.kit and not waiting.text.startswith("CMD-"):
        return _use(scan, place, kit_code(waiting), card)
    say = _("Use in the library: scan the kit.")
    return Answer(say, Tone.LOOK, kit=COMMANDS["in_library"], same_patron=True, is_row=False)


def use_by_scan(scan: Scan, place: StationPlace, code: Code, card: str | None) -> Answer:
    """The kit after the command; with a patron on the screen it is noted as theirs."""
    return _use(scan, place, kit_code(code), card)


def _use(scan: Scan, place: StationPlace, kit: str, card: str | None) -> Answer:
    by, at = current.actor(at_station=place), current.now()
    kind, _colon, public_id = scan.subject.partition(":")
    subject = public_id if scan.screen is Screen.IN_LIBRARY else ""

    def do(session: Session) -> Outcome:
        return use_kit(
            session,
            kit=kit,
            branch_id=place.branch_id,
            patron=card,
            workshop=subject if subject and kind == WORKSHOP else None,
            hiring_event=subject if subject and kind == HIRING_EVENT else None,
            at=at,
            by=by,
        )

    done = said(act_for(scan, by, at, do), current.reader())
    answer = replace(told(done), same_patron=True)
    if not done.who:
        return answer
    return replace(answer, say=" ".join([answer.say, _("Noted for %(patron)s.", patron=isolated(done.who))]))
