"""Staff accounts, for other programs: who may act, and where. Passwords, links and tokens are given on pages alone.

Source: issue "Patrons reserve online", Build 6; the permission sheet, "administer".
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Flag, Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation.staff import ADDED, add_staff, change_staff, deactivate, reopen
from lending.domain.actors import Actor
from lending.domain.permissions import Act, Role
from lending.errors import Reason, Refused
from lending.queries.accounts import AccountShown, account_shown, accounts, added_by, branch_ids, program_ids

ROLES = [Role.DESK, Role.COUNSELLOR, Role.PROGRAM, Role.MANAGER, Role.ADMIN]
MOST_PLACES = 500


def _codes(**options: Any) -> fields.List[Any]:
    return fields.List(CodeText(), validate=validate.Length(0, MOST_PLACES), **options)


def _role(**options: Any) -> fields.Enum[Role]:
    return fields.Enum(Role, by_value=True, validate=validate.OneOf(ROLES), **options)


class NewStaff(Schema):
    """An account. branches and programs are codes; no branch is never every branch."""

    username = Text(60, shortest=1, required=True)
    name = Text(160, shortest=1, required=True)
    role = _role(required=True)
    email = Text(254, allow_none=True, load_default=None)
    language = Text(12, load_default="en")
    branches = _codes(load_default=list)
    programs = _codes(load_default=list)


class StaffChange(Schema):
    """What changes of an account. active: false closes it, and its tokens are revoked; true opens it again."""

    name = Text(160, shortest=1)
    role = _role()
    email = Text(254, allow_none=True)
    language = Text(12)
    branches = _codes()
    programs = _codes()
    active = Flag()


class StaffAnswer(Schema):
    """An account. tokens are the names of those that are alive."""

    id = answers.text()
    username = answers.text()
    name = answers.text()
    role = fields.Enum(Role, by_value=True, required=True)
    email = answers.optional(fields.String)
    language = answers.text()
    branches = fields.List(fields.String(), required=True)
    programs = fields.List(fields.String(), required=True)
    active = fields.Boolean(required=True)
    has_password = fields.Boolean(required=True)
    has_second_factor = fields.Boolean(required=True)
    tokens = fields.List(fields.String(), required=True)


class StaffPage(Schema):
    """A page of accounts by sign-in name; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(StaffAnswer), required=True)
    next = answers.optional(fields.String)


_ONE = "/staff/<staff_id>"
_TAG = "Administration"


@call("GET", "/staff", Act.ADMINISTER, query=Page, gives=StaffPage, tag=_TAG)
def get_staff_list(query: Body) -> Any:
    """List the accounts by sign-in name, the closed ones among them"""
    behind = after(query.get("cursor")) or ""
    with current.library().db.read() as session:
        found = sorted(accounts(session), key=lambda one: one.username)
    rest = [one for one in found if one.username > behind]
    shown = rest[: query["limit"]]
    more = shown[-1].username if len(rest) > len(shown) else None
    return {"items": [_shown(one) for one in shown], "next": cursor_of(more)}


@call("GET", _ONE, Act.ADMINISTER, gives=StaffAnswer, tag=_TAG)
def get_staff(staff_id: str) -> Any:
    """Show an account"""
    with current.library().db.read() as session:
        return _shown(_found(session, staff_id))


@call("POST", "/staff", Act.ADMINISTER, takes=NewStaff, gives=StaffAnswer, tag=_TAG)
def post_staff(body: Body) -> Any:
    """Add an account, without a password; its page gives the link for the first one"""

    def do(session: Session, by: Actor) -> object:
        who = {name: body[name] for name in ("username", "name", "role", "email", "language")}
        return add_staff(session, **who, **_places(session, body), at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        return _shown(_found(session, added_by(session, act, ADDED)))

    return key_welcome(do, show, body=body)


@call("PATCH", _ONE, Act.ADMINISTER, takes=StaffChange, gives=StaffAnswer, tag=_TAG)
def patch_staff(body: Body, staff_id: str) -> Any:
    """Change the named fields of an account and no other; close it, or open it again"""

    def do(session: Session, by: Actor) -> None:
        at, found = current.now(), _found(session, staff_id)
        if body.get("active") and not found.active:
            reopen(session, staff=staff_id, at=at, by=by)
        if body.keys() - {"active"}:
            now = {name: getattr(found, name) for name in ("name", "role", "email", "language")}
            who = {name: body.get(name, value) for name, value in now.items()}
            where = {"branches": list(found.branches), "programs": list(found.programs)}
            change_staff(session, staff=staff_id, **who, **_places(session, where | body), at=at, by=by)
        if body.get("active") is False and found.active:
            deactivate(session, staff=staff_id, at=at, by=by)

    return key_welcome(do, lambda session, act: _shown(_found(session, staff_id)), body=body)


def _places(session: Session, body: Body) -> Body:
    """Where an account acts. Raises ``Refused`` (``VALUE_WRONG`` by field) for a code that there is not."""
    found = {}
    for field, known in (("branches", branch_ids), ("programs", program_ids)):
        codes = set(body[field])
        found[field] = known(session, codes)
        if len(found[field]) < len(codes):
            raise Refused.because(Reason.VALUE_WRONG, field=field)
    return {"branch_ids": found["branches"], "program_ids": found["programs"]}


def _found(session: Session, staff_id: str) -> AccountShown:
    found = account_shown(session, staff_id)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def _shown(one: AccountShown) -> Body:
    same = ("username", "name", "role", "email", "language", "active", "has_password")
    return {
        "id": one.public_id,
        **{name: getattr(one, name) for name in same},
        "branches": sorted(one.branches),
        "programs": sorted(one.programs),
        "has_second_factor": one.second_factor_since is not None,
        "tokens": [token.name for token in one.tokens],
    }
