"""Programme pages: which there are, and until when each lends, whom it takes and how long it offers a freed seat.

Source: RULES 4, "Programme end date" and "Eligibility"; issue "Kits follow cohorts", Build 1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lending.domain.permissions import Act
from lending.domain.public_survey import Audience
from lending.programs.programs import SEAT_OFFER_HOURS, change_program, plan_program
from lending.queries import cohorts as queries
from lending.queries.agreements import agreements
from lending.queries.cohorts import ProgramShown
from lending.web import current, languages
from lending.web.access import allow
from lending.web.forms import DayField, KeyedForm, fill, offer
from lending.web.posting import posted, status

bp = Blueprint("programs", __name__, url_prefix="/programs")

_NEEDED = lazy_gettext("Fill this in.")

AUDIENCES = {
    Audience.ADULTS: lazy_gettext("Adults, 19 and older"),
    Audience.AGES_12_18: lazy_gettext("Young people, 12 to 18"),
    Audience.AGES_6_11: lazy_gettext("Children, 6 to 11"),
    Audience.AGES_0_5: lazy_gettext("Children, 0 to 5"),
    Audience.GENERAL: lazy_gettext("Everybody, of any age"),
}


class ProgramForm(KeyedForm):
    """What a programme is, and its rules. The questions that it asks have a page of their own."""

    name = StringField(lazy_gettext("Name"), validators=[InputRequired(_NEEDED), Length(max=120)])
    description = TextAreaField(lazy_gettext("Description"), validators=[Optional(), Length(max=2000)])
    agreement_code = SelectField(lazy_gettext("Agreement"), validators=[Optional()])
    ends_on = DayField(lazy_gettext("Last day"), validators=[Optional()])
    last_borrow_on = DayField(lazy_gettext("Last day of borrowing"), validators=[Optional()])
    seat_offer_hours = IntegerField(
        lazy_gettext("Hours a freed seat is offered"),
        description=lazy_gettext("Leave it empty to give it at once."),
        validators=[Optional(), NumberRange(1, 1440)],
    )
    audience = SelectField(
        lazy_gettext("For whom"),
        description=lazy_gettext("The Public Libraries Survey counts sessions by age."),
        validators=[InputRequired(_NEEDED)],
    )
    min_age = IntegerField(lazy_gettext("Youngest age"), validators=[Optional(), NumberRange(0, 120)])
    postal_codes = TextAreaField(
        lazy_gettext("Postal codes"),
        description=lazy_gettext("Apart by blanks. Leave it empty to take people from everywhere."),
        validators=[Optional(), Length(max=10_000)],
    )
    after_program = StringField(
        lazy_gettext("Only after"),
        description=lazy_gettext("The code of a program to complete before."),
        validators=[Optional(), Length(max=32)],
    )
    full_card = BooleanField(lazy_gettext("Only with a full-access card"))

    def details(self, kept: dict[str, Any]) -> dict[str, Any]:
        """What the form says, as the verbs take it; rules that it does not show stay as they are."""
        rules: dict[str, Any] = {name: value for name, value in kept.items() if name == "questions"}
        given = {
            "min_age": self.min_age.data,
            "postal_codes": (self.postal_codes.data or "").split(),
            "after_program": (self.after_program.data or "").strip(),
            "full_card": self.full_card.data,
        }
        rules |= {name: value for name, value in given.items() if value or (name == "min_age" and value == 0)}
        return {
            "name": self.name.data,
            "description": self.description.data or "",
            "agreement_code": self.agreement_code.data or None,
            "eligibility": rules,
            "ends_on": self.ends_on.data,
            "last_borrow_on": self.last_borrow_on.data,
            "seat_offer_hours": self.seat_offer_hours.data,
            "audience": Audience(self.audience.data),
        }


class NewProgramForm(ProgramForm):
    """A programme that is added: also its code."""

    FIRST = ("code",)

    code = StringField(
        lazy_gettext("Code"),
        description=lazy_gettext("Small letters, digits and hyphens, such as work-ready."),
        validators=[InputRequired(_NEEDED), Length(max=32)],
    )


@bp.get("")
@allow(Act.PLAN_COHORT)
def index() -> ResponseReturnValue:
    """The programmes that this person may plan for."""
    with current.library().db.read() as session:
        found = queries.programs(session, by=current.actor())
    return render_template("programs/list.html", programs=[_line(one) for one in found], may_add=_may_add())


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def new() -> ResponseReturnValue:
    """Add a programme."""
    form = NewProgramForm()
    _offer_agreements(form)
    offer(form.audience, [(each.value, label) for each, label in AUDIENCES.items()])
    if request.method == "GET":
        fill(form, {"seat_offer_hours": SEAT_OFFER_HOURS, "audience": Audience.ADULTS})

    def do(session: Any, at: datetime, by: Any) -> None:
        plan_program(session, code=form.code.data.strip(), **form.details({}), at=at, by=by)

    if posted(form, do):
        flash(_("%(name)s is added.", name=form.name.data), "done")
        return redirect(url_for("programs.index"), 303)
    return _form_page(form, heading=_("Add a program"), submit=_("Add it"))


@bp.route("/<code>/edit", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def edit(code: str) -> ResponseReturnValue:
    """Change a programme; loans that exist stay due as they are."""
    with current.library().db.read() as session:
        found = queries.program(session, code, by=current.actor())
    form = ProgramForm()
    _offer_agreements(form)
    offer(form.audience, [(each.value, label) for each, label in AUDIENCES.items()])
    if request.method == "GET":
        names = ("name", "description", "agreement_code", "ends_on", "last_borrow_on", "seat_offer_hours", "audience")
        rules = {**found.eligibility, "postal_codes": " ".join(found.eligibility.get("postal_codes", []))}
        fill(form, {name: getattr(found, name) for name in names} | rules)

    def do(session: Any, at: datetime, by: Any) -> None:
        change_program(session, program=found.code, details=form.details(dict(found.eligibility)), at=at, by=by)

    if posted(form, do):
        flash(_("%(name)s is changed.", name=form.name.data), "done")
        return redirect(url_for("programs.index"), 303)
    return _form_page(form, heading=_("Change %(name)s", name=found.name), submit=_("Save"))


def _offer_agreements(form: ProgramForm) -> None:
    """The agreements that there are, each by its newest title, in English where it has one."""
    with current.library().db.read() as session:
        newest = [one for one in agreements(session) if one.current]
    english_last = sorted(newest, key=lambda one: one.language == languages.SOURCE)
    titles = {one.code: f"{one.title} ({one.code})" for one in english_last}
    offer(form.agreement_code, [("", _("The library's own")), *titles.items()])


def _may_add() -> bool:
    return current.may_anywhere(Act.ADMINISTER)


def _line(found: ProgramShown) -> dict[str, Any]:
    reader = current.reader()
    return {
        "code": found.code,
        "name": found.name,
        "url": url_for("programs.edit", code=found.code),
        "questions": len(found.eligibility.get("questions", ())),
        "questions_url": url_for("questions.index", code=found.code),
        "ends_on": reader.day_and_year(found.ends_on) if found.ends_on else "",
        "last_borrow_on": reader.day_and_year(found.last_borrow_on) if found.last_borrow_on else "",
        "offer": _("%(hours)s hours", hours=found.seat_offer_hours) if found.seat_offer_hours else _("at once"),
    }


def _form_page(form: KeyedForm, *, heading: str, submit: str) -> ResponseReturnValue:
    back_url = url_for("programs.index")
    page = render_template("sessions/edit.html", form=form, heading=heading, submit=submit, back_url=back_url)
    return page, status(form)
