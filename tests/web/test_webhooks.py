"""The webhooks' pages: an empty one that teaches, a secret that is shown once, and each message with its fate."""

from __future__ import annotations

from typing import Any

import pytest

from lending.circulation.deliveries import claim, mark_gone, mark_not_taken
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.webhooks import secret_in
from lending.models.webhooks import StoppedWhy, Webhook, WebhookDelivery
from tests.api.test_every_key import SOMEWHERE
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import only, rows
from tests.web.browsers import SECRET_KEY, Browser
from tests.web.looking import key

PAGES = "/administration/webhooks"
GIVEN = {"url": f"https://{SOMEWHERE}/lending", "events": ["line.*", "kit.freed"]}


def page(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    text: str = answer.get_data(as_text=True)
    return text


@pytest.fixture
def made(eli: Browser, sqlite_database: Database) -> str:
    """The page of Eli's webhook."""
    answer = eli.post(f"{PAGES}/new", {**GIVEN, "key": key()})
    assert answer.status_code == 200
    return f"{PAGES}/{only(sqlite_database, Webhook).public_id}"


def press(browser: Browser, address: str) -> Any:
    return browser.post(address, {"key": key()})


def test_a_page_without_webhooks_says_what_they_are_for(eli: Browser) -> None:
    text = page(eli, PAGES)
    assert "No program is told of anything" in text
    assert f'href="{PAGES}/new"' in text


def test_the_secret_is_shown_once_and_the_webhook_is_listed(eli: Browser, sqlite_database: Database) -> None:
    keyed = {**GIVEN, "key": key()}
    shown = eli.post(f"{PAGES}/new", keyed).get_data(as_text=True)
    row = only(sqlite_database, Webhook)
    secret = secret_in(row.secret, key=SECRET_KEY, webhook=row.public_id)
    assert secret
    assert secret in shown
    assert row.events == ["kit.freed", "line.*"]
    again = eli.post(f"{PAGES}/new", keyed)  # the browser's button for going back
    assert (again.status_code, again.headers["Location"]) == (303, PAGES)
    for text in (page(eli, PAGES), page(eli, f"{PAGES}/{row.public_id}"), page(eli, f"{PAGES}/{row.public_id}/edit")):
        assert SOMEWHERE in text
        assert secret not in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "https://127.0.0.1/"}, "Messages may not go to 127.0.0.1"),
        ({"url": f"http://{SOMEWHERE}/"}, f"Messages may not go to {SOMEWHERE}"),
        ({"url": "hooks"}, "This cannot be right. Look at it again."),
        ({"url": ""}, "Fill this in."),
        ({"events": []}, "Choose at least one."),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    eli: Browser, sqlite_database: Database, given: dict[str, Any], said: str
) -> None:
    answer = eli.post(f"{PAGES}/new", {**GIVEN, **given, "key": key()})
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    assert rows(sqlite_database, Webhook) == []


def test_a_webhook_is_changed(eli: Browser, sqlite_database: Database, made: str) -> None:
    assert 'value="line.*" checked' in page(eli, f"{made}/edit")
    assert eli.post(f"{made}/edit", {**GIVEN, "events": ["*"], "key": key()}).status_code == 303
    assert only(sqlite_database, Webhook).events == ["*"]
    assert "everything" in page(eli, PAGES)


def test_it_is_tried_stopped_started_given_a_secret_and_removed(
    eli: Browser, sqlite_database: Database, made: str
) -> None:
    assert "No message yet" in page(eli, made)
    assert press(eli, f"{made}/test").status_code == 303
    assert only(sqlite_database, WebhookDelivery).event == "ping"
    assert "ping, to try it" in page(eli, made)
    for deed, active in (("stop", False), ("start", True)):
        assert press(eli, f"{made}/{deed}").status_code == 303
        assert only(sqlite_database, Webhook).active is active
    before = only(sqlite_database, Webhook).secret
    shown = press(eli, f"{made}/secret").get_data(as_text=True)
    row = only(sqlite_database, Webhook)
    assert row.secret != before
    assert (secret_in(row.secret, key=SECRET_KEY, webhook=row.public_id) or "none") in shown
    assert press(eli, f"{made}/remove").headers["Location"] == PAGES
    assert eli.get(made).status_code == press(eli, f"{made}/test").status_code == 404


def test_a_message_that_waits_says_why_and_until_when_and_is_tried_now(
    eli: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock, made: str
) -> None:
    press(eli, f"{made}/test")
    webhook = only(sqlite_database, Webhook)
    one = sqlite_database.act(lambda s: claim(s, webhook.id, key=SECRET_KEY, at=NOW, by=cast.system))
    assert one is not None
    sqlite_database.act(
        lambda s: mark_not_taken(s, one, "http 503", choked=False, retry_after=None, at=NOW, by=cast.system)
    )
    text = page(eli, made)
    assert all(words in text for words in ("http 503", "Tue, Mar 3, 10:01", "Try now", "Nothing has got through since"))
    assert "does not get through" in page(eli, PAGES)
    assert press(eli, f"{made}/messages/{one.delivery}/again").status_code == 303
    assert only(sqlite_database, WebhookDelivery).due_at == NOW


def test_one_that_switched_itself_off_says_why(eli: Browser, sqlite_database: Database, cast: Cast, made: str) -> None:
    press(eli, f"{made}/test")
    webhook = only(sqlite_database, Webhook)
    one = sqlite_database.act(lambda s: claim(s, webhook.id, key=SECRET_KEY, at=NOW, by=cast.system))
    assert one is not None
    sqlite_database.act(lambda s: mark_gone(s, one, "http 410", at=NOW, by=cast.system))
    assert only(sqlite_database, Webhook).stopped_why is StoppedWhy.GONE
    assert "it wants no more messages" in page(eli, made)
    assert "switched off" in page(eli, PAGES)


def test_a_message_that_is_not_there_is_not_sent_again(eli: Browser, made: str) -> None:
    assert press(eli, f"{made}/messages/{'x' * 16}/again").status_code == 404
