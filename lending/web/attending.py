"""A library card at a workshop's sign-in: one scan each. Source: SCREENS, "Workshop sign-in"."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.domain.barcodes import Code, Kind
from lending.errors import Reason, Refused, hidden_as
from lending.models.cohorts import AttendanceMode
from lending.phrases import isolated, one_stop
from lending.programs.workshops import SignedIn, sign_in
from lending.queries.journal import detail_of
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.scan_acts import once_for
from lending.web.scanning import Answer, Scan
from lending.wording import Tone


def attend(scan: Scan, place: StationPlace, code: Code) -> Answer:
    """Sign in whoever's card it is; again, nothing changes."""
    if code.kind is not Kind.PATRON:
        raise Refused.because(Reason.CODE_NOT_A_CARD, code=code.text, kind=code.kind.value)
    if scan.mode not in set(AttendanceMode):
        raise Refused.because(Reason.VALUE_WRONG, field="mode")
    by, at, mode = current.actor(at_station=place), current.now(), AttendanceMode(scan.mode)

    def do(session: Session) -> SignedIn:
        with hidden_as(Reason.NOT_FOUND):
            return sign_in(session, workshop=scan.subject, patron=code.text, mode=mode, at=at, by=by)

    def again(session: Session, act: str) -> SignedIn:
        return replace(do(session), again=detail_of(session, act, "sign_in") is None)

    try:
        return _told(once_for(scan, by, at, do, again))
    except Refused as refused:
        if code.valid or refused.blocks[0].reason is not Reason.CARD_UNKNOWN:
            raise
        raise Refused.because(Reason.CODE_MISREAD, code=code.text) from None


def _told(done: SignedIn) -> Answer:
    patron = isolated(done.patron_name)
    if done.again:
        return Answer(one_stop(_("%(patron)s is signed in already.", patron=patron)), Tone.AGAIN, who=done.patron_name)
    if done.mode is AttendanceMode.ONSITE:
        sentence = _("%(patron)s is signed in, in the room.", patron=patron)
    else:
        sentence = _("%(patron)s is signed in, online.", patron=patron)
    return Answer(sentence, Tone.DONE, who=done.patron_name)
