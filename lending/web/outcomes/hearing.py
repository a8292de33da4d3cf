"""How people heard of sessions and workshops, and who comes back to coach: counts of a period, and one question.

Nothing here leads to a person. Source: issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import SelectField
from wtforms.validators import InputRequired, Optional

from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.programs.hearing import Heard, note_heard
from lending.queries.captains import captain_figures
from lending.queries.cohorts import Phase, cohorts_by_date
from lending.queries.enrolments import seat
from lending.queries.hearing import heard as counted
from lending.web import current, heard
from lending.web.access import allow
from lending.web.forms import KeyedForm, offer
from lending.web.outcomes.periods import chosen
from lending.web.posting import posted, status

bp = Blueprint("hearing", __name__)


class HeardForm(KeyedForm):
    """How one person heard, and of a friend, in which session that one took part."""

    heard = SelectField(
        lazy_gettext("How did they hear of it?"),
        validators=[InputRequired(lazy_gettext("Choose one of the list."))],
    )
    friend_cohort = SelectField(lazy_gettext("From a friend: the friend took part in"), validators=[Optional()])


@bp.get("/outcomes/heard")
@allow(Act.SEE_COUNTS)
def index() -> ResponseReturnValue:
    """How people heard, peer referrals, and captains who came back."""
    asked = chosen()
    with current.library().db.read() as session:
        found = counted(session, current.branch_ids(), asked.period, program=asked.program)
        captains = captain_figures(session, current.branch_ids(), asked.period, program=asked.program)
    return render_template(
        "outcomes/heard.html",
        asked=asked,
        total=found.asked,
        sources=[(heard.WORDS[source], n) for source, n in found.sources.items()],
        friends=[(name, n) for (_code, name), n in found.friends_of.items()],
        captains=captains,
    )


@bp.route("/seats/<enrolment>/heard", methods=["GET", "POST"])
@allow(Act.ENROL)
def person(enrolment: str) -> ResponseReturnValue:
    """Ask somebody who enrolled; it is counted once, without their name."""
    form, by = HeardForm(), current.actor()
    with current.library().db.read() as session:
        shown = seat(session, enrolment, by=by)
        past = cohorts_by_date(session, by=by, on=current.today(), phase=Phase.PAST)
    offer(form.heard, heard.choices(_("Choose")))
    offer(form.friend_cohort, [("", _("not known")), *((one.code, one.name) for one in past)])

    def do(session: Session, at: datetime, by: Actor) -> None:
        told = heard.read(form.heard.data, form.friend_cohort.data)
        if isinstance(told, Heard):
            note_heard(session, enrolment=enrolment, heard=told, at=at, by=by)

    back_url = url_for("seats.show", enrolment=enrolment)
    if posted(form, do):
        flash(_("Counted, without the name."), "done")
        return redirect(back_url, 303)
    heading = _("How did %(name)s hear of it?", name=shown.name)
    page = render_template("roster/form.html", form=form, heading=heading, back_url=back_url, submit=_("Count it"))
    return page, status(form)
