"""Outcome stories: kept with the consent, shown for what it covers, printed, and deleted when it is taken back.

Source: issue "Managers see what circulated", Build 3; RULES 8.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.programs.stories import LONGEST_NAME, LONGEST_STORY, WORDING, StoryTold, keep_story, withdraw_story
from lending.queries import branches as places
from lending.queries.cohorts import Phase, cohorts_by_date, programs
from lending.queries.stories import StoryShown, Use, stories, story_shown
from lending.web import current
from lending.web.access import allow
from lending.web.forms import DayField, KeyedForm, offer
from lending.web.posting import posted, status

bp = Blueprint("stories", __name__, url_prefix="/outcomes/stories")

PAGE = 50
_NEEDED = lazy_gettext("Fill this in.")
USES = {
    Use.WEB: lazy_gettext("On the library's website and in social media"),
    Use.PRINT: lazy_gettext("In print: flyers, newsletters, posters"),
    Use.FUNDER: lazy_gettext("In reports to those who fund the program"),
}


class StoryForm(KeyedForm):
    """What somebody told, and what they agreed to in writing."""

    text = TextAreaField(
        lazy_gettext("The story, in their words"), validators=[InputRequired(_NEEDED), Length(max=LONGEST_STORY)]
    )
    named_as = StringField(
        lazy_gettext("How they want to be named"),
        description=lazy_gettext("As they say it themselves. Leave it empty for not at all."),
        validators=[Optional(), Length(max=LONGEST_NAME)],
    )
    for_web = BooleanField(USES[Use.WEB])
    for_print = BooleanField(USES[Use.PRINT])
    for_funder = BooleanField(USES[Use.FUNDER])
    consented_on = DayField(
        lazy_gettext("Day of the written consent"),
        description=lazy_gettext("The signed form stays with you. Without one, no story is kept."),
        validators=[InputRequired(_NEEDED)],
    )
    program = SelectField(lazy_gettext("Program"), validators=[InputRequired(_NEEDED)])
    cohort = SelectField(lazy_gettext("Session"), validators=[Optional()])
    branch = SelectField(lazy_gettext("Library"), validators=[Optional()])


@bp.get("")
@allow(Act.ENROL)
def index() -> ResponseReturnValue:
    """The stories that may be shown, the newest first, a page at a time; with ``use``, for that alone."""
    use, after = _use(), request.args.get("after", "")[:16] or None
    with current.library().db.read() as session:
        found = stories(session, by=current.actor(), use=use, after=after, limit=PAGE + 1)
    more = found[PAGE - 1].story if len(found) > PAGE else None
    return render_template(
        "outcomes/stories.html",
        stories=[_line(one) for one in found[:PAGE]],
        more_url=None if more is None else url_for(".index", after=more, use=use),
        uses=[(one.value, USES[one]) for one in Use],
        use=None if use is None else use.value,
        sees_counts=current.may_anywhere(Act.SEE_COUNTS),
    )


@bp.get("/print")
@allow(Act.ENROL)
def on_paper() -> ResponseReturnValue:
    """The same for the printer: those whose tellers agreed to print, unless another use is asked for."""
    use = _use() or Use.PRINT
    with current.library().db.read() as session:
        found = stories(session, by=current.actor(), use=use)
    return render_template("outcomes/stories_print.html", stories=[_line(one) for one in found], use=USES[use])


@bp.get("/consent")
@allow(Act.ENROL)
def consent() -> ResponseReturnValue:
    """The form to sign, for the printer."""
    return render_template("outcomes/story_consent.html", uses=list(USES.values()), wording=WORDING)


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.ENROL)
def new() -> ResponseReturnValue:
    """Keep a story."""
    form, by = StoryForm(), current.actor()
    with current.library().db.read() as session:
        offer(form.program, [(one.code, one.name) for one in programs(session, by=by)])
        libraries = places.branches(session, current.branch_ids())
        held = [
            one
            for phase in (Phase.CURRENT, Phase.PAST)
            for one in cohorts_by_date(session, by=by, on=current.today(), phase=phase)
        ]
    offer(form.cohort, [("", _("No session")), *((one.code, one.name) for one in held)])
    offer(form.branch, [*((one.code, one.name) for one in libraries)])
    where = next((one.branch_id for one in libraries if one.code == form.branch.data), None)

    def do(session: Session, at: datetime, by: Actor) -> None:
        told = StoryTold(
            text=form.text.data,
            named_as=form.named_as.data or "",
            for_web=bool(form.for_web.data),
            for_print=bool(form.for_print.data),
            for_funder=bool(form.for_funder.data),
            consented_on=form.consented_on.data,
            cohort=form.cohort.data or None,
        )
        keep_story(session, program=form.program.data, branch_id=where, told=told, at=at, by=by)

    if posted(form, do):
        flash(_("The story is kept, for what they agreed to."), "done")
        return redirect(url_for(".index"), 303)
    page = render_template("outcomes/story.html", form=form)
    return page, status(form)


@bp.route("/<story>/withdraw", methods=["GET", "POST"])
@allow(Act.ENROL)
def withdraw(story: str) -> ResponseReturnValue:
    """Take the consent back: first what it means, then one button, and the words are deleted."""
    form = KeyedForm()
    with current.library().db.read() as session:
        found = story_shown(session, story, by=current.actor())
    if found is None:
        abort(404)
    if posted(form, lambda session, at, by: withdraw_story(session, story=story, at=at, by=by)):
        flash(_("The consent is taken back. The story and the name are deleted."), "done")
        return redirect(url_for(".index"), 303)
    page = render_template(
        "outcomes/form.html",
        form=form,
        heading=_("Delete the story of %(name)s?", name=found.named_as or _("somebody without a name")),
        submit=_("Delete the story and the name"),
        back_url=url_for(".index"),
    )
    return page, status(form)


def _use() -> Use | None:
    asked = request.args.get("use")
    return Use(asked) if asked in {use.value for use in Use} else None


def _line(one: StoryShown) -> dict[str, Any]:
    return {
        "story": one.story,
        "text": one.text,
        "named_as": one.named_as,
        "where": [text for text in (one.program, one.session, one.branch) if text],
        "uses": [USES[use] for use in one.uses],
        "consented_on": current.reader().day_and_year(one.consented_on),
        "wording": one.wording,
        "withdraw_url": url_for(".withdraw", story=one.story),
    }
