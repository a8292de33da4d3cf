"""Mobile lines for other programs: what is asked of the carriers, and what they did. Source: RULES 6."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import of_hidden
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import Text
from lending.circulation.lines import confirm_lines, note_asked
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import LineState
from lending.queries.lines import ACTIONS, line_states, lines_asked
from lending.queries.scope import branches_of

MOST = 2000


class LinesQuery(Schema):
    """Of which carrier; without one, of all."""

    carrier = Text(80, shortest=1)


class Numbers(Schema):
    """Lines by their numbers."""

    numbers = fields.List(Text(32, shortest=1), required=True, validate=validate.Length(1, MOST))


class AskedLine(Schema):
    """A line and what its carrier is asked to do; asked: how often it was put before them."""

    number = answers.text()
    iccid = answers.text()
    carrier = answers.text()
    plan = answers.text()
    action = fields.String(required=True, validate=validate.OneOf(sorted(ACTIONS.values())))
    kit = answers.text()
    asked = fields.Integer(required=True)


class AskedLines(Schema):
    """What the carriers are to be asked."""

    items = fields.List(fields.Nested(AskedLine), required=True)


class LineNow(Schema):
    """A line and where it stands."""

    number = answers.text()
    state = fields.Enum(LineState, by_value=True, required=True)


class LinesNow(Schema):
    """The lines as they stand."""

    lines = fields.List(fields.Nested(LineNow), required=True)


@call("GET", "/lines", Act.CHANGE_KIT, query=LinesQuery, gives=AskedLines, tag="Lines")
def get_lines(query: Body) -> Any:
    """List what is asked of the carriers for the kits of one's branches"""
    by = current.actor()
    with current.library().db.read() as session:
        found = lines_asked(session, branch_ids=branches_of(by), carrier=query.get("carrier"))
    names = ("number", "iccid", "carrier", "plan", "kit", "asked")
    return {"items": [{name: getattr(one, name) for name in names} | {"action": ACTIONS[one.state]} for one in found]}


@call("POST", "/lines/confirmations", Act.CHANGE_KIT, takes=Numbers, gives=LinesNow, keyed=True, tag="Lines")
def post_line_confirmations(body: Body) -> Any:
    """Say that the carrier did what it was asked for these lines: all of them, or none"""

    def do(session: Session, by: Actor) -> object:
        return confirm_lines(session, numbers=body["numbers"], at=current.now(), by=by)

    return of_hidden(do, lambda session, act: _now(session, body), body=body)


@call("POST", "/lines/requests", Act.CHANGE_KIT, takes=Numbers, gives=LinesNow, keyed=True, tag="Lines")
def post_line_requests(body: Body) -> Any:
    """Note that these lines were put before their carriers"""

    def do(session: Session, by: Actor) -> object:
        return note_asked(session, numbers=body["numbers"], at=current.now(), by=by)

    return of_hidden(do, lambda session, act: _now(session, body), body=body)


def _now(session: Session, body: Body) -> Body:
    by = current.actor()
    states = line_states(session, body["numbers"], branch_ids=branches_of(by))
    return {"lines": [{"number": number, "state": state} for number, state in states.items()]}
