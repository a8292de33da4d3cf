"""One's own account: who one is here, and a new password."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation.staff import set_password
from lending.circulation.weekly_mail import want_weekly_mail
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.passwords import hash_password
from lending.queries import staff as queries
from lending.queries.accounts import account_shown
from lending.queries.staff import SignIn
from lending.queries.weekly_mail import wants_weekly_mail
from lending.web import current, guesses, known, opening
from lending.web.access import allow, signed_in
from lending.web.posting import posted, status
from lending.web.staff import ROLES, line
from lending.web.staff_forms import OwnPasswordForm, WeeklyMailForm
from lending.wording import status_of

bp = Blueprint("own_account", __name__, url_prefix="/account")


@bp.get("")
@signed_in
def page() -> ResponseReturnValue:
    """Who one is here, and what opens one's account."""
    with current.library().db.read() as session:
        found = account_shown(session, current.person().public_id)
    assert found is not None  # noqa: S101 - whoever is signed in is there
    form = None
    if current.may_anywhere(Act.SEE_COUNTS):
        with current.library().db.read() as session:
            form = WeeklyMailForm(weekly_mail=wants_weekly_mail(session, found.staff_id))
    return render_template("account/own.html", account=line(found), role=_(ROLES[found.role]), weekly=form)


@bp.post("/weekly-mail")
@allow(Act.SEE_COUNTS)
def weekly_mail() -> ResponseReturnValue:
    """Turn the mail with last week's figures on or off."""
    form = WeeklyMailForm()
    wanted = bool(form.weekly_mail.data)
    if not posted(form, lambda session, at, by: want_weekly_mail(session, wanted=wanted, at=at, by=by)):
        raise Refused.because(Reason.NOT_FOUND)
    flash(_("Saved."), "done")
    return redirect(url_for(".page"), 303)


@bp.route("/password", methods=["GET", "POST"])
@signed_in
def password() -> ResponseReturnValue:
    """Change one's own password, which signs out everybody else who used it."""
    form, person = OwnPasswordForm(), current.person()
    if form.validate_on_submit():
        try:
            confirm_password(form.old.data)
            kept = hash_password(form.password.data)
        except Refused as refused:
            for block in refused.blocks:
                is_old = block.reason is Reason.SIGN_IN_FAILED
                field = form.old if is_old else form.password
                field.errors = [_("That is not your password.") if is_old else current.sentence(block)]
            form.refusal_status = status_of(refused.blocks)
        else:
            if posted(
                form, lambda s, at, by: set_password(s, staff=person.public_id, password_hash=kept, at=at, by=by)
            ):
                flash(_("Your new password is set. Every other browser is signed out."), "done")
                return stay(url_for(".page"))
    heading = _("Change your password")
    shown = render_template(
        "account/password.html", form=form, heading=heading, submit=_("Change"), back_url=url_for(".page")
    )
    return shown, status(form)


def confirm_password(typed: str) -> None:
    """Let go on who knows the password of the account that is signed in; a desk may have been left open.

    Raises ``Refused``: ``SIGN_IN_LOCKED``, ``SIGN_IN_FAILED``.
    """
    username = current.person().username
    with current.library().db.read() as session:
        found = queries.sign_in_of(session, username)
    guesses.opened(f"staff:{username}", typed, found)


def own_sign_in() -> SignIn:
    """What guesses at the account that is signed in are counted by."""
    person = current.person()
    return SignIn(person.public_id, person.session_version, None)


def stay(answer: str | Response) -> Response:
    """Keep this browser signed in after an act of its own that ended all sessions; ``answer`` may be an address."""
    with current.library().db.read() as session:
        account = queries.account(session.connection(), current.person().public_id)
    if account is None:
        raise Refused.because(Reason.NOT_PERMITTED)
    opening.go_on(account)
    made = make_response(redirect(answer, 303) if isinstance(answer, str) else answer)
    known.remember(made, SignIn(account.public_id, account.session_version, None))
    return made
