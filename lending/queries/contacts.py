"""How one patron is reached, as they see it themselves. Source: RULES 6, "Channels per patron"."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.telling import channel_of
from lending.models.notices import Channel
from lending.models.people import Patron


@dataclass(frozen=True, slots=True)
class Contact:
    """A patron's addresses, the channel by which they are told, and their language."""

    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    channel: Channel
    language: str

    @property
    def is_reached(self) -> bool:
        """Whether a message finds them that nobody has to print."""
        return self.channel is not Channel.LETTER


_CONTACT = select(
    Patron.email,
    Patron.email_refused_at,
    Patron.phone,
    Patron.text_consent_at,
    Patron.notice_channel,
    Patron.language,
)


def contact_of(session: Session, patron_id: int) -> Contact:
    """How a patron is reached."""
    row = session.execute(_CONTACT.where(Patron.id == patron_id)).one()
    return Contact(row.email, row.phone, channel_of(row), row.language)
