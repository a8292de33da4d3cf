"""A new PIN for somebody who knows the old one. Every other browser of theirs is signed out.

Who forgot it comes by ``pin_codes.py``. Source: BATTERY S7 and S8.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from lending import passwords
from lending.circulation.patrons import set_pin
from lending.domain.pins import check_pin
from lending.errors import Refused
from lending.queries import borrowers, borrowers_data
from lending.web import current, guesses
from lending.web.access import own
from lending.web.forms import KeyedForm
from lending.web.online.proof import confirm_pin
from lending.web.online.signing_in import begin
from lending.web.posting import posted, status
from lending.wording import status_of

bp = Blueprint("my_pin", __name__, url_prefix="/my")

NEW_PIN = lazy_gettext("6 to 12 digits. Not 123456, not your birthday.")


class PinForm(KeyedForm):
    """The old PIN and the new one."""

    old = PasswordField(
        lazy_gettext("Your PIN now"), validators=[InputRequired(lazy_gettext("Type your PIN.")), Length(max=64)]
    )
    pin = PasswordField(
        lazy_gettext("New PIN"),
        description=NEW_PIN,
        validators=[InputRequired(lazy_gettext("Type a new PIN.")), Length(max=64)],
    )


@bp.route("/pin/change", methods=["GET", "POST"])
@own
def change() -> ResponseReturnValue:
    """Choose a new PIN. Guessing the old one is counted as signing in is."""
    form, me, headers = PinForm(), current.myself(), {}
    if form.validate_on_submit():
        try:
            pin_hash = _hashed(form)
        except Refused as refused:
            form.refuse(refused)
            form.refusal_status = status_of(refused.blocks)
            headers = guesses.retry_after(refused)
        else:
            if posted(form, lambda s, at, by: set_pin(s, patron=me.public_id, pin_hash=pin_hash, at=at, by=by)):
                with current.library().db.read() as session:
                    account = borrowers.patron_account(session.connection(), me.public_id)
                if account is not None:
                    begin(account)
                flash(_("You have a new PIN."), "done")
                return redirect(url_for("preferences.page"), 303)
    return render_template("online/pin.html", form=form), status(form), headers


def _hashed(form: PinForm) -> str:
    """The hash of the new PIN, if the old one is right and the new one fits."""
    me = current.myself()
    with current.library().db.read() as session:
        card = borrowers_data.current_card(session, me.patron_id)
        born = borrowers_data.preferences(session, me.patron_id).birth_date
    check_pin(form.pin.data, card=card, birth_date=born)
    confirm_pin(form.old.data, field="old")
    return passwords.hash_secret(form.pin.data)
