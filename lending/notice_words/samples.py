"""A made-up notice of each kind, for the preview of whoever edits its words. Nobody's data stand in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from lending.models.cohorts import WorkshopMode
from lending.models.notices import Channel
from lending.notice_words import MESSAGES
from lending.queries.notices import NoticeFacts

_DUE_AT = datetime(2026, 12, 19, 2, 0, tzinfo=UTC)
"""Friday, 18 December 2026, 6 in the evening in Los Angeles."""

_AGREEMENTS = {
    "en": ("Borrowing agreement", "I bring the kit back."),
    "es": ("Acuerdo de préstamo", "Devuelvo el kit."),
}
"""Patrons sign a text in their own language, and so they are sent it."""


def sample(code: str, channel: Channel, language: str) -> NoticeFacts:
    """Facts for every place that a message (by its code) may have."""
    title, text = _AGREEMENTS.get(language, _AGREEMENTS["en"])
    return NoticeFacts(
        notice="sample",
        step=code,
        subject=MESSAGES[code].about,
        channel=channel,
        patron_id=0,
        loan_id=None,
        name="Ana Morales",
        language=language,
        email="ana@example.org",
        phone="+12135550142",
        address=("12 Elm Street", "Los Angeles 90022"),
        branch_id=0,
        branch="Elm Street Library",
        branch_phone="(213) 555-0100",
        branch_address="1 Elm Street, Los Angeles 90022",
        zone="America/Los_Angeles",
        kit_type="Work Ready kit",
        due_at=_DUE_AT,
        was_due_at=_DUE_AT - timedelta(days=7),
        days_late=7,
        owed_cents=45000,
        parts=("Charger",),
        back_by=_DUE_AT + timedelta(days=7),
        pickup_code="K7QD",
        pickup_from=date(2026, 10, 27),
        ready_until=_DUE_AT,
        place=4,
        cohort="Work Ready 7",
        starts_on=date(2026, 11, 3),
        ends_on=date(2026, 12, 18),
        offered_until=_DUE_AT,
        agreement=title,
        agreement_text=text,
        signed_at=_DUE_AT,
        pin_code="402817",
        pin_until=_DUE_AT,
        workshop="Applying for work",
        workshop_at=_DUE_AT,
        workshop_ends_at=_DUE_AT + timedelta(hours=1),
        survey_link="https://kits.example.org/s/23456789bcdfghjk",
        registration_link="https://kits.example.org/workshops/registered/23456789bcdfghjk",
        reference="W-K7QDMP",
        mode=WorkshopMode.ONSITE,
        held_at="Elm Street Library, 1 Elm Street, Los Angeles 90022",
    )
