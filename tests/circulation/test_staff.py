"""Claims about staff accounts, their tokens, and how many guesses an account has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation import staff
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.errors import Block, Reason, Refused
from lending.models.base import new_public_id
from lending.models.people import ApiToken, EndedSession, SignInLimit, Staff, StaffBranch
from tests.circulation.town import AT, Town

MINUTE = timedelta(minutes=1)
ACCOUNT = "staff:ben"


def _new(town: Town, **given: Any) -> str:
    verb: dict[str, Any] = {"username": "rosa", "name": "Rosa Delgado", "role": Role.DESK, **given}
    return town.act(staff.add_staff, by=town.ida, **verb).staff


def _row(town: Town, public_id: str) -> Staff:
    found: Staff = town.one(select(Staff).where(Staff.public_id == public_id))
    return found


def _branches(town: Town, public_id: str) -> list[int]:
    return sorted(town.every(select(StaffBranch.branch_id).join(StaffBranch.staff).where(Staff.public_id == public_id)))


# --- Accounts --------------------------------------------------------------------------------------------------


def test_an_account_acts_for_the_branches_it_was_given_and_no_others(town: Town) -> None:
    rosa = _new(town, branch_ids=[town.ela], email="rosa@EXAMPLE.org")
    assert _branches(town, rosa) == [town.ela]
    assert (_row(town, rosa).email, _row(town, rosa).active) == ("rosa@example.org", True)
    town.act(staff.scope, by=town.ida, staff=rosa, branch_ids=[town.com], program_ids=[])
    assert _branches(town, rosa) == [town.com]


def test_an_account_without_branches_has_none(town: Town) -> None:
    assert _branches(town, _new(town)) == []


def test_a_name_to_sign_in_with_is_one_persons_whatever_its_case(town: Town) -> None:
    _new(town, username="Rosa ")
    verb: dict[str, Any] = {"username": "ROSA", "name": "Rosa Park", "role": Role.DESK}
    assert town.refused(staff.add_staff, by=town.ida, **verb) == [
        Block(Reason.ALREADY_EXISTS, {"field": "username", "value": "rosa"})
    ]


def test_everything_wrong_with_an_account_is_told_at_once(town: Town) -> None:
    verb: dict[str, Any] = {"username": "Rosa Delgado", "name": " ", "role": Role.PATRON, "email": "rosa"}
    blocks = town.refused(staff.add_staff, by=town.ida, **verb)
    assert [(block.reason, block.detail["field"]) for block in blocks] == [
        (Reason.VALUE_WRONG, "username"),
        (Reason.VALUE_WRONG, "role"),
        (Reason.VALUE_MISSING, "name"),
        (Reason.VALUE_WRONG, "email"),
    ]


def test_a_branch_that_is_not_there_cannot_be_given(town: Town) -> None:
    verb: dict[str, Any] = {"username": "rosa", "name": "Rosa Delgado", "role": Role.DESK, "branch_ids": [0]}
    assert town.reasons(staff.add_staff, by=town.ida, **verb) == [Reason.NOT_FOUND]
    assert town.every(select(Staff).where(Staff.username == "rosa")) == []


def test_only_an_administrator_or_the_command_line_makes_accounts(town: Town) -> None:
    verb: dict[str, Any] = {"username": "rosa", "name": "Rosa Delgado", "role": Role.ADMIN}
    assert town.reasons(staff.add_staff, by=town.mona, **verb) == [Reason.NOT_PERMITTED]
    system = Actor(Role.SYSTEM, Door.CLI, new_public_id())
    assert town.act(staff.add_staff, by=system, **verb).username == "rosa"


def test_a_new_password_ends_every_open_session(town: Town) -> None:
    rosa = _new(town, password_hash="old")
    before = _row(town, rosa).session_version
    town.act(staff.set_password, by=town.ida, staff=rosa, password_hash="new")
    assert (_row(town, rosa).password_hash, _row(town, rosa).session_version == before) == ("new", False)
    assert "new" not in str(town.journal("set_password")[0].detail)


def test_one_sets_ones_own_password_and_no_other(town: Town) -> None:
    (ben,) = town.every(select(Staff.public_id).where(Staff.id == town.ben.staff_id))
    town.act(staff.set_password, by=town.ben, staff=ben, password_hash="new")
    rosa = _new(town)
    assert town.reasons(staff.set_password, by=town.ben, staff=rosa, password_hash="x") == [Reason.NOT_PERMITTED]


def test_a_closed_account_keeps_no_password_session_or_token(town: Town) -> None:
    rosa = _new(town, password_hash="old")
    before = _row(town, rosa).session_version
    town.act(staff.make_token, by=town.ida, staff=rosa, name="import")
    town.act(staff.deactivate, by=town.ida, staff=rosa)
    row = _row(town, rosa)
    assert (row.active, row.password_hash, row.session_version == before) == (False, None, False)
    assert town.one(select(ApiToken)).revoked_at == AT
    assert town.reasons(staff.set_password, by=town.ida, staff=rosa, password_hash="x") == [Reason.NOT_FOUND]


# --- Tokens ----------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_only_its_digest_is_kept(town: Town) -> None:
    rosa = _new(town)
    token = town.act(staff.make_token, by=town.ida, staff=rosa, name="import")
    kept = town.one(select(ApiToken))
    assert len(token) == 43
    assert (kept.digest, kept.name, kept.revoked_at) == (staff.token_digest(token), "import", None)
    assert token not in str(town.journal("make_token")[0].detail)
    assert token != town.act(staff.make_token, by=town.ida, staff=rosa, name="import")


def test_a_revoked_token_is_dead(town: Town) -> None:
    rosa = _new(town)
    town.act(staff.make_token, by=town.ida, staff=rosa, name="import")
    assert town.act(staff.revoke_token, by=town.ida, staff=rosa, name="import", at=AT + MINUTE) == 1
    assert town.one(select(ApiToken)).revoked_at == AT + MINUTE
    assert town.reasons(staff.revoke_token, by=town.ida, staff=rosa, name="import") == [Reason.NOT_FOUND]


def test_a_token_has_a_name_and_is_an_administrators_to_make(town: Town) -> None:
    rosa = _new(town)
    assert town.reasons(staff.make_token, by=town.ida, staff=rosa, name=" ") == [Reason.VALUE_MISSING]
    assert town.reasons(staff.make_token, by=town.mona, staff=rosa, name="import") == [Reason.NOT_PERMITTED]


# --- Guesses ---------------------------------------------------------------------------------------------------


def _guess(database: Database, at: datetime, account: str = ACCOUNT) -> bool:
    """Whether a guess may be compared."""
    try:
        database.act(lambda session: staff.reserve_guess(session, account=account, at=at))
    except Refused as refused:
        if refused.blocks[0].reason is not Reason.SIGN_IN_LOCKED:
            raise
        return False
    return True


def test_ten_guesses_are_compared_and_no_more(database: Database) -> None:
    assert [_guess(database, AT + n * MINUTE / 10) for n in range(12)] == [True] * 10 + [False] * 2


def test_in_no_quarter_of_an_hour_are_more_than_ten_compared(database: Database) -> None:
    """One guess every 20 seconds for two hours, by somebody who never gives up."""
    instants = [AT + n * MINUTE / 3 for n in range(360)]
    compared = [at for at in instants if _guess(database, at)]
    assert len(compared) > 40
    for begin in compared:
        assert sum(begin <= at < begin + staff.GUESSING_TIME for at in compared) <= staff.GUESSES


def test_the_owner_is_let_in_again_a_quarter_of_an_hour_after_the_last_guess(database: Database) -> None:
    for _ in range(10):
        assert _guess(database, AT)
    assert not _guess(database, AT + 14 * MINUTE)
    assert _guess(database, AT + 15 * MINUTE)


def test_the_refusal_says_until_when(database: Database) -> None:
    for _ in range(10):
        _guess(database, AT)
    with pytest.raises(Refused) as refused:
        database.act(lambda session: staff.reserve_guess(session, account=ACCOUNT, at=AT + MINUTE))
    assert refused.value.blocks == (Block(Reason.SIGN_IN_LOCKED, {"until": AT + 15 * MINUTE}),)


def test_a_right_guess_forgets_the_wrong_ones(database: Database) -> None:
    for _ in range(9):
        _guess(database, AT)
    database.act(lambda session: staff.clear_guesses(session, account=ACCOUNT))
    assert [_guess(database, AT) for _ in range(10)] == [True] * 10


def test_accounts_are_counted_apart_and_by_digest_whatever_the_case(database: Database) -> None:
    for name in ("staff:ben", "staff:BEN", "patron:ben", "staff:nobody"):
        _guess(database, AT, name)
    with database.read() as session:
        kept = {row.account: row.guesses for row in session.scalars(select(SignInLimit))}
    assert sorted(kept.values()) == [1, 1, 2]
    assert not [account for account in kept if "ben" in account or "nobody" in account]


def test_guesses_at_once_are_counted_one_by_one(database: Database) -> None:
    with ThreadPoolExecutor(8) as workers:
        compared = list(workers.map(lambda _: _guess(database, AT), range(40)))
    assert compared.count(True) == staff.GUESSES


def test_old_guesses_are_forgotten(database: Database) -> None:
    _guess(database, AT, "staff:old")
    _guess(database, AT + 10 * MINUTE, "staff:new")
    assert database.act(lambda session: staff.forget_guesses(session, at=AT + 15 * MINUTE)) == 1
    with database.read() as session:
        assert len(session.scalars(select(SignInLimit)).all()) == 1


def test_a_session_is_ended_once_however_often_it_is_asked_and_forgotten_after_a_shift(database: Database) -> None:
    shift = timedelta(hours=12)
    for at in (AT, AT + MINUTE):
        database.act(lambda session, at=at: staff.end_session(session, digest="a" * 64, at=at))
    ended = select(EndedSession.ended_at)
    with database.read() as session:
        assert session.scalars(ended).all() == [AT]
    assert database.act(lambda s: staff.forget_sessions(s, shift=shift, at=AT + shift - MINUTE)) == 0
    assert database.act(lambda s: staff.forget_sessions(s, shift=shift, at=AT + shift)) == 1
