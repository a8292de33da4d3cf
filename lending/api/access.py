"""Who may call: a bearer token, and what its account may do at all, declared at every call.

Cookies are never looked at here. A call without a declaration stops the making of all of them (decision 19). *Where* an
account may act is the verb's and the query's matter. Source: INTERFACES, "REST API"; the permission sheet; BATTERY S1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, current_app, g, request
from flask_babel import gettext

from lending.api import current
from lending.api.problems import Problem
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Act, Role, may
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.queries.tokens import bearer

Call = TypeVar("Call", bound=Callable[..., Any])

_DECLARED = "lending_acts"
_LONGEST_TOKEN = 512
_LONGEST_BODY = 1_000_000
"""Bytes: files are imported elsewhere, so no call has a reason for more."""


def needs(*acts: Act) -> Callable[[Call], Call]:
    """Open a call to the roles that may do any of ``acts``; without acts, to all staff."""

    def declare(call: Call) -> Call:
        setattr(call, _DECLARED, acts)
        return call

    return declare


def check(app: Flask, blueprint: Blueprint) -> None:
    """Refuse (``RuntimeError``) to make the calls with one that does not say who may use it."""
    silent = sorted(
        endpoint
        for endpoint, call in app.view_functions.items()
        if endpoint.startswith(f"{blueprint.name}.") and getattr(call, _DECLARED, None) is None
    )
    if silent:
        raise RuntimeError(f"Nobody said who may call {', '.join(silent)}: declare it with needs().")


def guard() -> None:
    """Before each call: whose token this is, and whether its role may call this at all."""
    request.max_content_length = _LONGEST_BODY
    with current.library().db.look() as connection:
        found = bearer(connection, _token())
    if found is None or found.role in (Role.PATRON, Role.SYSTEM):
        raise _unknown()
    g.api_actor = Actor(
        role=found.role,
        door=Door.API,
        act=new_public_id(),
        staff_id=found.staff_id,
        branch_ids=found.branch_ids,
        program_ids=found.program_ids,
    )
    acts: tuple[Act, ...] = getattr(current_app.view_functions[request.endpoint or ""], _DECLARED)
    if acts and not any(may(found.role, act) for act in acts):
        raise Refused.because(Reason.NOT_PERMITTED, act=acts[0].value)
    if "\0" in request.path:
        raise Refused.because(Reason.NOT_FOUND)  # PostgreSQL keeps no such character, so nothing has such a name


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN or not token.isascii():
        raise _unknown()
    return token.strip()


def _unknown() -> Problem:
    return Problem(
        401, gettext("Send a bearer token that is not revoked."), headers={"WWW-Authenticate": 'Bearer realm="lending"'}
    )
