"""One's own second factor: set up with a telephone, confirmed by a code, with ten codes on paper for a lost telephone.

The picture with the secret has an address of its own, open only until the factor is confirmed and never kept by a
browser. Source: issue "Patrons reserve online", Build 6; ASVS 6.3.3, 7.5.1.
"""

from __future__ import annotations

import io
from datetime import datetime

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from lending.circulation import second_factors as verbs
from lending.domain.actors import Actor
from lending.domain.second_factors import address_of
from lending.errors import Refused
from lending.models.base import new_public_id
from lending.queries.accounts import account_shown, unconfirmed_secret
from lending.web import current, guesses, shifts
from lending.web.access import signed_in
from lending.web.forms import KeyedForm
from lending.web.opening import owes_second_factor
from lending.web.own_account import confirm_password, own_sign_in, stay
from lending.web.posting import posted, status
from lending.wording import status_of

bp = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")

_NEEDED = lazy_gettext("Fill this in.")


class BeginForm(KeyedForm):
    """Whoever begins knows the password: the desk may have been left open."""

    password = PasswordField(
        lazy_gettext("Your password"),
        validators=[InputRequired(_NEEDED), Length(max=256)],
        render_kw={"autocomplete": "current-password"},
    )


class ProofForm(KeyedForm):
    """A code that the telephone shows."""

    code = StringField(
        lazy_gettext("Code from the app"),
        validators=[InputRequired(_NEEDED), Length(max=60)],
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"},
    )


@bp.get("")
@signed_in
def page() -> ResponseReturnValue:
    """How the second factor stands, and the next step."""
    return _page()


@bp.post("/begin")
@signed_in
def begin() -> ResponseReturnValue:
    """Make a secret, for the picture that the telephone reads."""
    form = BeginForm()
    if form.validate_on_submit():
        try:
            confirm_password(form.password.data)
        except Refused as refused:
            _refuse(form, "password", refused, _("That is not your password."))
        else:
            if posted(form, lambda s, at, by: verbs.begin_second_factor(s, key=_key(), at=at, by=by)):
                return redirect(url_for(".page"), 303)
    return _page(form)


@bp.get("/qr.svg")
@signed_in
def qr() -> ResponseReturnValue:
    """The picture that the telephone reads; gone once the factor is confirmed."""
    secret = _secret()
    if secret is None:
        abort(404)
    import segno

    name = current.library().own_settings().name
    drawn = io.BytesIO()
    address = address_of(secret, account=current.person().username, library=name)
    segno.make_qr(address, error="m").save(drawn, kind="svg", scale=5, svgclass=None, lineclass=None, light="white")
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@bp.post("/confirm")
@signed_in
def confirm() -> ResponseReturnValue:
    """Ask for the factor from now on; the page behind this one alone shows the recovery codes."""
    form, codes = ProofForm(), list[str]()
    clock = shifts.now()

    def do(session: Session, at: datetime, by: Actor) -> None:
        codes[:] = verbs.confirm_second_factor(session, code=form.code.data, key=_key(), clock=clock, at=at, by=by)

    if posted(form, do):
        return stay(_codes_page(codes)) if codes else redirect(url_for(".page"), 303)
    return _page(form)


@bp.post("/codes")
@signed_in
def codes() -> ResponseReturnValue:
    """Ten new recovery codes, shown this once."""
    form, made = ProofForm(), list[str]()

    def do(session: Session, at: datetime, by: Actor) -> None:
        made[:] = verbs.renew_recovery_codes(session, at=at, by=by)

    if _proved(form) and posted(form, do):
        return _codes_page(made) if made else redirect(url_for(".page"), 303)
    return _page(form)


@bp.post("/remove")
@signed_in
def remove() -> ResponseReturnValue:
    """Sign in without the factor again, or with that of another telephone."""
    form, own = ProofForm(), current.person().public_id
    if _proved(form) and posted(form, lambda s, at, by: verbs.remove_second_factor(s, staff=own, at=at, by=by)):
        flash(_("Your second factor is off. Every other browser is signed out."), "done")
        return stay(url_for(".page"))
    return _page(form)


def _proved(form: ProofForm) -> bool:
    """Whether the form's code was right; it is taken, and opens nothing else."""
    if not form.validate_on_submit():
        return False
    try:
        guesses.proved(own_sign_in(), form.code.data, current.actor())
    except Refused as refused:
        _refuse(form, "code", refused)
        return False
    return True


def _refuse(form: KeyedForm, field: str, refused: Refused, instead: str | None = None) -> None:
    """Say at a field why not; ``instead`` where the sentence speaks of a name and a password."""
    form.refusal_status = status_of(refused.blocks)
    known = form.refusal_status == 401 and instead is not None
    form[field].errors = [instead if known else current.sentence(block) for block in refused.blocks]


def _page(form: KeyedForm | None = None) -> ResponseReturnValue:
    with current.library().db.read() as session:
        found = account_shown(session, current.person().public_id)
    assert found is not None  # noqa: S101 - whoever is signed in is there
    secret = _secret()
    since = found.second_factor_since
    asks = BeginForm if secret is None and since is None else ProofForm
    # A form of a step that is over, or not reached yet, tells its refusal above the step that is next.
    shown = form
    if shown is None or not isinstance(shown, asks):
        shown = asks(formdata=None)
        shown.form_errors = [] if form is None else list(form.form_errors)
    page = render_template(
        "account/second_factor.html",
        since=None if since is None else current.reader().day_and_year(since),
        codes_left=found.recovery_codes,
        secret=None if secret is None else " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        has_password=found.has_password,
        needed=owes_second_factor(),
        form=shown,
        version=new_public_id(),
    )
    return page, status(form or shown)


def _secret() -> str | None:
    """The secret that waits to be confirmed; one that was is never shown again."""
    with current.library().db.read() as session:
        return unconfirmed_secret(session, current.person().staff_id, key=_key())


def _key() -> str:
    return current.library().settings.secret_key


def _codes_page(made: list[str]) -> Response:
    return make_response(render_template("account/recovery_codes.html", codes=made, username=current.person().username))
