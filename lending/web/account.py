"""Signing in and out, choosing where one stands, and the language of the pages."""

from __future__ import annotations

from typing import Any

import flask_login
from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from lending.circulation import sign_ins
from lending.errors import Block, Reason, Refused
from lending.queries import staff as queries
from lending.web import current, guesses, known, languages, opening, shifts
from lending.web.access import public, signed_in
from lending.web.forms import PageForm
from lending.wording import status_of

bp = Blueprint("account", __name__)


class SignInForm(PageForm):
    """Name and password."""

    username = StringField(
        lazy_gettext("Name"), validators=[InputRequired(lazy_gettext("Type your name.")), Length(max=60)]
    )
    password = PasswordField(
        lazy_gettext("Password"), validators=[InputRequired(lazy_gettext("Type your password.")), Length(max=256)]
    )
    next = HiddenField()


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Let a staff member in. What is wrong is never told apart: the name, the password or both."""
    form = SignInForm()
    if request.method == "GET":
        form.next.data = request.args.get("next", "")
    status, headers = 200, {}
    if form.validate_on_submit():
        try:
            found, account = _checked(form.username.data.strip().casefold(), form.password.data)
        except Refused as refused:
            form.form_errors.extend(current.sentence(block) for block in refused.blocks)
            status = status_of(refused.blocks)
            headers = guesses.retry_after(refused)
        else:
            target = current.safe_next(form.next.data, "start.page")
            if account.has_second_factor:
                opening.wait_for_code(account, target)
                return redirect(url_for("second_step.page"))
            opening.begin(account)
            answer = make_response(redirect(opening.first_page(account, target)))
            known.remember(answer, found)
            return answer
    elif request.method == "POST":
        status = 422
    return (
        render_template("account/sign_in.html", form=form, service=current.library().settings.oidc_issuer is not None),
        status,
        headers,
    )


def _checked(username: str, password: str) -> tuple[queries.SignIn, queries.StaffAccount]:
    """The account that this name and password open."""
    library = current.library()
    with library.db.read() as s:
        found = queries.sign_in_of(s, username)
    opened = guesses.opened(f"staff:{username}", password, found)
    with library.db.read() as s:
        account = queries.account(s.connection(), opened.public_id)
    if account is None or account.session_version != opened.session_version:
        raise Refused(Block(Reason.SIGN_IN_FAILED))
    return opened, account


@bp.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """Leave this browser, and with it every copy of its cookie."""
    ended, at = shifts.digest(), shifts.now()
    current.library().db.act(lambda s: sign_ins.end_session(s, digest=ended, at=at))
    flask_login.logout_user()
    session.clear()
    return redirect(url_for("account.sign_in"))


@bp.route("/station", methods=["GET", "POST"])
@signed_in
def station() -> ResponseReturnValue:
    """Choose where one stands; every scan carries it."""
    places = opening.places(current.person())
    target = request.values.get("next")
    if request.method == "POST":
        chosen = [place for place in places if place.address == request.form.get("station")]
        if not chosen:
            raise Refused(Block(Reason.NOT_FOUND))
        current.stand_at(chosen[0], current.person())
        return redirect(current.safe_next(target))
    here = current.station()
    branches: dict[str, dict[str, Any]] = {}
    for place in places:
        branch = branches.setdefault(place.branch_code, {"name": place.branch_name, "stations": []})
        branch["stations"].append(
            {
                "address": place.address,
                "name": place.name,
                "current": here is not None and here.address == place.address,
            }
        )
    return render_template("account/station.html", branches=list(branches.values()), next=target)


@bp.post("/language")
@public
def language() -> ResponseReturnValue:
    """Read the pages in another language."""
    chosen = request.form.get("language", "")
    if chosen in languages.codes():
        session["language"] = chosen
    return redirect(current.safe_next(request.form.get("next")))
