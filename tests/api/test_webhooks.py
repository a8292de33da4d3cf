"""Webhooks for other programs: listed, changed, tried, and every message with what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lending.circulation.deliveries import claim, mark_refused, tell
from lending.circulation.seals import seal
from lending.domain.webhooks import EVENTS, secret_in
from lending.models.webhooks import Webhook, WebhookDelivery
from tests.api.conftest import Door
from tests.api.test_every_key import SOMEWHERE, WEBHOOK, overdue
from tests.circulation.kits_in_hand import only, rows

SECRET_IN = {"webhook", "secret"}


@pytest.fixture
def webhook(door: Door) -> str:
    """The address of Eli's webhook."""
    answer = door.eli.post("/webhooks", WEBHOOK)
    assert (answer.status_code, set(answer.json)) == (201, SECRET_IN)
    return f"/webhooks/{answer.json['webhook']['id']}"


def key_of(door: Door) -> str:
    """The library's own key."""
    return str(door.app.extensions["lending"].settings.secret_key)


def secret(door: Door) -> str:
    """What signs the messages of the only webhook."""
    kept = only(door.database, Webhook)
    found = secret_in(kept.secret, key=key_of(door), webhook=kept.public_id)
    assert found is not None
    return found


def test_a_webhook_is_listed_with_how_it_fares_and_without_its_secret(door: Door, webhook: str) -> None:
    listed = door.eli.get("/webhooks").json
    assert listed["events"] == list(EVENTS)
    (one,) = listed["items"]
    assert (one["url"], one["events"], one["active"], one["waiting"]) == (WEBHOOK["url"], ["line.*"], True, 0)
    assert one == door.eli.get(webhook).json
    assert secret(door) not in door.eli.get("/webhooks").text


def test_a_new_secret_is_another_and_shown_once(door: Door, webhook: str) -> None:
    before = secret(door)
    answer = door.eli.post(f"{webhook}/secret")
    assert answer.json["secret"] == secret(door) != before


def test_it_is_changed_stopped_started_and_taken_away(door: Door, webhook: str) -> None:
    def patch(**body: Any) -> Any:
        return door.eli.send("PATCH", webhook, body).json

    assert patch(events=["loan.returned", "loan.*"])["events"] == ["loan.*"]
    assert patch(active=False)["active"] is False
    assert patch(active=True, url=f"https://{SOMEWHERE}:8443/")["url"] == f"https://{SOMEWHERE}:8443/"
    assert door.eli.send("DELETE", webhook).json == {"id": webhook.removeprefix("/webhooks/")}
    assert door.eli.get(webhook).status_code == door.eli.get(f"{webhook}/deliveries").status_code == 404


def test_a_ping_is_queued_listed_and_sent_again(door: Door, webhook: str) -> None:
    ping = door.eli.post(f"{webhook}/test").json
    assert (ping["event"], ping["state"], ping["tries"], ping["sequence"]) == ("ping", "pending", 0, None)
    webhook_id, by, at = only(door.database, Webhook).id, door.cast.system, door.clock.at
    one = door.database.act(lambda session: claim(session, webhook_id, key=key_of(door), at=at, by=by))
    assert one is not None
    door.database.act(lambda session: mark_refused(session, one, "http 404", at=at, by=by))
    (failed,) = door.eli.get(f"{webhook}/deliveries", state="failed").json["items"]
    assert (failed["id"], failed["problem"], failed["tries"]) == (ping["id"], "http 404", 1)
    again = door.eli.post(f"{webhook}/deliveries/{ping['id']}/again").json
    assert (again["id"], again["state"], again["problem"]) == (ping["id"], "pending", None)
    door.clock.at += timedelta(days=8)
    assert door.eli.post(f"{webhook}/deliveries/{ping['id']}/again").status_code == 409


def test_messages_are_listed_by_page_the_newest_first(door: Door, webhook: str) -> None:
    made = [door.eli.post(f"{webhook}/test").json["id"] for _ in range(3)]
    first = door.eli.get(f"{webhook}/deliveries", limit=2).json
    rest = door.eli.get(f"{webhook}/deliveries", limit=2, cursor=first["next"]).json
    assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (f"http {SOMEWHERE}/", "address_forbidden"),
        ("https 127.0.0.1/", "address_forbidden"),
        ("https 2130706433/", "address_forbidden"),
        ("https [::ffff:169.254.169.254]/", "address_forbidden"),
        ("https 169.254.169.254/latest/meta-data/", "address_forbidden"),
        (f"https {SOMEWHERE}:25/", "address_forbidden"),
        (f"https me:secret@{SOMEWHERE}/", "value_wrong"),
        ("hooks", "value_wrong"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused_when_it_is_given(
    door: Door, webhook: str, address: str, reason: str
) -> None:
    url = address.replace(" ", "://")
    for answer in (door.eli.post("/webhooks", {**WEBHOOK, "url": url}), door.eli.send("PATCH", webhook, {"url": url})):
        assert (answer.status_code, answer.json["blocks"][0]["reason"]) == (422, reason)
    assert [row.url for row in rows(door.database, Webhook)] == [WEBHOOK["url"]]


@pytest.mark.parametrize("events", [[], ["ping"], ["loan"], ["loan.stolen"], "loan.*", None])
def test_what_is_no_list_of_events_does_not_fit(door: Door, events: Any) -> None:
    assert door.eli.post("/webhooks", {**WEBHOOK, "events": events}).status_code == 422


@pytest.mark.parametrize("who", ["ben", "cleo", "dora"])
def test_nobody_but_administrators_sees_webhooks(door: Door, webhook: str, who: str) -> None:
    for address in ("/webhooks", webhook, f"{webhook}/deliveries"):
        assert door.desk(who).get(address).status_code == 403


def test_a_carriers_program_learns_which_line_to_suspend_and_says_that_it_did(door: Door, webhook: str) -> None:
    overdue(door)
    assert told(door) == ["line.suspend_asked"]
    number = only(door.database, WebhookDelivery).body["line"]["number"]
    answer = door.ben.post("/lines/confirmations", {"numbers": [number]})
    assert (answer.status_code, answer.json["lines"]) == (201, [{"number": number, "state": "suspended"}])
    assert told(door) == ["line.suspend_asked", "line.suspended"]


def told(door: Door) -> list[str]:
    """What the only webhook has been told of by now."""
    webhook_id, by, at = only(door.database, Webhook).id, door.cast.system, door.clock.at
    door.database.act(lambda session: seal(session, at=at) and None)
    door.database.act(lambda session: tell(session, webhook_id, key=key_of(door), at=at, by=by))
    return [row.event for row in rows(door.database, WebhookDelivery)]
