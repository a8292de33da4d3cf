"""A form whose act is previewed: what would move is listed first, and what is confirmed is what was listed.

The first press shows the list, the second, with the list's digest, does it. If the list has changed meanwhile, nothing
is done and the new one is shown. Source: RULES 3 and 4; SCREENS, "with a preview of what they re-date".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation.redating import Moved, Redating, Stays, Thing, Why
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.field_words import FIELDS
from lending.phrases import N_, Reader
from lending.web import current
from lending.web.acting import act_once
from lending.web.forms import KeyedForm
from lending.web.hours import hours_in_words
from lending.web.names import names
from lending.wording import status_of

THINGS: Mapping[Thing, str] = {
    Thing.LOAN: N_("Kit is due"),
    Thing.PROMISE: N_("Kit may be picked up from"),
    Thing.SHELF: N_("Kit waits on the shelf until"),
    Thing.WORKSHOP: N_("Workshop"),
}
WHY: Mapping[Why, str] = {
    Why.COHORT_MOVED: N_("The session is moved."),
    Why.COHORT_CANCELLED: N_("The session is canceled."),
    Why.AS_EARLY_AS_NOTICE_ALLOWS: N_("As early as a week's notice allows."),
    Why.CLOSED: N_("The library is closed that day."),
    Why.NO_NOTICE_LEFT: N_("It would come earlier, and no week is left to give notice."),
    Why.BY_HAND: N_("The date was set for this person."),
    Why.SHORTENED: N_("The person left the session and has a date of their own."),
    Why.LEFT: N_("The person left the session."),
    Why.CLAIMED: N_("The patron says it was returned."),
    Why.LOST: N_("It is lost."),
    Why.HELD_ALREADY: N_("It was held already."),
}
COUNTS: Mapping[str, str] = {
    "seats": N_("People who get a seat, or are offered one"),
    "kits": N_("People who are promised a kit"),
    "seats_end": N_("Seats that end"),
    "waiting_end": N_("Places on the waiting list that end"),
    "promises_end": N_("Promises of a kit that end"),
    "carried": N_("People who go on to the next session"),
    "carried_kits": N_("Places in the queues for its kits"),
}
_APART = frozenset({"csrf_token", "seen", "again"})
_ELSEWHERE = frozenset({Reason.BUSY, Reason.NOT_PERMITTED, Reason.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class Step:
    """How far a form has come: its list is to be shown, or its act is done, or neither."""

    done: bool = False
    preview: Redating | None = None
    outdated: tuple[str, ...] = ()


def in_two_steps(
    form: KeyedForm,
    look: Callable[[Session, datetime, Actor], Redating],
    do: Callable[[Session, datetime, Actor, str], object],
    asks: Callable[[Redating], bool] = lambda found: True,
) -> Step:
    """Show what a form would change, or do it where its list was seen; what is refused stands at the fields.

    What ``asks`` says no to is done at once: nobody has to look at it before.
    """
    if not form.validate_on_submit() or "again" in request.form:
        return Step()
    seen = request.form.get("seen", "")
    try:
        if not seen:
            preview = _look(look)
            if asks(preview):
                return Step(preview=preview)
            seen = preview.digest
        act_once(lambda session, at, by: do(session, at, by, seen))
    except Refused as refused:
        reasons = {block.reason for block in refused.blocks}
        if reasons & _ELSEWHERE:
            raise
        if Reason.PREVIEW_OUTDATED in reasons:
            return Step(preview=_look(look), outdated=tuple(current.sentence(block) for block in refused.blocks))
        form.refuse(refused)
        form.refusal_status = status_of(refused.blocks)
        return Step()
    return Step(done=True)


def preview_page(step: Step, *, heading: str, confirm: str, active: str) -> ResponseReturnValue:
    """The list, with one button that does what it says and one that goes back to the form."""
    assert step.preview is not None  # noqa: S101 - only a step with a list has a page of it
    page = render_template(
        "sessions/preview.html",
        heading=heading,
        confirm=confirm,
        active=active,
        problems=step.outdated,
        given=[(name, value) for name, value in request.form.items(multi=True) if name not in _APART],
        seen=step.preview.digest,
        **shown(step.preview),
    )
    return page, 409 if step.outdated else 200


def shown(found: Redating) -> dict[str, Any]:
    """The list in words, for the page."""
    reader = current.reader()
    return {
        "changed": [
            {
                "what": _(FIELDS.get(line.field, N_("name"))),
                "was": _text(line.field, line.was),
                "becomes": _text(line.field, line.becomes),
            }
            for line in found.changed
        ],
        "moved": [_line(line) | {"becomes": _moment(line, line.becomes)} for line in found.moved],
        "stays": [_line(line) for line in found.stays],
        "closed_on": [reader.day_and_year(on) for on in found.closed_on],
        "counts": [(_(words), found.counts[name]) for name, words in COUNTS.items() if found.counts.get(name)],
    }


def _look(look: Callable[[Session, datetime, Actor], Redating]) -> Redating:
    with current.library().db.read() as session:
        return look(session, current.now(), current.actor())


def _line(line: Moved | Stays) -> dict[str, Any]:
    was = line.was if isinstance(line, Moved) else line.at
    return {
        "label": line.label,
        "thing": _(THINGS[line.thing]),
        "branch": names().branch(line.branch),
        "was": _moment(line, was),
        "why": _(WHY[line.why]),
    }


def _moment(line: Moved | Stays, at: datetime) -> str:
    """A day and time where people are; of a promise the day alone."""
    reader = Reader(current.reader().gettext, current.locale(), line.zone)
    return reader.day_and_year(at) if line.thing is Thing.PROMISE else reader.moment(at)


def _text(field: str, value: str) -> str:
    """What of a plan changes, in words: days with their weekday, languages and libraries by their names."""
    if field == "languages":
        return current.reader().languages(value)
    if field == "pools":
        return names().kits_of(value)
    if field == "hours":
        return _hours(value)
    try:
        return current.reader().day_and_year(date.fromisoformat(value))
    except ValueError:
        return str({"True": _("yes"), "False": _("no")}.get(value, value))


def _hours(value: str) -> str:
    """``Fri, Apr 10, 2026 to Sat, Apr 11, 2026: closed`` of a closing's days and hours; or the hours of a week."""
    if ";" in value:
        return hours_in_words(value)
    span, blank, hours = value.partition(" ")
    if not blank:
        return ""
    first, _slash, last = span.partition("/")
    when = days(date.fromisoformat(first), date.fromisoformat(last))
    how = _("closed") if hours == "closed" else hours
    return f"{when}: {how}"


def days(first: date, last: date) -> str:
    """``Fri, Apr 10, 2026 to Sat, Apr 11, 2026``, or the one day."""
    reader = current.reader()
    if first == last:
        return reader.day_and_year(first)
    return str(_("%(first)s to %(last)s", first=reader.day_and_year(first), last=reader.day_and_year(last)))
