"""The page of inquiries: one key a topic, the last one taken back, a sheet of paper written in, the topics themselves.

A page of its own and not a part of the desk's: the box there keeps every key. Source: RULES 7, "Inquiries".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange

from lending.domain.actors import Actor
from lending.domain.periods import month_of
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.inquiries import InquiryChannel
from lending.programs.inquiries import MOST_AT_ONCE, tally, undo_tally
from lending.queries import inquiries as queries
from lending.queries.inquiries import Inquiries
from lending.web import current
from lending.web.access import allow
from lending.web.forms import DayField, KeyedForm, offer
from lending.web.outcomes.standing import Standing, standing_or_choose, word_of, words_of
from lending.web.outcomes.tallying import Pressed, press, told
from lending.web.posting import posted, status

bp = Blueprint("inquiries", __name__)

UNDO = "-undo"
"""No code of a topic begins like that."""
CHANNELS = {
    InquiryChannel.UNSAID: lazy_gettext("not noted"),
    InquiryChannel.IN_PERSON: lazy_gettext("in person"),
    InquiryChannel.PHONE: lazy_gettext("by telephone"),
}
_NEEDED = lazy_gettext("Fill this in.")


class SheetForm(KeyedForm):
    """Inquiries that were tallied on paper."""

    topic = SelectField(lazy_gettext("Topic"), validators=[InputRequired(_NEEDED)])
    day = DayField(lazy_gettext("Day"), validators=[InputRequired(_NEEDED)])
    count = IntegerField(
        lazy_gettext("How many"),
        description=lazy_gettext("Below 0 takes off what you tallied too much on that day."),
        validators=[InputRequired(_NEEDED), NumberRange(-MOST_AT_ONCE, MOST_AT_ONCE)],
    )
    how = SelectField(
        lazy_gettext("How they asked"),
        choices=[SelectChoice(channel.value, words) for channel, words in CHANNELS.items()],
    )


@bp.route("/inquiries", methods=["GET", "POST"])
@allow(Act.TALLY)
def page() -> ResponseReturnValue:
    """One key a topic, and what this person has tallied today."""
    place = standing_or_choose()
    if not isinstance(place, Standing):
        return place
    if request.method != "POST":
        return _page(place, SheetForm(None))

    def do(session: Session, at: datetime, by: Actor, asked: Pressed) -> None:
        if asked.code == UNDO:
            undo_tally(session, branch_id=place.branch_id, at=at, by=by)
            return
        channel = _channel(asked.more["channel"])
        tally(session, branch_id=place.branch_id, topic=asked.code, channel=channel, at=at, by=by)

    asked = press(do)
    counts = _today(place)
    if request.is_json:
        return told(asked, _said(asked.code, counts), counts)
    if asked.problems:
        return _page(place, SheetForm(None), asked)
    flash(_said(asked.code, counts), "done")
    return redirect(url_for(".page", last=asked.code, channel=asked.more["channel"] or None), 303)


@bp.post("/inquiries/sheets")
@allow(Act.TALLY)
def sheet() -> ResponseReturnValue:
    """Write in what was tallied on paper."""
    place = standing_or_choose()
    if not isinstance(place, Standing):
        return place
    form = _sheet_form()

    def do(session: Any, at: Any, by: Any) -> None:
        tally(
            session,
            branch_id=place.branch_id,
            topic=form.topic.data,
            channel=_channel(form.how.data),
            n=form.count.data,
            on=form.day.data,
            at=at,
            by=by,
        )

    if posted(form, do):
        flash(_("Tallied for %(day)s.", day=current.reader().day(form.day.data)), "done")
        return redirect(url_for(".page"), 303)
    return _page(place, form)


def _sheet_form() -> SheetForm:
    form = SheetForm()
    offer(form.topic, list(_topics().items()))
    return form


def _page(place: Standing, form: SheetForm, asked: Pressed | None = None) -> ResponseReturnValue:
    topics, last = _topics(), request.args.get("last", "")
    offer(form.topic, list(topics.items()))
    if not form.is_submitted():
        form.day.data = place.today
    counts, chosen = _today(place), request.args.get("channel") or InquiryChannel.UNSAID.value
    month = _month(place)
    shown = render_template(
        "outcomes/inquiries.html",
        place=place,
        topics=[
            {"code": code, "name": name, "count": counts.get(code, 0), "focused": code == last or (not last and n == 0)}
            for n, (code, name) in enumerate(topics.items())
        ],
        total=sum(counts.values()),
        channels=[(channel.value, words, channel.value == chosen) for channel, words in CHANNELS.items()],
        sees_month=month is not None,
        month=None if month is None else month.total,
        by_topic=[] if month is None else [(word_of(code, topics), n) for code, n in month.by_topic.items()],
        own=queries.own_alone(current.actor()) is not None,
        form=form,
        problems=() if asked is None else asked.problems,
        key=new_public_id(),
        undo=UNDO,
        may_change=current.may_anywhere(Act.ADMINISTER),
    )
    code = status(form) if form.is_submitted() and request.path.endswith("/sheets") else 200
    return shown, asked.status if asked is not None else code


def _month(place: Standing) -> Inquiries | None:
    """This month here, for whoever may see counts; for a counsellor their own. ``None`` for everybody else."""
    own = queries.own_alone(current.actor())
    if own is None and not current.may(Act.SEE_COUNTS, place.branch_id):
        return None
    with current.library().db.read() as session:
        return queries.inquiries(session, frozenset({place.branch_id}), month_of(place.today), staff_id=own)


def _topics() -> dict[str, str]:
    return words_of(current.library().own_settings().inquiry_topics)


def _channel(value: str) -> InquiryChannel:
    try:
        return InquiryChannel(value or InquiryChannel.UNSAID)
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field="channel") from None


def _today(place: Standing) -> dict[str, int]:
    """What this person has tallied today, for every topic of the page."""
    with current.library().db.read() as session:
        found = queries.tallied_today(
            session, branch_id=place.branch_id, staff_id=current.person().staff_id, day=place.today
        )
    return {code: found.get(code, 0) for code in {**dict.fromkeys(_topics(), 0), **found}}


def _said(code: str, counts: dict[str, int]) -> str:
    if code == UNDO:
        return str(_("The last one is taken back. Today: %(count)s.", count=sum(counts.values())))
    return str(_("%(topic)s: %(count)s today.", topic=word_of(code, _topics()), count=counts.get(code, 0)))
