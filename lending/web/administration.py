"""Where administration begins: every page of it by what it is for, what is kept how long, how complete a language is.

Source: SCREENS, "Administration"; RULES 8 ("Two clocks"); issue "Patrons reserve online", Build 4 and 6.
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from lending.circulation.library_settings import change_settings
from lending.domain.actors import Actor
from lending.domain.library_settings import CUT_AFTER, LONGEST_KEEPING
from lending.domain.permissions import Act
from lending.phrases import N_
from lending.web import current, translations
from lending.web.access import allow
from lending.web.forms import KeyedForm, fill
from lending.web.posting import posted, status
from lending.web.privacy.retention import copies_shown, lines

bp = Blueprint("administration", __name__, url_prefix="/administration")

PAGES: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        N_("The library"),
        (
            ("setup_steps.go_on", N_("First steps"), N_("What is still to do until the first kit goes out.")),
            ("own_library.edit", N_("Your library"), N_("Name, logo, colors, and who needs a second factor.")),
            ("branches.index", N_("Libraries"), N_("Addresses, hours, and the stations of each branch.")),
            ("closures.index", N_("Closings"), N_("Days when a library is closed, and the dates that move.")),
            ("holidays.page", N_("Public holidays"), N_("Days of your state, to take over as closings.")),
            ("staff.index", N_("Staff"), N_("Who signs in, what they may do and where; tokens for programs.")),
        ),
    ),
    (
        N_("What is lent, and how"),
        (
            ("kit_types.index", N_("Kinds of kit"), N_("What each kind holds, with photos and prices.")),
            ("new_kits.many", N_("Many new kits"), N_("Add a box of kits with codes in a row.")),
            ("new_kits.labels", N_("Labels"), N_("Sheets of labels for kits.")),
            ("policies.index", N_("Lending rules"), N_("How long, how often, how many, and exceptions.")),
            (
                "ladders.index",
                N_("Due dates: what happens when"),
                N_("Reminders, calls, and when a kit counts as lost."),
            ),
            ("agreements.index", N_("Agreements"), N_("What borrowers sign, in versions and languages.")),
            ("programs.index", N_("Programs"), N_("What sessions are held of, and who may take part.")),
            (
                "outcome_lists.edit",
                N_("Topics and services"),
                N_("What inquiries are about, and where people are sent."),
            ),
        ),
    ),
    (
        N_("What people are told"),
        (
            ("notices.index", N_("Notices"), N_("The words of every notice, by channel and language.")),
            ("notice_log.index", N_("Log of notices"), N_("What was sent to whom, and what did not arrive.")),
            ("letters.index", N_("Letters"), N_("Notices to print and post.")),
            ("texts.index", N_("Text messages"), N_("Try the gateway that sends them.")),
            ("administration.translation", N_("Languages"), N_("Which languages are complete, and what is missing.")),
        ),
    ),
    (
        N_("Data and other programs"),
        (
            ("imports.index", N_("Imports"), N_("Patrons, kits and more from a file, and taking them back.")),
            ("administration.retention", N_("What is kept, and how long"), N_("And when a loan forgets its borrower.")),
            ("ledger.index", N_("The sealed ledger"), N_("Equipment that federal ECF money paid for, and who had it.")),
            ("records_requests.index", N_("Requests for records"), N_("Who asked about patrons, and what was said.")),
            ("jobs.index", N_("Jobs"), N_("What the library does by itself, and whether it does.")),
            (
                "demonstration.page",
                N_("Demonstration"),
                N_("Made-up people and kits to try things on, and an end to them."),
            ),
            ("webhooks.index", N_("Webhooks"), N_("Other programs that are told what happens here.")),
        ),
    ),
)
"""Every page of administration by group: its endpoint, what it is called, and what it is for."""


class RetentionForm(KeyedForm):
    """When a loan forgets its borrower."""

    cut_after_days = IntegerField(
        lazy_gettext("Days until a loan forgets its borrower"),
        description=lazy_gettext("Counted from the day on which nothing of it is open any more."),
        validators=[InputRequired(lazy_gettext("Fill this in.")), NumberRange(0, LONGEST_KEEPING)],
    )


@bp.get("")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """Every page of administration, in groups, each in one line."""
    groups = [
        {
            "title": _(title),
            "pages": [
                {"url": url_for(endpoint), "name": _(name), "what": _(what)}
                for endpoint, name, what in pages
                if endpoint in current_app.view_functions
            ],
        }
        for title, pages in PAGES
    ]
    return render_template("administration/index.html", groups=groups)


@bp.route("/retention", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def retention() -> ResponseReturnValue:
    """What is kept, how long and where; and the days until a loan forgets its borrower."""
    form, library = RetentionForm(), current.library()
    if request.method == "GET":
        library.forget_own_settings()
        fill(form, {CUT_AFTER: library.own_settings().cut_after_days})

    def do(session: Session, at: datetime, by: Actor) -> None:
        change_settings(session, given={CUT_AFTER: str(form.cut_after_days.data)}, at=at, by=by)

    if posted(form, do):
        library.forget_own_settings()
        flash(_("Saved."), "done")
        return redirect(url_for(".retention"), 303)
    page = render_template(
        "administration/retention.html", form=form, kept=list(lines()), copies=copies_shown(), urls=_near()
    )
    return page, status(form)


@bp.get("/languages")
@allow(Act.ADMINISTER)
def translation() -> ResponseReturnValue:
    """Which languages are complete, and which sentences of the others are missing."""
    reader = current.reader()
    shown = [
        {
            "name": reader.language(one.code),
            "code": one.code,
            "sentences": one.sentences,
            "missing": one.missing[: translations.SHOWN],
            "more": max(0, len(one.missing) - translations.SHOWN),
            "offered": one.is_offered,
        }
        for one in translations.found()
    ]
    return render_template("administration/languages.html", shown=shown)


def _near() -> list[tuple[str, str]]:
    """The pages that belong to people's data."""
    return [
        (url_for("ledger.index"), _("The sealed ledger")),
        (url_for("records_requests.index"), _("Requests for records")),
        (url_for("retention.report"), _("This report (CSV)")),
    ]
