"""What patrons change of their own record, on both engines: how they are reached, their PIN, and no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lending.circulation.patrons import block, change, set_pin
from lending.circulation.renewal import preview_renewal, renew
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.domain.registration import BY_THEMSELVES
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.loans import Loan
from lending.models.people import Patron
from tests.cast import ADA, KIT, NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import journalled, lend, only


def patron(patron_id: int) -> Actor:
    """A patron on their own pages."""
    return Actor(Role.PATRON, Door.WEB, new_public_id(), patron_id=patron_id)


def row(database: Database, cast: Cast) -> Patron:
    return only(database, Patron, Patron.id == cast.luis_id)


def alter(database: Database, cast: Cast, by: Actor, **details: object) -> None:
    whose = row(database, cast).public_id
    database.act(lambda s: change(s, patron=whose, details=details, at=NOW, by=by))


def against(database: Database, cast: Cast, by: Actor, **details: object) -> list[Reason]:
    with pytest.raises(Refused) as refused:
        alter(database, cast, by, **details)
    return [one.reason for one in refused.value.blocks]


def test_they_change_how_they_are_reached(database: Database, cast: Cast) -> None:
    alter(database, cast, patron(cast.luis_id), email="luis@example.org", keeps_history=True, language="es")
    found = row(database, cast)
    assert (found.email, found.keeps_history, found.language) == ("luis@example.org", True, "es")
    (entry,) = journalled(database, "change_patron")
    assert (entry.role, entry.detail) == (Role.PATRON, {"fields": ["email", "keeps_history", "language"]})


@pytest.mark.parametrize(
    "field", ["name", "birth_date", "expires_on", "home_branch_id", "note", "street", "guardian_agreed_on"]
)
def test_who_they_are_is_not_theirs_to_change(database: Database, cast: Cast, field: str) -> None:
    assert field not in BY_THEMSELVES
    for details in ({field: None}, {field: None, "email": "luis@example.org"}):
        assert against(database, cast, patron(cast.luis_id), **details) == [Reason.NOT_PERMITTED]
    assert row(database, cast).email is None


def test_they_change_nobody_else(database: Database, cast: Cast) -> None:
    assert against(database, cast, patron(cast.ada_id), email="a@example.org") == [Reason.NOT_PERMITTED]
    whose = row(database, cast).public_id
    with pytest.raises(Refused):
        database.act(lambda s: set_pin(s, patron=whose, pin_hash="x", at=NOW, by=patron(cast.ada_id)))
    with pytest.raises(Refused):
        database.act(lambda s: block(s, patron=whose, reason="x", at=NOW, by=patron(cast.luis_id)))


def test_they_give_themselves_a_new_pin(database: Database, cast: Cast) -> None:
    before = row(database, cast)
    database.act(lambda s: set_pin(s, patron=before.public_id, pin_hash="x", at=NOW, by=patron(cast.luis_id)))
    after = row(database, cast)
    assert (after.pin_hash, after.session_version != before.session_version) == ("x", True)


# --- Whether a loan can be renewed ----------------------------------------------------------------------------------


def test_the_preview_says_what_a_renewal_does_and_changes_nothing(database: Database, cast: Cast) -> None:
    lend(database, cast)
    later, me = NOW + timedelta(days=30), patron(cast.luis_id)
    with database.read() as session:
        before = preview_renewal(session, kit=OPEN_KIT, at=later, by=me)
    assert only(database, Loan).renewals == 0
    done = database.act(lambda s: renew(s, kit=OPEN_KIT, at=later, by=me))
    assert (before.due_at, before.blocks) == (done.due_at, ())


def test_the_preview_names_what_stands_against_it(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    with database.read() as session:
        found = preview_renewal(session, kit=KIT, at=NOW, by=patron(cast.ada_id))
    assert found.due_at is None
    assert Reason.COHORT_LOAN in [one.reason for one in found.blocks]


def test_nobody_looks_at_the_renewal_of_anothers_kit(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with database.read() as session, pytest.raises(Refused) as refused:
        preview_renewal(session, kit=OPEN_KIT, at=NOW, by=patron(cast.ada_id))
    assert [one.reason for one in refused.value.blocks] == [Reason.NOT_PERMITTED]
