"""A message to an address that somebody typed: it goes where it may, to exactly the address that was looked at.

The name is resolved once, every address behind it is checked, and the connection is made to one of those, so that a
name which stands for another place a moment later leads nowhere else. No redirect is followed, no proxy of the
environment asked, the certificate is the name's, and the answer is read to its headers within one span of time (but
for the resolver's own patience, which the system sets). Never called in a transaction. Source: BATTERY S9; RFC 9110.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from lending.domain.addresses import Address, Network, Target, may_be_called, read_address, read_url
from lending.errors import Reason, Refused
from lending.mail.carriers import Away
from lending.mail.timed import Timed, left

SECONDS = 10.0
"""From the first packet to the answer's headers."""

Resolve = Callable[..., list[tuple[Any, ...]]]
"""``socket.getaddrinfo``, or what a test puts in its place."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the other side answered: its status, and how long it asks to be left alone."""

    status: int
    retry_after: timedelta | None = None


def places(url: str, allowed: Collection[Network] = (), *, resolve: Resolve | None = None) -> list[Address]:
    """The addresses that an address of the web stands for now, all of which may be called.

    Raises ``Refused``: ``VALUE_WRONG`` for none of the web, ``ADDRESS_UNKNOWN`` when nobody knows its name, and
    ``ADDRESS_FORBIDDEN`` when a single one of its addresses may not be called.
    """
    try:
        target = read_url(url)
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field="url") from None
    return _places(target, allowed, resolve or socket.getaddrinfo)


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    at: datetime,
    allowed: Collection[Network] = (),
    seconds: float = SECONDS,
    resolve: Resolve | None = None,
) -> Heard:
    """Post a JSON body. Raises ``Away`` when nobody answers, and ``Refused`` as ``places`` does."""
    found = places(url, allowed, resolve=resolve)
    target, until = read_url(url), time.monotonic() + seconds
    try:
        with _connected(target, found, until) as connection:
            return _asked(target, connection, body, headers, until, at)
    except ssl.SSLCertVerificationError:
        raise Away("certificate") from None
    except TimeoutError:
        raise Away("timeout") from None
    except (http.client.HTTPException, OSError) as gone:
        raise Away(type(gone).__name__) from None


def _places(target: Target, allowed: Collection[Network], resolve: Resolve) -> list[Address]:
    try:
        answers = resolve(target.host, target.port, type=socket.SOCK_STREAM)
        found = list(dict.fromkeys(read_address(answer[4][0]) for answer in answers))
    except (OSError, UnicodeError, ValueError):
        raise Refused.because(Reason.ADDRESS_UNKNOWN, field="url", host=target.host) from None
    if not found or not all(may_be_called(target, address, allowed) for address in found):
        raise Refused.because(Reason.ADDRESS_FORBIDDEN, field="url", host=target.host)
    return found


def _connected(target: Target, found: list[Address], until: float) -> socket.socket:
    """A connection to the first of the addresses that takes one, for which each has its share of the time."""
    *others, last = found
    for n, address in enumerate(others):
        try:
            plain = socket.create_connection((str(address), target.port), timeout=left(until) / (len(found) - n))
            break
        except OSError:
            continue
    else:
        plain = socket.create_connection((str(last), target.port), timeout=left(until))
    if not target.secure:
        return plain
    try:
        plain.settimeout(left(until))
        return ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
    except BaseException:
        plain.close()
        raise


def _asked(
    target: Target, connection: socket.socket, body: bytes, headers: Mapping[str, str], until: float, at: datetime
) -> Heard:
    called = http.client.HTTPConnection(target.host, target.port)
    called.sock = Timed(connection, until)
    said = {"Host": target.named, "Content-Type": "application/json", "Connection": "close", **headers}
    called.request("POST", target.path, body, said)
    answer = called.getresponse()
    heard = Heard(answer.status, _retry_after(answer.headers.get("Retry-After"), at))
    answer.close()
    return heard


def _retry_after(value: str | None, at: datetime) -> timedelta | None:
    """Seconds, or an instant as HTTP writes it; what is neither says nothing."""
    if value is None:
        return None
    try:
        if value.strip().isdecimal():
            return timedelta(seconds=min(int(value[:12]), 10**8))
        return max(parsedate_to_datetime(value) - at, timedelta())
    except (ValueError, TypeError, OverflowError):
        return None
