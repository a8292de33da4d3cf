"""The page on which an administrator writes what inquiries are about, and where people are referred to."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import TextAreaField
from wtforms.validators import Length, Optional

from lending.circulation.library_settings import change_settings
from lending.domain.actors import Actor
from lending.domain.choices import SERVICES, TOPICS, Choice, write_choices
from lending.domain.library_settings import INQUIRY_TOPICS, REFERRAL_SERVICES
from lending.domain.permissions import Act
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm, fill
from lending.web.outcomes.standing import words_of
from lending.web.posting import posted, status

bp = Blueprint("outcome_lists", __name__)


class ListsForm(KeyedForm):
    """The two lists, one choice a line."""

    inquiry_topics = TextAreaField(
        lazy_gettext("What inquiries are about"),
        description=lazy_gettext(
            "One to nine lines, in the order of the keys: a code, =, and the name that people read. "
            "A code stays as it is, so that what was tallied stays together. Empty it to begin anew."
        ),
        validators=[Optional(), Length(max=2000)],
    )
    referral_services = TextAreaField(
        lazy_gettext("Where people are referred to"),
        description=lazy_gettext("Written in the same way."),
        validators=[Optional(), Length(max=2000)],
    )


@bp.route("/administration/outcomes", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def edit() -> ResponseReturnValue:
    """Both lists in one form."""
    form, library = ListsForm(), current.library()
    if request.method == "GET":
        library.forget_own_settings()
        own = library.own_settings()
        fill(
            form,
            {
                "inquiry_topics": _shown(own.inquiry_topics, TOPICS),
                "referral_services": _shown(own.referral_services, SERVICES),
            },
        )

    def do(session: Session, at: datetime, by: Actor) -> None:
        given = {INQUIRY_TOPICS: form.inquiry_topics.data, REFERRAL_SERVICES: form.referral_services.data}
        change_settings(session, given=given, at=at, by=by)

    if posted(form, do):
        library.forget_own_settings()
        flash(_("Saved. What was tallied before stays as it is."), "done")
        return redirect(url_for(".edit"), 303)
    return render_template("outcomes/lists.html", form=form), status(form)


def _shown(choices: tuple[Choice, ...], first: tuple[Choice, ...]) -> str:
    """A list to change; one that the product brought, in the reader's language."""
    if choices == first:
        words = words_of(choices)
        choices = tuple(Choice(one.code, words[one.code]) for one in choices)
    return write_choices(choices)
