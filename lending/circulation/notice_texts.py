"""The library's own words for notices: set, and given up for those that come with the product.

Whatever is written is filled by ``domain/placeholders.py``, which knows names and nothing else; so a text can neither
look into the program nor fail on its way out. Source: issue "Nothing goes overdue unnoticed", Build 3.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record, record_unchanged
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.placeholders import PRIVATE, places_in, unknown_places
from lending.domain.registration import is_storable
from lending.errors import Block, Reason, Refused
from lending.models.notices import Channel, NoticeText

LONGEST_SUBJECT: Final = 120
LONGEST_BODY: Final = 5000
"""Characters: two printed pages."""
LONGEST_TEXT: Final = 480
"""Characters of a text message before its places are filled."""


def set_notice_text(
    session: Session,
    *,
    step: str,
    channel: Channel,
    language: str,
    subject: str,
    body: str,
    places: Collection[str],
    at: datetime,
    by: Actor,
) -> None:
    """Say a step's notice in the library's own words, by a channel and in a language.

    ``places`` are the names that the step fills; a text message has no ``subject``. The same words again change
    nothing. Raises ``Refused``: ``NOT_PERMITTED``, or all of ``VALUE_MISSING`` and ``VALUE_WRONG`` by field,
    ``PLACE_UNKNOWN`` and ``PLACE_PRIVATE``; ``BUSY`` when somebody else sets them in this very moment.
    """
    by.permit(Act.ADMINISTER)
    subject = "" if channel is Channel.TEXT else subject.strip()
    body = "\n".join(line.rstrip() for line in body.strip().splitlines())
    blocks = list(_against(channel, subject, body, places))
    if blocks:
        raise Refused(*blocks)
    chosen = select(NoticeText).where(*_which(step, channel, language))
    row = session.scalars(chosen.with_for_update(key_share=True)).one_or_none()
    if row is not None and (row.subject, row.body) == (subject, body):
        record_unchanged(session, "set_notice_text", at=at, by=by)
        return
    if row is None:
        row = NoticeText(step=step, channel=channel, language=language)
        session.add(row)
    row.subject, row.body, row.changed_at, row.changed_by_id = subject, body, at, by.staff_id
    with refusing_twins(Reason.BUSY):
        session.flush()  # the same words set a moment ago by somebody else are refused by name
    record(session, "set_notice_text", at=at, by=by, detail=_detail(step, channel, language))


def restore_notice_text(
    session: Session, *, step: str, channel: Channel, language: str, at: datetime, by: Actor
) -> None:
    """Go back to the words that come with the product; nothing changes where nobody left them."""
    by.permit(Act.ADMINISTER)
    gone = session.execute(delete(NoticeText).where(*_which(step, channel, language)).returning(NoticeText.id))
    if gone.first() is None:
        record_unchanged(session, "restore_notice_text", at=at, by=by)
    else:
        record(session, "restore_notice_text", at=at, by=by, detail=_detail(step, channel, language))


def _is_shown(text: str) -> bool:
    """Whether nothing is in a text but what a reader sees: no control but a new line."""
    return is_storable(text) and not any(unicodedata.category(sign) == "Cc" and sign != "\n" for sign in text)


def _which(step: str, channel: Channel, language: str) -> tuple[ColumnElement[bool], ...]:
    return (NoticeText.step == step, NoticeText.channel == channel, NoticeText.language == language)


def _detail(step: str, channel: Channel, language: str) -> dict[str, object]:
    return {"step": step, "channel": channel.value, "language": language}


def _against(channel: Channel, subject: str, body: str, places: Collection[str]) -> Iterator[Block]:
    """Everything that is wrong with a text."""
    given = {"body": (body, LONGEST_TEXT if channel is Channel.TEXT else LONGEST_BODY)}
    if channel is not Channel.TEXT:
        given["subject"] = (subject, LONGEST_SUBJECT)
    for name, (text, longest) in given.items():
        if not text:
            yield Block(Reason.VALUE_MISSING, {"field": name})
        elif len(text) > longest or not _is_shown(text) or (name == "subject" and len(text.splitlines()) > 1):
            yield Block(Reason.VALUE_WRONG, {"field": name})
        for place in unknown_places(text, places):
            yield Block(Reason.PLACE_UNKNOWN, {"field": name, "place": place or "{}"})
    for place in sorted(PRIVATE & set(places_in(subject)) & set(places)):
        yield Block(Reason.PLACE_PRIVATE, {"field": "subject", "place": place})
