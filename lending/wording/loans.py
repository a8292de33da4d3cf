"""Refusals about a loan: its days, return, inspection and renewal, and taking back. Source: RULES 2, 3 and 5."""

from __future__ import annotations

from collections.abc import Mapping

from lending.errors import Reason
from lending.phrases import N_
from lending.wording.words import Tone, Words

LOANS: Mapping[Reason, Words] = {
    # The time
    Reason.BEFORE_PICKUP_WINDOW: Words(
        409,
        Tone.STOP,
        N_("Kits for %(cohort)s are handed out from %(from)s."),
        N_("Your kit can be picked up from %(from)s."),
        N_("Pick-up has not begun yet"),
    ),
    Reason.AFTER_LAST_BORROW_DATE: Words(
        409,
        Tone.STOP,
        N_("The program lent its last kit on %(on)s. Choose a kit of another kind."),
        N_("The program lends no more kits."),
        N_("The program lends no more kits"),
    ),
    Reason.NO_OPEN_DAY: Words(
        409,
        Tone.STOP,
        N_("There is no open day left on which the kit could come back. Look at the library's calendar."),
    ),
    Reason.DATE_IN_THE_PAST: Words(422, Tone.STOP, N_("That day has passed. Choose a later one.")),
    Reason.DATE_IN_THE_FUTURE: Words(422, Tone.STOP, N_("That day is still to come. Choose an earlier one.")),
    Reason.BEFORE_CHECK_OUT: Words(
        422, Tone.STOP, N_("The kit was checked out after that, on %(at)s. Choose a later day.")
    ),
    # Returns, inspection, renewal, undo
    Reason.NOT_ON_LOAN: Words(
        409,
        Tone.LOOK,
        N_("%(kit)s was not out: it is %(state)s. Nothing changed."),
        N_("This kit is not checked out. Please hand it to staff."),
        N_("Not checked out. Hand it to staff"),
    ),
    Reason.PARTS_NOT_COUNTED: Words(422, Tone.STOP, N_("Say for each part whether it is here: %(parts)s.")),
    Reason.PART_UNKNOWN: Words(422, Tone.STOP, N_("That part does not belong to %(kit)s. Look at the list again.")),
    Reason.PART_NOT_MISSING: Words(409, Tone.STOP, N_("That part of %(kit)s is not missing. Nothing changed.")),
    Reason.PART_IN_KITS: Words(
        409,
        Tone.STOP,
        N_("%(part)s is in kits of this kind, or was. It stays on the list; you may call it something else."),
    ),
    Reason.NOT_TO_INSPECT: Words(409, Tone.LOOK, N_("%(kit)s does not wait for inspection: it is %(state)s.")),
    Reason.STEPS_NOT_DONE: Words(409, Tone.STOP, N_("%(kit)s is not free yet: %(steps)s still to do.")),
    Reason.IN_QUARANTINE: Words(409, Tone.STOP, N_("%(kit)s rests until %(until)s, then it is free.")),
    Reason.ON_HOLD_FOR_ANOTHER: Words(
        409,
        Tone.STOP,
        N_("On hold for another patron, so it cannot be renewed. It is due as before."),
        N_("Someone else is waiting for this kit, so it cannot be renewed."),
        N_("On hold for another patron"),
    ),
    Reason.RENEWALS_USED_UP: Words(
        409,
        Tone.STOP,
        N_("The kit was renewed %(limit)s times already. It is due as before."),
        N_("This kit was renewed as often as it may be."),
        N_("No renewals left"),
    ),
    Reason.RENEWAL_GAINS_NOTHING: Words(
        409,
        Tone.LOOK,
        N_("A renewal now would give no later day. Nothing changed."),
        N_("A renewal now would give you no more time."),
        N_("Renewal would not help now"),
    ),
    Reason.COHORT_LOAN: Words(
        409,
        Tone.STOP,
        N_("The kit belongs to a session and is due when the session ends. Enroll the patron in the next one."),
        N_("This kit goes with a session, so it cannot be renewed. Ask us about the next session."),
        N_("Due when the session ends"),
    ),
    Reason.EXCHANGE_SAME_KIT: Words(422, Tone.STOP, N_("That is the same kit. Scan the one that goes out instead.")),
    Reason.EXCHANGE_OTHER_TYPE: Words(409, Tone.STOP, N_("That kit is of another kind. Choose one of the same kind.")),
    Reason.NOTHING_TO_UNDO: Words(409, Tone.LOOK, N_("There is nothing to undo at this station.")),
    Reason.TOO_LATE_TO_UNDO: Words(
        409, Tone.STOP, N_("That was more than ten minutes ago. Return or check out the kit instead.")
    ),
    Reason.CHANGED_SINCE: Words(
        409,
        Tone.STOP,
        N_("Somebody changed this in the meantime. Nothing was done. Look again."),
        N_("This has changed since you opened the page. Look at it again."),
    ),
    Reason.TOO_LATE_TO_REPORT: Words(
        409,
        Tone.STOP,
        N_("A part missing from the bag is reported within %(hours)s hours. Note it at the inspection instead."),
        N_("A missing part is reported within %(hours)s hours. Please speak with the staff."),
    ),
    # Work for people, and ladders
    Reason.ALREADY_TOLD: Words(
        409,
        Tone.LOOK,
        N_("The patron told of this already. Look for it among the tasks."),
        N_("You told us already, and we are on it. Call the library if there is more to say."),
    ),
    Reason.TASK_CLOSES_ITSELF: Words(
        409, Tone.STOP, N_("Do what this task asks for on its own page; the task is closed with it.")
    ),
    Reason.STEP_ON_THE_SAME_DAY: Words(
        422, Tone.STOP, N_("Two steps act on the same day (%(days)s days from the due day). Choose another day.")
    ),
    Reason.STEP_TWICE: Words(422, Tone.STOP, N_("The step %(step)s is there twice. Leave one of them out.")),
    Reason.STEP_TOO_EARLY: Words(
        422,
        Tone.STOP,
        N_("A line is suspended, a patron telephoned and a kit given up one day after the due day at the earliest."),
    ),
    Reason.STEP_AFTER_GIVING_UP: Words(
        422, Tone.STOP, N_("A kit that was given up is only reminded of: nothing else may come after that day.")
    ),
    # Lending rules
    Reason.NUMBER_OUTSIDE: Words(422, Tone.STOP, N_("Choose a number from %(least)s to %(most)s (%(field)s).")),
    Reason.AMOUNT_OUTSIDE: Words(
        422, Tone.STOP, N_("Choose an amount from %(least_cents)s to %(most_cents)s (%(field)s).")
    ),
    Reason.CHANGE_PLANNED: Words(
        409,
        Tone.STOP,
        N_("A change of the rules from %(at)s is planned already. Take it back first, or begin no earlier."),
    ),
}
