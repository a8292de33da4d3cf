"""Calendar files as answers, and the secret addresses from which a calendar fetches somebody's own.

An address holds whose it is and a mark that only this library can make; a new PIN makes the old address worthless.
Source: INTERFACES, "Calendar feeds".
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode

from flask import Response

from lending.mail.calendars import Event, calendar_file
from lending.web import current

_TOKEN = re.compile(r"([a-z0-9]{16})\.([A-Za-z0-9_-]{22})", re.ASCII)


def calendar(*events: Event, name: str, file: str | None = None) -> Response:
    """Events as a calendar's file, to keep under the name ``file`` or, without one, to be fetched again and again."""
    answer = Response(calendar_file(*events, at=current.now(), name=name), content_type="text/calendar; charset=utf-8")
    if file is not None:
        answer.headers["Content-Disposition"] = f'attachment; filename="{file}.ics"'
    return answer


def token_of(public_id: str, session_version: str) -> str:
    """The name of a patron's own calendar."""
    return f"{public_id}.{_mark(public_id, session_version)}"


def owner_in(token: str) -> str | None:
    """Whose calendar a token names (the public id), whether or not its mark is right; ``None`` for another name."""
    found = _TOKEN.fullmatch(token)
    return None if found is None else found[1]


def is_genuine(token: str, public_id: str, session_version: str) -> bool:
    """Whether this library made the token, and the patron's PIN is still the same."""
    return hmac.compare_digest(token, token_of(public_id, session_version))


def _mark(public_id: str, session_version: str) -> str:
    key = current.library().settings.secret_key.encode()
    mark = hmac.digest(key, f"calendar:{public_id}.{session_version}".encode(), "sha256")
    return urlsafe_b64encode(mark[:16]).decode().rstrip("=")
