"""The library's own words for notices, where it changed those that come with the product. Source: SCREENS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.models.notices import Channel, NoticeText


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A subject, empty for a text message, and a body whose paragraphs are parted by an empty line."""

    subject: str
    body: str


TextKey = tuple[str, Channel, str]
"""A message's code, a channel and a language."""


def own_words(session: Session, code: str, channel: Channel, language: str) -> OwnWords | None:
    """The library's own words for a message, by a channel and in a language, if it has any."""
    row = session.execute(
        select(NoticeText.subject, NoticeText.body).where(
            NoticeText.step == code, NoticeText.channel == channel, NoticeText.language == language
        )
    ).one_or_none()
    return None if row is None else OwnWords(row.subject, row.body)


def all_own_words(session: Session) -> Mapping[TextKey, OwnWords]:
    """Everything the library says in its own words."""
    return {
        (row.step, row.channel, row.language): OwnWords(row.subject, row.body)
        for row in session.scalars(select(NoticeText))
    }
