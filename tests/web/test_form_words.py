"""What the forms say by themselves, in the language of whoever reads it; and that they read nothing but forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import DateField, DecimalField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from lending.web.forms import PageForm
from tests.web.browsers import Browser


class EveryFault(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A field for each thing that our forms ask of what is typed."""

    missing = StringField(validators=[InputRequired()])
    long = StringField(validators=[Length(max=3)])
    short = StringField(validators=[Length(min=8)])
    chosen = SelectField(choices=[SelectChoice("a", "A")])
    day = DateField()
    number = IntegerField()
    price = DecimalField()
    above = IntegerField(validators=[NumberRange(0, 9)])
    below = IntegerField(validators=[NumberRange(min=1)])


TYPED = {
    "long": "abcd",
    "short": "a",
    "chosen": "b",
    "day": "x",
    "number": "x",
    "price": "x",
    "above": "10",
    "below": "0",
}


def said(app: Flask, language: str) -> dict[str, str]:
    with app.test_request_context("/", method="POST"), force_locale(language):
        form = EveryFault(MultiDict(TYPED), meta={"csrf": False})
        assert not form.validate()
        return {name: " ".join(errors) for name, errors in form.errors.items()}


def test_what_wtforms_says_by_itself_is_said_in_the_readers_language(app: Flask) -> None:
    english, spanish = said(app, "en"), said(app, "es")
    assert english["day"] == "Not a valid date value."
    assert spanish["day"] == "No es una fecha válida."
    assert spanish["long"] == "El campo no puede tener más de 3 caracteres."
    fields = {name for name in EveryFault.__dict__ if name[0] != "_"}
    assert set(english) == set(spanish) == fields
    assert [name for name in fields if english[name] == spanish[name]] == []


NO_FORMS = ([[1]], "x", 5, {"username": 5, "card": 5, "name": 5}, {"username": "a\0", "card": "\ud800", "name": [[1]]})


@pytest.mark.parametrize("body", NO_FORMS)
@pytest.mark.parametrize("address", ["/sign-in", "/my/sign-in", "/patrons/new"])
def test_a_json_body_is_no_form(ben: Browser, address: str, body: Any) -> None:
    answer = ben.client.post(address, json=body, headers={"X-CSRFToken": ben.token})
    assert answer.status_code == 422


def test_every_form_of_the_pages_reads_forms_alone(app: Flask) -> None:
    def below(kind: type) -> Iterator[type]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    ours = {kind for kind in below(FlaskForm) if kind.__module__.startswith("lending.")}
    assert len(ours) > 40
    assert {kind for kind in ours if not issubclass(kind, PageForm)} == set()
