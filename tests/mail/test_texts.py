"""The gateway for text messages: what it is handed, and what its answers mean."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from lending.domain.signatures import SIGNATURE, TIMESTAMP, is_signed
from lending.mail.carriers import Away, NotEver, NotNow
from lending.mail.texts import TextGateway
from tests.cast import NOW
from tests.mail.http_peer import HttpPeer, http_server
from tests.mail.peer import free_port
from tests.mail.slow import drip, saying

SECRET = "a secret of the gateway and the library"


def send(url: str, **options: Any) -> None:
    TextGateway(url, SECRET, **options).send(public_id="abc", to="+12135550142", text="Devuélvalo hoy", at=NOW)


def problem_of(status: int, body: bytes = b"{}") -> Away | NotNow | NotEver:
    peer = HttpPeer(answer=lambda _: (status, body))
    with http_server(peer) as url, pytest.raises((Away, NotNow, NotEver)) as raised:
        send(url)
    problem = raised.value
    assert isinstance(problem, Away | NotNow | NotEver)
    return problem


def test_a_text_is_handed_over_signed_with_its_name_and_number() -> None:
    peer = HttpPeer()
    with http_server(peer) as url:
        send(f"{url}/texts?library=9999")
    (asked,) = peer.asked
    assert asked.path == "/texts?library=9999"
    assert json.loads(asked.body) == {"id": "abc", "to": "+12135550142", "text": "Devuélvalo hoy"}
    assert is_signed(SECRET, asked.body, timestamp=asked.headers[TIMESTAMP], given=asked.headers[SIGNATURE], at=NOW)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_gateway_that_is_not_ready_is_asked_later(status: int) -> None:
    assert isinstance(problem_of(status), NotNow)


@pytest.mark.parametrize("status", [404, 410])
def test_a_number_that_nobody_has_is_a_wrong_one(status: int) -> None:
    problem = problem_of(status)
    assert isinstance(problem, NotEver)
    assert problem.address_is_wrong


def test_the_gateway_may_say_so_in_words() -> None:
    problem = problem_of(422, b'{"problem": "no such number"}')
    assert isinstance(problem, NotEver)
    assert problem.address_is_wrong


@pytest.mark.parametrize("body", [b"{}", b"not JSON", b'{"problem": "too long"}', b"[" * 9000])
def test_another_refusal_says_nothing_about_the_number(body: bytes) -> None:
    problem = problem_of(400, body)
    assert isinstance(problem, NotEver)
    assert not problem.address_is_wrong


@pytest.mark.parametrize("status", [401, 403])
def test_a_gateway_that_does_not_know_the_library_refuses_nobodys_number(status: int) -> None:
    assert isinstance(problem_of(status), Away)


def test_a_page_of_a_web_server_that_has_no_such_address_costs_nobody_their_consent() -> None:
    assert isinstance(problem_of(404, b"<h1>Not Found</h1>"), Away)


def test_a_redirect_is_not_followed() -> None:
    elsewhere, peer = HttpPeer(), HttpPeer(answer=lambda _: (307, b""))
    with http_server(elsewhere) as there, http_server(peer) as url:
        peer.headers = {"Location": there}
        with pytest.raises(Away):
            send(url)
    assert len(peer.asked) == 1
    assert not elsewhere.asked


def test_nobody_there_and_nobody_answering_are_away() -> None:
    with pytest.raises(Away):
        send(f"http://127.0.0.1:{free_port()}")
    peer = HttpPeer(silent_for=0.5)
    with http_server(peer) as url, pytest.raises(Away):
        send(url, timeout=0.1)


def test_a_gateway_that_answers_byte_by_byte_is_left_at_the_end_of_its_time() -> None:
    """Longer than a claim lasts, the same text would be sent by another process too."""
    began = time.monotonic()
    with saying(drip) as url, pytest.raises(Away):
        send(url, timeout=0.4)
    assert time.monotonic() - began < 3
