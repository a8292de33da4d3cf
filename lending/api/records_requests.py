"""Requests for records of patrons, for other programs: written down by whoever is asked, decided by managers.

A list names nobody; one request by itself has who asked, which stays inside the library.
Source: California Gov. Code 7927.105; RULES 8; RULES 10, case 13.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText, Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation.records_requests import LOGGED, LONGEST, decide_request, log_request
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.models.privacy import Authority, RequestAbout, RequestDecision, RequestFrom
from lending.queries.journal import detail_of
from lending.queries.records_requests import RequestShown, request_shown, requests_page
from lending.queries.scope import Branches, branches_of


class NewRecordsRequest(Schema):
    """Who asks, for what, and what they show. asker and note stay inside the library; write no patron's name."""

    branch = CodeText(required=True)
    kind = fields.Enum(RequestFrom, by_value=True, required=True)
    about = fields.Enum(RequestAbout, by_value=True, required=True)
    authority = fields.Enum(Authority, by_value=True, load_default=Authority.NONE)
    asker = Text(LONGEST["asker"], load_default="")
    note = Text(LONGEST["note"], load_default="")
    routed_to = Text(LONGEST["routed_to"], load_default="")


class RecordsDecision(Schema):
    """What is decided, and what was shown in the end. Nothing is disclosed without what the law asks for."""

    decision = fields.Enum(RequestDecision, by_value=True, required=True)
    authority = fields.Enum(Authority, by_value=True, required=True)
    routed_to = Text(LONGEST["routed_to"], load_default="")


class RequestListed(Schema):
    """A request without any name. decision is null while it waits."""

    id = answers.text()
    branch = answers.text()
    asked_at = answers.instant()
    kind = fields.Enum(RequestFrom, by_value=True, required=True)
    about = fields.Enum(RequestAbout, by_value=True, required=True)
    authority = fields.Enum(Authority, by_value=True, required=True)
    routed_to = answers.optional(fields.String)
    decision = fields.Enum(RequestDecision, by_value=True, required=True, allow_none=True)
    decided_at = answers.optional(fields.AwareDateTime, format="iso")


class RequestAnswer(RequestListed):
    """A request with who asked; both are null once they were deleted, two years after the decision."""

    asker = answers.optional(fields.String)
    note = answers.optional(fields.String)


class RequestPage(Schema):
    """A page of requests, the newest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(RequestListed), required=True)
    next = answers.optional(fields.String)


_ONE = "/records_requests/<request_id>"
_TAG = "Privacy"


@call("GET", "/records_requests", Act.FIND_PATRON, query=Page, gives=RequestPage, tag=_TAG)
def get_records_requests(query: Body) -> Any:
    """List the requests for records at one's branches, the newest first"""
    with current.library().db.read() as session:
        found, more = requests_page(session, _own(), after=after(query.get("cursor")), limit=query["limit"])
    return {"items": [_listed(one) for one in found], "next": cursor_of(more)}


@call("GET", _ONE, Act.FIND_PATRON, gives=RequestAnswer, tag=_TAG)
def get_records_request(request_id: str) -> Any:
    """Show a request for records"""
    with current.library().db.read() as session:
        return _now(session, request_id)


@call("POST", "/records_requests", Act.FIND_PATRON, takes=NewRecordsRequest, gives=RequestAnswer, tag=_TAG)
def post_records_request(body: Body) -> Any:
    """Write down that somebody asked for records of patrons"""

    def do(session: Session, by: Actor) -> object:
        given = {name: value for name, value in body.items() if name != "branch"}
        branch_id = branch_of(session, body["branch"], by)
        return log_request(session, branch_id=branch_id, **given, at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        return _now(session, str((detail_of(session, act, LOGGED) or {}).get("request")))

    return key_welcome(do, show, body=body)


@call("POST", f"{_ONE}/decision", Act.MERGE_PATRONS, takes=RecordsDecision, gives=RequestAnswer, tag=_TAG)
def post_records_decision(body: Body, request_id: str) -> Any:
    """Decide a request for records"""

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return decide_request(session, request=request_id, **body, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _now(session, request_id), body=body)


def _own() -> Branches:
    return branches_of(current.actor())


def _now(session: Session, request_id: str) -> Body:
    found = request_shown(session, request_id, _own())
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return {**_listed(found), "asker": found.asker, "note": found.note}


def _listed(one: RequestShown) -> Body:
    zone = ZoneInfo(one.zone)
    return {
        "id": one.request,
        "branch": one.branch_code,
        "asked_at": one.asked_at.astimezone(zone),
        "kind": one.kind,
        "about": one.about,
        "authority": one.authority,
        "routed_to": one.routed_to,
        "decision": one.decision,
        "decided_at": None if one.decided_at is None else one.decided_at.astimezone(zone),
    }
