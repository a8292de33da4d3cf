"""What belongs to the request under way: the library, the person signed in, their station, their language."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import flask_login
from flask import current_app, g, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from lending.circulation.checkout import Override
from lending.domain.actors import Actor, Door
from lending.domain.barcodes import CodeSpaces
from lending.domain.permissions import Act, Role
from lending.domain.permissions import may as may_role
from lending.errors import Block, Reason, Refused
from lending.library import Library
from lending.models.base import new_public_id
from lending.phrases import Reader
from lending.queries.borrowers import PatronAccount
from lending.queries.scope import Branches
from lending.queries.staff import StaffAccount, StationPlace
from lending.wording import Audience, say

_REASONS = {reason.value: reason for reason in Reason}


def library() -> Library:
    """The library this application serves."""
    return cast(Library, current_app.extensions["lending"])


def spaces() -> CodeSpaces:
    """Which codes this library uses; built once, for every scan asks."""
    found: CodeSpaces | None = current_app.extensions.get("lending_spaces")
    if found is None:
        found = current_app.extensions["lending_spaces"] = library().spaces
    return found


def now() -> datetime:
    """The instant of this request: the clock is read once, however often it is asked."""
    if "at" not in g:
        g.at = library().clock.now()
    return cast(datetime, g.at)


class SignedIn:
    """A staff member for flask-login. The id in the session carries the version that a new password changes."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, account: StaffAccount) -> None:
        self.account = account

    def get_id(self) -> str:
        """The account and its session version."""
        return f"{self.account.public_id}.{self.account.session_version}"


class PatronSignedIn:
    """A patron for flask-login, on their own pages. Never mistaken for staff: the id begins with a mark of its own."""

    is_authenticated = True
    is_active = True
    is_anonymous = False
    MARK = "patron:"

    def __init__(self, account: PatronAccount) -> None:
        self.account = account

    def get_id(self) -> str:
        """The patron and the session version that a new PIN changes."""
        return f"{self.MARK}{self.account.public_id}.{self.account.session_version}"


def borrower() -> PatronAccount | None:
    """The patron who is signed in, if one is."""
    user = flask_login.current_user._get_current_object()
    return user.account if isinstance(user, PatronSignedIn) else None


def myself() -> PatronAccount:
    """The patron who is signed in, on a page that its guard opens to patrons alone."""
    found = borrower()
    if found is None:
        raise Refused.because(Reason.NOT_PERMITTED)
    return found


def own_actor() -> Actor:
    """The patron signed in, beginning a new act for themselves."""
    return Actor(role=Role.PATRON, door=Door.WEB, act=new_public_id(), patron_id=myself().patron_id)


def whoever() -> Actor:
    """The person signed in, staff at their station or a patron for themselves, beginning a new act."""
    return actor(at_station=station()) if borrower() is None else own_actor()


def nobody() -> Actor:
    """Somebody before the public pages, beginning a new act as nobody, whoever is signed in to this browser."""
    return Actor(role=Role.PATRON, door=Door.WEB, act=new_public_id())


def staff() -> StaffAccount | None:
    """Who is signed in, if anybody is."""
    user = (
        flask_login.current_user._get_current_object()
    )  # asked a dozen times a request; the proxy would look each time
    return user.account if isinstance(user, SignedIn) else None


def person() -> StaffAccount:
    """Who is signed in, on a page that its guard opens to signed-in people alone."""
    found = staff()
    if found is None:
        raise Refused.because(Reason.NOT_PERMITTED)
    return found


def station() -> StationPlace | None:
    """Where this browser stands, once it was chosen and while the person may still act there."""
    kept = session.get("station")
    found = staff()
    if not kept or found is None or kept.get("for") != found.public_id:
        return None
    place = StationPlace(**kept["place"])
    return place if found.role is Role.ADMIN or place.branch_id in found.branch_ids else None


def stand_at(place: StationPlace, account: StaffAccount) -> None:
    """Keep the station in the browser's signed session, so that no request has to ask for it."""
    g.pop("reader", None)
    session["station"] = {"for": account.public_id, "place": asdict(place)}


def actor(*, at_station: StationPlace | None = None) -> Actor:
    """The person signed in, beginning a new act."""
    found = person()
    return Actor(
        role=found.role,
        door=Door.WEB,
        act=new_public_id(),
        staff_id=found.staff_id,
        branch_ids=found.branch_ids,
        program_ids=found.program_ids,
        station_id=None if at_station is None else at_station.station_id,
    )


def may_anywhere(act: Act) -> bool:
    """Whether the role of the person signed in is granted ``act`` anywhere at all."""
    return may_role(person().role, act)


def may(act: Act, branch_id: int | None = None) -> bool:
    """Whether the person signed in may do ``act``, at a branch where the act belongs to one."""
    return actor().may(act, branch_id)


def branch_ids() -> Branches:
    """The branches whose rows this person may see; ``None`` is every branch, and only an administrator's."""
    found = person()
    return None if found.role is Role.ADMIN else found.branch_ids


def locale() -> str:
    """The language of this page."""
    return str(get_locale() or "en")


def reader() -> Reader:
    """Whom this page is for: their language, and the zone of their station or of the library."""
    if "reader" not in g:
        place = station() or borrower()
        g.reader = Reader(gettext, locale(), place.zone if place else library().settings.zone)
    return cast(Reader, g.reader)


def today() -> date:
    """The day it is where this page is read."""
    return now().astimezone(ZoneInfo(reader().zone)).date()


def sentence(block: Block) -> str:
    """A block in the words for whoever reads the page: those of the desk, or a patron's on their own pages."""
    if borrower() is not None:
        return sentence_for_patron(block)
    at = reader()
    return say(block, gettext, locale=at.locale, zone=at.zone)


def sentence_for_patron(block: Block) -> str:
    """A block in the words for the patron who reads the page."""
    at = reader()
    return say(block, gettext, Audience.PATRON, locale=at.locale, zone=at.zone)


def wants_json() -> bool:
    """Whether the page's script asks, and not a person's browser."""
    return request.is_json or request.accept_mimetypes.best == "application/json"


def ask_to_sign_in() -> ResponseReturnValue:
    """To the sign-in page of staff and back here afterwards; a script gets 401 and keeps its scans."""
    if wants_json():
        return jsonify(title=gettext("Sign in again.")), 401
    return redirect(url_for("account.sign_in", next=_here()))


def ask_for_second_factor() -> ResponseReturnValue:
    """To the page where one sets up the second factor that the role needs; a script gets 401 and keeps its scans."""
    if wants_json():
        return jsonify(title=gettext("Set up your second factor first.")), 401
    return redirect(url_for("second_factor.page"))


def ask_for_card() -> ResponseReturnValue:
    """To the page where patrons sign in, and back here afterwards."""
    return redirect(url_for("signing_in.sign_in", next=_here()))


def _here() -> str | None:
    return request.full_path.rstrip("?") if request.method == "GET" else None


def safe_next(target: str | None, home: str = "desk.desk") -> str:
    """``target`` when it is an address within this site, else ``home``: nobody is sent elsewhere after signing in."""
    home = url_for(home)
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return home
    parts = urlsplit(target)
    return home if parts.scheme or parts.netloc or "\\" in target or any(ord(c) < 33 for c in target) else target


def override_of(reasons: Any, note: Any) -> Override:
    """An override that a form or a script gave; names that are no reasons are left out, for they override nothing."""
    named = reasons if isinstance(reasons, list) else []
    return Override(
        frozenset(_REASONS[name] for name in named if isinstance(name, str) and name in _REASONS),
        note.strip()[:200] if isinstance(note, str) else "",
    )
