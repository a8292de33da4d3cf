"""Refusals about a kit that is not to be lent as it stands. Source: RULES 2."""

from __future__ import annotations

from collections.abc import Mapping

from lending.errors import Reason
from lending.phrases import N_
from lending.wording.words import NOT_LENT, NOT_LENT_SIP2, Tone, Words

KITS: Mapping[Reason, Words] = {
    Reason.KIT_UNKNOWN: Words(
        404, Tone.STOP, N_("We don't know the kit %(code)s. Scan its label again, or search for it.")
    ),
    Reason.ON_LOAN_TO_THIS_PATRON: Words(
        409,
        Tone.AGAIN,
        N_("%(kit)s is already checked out to this patron. Nothing changed."),
        N_("You have this kit already."),
        N_("You have this kit already"),
    ),
    Reason.ON_LOAN_TO_ANOTHER: Words(
        409,
        Tone.STOP,
        N_("%(kit)s is checked out to someone else. If it is here in your hands, return it first."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.IN_USE: Words(
        409,
        Tone.STOP,
        N_("%(kit)s is in use in the library or at an event. If it is here in your hands, take it back at Returns."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.PROMISED_TO_ANOTHER: Words(
        409,
        Tone.STOP,
        N_("%(kit)s is promised to someone else. Put it back on the hold shelf."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.NOT_INSPECTED: Words(
        409,
        Tone.STOP,
        N_("%(kit)s came back and nobody has looked inside yet. Inspect it first."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.NOT_READY: Words(
        409,
        Tone.STOP,
        N_("%(kit)s is not ready: %(steps)s still to do. Finish it at Inspection."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.NOT_WIPED: Words(
        409, Tone.STOP, N_("%(kit)s is not wiped yet. Wipe it, then note it at Inspection."), NOT_LENT, NOT_LENT_SIP2
    ),
    Reason.INCOMPLETE: Words(
        409,
        Tone.STOP,
        N_("%(kit)s has a part missing and cannot be lent. Choose another kit."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.IN_REPAIR: Words(409, Tone.STOP, N_("%(kit)s is in repair. Choose another kit."), NOT_LENT, NOT_LENT_SIP2),
    Reason.IN_TRANSIT: Words(
        409,
        Tone.STOP,
        N_("%(kit)s is on its way between libraries. If it arrived here, scan it at Returns."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.AT_ANOTHER_BRANCH: Words(
        409,
        Tone.STOP,
        N_("%(kit)s should be at %(branch)s. Choose another kit, or have it sent here from there."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.WITHDRAWN: Words(
        409, Tone.STOP, N_("%(kit)s was withdrawn and is not lent any more. Put it aside."), NOT_LENT, NOT_LENT_SIP2
    ),
    Reason.LOST: Words(
        409,
        Tone.STOP,
        N_("%(kit)s is listed as lost. If it is in your hands, return it first."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.MISSING: Words(
        409,
        Tone.STOP,
        N_("%(kit)s is listed as missing. If it is in your hands, scan it at Returns."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.LINE_SUSPENDED: Words(
        409,
        Tone.STOP,
        N_("The line of %(kit)s is not active. Have the carrier restore it, or choose another kit."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.LINE_ENDED: Words(
        409,
        Tone.STOP,
        N_("The line of %(kit)s has ended. Put another one in on the kit's page."),
        NOT_LENT,
        NOT_LENT_SIP2,
    ),
    Reason.NEEDED_FOR_PROMISES: Words(
        409,
        Tone.STOP,
        N_("%(kit)s is needed for people who reserved. Offer the patron a place in the queue."),
        N_("All kits here are reserved. We can put you in the queue."),
        N_("All kits are reserved"),
    ),
    Reason.OTHERS_WAIT_BEFORE: Words(
        409,
        Tone.STOP,
        N_("Others wait for a kit of %(cohort)s: this patron would be number %(place)s. Offer a place in the queue."),
        N_("Others wait for a kit of %(cohort)s before you: you would be number %(place)s."),
        N_("Others wait before you"),
    ),
}
