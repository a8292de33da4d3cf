"""Hooks: what gateways tell the library, signed with a secret that both sides know, and denied without one.

A text that says STOP is honoured at once, in either language; one that says START is answered with how to agree, for a
word on a telephone is no consent. A mail server's report is taken like a refusal at its door. What was sent once does
nothing when it is sent again. Source: RULES 6, "Channels per patron"; docs/gateways.md.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from lending.circulation.acts import once
from lending.circulation.journal import record_unchanged
from lending.circulation.notices import bounced
from lending.circulation.stopping import stop_texts
from lending.domain.actors import Actor, Door
from lending.domain.contacts import phone_number
from lending.domain.permissions import Role
from lending.domain.registration import is_storable
from lending.domain.signatures import SIGNATURE, TIMESTAMP, is_signed
from lending.mail.messages import notice_of
from lending.models.base import new_public_id
from lending.notice_words.rendered import language_for, reader_of
from lending.phrases import N_
from lending.queries.texting import texter
from lending.web import current
from lending.web.access import public

bp = Blueprint("hooks", __name__, url_prefix="/hooks")

STOP = frozenset({"stop", "stopall", "stop all", "alto", "unsubscribe", "cancel", "end", "quit", "revoke"})
STOP |= {"optout", "opt out", "opt-out", "cancelar", "parar", "baja"}
START = frozenset({"start", "unstop"})
HELP = frozenset({"help", "info", "ayuda"})

STOPPED = N_("%(library)s: You get no more text messages from us.")
TO_START = N_("%(library)s: To get text messages again, tell us at the library or call %(phone)s.")
TO_START_HERE = N_("%(library)s: To get text messages again, tell us at the library.")
HELPED = N_("%(library)s: Questions about your kit? Call %(phone)s. Reply STOP to get no more text messages.")
HELPED_HERE = N_("%(library)s: Questions about your kit? Ask at the library. Reply STOP to get no more text messages.")

_ANSWERS = ((STOP, (STOPPED, STOPPED)), (START, (TO_START, TO_START_HERE)), (HELP, (HELPED, HELPED_HERE)))
"""What is answered to which words, where somebody may be called and where not."""

_LONGEST_BODY = 10_000
"""Bytes: a text message and a few words about it."""


@bp.before_request
def _check() -> ResponseReturnValue | None:
    """Whether the other side knows the secret; without one in the settings there is nothing here."""
    request.max_content_length = _LONGEST_BODY
    settings = current.library().settings
    secrets = {"hooks.texts": settings.text_secret, "hooks.bounces": settings.bounce_secret}
    secret = secrets.get(request.endpoint or "")
    if secret is None:
        return _no("nothing here", 404)
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        return _no("too long", 413)
    timestamp, given = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
    if not is_signed(secret, body, timestamp=timestamp, given=given, at=current.now()):
        return _no("not signed, or too long ago", 401)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return _no("no JSON object", 400)
    g.said, g.key = said, f"{request.endpoint}:{given.rpartition('=')[2]}"
    return None


@bp.post("/texts")
@public
def texts() -> ResponseReturnValue:
    """A text message to the library: ``{from, text}``. Answers ``{reply}``, the text to send back, or null."""
    phone, text = _text("from"), _text("text")
    if phone is None or text is None:
        return _no("from and text are needed", 422)
    try:
        number = phone_number(phone)
    except ValueError:
        return _no("from is no telephone number", 422)
    word = " ".join(re.findall(r"[\w-]+", unicodedata.normalize("NFKC", text).casefold()))
    if word in STOP:
        _once("stop_texts", lambda session, at, by: stop_texts(session, phone=number, at=at, by=by))
    return jsonify(reply=_reply(number, word))


@bp.post("/bounces")
@public
def bounces() -> ResponseReturnValue:
    """A message that came back: ``{message_id, permanent, address_is_wrong}``. Answers ``{noted}``."""
    message_id, permanent, wrong = _text("message_id"), g.said.get("permanent"), g.said.get("address_is_wrong", False)
    if message_id is None or not isinstance(permanent, bool) or not isinstance(wrong, bool):
        return _no("message_id and permanent are needed", 422)
    notice = notice_of(message_id)
    if notice is None or not permanent:
        return jsonify(noted=False)
    noted = _once("bounced", lambda session, at, by: bounced(session, notice, address_is_wrong=wrong, at=at, by=by))
    return jsonify(noted=bool(noted))


def _once(verb: str, do: Callable[[Session, datetime, Actor], Any]) -> Any:
    """Do what a message asks for, unless the very same message did before; ``None`` then."""
    at, key, said = current.now(), str(g.key), dict(g.said)
    by = Actor(role=Role.SYSTEM, door=Door.API, act=new_public_id())

    def noted(session: Session) -> Any:
        found = do(session, at, by)
        if not found:
            record_unchanged(session, verb, at=at, by=by)
        return found

    return current.library().db.act(
        lambda session: once(session, by=by, key=key, body=said, at=at, do=lambda: noted(session), again=lambda _: None)
    )


def _reply(phone: str, word: str) -> str | None:
    """What is texted back, in the patron's language; nothing to what the library does not understand."""
    sentences = next((answers for words, answers in _ANSWERS if word in words), None)
    if sentences is None:
        return None
    settings = current.library().settings
    with current.library().db.read() as session:
        found = texter(session, phone)
    reader = reader_of(language_for(found.language or settings.default_locale, settings.default_locale), settings.zone)
    sentence = sentences[0] if found.phone else sentences[1]
    return reader.gettext(sentence) % {"library": current.library().own_settings().name, "phone": found.phone}


def _text(name: str) -> str | None:
    value = g.said.get(name)
    return value if isinstance(value, str) and value.strip() and is_storable(value) else None


def _no(problem: str, status: int) -> ResponseReturnValue:
    return jsonify(problem=problem), status
