"""What a refusal says on the screen where it happened, in place of its own sentence, where that would mislead there.

Source: SCREENS, rule 3: a stop names the way out.
"""

from __future__ import annotations

from flask_babel import gettext as _

from lending.domain.states import EnrolmentState
from lending.errors import Block, Reason
from lending.phrases import isolated
from lending.queries.desk import PatronStrip
from lending.queries.enrolments import KitStanding
from lending.web.names import names
from lending.web.scanning import Scan, Screen


def said_instead(block: Block, scan: Scan, kit: str, strip: PatronStrip | None) -> str | None:
    """The sentence for a block at the screen of ``scan``; ``None`` where its own is right."""
    screen = scan.screen
    if block.reason is Reason.NOTHING_TO_UNDO and screen is Screen.ENROL:
        return str(_("A scan here is not undone. To take an enrollment back, open the seat on the patron's page."))
    if block.reason is Reason.NOTHING_TO_UNDO and screen is Screen.WORKSHOP:
        return str(_("A scan here is not undone. Take it back on the list of who signed in."))
    if block.reason is Reason.TOO_LATE_TO_UNDO and screen is Screen.SHELF:
        return str(_("That was more than ten minutes ago. Cancel the reservation, then scan the kit here again."))
    if screen is Screen.TRANSFERS and block.reason is Reason.ALREADY_EXISTS:
        branch = names().branch(str(block.detail.get("branch", "")))
        return str(_("%(kit)s is at %(branch)s already.", kit=kit, branch=branch))
    if screen is Screen.TRANSFERS and block.reason is Reason.WRONG_STATE and not scan.subject:
        return str(_("%(kit)s was not on its way here.", kit=kit))
    return None if strip is None else _of_the_patron(block, strip)


def _of_the_patron(block: Block, strip: PatronStrip) -> str | None:
    """Where the patron waits, or has a promise at another library."""
    patron = isolated(strip.short_name)
    if block.reason is Reason.NOT_IN_COHORT:
        waits = next((one for one in strip.seats if one.seat.seat is EnrolmentState.WAITING), None)
        if waits is not None:
            given = {"patron": patron, "n": waits.seat.position, "session": waits.session}
            return str(_("%(patron)s is number %(n)s on the waiting list of %(session)s.", **given))
    if block.reason is Reason.NEEDED_FOR_PROMISES:
        promised = (KitStanding.PROMISED, KitStanding.READY)
        elsewhere = next((one for one in strip.seats if one.seat.kit in promised), None)
        if elsewhere is not None:
            return str(_("A kit is promised to %(patron)s at %(branch)s.", patron=patron, branch=elsewhere.branch))
    return None
