"""Notices about a kit that is out: its receipt, its ladder, its due date, its parts and its line. Source: RULES 6."""

from __future__ import annotations

from collections.abc import Mapping

from lending.notice_words.message import Message
from lending.phrases import N_
from lending.queries.notices import Subject

_BRING = N_("Hand it to a person at the desk. Please do not use the book drop.")
_ALREADY_BACK = N_("Did you bring it back already? Then thank you, and please forget this message.")
_KEEP_TALKING = N_("If you can't come, call us. We can often find a way.")
_NEW_DATE = N_("Your kit ({kit_type}) is now due {due_moment}. Before, it was due {was_due_day}.")
_WAS = frozenset({"was_due_day"})


def _about_loan(
    title: str, subject: str, paragraphs: tuple[str, ...], text: str, more: frozenset[str] = frozenset()
) -> Message:
    return Message(title, Subject.LOAN, subject, paragraphs, text, more)


LOANS: Mapping[str, Message] = {
    "receipt": _about_loan(
        N_("Receipt"),
        N_("Your kit is due {due_day}"),
        (
            N_("Thank you for your visit. You have a kit ({kit_type}) on loan. Please bring it back by {due_moment}."),
            N_("In the bag: {parts}."),
            N_("Is a part missing? Tell us within 48 hours and you will not be billed for it."),
            _BRING,
        ),
        N_("{library}: your kit is due {due_day}. Questions? {phone}"),
        frozenset({"parts"}),
    ),
    "due_in_7_days": _about_loan(
        N_("Due in seven days"),
        N_("Your kit is due {due_day}"),
        (N_("A week from now your kit ({kit_type}) is due. Please bring it back by {due_moment}."), _BRING),
        N_("{library}: your kit is due {due_day}. Questions? {phone}"),
    ),
    "due_in_3_days": _about_loan(
        N_("Due in three days"),
        N_("Your kit is due {due_day}"),
        (N_("Your kit ({kit_type}) is due soon. Please bring it back by {due_moment}."), _BRING, _KEEP_TALKING),
        N_("{library}: your kit is due soon, on {due_day}. Questions? {phone}"),
    ),
    "due_today": _about_loan(
        N_("Due today"),
        N_("Your kit is due today"),
        (N_("Today is the day: your kit ({kit_type}) is due {due_moment}."), _BRING, _KEEP_TALKING),
        N_("{library}: your kit is due today, {due_day}. Questions? {phone}"),
    ),
    "overdue": _about_loan(
        N_("One day overdue"),
        N_("Your kit was due {due_day}"),
        (
            N_("Your kit ({kit_type}) was due {due_day}. Please bring it back as soon as you can."),
            N_("If the kit has mobile internet, it will stop working until the kit is back."),
            _BRING,
            _ALREADY_BACK,
        ),
        N_("{library}: your kit was due {due_day}. Please bring it back. Questions? {phone}"),
        frozenset({"days_late"}),
    ),
    "overdue_7_days": _about_loan(
        N_("A week overdue"),
        N_("Your kit was due {due_day}"),
        (
            N_("Your kit ({kit_type}) was due {due_day}. Other people are waiting for a kit. Please bring it back."),
            _BRING,
            _KEEP_TALKING,
            _ALREADY_BACK,
        ),
        N_("{library}: your kit was due {due_day}. Others are waiting. Please bring it back or call {phone}"),
        frozenset({"days_late"}),
    ),
    "overdue_14_days": _about_loan(
        N_("Two weeks overdue"),
        N_("Please call us about your kit"),
        (
            N_("Your kit ({kit_type}) was due {due_day}. Please bring it back this week, or call {phone}."),
            N_("Three weeks after its due date a kit counts as lost, and we have to bill you for it."),
            _BRING,
            _ALREADY_BACK,
        ),
        N_("{library}: your kit was due {due_day}. Please bring it back this week or call {phone}"),
        frozenset({"days_late"}),
    ),
    "assumed_lost": _about_loan(
        N_("Counted as lost, and billed"),
        N_("Your kit is not back: a bill"),
        (
            N_("Your kit ({kit_type}) was due {due_day} and is not back. We count it as lost. The bill is {owed}."),
            N_("Bring the kit back and we take the bill away. You can do that at any time."),
            _BRING,
            _KEEP_TALKING,
        ),
        N_("{library}: your kit is not back and was billed. Bring it back and the bill goes away. {phone}"),
        frozenset({"owed", "days_late"}),
    ),
    "bill_reminder": _about_loan(
        N_("Reminder of the bill"),
        N_("A reminder about your kit"),
        (
            N_("Your kit ({kit_type}) was due {due_day} and is still not back. The bill is {owed}."),
            N_("Bring the kit back and we take the bill away. You can do that at any time."),
            _KEEP_TALKING,
        ),
        N_("{library}: your kit is still not back. Bring it back and the bill goes away. {phone}"),
        frozenset({"owed", "days_late"}),
    ),
    "part_missing": _about_loan(
        N_("A part is missing"),
        N_("Your kit is back, but not all of it"),
        (
            N_("Thank you for bringing your kit ({kit_type}) back. This was not in the bag: {parts}."),
            N_("Please bring it by {back_by}. After that day we have to bill you for it alone."),
            N_("If it was not there when you got the kit, tell us."),
        ),
        N_("{library}: a part of your kit did not come back. Please bring it by {back_by}. {phone}"),
        frozenset({"parts", "back_by"}),
    ),
    "shortened": _about_loan(
        N_("Due earlier: left the session"),
        N_("Your kit is now due {due_day}"),
        (_NEW_DATE, N_("You are no longer in the session, so the kit goes to the next person."), _BRING),
        N_("{library}: your kit is now due {due_day}. Questions? {phone}"),
        _WAS,
    ),
    "transferred": _about_loan(
        N_("Due date of another session"),
        N_("Your kit is now due {due_day}"),
        (_NEW_DATE, N_("You changed to another session, and your kit goes with you. You need not bring it in now.")),
        N_("{library}: your kit is now due {due_day}. Questions? {phone}"),
        _WAS,
    ),
    "rolled_over": _about_loan(
        N_("Kept for the next session"),
        N_("Your kit is now due {due_day}"),
        (
            N_("You keep your kit ({kit_type}) for the next session. You need not bring it in now."),
            N_("It is now due {due_moment}."),
        ),
        N_("{library}: you keep your kit for the next session. It is now due {due_day}. {phone}"),
    ),
    "renewed": _about_loan(
        N_("Renewed"),
        N_("Your kit is now due {due_day}"),
        (_NEW_DATE, N_("We renewed it for you, because nobody is waiting for it.")),
        N_("{library}: your kit was renewed. It is now due {due_day}. Questions? {phone}"),
        _WAS,
    ),
    "cohort_moved_loan": _about_loan(
        N_("Session moved: kit on loan"),
        N_("Your kit is now due {due_day}"),
        (_NEW_DATE, N_("The dates of the session have changed, and the date of your kit goes with them.")),
        N_("{library}: the session's dates changed. Your kit is now due {due_day}. {phone}"),
        _WAS,
    ),
    "cohort_cancelled_loan": _about_loan(
        N_("Session canceled: kit on loan"),
        N_("Your session was canceled"),
        (N_("We are sorry: your session will not take place."), _NEW_DATE, _BRING),
        N_("{library}: sorry, your session was canceled. Your kit is now due {due_day}. {phone}"),
        _WAS,
    ),
    "closed_loan": _about_loan(
        N_("Library closed: kit on loan"),
        N_("Your kit is now due {due_day}"),
        (N_("The library is closed on the day your kit was due, so you have more time."), _NEW_DATE),
        N_("{library}: we are closed on {was_due_day}. Your kit is now due {due_day}. {phone}"),
        _WAS,
    ),
    "line_suspended": _about_loan(
        N_("Mobile internet stopped"),
        N_("Your kit's mobile internet has stopped"),
        (
            N_("Your kit ({kit_type}) was due {due_day}, so its mobile internet has stopped."),
            N_("It works again for the next person when the kit is back. Please bring it in."),
            _BRING,
        ),
        N_("{library}: the mobile internet of your kit has stopped. The kit was due {due_day}. {phone}"),
    ),
    "line_restored": _about_loan(
        N_("Mobile internet works again"),
        N_("Your kit's mobile internet works again"),
        (N_("The mobile internet of your kit ({kit_type}) works again. Your kit is due {due_moment}."),),
        N_("{library}: the mobile internet of your kit works again. It is due {due_day}. {phone}"),
    ),
}
"""By step; where a step also speaks of other things, by step and subject."""
