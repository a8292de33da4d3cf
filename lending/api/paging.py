"""Lists by page: where the next page begins, as a word that means nothing to anybody else.

A page begins behind the last row of the one before, so that rows which come and go in between are neither shown twice
nor left out. Source: INTERFACES, "lists are paged by cursor".
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from flask_babel import gettext

from lending.api.problems import Problem


def cursor_of(after: str | None) -> str | None:
    """The cursor of the page behind ``after`` (a code or public id); ``None`` when there is no more."""
    return None if after is None else urlsafe_b64encode(after.encode()).decode().rstrip("=")


def after(cursor: str | None) -> str | None:
    """What a cursor stands for. 422 for a word that is no cursor."""
    if cursor is None:
        return None
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    if not text.isprintable() or not text:
        raise Problem(422, gettext("That is no cursor of this list."), errors={"cursor": ["Unknown."]})
    return text
