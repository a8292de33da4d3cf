"""Notices, for other programs: the log of them, the words they speak, and setting the library's own.

Source: INTERFACES, "Whatever a page can do, the API can"; issue "Nothing goes overdue unnoticed", Build 3.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation.notice_texts import LONGEST_BODY, LONGEST_SUBJECT, restore_notice_text, set_notice_text
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.notices import Channel, NoticeState
from lending.notice_words import MESSAGES
from lending.notice_words.rendered import reader_of, spoken, words_of
from lending.queries.notice_log import NoticeLogged, notice_log
from lending.queries.notice_texts import all_own_words, own_words

_ADDRESS = "/notice_texts/<step>/<channel>/<language>"
_CHANNELS = (Channel.EMAIL, Channel.TEXT, Channel.LETTER)


class OwnText(Schema):
    """A notice in the library's own words; a text message has an empty subject."""

    subject = Text(LONGEST_SUBJECT, load_default="")
    body = Text(LONGEST_BODY, shortest=1, required=True)


class NoticeTextAnswer(Schema):
    """A step's words by a channel in a language; own says whether the library wrote them, places what they may name."""

    step = answers.text()
    channel = answers.text()
    language = answers.text()
    subject = answers.text()
    body = answers.text()
    own = fields.Boolean(required=True)
    places = fields.List(answers.text(), required=True)


class NoticeTextList(Schema):
    """Every step by every channel and in every language that is complete."""

    items = fields.List(fields.Nested(NoticeTextAnswer), required=True)


class LogQuery(Page):
    """Which notices are listed."""

    state = fields.Enum(NoticeState, by_value=True)
    channel = fields.Enum(Channel, by_value=True)
    step = CodeText()


class NoticeAnswer(Schema):
    """One notice on its way; patron is an id, null once the link is cut. What it says is not kept."""

    id = answers.text()
    step = answers.text()
    channel = fields.Enum(Channel, by_value=True, required=True)
    state = fields.Enum(NoticeState, by_value=True, required=True)
    carrier = answers.optional(fields.String)
    problem = answers.optional(fields.String)
    tries = fields.Integer(required=True)
    due_at = answers.instant()
    sent_at = answers.optional(fields.AwareDateTime)
    patron = answers.optional(fields.String)


class NoticePage(Schema):
    """A page of the log, the newest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(NoticeAnswer), required=True)
    next = answers.optional(fields.String)


@call("GET", "/notices", Act.ADMINISTER, query=LogQuery, gives=NoticePage, tag="Notices")
def get_notices(query: Body) -> Any:
    """List the log of notices, the newest first"""
    cursor = after(query.get("cursor"))
    with current.library().db.read() as session:
        found = notice_log(
            session,
            state=query.get("state"),
            channel=query.get("channel"),
            step=query.get("step"),
            before=int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 16 else None,
            limit=query["limit"] + 1,
        )
    items = found[: query["limit"]]
    more = len(found) > len(items)
    return {"items": [_logged(one) for one in items], "next": cursor_of(str(items[-1].id)) if more else None}


def _logged(one: NoticeLogged) -> Body:
    values = asdict(one)
    return {"id": one.notice} | {name: values[name] for name in NoticeAnswer().fields if name != "id"}


@call("GET", "/notice_texts", Act.ADMINISTER, gives=NoticeTextList, tag="Notices")
def get_notice_texts() -> Any:
    """List the words of every notice"""
    with current.library().db.read() as session:
        own = all_own_words(session)
    keys = [(step, channel, language) for step in MESSAGES for channel in _CHANNELS for language in sorted(spoken())]
    return {"items": [_shown(*key, own.get(key)) for key in keys]}


@call("PUT", _ADDRESS, Act.ADMINISTER, takes=OwnText, gives=NoticeTextAnswer, tag="Notices")
def put_notice_text(body: Body, step: str, channel: str, language: str) -> Any:
    """Say a notice in the library's own words"""
    by_channel = _known(step, channel, language)

    def do(session: Session, by: Actor) -> None:
        set_notice_text(
            session,
            step=step,
            channel=by_channel,
            language=language,
            subject=body["subject"],
            body=body["body"],
            places=MESSAGES[step].places,
            at=current.now(),
            by=by,
        )

    return key_welcome(do, lambda session, act: _as_it_stands(session, step, by_channel, language), body=body)


@call("DELETE", _ADDRESS, Act.ADMINISTER, gives=NoticeTextAnswer, tag="Notices")
def delete_notice_text(step: str, channel: str, language: str) -> Any:
    """Go back to the words that come with the product"""
    by_channel = _known(step, channel, language)

    def do(session: Session, by: Actor) -> None:
        restore_notice_text(session, step=step, channel=by_channel, language=language, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _as_it_stands(session, step, by_channel, language), body={})


def _known(step: str, channel: str, language: str) -> Channel:
    if step not in MESSAGES or channel not in _CHANNELS or language not in spoken():
        raise Refused.because(Reason.NOT_FOUND)
    return Channel(channel)


def _as_it_stands(session: Session, step: str, channel: Channel, language: str) -> Body:
    return _shown(step, channel, language, own_words(session, step, channel, language))


def _shown(step: str, channel: Channel, language: str, own: Any) -> Body:
    words = own or words_of(MESSAGES[step], channel, reader_of(language, "UTC"))
    return {
        "step": step,
        "channel": channel.value,
        "language": language,
        "subject": words.subject,
        "body": words.body,
        "own": own is not None,
        "places": sorted(MESSAGES[step].places),
    }
