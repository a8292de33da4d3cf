"""The first act of a library, on both engines: once, and never again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.setting_up import BEGUN, NAME, begin_library
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.people import Staff
from lending.models.policies import Agreement, Policy
from lending.models.setting_up import LibrarySetting
from lending.queries.setting_up import SetUp, anybody_works_here, set_up
from tests.cast import NOW
from tests.races import race, without_locks


def begins(username: str = "maria", **given: Any) -> Callable[[Session], Any]:
    values = {
        "library_name": "Bell Gardens Library",
        "name": "María Quintero",
        "password_hash": "hash",
        "language": "en",
        "agreements": {"en": ("Agreement", "I bring it back."), "es": ("Acuerdo", "Lo devuelvo.")},
        **given,
    }
    by = Actor(role=values.pop("role", Role.SYSTEM), door=Door.WEB, act=new_public_id())
    return lambda session: begin_library(session, username=username, **values, at=NOW, by=by)


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[Reason]:
    return [block.reason for block in refused.value.blocks]


def test_a_library_begins_with_its_name_an_administrator_rules_and_an_agreement(database: Database) -> None:
    with database.read() as session:
        assert not anybody_works_here(session)
    database.act(begins())
    with database.read() as session:
        assert anybody_works_here(session)
        assert set_up(session) == SetUp(branch=False, kit_type=False, kit=False, cohort=False, patron=False)
        [staff] = session.scalars(select(Staff))
        assert (staff.username, staff.role, staff.password_hash) == ("maria", Role.ADMIN, "hash")
        assert session.get_one(LibrarySetting, NAME).value == "Bell Gardens Library"
        assert session.scalar(select(func.count()).select_from(Policy)) == 1
        assert set(session.scalars(select(Agreement.language))) == {"en", "es"}


def test_it_begins_once(database: Database) -> None:
    database.act(begins())
    with pytest.raises(Refused) as refused:
        database.act(begins("jun"))
    assert reasons(refused) == [Reason.NOT_FOUND]


def test_what_is_wrong_is_refused_and_nothing_begins(database: Database) -> None:
    for given, reason in (
        ({"library_name": " "}, Reason.VALUE_MISSING),
        ({"library_name": "x" * 81}, Reason.VALUE_WRONG),
        ({"name": ""}, Reason.VALUE_MISSING),
        ({"username": "María!"}, Reason.VALUE_WRONG),
        ({"role": Role.MANAGER}, Reason.NOT_PERMITTED),
    ):
        with pytest.raises(Refused) as refused:
            database.act(begins(**given))
        assert reason in reasons(refused)
    with database.read() as session:
        assert not anybody_works_here(session)
        assert session.get(LibrarySetting, BEGUN) is None


def test_of_two_who_begin_at_once_one_does(database: Database) -> None:
    found = race(database, begins("maria"), begins("jun"), before="INSERT")
    assert (len(found.done), found.refused, found.broken) == (1, [[Reason.NOT_FOUND]], [])


def test_the_rows_themselves_keep_the_second_out_where_no_lock_does(database: Database) -> None:
    with without_locks(database):
        found = race(database, begins("maria"), begins("jun"), before="INSERT")
    assert len(found.done) <= 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Staff)) <= 1
