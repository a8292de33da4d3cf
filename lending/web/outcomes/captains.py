"""The captains of a session: named by card or by name, and taken back.

Source: RULES 0 (COOP Careers: alumni captains); issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import StringField
from wtforms.validators import Length, Optional

from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, hidden_as
from lending.models.base import new_public_id
from lending.programs.captains import LONGEST_NAME, name_captain, remove_captain
from lending.queries.captains import captains_of
from lending.queries.codes import card_number
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm
from lending.web.posting import NotDone, posted, pressed, status

bp = Blueprint("captains", __name__, url_prefix="/sessions")


class CaptainForm(KeyedForm):
    """Somebody with a card, or without one."""

    card = StringField(
        lazy_gettext("Library card"),
        description=lazy_gettext("Scan it. Whoever took part before is then counted as somebody who came back."),
        validators=[Optional(), Length(max=80)],
    )
    name = StringField(
        lazy_gettext("Or a name"),
        description=lazy_gettext("Of somebody without a library card."),
        validators=[Optional(), Length(max=LONGEST_NAME)],
    )


@bp.route("/<code>/captains", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def page(code: str) -> ResponseReturnValue:
    """Who coaches a session, and naming somebody."""
    form = CaptainForm()

    def do(session: Session, at: datetime, by: Actor) -> None:
        raw = (form.card.data or "").strip()
        card = card_number(session, raw, current.library().spaces) if raw else None
        named = (form.name.data or "").strip() or None
        with hidden_as(Reason.NOT_FOUND):  # another programme's session looks as if there were none
            name_captain(session, cohort=code, patron=card, name=named, at=at, by=by)

    if posted(form, do):
        flash(_("Named."), "done")
        return redirect(url_for(".page", code=code), 303)
    return _page(code, form)


@bp.post("/<code>/captains/<captain>/remove")
@allow(Act.PLAN_COHORT)
def remove(code: str, captain: str) -> ResponseReturnValue:
    """Take back that somebody coaches."""

    def do(session: Session, at: datetime, by: Actor) -> None:
        with hidden_as(Reason.NOT_FOUND):
            remove_captain(session, captain=captain, at=at, by=by)

    not_done = pressed(do)
    if not_done is not None:
        return _page(code, CaptainForm(formdata=None), not_done)
    flash(_("Taken back."), "done")
    return redirect(url_for(".page", code=code), 303)


def _page(code: str, form: CaptainForm, not_done: NotDone | None = None) -> ResponseReturnValue:
    with current.library().db.read() as session:
        found = captains_of(session, code, by=current.actor())
    page = render_template(
        "outcomes/captains.html",
        session=found,
        form=form,
        key=new_public_id(),
        problems=() if not_done is None else not_done.sentences,
    )
    return page, status(form) if not_done is None else not_done.status
