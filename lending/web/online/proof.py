"""Another e-mail address or phone number is taken from whoever knows the PIN, because a new PIN can be sent there.

Many read their pages on the library's own computers, and some walk away. Who typed the PIN a moment ago is not asked
again, and who has none cannot be. Source: ASVS 7.5.1; SCREENS, "Reserve" (few inputs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import session
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import PasswordField
from wtforms.validators import Length, Optional

from lending.errors import Reason, Refused
from lending.queries import borrowers, borrowers_data
from lending.queries.staff import SignIn
from lending.web import current, guesses, shifts
from lending.web.forms import KeyedForm
from lending.wording import status_of

HOLDS: Final = 5 * 60
"""Seconds for which a PIN that was typed stands for its owner."""

_PROVED: Final = "proved"


class ProofForm(KeyedForm):
    """A form that may change where the library writes to."""

    pin = PasswordField(
        lazy_gettext("Your PIN"),
        description=lazy_gettext("We need it for another e-mail address or phone number."),
        validators=[Optional(), Length(max=64)],
    )


def begin() -> None:
    """Keep that whoever is in this browser proved a moment ago who they are."""
    session[_PROVED] = int(shifts.now().timestamp())


def ask_if_needed(form: ProofForm) -> None:
    """Leave the PIN out of a form where nobody has to type it."""
    lately = shifts.now().timestamp() - session.get(_PROVED, 0) <= HOLDS
    if lately or _own_sign_in()[1] is None:
        del form.pin


def is_given(form: ProofForm, *, known: Mapping[str, str | None], given: Mapping[str, object]) -> bool:
    """Whether a form that was sent may be done: it leaves the addresses that are ``known``, or has the PIN with it.

    What stands against it is told at its field. Guesses are counted as signing in is.
    """
    if not form.validate_on_submit():
        return False
    if form.pin is None or all(given.get(name, known[name]) == known[name] for name in known):
        return True
    if not form.pin.data:
        form.pin.errors = [_("Type your PIN.")]
        return False
    try:
        confirm_pin(form.pin.data, field="pin")
    except Refused as refused:
        form.refuse(refused)
        form.refusal_status = status_of(refused.blocks)
        return False
    begin()
    return True


def confirm_pin(typed: str, *, field: str) -> None:
    """Let go on who knows the PIN of the patron who is signed in; ``field`` is where it was typed.

    Raises ``Refused``: ``SIGN_IN_LOCKED``, ``SIGN_IN_FAILED``.
    """
    card, found = _own_sign_in()
    try:
        guesses.opened(f"patron:{card}", typed, found)
    except Refused as refused:
        if any(block.reason is Reason.SIGN_IN_FAILED for block in refused.blocks):
            raise Refused.because(Reason.SIGN_IN_FAILED, field=field) from None
        raise


def _own_sign_in() -> tuple[str | None, SignIn | None]:
    """The card of the patron who is signed in, and what their PIN is compared with, if they have one."""
    with current.library().db.read() as rows:
        card = borrowers_data.current_card(rows, current.myself().patron_id)
        found = None if card is None else borrowers.patron_sign_in_of(rows, card)
    return card, found if found is not None and found.password_hash is not None else None
