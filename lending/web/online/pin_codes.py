"""A new PIN for who forgot the old one: a code comes by e-mail or text, and whoever types it chooses a PIN.

The answer is the same, and takes as long, whether or not there is such a card. Asking and typing are counted as signing
in is. Source: BATTERY S7; issue "Patrons reserve online", Build 1.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from lending import passwords
from lending.circulation import sign_ins
from lending.circulation.pin_codes import send_code, use_code
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.domain.pins import check_pin
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.queries import borrowers
from lending.web import current, guesses
from lending.web.access import public
from lending.web.forms import PageForm
from lending.web.online.my_pin import NEW_PIN
from lending.web.online.signing_in import begin, number_of
from lending.wording import status_of

bp = Blueprint("pin_codes", __name__, url_prefix="/my/pin")

_CARD = lazy_gettext("Library card number")
_CARD_NEEDED = lazy_gettext("Type the number of your library card.")


class AskForm(PageForm):
    """Whose PIN is forgotten."""

    card = StringField(_CARD, validators=[InputRequired(_CARD_NEEDED), Length(max=40)])


class CodeForm(PageForm):
    """The code that came, and the PIN to be."""

    card = StringField(_CARD, validators=[InputRequired(_CARD_NEEDED), Length(max=40)])
    code = StringField(
        lazy_gettext("The code that we sent you, or that you got at the desk"),
        validators=[InputRequired(lazy_gettext("Type the code.")), Length(max=20)],
    )
    pin = PasswordField(
        lazy_gettext("New PIN"),
        description=NEW_PIN,
        validators=[InputRequired(lazy_gettext("Type a new PIN.")), Length(max=64)],
    )


@bp.route("", methods=["GET", "POST"])
@public
def ask() -> ResponseReturnValue:
    """Ask for a code."""
    form, status = AskForm(), 200
    headers: dict[str, str] = {}
    if form.validate_on_submit():
        try:
            with guesses.taking_as_long():
                _send(number_of(form.card.data))
        except Refused as refused:
            status, headers = _told(form, refused)
        else:
            return render_template("online/pin_code.html", form=CodeForm(), is_sent=True)
    elif request.method == "POST":
        status = 422
    return render_template("online/forgot_pin.html", form=form), status, headers


@bp.route("/code", methods=["GET", "POST"])
@public
def code() -> ResponseReturnValue:
    """Choose a new PIN with a code; whoever did is signed in."""
    form, status = CodeForm(), 200
    headers: dict[str, str] = {}
    if form.validate_on_submit():
        try:
            with guesses.taking_as_long():
                whose = _use(number_of(form.card.data), form.code.data, form.pin.data)
        except Refused as refused:
            status, headers = _told(form, refused)
        else:
            with current.library().db.read() as session:
                account = borrowers.patron_account(session.connection(), whose)
            if account is not None:
                begin(account)
            flash(_("You have a new PIN."), "done")
            return redirect(url_for("my_kit.page"), 303)
    elif request.method == "POST":
        status = 422
    return render_template("online/pin_code.html", form=form, is_sent=False), status, headers


def _send(number: str) -> None:
    library, at, by = current.library(), current.now(), _system()
    _count(number)
    library.db.act(lambda s: send_code(s, card=number, key=library.settings.secret_key, at=at, by=by))


def _use(number: str, typed: str, pin: str) -> str:
    """The public id of the patron who has a new PIN now."""
    check_pin(pin, card=number)
    library, at, by = current.library(), current.now(), _system()
    guess = _count(number)
    pin_hash, digits = passwords.hash_secret(pin), "".join(typed.split())
    key = library.settings.secret_key
    whose = library.db.act(
        lambda s: use_code(s, card=number, code=digits, pin=pin, pin_hash=pin_hash, key=key, at=at, by=by)
    )
    if whose is None:
        raise Refused.because(Reason.PIN_CODE_WRONG)
    library.db.act(lambda s: sign_ins.guessed_right(s, guess))
    return whose


def _count(number: str) -> sign_ins.Guess:
    """Count a try for this number and from this address. Raises ``Refused`` (``SIGN_IN_LOCKED``)."""
    return guesses.counted(f"pin:{number}")


def _system() -> Actor:
    """Nobody is signed in yet: the library itself acts."""
    return Actor(Role.SYSTEM, Door.WEB, new_public_id())


def _told(form: PageForm, refused: Refused) -> tuple[int, dict[str, str]]:
    """Put a refusal into the form: a PIN that does not fit at its field, the rest on top."""
    for block in refused.blocks:
        sentence = current.sentence_for_patron(block)
        name = str(block.detail.get("field", ""))
        if name in form:
            form[name].errors = [*form[name].errors, sentence]
        else:
            form.form_errors.append(sentence)
    return status_of(refused.blocks), guesses.retry_after(refused)
