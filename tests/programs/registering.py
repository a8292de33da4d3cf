"""People register for a workshop of the cast's session, without a card."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from lending.db import Database
from lending.models.cohorts import Workshop
from lending.models.outcomes import Registration, RegistrationWay
from lending.programs.registrations import Registered, note_came, register
from tests.cast import NOW, Cast

OMID = {"name": "Omid Rahimi", "email": "omid@example.org", "language": "en"}
YUKI = {"name": "Yuki Tanaka", "phone": "213 555 0187", "language": "es"}


def sign_up(database: Database, cast: Cast, workshop: str, **given: Any) -> Registered:
    """Omid registers on the public page, to come to the library."""
    values = {
        "details": OMID,
        "way": RegistrationWay.ONSITE,
        "address": "an address",
        "at": NOW,
        "by": cast.nobody,
        **given,
    }
    return database.act(lambda session: register(session, workshop=workshop, **values))


def limit_places(database: Database, workshop: str, places: int) -> None:
    """So many may register."""

    def write(session: Any) -> None:
        session.scalars(select(Workshop).where(Workshop.public_id == workshop)).one().places = places

    database.act(write)


def came(database: Database, cast: Cast, registration: str, mode: Any) -> None:
    """Ben notes that somebody came."""
    database.act(lambda session: note_came(session, registration=registration, mode=mode, at=NOW, by=cast.ben))


def registrations(database: Database) -> list[Registration]:
    """All of them, in order."""
    with database.read() as session:
        return list(session.scalars(select(Registration).order_by(Registration.id)))
