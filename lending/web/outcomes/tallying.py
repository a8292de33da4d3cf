"""One press of a key is one tally: sent by the page's script while the page stays, or as a plain form without it.

The script keeps a queue like the desk's, each press under a key of its own, so that none is lost and none counts twice.
Source: SCREENS, rules 2 and 3 of every desk screen; issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, UnprocessableEntity

from lending.circulation.acts import once
from lending.domain.actors import Actor
from lending.domain.registration import is_storable
from lending.errors import Reason, Refused
from lending.web import current
from lending.web.acting import key_of
from lending.wording import status_of

LONGEST = 60
_ELSEWHERE = frozenset({Reason.BUSY, Reason.NOT_PERMITTED})


@dataclass(frozen=True, slots=True)
class Pressed:
    """What was pressed: the button's ``code`` and what else its form says; ``problems`` is why it was not done."""

    code: str
    more: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    status: int = 200


def press(do: Callable[[Session, datetime, Actor, Pressed], Any]) -> Pressed:
    """Do what a button of this request asks for, once for its key."""
    pressed = _given()
    given = request.get_json() if request.is_json else request.form
    key, by, at = key_of(given), current.whoever(), current.now()
    body = {"page": request.path, "code": pressed.code, **pressed.more}
    try:
        current.library().db.act(
            lambda session: once(
                session,
                by=by,
                key=key,
                body=body,
                at=at,
                do=lambda: do(session, at, by, pressed),
                again=lambda act: None,
            )
        )
    except Refused as refused:
        if any(block.reason in _ELSEWHERE for block in refused.blocks):
            raise
        sentences = tuple(current.sentence(block) for block in refused.blocks)
        return Pressed(pressed.code, pressed.more, sentences, status_of(refused.blocks))
    return pressed


def told(pressed: Pressed, say: str, counts: Mapping[str, int | None]) -> ResponseReturnValue:
    """The answer for the page's script: a sentence, and every number as it is now; ``None`` is not known."""
    done = not pressed.problems
    sentence = say if done else " ".join(pressed.problems)
    return jsonify(say=sentence, tone="done" if done else "stop", counts=dict(counts)), pressed.status


def _given() -> Pressed:
    """The button and its form, their shape checked."""
    given: Any = request.form
    if request.is_json:
        try:
            given = request.get_json()
        except RecursionError:
            raise BadRequest from None
        if not isinstance(given, dict):
            raise UnprocessableEntity("object")
    texts = {name: given.get(name, "") for name in ("code", "channel", "key")}
    for name, text in texts.items():
        if not isinstance(text, str) or len(text) > (80 if name == "key" else LONGEST) or not is_storable(text):
            raise UnprocessableEntity(name)
    return Pressed(texts["code"], {"channel": texts["channel"]})
