"""How a call is declared: its address, who may use it, what it takes and what it gives, in one place for each.

The same declaration guards the call, reads its body, writes its answer and describes it to other programs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from flask_smorest import Blueprint
from marshmallow import Schema

from lending.api import PREFIX
from lending.api.access import guard, needs
from lending.api.fields import Parser
from lending.api.problems import answer_failures
from lending.domain.permissions import Act

View = TypeVar("View", bound=Callable[..., Any])


class Calls(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """The API's blueprint, with its own way to read a request."""

    ARGUMENTS_PARSER = Parser()


calls = Calls("api", __name__, url_prefix=PREFIX)
calls.before_request(guard)
answer_failures(calls)


def call(
    method: str,
    rule: str,
    *acts: Act,
    gives: type[Schema],
    takes: type[Schema] | None = None,
    query: type[Schema] | None = None,
    keyed: bool = False,
    changes: bool = True,
    tag: str,
) -> Callable[[View], View]:
    """Declare a view as a call for the roles that may do any of ``acts``, or without any for all staff.

    The view gets what ``takes`` read from the body, what ``query`` read from the address, then the address's own parts.
    ``keyed``: an Idempotency-Key is required. A POST answers 201, unless it only asks by its body and ``changes``
    nothing.
    """

    def declare(view: View) -> View:
        found: Any = needs(*acts)(view)
        found = calls.response(201 if method == "POST" and changes else 200, _shared(gives))(found)
        if query is not None:
            found = calls.arguments(_shared(query), location="query")(found)
        if takes is not None:
            found = calls.arguments(_shared(takes), location="json")(found)
        found = calls.doc(**{"x-keyed": keyed})(found)
        calls.route(rule, methods=[method], tags=[tag])(found)
        return view

    return declare


@cache
def _shared(schema: type[Schema]) -> Schema:
    """One instance for all calls and all copies of what describes them: flask-smorest copies it, with every field, for
    each line of a declaration, in time of a start and megabytes of each worker (BATTERY P9).
    """
    made = schema()
    made.__deepcopy__ = lambda _memo: made  # type: ignore[attr-defined]  # the copier looks for it on what it copies
    return made
