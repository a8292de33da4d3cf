"""Patrons sign in with their card and PIN, and out again."""

from __future__ import annotations

import flask_login
from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from lending.circulation import sign_ins
from lending.domain.barcodes import read
from lending.errors import Block, Reason, Refused
from lending.queries import borrowers
from lending.queries.staff import SignIn
from lending.web import current, guesses, known, languages, shifts
from lending.web.access import own, public
from lending.web.forms import PageForm
from lending.web.online import proof
from lending.wording import status_of

bp = Blueprint("signing_in", __name__, url_prefix="/my")


class CardForm(PageForm):
    """Card number and PIN."""

    card = StringField(
        lazy_gettext("Library card number"),
        description=lazy_gettext("The number under the barcode, or the reference that we gave you."),
        validators=[InputRequired(lazy_gettext("Type the number of your library card.")), Length(max=40)],
    )
    pin = PasswordField(lazy_gettext("PIN"), validators=[InputRequired(lazy_gettext("Type your PIN.")), Length(max=64)])
    next = HiddenField()


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Let a patron in. What is wrong is never told apart: the number, the PIN or both."""
    form = CardForm()
    if request.method == "GET":
        form.next.data = request.args.get("next", "")
    status, headers = 200, {}
    if form.validate_on_submit():
        try:
            found, account = _checked(form.card.data, form.pin.data)
        except Refused as refused:
            form.form_errors.extend(current.sentence_for_patron(block) for block in refused.blocks)
            status, headers = status_of(refused.blocks), guesses.retry_after(refused)
        else:
            answer = make_response(redirect(current.safe_next(form.next.data, "my_kit.page")))
            begin(account)
            known.remember(answer, found)
            return answer
    elif request.method == "POST":
        status = 422
    return render_template("online/sign_in.html", form=form), status, headers


def begin(account: borrowers.PatronAccount) -> None:
    """Open this browser's session for a patron who proved who they are; one begun by somebody else is not carried on.

    The pages go on in the language that was chosen here, or else in the patron's own.
    """
    language = session.get("language") or account.language
    session.clear()
    if language in languages.codes():
        session["language"] = language
    shifts.begin()
    proof.begin()
    flask_login.login_user(current.PatronSignedIn(account))


def _checked(typed: str, pin: str) -> tuple[SignIn, borrowers.PatronAccount]:
    """The account that this number and PIN open."""
    number, library = number_of(typed), current.library()
    with library.db.read() as s:
        found = borrowers.patron_sign_in_of(s, number)
    opened = guesses.opened(f"patron:{number}", pin, found)
    with library.db.read() as s:
        account = borrowers.patron_account(s.connection(), opened.public_id)
    if account is None or account.session_version != opened.session_version:
        raise Refused(Block(Reason.SIGN_IN_FAILED))
    return opened, account


def number_of(typed: str) -> str:
    """The card's number as it is kept. What is no card is looked for too, so that it is counted and takes as long."""
    return read(typed, current.spaces()).text


@bp.post("/sign-out")
@own
def sign_out() -> ResponseReturnValue:
    """Leave this browser, and with it every copy of its cookie."""
    ended, at = shifts.digest(), shifts.now()
    current.library().db.act(lambda s: sign_ins.end_session(s, digest=ended, at=at))
    flask_login.logout_user()
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    return redirect(url_for("start.page"))
