"""A kit at a stocktake: seen, and what to do with it where it should not be. Source: SCREENS, "31 of 40 seen"."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation.stocktake import SEEN, KitSeen, see
from lending.domain.barcodes import Code
from lending.domain.stocktake import Standing
from lending.errors import Reason, hidden_as
from lending.queries.journal import detail_of
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.scan_acts import kit_code, kit_url, once_for
from lending.web.scanning import Answer, Scan
from lending.wording import Tone

RIGHT = frozenset({Standing.EXPECTED, Standing.CAME_SINCE})


def count_kit(scan: Scan, place: StationPlace, code: Code) -> Answer:
    """Note that a kit was seen, and say what it is; the kit itself stays as it is."""
    by, at, kit = current.actor(at_station=place), current.now(), kit_code(code)

    def do(session: Session) -> KitSeen:
        with hidden_as(Reason.NOT_FOUND):
            return see(session, stocktake=scan.subject, kit=kit, at=at, by=by)

    def again(session: Session, act: str) -> KitSeen:
        return replace(do(session), again=detail_of(session, act, SEEN) is None)

    return _told(once_for(scan, by, at, do, again))


def _told(seen: KitSeen) -> Answer:
    if seen.again:
        return Answer(_("%(kit)s was seen already. Nothing changed.", kit=seen.kit), Tone.AGAIN, code=seen.kit)
    so_far = _("%(seen)s of %(expected)s seen.", seen=seen.count.seen, expected=seen.count.expected)
    what = what_to_do(seen.standing, kit=seen.kit, place=seen.place, branch=seen.branch, to_branch=seen.to_branch)
    if seen.standing in RIGHT:
        return Answer(f"{what} {so_far}", Tone.DONE, code=seen.kit)
    return Answer(what, Tone.LOOK, code=seen.kit, resolve_url=kit_url(seen.kit))


def what_to_do(standing: Standing, *, kit: str, place: str | None, branch: str, to_branch: str | None) -> str:
    """What a kit that was seen is, and the way out where it should not be there."""
    given = {"kit": kit, "place": place or _("no place"), "branch": branch, "to_branch": to_branch or branch}
    sentences = {
        Standing.EXPECTED: _("%(kit)s: here.", **given),
        Standing.CAME_SINCE: _("%(kit)s: here, and it came after the count began.", **given),
        Standing.OTHER_PLACE: _("%(kit)s is listed at %(place)s. Put it there, or change its place.", **given),
        Standing.OTHER_BRANCH: _("%(kit)s should be at %(branch)s. Send it there.", **given),
        Standing.ARRIVING: _("%(kit)s has come and was not received. Receive it at Transfers.", **given),
        Standing.IN_TRANSIT: _("%(kit)s should be on its way to %(to_branch)s. Send it on.", **given),
        Standing.OUT: _("%(kit)s is checked out. Take it back at Returns.", **given),
        Standing.IN_USE: _("%(kit)s is in use. Take it back at Returns if nobody has it.", **given),
        Standing.LOST: _("%(kit)s is listed as lost. Take it back at Returns.", **given),
        Standing.MISSING: _("%(kit)s is listed as missing. Scan it at Returns.", **given),
        Standing.WITHDRAWN: _("%(kit)s is withdrawn. Put it aside.", **given),
    }
    return str(sentences[standing])
