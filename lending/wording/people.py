"""Refusals about people: who asks, the patron and the way in. Source: RULES 2."""

from __future__ import annotations

from collections.abc import Mapping

from lending.errors import Reason
from lending.phrases import N_
from lending.wording.words import Tone, Words

PEOPLE: Mapping[Reason, Words] = {
    # Who asks
    Reason.NOT_PERMITTED: Words(403, Tone.STOP, N_("Your account may not do that at this library. Ask your manager.")),
    Reason.NOT_FOUND: Words(404, Tone.STOP, N_("There is nothing by that name or number. Look at it once more.")),
    Reason.KEY_REUSED: Words(
        409, Tone.STOP, N_("The same scan came in twice with different contents. Nothing changed. Scan it again.")
    ),
    Reason.BUSY: Words(
        503,
        Tone.STOP,
        N_("The library's computer is busy. Nothing changed. Try again."),
        N_("The library's computer is busy. Please try again."),
        N_("Busy. Please try again"),
    ),
    # The patron
    Reason.CARD_UNKNOWN: Words(
        404,
        Tone.STOP,
        N_("We don't know this card. Scan it again, or search by name."),
        N_("We don't know this card. Please ask at the desk."),
        N_("Card not known. Please see staff"),
    ),
    Reason.CARD_REPLACED: Words(
        409,
        Tone.STOP,
        N_("This card was replaced by a newer one. Scan the new card, or search by name."),
        N_("This card was replaced. Please use the new one."),
        N_("This card was replaced. Use the new one"),
    ),
    Reason.CARD_EXPIRED: Words(
        409,
        Tone.STOP,
        N_("The card was good until %(on)s. Renew the card first, then scan again."),
        N_("Your card was good until %(on)s. We can renew it at the desk."),
        N_("Card expired. Please see staff"),
    ),
    Reason.CARD_BLOCKED: Words(
        409, Tone.STOP, N_("The card is blocked: %(note)s. Speak with the patron, then lift the block on their page.")
    ),
    Reason.UNDER_AGE: Words(
        409,
        Tone.STOP,
        N_("The patron is under %(age)s. A parent or guardian has to agree first; note it on the patron's page."),
        N_("A parent or guardian has to agree first. Please ask at the desk."),
        N_("Guardian must agree. Please see staff"),
    ),
    Reason.AGREEMENT_NOT_SIGNED: Words(
        409,
        Tone.STOP,
        N_("The agreement is not signed yet. Have it signed, tick that it is, then scan the kit."),
        N_("Please sign the borrowing agreement at the desk first."),
        N_("Agreement not signed. Please see staff"),
    ),
    Reason.NOT_IN_COHORT: Words(
        409,
        Tone.STOP,
        N_("This kind of kit is for people in a session, and the patron has no seat in one. Enroll them first."),
        N_("This kit is for people who take part in a session. Ask at the desk how to join."),
        N_("For session members. Please see staff"),
    ),
    Reason.LIMIT_REACHED: Words(
        409,
        Tone.STOP,
        N_("The patron has %(out)s of %(limit)s kits already. Take one back first."),
        N_("You have as many kits as one person may borrow. Bring one back first."),
        N_("Limit of kits reached"),
    ),
    Reason.HOUSEHOLD_LIMIT: Words(
        409,
        Tone.STOP,
        N_("This household has as many kits as it may have (%(limit)s). One has to come back first."),
        N_("Your household has as many kits as it may borrow. One has to come back first."),
        N_("Household limit reached"),
    ),
    Reason.COOL_DOWN: Words(
        409,
        Tone.STOP,
        N_("The patron returned a kit a short while ago and may borrow again from %(until)s."),
        N_("You may borrow again from %(until)s."),
        N_("Too soon after the last kit"),
    ),
    Reason.OWES: Words(
        409,
        Tone.STOP,
        N_("The patron owes %(cents)s; up to %(limit_cents)s is fine. Take a payment, then scan again."),
        N_("You owe %(cents)s. Please ask at the desk."),
        N_("Charges to settle. Please see staff"),
    ),
    Reason.OVERDUE_ELSEWHERE: Words(
        409,
        Tone.STOP,
        N_("The patron has a kit that is overdue. It has to come back first."),
        N_("A kit you have is overdue. Please bring it back first."),
        N_("Overdue kit. Please return it first"),
    ),
    # People without a card yet
    Reason.NOT_VERIFIED: Words(
        409,
        Tone.STOP,
        N_("Nobody has checked yet who this is. Look at a proof of identity, then verify them on their page."),
        N_("We have to see who you are first. Please bring a proof of who you are to the desk."),
        N_("Please show staff who you are first"),
    ),
    Reason.ONE_UNTIL_VERIFIED: Words(
        409,
        Tone.STOP,
        N_("Until somebody has checked who this is, they have one request at a time. Verify them first."),
        N_("You have one request already. Come to the desk and show us who you are; then you can ask for more."),
    ),
    Reason.ASKED_BEFORE: Words(
        409,
        Tone.LOOK,
        N_("Somebody with this name, date of birth and contact has asked already. Find them by name."),
        N_("We have a request from you already, and your place is safe. Use the reference that you got, or call us."),
    ),
    Reason.TOO_MANY_FROM_HERE: Words(
        429,
        Tone.STOP,
        N_("Too many people without a card asked from one network. It goes on at %(until)s."),
        N_(
            "Many people asked from this network just now. Try again after %(until)s, call us, or come to the desk. "
            "With a library card you can go on now."
        ),
    ),
    Reason.AGREEMENT_CHANGED: Words(
        409,
        Tone.LOOK,
        N_("The agreement has changed in the meantime. Have the new text signed."),
        N_("The agreement has changed in the meantime. Please read the new text and sign again."),
    ),
    # Sign-in
    Reason.SIGN_IN_FAILED: Words(
        401,
        Tone.STOP,
        N_("That name and password do not go together. Try again."),
        N_("That did not match. Try again."),
    ),
    Reason.SIGN_IN_LOCKED: Words(
        429,
        Tone.STOP,
        N_("Too many tries. Wait a quarter of an hour, then try again."),
        N_("Too many tries. Try later."),
    ),
    Reason.SIGN_IN_SERVICE_FAILED: Words(
        502,
        Tone.STOP,
        N_("The sign-in service did not answer as it should. Try again, or sign in with your password."),
    ),
    Reason.SIGN_IN_SERVICE_UNKNOWN: Words(
        403,
        Tone.STOP,
        N_("The sign-in service knows you, but no account here is yours yet. Ask your administrator."),
    ),
    Reason.LINK_SPENT: Words(
        410, Tone.STOP, N_("This link was used already, or it is too old. Ask your administrator for a new one.")
    ),
    Reason.SECOND_FACTOR_WRONG: Words(
        401, Tone.STOP, N_("That code does not fit, or was used already. Wait for the next one and type it.")
    ),
    Reason.LAST_ADMINISTRATOR: Words(
        409,
        Tone.STOP,
        N_("This is the last account that administers the library. Make somebody else an administrator first."),
    ),
    Reason.PIN_CODE_WRONG: Words(
        422,
        Tone.STOP,
        N_("That code does not open this card, or it is too old. Make a new one."),
        N_("That did not match, or the code is too old. Try again, or ask for a new code."),
    ),
    Reason.PIN_UNFIT: Words(
        422,
        Tone.STOP,
        N_("A PIN has from %(shortest)s to %(longest)s digits, and is not easy to guess. Choose another one."),
        N_("A PIN has from %(shortest)s to %(longest)s digits, and is not easy to guess. Choose another one."),
    ),
    Reason.PASSWORD_TOO_SHORT: Words(
        422, Tone.STOP, N_("A password has from %(shortest)s to %(longest)s characters. Choose another one.")
    ),
}
