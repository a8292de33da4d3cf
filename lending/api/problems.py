"""When the API says no: one shape for every failure (RFC 9457), with a block for each reason of a refusal.

404 for what one may not see, 409 for refusals, 422 for a body that does not fit, 429 and 503 with when to come back.
The log names the kind of a failure and where it happened, never what was sent. Source: INTERFACES, "REST API".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, current_app, json, request
from flask_babel import get_locale, gettext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import RequestRedirect

from lending import logs
from lending.api import current
from lending.db import CommitUnknown
from lending.errors import Block, Reason, Refused
from lending.wording import say, status_of

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = {429: "900", 503: "2"}
"""When to come back: a lock-out lasts a quarter of an hour, a busy database moments."""


class Problem(Exception):
    """A request that cannot be answered, for a reason that is about the request and not about the library."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, dict(headers or {})


def problem(
    status: int,
    detail: str,
    *,
    blocks: tuple[Block, ...] = (),
    errors: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer that says why not. ``errors`` names the fields of a body that does not fit."""
    kind = blocks[0].reason.value if len(blocks) == 1 else "refused" if blocks else _kind(status)
    body: dict[str, Any] = {
        "type": f"/api/docs#{kind}",
        "title": HTTP_STATUS_CODES.get(status, "Unknown"),
        "status": status,
        "detail": detail,
        "blocks": [
            {"reason": block.reason.value, "detail": sentence(block), "overridable": block.overridable}
            for block in blocks
        ],
    }
    if errors is not None:
        body["errors"] = errors
    answer = Response(json.dumps(body), status, content_type=MEDIA_TYPE)
    if status in RETRY_AFTER_SECONDS:
        answer.headers["Retry-After"] = RETRY_AFTER_SECONDS[status]
    answer.headers.update(headers or {})
    return answer


def _kind(status: int) -> str:
    return HTTP_STATUS_CODES.get(status, "unknown").lower().replace(" ", "_")


def sentence(block: Block) -> str:
    """A block in the words of the desk; of a key, which no desk knows, in the API's own."""
    if block.reason is Reason.KEY_REUSED:
        return str(gettext("This Idempotency-Key stands for another request. Nothing changed. Send a new key."))
    return say(block, gettext, locale=str(get_locale() or "en"), zone=current.library().settings.zone)


def answer_failures(blueprint: Blueprint) -> None:
    """Answer every failure of a blueprint's calls."""
    blueprint.register_error_handler(Refused, _refused)
    blueprint.register_error_handler(Problem, _problem)
    blueprint.register_error_handler(HTTPException, _http)
    blueprint.register_error_handler(CommitUnknown, _busy)
    blueprint.register_error_handler(PoolTimeout, _busy)
    blueprint.register_error_handler(DBAPIError, _database)
    blueprint.register_error_handler(Exception, _bug)


def install(app: Flask, *, prefix: str) -> None:
    """Answer requests below ``prefix`` that are no calls."""

    def no_such_call() -> Response | None:
        """An address or a method that no call has never reaches the blueprint, and is answered here."""
        error = request.routing_exception
        below = request.path == prefix or request.path.startswith(f"{prefix}/")
        return None if error is None or isinstance(error, RequestRedirect) or not below else _http(error)

    app.before_request(no_such_call)


def _refused(error: Refused) -> Response:
    sentences = " ".join(sentence(block) for block in error.blocks)
    return problem(status_of(error.blocks), sentences, blocks=error.blocks)


def _problem(error: Problem) -> Response:
    return problem(error.status, error.detail, errors=error.errors, headers=error.headers)


def _http(error: HTTPException) -> Response:
    headers = {}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return problem(error.code or 500, error.description or "", headers=headers)


def _busy(error: Exception) -> Response:
    """Nobody knows whether it happened: the same key again is told."""
    return problem(503, gettext("The library's computer is busy. Send the same request again, with the same key."))


def _database(error: DBAPIError) -> Response:
    """A full disk, a server that stops: writes wait, and say so. Anything else is a bug."""
    if error.connection_invalidated or type(error).__name__ == "OperationalError":
        logs.error("database", kind=type(error.orig).__name__)
        return _busy(error)
    return _bug(error)


def _bug(error: Exception) -> Response:
    # Where it happened and not what it said: a message may quote a row.
    logs.bug(error)
    if current_app.testing:
        raise error
    return problem(500, gettext("Something is wrong in the library's program. It was noted."))
