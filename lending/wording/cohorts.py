"""Refusals about a session, its workshops and reservations, referrals, hiring events and stocktakes.

Source: RULES 4, 5 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping

from lending.errors import Reason
from lending.phrases import N_
from lending.wording.words import Tone, Words

COHORTS: Mapping[Reason, Words] = {
    # Sessions
    Reason.COHORT_OVER: Words(
        409,
        Tone.STOP,
        N_("That session is over. Choose one that is still to come."),
        N_("That session is over. Choose another one."),
    ),
    Reason.NO_MORE_KITS: Words(
        409,
        Tone.STOP,
        N_("%(cohort)s lends no kits after %(on)s. A seat without a kit is still possible."),
        N_("%(cohort)s lends no kits after %(on)s. You can still take part without a kit."),
    ),
    Reason.PROGRAM_OVER: Words(
        409,
        Tone.STOP,
        N_("The program ended on %(on)s, and nobody joins it any more."),
        N_("The program ended on %(on)s."),
    ),
    Reason.OFFER_LAPSED: Words(
        409,
        Tone.STOP,
        N_("The offer of this seat ended on %(at)s. Enroll the patron anew, at the end of the list."),
        N_("The offer of this seat ended on %(at)s. You can join the waiting list again."),
    ),
    Reason.ALREADY_ENROLLED: Words(
        409, Tone.LOOK, N_("The patron is in that session already."), N_("You are in that session already.")
    ),
    Reason.ALREADY_RESERVED: Words(
        409,
        Tone.LOOK,
        N_("The patron has a reservation for that already."),
        N_("You have a reservation for that already."),
    ),
    Reason.NO_SUCH_POOL: Words(
        409,
        Tone.STOP,
        N_("That session has no kits of this kind at this library. Choose another."),
        N_("That session has no kits at this library. Choose another library."),
    ),
    Reason.POOL_EXCEEDS_STOCK: Words(
        409, Tone.STOP, N_("Only %(left)s kits of this kind are left at %(branch)s for those days. Lower the number.")
    ),
    Reason.POOL_BELOW_PROMISES: Words(
        409,
        Tone.STOP,
        N_("%(out)s kits of this session are promised or out at %(branch)s. It needs as many at least."),
    ),
    Reason.CAPACITY_BELOW_SEATS: Words(
        409, Tone.STOP, N_("%(out)s people have a seat in this session. It needs as many seats at least.")
    ),
    Reason.COHORT_CANCELLED: Words(
        409, Tone.STOP, N_("That session was canceled. Choose another."), N_("That session was canceled.")
    ),
    Reason.PREVIEW_OUTDATED: Words(
        409, Tone.LOOK, N_("Something changed since you looked. Nothing was saved. Look at the list once more.")
    ),
    Reason.NOT_ELIGIBLE: Words(409, Tone.STOP, N_("This session is %(rule)s."), N_("This session is %(rule)s.")),
    Reason.NO_KIT_TO_ROLL_OVER: Words(
        409, Tone.LOOK, N_("%(cohort)s has no kit left at this library, so the one that is out stays due as it is.")
    ),
    Reason.HAS_A_KIT: Words(
        409,
        Tone.STOP,
        N_("The patron has a kit of %(cohort)s, or a place in line for one, in the same weeks."),
        N_("You have a kit of %(cohort)s, or a place in line for one, in the same weeks."),
    ),
    Reason.BEGINS_TOO_LATE: Words(
        409, Tone.LOOK, N_("%(cohort)s begins too late to keep the kit until then. It comes back when it is due.")
    ),
    Reason.ATTENDANCE_NOT_TAKEN: Words(
        409, Tone.STOP, N_("Nobody is signed in at the first workshop yet. Take its attendance first.")
    ),
    Reason.KIT_TYPE_NEEDS_COHORT: Words(
        409,
        Tone.STOP,
        N_("Kits of this kind are lent in sessions only. Choose a session."),
        N_("These kits are lent in sessions only. Choose a session."),
    ),
    Reason.NOBODY_WAITS: Words(409, Tone.LOOK, N_("Nobody waits for %(kit)s. Leave it with the free kits.")),
    # Workshops and stocktakes
    Reason.WORKSHOP_TO_COME: Words(409, Tone.STOP, N_("This workshop begins on %(at)s. Come back to it on that day.")),
    Reason.WORKSHOP_OUTSIDE_SESSION: Words(
        409,
        Tone.STOP,
        N_(
            "%(workshop)s is on %(on)s, outside the new dates of the session. "
            "Move it or drop it first, or choose other dates."
        ),
    ),
    Reason.WORKSHOP_HELD: Words(
        409,
        Tone.STOP,
        N_("%(workshop)s has begun, or somebody was counted at it already. It stays on the list."),
    ),
    # Referrals and hiring events
    Reason.CONSENT_NEEDED: Words(
        409, Tone.STOP, N_("Nobody is referred without written consent. Have it signed first, and say on which day.")
    ),
    Reason.CONSENT_WITHDRAWN: Words(
        409, Tone.STOP, N_("The person took their consent back. Nobody asks what came of this referral any more.")
    ),
    Reason.EVENT_OVER: Words(409, Tone.STOP, N_("That event is over or was canceled. Choose another one.")),
    Reason.EVENT_TO_COME: Words(409, Tone.STOP, N_("This event begins on %(at)s. Count on that day.")),
    Reason.HAS_REGISTRATIONS: Words(
        409,
        Tone.STOP,
        N_("%(out)s people registered for %(workshop)s. Tell them, and cancel their registrations first."),
    ),
    Reason.REGISTRATION_CLOSED: Words(
        409,
        Tone.STOP,
        N_("Nobody registers for this workshop any more, or not yet. Its page says why."),
        N_("You can't register for this workshop now. Please choose another one, or ask us."),
    ),
    Reason.WORKSHOP_FULL: Words(
        409,
        Tone.STOP,
        N_("All places of this workshop are taken. Make it larger, or offer another one."),
        N_("All places of this workshop are taken. Please choose another one, or ask us."),
    ),
    Reason.REGISTERED_BEFORE: Words(
        409,
        Tone.LOOK,
        N_("Somebody with this name and contact is registered for this workshop already."),
        N_("You are registered for this workshop already. Your place is safe."),
    ),
    Reason.SURVEY_CLOSED: Words(
        409,
        Tone.STOP,
        N_("This survey takes no answers now."),
        N_("This survey takes no answers now. Thank you for wanting to tell us."),
    ),
    Reason.STOCKTAKE_OPEN: Words(
        409, Tone.STOP, N_("A stocktake of this place is open already. Go on with it, or end it first.")
    ),
    Reason.STOCKTAKE_ENDED: Words(409, Tone.STOP, N_("This stocktake has ended. Begin another one.")),
}
