"""What a request may hold: JSON alone, known fields alone, text that any database can keep.

A field that a call does not name is refused, so that nobody can slip in a role, a branch, a fee or a due date.
Source: BATTERY S3 and S4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from flask import Request
from flask_babel import gettext
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from webargs.flaskparser import FlaskParser

from lending.api.problems import Problem
from lending.domain.calendars import FIRST_DAY, LAST_DAY
from lending.domain.registration import is_storable

LONGEST_CODE = 64
MOST = 200
"""Rows of one page at most."""


class Parser(FlaskParser):
    """Reads a body or a query for a schema, and says clearly what is wrong with it."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"json": RAISE, "query": RAISE}  # noqa: RUF012 - as webargs has it

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The JSON of the body: 415 for another kind of content, 400 for what cannot be read."""
        if not req.is_json:
            raise Problem(415, gettext("Send the body as application/json."))
        try:
            return json.loads(req.get_data(), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise Problem(400, gettext("The body is no JSON that can be read.")) from None

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        """422, with what is wrong by field."""
        found = error.messages
        errors = cast(Mapping[str, Any], next(iter(found.values())) if isinstance(found, dict) else {"body": found})
        raise Problem(422, gettext("The request does not fit: look at the fields named in errors."), errors=errors)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class Text(fields.String):
    """Text without the two things that a database cannot keep: the null character and halves of a character."""

    def __init__(self, longest: int, *, shortest: int = 0, **options: Any) -> None:
        super().__init__(validate=validate.Length(shortest, longest), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        if not is_storable(text):
            raise ValidationError("There are characters in it that are no text.")
        return text


class Flag(fields.Boolean):
    """Yes or no, as JSON says it: a number or a word is neither."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class CodeText(Text):
    """A code as it was scanned or typed, of a card, a kit or a part."""

    def __init__(self, **options: Any) -> None:
        super().__init__(LONGEST_CODE, shortest=1, **options)


class Instant(fields.AwareDateTime):
    """An instant in ISO 8601 with its offset; one without says nothing, because nobody knows which it means."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        at = super()._deserialize(value, attr, data, **options)
        if not 2000 <= at.year < 2200:
            raise ValidationError("That is not an instant of this library's time.")
        return at


class Day(fields.Date):
    """A day that is planned with; one of another millennium is a slip of the finger."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        on = super()._deserialize(value, attr, data, **options)
        if not FIRST_DAY <= on <= LAST_DAY:
            raise ValidationError("That is not a day of this library's time.")
        return on


class Cents(fields.Integer):
    """An amount in whole cents."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(0, 100_000_000), **options)


class Page(Schema):
    """Which part of a list: ``limit`` rows from behind the ``cursor`` that the page before gave as ``next``."""

    cursor = Text(400, shortest=1, metadata={"description": "What the page before gave as next."})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, MOST))
