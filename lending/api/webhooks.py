"""Webhooks for other programs: what is told of what, what came of each message, and trying it. docs/webhooks.md."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import Flag, Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation import webhooks as verbs
from lending.domain.actors import Actor
from lending.domain.addresses import LONGEST_URL
from lending.domain.permissions import Act
from lending.domain.webhooks import EVENTS, NAMES
from lending.errors import Reason, Refused
from lending.mail.outward import places
from lending.models.webhooks import DeliveryState, StoppedWhy
from lending.queries.webhooks import (
    DeliveryShown,
    WebhookShown,
    deliveries_shown,
    secret_of,
    webhook_of,
    webhook_shown,
    webhooks_shown,
)

_ONE = "/webhooks/<webhook_id>"


def _names(**options: Any) -> fields.List[Any]:
    named = fields.String(validate=validate.OneOf(NAMES))
    return fields.List(named, validate=validate.Length(1, len(NAMES)), **options)


class NewWebhook(Schema):
    """An https address, and the events that it is told of: by name, by group (loan.*), or * for all."""

    url = Text(LONGEST_URL, shortest=1, required=True)
    events = _names(required=True)


class WebhookChange(Schema):
    """What is to be another than it is. Started again (active), it is told of what happened meanwhile."""

    url = Text(LONGEST_URL, shortest=1)
    events = _names()
    active = Flag()


class WebhookAnswer(Schema):
    """A webhook. failing_since: nothing got through since; stopped_why: it switched itself off; waiting: messages."""

    id = answers.text()
    url = answers.text()
    events = fields.List(fields.String(), required=True)
    active = fields.Boolean(required=True)
    made_at = answers.instant()
    failing_since = answers.optional(fields.AwareDateTime)
    stopped_why = fields.Enum(StoppedWhy, by_value=True, required=True, allow_none=True)
    waiting = fields.Integer(required=True)
    sent_at = answers.optional(fields.AwareDateTime)


class WebhookList(Schema):
    """Every webhook, and every event that there is."""

    items = fields.List(fields.Nested(WebhookAnswer), required=True)
    events = fields.List(fields.String(), required=True)


class SecretAnswer(Schema):
    """A webhook and the secret that signs its messages, which no other call gives."""

    webhook = fields.Nested(WebhookAnswer, required=True)
    secret = answers.text()


class RemovedWebhook(Schema):
    """The webhook that is there no more."""

    id = answers.text()


class DeliveryQuery(Page):
    """Which messages are listed."""

    state = fields.Enum(DeliveryState, by_value=True)


class DeliveryAnswer(Schema):
    """One message; id as in its header X-Lending-Delivery, problem why it did not get through at the last try."""

    id = answers.text()
    event = answers.text()
    state = fields.Enum(DeliveryState, by_value=True, required=True)
    made_at = answers.instant()
    due_at = answers.instant()
    sent_at = answers.optional(fields.AwareDateTime)
    tries = fields.Integer(required=True)
    problem = answers.optional(fields.String)
    sequence = answers.optional(fields.Integer)


class DeliveryPage(Schema):
    """A page of messages, the newest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(DeliveryAnswer), required=True)
    next = answers.optional(fields.String)


@call("GET", "/webhooks", Act.ADMINISTER, gives=WebhookList, tag="Webhooks")
def get_webhooks() -> Any:
    """List the webhooks, and the events"""
    with current.library().db.read() as session:
        found = webhooks_shown(session)
    return {"items": [_shown(one) for one in found], "events": list(EVENTS)}


@call("POST", "/webhooks", Act.ADMINISTER, takes=NewWebhook, gives=SecretAnswer, tag="Webhooks")
def post_webhook(body: Body) -> Any:
    """Tell another program of events; the answer alone holds the secret"""
    _check(body)

    def do(session: Session, by: Actor) -> object:
        given = {"url": body["url"], "events": body["events"], "key": current.library().settings.secret_key}
        return verbs.add_webhook(session, **given, at=current.now(), by=by)

    return key_welcome(do, _with_secret, body=body)


@call("GET", _ONE, Act.ADMINISTER, gives=WebhookAnswer, tag="Webhooks")
def get_webhook(webhook_id: str) -> Any:
    """Show a webhook"""
    with current.library().db.read() as session:
        return _now(session, webhook_id)


@call("PATCH", _ONE, Act.ADMINISTER, takes=WebhookChange, gives=WebhookAnswer, tag="Webhooks")
def patch_webhook(body: Body, webhook_id: str) -> Any:
    """Change a webhook, stop it or start it again"""
    _check(body)

    def do(session: Session, by: Actor) -> object:
        return verbs.change_webhook(session, webhook=webhook_id, **body, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _now(session, webhook_id), body=body)


@call("DELETE", _ONE, Act.ADMINISTER, gives=RemovedWebhook, tag="Webhooks")
def delete_webhook(webhook_id: str) -> Any:
    """Take a webhook away, with its messages"""

    def do(session: Session, by: Actor) -> None:
        verbs.remove_webhook(session, webhook=webhook_id, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: {"id": webhook_id}, body={})


@call("POST", f"{_ONE}/secret", Act.ADMINISTER, gives=SecretAnswer, tag="Webhooks")
def post_webhook_secret(webhook_id: str) -> Any:
    """Make a new secret, which signs from now on; stop the webhook first, and nothing is lost"""

    def do(session: Session, by: Actor) -> object:
        key = current.library().settings.secret_key
        return verbs.renew_secret(session, webhook=webhook_id, key=key, at=current.now(), by=by)

    return key_welcome(do, _with_secret, body={})


@call("POST", f"{_ONE}/test", Act.ADMINISTER, gives=DeliveryAnswer, tag="Webhooks")
def post_webhook_test(webhook_id: str) -> Any:
    """Put a ping behind the messages that wait; it leaves with the next run"""

    def do(session: Session, by: Actor) -> object:
        return verbs.try_webhook(session, webhook=webhook_id, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _delivery_of(session, webhook_id, act), body={})


@call("GET", f"{_ONE}/deliveries", Act.ADMINISTER, query=DeliveryQuery, gives=DeliveryPage, tag="Webhooks")
def get_webhook_deliveries(query: Body, webhook_id: str) -> Any:
    """List a webhook's messages of the last thirty days, the newest first"""
    cursor = after(query.get("cursor"))
    with current.library().db.read() as session:
        _now(session, webhook_id)
        found = deliveries_shown(
            session,
            webhook_id,
            state=query.get("state"),
            before=int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 16 else None,
            limit=query["limit"] + 1,
        )
    items = found[: query["limit"]]
    more = len(found) > len(items)
    return {"items": [_delivery(one) for one in items], "next": cursor_of(str(items[-1].id)) if more else None}


@call("POST", f"{_ONE}/deliveries/<delivery_id>/again", Act.ADMINISTER, gives=DeliveryAnswer, tag="Webhooks")
def post_webhook_delivery_again(webhook_id: str, delivery_id: str) -> Any:
    """Send a message of the last seven days once more, or now if it waits for its next try"""

    def do(session: Session, by: Actor) -> None:
        verbs.send_again(session, webhook=webhook_id, delivery=delivery_id, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _delivery_of(session, webhook_id, act), body={})


def _check(body: Body) -> None:
    """Refuse an address that may not be called, before the act begins: looking it up takes its time."""
    if "url" in body:
        places(body["url"], current.library().settings.webhook_networks)


def _with_secret(session: Session, act: str) -> Body:
    webhook = webhook_of(session, act)
    if webhook is None or webhook_shown(session, webhook) is None:
        raise Refused.because(Reason.NOT_FOUND)  # it was taken away since
    secret = secret_of(session, webhook, key=current.library().settings.secret_key)
    return {"webhook": _now(session, webhook), "secret": secret}


def _now(session: Session, webhook_id: str) -> Body:
    found = webhook_shown(session, webhook_id)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _shown(found)


def _shown(one: WebhookShown) -> Body:
    values = asdict(one)
    return {"id": values.pop("webhook"), **values}


def _delivery_of(session: Session, webhook_id: str, act: str) -> Body:
    for found in deliveries_shown(session, webhook_id, of_act=act, limit=1):
        return _delivery(found)
    raise Refused.because(Reason.NOT_FOUND)  # it was forgotten since


def _delivery(one: DeliveryShown) -> Body:
    values = asdict(one)
    return {**values, "id": one.delivery}
