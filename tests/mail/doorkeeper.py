"""S9: hosts that lead inwards, in the many ways in which programs read an address, and who hears of a knock.

Used by the tests and the battery.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

HOSTILE = (
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "localhost", "localhost.", "LOCALHOST", "0", "0.0.0.0"),
    *("2130706433", "0x7f000001", "0x7f.0.0.1", "0x7F.1", "017700000001", "0177.0.0.1", "0177.1", "127.0x0.0.01"),
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "169.254.170.2", "100.100.100.200"),
    *("192.0.0.192", "168.63.129.16", "10.0.0.1", "10.1", "167772161", "172.16.0.1", "172.31.255.254", "192.168.0.1"),
    *("192.168.257", "100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255", "240.0.0.1"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:169.254.169.254]"),
    *("[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[fd00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]"),
)
"""Loopback, private, special and metadata addresses; those of this machine lead to the doorkeeper."""

Answers = Callable[..., list[tuple[Any, ...]]]


def resolver(*answers: str) -> Answers:
    """A name server that gives these addresses, one at each question, and the last one for ever."""
    left = list(answers)

    def resolve(_host: str, port: int, **_options: Any) -> list[tuple[Any, ...]]:
        found = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in found else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (one, port)) for one in found.split()]

    return resolve


@dataclass
class Doorkeeper:
    """A port of this machine, on all its addresses, and who knocked at it."""

    port: int
    knocks: list[Any] = field(default_factory=list)


@contextmanager
def doorkeeping() -> Iterator[Doorkeeper]:
    """Listen until the end of the block."""
    with closing(socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)) as server:
        keeper = Doorkeeper(server.getsockname()[1])

        def keep() -> None:
            while True:
                try:
                    connection, who = server.accept()
                except OSError:
                    return
                keeper.knocks.append(who)
                connection.close()

        thread = threading.Thread(target=keep)
        thread.start()
        try:
            yield keeper
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
