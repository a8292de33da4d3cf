"""Signing in by the library's own sign-in service, where one is set: there and back, for accounts that were linked.

Nobody gets in because the service knows them: an administrator says which account is whose. An account with a second
factor of its own is asked for it all the same. Source: issue "Patrons reserve online", Build 6.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending import openid
from lending.errors import Reason, Refused
from lending.openid import Provider, Question
from lending.queries import staff as queries
from lending.queries.staff import StaffAccount
from lending.web import current, opening, shifts
from lending.web.access import public
from lending.wording import status_of

bp = Blueprint("sign_in_service", __name__, url_prefix="/sign-in/service")

_ASKED = "asked_service"


@bp.get("")
@public
def go() -> ResponseReturnValue:
    """To the sign-in service. What was asked stays in this browser until the answer comes."""
    provider = _provider()
    try:
        question = openid.ask(provider, back=_back_url())
    except Refused as refused:
        return _refused(refused)
    kept = {"state": question.state, "nonce": question.nonce, "verifier": question.verifier}
    until = int(shifts.now().timestamp()) + opening.HALF_OPEN
    session[_ASKED] = {**kept, "until": until, "next": current.safe_next(request.args.get("next"), "start.page")}
    return redirect(question.url)


@bp.get("/back")
@public
def back() -> ResponseReturnValue:
    """Back from the service: whoever it says that this is signs in, if an account here is theirs."""
    provider, asked = _provider(), session.pop(_ASKED, None)
    if not asked or shifts.now().timestamp() >= asked["until"]:
        return redirect(url_for("account.sign_in"))
    try:
        account = _account(provider, asked)
    except Refused as refused:
        return _refused(refused)
    target = current.safe_next(asked["next"], "start.page")
    if account.has_second_factor:
        opening.wait_for_code(account, target)
        return redirect(url_for("second_step.page"))
    opening.begin(account, elsewhere=True)
    return redirect(opening.first_page(account, target))


def _account(provider: Provider, asked: dict[str, Any]) -> StaffAccount:
    """The account that is linked to whom the service names."""
    question = Question("", asked["state"], asked["nonce"], asked["verifier"])
    subject = openid.subject_of(provider, question, answer=request.url, back=_back_url(), at=shifts.now())
    with current.library().db.read() as s:
        public_id = queries.account_of_subject(s, subject)
        found = None if public_id is None else queries.account(s.connection(), public_id)
    if found is None:
        raise Refused.because(Reason.SIGN_IN_SERVICE_UNKNOWN)
    return found


def _provider() -> Provider:
    """The service that is set; where none is, there is no such page."""
    settings = current.library().settings
    if settings.oidc_issuer is None or settings.oidc_client_id is None or settings.oidc_client_secret is None:
        abort(404)
    return Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)


def _back_url() -> str:
    return url_for(".back", _external=True)


def _refused(refused: Refused) -> ResponseReturnValue:
    reasons = [current.sentence(block) for block in refused.blocks]
    page = render_template("account/service.html", reasons=reasons, title=_("Sign in"))
    return page, status_of(refused.blocks)
