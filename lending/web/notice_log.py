"""The page of the log of notices: what was sent, what waits, what failed; red while something does not get out.

Source: SCREENS, "jobs and notices log that turns red when a run is late".
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import SelectField
from wtforms.validators import Optional

from lending.domain.names import short_name
from lending.domain.permissions import Act
from lending.models.notices import Carrier, Channel, NoticeState
from lending.notice_words import MESSAGES
from lending.phrases import N_
from lending.queries.notice_log import NoticeLogged, health, notice_log
from lending.web import current
from lending.web.access import allow
from lending.web.forms import PageForm, offer
from lending.web.outgoing import NOTICES

bp = Blueprint("notice_log", __name__)

PAGE = 50
CHANNELS = {
    Channel.EMAIL: N_("E-mail"),
    Channel.TEXT: N_("Text message"),
    Channel.LETTER: N_("Letter"),
    Channel.CALL: N_("Telephone"),
}
CARRIERS = {
    Carrier.SMTP: N_("mail server"),
    Carrier.GATEWAY: N_("text gateway"),
    Carrier.PRINTED: N_("printed"),
    Carrier.CALLED: N_("on the list of calls"),
    Carrier.LOG: N_("nobody: no server is set up"),
}
Choice = TypeVar("Choice", bound=StrEnum)


class LogFilter(PageForm):
    """Which notices are listed."""

    class Meta:
        csrf = False  # it only reads

    state = SelectField(lazy_gettext("State"), validators=[Optional()])
    channel = SelectField(lazy_gettext("Way"), validators=[Optional()])
    step = SelectField(lazy_gettext("Notice"), validators=[Optional()])


@bp.get("/administration/notices/log")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """The newest notices that fit the filter."""
    form = LogFilter(request.args)
    offer(form.state, [("", _("All")), *((state.value, _(words)) for state, (_tone, words) in NOTICES.items())])
    offer(form.channel, [("", _("All")), *((channel.value, _(words)) for channel, words in CHANNELS.items())])
    offer(form.step, [("", _("All")), *((code, _(message.title)) for code, message in MESSAGES.items())])
    before = request.args.get("before", "")
    with current.library().db.read() as session:
        found = notice_log(
            session,
            state=_chosen(NoticeState, form.state.data),
            channel=_chosen(Channel, form.channel.data),
            step=form.step.data or None,
            before=int(before) if before.isdecimal() and len(before) < 16 else None,
            limit=PAGE + 1,
        )
        now = health(session, at=current.now())
    kept: dict[str, Any] = {name: value for name in ("state", "channel", "step") if (value := request.args.get(name))}
    older = url_for(".index", **kept, before=found[PAGE - 1].id) if len(found) > PAGE else None
    return render_template(
        "notices/log.html", form=form, notices=[_line(one) for one in found[:PAGE]], older_url=older, health=now
    )


def _chosen(kind: type[Choice], value: str | None) -> Choice | None:
    """The member that was chosen; what is none chooses all."""
    return next((member for member in kind if member.value == value), None)


def _line(one: NoticeLogged) -> dict[str, Any]:
    reader, (tone, words) = current.reader(), NOTICES[one.state]
    message = MESSAGES.get(one.step)
    return {
        "title": _(message.title) if message else one.step,
        "channel": _(CHANNELS[one.channel]),
        "tone": tone,
        "state": _(words),
        "carrier": None if one.carrier is None else _(CARRIERS[one.carrier]),
        "problem": one.problem,
        "tries": one.tries,
        "at": reader.moment(one.sent_at or one.due_at),
        "patron": None if one.patron_name is None else short_name(one.patron_name),
        "patron_url": None if one.patron is None else url_for("patrons.show", public_id=one.patron),
    }
