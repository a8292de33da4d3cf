"""What the key of an act remembers of the form that came with it: never a secret, whose digest would be guessed."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from wtforms import PasswordField

from lending.circulation.acts import digest_of
from lending.db import Database
from lending.models.journal import IdempotencyKey
from lending.web.acting import SECRETS
from lending.web.forms import KeyedForm
from tests.cast import Cast
from tests.circulation.kits_in_hand import only
from tests.programs.members import adas_seat
from tests.web.browsers import PASSWORD, Browser
from tests.web.looking import key

CHOSEN = "seven purple tables"


def test_the_digest_does_not_tell_a_password(ben: Browser, sqlite_database: Database) -> None:
    given = {"old": PASSWORD, "password": CHOSEN, "again": CHOSEN, "key": key()}
    assert ben.post("/account/password", given).status_code == 303
    assert only(sqlite_database, IdempotencyKey).digest == digest_of({"page": "/account/password"})


def test_the_digest_does_not_tell_how_somebody_heard(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    page = f"/seats/{adas_seat(sqlite_database, cast)}/heard"
    assert ben.post(page, {"heard": "friend", "friend_cohort": "", "key": key()}).status_code == 303
    assert only(sqlite_database, IdempotencyKey).digest == digest_of({"page": page})


def test_every_field_that_nobody_sees_typed_is_a_secret(app: Flask) -> None:
    fields = [
        name
        for form in _below(KeyedForm)
        for name, field in vars(form).items()
        if getattr(field, "field_class", None) is PasswordField
    ]
    assert "password" in fields
    assert set(fields) <= SECRETS


def _below(form: type[KeyedForm]) -> Iterator[type[KeyedForm]]:
    for each in form.__subclasses__():
        yield each
        yield from _below(each)
