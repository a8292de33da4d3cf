"""Who may begin a library in which nobody works yet: whoever sits at the machine, or has the code that it printed.

The code is made from the library's own key, so that every process knows it and none has to keep it. It opens nothing
any more once somebody works here. Source: SCREENS, "A first-run wizard"; BATTERY S.
"""

from __future__ import annotations

import hmac
import ipaddress
from base64 import b32encode
from urllib.parse import urlsplit

from flask import current_app, request

from lending.queries.setting_up import anybody_works_here
from lending.settings import Profile, Settings
from lending.web import current

_KNOWN = "lending_begun"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")


def code_of(settings: Settings) -> str:
    """Eighty bits that only this library's machine knows, as ``XXXX-XXXX-XXXX-XXXX``."""
    digest = hmac.digest(settings.secret_key.encode(), f"setup:{settings.database_url}".encode(), "sha256")
    letters = b32encode(digest[:10]).decode()
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def is_code(given: str) -> bool:
    """Whether ``given`` is the code that was printed, however it is spaced."""
    plain = given.strip().upper().replace(" ", "").replace("-", "")
    wanted = code_of(current.library().settings).replace("-", "")
    return hmac.compare_digest(plain.encode(), wanted.encode())


def is_to_begin() -> bool:
    """Whether nobody works in this library yet. Asked of the rows until somebody does, and then never again."""
    library = current.library()
    if current_app.extensions.get(_KNOWN) is library:
        return False
    with library.db.read() as session:
        begun = anybody_works_here(session)
    if begun:
        current_app.extensions[_KNOWN] = library
    return not begun


def begin_again() -> None:
    """Ask the rows again: the library was emptied."""
    current_app.extensions.pop(_KNOWN, None)


def asks_everybody(settings: Settings) -> bool:
    """Whether the code is asked for at the machine too.

    In production there is a proxy as a rule, and one that neither names itself nor hands on which host was asked for
    looks like a browser on the machine.
    """
    return settings.profile is Profile.PRODUCTION or settings.proxy_hops > 0


def is_at_the_machine() -> bool:
    """Whether the browser runs on the library's own machine, as far as this can be known.

    Behind a proxy everybody seems to be at the machine: then nobody is.
    """
    if asks_everybody(current.library().settings) or any(name in request.headers for name in _FORWARDED):
        return False
    return is_local(request.remote_addr or "", request.host_url)


def is_local(address: str, asked: str) -> bool:
    """Whether a network address, and the address that was asked for, are those of the machine itself.

    A name that somebody lets lead to the machine is none of its own.
    """
    return _is_loopback(address) and _is_loopback(urlsplit(asked).hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
