"""The words of every notice: a subject, a letter and a short text for each step, in the patron's language.

Plain words, days with their weekday, no blame, what to do next and whom to call. Nothing about the contents stands in a
subject line. Source: RULES 6; SCREENS, "Words".
"""

from __future__ import annotations

from collections.abc import Mapping

from lending.notice_words.loans import LOANS
from lending.notice_words.message import Message
from lending.notice_words.pins import PINS
from lending.notice_words.registrations import REGISTRATIONS
from lending.notice_words.reservations import RESERVATIONS
from lending.notice_words.sessions import SESSIONS
from lending.notice_words.signatures import SIGNATURES
from lending.queries.notices import NoticeFacts, Subject

__all__ = ["MESSAGES", "Message", "code_of"]

MESSAGES: Mapping[str, Message] = {**RESERVATIONS, **LOANS, **SESSIONS, **SIGNATURES, **PINS, **REGISTRATIONS}
"""Every message by its code: the step, or where one step speaks of several things, the step and the thing."""


def code_of(facts: NoticeFacts) -> str | None:
    """The code of the message that tells these facts; ``None`` where there is none.

    A step that a library added to a ladder is told in the words of the nearest one that comes with the product.
    """
    if facts.step in MESSAGES:
        return facts.step
    apart = f"{facts.step}_{facts.subject.value}"
    if apart in MESSAGES:
        return apart
    if facts.subject is not Subject.LOAN:
        return None
    if facts.owed_cents:
        return "bill_reminder"
    return "overdue_7_days" if facts.days_late else "due_in_3_days"
