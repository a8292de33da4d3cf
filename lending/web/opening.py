"""Opening a browser's session for a staff member who proved who they are, wholly or by half.

Between the password and the second factor nobody is signed in: the browser only keeps, signed and for some minutes,
whose password it was. Source: BATTERY S8; ASVS 7.2.4 (a new session at each sign-in).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import flask_login
from flask import session, url_for

from lending.domain.permissions import Act, Role, may
from lending.queries import staff as queries
from lending.queries.staff import SignIn, StaffAccount, StationPlace
from lending.web import current, shifts

HALF_OPEN: Final = 300
"""Seconds between the password and the code at most."""

TODAY: Final = "today.page"
BEGINS: Final = {
    Role.COUNSELLOR: "inquiries.page",
    Role.PROGRAM: "desk.search",
    Role.MANAGER: TODAY,
    Role.ADMIN: TODAY,
}
"""Where work begins for those whose place is not the desk. Source: SCREENS, "Manager pages"."""

_HALF, _OWES = "half", "owes_second_factor"
_OF_THE_BROWSER = ("language", "station")


@dataclass(frozen=True, slots=True)
class Half:
    """Whose password was right, and where they wanted to go."""

    found: SignIn
    next: str


def begin(account: StaffAccount, *, elsewhere: bool = False) -> None:
    """Sign a staff member in, in a session of its own; one begun by somebody else is not carried on.

    ``elsewhere``: the library's own sign-in service proved who it is, and asks for second factors as it likes.
    """
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    shifts.begin()
    needed = account.role in current.library().own_settings().second_factor_roles
    if needed and not account.has_second_factor and not elsewhere:
        session[_OWES] = True
    flask_login.login_user(current.SignedIn(account))


def go_on(account: StaffAccount) -> None:
    """Keep this browser signed in after an act of its own that ended all sessions of the account, its copies too."""
    kept = {name: session[name] for name in _OF_THE_BROWSER if name in session}
    begin(account)
    session.update(kept)


def owes_second_factor() -> bool:
    """Whether this session's role needs a second factor that is not set up yet, and so opens nothing else."""
    return bool(session.get(_OWES))


def wait_for_code(account: StaffAccount, target: str) -> None:
    """Keep whose password was right, for the page that asks for the code; nobody is signed in."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    until = int(shifts.now().timestamp()) + HALF_OPEN
    session[_HALF] = {"staff": account.public_id, "version": account.session_version, "until": until, "next": target}


def half() -> Half | None:
    """Whose password was right in this browser a moment ago; ``None`` when it was nobody's, or too long ago."""
    kept = session.get(_HALF)
    if not kept or shifts.now().timestamp() >= kept["until"]:
        return None
    return Half(SignIn(kept["staff"], kept["version"], None), current.safe_next(kept["next"], "start.page"))


def first_page(account: StaffAccount, target: str) -> str:
    """Where to go after signing in: to what was asked for, or to where the person's work begins; on the way to the
    choice of a station, where there are several. Who begins with the day is asked for one when they go to the desk.
    """
    found = places(account)
    if len(found) == 1:
        current.stand_at(found[0], account)
    closed = target == url_for("desk.desk") and not may(account.role, Act.CIRCULATE)
    if closed or target == url_for("start.page"):
        begins = BEGINS.get(account.role, "desk.desk")
        target = url_for(begins)
        if begins == TODAY:
            return target
    return url_for("account.station", next=target) if len(found) > 1 else target


def places(account: StaffAccount) -> list[StationPlace]:
    """The stations where this person may stand."""
    with current.library().db.read() as s:
        return queries.stations(s, None if account.role is Role.ADMIN else account.branch_ids)
