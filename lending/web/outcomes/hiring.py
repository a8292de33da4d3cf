"""Hiring event pages: plan, tally on the day in one key each, correct afterwards.

A figure that nobody counted is shown as not known. Offers and the people who had them are two numbers. Source: RULES 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import HiddenField, IntegerField, SelectField, StringField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lending.domain.actors import Actor
from lending.domain.hiring import MOST, EventTally, Figure
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.programs.hiring import EventPlan, cancel_event, change_event, plan_event, set_figures, tally_event
from lending.queries import cohorts
from lending.queries import hiring as queries
from lending.queries.hiring import EventShown
from lending.web import current
from lending.web.access import allow
from lending.web.forms import DayField, KeyedForm, fill, offer
from lending.web.outcomes.standing import Standing, standing_or_choose
from lending.web.outcomes.tallying import Pressed, press, told
from lending.web.posting import NotDone, posted, pressed, status

bp = Blueprint("hiring", __name__)

PAGE = 50
LESS = "-"
"""What stands behind a button's value that takes one off."""

WORDS = {
    EventTally.ATTENDEE: lazy_gettext("Somebody came"),
    EventTally.EMPLOYER: lazy_gettext("An employer came"),
    EventTally.INTERVIEW: lazy_gettext("An interview"),
    EventTally.OFFER: lazy_gettext("An offer, their first"),
    EventTally.ANOTHER_OFFER: lazy_gettext("Another offer to the same person"),
    EventTally.HIRE: lazy_gettext("Somebody was hired"),
}
"""What one key counts, in the order of the keys."""

SHOWS = {
    EventTally.ATTENDEE: Figure.ATTENDED,
    EventTally.EMPLOYER: Figure.EMPLOYERS,
    EventTally.INTERVIEW: Figure.INTERVIEWS,
    EventTally.OFFER: Figure.PEOPLE_OFFERED,
    EventTally.ANOTHER_OFFER: Figure.OFFERS,
    EventTally.HIRE: Figure.HIRES,
}
"""The number that stands in a button."""

FIGURES = {
    Figure.REGISTERED: lazy_gettext("Registered"),
    Figure.ATTENDED: lazy_gettext("Attended"),
    Figure.EMPLOYERS: lazy_gettext("Employers"),
    Figure.INTERVIEWS: lazy_gettext("Interviews"),
    Figure.OFFERS: lazy_gettext("Offers, not people"),
    Figure.PEOPLE_OFFERED: lazy_gettext("People with an offer"),
    Figure.HIRES: lazy_gettext("Hired"),
}
_NEEDED = lazy_gettext("Fill this in.")


class EventForm(KeyedForm):
    """What is planned of an event."""

    name = StringField(lazy_gettext("Name"), validators=[InputRequired(_NEEDED), Length(max=160)])
    day = DayField(lazy_gettext("Day"), validators=[InputRequired(_NEEDED)])
    begins = TimeField(lazy_gettext("Begins at"), validators=[InputRequired(_NEEDED)])
    ends_at = TimeField(lazy_gettext("Ends at"), validators=[InputRequired(_NEEDED)])
    place = StringField(
        lazy_gettext("Place"),
        description=lazy_gettext("Leave it empty when it is in the library."),
        validators=[Optional(), Length(max=160)],
    )
    program = SelectField(lazy_gettext("Program"), validators=[Optional()])


def _figure(figure: Figure) -> IntegerField:
    a_number = NumberRange(0, MOST, lazy_gettext("A whole number, 0 or more."))
    return IntegerField(FIGURES[figure], validators=[Optional(), a_number])


class FiguresForm(KeyedForm):
    """What an event came to; empty is not known."""

    registered = _figure(Figure.REGISTERED)
    attended = _figure(Figure.ATTENDED)
    employers = _figure(Figure.EMPLOYERS)
    interviews = _figure(Figure.INTERVIEWS)
    offers = _figure(Figure.OFFERS)
    people_offered = _figure(Figure.PEOPLE_OFFERED)
    hires = _figure(Figure.HIRES)
    was = HiddenField()
    """What the page showed, in the same order: a figure that nobody touched stays as it was counted meanwhile."""

    def touched(self) -> dict[Figure, int | None]:
        """The figures that somebody changed on the page."""
        shown = dict(zip(Figure, (self.was.data or "").split(","), strict=False))
        given = {figure: self[figure.value].data for figure in Figure}
        return {figure: n for figure, n in given.items() if ("" if n is None else str(n)) != shown.get(figure)}


@bp.get("/hiring-events")
@allow(Act.TALLY)
def index() -> ResponseReturnValue:
    """The events of the person's libraries, the last first."""
    after = request.args.get("after", "")[:16] or None
    with current.library().db.read() as session:
        found, more = queries.hiring_events(session, current.branch_ids(), after=after, limit=PAGE)
    more_url = url_for(".index", after=more) if more else None
    return render_template("outcomes/hiring_events.html", events=[_shown(one) for one in found], more_url=more_url)


@bp.route("/hiring-events/new", methods=["GET", "POST"])
@allow(Act.TALLY)
def new() -> ResponseReturnValue:
    """Plan an event."""
    place = standing_or_choose()
    if not isinstance(place, Standing):
        return place
    form, made = _event_form(), list[str]()

    def do(session: Any, at: Any, by: Any) -> None:
        plan = _plan(form, place.zone)
        made.append(plan_event(session, branch_id=place.branch_id, plan=plan, at=at, by=by).event)

    if posted(form, do):
        flash(_("Planned."), "done")
        return redirect(url_for(".show", public_id=made[0]) if made else url_for(".index"), 303)
    heading = _("A hiring event of %(library)s", library=place.name)
    return _form_page(form, heading, _("Plan it"), url_for(".index"))


@bp.get("/hiring-events/<public_id>")
@allow(Act.TALLY)
def show(public_id: str) -> ResponseReturnValue:
    """One event: its keys, and its figures to correct."""
    found = _found(public_id)
    return _page(found, _figures_form(found))


@bp.route("/hiring-events/<public_id>/edit", methods=["GET", "POST"])
@allow(Act.TALLY)
def edit(public_id: str) -> ResponseReturnValue:
    """Change what is planned."""
    found = _found(public_id)
    form = _event_form(found)
    zone = ZoneInfo(found.zone)
    if not form.is_submitted():
        begins, ends = found.starts_at.astimezone(zone), found.ends_at.astimezone(zone)
        kept = {"name": found.name, "place": found.place, "program": found.program or ""}
        fill(form, {**kept, "day": begins.date(), "begins": begins.time(), "ends_at": ends.time()})

    def do(session: Any, at: Any, by: Any) -> None:
        change_event(session, event=public_id, plan=_plan(form, found.zone), at=at, by=by)

    there = url_for(".show", public_id=public_id)
    if posted(form, do):
        flash(_("Changed."), "done")
        return redirect(there, 303)
    return _form_page(form, found.name, _("Save"), there)


@bp.post("/hiring-events/<public_id>/cancel")
@allow(Act.TALLY)
def cancel(public_id: str) -> ResponseReturnValue:
    """Cancel an event; it counts nowhere."""
    found = _found(public_id)
    not_done = pressed(lambda session, at, by: cancel_event(session, event=public_id, at=at, by=by))
    if not_done is not None:
        return _page(found, _figures_form(found), not_done)
    flash(_("Canceled. It counts nowhere."), "done")
    return redirect(url_for(".show", public_id=public_id), 303)


@bp.post("/hiring-events/<public_id>/tally")
@allow(Act.TALLY)
def count(public_id: str) -> ResponseReturnValue:
    """One more, or one less."""
    _found(public_id)

    def do(session: Session, at: datetime, by: Actor, asked: Pressed) -> None:
        what, n = asked.code.removesuffix(LESS), -1 if asked.code.endswith(LESS) else 1
        if what not in set(EventTally):
            raise Refused.because(Reason.VALUE_WRONG, field="count")
        tally_event(session, event=public_id, what=EventTally(what), n=n, at=at, by=by)

    asked = press(do)
    found = _found(public_id)
    what = asked.code.removesuffix(LESS)
    if request.is_json:
        return told(asked, "" if asked.problems else _said(what, found.figures), {f: found.figures[f] for f in Figure})
    if asked.problems:
        return _page(found, _figures_form(found), NotDone(asked.problems, asked.status))
    flash(_said(what, found.figures), "done")
    return redirect(url_for(".show", public_id=public_id, last=what), 303)


@bp.post("/hiring-events/<public_id>/figures")
@allow(Act.TALLY)
def figures(public_id: str) -> ResponseReturnValue:
    """Write or correct what the event came to."""
    found, form = _found(public_id), FiguresForm()

    def do(session: Any, at: Any, by: Any) -> None:
        set_figures(session, event=public_id, figures=form.touched(), at=at, by=by)

    if posted(form, do):
        flash(_("The figures are kept."), "done")
        return redirect(url_for(".show", public_id=public_id), 303)
    return _page(found, form, code=status(form))


def _page(
    found: EventShown, form: FiguresForm, not_done: NotDone = NotDone(), code: int | None = None
) -> ResponseReturnValue:
    last = request.args.get("last", "")
    page = render_template(
        "outcomes/hiring_event.html",
        event=_shown(found),
        keys=[
            {
                "code": what.value,
                "word": words,
                "figure": SHOWS[what].value,
                "figure_word": FIGURES[SHOWS[what]],
                "n": found.figures[SHOWS[what]],
                "focused": what.value == last or (not last and n == 0),
            }
            for n, (what, words) in enumerate(WORDS.items())
        ],
        less=LESS,
        form=form,
        problems=not_done.sentences,
        key=new_public_id(),
    )
    return page, not_done.status if code is None else code


def _form_page(form: EventForm, heading: str, submit: str, back_url: str) -> ResponseReturnValue:
    page = render_template("outcomes/form.html", form=form, heading=heading, submit=submit, back_url=back_url)
    return page, status(form)


def _event_form(kept: EventShown | None = None) -> EventForm:
    """The form with the programmes that this person may see, and the one that the event has."""
    form = EventForm()
    with current.library().db.read() as session:
        known = {one.code: one.name for one in cohorts.programs(session, by=current.actor())}
    if kept is not None and kept.program is not None:
        known[kept.program] = kept.program_name or kept.program
    offer(form.program, [("", _("no program")), *known.items()])
    return form


def _plan(form: EventForm, zone: str) -> EventPlan:
    """The plan that a form says; one that ends after midnight ends on the next day, which is refused as no plan."""
    at = ZoneInfo(zone)
    return EventPlan(
        name=form.name.data,
        starts_at=datetime.combine(form.day.data, form.begins.data, at),
        ends_at=datetime.combine(form.day.data, form.ends_at.data, at),
        program=form.program.data or None,
        place=form.place.data or "",
    )


def _figures_form(found: EventShown) -> FiguresForm:
    form = FiguresForm(None)
    fill(form, {figure.value: n for figure, n in found.figures.items()})
    form.was.data = ",".join("" if n is None else str(n) for n in found.figures.values())
    return form


def _found(public_id: str) -> EventShown:
    with current.library().db.read() as session:
        return queries.hiring_event(session, public_id, current.branch_ids())


def _said(what: str, now: Mapping[Figure, int | None]) -> str:
    if what not in set(EventTally):
        return ""
    if EventTally(what) in (EventTally.OFFER, EventTally.ANOTHER_OFFER):
        people = now[Figure.PEOPLE_OFFERED]
        shown = _("not known") if people is None else people
        return str(_("Offers: %(offers)s. People with an offer: %(people)s.", offers=now[Figure.OFFERS], people=shown))
    figure = SHOWS[EventTally(what)]
    return str(_("%(figure)s: %(count)s.", figure=FIGURES[figure], count=now[figure]))


def _shown(one: EventShown) -> dict[str, Any]:
    """An event as the list and its page show it."""
    reader = current.reader()
    return {
        "public_id": one.event,
        "url": url_for("hiring.show", public_id=one.event),
        "name": one.name,
        "when": reader.moment(one.starts_at),
        "day": reader.day_and_year(one.starts_at),
        "where": one.place or one.branch_name,
        "branch": one.branch_name,
        "program": one.program_name,
        "cancelled": one.cancelled,
        "to_come": one.starts_at > current.now(),
        "attended": one.figures[Figure.ATTENDED],
        "offers": one.figures[Figure.OFFERS],
        "people_offered": one.figures[Figure.PEOPLE_OFFERED],
    }
