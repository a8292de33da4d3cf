"""What the library says when it says no: one row of sentences for each ``Reason``, for each of its doors.

Plain words without blame, and what to do next. Sentences are English sources with named places; a door hands in its
own ``gettext``. No web framework is known here. Source: RULES 2, SCREENS ("Rules for every desk screen"), ARCHITECTURE
("Errors").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from lending.errors import Block, Reason
from lending.phrases import N_, Details, Gettext, Reader


@unique
class Tone(StrEnum):
    """How an answer sounds and looks: four, told apart by rhythm, icon and word."""

    DONE = "done"
    LOOK = "look"
    STOP = "stop"
    AGAIN = "again"


@unique
class Audience(StrEnum):
    """Who reads a sentence."""

    DESK = "desk"
    PATRON = "patron"
    SIP2 = "sip2"


_SEE_STAFF = N_("Please ask at the desk. They can help you with this.")
_SEE_STAFF_SIP2 = N_("Please see staff")
_NOT_LENT = N_("This kit cannot be lent just now. Please choose another one.")
_NOT_LENT_SIP2 = N_("This kit cannot be lent now")


@dataclass(frozen=True, slots=True)
class Words:
    """One refusal in words. ``status`` is the HTTP status; ``sip2`` stands in field AF and so is short."""

    status: int
    tone: Tone
    desk: str
    patron: str = _SEE_STAFF
    sip2: str = _SEE_STAFF_SIP2

    @property
    def exit_code(self) -> int:
        """What the command line ends with: BSD's sysexits where one fits, else 1."""
        return _EXIT_CODES.get(self.status, 1)


_EXIT_CODES: Mapping[int, int] = {401: 77, 403: 77, 404: 66, 422: 65, 429: 75, 503: 75}

_R, _STOP, _LOOK, _AGAIN = Reason, Tone.STOP, Tone.LOOK, Tone.AGAIN

WORDS: Mapping[Reason, Words] = {
    # Who asks
    _R.NOT_PERMITTED: Words(403, _STOP, N_("Your account may not do that at this library. Ask your manager.")),
    _R.NOT_FOUND: Words(404, _STOP, N_("There is nothing by that name or number. Look at it once more.")),
    _R.KEY_REUSED: Words(
        409, _STOP, N_("The same scan came in twice with different contents. Nothing changed. Scan it again.")
    ),
    _R.BUSY: Words(
        503,
        _STOP,
        N_("The library's computer is busy. Nothing changed. Try again."),
        N_("The library's computer is busy. Please try again."),
        N_("Busy. Please try again"),
    ),
    # Reading a code
    _R.CODE_EMPTY: Words(422, _STOP, N_("Nothing was scanned. Scan it again.")),
    _R.CODE_UNKNOWN: Words(404, _STOP, N_("We don't know %(code)s. Scan it again.")),
    _R.CODE_MISREAD: Words(
        422,
        _STOP,
        N_("That did not scan right. Scan it again."),
        N_("That did not scan right. Please scan it again."),
        N_("Did not scan right. Scan it again"),
    ),
    _R.CODE_NOT_A_KIT: Words(422, _STOP, N_("That is %(kind)s, not a kit. Scan the kit's own label.")),
    _R.CODE_NOT_A_CARD: Words(422, _STOP, N_("That is %(kind)s, not a library card. Scan the card.")),
    _R.CODE_IS_A_PART: Words(
        422, _STOP, N_("That is the label of a part (%(part)s) of %(kit)s. Scan the kit's own label.")
    ),
    _R.CODE_IS_A_DEVICE_NUMBER: Words(
        422, _STOP, N_("That is %(kind)s of %(kit)s (%(part)s). Scan the kit's own label.")
    ),
    _R.CODE_TAKEN: Words(409, _STOP, N_("%(code)s is in use already. Choose another code.")),
    _R.CODE_SPACE: Words(
        422, _STOP, N_("%(code)s looks like %(kind)s, so it cannot be used for this. Choose another code.")
    ),
    # The patron
    _R.CARD_UNKNOWN: Words(
        404,
        _STOP,
        N_("We don't know this card. Scan it again, or search by name."),
        N_("We don't know this card. Please ask at the desk."),
        N_("Card not known. Please see staff"),
    ),
    _R.CARD_REPLACED: Words(
        409,
        _STOP,
        N_("This card was replaced by a newer one. Scan the new card, or search by name."),
        N_("This card was replaced. Please use the new one."),
        N_("This card was replaced. Use the new one"),
    ),
    _R.CARD_EXPIRED: Words(
        409,
        _STOP,
        N_("The card was good until %(on)s. Renew the card first, then scan again."),
        N_("Your card was good until %(on)s. We can renew it at the desk."),
        N_("Card expired. Please see staff"),
    ),
    _R.CARD_BLOCKED: Words(
        409, _STOP, N_("The card is blocked: %(note)s. Speak with the patron, then lift the block on their page.")
    ),
    _R.UNDER_AGE: Words(
        409,
        _STOP,
        N_("The patron is under %(age)s. A parent or guardian has to agree first; note it on the patron's page."),
        N_("A parent or guardian has to agree first. Please ask at the desk."),
        N_("Guardian must agree. Please see staff"),
    ),
    _R.AGREEMENT_NOT_SIGNED: Words(
        409,
        _STOP,
        N_("The agreement is not signed yet. Have it signed, tick that it is, then scan the kit."),
        N_("Please sign the borrowing agreement at the desk first."),
        N_("Agreement not signed. Please see staff"),
    ),
    _R.NOT_IN_COHORT: Words(
        409,
        _STOP,
        N_("This kind of kit is for people in a session, and the patron has no seat in one. Enroll them first."),
        N_("This kit is for people who take part in a session. Ask at the desk how to join."),
        N_("For session members. Please see staff"),
    ),
    _R.LIMIT_REACHED: Words(
        409,
        _STOP,
        N_("The patron has %(out)s of %(limit)s kits already. Take one back first."),
        N_("You have as many kits as one person may borrow. Bring one back first."),
        N_("Limit of kits reached"),
    ),
    _R.HOUSEHOLD_LIMIT: Words(
        409,
        _STOP,
        N_("This household has its %(limit)s kits already. One has to come back first."),
        N_("Your household has as many kits as it may borrow. One has to come back first."),
        N_("Household limit reached"),
    ),
    _R.COOL_DOWN: Words(
        409,
        _STOP,
        N_("The patron returned a kit a short while ago and may borrow again from %(until)s."),
        N_("You may borrow again from %(until)s."),
        N_("Too soon after the last kit"),
    ),
    _R.OWES: Words(
        409,
        _STOP,
        N_("The patron owes %(cents)s; up to %(limit_cents)s is fine. Take a payment, then scan again."),
        N_("You owe %(cents)s. Please ask at the desk."),
        N_("Charges to settle. Please see staff"),
    ),
    _R.OVERDUE_ELSEWHERE: Words(
        409,
        _STOP,
        N_("The patron has a kit that is overdue. It has to come back first."),
        N_("A kit you have is overdue. Please bring it back first."),
        N_("Overdue kit. Please return it first"),
    ),
    # The kit
    _R.KIT_UNKNOWN: Words(404, _STOP, N_("We don't know the kit %(code)s. Scan its label again, or search for it.")),
    _R.ON_LOAN_TO_THIS_PATRON: Words(
        409,
        _AGAIN,
        N_("%(kit)s is already checked out to this patron. Nothing changed."),
        N_("You have this kit already."),
        N_("You have this kit already"),
    ),
    _R.ON_LOAN_TO_ANOTHER: Words(
        409,
        _STOP,
        N_("%(kit)s is checked out to someone else. If it is here in your hands, return it first."),
        _NOT_LENT,
        _NOT_LENT_SIP2,
    ),
    _R.PROMISED_TO_ANOTHER: Words(
        409, _STOP, N_("%(kit)s is promised to someone else. Put it back on the hold shelf."), _NOT_LENT, _NOT_LENT_SIP2
    ),
    _R.NOT_INSPECTED: Words(
        409,
        _STOP,
        N_("%(kit)s came back and nobody has looked inside yet. Inspect it first."),
        _NOT_LENT,
        _NOT_LENT_SIP2,
    ),
    _R.NOT_READY: Words(
        409,
        _STOP,
        N_("%(kit)s is not ready: %(steps)s still to do. Finish it at Inspection."),
        _NOT_LENT,
        _NOT_LENT_SIP2,
    ),
    _R.NOT_WIPED: Words(
        409, _STOP, N_("%(kit)s is not wiped yet. Wipe it, then note it at Inspection."), _NOT_LENT, _NOT_LENT_SIP2
    ),
    _R.INCOMPLETE: Words(
        409, _STOP, N_("%(kit)s has a part missing and cannot be lent. Choose another kit."), _NOT_LENT, _NOT_LENT_SIP2
    ),
    _R.IN_REPAIR: Words(409, _STOP, N_("%(kit)s is in repair. Choose another kit."), _NOT_LENT, _NOT_LENT_SIP2),
    _R.IN_TRANSIT: Words(
        409,
        _STOP,
        N_("%(kit)s is on its way between libraries. If it arrived here, scan it at Returns."),
        _NOT_LENT,
        _NOT_LENT_SIP2,
    ),
    _R.AT_ANOTHER_BRANCH: Words(
        409,
        _STOP,
        N_("%(kit)s should be at %(branch)s. Choose another kit, or have it sent here from there."),
        _NOT_LENT,
        _NOT_LENT_SIP2,
    ),
    _R.WITHDRAWN: Words(
        409, _STOP, N_("%(kit)s was withdrawn and is not lent any more. Put it aside."), _NOT_LENT, _NOT_LENT_SIP2
    ),
    _R.LOST: Words(
        409, _STOP, N_("%(kit)s is listed as lost. If it is in your hands, return it first."), _NOT_LENT, _NOT_LENT_SIP2
    ),
    _R.MISSING: Words(
        409,
        _STOP,
        N_("%(kit)s is listed as missing. If it is in your hands, say on its page that it was found."),
        _NOT_LENT,
        _NOT_LENT_SIP2,
    ),
    _R.LINE_SUSPENDED: Words(
        409,
        _STOP,
        N_("The line of %(kit)s is not active. Have the carrier restore it, or choose another kit."),
        _NOT_LENT,
        _NOT_LENT_SIP2,
    ),
    _R.LINE_ENDED: Words(
        409,
        _STOP,
        N_("The line of %(kit)s has ended. Put another one in on the kit's page."),
        _NOT_LENT,
        _NOT_LENT_SIP2,
    ),
    _R.NEEDED_FOR_PROMISES: Words(
        409,
        _STOP,
        N_("%(kit)s is needed for people who reserved. Offer the patron a place in the queue."),
        N_("All kits here are reserved. We can put you in the queue."),
        N_("All kits are reserved"),
    ),
    # The time
    _R.BEFORE_PICKUP_WINDOW: Words(
        409,
        _STOP,
        N_("Kits for %(cohort)s are handed out from %(from)s."),
        N_("Your kit can be picked up from %(from)s."),
        N_("Pick-up has not begun yet"),
    ),
    _R.AFTER_LAST_BORROW_DATE: Words(
        409,
        _STOP,
        N_("The program lent its last kit on %(on)s. Choose a kit of another kind."),
        N_("The program lends no more kits."),
        N_("The program lends no more kits"),
    ),
    _R.NO_OPEN_DAY: Words(
        409, _STOP, N_("There is no open day left on which the kit could come back. Look at the library's calendar.")
    ),
    _R.DATE_IN_THE_PAST: Words(422, _STOP, N_("That day has passed. Choose a later one.")),
    _R.DATE_IN_THE_FUTURE: Words(422, _STOP, N_("That day is still to come. Choose an earlier one.")),
    _R.BEFORE_CHECK_OUT: Words(422, _STOP, N_("The kit was checked out after that, on %(at)s. Choose a later day.")),
    # Returns, inspection, renewal, undo
    _R.NOT_ON_LOAN: Words(
        409,
        _LOOK,
        N_("%(kit)s was not out: it is %(state)s. Nothing changed."),
        N_("This kit is not checked out. Please hand it to staff."),
        N_("Not checked out. Hand it to staff"),
    ),
    _R.PARTS_NOT_COUNTED: Words(422, _STOP, N_("Say for each part whether it is here: %(parts)s.")),
    _R.PART_UNKNOWN: Words(422, _STOP, N_("That part does not belong to %(kit)s. Look at the list again.")),
    _R.PART_NOT_MISSING: Words(409, _STOP, N_("That part of %(kit)s is not missing. Nothing changed.")),
    _R.NOT_TO_INSPECT: Words(409, _LOOK, N_("%(kit)s does not wait for inspection: it is %(state)s.")),
    _R.STEPS_NOT_DONE: Words(409, _STOP, N_("%(kit)s is not free yet: %(steps)s still to do.")),
    _R.IN_QUARANTINE: Words(409, _STOP, N_("%(kit)s rests until %(until)s, then it is free.")),
    _R.ON_HOLD_FOR_ANOTHER: Words(
        409,
        _STOP,
        N_("On hold for another patron, so it cannot be renewed. It is due as before."),
        N_("Someone else is waiting for this kit, so it cannot be renewed."),
        N_("On hold for another patron"),
    ),
    _R.RENEWALS_USED_UP: Words(
        409,
        _STOP,
        N_("The kit was renewed %(limit)s times already. It is due as before."),
        N_("This kit was renewed as often as it may be."),
        N_("No renewals left"),
    ),
    _R.RENEWAL_GAINS_NOTHING: Words(
        409,
        _LOOK,
        N_("A renewal now would give no later day. Nothing changed."),
        N_("A renewal now would give you no more time."),
        N_("Renewal would not help now"),
    ),
    _R.COHORT_LOAN: Words(
        409,
        _STOP,
        N_("The kit belongs to a session and is due when the session ends. Enroll the patron in the next one."),
        N_("Your kit is due when your session ends. Ask about the next session."),
        N_("Due when the session ends"),
    ),
    _R.EXCHANGE_SAME_KIT: Words(422, _STOP, N_("That is the same kit. Scan the one that goes out instead.")),
    _R.EXCHANGE_OTHER_TYPE: Words(409, _STOP, N_("That kit is of another kind. Choose one of the same kind.")),
    _R.NOTHING_TO_UNDO: Words(409, _LOOK, N_("There is nothing to undo at this station.")),
    _R.TOO_LATE_TO_UNDO: Words(
        409, _STOP, N_("That was more than ten minutes ago. Return or check out the kit instead.")
    ),
    _R.CHANGED_SINCE: Words(409, _STOP, N_("Somebody changed this in the meantime. Nothing was done. Look again.")),
    _R.TOO_LATE_TO_REPORT: Words(
        409,
        _STOP,
        N_("A part missing from the bag is reported within %(hours)s hours. Note it at the inspection instead."),
        N_("A missing part is reported within %(hours)s hours. Please speak with the staff."),
    ),
    # Stock and people
    _R.WRONG_STATE: Words(409, _STOP, N_("That cannot be done now: it is %(state)s.")),
    _R.REASON_NEEDED: Words(422, _STOP, N_("Type a reason first. It is kept with your name.")),
    _R.SAME_PATRON: Words(422, _STOP, N_("Both cards belong to the same patron. Choose another card.")),
    _R.VALUE_MISSING: Words(422, _STOP, N_("Fill in: %(field)s.")),
    _R.VALUE_WRONG: Words(422, _STOP, N_("This cannot be right: %(field)s. Look at it again.")),
    _R.ALREADY_EXISTS: Words(409, _STOP, N_("That exists already. Nothing changed.")),
    # Sessions
    _R.COHORT_OVER: Words(409, _STOP, N_("That session is over. Choose one that is still to come.")),
    _R.ALREADY_ENROLLED: Words(
        409, _LOOK, N_("The patron is in that session already."), N_("You are in that session already.")
    ),
    _R.ALREADY_RESERVED: Words(
        409, _LOOK, N_("The patron has a reservation for that already."), N_("You have a reservation for that already.")
    ),
    _R.NO_SUCH_POOL: Words(409, _STOP, N_("That session has no kits of this kind at this library. Choose another.")),
    _R.POOL_EXCEEDS_STOCK: Words(
        409, _STOP, N_("Only %(left)s kits of this kind are left at %(branch)s for those days. Lower the number.")
    ),
    _R.POOL_BELOW_PROMISES: Words(
        409,
        _STOP,
        N_("%(out)s kits of this session are promised or out at %(branch)s. It needs as many at least."),
    ),
    _R.CAPACITY_BELOW_SEATS: Words(
        409, _STOP, N_("%(out)s people have a seat in this session. It needs as many seats at least.")
    ),
    _R.COHORT_CANCELLED: Words(
        409, _STOP, N_("That session was cancelled. Choose another."), N_("That session was cancelled.")
    ),
    _R.PREVIEW_OUTDATED: Words(
        409, _LOOK, N_("Something changed since you looked. Nothing was saved. Look at the list once more.")
    ),
    _R.NOT_ELIGIBLE: Words(409, _STOP, N_("This session is %(rule)s."), N_("This session is %(rule)s.")),
    _R.NO_KIT_TO_ROLL_OVER: Words(
        409, _LOOK, N_("%(cohort)s has no kit left at this library, so the one that is out stays due as it is.")
    ),
    _R.ATTENDANCE_NOT_TAKEN: Words(
        409, _STOP, N_("Nobody is signed in at the first workshop yet. Take its attendance first.")
    ),
    _R.KIT_TYPE_NEEDS_COHORT: Words(409, _STOP, N_("Kits of this kind are lent in sessions only. Choose a session.")),
    _R.NOBODY_WAITS: Words(409, _LOOK, N_("Nobody waits for %(kit)s. Leave it with the free kits.")),
    # Workshops and stocktakes
    _R.WORKSHOP_TO_COME: Words(409, _STOP, N_("This workshop begins on %(at)s. Come back to it on that day.")),
    _R.STOCKTAKE_OPEN: Words(
        409, _STOP, N_("A stocktake of this place is open already. Go on with it, or end it first.")
    ),
    _R.STOCKTAKE_ENDED: Words(409, _STOP, N_("This stocktake has ended. Begin another one.")),
    # Sign-in
    _R.SIGN_IN_FAILED: Words(
        401, _STOP, N_("That name and password do not go together. Try again."), N_("That did not match. Try again.")
    ),
    _R.SIGN_IN_LOCKED: Words(
        429, _STOP, N_("Too many tries. Wait a quarter of an hour, then try again."), N_("Too many tries. Try later.")
    ),
    _R.PASSWORD_TOO_SHORT: Words(
        422, _STOP, N_("A password has from %(shortest)s to %(longest)s characters. Choose another one.")
    ),
}


def say(
    block: Block, gettext: Gettext, audience: Audience = Audience.DESK, *, locale: str = "en", zone: str = "UTC"
) -> str:
    """One block in one sentence or two, in the reader's language, with days local to ``zone``.

    A detail that the verb did not give is told in general words ("this kit"). ``free`` in the detail (codes of kits
    that may be lent instead) adds the way out at the desk.
    """
    words = WORDS[block.reason]
    source = {Audience.DESK: words.desk, Audience.PATRON: words.patron, Audience.SIP2: words.sip2}[audience]
    reader = Reader(gettext, locale, zone)
    sentence = gettext(source) % Details(block.detail, reader)
    free = block.detail.get("free")
    if audience is Audience.DESK and isinstance(free, list | tuple) and free:
        sentence += " " + gettext(N_("Free here: %(kits)s.")) % {"kits": ", ".join(map(str, free))}
    return sentence[:1].upper() + sentence[1:]


def say_all(
    blocks: Iterable[Block],
    gettext: Gettext,
    audience: Audience = Audience.DESK,
    *,
    locale: str = "en",
    zone: str = "UTC",
) -> str:
    """Every block of a refusal in one breath."""
    return " ".join(say(block, gettext, audience, locale=locale, zone=zone) for block in blocks)


def status_of(blocks: Iterable[Block]) -> int:
    """The HTTP status of a refusal: the blocks' own where they agree; else what may not be tells first, then 409."""
    statuses = {WORDS[block.reason].status for block in blocks}
    if len(statuses) == 1:
        return statuses.pop()
    return 403 if 403 in statuses else 409


def tone_of(blocks: Iterable[Block]) -> Tone:
    """How a refusal sounds: a stop, unless every block is milder."""
    tones = {WORDS[block.reason].tone for block in blocks}
    return tones.pop() if len(tones) == 1 else Tone.STOP
