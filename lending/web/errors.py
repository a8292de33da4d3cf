"""When something cannot be: a calm page for a person, a short answer for the page's script, and a log without names."""

from __future__ import annotations

from flask import Flask, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from lending import logs
from lending.db import CommitUnknown
from lending.errors import Refused
from lending.web import current
from lending.web.access import guarded_blueprints
from lending.web.answers import request_id
from lending.wording import status_of

_PAGES = frozenset({400, 403, 404, 409, 413, 429, 500, 503})
_RETRY_AFTER_SECONDS = "2"


def install(app: Flask) -> None:
    """Answer every failure of a page."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(CommitUnknown, _busy)
    app.register_error_handler(PoolTimeout, _busy)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(Exception, _bug)


def page(status: int, **given: object) -> ResponseReturnValue:
    """The page of a status, or for a script its number and a word; never a sentence that looks like an answer."""
    shown = status if status in _PAGES else (400 if status < 500 else 500)
    headers = {"Retry-After": _RETRY_AFTER_SECONDS} if status in (429, 503) else {}
    if current.wants_json():
        return jsonify(title=gettext("Not done."), request_id=request_id()), status, headers
    return render_template(f"errors/{shown}.html", **given), status, headers


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400 or _another_doors() or isinstance(error, SecurityError):
        return error  # a host we do not answer to gets no page of ours, whose addresses it could use
    answer = page(status)
    if status == 405 and isinstance(answer, tuple) and hasattr(error, "valid_methods"):
        return (answer[0], status, {"Allow": ", ".join(error.valid_methods or ())})
    return answer


def _csrf(error: CSRFError) -> ResponseReturnValue:
    """A token that is missing or of another session: the page is loaded again, nothing was done."""
    return page(400)


def _refused(error: Refused) -> ResponseReturnValue:
    """A refusal that its page did not put into words itself."""
    return page(status_of(error.blocks), reasons=[current.sentence(block) for block in error.blocks])


def _busy(error: Exception) -> ResponseReturnValue:
    """No connection was free, or nobody knows whether it happened: the script sends the same key again and is told."""
    return page(503)


def _database(error: DBAPIError) -> ResponseReturnValue:
    """A full disk, a server that stops: writes wait, and say so. Anything else is a bug."""
    if error.connection_invalidated or type(error).__name__ == "OperationalError":
        logs.error("database", kind=type(error.orig).__name__, request_id=request_id())
        return page(503)
    return _bug(error)


def _bug(error: Exception) -> ResponseReturnValue:
    # Where it happened and not what it said: a message may quote a row.
    logs.bug(error, request_id=request_id())
    if current_app.testing:
        raise error
    return page(InternalServerError.code, request_id=request_id())


def _another_doors() -> bool:
    return (request.blueprint or "").partition(".")[0] in guarded_blueprints(current_app)
