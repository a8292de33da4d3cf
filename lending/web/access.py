"""Who may open a page: declared at every endpoint, default deny.

An endpoint without a declaration stops the start of the application (``undeclared``), so that nobody forgets one. A
declaration says *what* the page is for; *where* is the verb's and the query's matter, by the actor's branches.
Source: the permission sheet; BATTERY S1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, request
from flask.typing import ResponseReturnValue

from lending.domain.permissions import Act, may
from lending.domain.registration import is_storable
from lending.web import current, opening

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"
OWN = "own"
"""Open to patrons who are signed in, for what is theirs."""
_DECLARED = "lending_access"
_FRAMEWORK = frozenset({"static", "bootstrap.static"})
"""Files that come with the program: style sheets, scripts and pictures."""
_LARGEST = 2**63 - 1
"""The largest number that a database keeps."""
_OF_THE_FACTOR = ("second_factor.page", "second_factor.begin", "second_factor.qr", "second_factor.confirm")
_BEFORE_THE_FACTOR = frozenset({"account.sign_out", *_OF_THE_FACTOR})
"""What is open to somebody whose role needs a second factor and who has none yet."""


def allow(*acts: Act) -> Callable[[View], View]:
    """Open a page to the roles that may do any of ``acts``."""

    def declare(view: View) -> View:
        setattr(view, _DECLARED, acts)
        return view

    return declare


def signed_in(view: View) -> View:
    """Open a page to all staff who are signed in."""
    setattr(view, _DECLARED, ())
    return view


def own(view: View) -> View:
    """Open a page to every patron who is signed in; what it shows and does is theirs alone."""
    setattr(view, _DECLARED, OWN)
    return view


def public(view: View) -> View:
    """Open a page to everybody."""
    setattr(view, _DECLARED, PUBLIC)
    return view


def declared(app: Flask, endpoint: str) -> tuple[Act, ...] | str | None:
    """What an endpoint declares: acts, ``()`` for all staff signed in, ``OWN``, ``PUBLIC``, or ``None`` for nothing."""
    if endpoint in _FRAMEWORK:
        return PUBLIC
    found: tuple[Act, ...] | str | None = getattr(app.view_functions[endpoint], _DECLARED, None)
    return found


def undeclared(app: Flask) -> Iterable[str]:
    """Every endpoint that says nothing. Doors with guards of their own (the API's tokens) are not asked."""
    own = guarded_blueprints(app)
    return sorted(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] not in own and declared(app, rule.endpoint) is None
    )


def guarded_blueprints(app: Flask) -> set[str]:
    """The blueprints that guard themselves; ``create_app`` names them."""
    names: set[str] = app.extensions.setdefault("lending_own_guard", set())
    return names


def guard() -> ResponseReturnValue | None:
    """Before each request: turn away who may not open this page, and what no database keeps. A 404 is everybody's."""
    endpoint = request.endpoint
    if endpoint is None or (request.blueprint or "").partition(".")[0] in guarded_blueprints(current_app):
        return None
    if not is_storable(request.path):
        abort(404)  # nothing has such a name
    if any(isinstance(part, int) and part > _LARGEST for part in (request.view_args or {}).values()):
        abort(404)  # nor such a number
    for given in (request.args, request.form):
        if not all(is_storable(text) for texts in given.listvalues() for text in texts):
            abort(400)
    access = declared(current_app, endpoint)
    if access == PUBLIC:
        return None
    if access == OWN:
        return None if current.borrower() is not None else current.ask_for_card()
    person = current.staff()
    if person is None:
        return current.ask_to_sign_in()
    if opening.owes_second_factor() and endpoint not in _BEFORE_THE_FACTOR:
        return current.ask_for_second_factor()
    if access is None or (access and not any(isinstance(act, Act) and may(person.role, act) for act in access)):
        abort(403)
    return None
