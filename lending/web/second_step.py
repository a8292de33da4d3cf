"""The second page of a sign-in: the code of a telephone, or one of the codes on paper."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from lending.domain.actors import Actor, Door
from lending.errors import Block, Reason, Refused
from lending.models.base import new_public_id
from lending.queries import staff as queries
from lending.queries.staff import StaffAccount
from lending.web import current, guesses, known, opening
from lending.web.access import public
from lending.web.forms import PageForm
from lending.wording import status_of

bp = Blueprint("second_step", __name__)


class CodeForm(PageForm):
    """The code."""

    code = StringField(
        lazy_gettext("Code"),
        description=lazy_gettext("Six digits from the app on your phone, or a recovery code from your paper."),
        validators=[InputRequired(lazy_gettext("Type the code.")), Length(max=60)],
    )


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public
def page() -> ResponseReturnValue:
    """Let somebody in whose password was right a moment ago; without that, back to the first page."""
    form, half = CodeForm(), opening.half()
    if half is None:
        return redirect(url_for("account.sign_in"))
    status, headers = 200, {}
    if form.validate_on_submit():
        try:
            account = _proved(half, form.code.data)
        except Refused as refused:
            form.form_errors.extend(current.sentence(block) for block in refused.blocks)
            status, headers = status_of(refused.blocks), guesses.retry_after(refused)
        else:
            opening.begin(account)
            answer = make_response(redirect(opening.first_page(account, half.next)))
            known.remember(answer, half.found)
            return answer
    elif request.method == "POST":
        status = 422
    return render_template("account/second_step.html", form=form), status, headers


def _proved(half: opening.Half, code: str) -> StaffAccount:
    """The account, once its code was taken; a password that changed meanwhile opens nothing."""
    with current.library().db.read() as session:
        account = queries.account(session.connection(), half.found.public_id)
    if account is None or account.session_version != half.found.session_version:
        raise Refused(Block(Reason.SIGN_IN_FAILED))
    by = Actor(role=account.role, door=Door.WEB, act=new_public_id(), staff_id=account.staff_id)
    guesses.proved(half.found, code, by)
    return account
