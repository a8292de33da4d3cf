"""Claims about staff accounts and their tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from lending.circulation import staff
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.errors import Block, Reason
from lending.models.base import new_public_id
from lending.models.people import ApiToken, Staff, StaffBranch
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


# --- Changes, and the last administrator -----------------------------------------------------------------------


def _change(town: Town, public_id: str, **given: Any) -> dict[str, Any]:
    return {
        "staff": public_id,
        "name": "Rosa Delgado",
        "role": Role.DESK,
        "email": None,
        "language": "en",
        "branch_ids": [],
        "program_ids": [],
        **given,
    }


def _ida(town: Town) -> str:
    found: str = town.one(select(Staff.public_id).where(Staff.id == town.ida.staff_id))
    return found


def test_an_account_is_somebody_else_after_a_change_and_signs_in_by_the_same_name(town: Town) -> None:
    rosa = _new(town, branch_ids=[town.ela])
    given = _change(town, rosa, name="Rosa Park", role=Role.MANAGER, email="r@example.org", branch_ids=[town.com])
    town.act(staff.change_staff, by=town.ida, **given)
    row = _row(town, rosa)
    assert (row.username, row.name, row.role, row.email) == ("rosa", "Rosa Park", Role.MANAGER, "r@example.org")
    assert _branches(town, rosa) == [town.com]
    assert town.journal("change_staff")[0].detail["role"] == "manager"


def test_a_change_that_is_wrong_changes_nothing(town: Town) -> None:
    rosa = _new(town, branch_ids=[town.ela])
    given = _change(town, rosa, name=" ", role=Role.PATRON, email="rosa", branch_ids=[town.com])
    blocks = town.refused(staff.change_staff, by=town.ida, **given)
    assert [block.detail["field"] for block in blocks] == ["role", "name", "email"]
    assert _branches(town, rosa) == [town.ela]
    assert town.reasons(staff.change_staff, by=town.mona, **_change(town, rosa)) == [Reason.NOT_PERMITTED]
    assert town.reasons(staff.change_staff, by=town.ida, **_change(town, "x" * 16)) == [Reason.NOT_FOUND]


def test_the_last_administrator_stays_one(town: Town) -> None:
    ida = _ida(town)
    assert town.reasons(staff.deactivate, by=town.ida, staff=ida) == [Reason.LAST_ADMINISTRATOR]
    given = _change(town, ida, name="Ida Lindqvist", role=Role.MANAGER)
    assert town.reasons(staff.change_staff, by=town.ida, **given) == [Reason.LAST_ADMINISTRATOR]
    assert (_row(town, ida).role, _row(town, ida).active) == (Role.ADMIN, True)


def test_one_of_two_administrators_may_go_and_a_closed_one_counts_for_nobody(town: Town) -> None:
    rosa, ida = _new(town, role=Role.ADMIN), _ida(town)
    town.act(staff.deactivate, by=town.ida, staff=rosa)
    assert town.reasons(staff.deactivate, by=town.ida, staff=ida) == [Reason.LAST_ADMINISTRATOR]
    town.act(staff.reopen, by=town.ida, staff=rosa)
    town.act(staff.deactivate, by=town.ida, staff=ida)
    assert _row(town, rosa).active


def test_a_closed_account_that_is_opened_again_has_no_password(town: Town) -> None:
    rosa = _new(town, password_hash="old")
    assert town.reasons(staff.reopen, by=town.ida, staff=rosa) == [Reason.NOT_FOUND]
    town.act(staff.deactivate, by=town.ida, staff=rosa)
    assert town.reasons(staff.reopen, by=town.mona, staff=rosa) == [Reason.NOT_PERMITTED]
    town.act(staff.reopen, by=town.ida, staff=rosa)
    assert (_row(town, rosa).active, _row(town, rosa).password_hash) == (True, None)


def test_a_link_sets_a_password_once(town: Town) -> None:
    rosa = _new(town)
    before = _row(town, rosa).session_version
    town.act(staff.invite, by=town.ida, staff=rosa)
    version = _row(town, rosa).session_version
    assert version != before
    (own,) = town.every(select(Staff.id).where(Staff.public_id == rosa))
    by = Actor(Role.DESK, Door.WEB, new_public_id(), staff_id=own)
    given = {"staff": rosa, "password_hash": "new"}
    assert town.reasons(staff.set_password, by=by, **given, version=before) == [Reason.LINK_SPENT]
    town.act(staff.set_password, by=by, **given, version=version)
    assert town.reasons(staff.set_password, by=by, **given, version=version) == [Reason.LINK_SPENT]
    assert town.reasons(staff.invite, by=town.mona, staff=rosa) == [Reason.NOT_PERMITTED]
