"""Agreement pages: what patrons sign, in its versions and languages, and publishing the next one.

Source: RULES 2, "the accepted text and version are kept"; issue "Kits follow cohorts", Build 1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from lending.circulation.agreements import LONGEST_BODY, LONGEST_TITLE, Published, publish_agreement
from lending.circulation.checkout import BORROWING_AGREEMENT
from lending.domain.permissions import Act
from lending.errors import Refused
from lending.queries.agreements import AgreementShown, agreement, agreements
from lending.web import current, languages
from lending.web.access import allow
from lending.web.forms import KeyedForm, fill, offer
from lending.web.posting import posted, status

bp = Blueprint("agreements", __name__, url_prefix="/agreements")

_NEEDED = lazy_gettext("Fill this in.")


class AgreementForm(KeyedForm):
    """The next version of an agreement, in one language."""

    code = StringField(
        lazy_gettext("Code"),
        description=lazy_gettext("Small letters, digits and hyphens. Programs name their agreement by it."),
        validators=[InputRequired(_NEEDED), Length(max=32)],
    )
    language = SelectField(lazy_gettext("Language"), validators=[InputRequired(_NEEDED)])
    title = StringField(lazy_gettext("Title"), validators=[InputRequired(_NEEDED), Length(max=LONGEST_TITLE)])
    body = TextAreaField(
        lazy_gettext("Text"),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_BODY)],
        render_kw={"rows": 14},
    )


@bp.get("")
@allow(Act.PLAN_COHORT)
def index() -> ResponseReturnValue:
    """Every version of every agreement, and how many people signed it."""
    with current.library().db.read() as session:
        found = agreements(session)
    return render_template("agreements/list.html", agreements=[_line(one) for one in found], may_publish=_may_publish())


@bp.get("/<code>/<language>/<int:version>")
@allow(Act.PLAN_COHORT)
def show(code: str, language: str, version: int) -> ResponseReturnValue:
    """One version, as it was signed."""
    with current.library().db.read() as session:
        found = agreement(session, code, language, version)
    return render_template(
        "agreements/show.html", agreement=_line(found), body=found.body, may_publish=_may_publish() and found.current
    )


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def new() -> ResponseReturnValue:
    """Publish the next version; the text that is signed now is where it begins."""
    form = AgreementForm()
    offer(form.language, languages.named())
    if request.method == "GET":
        fill(
            form, _start(request.args.get("code", BORROWING_AGREEMENT), request.args.get("language", current.locale()))
        )
    made: list[Published] = []

    def do(session: Any, at: datetime, by: Any) -> None:
        made[:] = [
            publish_agreement(
                session,
                code=form.code.data.strip(),
                language=form.language.data,
                title=form.title.data,
                body=form.body.data,
                at=at,
                by=by,
            )
        ]

    if posted(form, do):
        flash(_("The agreement is published. Whoever signs from now on signs this text."), "done")
        return redirect(url_for("agreements.index"), 303)
    page = render_template(
        "sessions/edit.html",
        form=form,
        heading=_("Publish an agreement"),
        submit=_("Publish"),
        back_url=url_for("agreements.index"),
    )
    return page, status(form)


def _may_publish() -> bool:
    return current.may_anywhere(Act.ADMINISTER)


def _start(code: str, language: str) -> dict[str, str]:
    """The form's first values: the newest version, or the code and language alone."""
    given = {"code": code, "language": language}
    try:
        with current.library().db.read() as session:
            newest = agreement(session, code, language)
    except Refused:
        return given
    return given | {"title": newest.title, "body": newest.body}


def _line(found: AgreementShown) -> dict[str, Any]:
    """A version as lists and headings show it."""
    reader = current.reader()
    return {
        "code": found.code,
        "title": found.title,
        "lang": found.language,
        "language": reader.language(found.language),
        "version": found.version,
        "published_on": reader.day_and_year(found.published_on),
        "signed": found.signed,
        "current": found.current,
        "url": url_for("agreements.show", code=found.code, language=found.language, version=found.version),
        "next_url": url_for("agreements.new", code=found.code, language=found.language),
    }
