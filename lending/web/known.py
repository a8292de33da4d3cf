"""Browsers in which somebody signed in before: strangers who guess at an account do not shut its owner out of them.

A cookie that lives on after the session names the browser and holds, for each account that was opened in it, a mark
that only this library can make and that nobody can read an account out of. A new password makes the account's marks
worthless. The cookie opens nothing: it only has guesses counted apart (``circulation/sign_ins.py``).
Source: BATTERY S7; decision 12.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from base64 import urlsafe_b64encode

from flask import Response, request

from lending.queries.staff import SignIn
from lending.web import current

LIVES = 180 * 24 * 3600
"""Seconds; counted from the last time that somebody signed in."""

MOST = 20
"""Accounts that one browser is known by: everybody who works at one desk. The latest are kept."""

_SITE = 56
"""Bits that are alike in all of one household's addresses of version 6."""

_KEPT = re.compile(r"[A-Za-z0-9_-]{22}(?:\.[A-Za-z0-9_-]{22}){1,20}", re.ASCII)


def browser_of(account: SignIn | None) -> str | None:
    """The name of this browser, if ``account`` was opened in it with its present password; else ``None``."""
    browser, marks = _kept()
    if account is None or browser is None:
        return None
    mark = _mark(browser, account)
    return browser if any(hmac.compare_digest(mark, each) for each in marks) else None


def remember(response: Response, account: SignIn) -> None:
    """Let this browser be known to ``account`` from now on."""
    browser, marks = _kept()
    browser = browser or secrets.token_urlsafe(16)
    mark = _mark(browser, account)
    kept = [mark, *(each for each in marks if each != mark)][:MOST]
    response.set_cookie(
        _cookie(),
        ".".join([browser, *kept]),
        max_age=LIVES,
        httponly=True,
        samesite="Strict",
        secure=current.library().settings.secure_cookies,
    )


def address() -> str:
    """A digest of the network address that asks, which nobody can guess back who does not have this library's key.

    Of an address of version 6 the site counts: whoever has a line at home has all of a network's addresses, and as a
    rule 256 networks. Source: RFC 6177; RIPE-690.
    """
    asking = request.remote_addr or ""
    try:
        read = ipaddress.ip_address(asking.partition("%")[0])
    except ValueError:
        return _digest("address", asking)
    if isinstance(read, ipaddress.IPv6Address):
        read = read.ipv4_mapped or ipaddress.ip_network((read, _SITE), strict=False).network_address
    return _digest("address", str(read))


def _kept() -> tuple[str | None, list[str]]:
    """The browser's name and the marks of accounts in its cookie; nothing where there is none that fits."""
    kept = request.cookies.get(_cookie(), "")
    if not _KEPT.fullmatch(kept):
        return None, []
    browser, *marks = kept.split(".")
    return browser, marks


def _mark(browser: str, account: SignIn) -> str:
    return _digest("browser", f"{browser}.{account.public_id}.{account.session_version}")


def _digest(what: str, text: str) -> str:
    """128 bits for one purpose, in letters."""
    key = current.library().settings.secret_key.encode()
    return urlsafe_b64encode(hmac.digest(key, f"{what}:{text}".encode(), "sha256")[:16]).decode().rstrip("=")


def _cookie() -> str:
    return "__Host-lending-known" if current.library().settings.secure_cookies else "lending-known"
