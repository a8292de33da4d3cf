"""Addresses that somebody typed and that the library's own machine is then to call: which it may, and which never.

Whoever may type an address could otherwise have the library knock at doors that only it can reach: its own, those of
the network it stands in, and the one by which a cloud tells its machines their secrets. Only addresses of the public
internet may be called, and networks that whoever keeps the server allows. Source: BATTERY S9; RFC 6890 and the
registries of special addresses that follow it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 500
_PORTS = {"http": 80, "https": 443}
LOWEST_PORT = 1024
"""Below it only the port of https itself is called: what listens there otherwise is no program that takes messages."""

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?")
_PLAIN = re.compile(r"[!$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+")

_NOT_PUBLIC = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
            *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            "168.63.129.16/32",  # where Azure answers its machines: public by its number, and by nothing else
        ),
    )
)
_UNICAST = IPv6Network("2000::/3")
"""The only part of IPv6 that is given out for the internet."""
_NOT_PUBLIC_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
_NAT64 = IPv6Network("64:ff9b::/96")
"""An IPv4 address as a network without IPv4 sees it."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was typed, taken apart. ``path`` begins with a slash and holds the query."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def named(self) -> str:
        """Host and port as the header ``Host`` carries them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


def read_url(url: str) -> Target:
    """Take an address apart; ``ValueError`` for one that is not ``http(s)://host[:port]/path`` in plain characters.

    A name and password in it, a fragment, blanks and whatever programs read in different ways are refused.
    """
    if len(url) > LONGEST_URL or not _PLAIN.fullmatch(url):
        raise ValueError("no plain address")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or {"@", "%"} & set(parts.netloc) or parts.netloc.endswith(":"):
        raise ValueError("no address of the web")
    host = parts.hostname or ""
    if "[" in parts.netloc:
        host = str(IPv6Address(host))
    elif not _NAME.fullmatch(host):
        raise ValueError("no name of a host")
    if parts.port == 0:
        raise ValueError("no port")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", host, parts.port or _PORTS[parts.scheme], path)


def may_be_called(target: Target, address: Address, allowed: Collection[Network] = ()) -> bool:
    """Whether the library may connect to an address that the target's name stands for.

    In the public internet only over https and to a port that is not another service's; in an allowed network anyhow.
    """
    if _is_in(address, allowed):
        return True
    return target.secure and (target.port == _PORTS["https"] or target.port >= LOWEST_PORT) and is_public(address)


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet; one that hides another is as public as that."""
    if isinstance(address, IPv4Address):
        return address.is_global and not _is_in(address, _NOT_PUBLIC)
    hidden = _hidden_in(address)
    if hidden is not None:
        return is_public(hidden)
    return address in _UNICAST and address.is_global and not _is_in(address, _NOT_PUBLIC_6)


def read_address(text: str) -> Address:
    """An address as a resolver gives it, without the name of the card that it is reached by."""
    return ip_address(text.partition("%")[0])


def _hidden_in(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a packet to this one would reach in the end."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_in(address: Address, networks: Collection[Network]) -> bool:
    inner = None if isinstance(address, IPv4Address) else _hidden_in(address)
    return any(one in network for one in (address, inner) if one is not None for network in networks)
