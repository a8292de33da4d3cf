"""The text messages' page: whether a gateway carries them, and a message by which to try it.

Source: issue "Nothing goes overdue unnoticed", Build 3 ("a test message").
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from wtforms import StringField, TelField
from wtforms.validators import InputRequired, Length

from lending.domain.contacts import phone_number
from lending.domain.permissions import Act
from lending.domain.texts import is_gsm, segments
from lending.mail.carriers import Away, NotEver, NotNow
from lending.mail.texts import TextGateway
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm
from lending.web.posting import status

bp = Blueprint("texts", __name__)


class TrialForm(KeyedForm):
    """A text message to a telephone at hand."""

    phone = TelField(
        lazy_gettext("Telephone"), validators=[InputRequired(lazy_gettext("Fill this in.")), Length(max=60)]
    )
    text = StringField(lazy_gettext("Text"), validators=[InputRequired(lazy_gettext("Fill this in.")), Length(max=480)])


@bp.route("/administration/texts", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """How texts leave, and a form for a test message. The key of the form names the message: sent twice, it is one."""
    form = TrialForm()
    if not form.is_submitted():
        form.text.data = _("A test message from %(library)s.", library=current.library().own_settings().name)
    if form.validate_on_submit() and _sent(form):
        flash(_("The gateway took the message: %(size)s.", size=_size(form.text.data)), "done")
        return redirect(url_for("texts.index"), 303)
    settings = current.library().settings
    page = render_template(
        "texts/show.html",
        form=form,
        gateway=None if settings.text_url is None else urlsplit(settings.text_url).hostname,
        hears=settings.text_secret is not None,
        hook_url=url_for("hooks.texts", _external=True),
    )
    return page, status(form)


def _sent(form: TrialForm) -> bool:
    """Send the message of a form; what does not work is said at its fields."""
    settings = current.library().settings
    try:
        number = phone_number(form.phone.data)
    except ValueError:
        form.phone.errors = [_("This is no telephone number.")]
        return False
    if settings.text_url is None or settings.text_secret is None:
        form.form_errors.append(_("No gateway is set up: TEXT_URL and TEXT_SECRET are not in the settings."))
        return False
    gateway = TextGateway(settings.text_url, settings.text_secret)
    try:
        gateway.send(public_id=f"test.{form.key.data}"[:40], to=number, text=form.text.data, at=current.now())
    except Away as away:
        form.form_errors.append(_("The gateway cannot be reached (%(problem)s).", problem=away.problem))
    except NotNow as refused:
        form.form_errors.append(_("The gateway is not ready (%(problem)s). Try again later.", problem=refused.problem))
    except NotEver as refused:
        form.form_errors.append(_("The gateway refused the message (%(problem)s).", problem=refused.problem))
    else:
        return True
    return False


def _size(text: str) -> str:
    """How much a message costs, and why a short one may cost more than it seems."""
    said: str = ngettext("1 segment", "%(num)s segments", segments(text))
    return said if is_gsm(text) else _("%(size)s, with letters that take more room", size=said)
