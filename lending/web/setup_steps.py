"""The steps from an empty library to its first check-out, a page each; all of it can be changed on its own page later.

Source: SCREENS, "A first-run wizard to the first loan in ten minutes".
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import DateField, IntegerField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lending.circulation.patrons import register
from lending.domain.actors import Actor
from lending.domain.barcodes import read
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.programs.cohorts import plan_cohort
from lending.programs.enrolment import enrol
from lending.programs.pools import PoolPlan
from lending.programs.programs import plan_program
from lending.queries import branches as places
from lending.queries import kits as queries
from lending.queries.branches import BranchShown
from lending.queries.kit_types import PartOfType
from lending.queries.setting_up import first_session, set_up
from lending.queries.staff import stations
from lending.web import current
from lending.web.access import allow
from lending.web.branches import BranchForm, open_branch
from lending.web.forms import DayField, KeyedForm, fill
from lending.web.hours import USUAL, offer_zones
from lending.web.kit_type_form import with_parts
from lending.web.kit_types import make_type
from lending.web.new_kits import LabelsForm, fill_codes, next_code, unpack
from lending.web.posting import posted, status

bp = Blueprint("setup_steps", __name__, url_prefix="/setup")

STEPS = ("branch", "kit_type", "kits", "labels", "lending", "patron", "ready")
"""The pages after the first, in their order."""

_NEEDED = lazy_gettext("Fill this in.")
_PROGRAM = "work-ready"
_WEEKS = 6
_PARTS = (
    (lazy_gettext("Laptop"), True, 30_000, False),
    (lazy_gettext("Hotspot"), True, 9_000, False),
    (lazy_gettext("Laptop charger"), True, 4_000, False),
    (lazy_gettext("Hotspot charger"), True, 1_500, False),
    (lazy_gettext("Carrying case"), True, 2_500, True),
    (lazy_gettext("Headphones"), False, 0, False),
    (lazy_gettext("Planner and notebook"), False, 0, False),
)
"""What a Work Ready kit holds: its name, whether it comes back, its price in cents, whether it is billed alone."""


class KitsForm(KeyedForm):
    """The first kits."""

    count = IntegerField(
        lazy_gettext("How many kits are there?"),
        default=10,
        validators=[InputRequired(_NEEDED), NumberRange(1, 200, message=lazy_gettext("From 1 to 200 at a time."))],
    )
    first = StringField(
        lazy_gettext("First code"),
        description=lazy_gettext("The others count up from it. You print the labels on the next page."),
        validators=[InputRequired(_NEEDED), Length(max=32)],
    )


class LendingForm(KeyedForm):
    """How the kits are lent: to anybody, or to the people of a session."""

    how = RadioField(
        lazy_gettext("Who borrows them?"),
        default="open",
        choices=[
            SelectChoice("open", lazy_gettext("Anybody, for six weeks")),
            SelectChoice("session", lazy_gettext("The people of a session, for as long as it runs")),
        ],
    )
    name = StringField(
        lazy_gettext("Name of the session"),
        default=lazy_gettext("Work Ready 1"),
        validators=[Optional(), Length(max=120)],
    )
    starts_on = DayField(lazy_gettext("First day"), validators=[Optional()])
    capacity = IntegerField(lazy_gettext("Seats"), default=20, validators=[Optional(), NumberRange(1, 100_000)])


class FirstPatronForm(KeyedForm):
    """The first person who borrows a kit."""

    card = StringField(
        lazy_gettext("Library card"),
        description=lazy_gettext("Scan it, or type the number under the barcode."),
        validators=[InputRequired(_NEEDED), Length(max=80)],
    )
    name = StringField(lazy_gettext("Name"), validators=[InputRequired(_NEEDED), Length(max=160)])
    birth_date = DateField(lazy_gettext("Date of birth"), validators=[InputRequired(_NEEDED)])


@bp.get("/next")
@allow(Act.ADMINISTER)
def go_on() -> ResponseReturnValue:
    """To the first step that is not done."""
    with current.library().db.read() as session:
        done = set_up(session)
    open_steps = {"branch": done.branch, "kit_type": done.kit_type, "kits": done.kit, "patron": done.patron}
    step = next((name for name, is_done in open_steps.items() if not is_done), "ready")
    return redirect(url_for(f"setup_steps.{step}"))


@bp.route("/branch", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def branch() -> ResponseReturnValue:
    """The first library, with its hours and a station."""
    form = BranchForm()
    offer_zones(form.zone)
    if request.method == "GET":
        fill(form, {"zone": current.library().settings.zone, "code": "MAIN"})
        form.show_hours(USUAL)
    if posted(form, lambda session, at, by: open_branch(session, form.plan(), at, by)):
        return redirect(url_for("setup_steps.kit_type"), 303)
    return _page("branch", form, _("Where do you lend kits?")), status(form)


@bp.route("/kit-type", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def kit_type() -> ResponseReturnValue:
    """What a kit holds; the Work Ready kit is proposed."""
    form = with_parts(len(_PARTS) + 1)()
    form.offer_statements([])
    if request.method == "GET":
        fill(form, {"name": _("Work Ready kit"), "code": _PROGRAM, "price": 470})
        parts = [PartOfType(str(name), 1, back, price, alone, None) for name, back, price, alone in _PARTS]
        form.show_parts(parts, there=False)
    if posted(form, lambda session, at, by: make_type(session, form.code.data or "", form.plan(), at, by)):
        return redirect(url_for("setup_steps.kits"), 303)
    return _page("kit_type", form, _("What is in a kit?")), status(form)


@bp.route("/kits", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def kits() -> ResponseReturnValue:
    """The first kits, with codes."""
    form, place, kind = KitsForm(), _place(), _kind()
    if request.method == "GET":
        fill(form, {"first": next_code()})
    made: list[str] = []

    def do(session: Session, at: datetime, by: Actor) -> None:
        made[:] = unpack(session, form, place.branch_id, kind, at, by)

    if posted(form, do):
        return redirect(url_for("setup_steps.labels", codes=" ".join(made)), 303)
    return _page("kits", form, _("Your kits")), status(form)


@bp.get("/labels")
@allow(Act.ADMINISTER)
def labels() -> ResponseReturnValue:
    """Print the labels, or do it later."""
    form = LabelsForm(meta={"csrf": False})
    fill_codes(form)
    return _page("labels", form, _("Labels for your kits"), next_url=url_for("setup_steps.lending"))


@bp.route("/lending", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def lending() -> ResponseReturnValue:
    """Open loans, or a first session with all kits."""
    form = LendingForm()
    if request.method == "GET":
        fill(form, {"starts_on": _next_monday(current.today())})
    place, kind = _place(), _kind()

    def do(session: Session, at: datetime, by: Actor) -> None:
        _plan(session, form, place, kind, at, by)

    # Open loans need nothing more: there is no act then, which would take a key and leave nothing on the journal.
    is_open = form.how.data == "open"
    if form.validate_on_submit() if is_open else posted(form, do):
        return redirect(url_for("setup_steps.patron"), 303)
    return _page("lending", form, _("Who borrows your kits?")), status(form)


@bp.route("/patron", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def patron() -> ResponseReturnValue:
    """The first patron, who gets a seat in the session if there is one."""
    form, place = FirstPatronForm(), _place()

    def do(session: Session, at: datetime, by: Actor) -> None:
        card = read(form.card.data, current.spaces())
        details = {"name": form.name.data, "birth_date": form.birth_date.data, "language": current.locale()}
        register(session, card=card, details=details, home_branch_id=place.branch_id, at=at, by=by)
        planned = first_session(session)
        if planned is not None:
            enrol(session, patron=card.text, cohort=planned, pickup_branch_id=place.branch_id, at=at, by=by)

    if posted(form, do):
        return redirect(url_for("setup_steps.ready"), 303)
    return _page("patron", form, _("Your first patron")), status(form)


@bp.get("/ready")
@allow(Act.ADMINISTER)
def ready() -> ResponseReturnValue:
    """The library can lend: which kit to scan, and the way to the desk."""
    place = _place()
    with current.library().db.read() as session:
        here = stations(session, [place.branch_id])
        kits = queries.kit_list(session, branch_ids=None, limit=1).kits
    if current.station() is None and len(here) == 1:
        current.stand_at(here[0], current.person())
    return _page("ready", None, _("Ready to lend"), kit=kits[0].code if kits else None, place=place.name)


def _plan(session: Session, form: Any, place: BranchShown, kind: str, at: datetime, by: Actor) -> None:
    """A program, and its first session with every kit."""
    if not form.starts_on.data:
        raise Refused.because(Reason.VALUE_MISSING, field="starts_on")
    plan_program(session, code=_PROGRAM, name=_("Work Ready"), agreement_code="borrowing", at=at, by=by)
    kits = queries.kit_list(session, branch_ids=[place.branch_id], kit_type=kind).total
    plan_cohort(
        session,
        code="WR-1",
        program=_PROGRAM,
        name=form.name.data or _("Work Ready 1"),
        starts_on=form.starts_on.data,
        ends_on=form.starts_on.data + timedelta(weeks=_WEEKS, days=-3),
        capacity=form.capacity.data or 20,
        pools=[PoolPlan(place.branch_id, kind, kits)],
        pickup_from=min(form.starts_on.data, current.today()),
        spaces=current.spaces(),
        at=at,
        by=by,
    )


def _next_monday(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())


def _place() -> BranchShown:
    """The first library; its step comes first."""
    with current.library().db.read() as session:
        found = places.branches(session)
    if not found:
        raise Refused.because(Reason.NOT_FOUND)
    return found[0]


def _kind() -> str:
    with current.library().db.read() as session:
        found = places.kit_types(session)
    if not found:
        raise Refused.because(Reason.NOT_FOUND)
    return found[0].code


def _page(step: str, form: Any, heading: str, **more: Any) -> str:
    number = STEPS.index(step) + 2
    return render_template(
        f"setup/{step}.html", form=form, heading=heading, number=number, steps=len(STEPS) + 1, **more
    )
