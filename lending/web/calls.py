"""Overdue calls: one patron at a time, what to say in their language, and one key for what came of it.

Nothing about the kit's contents is said to anybody else. Source: SCREENS, "Overdue calls"; RULES 6.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, lazy_gettext
from flask_babel import gettext as _

from lending.circulation.calls import CallNoted, CallOutcome, note_call
from lending.circulation.patrons import note_look
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.notices import Channel
from lending.notice_words import code_of
from lending.notice_words.rendered import rendered
from lending.phrases import Reader, isolated
from lending.queries.notices import facts_of
from lending.queries.tasks import CallShown, next_call, task
from lending.web import current, languages
from lending.web.access import allow
from lending.web.posting import NotDone, pressed

bp = Blueprint("calls", __name__)

OUTCOMES = {
    CallOutcome.REACHED: lazy_gettext("Reached"),
    CallOutcome.LEFT_A_MESSAGE: lazy_gettext("Left a message"),
    CallOutcome.NO_ANSWER: lazy_gettext("No answer"),
    CallOutcome.WRONG_NUMBER: lazy_gettext("Wrong number"),
}
"""What may come of a call, in the order of the keys 1 to 4."""


@bp.route("/calls", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def show() -> ResponseReturnValue:
    """The next call; with an outcome, note it and go on to the one behind."""
    if request.method != "POST":
        return _next(request.args.get("after", "")[:32] or None)
    asked, outcome = request.form.get("task", "")[:32], request.form.get("outcome", "")
    with current.library().db.read() as session:
        task(session, asked, branch_ids=current.branch_ids())
    if outcome not in set(CallOutcome):
        raise Refused.because(Reason.VALUE_WRONG, field="outcome")
    noted: list[CallNoted] = []
    not_done = pressed(
        lambda session, at, by: noted.append(note_call(session, task=asked, outcome=CallOutcome(outcome), at=at, by=by))
    )
    if not_done is not None:
        return _next(None, not_done)
    flash(_told(noted[0]) if noted else _("Noted."), "done")
    return redirect(url_for("calls.show"), 303)


def _told(noted: CallNoted) -> str:
    if noted.again_at is not None:
        return str(_("Noted. Try again from %(moment)s on.", moment=current.reader().moment(noted.again_at)))
    if noted.outcome is CallOutcome.WRONG_NUMBER:
        return str(_("Noted. The number is removed, and finding the right one is a task now."))
    return str(_("Noted."))


def _next(after: str | None, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    own, at = current.branch_ids(), current.now()
    with current.library().db.read() as session:
        found = next_call(session, branch_ids=own, at=at, after=after)
    if found is not None:
        by, whom = current.actor(at_station=current.station()), found.patron
        current.library().db.act(lambda session: note_look(session, patron=whom, at=at, by=by))
    page = render_template(
        "calls/show.html",
        call=None if found is None else _shown(found),
        skipped=after is not None,
        outcomes=[(outcome.value, words) for outcome, words in OUTCOMES.items()],
        problems=not_done.sentences,
        key=new_public_id(),
    )
    return page, not_done.status


def _shown(call: CallShown) -> dict[str, Any]:
    reader, language = current.reader(), call.language if call.language in languages.codes() else current.locale()
    return {
        "task": call.task,
        "name": call.patron_name,
        "patron_url": url_for("patrons.show", public_id=call.patron),
        "phone": call.phone,
        "spoken": reader.language(call.language),
        "kit": call.kit,
        "kit_url": url_for("kits.show", barcode=call.kit) if call.kit else None,
        "kit_type": call.kit_type,
        "due": reader.day_and_year(call.due_at) if call.due_at else None,
        "late": _days_late(call),
        "tries": call.tries,
        "left": call.left,
        "language": language,
        "direction": languages.direction(language),
        "script": _script(call, language),
        "skip_url": url_for("calls.show", after=call.task) if call.left > 1 else None,
    }


def _days_late(call: CallShown) -> int:
    """How many days ago the kit was due, on the branch's calendar; 0 for one that is not, and where there is none."""
    if call.due_at is None:
        return 0
    zone = ZoneInfo(call.zone)
    return max((current.now().astimezone(zone).date() - call.due_at.astimezone(zone).date()).days, 0)


def _told_in(call: CallShown, reader: Reader) -> list[str]:
    """What the patron is told: the words of a notice that goes by telephone, else that the kit is overdue."""
    if call.notice is not None:
        library = current.library()
        with library.db.read() as session:
            facts = facts_of(session, call.notice, at=current.now())
        code = None if facts is None else code_of(facts)
        if facts is not None and code is not None:
            name = library.own_settings().name
            words = rendered(code, facts, None, library=name, reader=reader, channel=Channel.CALL)
            return list(words.paragraphs)
    if call.due_at is None:
        return []
    return [
        _(
            "The kit you have from us was due on %(day)s. Please bring it back to any of our libraries, and hand it to "
            "a person at the desk.",
            day=reader.day(call.due_at),
        ),
        _("If you cannot bring it back or do not have it any more, tell me, and we will find a way."),
    ]


def _script(call: CallShown, language: str) -> dict[str, Any]:
    """What to say, in the patron's language where the library has it: to the patron, and to anybody else."""
    with force_locale(language):
        reader = Reader(_, language, call.zone)
        library, name = call.branch_name, isolated(call.patron_name)
        message = (
            _("Please ask %(name)s to call us at %(phone)s. Thank you.", name=name, phone=call.branch_phone)
            if call.branch_phone
            else _("Please ask %(name)s to call us. Thank you.", name=name)
        )
        return {
            "open": _("Hello, this is %(library)s. May I speak with %(name)s?", library=library, name=name),
            "told": _told_in(call, reader),
            "message": message,
        }
