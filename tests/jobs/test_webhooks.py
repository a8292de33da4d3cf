"""Programs that are told, before a real receiver that refuses, hangs, is away and goes: nothing is missed."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from lending import settings
from lending.circulation.webhooks import add_webhook, try_webhook
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.signatures import SIGNATURE, TIMESTAMP, is_signed
from lending.domain.webhooks import FAILING_FOR
from lending.jobs.sweeps import SWEEPS
from lending.jobs.webhooks import Messenger, tell_programs
from lending.library import Library
from lending.models.people import Staff
from lending.models.webhooks import DeliveryState, StoppedWhy, Webhook, WebhookDelivery
from tests.cast import NOW, Cast, assemble
from tests.circulation.kits_in_hand import lend, only, receive, rows
from tests.databases import counting
from tests.mail.http_peer import HttpPeer, http_server
from tests.mail.peer import Peer, mail_server

MINUTE = timedelta(minutes=1)


@dataclass
class Office:
    """A library that may call this machine, and a clock that is moved by hand."""

    library: Library
    cast: Cast
    clock: MovingClock

    @property
    def database(self) -> Database:
        return self.library.db

    def listen(self, url: str, *events: str) -> str:
        """A program at an address that is told of events, of all of them unless some are named."""
        given = {"url": url, "events": events or ("*",), "key": self.library.settings.secret_key}
        made = self.database.act(lambda s: add_webhook(s, **given, at=self.clock.now(), by=self.cast.eli))
        return made.secret

    def ping(self, number: int = 1) -> None:
        """So many messages to each webhook."""
        for one in rows(self.database, Webhook):
            for _ in range(number):
                self.database.act(
                    lambda s, name=one.public_id: try_webhook(s, webhook=name, at=self.clock.now(), by=self.cast.eli)  # type: ignore[misc]  # mypy cannot tell
                )

    def sweep(self, after: timedelta = MINUTE) -> int:
        """One run, so much later than the one before; how many messages were taken."""
        self.clock.move(after)
        return SWEEPS["webhooks"](self.library, self.clock.now())

    def messenger(self, seconds: float = 10.0) -> Messenger:
        """What a run is made of."""
        return Messenger(self.library, self.clock.now, lambda: self.cast.system, seconds=seconds)

    def states(self) -> list[str]:
        """Where the messages are, in order."""
        return [row.state.value for row in rows(self.database, WebhookDelivery)]


def office_of(database: Database, folder: Path, **given: Any) -> Office:
    clock = MovingClock(NOW)
    chosen = settings.load({}, instance=folder, given={"webhook_networks": "127.0.0.0/8", **given})
    return Office(Library(database, clock, None, chosen), assemble(database), clock)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return office_of(database, tmp_path)


@pytest.fixture
def peer() -> HttpPeer:
    return HttpPeer()


@pytest.fixture
def url(peer: HttpPeer) -> Iterator[str]:
    with http_server(peer) as found:
        yield f"{found}/lending"


def test_what_happens_arrives_within_a_run_signed_and_in_order(office: Office, peer: HttpPeer, url: str) -> None:
    secret = office.listen(url, "loan.*")
    lend(office.database, office.cast)
    receive(office.database, office.cast)
    assert office.sweep() == 2
    assert [json.loads(asked.body)["event"] for asked in peer.asked] == ["loan.checked_out", "loan.returned"]
    for asked in peer.asked:
        given, timestamp = asked.headers[SIGNATURE], asked.headers[TIMESTAMP]
        assert is_signed(secret, asked.body, timestamp=timestamp, given=given, at=office.clock.now())
        assert asked.headers["X-Lending-Event"] == json.loads(asked.body)["event"]
        assert asked.headers["X-Lending-Delivery"] == json.loads(asked.body)["id"]
    assert (office.sweep(), len(peer.asked)) == (0, 2)


def test_what_nobody_can_sign_any_more_is_not_sent_and_says_why(office: Office, peer: HttpPeer, url: str) -> None:
    """The library has another key than when the webhook was made."""
    office.listen(url, "loan.*")
    lend(office.database, office.cast)
    chosen = replace(office.library.settings, secret_key="another key of the library, as long")
    other = Library(office.database, office.clock, None, chosen)
    office.clock.move(MINUTE)
    assert Messenger(other, office.clock.now, lambda: office.cast.system).run() == 0
    (message,) = rows(office.database, WebhookDelivery)
    assert (message.state.value, message.problem, peer.asked) == ("pending", "no secret", [])


def test_a_library_without_webhooks_asks_once_and_leaves_the_journal_alone(office: Office) -> None:
    lend(office.database, office.cast)
    with counting(office.database) as statements:
        assert office.sweep() == 0
    assert not any("journal" in statement for statement in statements)
    assert len(statements) <= 4


def test_a_check_out_and_a_return_pay_nothing_for_webhooks(office: Office) -> None:
    with counting(office.database) as before:
        lend(office.database, office.cast)
        receive(office.database, office.cast)
    office.listen("http://127.0.0.1:9/")
    later = NOW + timedelta(days=1)
    with counting(office.database) as statements:
        lend(office.database, office.cast, "KIT-2002", at=later)
        receive(office.database, office.cast, "KIT-2002", at=later)
    assert len(statements) == len(before)
    assert not any("webhook" in statement for statement in statements)


def test_a_receiver_that_is_away_is_asked_later_and_then_gets_everything_in_order(
    office: Office, peer: HttpPeer, url: str
) -> None:
    office.listen(url)
    office.ping(3)
    peer.answer = lambda _: (503, b"")
    assert [office.sweep() for _ in range(3)] == [0, 0, 0]
    assert len(peer.asked) == 2  # a minute and two minutes after
    first = only(office.database, Webhook)
    assert (first.failing_since, first.active) == (NOW + MINUTE, True)
    peer.answer = lambda _: (200, b"")
    assert office.sweep(timedelta(hours=1)) == 3
    names = [asked.headers["X-Lending-Delivery"] for asked in peer.asked]
    assert names[:3] == names[:1] * 3
    assert list(dict.fromkeys(names)) == [row.public_id for row in rows(office.database, WebhookDelivery)]
    assert only(office.database, Webhook).failing_since is None


def test_what_the_receiver_asks_for_is_waited_for(office: Office, peer: HttpPeer, url: str) -> None:
    office.listen(url)
    office.ping()
    peer.answer, peer.headers = lambda _: (429, b""), {"Retry-After": "600"}
    office.sweep()
    waits = only(office.database, WebhookDelivery)
    assert (waits.due_at - office.clock.now(), waits.problem) == (timedelta(minutes=10), "http 429")


def test_a_refusal_is_not_repeated_and_the_next_message_goes_on(office: Office, peer: HttpPeer, url: str) -> None:
    office.listen(url)
    office.ping(2)
    statuses = iter((404, 200))
    peer.answer = lambda _: (next(statuses), b"")
    assert office.sweep() == 1
    assert office.states() == ["failed", "sent"]
    assert rows(office.database, WebhookDelivery)[0].problem == "http 404"


def test_a_redirect_is_a_refusal(office: Office, peer: HttpPeer, url: str) -> None:
    office.listen(url)
    office.ping()
    elsewhere = HttpPeer()
    with http_server(elsewhere) as there:
        peer.answer, peer.headers = lambda _: (302, b""), {"Location": there}
        office.sweep()
    assert (office.states(), elsewhere.asked) == (["failed"], [])


def test_one_that_hangs_keeps_no_other_waiting(office: Office, peer: HttpPeer, url: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:
        office.listen(f"http://127.0.0.1:{mute.getsockname()[1]}/")
        office.listen(url)
        office.ping(3)
        began = time.monotonic()
        assert office.messenger(seconds=1.0).run() == 3
    assert time.monotonic() - began < 10  # and a hanging one is asked once in a run
    assert sorted(office.states()) == ["pending"] * 3 + ["sent"] * 3
    assert len(peer.asked) == 3


def test_killed_at_any_point_nothing_is_missed_and_only_what_was_sent_unmarked_comes_twice(
    office: Office, peer: HttpPeer, url: str
) -> None:
    office.listen(url, "loan.*")
    lend(office.database, office.cast)
    receive(office.database, office.cast)
    (webhook,) = rows(office.database, Webhook)
    killed = office.messenger()
    office.clock.move(MINUTE)
    killed.write([webhook.id])  # and it dies before it claims
    assert killed.claim(webhook.id) is not None  # and it dies before it sends
    assert office.sweep() == 0
    office.clock.move(3 * MINUTE)
    again = killed.claim(webhook.id)
    assert again is not None
    killed.carry(again)  # and it dies before it marks
    assert office.sweep(3 * MINUTE) == 2
    names = [asked.headers["X-Lending-Delivery"] for asked in peer.asked]
    first, second = (row.public_id for row in rows(office.database, WebhookDelivery))
    assert names == [first, first, second]
    assert {asked.body for asked in peer.asked[:2]} == {peer.asked[0].body}


def test_a_name_that_turns_inwards_is_not_reached_and_says_so(office: Office, url: str, peer: HttpPeer) -> None:
    port = int(url.rpartition(":")[2].partition("/")[0])
    closed = settings.load({}, instance=office.library.settings.instance)
    library = Library(office.database, office.clock, None, closed)
    office.listen(f"https://hooks.example.org:{port}/")
    office.ping()

    def inwards(_host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    assert tell_programs(library, NOW + MINUTE, by=lambda: office.cast.system, resolve=inwards) == 0
    assert peer.asked == []
    row = only(office.database, WebhookDelivery)
    assert (row.state, row.problem, row.tries) == (DeliveryState.PENDING, "address_forbidden", 1)


@pytest.mark.parametrize(("status", "why"), [(410, StoppedWhy.GONE), (503, StoppedWhy.FAILING)])
def test_administrators_are_told_once_when_a_webhook_switches_itself_off(
    database: Database, tmp_path: Path, url: str, peer: HttpPeer, status: int, why: StoppedWhy
) -> None:
    post = Peer()
    with mail_server(post) as smtp:
        office = office_of(database, tmp_path, smtp_url=smtp)
        eli = update(Staff).where(Staff.id == office.cast.eli_id).values(email="eli@example.org")
        office.database.act(lambda s: s.execute(eli) and None)
        office.listen(url)
        office.ping()
        peer.answer = lambda _: (status, b"")
        office.sweep()
        office.sweep(FAILING_FOR)
        office.sweep()
    webhook = only(office.database, Webhook)
    assert (webhook.active, webhook.stopped_why) == (False, why)
    (message,) = post.taken
    assert isinstance(message, EmailMessage)
    assert "A webhook was switched off" in str(message["Subject"])
    assert "127.0.0.1" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one


def test_where_nobody_can_be_told_the_page_says_it_alone(office: Office, url: str, peer: HttpPeer) -> None:
    office.listen(url)
    office.ping()
    peer.answer = lambda _: (410, b"")
    office.sweep()
    assert only(office.database, Webhook).stopped_told_at is not None


def test_every_message_has_a_row_of_its_own_for_each_webhook(office: Office, url: str, peer: HttpPeer) -> None:
    for events in ("loan.*", "loan.returned"):
        office.listen(url, events)
    lend(office.database, office.cast)
    receive(office.database, office.cast)
    assert office.sweep() == 3
    with office.database.read() as session:
        told = session.execute(select(WebhookDelivery.webhook_id, WebhookDelivery.event)).all()
    assert sorted(event for _, event in told) == ["loan.checked_out", "loan.returned", "loan.returned"]
    assert len({asked.headers["X-Lending-Delivery"] for asked in peer.asked}) == 3
