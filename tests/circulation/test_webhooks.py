"""Webhooks as administrators keep them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lending.circulation.seals import seal
from lending.circulation.webhooks import (
    Secret,
    add_webhook,
    change_webhook,
    remove_webhook,
    renew_secret,
    send_again,
    try_webhook,
)
from lending.db import Database
from lending.domain.webhooks import REACHES_BACK, secret_in
from lending.errors import Reason, Refused
from lending.models.journal import JournalEntry
from lending.models.webhooks import DeliveryState, StoppedWhy, Webhook, WebhookDelivery
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import journalled, lend, only, rows, why

KEY = "the key of an invented library, long enough"
URL = "https://hooks.example.org/lending"


def add(database: Database, cast: Cast, *events: str, url: str = URL) -> Secret:
    """Eli tells a program of events, of all of them unless some are named."""
    return database.act(lambda s: add_webhook(s, url=url, events=events or ("*",), key=KEY, at=NOW, by=cast.eli))


def do(database: Database, cast: Cast, verb: Any, **arguments: Any) -> Any:
    """Eli does something about a webhook."""
    return database.act(lambda s: verb(s, **{"at": NOW, "by": cast.eli, **arguments}))


def test_a_webhook_begins_where_the_journal_stands_and_has_a_secret_of_its_own(database: Database, cast: Cast) -> None:
    lend(database, cast)
    sealed, head = database.act(lambda s: seal(s, at=NOW))
    one, other = add(database, cast, "line.ended", "line.*"), add(database, cast)
    first, _ = rows(database, Webhook)
    assert (first.public_id, first.url) == (one.webhook, URL)
    assert (first.events, first.active, first.told_seal_id) == (["line.*"], True, head.number)
    assert sealed > 0
    assert len(one.secret) >= 40
    assert one.secret != other.secret


def test_no_secret_and_no_address_is_on_the_journal(database: Database, cast: Cast) -> None:
    made = add(database, cast)
    again = do(database, cast, renew_secret, webhook=made.webhook, key=KEY)
    do(database, cast, change_webhook, webhook=made.webhook, url="https://other.example.org/")
    do(database, cast, try_webhook, webhook=made.webhook)
    kept = " ".join(str(entry.detail) for entry in rows(database, JournalEntry))
    assert made.webhook in kept
    assert not any(word in kept for word in (made.secret, again.secret, "example.org"))
    assert again.secret != made.secret


def test_a_copy_of_the_database_tells_no_secret(database: Database, cast: Cast) -> None:
    made = add(database, cast)
    told = [(made.secret, only(database, Webhook).secret)]
    again = do(database, cast, renew_secret, webhook=made.webhook, key=KEY)
    told.append((again.secret, only(database, Webhook).secret))
    for secret, kept in told:
        assert secret not in kept
        assert secret_in(kept, key=KEY, webhook=made.webhook) == secret
        assert secret_in(kept, key=KEY[::-1], webhook=made.webhook) is None


def test_what_is_wrong_is_told_at_once_and_nothing_is_kept(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        add(database, cast, "loan.stolen", url="hooks.example.org")
    assert [(block.reason, block.detail["field"]) for block in refused.value.blocks] == [
        (Reason.VALUE_WRONG, "url"),
        (Reason.VALUE_WRONG, "events"),
    ]
    assert rows(database, Webhook) == rows(database, JournalEntry) == []


@pytest.mark.parametrize("verb", [add_webhook, change_webhook, renew_secret, remove_webhook, try_webhook, send_again])
def test_only_administrators_keep_webhooks(database: Database, cast: Cast, verb: Any) -> None:
    given: dict[str, Any] = {"webhook": add(database, cast).webhook}
    if verb is add_webhook:
        given = {"url": URL, "events": ["*"]}
    if verb in (add_webhook, renew_secret):
        given["key"] = KEY
    if verb is send_again:
        given["delivery"] = "x" * 16
    for by in (cast.ben, cast.cleo, cast.dora):
        with pytest.raises(Refused) as refused:
            do(database, cast, verb, **given, by=by)
        assert why(refused) == [Reason.NOT_PERMITTED]


@pytest.mark.parametrize("verb", [change_webhook, renew_secret, remove_webhook, try_webhook])
def test_a_webhook_that_is_not_there_is_not_found(database: Database, cast: Cast, verb: Any) -> None:
    with pytest.raises(Refused) as refused:
        do(database, cast, verb, webhook="x" * 16, **({"key": KEY} if verb is renew_secret else {}))
    assert why(refused) == [Reason.NOT_FOUND]


def test_stopping_keeps_the_place_and_starting_tries_at_once_what_waits(database: Database, cast: Cast) -> None:
    made = add(database, cast)
    do(database, cast, try_webhook, webhook=made.webhook)

    def fall_silent(session: Any) -> None:
        session.query(Webhook).one().failing_since = NOW
        session.query(Webhook).one().stopped_why = StoppedWhy.FAILING
        session.query(WebhookDelivery).one().due_at = NOW + timedelta(hours=4)

    database.act(fall_silent)
    before = only(database, Webhook).told_seal_id
    assert do(database, cast, change_webhook, webhook=made.webhook, active=False) == ("active",)
    stopped = only(database, Webhook)
    assert (stopped.active, stopped.stopped_why, stopped.told_seal_id) == (False, None, before)
    do(database, cast, change_webhook, webhook=made.webhook, active=True)
    started = only(database, Webhook)
    assert (started.active, started.failing_since, started.told_seal_id) == (True, None, before)
    assert only(database, WebhookDelivery).due_at == NOW


def test_a_change_that_changes_nothing_is_on_the_journal_as_such(database: Database, cast: Cast) -> None:
    made = add(database, cast)
    assert do(database, cast, change_webhook, webhook=made.webhook, url=URL, events=["*"], active=True) == ()
    assert [entry.detail for entry in journalled(database, "change_nothing")] == [{"asked": "change_webhook"}]


def test_a_webhook_goes_with_its_messages(database: Database, cast: Cast) -> None:
    made = add(database, cast)
    do(database, cast, try_webhook, webhook=made.webhook)
    do(database, cast, remove_webhook, webhook=made.webhook)
    assert rows(database, Webhook) == rows(database, WebhookDelivery) == []
    assert [entry.detail for entry in journalled(database, "remove_webhook")] == [{"webhook": made.webhook}]


def test_a_message_that_failed_is_sent_again_and_holds_up_nobody(database: Database, cast: Cast) -> None:
    made = add(database, cast)
    name = do(database, cast, try_webhook, webhook=made.webhook)

    def fail(session: Any) -> None:
        row = session.query(WebhookDelivery).one()
        row.state, row.problem, row.tries = DeliveryState.FAILED, "http 404", 1

    database.act(fail)
    do(database, cast, send_again, webhook=made.webhook, delivery=name, at=NOW + timedelta(hours=1))
    row = only(database, WebhookDelivery)
    assert (row.state, row.problem, row.tries, row.is_in_the_way) == (DeliveryState.PENDING, None, 0, False)
    assert row.due_at == NOW + timedelta(hours=1)


def test_what_is_under_way_or_too_old_is_not_sent_again(database: Database, cast: Cast) -> None:
    made, other = add(database, cast), add(database, cast)
    name = do(database, cast, try_webhook, webhook=made.webhook)
    cases = [
        ({"webhook": made.webhook, "at": NOW + REACHES_BACK + timedelta(seconds=1)}, Reason.WRONG_STATE),
        ({"webhook": other.webhook}, Reason.NOT_FOUND),
    ]
    for given, reason in cases:
        with pytest.raises(Refused) as refused:
            do(database, cast, send_again, delivery=name, **given)
        assert why(refused) == [reason]

    def send(session: Any) -> None:
        session.query(WebhookDelivery).one().state = DeliveryState.SENDING

    database.act(send)
    with pytest.raises(Refused) as refused:
        do(database, cast, send_again, webhook=made.webhook, delivery=name)
    assert why(refused) == [Reason.WRONG_STATE]
