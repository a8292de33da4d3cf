"""The library's own settings, for other programs: how it shows itself, and a few rules of the house.

Source: issue "Patrons reserve online", Build 6 and 8; RULES 8, "Two clocks". The logo is uploaded on its page.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import Text
from lending.circulation.library_settings import change_settings
from lending.domain.actors import Actor
from lending.domain.choices import LONGEST_CODE, LONGEST_NAME, MOST_CHOICES, Choice, write_choices
from lending.domain.library_settings import LONGEST_KEEPING
from lending.domain.permissions import Act, Role
from lending.queries.library_settings import library_settings


class ChoiceGiven(Schema):
    """One line of a list: rows keep the code, people read the name."""

    code = Text(LONGEST_CODE, shortest=1, required=True)
    name = Text(LONGEST_NAME, shortest=1, required=True)


def _choices(**options: Any) -> fields.List[Any]:
    return fields.List(fields.Nested(ChoiceGiven), validate=validate.Length(1, MOST_CHOICES), **options)


class SettingsGiven(Schema):
    """The settings that change; null, where it may stand, is what the library began with."""

    name = Text(80, allow_none=True)
    contact = Text(160, allow_none=True)
    main_colour = Text(7, allow_none=True, metadata={"description": "Such as #1f4e79; of measured contrast."})
    accent_colour = Text(7, allow_none=True)
    second_factor_roles = fields.List(fields.Enum(Role, by_value=True))
    cut_after_days = fields.Integer(strict=True, validate=validate.Range(0, LONGEST_KEEPING))
    fiscal_year_begins = fields.Integer(strict=True, validate=validate.Range(1, 12))
    inquiry_topics = _choices()
    referral_services = _choices()


class SettingsAnswer(Schema):
    """The settings. cut_after_days: until a loan forgets its borrower; fiscal_year_begins is a month."""

    name = answers.text()
    contact = answers.text()
    main_colour = answers.text()
    accent_colour = answers.text()
    second_factor_roles = fields.List(fields.Enum(Role, by_value=True), required=True)
    cut_after_days = fields.Integer(required=True)
    fiscal_year_begins = fields.Integer(required=True)
    inquiry_topics = fields.List(fields.Nested(ChoiceGiven), required=True)
    referral_services = fields.List(fields.Nested(ChoiceGiven), required=True)


@call("GET", "/settings", Act.ADMINISTER, gives=SettingsAnswer, tag="Administration")
def get_settings() -> Any:
    """Read the library's own settings"""
    with current.library().db.read() as session:
        return _now(session)


@call("PATCH", "/settings", Act.ADMINISTER, takes=SettingsGiven, gives=SettingsAnswer, tag="Administration")
def patch_settings(body: Body) -> Any:
    """Change the named settings of the library and no other"""

    def do(session: Session, by: Actor) -> None:
        given = {name: _text(value) for name, value in body.items()}
        change_settings(session, given=given, at=current.now(), by=by)

    answer = key_welcome(do, lambda session, act: _now(session), body=body)
    current.library().forget_own_settings()
    return answer


def _text(value: Any) -> str | None:
    """A value as a setting keeps it."""
    if not isinstance(value, list):
        return None if value is None else str(value)
    if all(isinstance(one, Role) for one in value):
        return " ".join(role.value for role in value)
    return write_choices(Choice(**one) for one in value)


def _now(session: Session) -> Body:
    own = library_settings(session, name=current.library().settings.library_name)
    return {**asdict(own), "second_factor_roles": sorted(own.second_factor_roles)}
