"""Agreements, for other programs: the versions that were published, and the next one.

Source: RULES 2, "the accepted text and version are kept"; INTERFACES, "Whatever a page can do, the API can".
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation.agreements import LONGEST_BODY, LONGEST_TITLE, publish_agreement
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.queries.agreements import agreement, agreements
from lending.queries.journal import detail_of


class NewAgreement(Schema):
    """The next version of an agreement in a language, such as es; the text of the present one changes nothing."""

    code = CodeText(required=True)
    language = Text(12, shortest=2, required=True)
    title = Text(LONGEST_TITLE, shortest=1, required=True)
    body = Text(LONGEST_BODY, shortest=1, required=True)


class AgreementAnswer(Schema):
    """A version in a language; signed is by how many people, current whether it is the one that is signed now."""

    code = answers.text()
    language = answers.text()
    version = fields.Integer(required=True)
    title = answers.text()
    body = answers.text()
    published_on = fields.Date(required=True)
    signed = fields.Integer(required=True)
    current = fields.Boolean(required=True)


class AgreementPage(Schema):
    """A page of versions by code and language, the newest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(AgreementAnswer), required=True)
    next = answers.optional(fields.String)


@call("GET", "/agreements", query=Page, gives=AgreementPage, tag="Sessions")
def get_agreements(query: Body) -> Any:
    """List the versions of all agreements"""
    cursor = after(query.get("cursor"))
    skip = int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 9 else 0
    with current.library().db.read() as session:
        found = agreements(session)
    end = skip + query["limit"]
    items = [asdict(one) for one in found[skip:end]]
    return {"items": items, "next": cursor_of(str(end)) if len(found) > end else None}


@call("POST", "/agreements", Act.ADMINISTER, takes=NewAgreement, gives=AgreementAnswer, tag="Sessions")
def post_agreement(body: Body) -> Any:
    """Publish the next version of an agreement"""

    def do(session: Session, by: Actor) -> object:
        return publish_agreement(session, **body, at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        made = detail_of(session, act, "publish_agreement")
        return asdict(agreement(session, body["code"], body["language"], made["version"] if made else None))

    return key_welcome(do, show, body=body)
