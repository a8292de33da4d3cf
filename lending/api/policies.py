"""Lending rules for other programs: what holds where, who changed it, and how to change it for the future.

Source: RULES, introduction, "(setting)"; 3, "Changing a rule never changes an existing loan's due date".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Flag, Instant, Text
from lending.circulation.policies import DEFAULTS, RULES
from lending.circulation.policy_changes import restore_rules, set_rules, take_back_planned
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.policies import BOUNDS
from lending.models.policies import AgreementRule
from lending.queries import policies as queries
from lending.queries.policies import RulesShown


def _rule(name: str, *, required: bool) -> fields.Field[Any]:
    """A rule as JSON: a whole number (days, hours, kits, years, times or cents), yes or no, or how patrons sign."""
    if name == "agreement":
        return fields.Enum(AgreementRule, by_value=True, required=required)
    if name not in BOUNDS:
        return Flag(required=required)
    bounds = BOUNDS[name]
    told = {"minimum": bounds.least, "maximum": bounds.most}
    return fields.Integer(strict=True, required=required, allow_none=bounds.may_be_off, metadata=told)


RulesWhole = Schema.from_dict({name: _rule(name, required=True) for name in RULES}, name="RulesWhole")
RulesGiven = Schema.from_dict({name: _rule(name, required=False) for name in RULES}, name="RulesGiven")


class Place(Schema):
    """A kit type and a branch, by their codes; one that is left out is every one."""

    kit_type = CodeText(load_default=None, allow_none=True)
    branch = CodeText(load_default=None, allow_none=True)


class SeenPlace(Place):
    """A place, and seen as its rules were last read."""

    seen = Text(64, shortest=1, required=True)


class SetRules(SeenPlace):
    """The rules that change, by name; valid_from is when they begin, or now."""

    valid_from = Instant(load_default=None, allow_none=True)
    rules = fields.Nested(RulesGiven, required=True)


class WhichPlanned(Schema):
    """When the planned change begins."""

    valid_from = Instant(required=True)


class PolicyShown(Schema):
    """The rules of a place; own names what differs from those that they stand on. seen goes into a change of them."""

    kit_type = answers.optional(fields.String)
    branch = answers.optional(fields.String)
    valid_from = answers.instant()
    rules = fields.Nested(RulesWhole, required=True)
    own = fields.List(fields.String, required=True)
    seen = answers.text()


class PolicyList(Schema):
    """What holds, everywhere's first; what is planned, the next first; and how the product comes."""

    items = fields.List(fields.Nested(PolicyShown), required=True)
    planned = fields.List(fields.Nested(PolicyShown), required=True)
    defaults = fields.Nested(RulesWhole, required=True)


class PolicyChange(Schema):
    """A change: changes holds for each rule from what to what. An exception follows the rules that it stands on."""

    verb = answers.text()
    at = answers.instant()
    who = answers.optional(fields.String)
    kit_type = answers.optional(fields.String)
    branch = answers.optional(fields.String)
    valid_from = answers.instant()
    changes = fields.Dict(keys=fields.String, values=fields.List(fields.Raw(allow_none=True)), required=True)


class PolicyChanges(Schema):
    """The last changes, the newest first."""

    items = fields.List(fields.Nested(PolicyChange), required=True)


@call("GET", "/policies", Act.ADMINISTER, gives=PolicyList, tag="Library")
def get_policies() -> Any:
    """List the lending rules that hold, and those that are planned"""
    with current.library().db.read() as session:
        return _listed(session)


@call("GET", "/policies/place", Act.ADMINISTER, query=Place, gives=PolicyShown, tag="Library")
def get_policy(query: Body) -> Any:
    """Show the rules of one place as a change begins with them"""
    with current.library().db.read() as session:
        return _now(session, query)


@call("GET", "/policies/changes", Act.ADMINISTER, gives=PolicyChanges, tag="Library")
def get_policy_changes() -> Any:
    """List who changed which rules, and when"""
    with current.library().db.read() as session:
        found = queries.history(session)
    names = ("verb", "at", "who", "valid_from", "changes")
    return {
        "items": [
            {name: getattr(one, name) for name in names} | {"kit_type": one.place.kit_type, "branch": one.place.branch}
            for one in found
        ]
    }


@call("POST", "/policies", Act.ADMINISTER, takes=SetRules, gives=PolicyShown, tag="Library")
def post_policy(body: Body) -> Any:
    """Set rules everywhere, for a kit type, a branch or both; no loan's due date changes"""
    return _changed(set_rules, body)


@call("DELETE", "/policies", Act.ADMINISTER, query=SeenPlace, gives=PolicyShown, tag="Library")
def delete_policy(query: Body) -> Any:
    """End an exception; gives what holds there from now on"""
    return _changed(restore_rules, query)


@call("DELETE", "/policies/planned", Act.ADMINISTER, query=WhichPlanned, gives=PolicyList, tag="Library")
def delete_planned_policy(query: Body) -> Any:
    """Take back the change that was planned last, before it begins"""

    def do(session: Session, by: Actor) -> object:
        return take_back_planned(session, valid_from=query["valid_from"], at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _listed(session), body=query)


def _changed(verb: Callable[..., object], given: Body) -> Any:
    """Do what ``given`` says about one place; answers with what holds there from now on."""
    return key_welcome(
        lambda session, by: verb(session, **given, at=current.now(), by=by),
        lambda session, act: _now(session, given),
        body=given,
    )


def _listed(session: Session) -> Body:
    at = current.now()
    return {
        "items": [_shown(one) for one in queries.rules_in_force(session, at=at)],
        "planned": [_shown(one) for one in queries.rules_planned(session, at=at)],
        "defaults": DEFAULTS,
    }


def _now(session: Session, place: Body) -> Body:
    return _shown(queries.rules_to_change(session, place["kit_type"], place["branch"], at=current.now()))


def _shown(found: RulesShown) -> Body:
    names = ("valid_from", "rules", "own", "seen")
    place = {"kit_type": found.place.kit_type, "branch": found.place.branch}
    return place | {name: getattr(found, name) for name in names}
