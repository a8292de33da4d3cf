"""What a notice is in words: sentences with the places that its step fills. Source: RULES 6.

``lending/domain/placeholders.py`` says what a place is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lending.phrases import N_
from lending.queries.notices import Subject

GREETING = N_("Hello {first_name},")
QUESTIONS = N_("Questions? Call {phone}. We are glad to help.")
SIGNED = "{branch}\n{library}"
LINK = "survey_link"
"""The place of the address under which a survey is answered; empty where the library has no public pages, as is
``registration_link``, under which somebody sees and cancels what they registered for.
"""

ALWAYS = frozenset({"first_name", "library", "branch", "phone"})
"""Places that every notice fills. ``phone`` is the branch's telephone, or its name where it has none."""

OF_SUBJECT: Mapping[Subject, frozenset[str]] = {
    Subject.LOAN: frozenset({"kit_type", "due_day", "due_moment"}),
    Subject.RESERVATION: frozenset({"kit_type"}),
    Subject.ENROLMENT: frozenset({"session", "starts_on", "ends_on"}),
    Subject.WORKSHOP: frozenset({"session", "workshop", "workshop_moment"}),
    Subject.SIGNATURE: frozenset({"agreement", "agreement_text", "signed_on"}),
    Subject.PIN: frozenset({"pin_code", "pin_until"}),
    Subject.SURVEY: frozenset({"session", "workshop"}),
    Subject.REGISTRATION: frozenset({"workshop", "workshop_moment", "where", "reference", "registration_link"}),
}
"""Places that every notice about such a thing fills."""


@dataclass(frozen=True, slots=True)
class Message:
    """The words that come with the product for one step: English sources for ``gettext``.

    ``title`` names the step for staff. ``paragraphs`` stand between the greeting and whom to call. ``text`` goes to a
    telephone, in one segment where the language can. ``more`` are the places that this step alone fills. ``asks``: the
    link of a survey stands behind the last paragraph and the text, where the library has public pages.
    """

    title: str
    about: Subject
    subject: str
    paragraphs: tuple[str, ...]
    text: str
    more: frozenset[str] = frozenset()
    asks: bool = False

    @property
    def places(self) -> frozenset[str]:
        """Every place that a text of this step may have."""
        return ALWAYS | OF_SUBJECT[self.about] | self.more | (frozenset({LINK}) if self.asks else frozenset())

    @property
    def body(self) -> tuple[str, ...]:
        """The whole letter, paragraph by paragraph."""
        return (GREETING, *self.paragraphs, QUESTIONS, SIGNED)
