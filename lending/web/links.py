"""Links with which somebody chooses a first password: made for one account, good for a few days, used once.

A link holds whose it is, until when, and a mark that only this library can make of both and of the account's session
version. A new password changes that version, so the link that set it is spent; so are all others of the account.
Nothing is kept of a link. Source: ASVS 6.4.1.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Final

from lending.errors import Reason, Refused
from lending.queries.accounts import AccountShown, account_shown
from lending.web import current

GOOD_FOR: Final = timedelta(days=3)
"""How long a link waits: over a weekend."""


def link_for(account: AccountShown) -> str:
    """What stands in the address of a link: ``public_id.until.mark``."""
    until = int((current.now() + GOOD_FOR).timestamp())
    return f"{account.public_id}.{until}.{_mark(account, until)}"


def account_of(link: str) -> AccountShown:
    """Whose link this is. Raises ``Refused`` (``LINK_SPENT``), whatever is wrong with it."""
    public_id, _, rest = link.partition(".")
    until, _, mark = rest.partition(".")
    spent = Refused.because(Reason.LINK_SPENT)
    if not (until.isascii() and until.isdecimal() and len(until) < 12 and mark.isascii()):
        raise spent
    with current.library().db.read() as session:
        account = account_shown(session, public_id)
    if account is None or not account.active or not hmac.compare_digest(mark, _mark(account, int(until))):
        raise spent
    if current.now() >= datetime.fromtimestamp(int(until), UTC):
        raise spent
    return account


def _mark(account: AccountShown, until: int) -> str:
    key = current.library().settings.secret_key.encode()
    told = f"first password:{account.public_id}.{account.session_version}.{until}"
    return urlsafe_b64encode(hmac.digest(key, told.encode(), "sha256")).decode().rstrip("=")
