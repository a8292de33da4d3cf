"""Preferences: how the library reaches the patron, in which language, and whether it keeps their earlier loans.

Agreeing to text messages is kept with its wording and its time; another address needs the PIN. Source: RULES 6,
"Channels per patron", and 8.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import BooleanField, EmailField, HiddenField, RadioField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from lending.circulation.patrons import change
from lending.domain.actors import Actor
from lending.queries.borrowers_data import Preferences
from lending.queries.borrowers_data import preferences as kept_preferences
from lending.web import current, languages
from lending.web.access import own
from lending.web.forms import AGREES_TO_TEXTS, fill, offer
from lending.web.online import proof
from lending.web.online.proof import ProofForm
from lending.web.posting import posted, status

bp = Blueprint("preferences", __name__, url_prefix="/my")

TOLD_BY = (
    ("", lazy_gettext("Whatever reaches me")),
    ("email", lazy_gettext("E-mail")),
    ("text", lazy_gettext("Text message")),
    ("call", lazy_gettext("A call")),
    ("letter", lazy_gettext("A letter")),
)


class PreferencesForm(ProofForm):
    """What a patron may change about how they are reached."""

    email = EmailField(lazy_gettext("E-mail"), validators=[Optional(), Length(max=254)])
    phone = TelField(lazy_gettext("Telephone"), validators=[Optional(), Length(max=60)])
    texts = BooleanField(AGREES_TO_TEXTS)
    texts_before = HiddenField()
    notice_channel = RadioField(
        lazy_gettext("How shall we tell you about your kit?"), choices=[SelectChoice(*pair) for pair in TOLD_BY]
    )
    language = RadioField(lazy_gettext("Which language shall we write in?"))
    keeps_history = BooleanField(
        lazy_gettext("Keep a list of the kits I borrowed, for me to look at."),
        description=lazy_gettext("Without this, we forget which kits were yours soon after they are back."),
    )

    def details(self, known_phone: str | None) -> dict[str, Any]:
        """What the form says; ``known_phone`` is the number that the library has. A tick that was there before says
        nothing new about text messages, unless the number is another.
        """
        given = self.given("email", "phone", "notice_channel", "language")
        given["keeps_history"] = bool(self.keeps_history.data)
        agrees = bool(self.texts.data)
        if agrees is not bool(self.texts_before.data) or (agrees and self.phone.data != known_phone):
            given["text_consent_wording"] = str(AGREES_TO_TEXTS) if agrees else None
        return given


@bp.route("/preferences", methods=["GET", "POST"])
@own
def page() -> ResponseReturnValue:
    """Show and change them."""
    me, form = current.myself(), PreferencesForm()
    with current.library().db.read() as rows:
        kept = kept_preferences(rows, me.patron_id)
    offer(form.language, _languages(kept))
    if request.method == "GET":
        _fill(form, kept)
    proof.ask_if_needed(form)
    details = form.details(kept.phone)
    known = {"email": kept.email, "phone": kept.phone}

    def do(rows: Session, at: datetime, by: Actor) -> None:
        change(rows, patron=me.public_id, details=details, at=at, by=by)

    if proof.is_given(form, known=known, given=details) and posted(form, do):
        if details["language"] in languages.codes():
            session["language"] = details["language"]
        flash(_("Saved."), "done")
        return redirect(url_for("preferences.page"), 303)
    reader = current.reader()
    agreed = None if kept.text_consent_at is None else reader.day_and_year(kept.text_consent_at)
    page = render_template(
        "online/preferences.html", form=form, agreed_on=agreed, refused=kept.email_refused_at is not None
    )
    return page, status(form)


def _languages(kept: Preferences) -> list[tuple[str, str]]:
    """The languages that are complete, and the patron's own if it is another: staff may speak it."""
    offered = list(languages.named())
    if kept.language not in languages.codes():
        offered.append((kept.language, current.reader().language(kept.language)))
    return offered


def _fill(form: PreferencesForm, kept: Preferences) -> None:
    agreed = kept.text_consent_at is not None
    values = {name: getattr(kept, name) for name in ("email", "phone", "language", "keeps_history")}
    channel = "" if kept.notice_channel is None else kept.notice_channel.value
    fill(form, {**values, "notice_channel": channel, "texts": agreed, "texts_before": "yes" if agreed else ""})
