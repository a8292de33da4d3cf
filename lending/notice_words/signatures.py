"""The copy of what somebody signed online. Source: issue "Patrons reserve online", Build 1."""

from __future__ import annotations

from collections.abc import Mapping

from lending.notice_words.message import Message
from lending.phrases import N_
from lending.queries.notices import Subject

SIGNATURES: Mapping[str, Message] = {
    "agreement_copy": Message(
        N_("Copy of what was signed"),
        Subject.SIGNATURE,
        N_("A copy of what you signed"),
        (
            N_("Thank you. You signed “{agreement}” online on {signed_on}."),
            N_("This is the text that you signed, for you to keep:\n\n{agreement_text}"),
        ),
        N_("{library}: thank you, we have what you signed on {signed_on}. Ask us for a copy. {phone}"),
    ),
}
"""By step."""
