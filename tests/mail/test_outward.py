"""S9: whatever address is typed, nothing but the public internet and the allowed networks is ever reached."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from lending.errors import Reason, Refused
from lending.mail.carriers import Away
from lending.mail.outward import Heard, places, post
from tests.cast import NOW
from tests.mail.doorkeeper import HOSTILE, Doorkeeper, doorkeeping, resolver
from tests.mail.http_peer import HttpPeer, http_server
from tests.mail.peer import free_port
from tests.mail.slow import drip, read_request, saying

HERE = (ip_network("127.0.0.0/8"),)
PUBLIC = "93.184.215.14"
CERTIFICATE = Path(__file__).with_name("hooks.example.org.pem")


@pytest.fixture
def doorkeeper() -> Iterator[Doorkeeper]:
    with doorkeeping() as keeper:
        yield keeper


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that a connection was tried to; none of them is let through."""
    tried: list[Any] = []

    def connect(address: Any, **_options: Any) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("lending.mail.outward.socket.create_connection", connect)
    return tried


def send(url: str, **options: Any) -> Heard:
    return post(url, b"{}", {"X-Lending-Event": "ping"}, at=NOW, **options)


def reasons(url: str, **options: Any) -> list[Reason]:
    with pytest.raises(Refused) as refused:
        send(url, **options)
    return [block.reason for block in refused.value.blocks]


def test_no_hostile_address_is_reached_in_any_of_its_spellings(doorkeeper: Doorkeeper) -> None:
    assert len(HOSTILE) >= 40
    for host in HOSTILE:
        for scheme in ("https", "http"):
            url = f"{scheme}://{host}:{doorkeeper.port}/latest/meta-data/"
            assert reasons(url, seconds=2.0)[0] in (Reason.ADDRESS_FORBIDDEN, Reason.ADDRESS_UNKNOWN), url
    assert doorkeeper.knocks == []


def test_no_connection_is_even_tried(calls: list[Any]) -> None:
    for host in HOSTILE:
        reasons(f"https://{host}/")
    assert calls == []


def test_the_doorkeeper_would_have_heard_a_knock(doorkeeper: Doorkeeper) -> None:
    with pytest.raises(Away):
        send(f"http://127.1:{doorkeeper.port}/", allowed=HERE)
    assert len(doorkeeper.knocks) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.1",
        "fd00::1",
        f"{PUBLIC} 127.0.0.1",
        "fe80::1%1",
    ],
)
def test_a_name_that_stands_for_a_place_within_is_refused_even_beside_a_public_one(
    doorkeeper: Doorkeeper, answer: str
) -> None:
    url = f"https://hooks.example.org:{doorkeeper.port}/"
    assert reasons(url, resolve=resolver(answer)) == [Reason.ADDRESS_FORBIDDEN]
    assert doorkeeper.knocks == []


def test_a_name_that_is_another_place_a_moment_later_leads_to_the_one_that_was_looked_at(calls: list[Any]) -> None:
    with pytest.raises(Away):
        send("https://hooks.example.org:8443/", resolve=resolver(PUBLIC, "127.0.0.1"))
    assert calls == [(PUBLIC, 8443)]


def test_a_name_is_looked_at_again_at_every_message(calls: list[Any]) -> None:
    resolve = resolver(PUBLIC, "127.0.0.1")
    places("https://hooks.example.org/", resolve=resolve)
    assert reasons("https://hooks.example.org/", resolve=resolve) == [Reason.ADDRESS_FORBIDDEN]
    assert calls == []


def test_each_address_of_a_name_is_tried_in_turn(calls: list[Any]) -> None:
    with pytest.raises(Away, match="ConnectionRefusedError"):
        send("https://hooks.example.org/", resolve=resolver(f"{PUBLIC} 8.8.8.8"))
    assert calls == [(PUBLIC, 443), ("8.8.8.8", 443)]


def test_a_name_that_nobody_knows_is_unknown() -> None:
    def nobody(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        raise socket.gaierror

    assert reasons("https://hooks.example.org/", resolve=nobody) == [Reason.ADDRESS_UNKNOWN]


def test_the_internet_is_not_called_over_http_nor_at_the_port_of_another_service(calls: list[Any]) -> None:
    for url in ("http://hooks.example.org/", "https://hooks.example.org:25/", "https://hooks.example.org:22/"):
        assert reasons(url, resolve=resolver(PUBLIC)) == [Reason.ADDRESS_FORBIDDEN]
    assert reasons("https://user:secret@hooks.example.org/", resolve=resolver(PUBLIC)) == [Reason.VALUE_WRONG]
    assert calls == []


def test_a_redirect_leads_nowhere(doorkeeper: Doorkeeper) -> None:
    peer = HttpPeer(answer=lambda _: (307, b""), headers={"Location": f"http://127.0.0.1:{doorkeeper.port}/"})
    with http_server(peer) as url:
        assert send(url, allowed=HERE).status == 307
    assert (len(peer.asked), doorkeeper.knocks) == (1, [])


def test_no_proxy_of_the_environment_is_asked(doorkeeper: Doorkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{doorkeeper.port}")
    with http_server(HttpPeer()) as url:
        assert send(url, allowed=HERE).status == 200
    assert doorkeeper.knocks == []


def test_a_message_is_posted_with_its_headers_to_the_path_of_its_address() -> None:
    peer = HttpPeer()
    with http_server(peer) as url:
        assert send(f"{url}/kits?from=9999", allowed=HERE) == Heard(200)
    (asked,) = peer.asked
    assert (asked.path, asked.body) == ("/kits?from=9999", b"{}")
    assert asked.headers["Host"] == url.removeprefix("http://")
    assert (asked.headers["Content-Type"], asked.headers["X-Lending-Event"]) == ("application/json", "ping")


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("120", timedelta(minutes=2)),
        ("Tue, 03 Mar 2026 18:30:00 GMT", timedelta(minutes=30)),
        ("Tue, 03 Mar 2026 17:00:00 GMT", timedelta()),
        ("soon", None),
        ("-5", None),
        ("9" * 400, timedelta(seconds=10**8)),
    ],
)
def test_how_long_to_wait_is_heard_in_seconds_or_as_an_instant(said: str, heard: timedelta | None) -> None:
    with http_server(HttpPeer(answer=lambda _: (503, b""), headers={"Retry-After": said})) as url:
        assert send(url, allowed=HERE) == Heard(503, heard)


# --- Receivers that are slow, silent or endless ----------------------------------------------------------------------


def pour(connection: socket.socket) -> None:
    """An answer without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b"a" * 100_000)


def test_an_answer_that_drips_is_left_at_the_end_of_its_time() -> None:
    began = time.monotonic()
    with saying(drip) as url, pytest.raises(Away, match="timeout"):
        send(url, allowed=HERE, seconds=0.4)
    assert time.monotonic() - began < 3


def test_silence_is_left_as_well() -> None:
    with saying(lambda connection: time.sleep(0.6)) as url, pytest.raises(Away, match="timeout"):
        send(url, allowed=HERE, seconds=0.2)


def test_an_answer_without_an_end_is_read_to_its_headers() -> None:
    with saying(pour) as url:
        assert send(url, allowed=HERE) == Heard(200)


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n" * 300])
def test_what_is_no_answer_of_the_web_is_nobody_there(said: bytes) -> None:
    with saying(lambda connection: connection.sendall(said)) as url, pytest.raises(Away):
        send(url, allowed=HERE)


def test_nobody_there_is_away() -> None:
    with pytest.raises(Away, match="ConnectionRefusedError"):
        send(f"http://127.0.0.1:{free_port()}", allowed=HERE)


# --- https ------------------------------------------------------------------------------------------------------------


@contextmanager
def secure_server() -> Iterator[int]:
    """One answer over https, under the certificate of hooks.example.org; gives the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            plain, _ = server.accept()
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    read_request(connection)
                    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                plain.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_the_certificate_is_that_of_the_name_and_not_of_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with secure_server() as port:
        url = f"https://hooks.example.org:{port}/"
        assert send(url, allowed=HERE, resolve=resolver("127.0.0.1")) == Heard(204)


@pytest.mark.parametrize(("trusted", "name"), [(True, "other.example.org"), (False, "hooks.example.org")])
def test_another_name_and_a_certificate_that_nobody_trusts_are_refused(
    monkeypatch: pytest.MonkeyPatch, trusted: bool, name: str
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with secure_server() as port, pytest.raises(Away, match="certificate"):
        send(f"https://{name}:{port}/", allowed=HERE, resolve=resolver("127.0.0.1"))
