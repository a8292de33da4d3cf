"""The page behind a link for a first password: whoever has the link chooses one, once."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation.staff import set_password
from lending.domain.actors import Actor, Door
from lending.errors import Refused
from lending.models.base import new_public_id
from lending.passwords import hash_password
from lending.queries.accounts import AccountShown
from lending.web import current, links
from lending.web.access import public
from lending.web.staff_forms import PasswordForm
from lending.wording import status_of

bp = Blueprint("welcome", __name__, url_prefix="/welcome")


@bp.route("/<link>", methods=["GET", "POST"])
@public
def page(link: str) -> ResponseReturnValue:
    """Choose a password, then sign in with it. A link that opens nothing any more says so."""
    form = PasswordForm()
    try:
        account = links.account_of(link)
    except Refused as refused:
        reasons = [current.sentence(block) for block in refused.blocks]
        return render_template("staff/welcome.html", reasons=reasons), status_of(refused.blocks)
    status = 200
    if form.validate_on_submit():
        try:
            _choose(account, form.password.data)
        except Refused as refused:
            form.refuse(refused)
            status = status_of(refused.blocks)
        else:
            flash(_("Your password is set. Sign in with it."), "done")
            return redirect(url_for("account.sign_in"), 303)
    elif request.method == "POST":
        status = 422
    return render_template("staff/welcome.html", form=form, name=account.name, username=account.username), status


def _choose(account: AccountShown, password: str) -> None:
    """Set the password as the account's own act; of two who use one link at once the second is refused."""
    kept, at = hash_password(password), current.now()
    by = Actor(role=account.role, door=Door.WEB, act=new_public_id(), staff_id=account.staff_id)
    current.library().db.act(
        lambda s: set_password(
            s, staff=account.public_id, password_hash=kept, version=account.session_version, at=at, by=by
        )
    )
