"""Somebody asks for records of patrons: what to say, writing it down in a minute, and deciding.

Source: RULES 8, "Requests are logged and routed"; RULES 10, case 13.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from lending.circulation import records_requests as verbs
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.models.privacy import Authority, RequestAbout, RequestDecision, RequestFrom
from lending.queries import branches as places
from lending.queries import records_requests as queries
from lending.queries.records_requests import RequestShown
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm
from lending.web.posting import posted, status
from lending.web.privacy.sheets import csv_answer
from lending.web.privacy.words import ABOUT, AUTHORITY, DECISIONS, FROM

bp = Blueprint("records_requests", __name__, url_prefix="/records-requests")

_NEEDED = lazy_gettext("Fill this in.")


class RequestForm(KeyedForm):
    """Who asks, for what, and what they show."""

    branch = SelectField(lazy_gettext("Library"), validators=[InputRequired(_NEEDED)])
    kind = RadioField(lazy_gettext("Who asks"), validators=[InputRequired(_NEEDED)])
    about = RadioField(lazy_gettext("What they ask for"), validators=[InputRequired(_NEEDED)])
    authority = RadioField(lazy_gettext("What they show"), default=Authority.NONE.value)
    asker = StringField(
        lazy_gettext("Their name and office"),
        description=lazy_gettext("As they say it. It stays inside the library."),
        validators=[Optional(), Length(max=160)],
        render_kw={"autocomplete": "off"},
    )
    routed_to = StringField(
        lazy_gettext("Sent on to"),
        description=lazy_gettext("Such as the manager or the county's lawyers."),
        validators=[Optional(), Length(max=160)],
    )
    note = TextAreaField(
        lazy_gettext("Note"),
        description=lazy_gettext("Write no patron's name."),
        validators=[Optional(), Length(max=500)],
        render_kw={"rows": 3},
    )


class DecisionForm(KeyedForm):
    """What the library decides, and for what that was shown."""

    authority = RadioField(lazy_gettext("What they show"), validators=[InputRequired(_NEEDED)])
    decision = RadioField(lazy_gettext("Decision"), validators=[InputRequired(_NEEDED)])
    routed_to = StringField(lazy_gettext("Sent on to"), validators=[Optional(), Length(max=160)])


@bp.get("")
@allow(Act.FIND_PATRON)
def index() -> ResponseReturnValue:
    """Every request of one's branches, those that wait first."""
    with current.library().db.read() as session:
        found = queries.requests_shown(session, current.branch_ids())
    return render_template(
        "privacy/requests.html",
        requests=[_line(one) for one in found],
        may_export=current.may_anywhere(Act.MERGE_PATRONS),
    )


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.FIND_PATRON)
def new() -> ResponseReturnValue:
    """What to say, and writing the request down."""
    form, own = RequestForm(), current.branch_ids()
    with current.library().db.read() as session:
        here = {one.code: one for one in places.branches(session) if own is None or one.branch_id in own}
    form.branch.choices = [SelectChoice(one.code, one.name) for one in here.values()]
    _offer(form, kind=FROM, about=ABOUT, authority=AUTHORITY)
    stands_at = current.station()
    if not form.is_submitted():
        form.about.data = request.args.get("about")
        if stands_at is not None and stands_at.branch_code in here:
            form.branch.data = stands_at.branch_code

    def do(session: Session, at: datetime, by: Actor) -> None:
        verbs.log_request(
            session,
            branch_id=here[form.branch.data].branch_id,
            kind=RequestFrom(form.kind.data),
            about=RequestAbout(form.about.data),
            authority=Authority(form.authority.data),
            asker=form.asker.data or "",
            note=form.note.data or "",
            routed_to=form.routed_to.data or "",
            at=at,
            by=by,
        )

    if posted(form, do):
        flash(_("Written down. A manager answers."), "done")
        return redirect(url_for(".index"), 303)
    return render_template("privacy/new_request.html", form=form), status(form)


@bp.route("/<request_id>", methods=["GET", "POST"])
@allow(Act.FIND_PATRON)
def show(request_id: str) -> ResponseReturnValue:
    """One request; for managers the decision."""
    form = DecisionForm()
    _offer(form, authority=AUTHORITY, decision=DECISIONS)
    with current.library().db.read() as session:
        found = queries.request_shown(session, request_id, current.branch_ids())
    if found is None:
        abort(404)
    if not form.is_submitted():
        form.authority.data, form.routed_to.data = found.authority.value, found.routed_to

    def do(session: Session, at: datetime, by: Actor) -> None:
        verbs.decide_request(
            session,
            request=request_id,
            decision=RequestDecision(form.decision.data),
            authority=Authority(form.authority.data),
            routed_to=form.routed_to.data or "",
            at=at,
            by=by,
        )

    if posted(form, do):
        flash(_("Saved."), "done")
        return redirect(url_for(".index"), 303)
    may = found.decision is None and current.may_anywhere(Act.MERGE_PATRONS)
    page = render_template("privacy/request.html", form=form if may else None, one=_line(found), facts=_facts(found))
    return page, status(form)


@bp.get("/list.csv")
@allow(Act.MERGE_PATRONS)
def export() -> Response:
    """The list without names, for the yearly report."""
    with current.library().db.read() as session:
        found = queries.requests_shown(session, current.branch_ids(), limit=None)
    heads = (_("Asked on"), _("Library"), _("Who asks"), _("What they ask for"), _("What they show"))
    more = (_("Sent on to"), _("Decision"), _("Decided on"))
    lines = ([*_told(one).values()] for one in found)
    return csv_answer("records-requests.csv", [[*heads, *more], *lines])


def _offer(form: KeyedForm, **words: Mapping[Any, str]) -> None:
    for name, known in words.items():
        form[name].choices = [SelectChoice(one.value, _(text)) for one, text in known.items()]


def _told(one: RequestShown) -> dict[str, str]:
    """What may leave: no name of anybody."""
    reader = current.reader()
    return {
        "asked": reader.day_and_year(one.asked_at),
        "branch": one.branch,
        "kind": _(FROM[one.kind]),
        "about": _(ABOUT[one.about]),
        "authority": _(AUTHORITY[one.authority]),
        "routed_to": one.routed_to or "",
        "decision": _(DECISIONS[one.decision]) if one.decision else "",
        "decided": reader.day_and_year(one.decided_at) if one.decided_at else "",
    }


def _line(one: RequestShown) -> dict[str, Any]:
    return {**_told(one), "url": url_for(".show", request_id=one.request), "waits": one.decision is None}


def _facts(one: RequestShown) -> Iterable[tuple[str, str]]:
    told = _told(one)
    yield _("Asked on"), told["asked"]
    yield _("Library"), told["branch"]
    yield _("Who asks"), told["kind"]
    yield _("Their name and office"), one.asker or "–"
    yield _("What they ask for"), told["about"]
    yield _("What they show"), told["authority"]
    yield _("Sent on to"), told["routed_to"] or "–"
    yield _("Note"), one.note or "–"
    yield _("Written down by"), one.written_by
    if one.decision is not None:
        yield _("Decision"), f"{told['decision']}, {told['decided']}, {one.decided_by}"
