"""One person's seat in a session: what may be done with it, one form or button each.

Source: RULES 4, "Withdraw or dropped", "Transfer", "Rolling over".
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import LIVE_ENROLMENTS, EnrolmentState
from lending.models.base import new_public_id
from lending.programs.moving import Moved, roll_over, transfer
from lending.programs.offers import accept_offer
from lending.programs.requeue import requeue
from lending.programs.withdrawal import Left, drop, excuse, withdraw
from lending.queries.cohorts import kit_types_at
from lending.queries.enrolling import session_of_code, sessions_to_join
from lending.queries.enrolments import KitStanding, SeatShown, seat
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm
from lending.web.moved_up import left_words, moved_words
from lending.web.names import names
from lending.web.posting import Doing, NotDone, posted, pressed, status
from lending.web.roster import seat_shown

bp = Blueprint("seats", __name__, url_prefix="/seats")

_NEEDED = lazy_gettext("Fill this in.")

_NO_KIT = frozenset({KitStanding.NONE, KitStanding.BACK})
"""Who has no kit and stands in no line for one: they may ask for one (again)."""


class LeaveForm(KeyedForm):
    """Somebody leaves a session."""

    how = RadioField(
        lazy_gettext("Who says so"),
        choices=[
            SelectChoice("withdrawn", lazy_gettext("They withdraw")),
            SelectChoice("dropped", lazy_gettext("The library drops them")),
        ],
        default="withdrawn",
    )
    reason = StringField(
        lazy_gettext("Reason"),
        description=lazy_gettext("Needed where the library drops somebody."),
        validators=[Optional(), Length(max=240)],
    )


class MoveForm(KeyedForm):
    """Somebody goes on to another session."""

    to = SelectField(lazy_gettext("Session"), validators=[InputRequired(_NEEDED)])
    roll_over = BooleanField(
        lazy_gettext("Roll over: they finish this session and keep the kit into the next, if that has one left")
    )


@bp.get("/<enrolment>")
@allow(Act.ENROL)
def show(enrolment: str) -> ResponseReturnValue:
    """One person's seat and kit in a session."""
    return _page(_seat_of(enrolment))


@bp.route("/<enrolment>/leave", methods=["GET", "POST"])
@allow(Act.ENROL)
def leave(enrolment: str) -> ResponseReturnValue:
    """Their seat and promise go to the next; a kit they have is due in the notice period."""
    shown, form = _seat_of(enrolment), LeaveForm()
    told: list[Left] = []

    def do(session: Session, at: datetime, by: Actor) -> None:
        verb = drop if form.how.data == "dropped" else withdraw
        told[:] = [verb(session, enrolment=enrolment, reason=form.reason.data or "", at=at, by=by)]

    if posted(form, do):
        for left in told:
            flash(left_words(shown, left), "done")
        return redirect(url_for("roster.show", code=shown.cohort), 303)
    return _form_page(shown, form, heading=_("%(name)s leaves the session", name=shown.name), submit=_("Note it"))


@bp.route("/<enrolment>/move", methods=["GET", "POST"])
@allow(Act.ENROL)
def move(enrolment: str) -> ResponseReturnValue:
    """Their seat moves to another session, and the kit with it."""
    shown, form = _seat_of(enrolment), MoveForm()
    with current.library().db.read() as session:
        others = sessions_to_join(session, today=current.today(), by=current.actor())
    form.to.choices = [SelectChoice(one.code, one.name) for one in others if one.code != shown.cohort]

    told: list[Moved] = []

    def do(session: Session, at: datetime, by: Actor) -> None:
        verb = roll_over if form.roll_over.data else transfer
        told[:] = [verb(session, enrolment=enrolment, to_cohort=form.to.data, at=at, by=by)]

    if posted(form, do):
        if not told:  # its key did it before
            return redirect(url_for("roster.show", code=form.to.data), 303)
        flash(moved_words(shown, told[0], stays=bool(form.roll_over.data)), "look" if told[0].why else "done")
        return redirect(url_for("seats.show", enrolment=told[0].now.enrolment), 303)
    heading = _("%(name)s goes on to another session", name=shown.name)
    return _form_page(shown, form, heading=heading, submit=_("Move"))


@bp.post("/<enrolment>/accept")
@allow(Act.ENROL)
def accept(enrolment: str) -> ResponseReturnValue:
    """They take the seat that was offered."""
    shown = _seat_of(enrolment)
    told = _("%(name)s has the seat.", name=shown.name)
    return _button(shown, lambda session, at, by: accept_offer(session, enrolment=enrolment, at=at, by=by), told)


@bp.post("/<enrolment>/excuse")
@allow(Act.ENROL)
def excused(enrolment: str) -> ResponseReturnValue:
    """They are excused from the mandatory first day."""
    shown = _seat_of(enrolment)
    told = _("%(name)s is excused from the first day.", name=shown.name)
    return _button(shown, lambda session, at, by: excuse(session, enrolment=enrolment, at=at, by=by), told)


@bp.post("/<enrolment>/kit/<kit_type>")
@allow(Act.ENROL)
def ask(enrolment: str, kit_type: str) -> ResponseReturnValue:
    """They have no kit and want one: promised, or a place at the end of the queue."""
    shown = _seat_of(enrolment)
    not_done = pressed(lambda session, at, by: requeue(session, enrolment=enrolment, kit_type=kit_type, at=at, by=by))
    if not_done is not None:
        return _page(shown, not_done)
    now = _seat_of(enrolment)
    if now.kit is KitStanding.WAITING:
        flash(_("For a kit they are number %(n)s in line.", n=now.kit_position), "done")
    else:
        flash(_("A kit is promised."), "done")
    return redirect(url_for("seats.show", enrolment=enrolment), 303)


def _button(shown: SeatShown, do: Doing, told: str) -> ResponseReturnValue:
    """An act that needs one press: done and told on the seat's page, or told there why not."""
    not_done = pressed(do)
    if not_done is not None:
        return _page(shown, not_done)
    flash(told, "done")
    return redirect(url_for("seats.show", enrolment=shown.id), 303)


def _seat_of(enrolment: str) -> SeatShown:
    with current.library().db.read() as session:
        return seat(session, enrolment, by=current.actor())


def _page(shown: SeatShown, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    """The page of one seat, with why a button on it was not done."""
    with current.library().db.read() as session:
        held = session_of_code(session, shown.cohort)
        kit_types = kit_types_at(session, held.id, shown.pickup_branch)
    actions = []
    if shown.seat is EnrolmentState.OFFERED:
        actions.append(
            {
                "label": _("Takes the seat"),
                "url": url_for("seats.accept", enrolment=shown.id),
                "post": True,
            }
        )
    needs_a_kit = shown.kit in _NO_KIT and shown.went_on_to is None
    if shown.seat in LIVE_ENROLMENTS and needs_a_kit and held.ends_on >= current.today():
        actions.extend(
            {
                "label": _("Ask for a kit again")
                if len(kit_types) == 1
                else _("Ask for a kit again: %(kind)s", kind=names().kit_type(kit_type)),
                "url": url_for("seats.ask", enrolment=shown.id, kit_type=kit_type),
                "post": True,
            }
            for kit_type in kit_types
        )
    if shown.seat in LIVE_ENROLMENTS:
        actions.append(
            {"label": _("Leaves the session"), "url": url_for("seats.leave", enrolment=shown.id), "post": False}
        )
    if shown.seat in LIVE_ENROLMENTS or shown.seat is EnrolmentState.COMPLETED:
        actions.append(
            {"label": _("Goes on to another session"), "url": url_for("seats.move", enrolment=shown.id), "post": False}
        )
    if shown.seat in LIVE_ENROLMENTS and not shown.has_told_how:
        actions.append(
            {"label": _("How they heard of it"), "url": url_for("hearing.person", enrolment=shown.id), "post": False}
        )
    if held.first_day_mandatory and shown.seat is EnrolmentState.ENROLLED:
        actions.append(
            {
                "label": _("Excused from the first day"),
                "url": url_for("seats.excused", enrolment=shown.id),
                "post": True,
            }
        )
    page = render_template(
        "roster/seat.html",
        seat=seat_shown(shown, current.reader()),
        session_name=held.name,
        roster_url=url_for("roster.show", code=shown.cohort),
        actions=actions,
        key=new_public_id(),
        problems=not_done.sentences,
    )
    return page, not_done.status


def _form_page(shown: SeatShown, form: KeyedForm, *, heading: str, submit: str) -> ResponseReturnValue:
    """A page with one form that does one act."""
    back_url = url_for("seats.show", enrolment=shown.id)
    page = render_template("roster/form.html", form=form, heading=heading, back_url=back_url, submit=submit)
    return page, status(form)
