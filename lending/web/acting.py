"""One act of a page: done once for its key, in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from flask import request
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnprocessableEntity

from lending.circulation.acts import once
from lending.domain.actors import Actor
from lending.web import current

T = TypeVar("T")
SECRETS = frozenset({"old", "pin", "password", "again"})
"""A key keeps a quick digest of its form: whoever reads the database would try it for these."""

OF_NOBODY = frozenset({"heard", "friend_cohort"})
"""What is kept of nobody: of so few answers a digest tells which it was, beside the seat that it is about."""

_APART = frozenset({"csrf_token", "key"}) | SECRETS | OF_NOBODY


def key_of(form: Mapping[str, str]) -> str:
    """The idempotency key that a form carries; ``UnprocessableEntity`` without one."""
    key = form.get("key", "")
    if 8 <= len(key) <= 80 and key.isascii() and key.isprintable():
        return key
    raise UnprocessableEntity("key")


def act_once(do: Callable[[Session, datetime, Actor], T]) -> T | None:
    """Do what this form posts, once; ``None`` when its key did it before, so that the page only shows what is."""
    at, by = current.now(), current.whoever()
    body = {"page": request.path, **{name: request.form[name] for name in request.form if name not in _APART}}
    key = key_of(request.form)
    return current.library().db.act(
        lambda session: once(
            session, by=by, key=key, body=body, at=at, do=lambda: do(session, at, by), again=lambda act: None
        )
    )
