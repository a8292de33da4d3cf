"""What the API can do, for programs (OpenAPI 3.1) and for people: no file of it comes from elsewhere.

The description is made from the same declarations that guard and read the calls, so that it cannot lag behind them.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from flask import Blueprint, Flask, Response, current_app, json
from flask_smorest import Api
from marshmallow import Schema, fields

from lending.api import PREFIX, answers
from lending.api.acts import KEY, LONGEST_KEY
from lending.api.calls import calls
from lending.api.problems import MEDIA_TYPE

for_programs = Blueprint("api_description", __name__)

_ABOUT = (
    "Kits on loan from the library. Send a bearer token; what may be seen and done follows from its account's role and "
    "branches. Instants are ISO 8601 with an offset. Lists are paged: give `next` back as `cursor`."
)
PROBLEMS = {
    "400": "The body or the key cannot be read.",
    "401": "The token opens nothing.",
    "403": "The role may not do this.",
    "404": "There is none, or none that the account may see.",
    "409": "Refused, for the reasons in blocks. Nothing was changed.",
    "413": "The body is too large.",
    "415": "The body is no JSON.",
    "422": "The request does not fit.",
    "429": "Too often; see Retry-After.",
    "503": "Busy; see Retry-After, then send the same request with the same key.",
}
"""What every call may answer besides its own: status, and what it means."""


class Problem(Schema):
    """Why not (RFC 9457). errors names the fields of a request that does not fit."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    blocks = fields.List(fields.Nested(answers.Block), required=True)
    errors = fields.Raw()


class Described(Api):  # type: ignore[misc]  # flask-smorest has no types
    """The library's description of its calls. Failures are answered by ``problems``, and its own pages are below."""

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        pass


def describe(app: Flask) -> None:
    """Register the calls, and what describes them to programs."""
    app.register_blueprint(calls)
    app.register_blueprint(for_programs)
    app.extensions["lending_api_description"] = _Description()


class _Description:
    """The description, written when somebody first asks for it: to write it takes longer than the rest of a start."""

    def __init__(self) -> None:
        self._writing = Lock()
        self._written: dict[str, Any] | None = None

    def of(self, app: Flask) -> dict[str, Any]:
        """The description of an application's calls."""
        with self._writing:
            if self._written is None:
                api = Described(spec_kwargs={"title": "Lending", "version": "1", "openapi_version": "3.1.0"})
                api.init_app(app)
                calls.register_views_in_doc(api, app, api.spec, name=calls.name, parameters=None)
                api.spec.tag({"name": calls.name, "description": calls.description})
                api.spec.components.schema("Problem", schema=Problem)
                api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
                self._written = _completed(api.spec.to_dict())
            return self._written


def _completed(spec: dict[str, Any]) -> dict[str, Any]:
    """What is true of every call, said at each of them."""
    spec["info"]["description"] = _ABOUT
    spec["security"] = [{"token": []}]
    spec["servers"] = [{"url": "/"}]
    for path in spec["paths"].values():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in path:
                _complete(path[method], method)
    return spec


def _complete(operation: dict[str, Any], method: str) -> None:
    keyed = operation.pop("x-keyed")
    if method != "get":
        operation.setdefault("parameters", []).append(
            {
                "in": "header",
                "name": KEY,
                "required": keyed,
                "description": "The same key and body again give the same answer; another body is refused.",
                "schema": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": LONGEST_KEY,
                    "pattern": f"^[ -~]{{1,{LONGEST_KEY}}}$",
                },
            }
        )
    operation["responses"].pop("default", None)  # what flask-smorest would say of every other failure
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, description in PROBLEMS.items():
        operation["responses"][status] = {"description": description, "content": content}


@for_programs.get(f"{PREFIX}/openapi.json")
def openapi() -> Response:
    """The description for programs."""
    return Response(json.dumps(of(current_app), indent=2, sort_keys=False), content_type="application/json")


def of(app: Flask) -> dict[str, Any]:
    """The description of the calls of ``app``, the API's application."""
    written: _Description = app.extensions["lending_api_description"]
    return written.of(app)
