"""Today: the numbers that say what to do this morning, each leading to the things that it counts.

Desk staff see this page and no other report. Source: SCREENS, "Today"; the permission sheet, "see counts: today only".
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.domain.permissions import Act
from lending.phrases import Reader
from lending.queries import today as queries
from lending.queries.today import OF_PROGRAMS, Row, Today, Wait
from lending.reporting.report import Figure, Number, Report, Section, Unit
from lending.web import current
from lending.web.access import allow
from lending.web.reports import circulation, funnels, showing
from lending.web.reports.choosing import Choice, chosen
from lending.web.reports.frame import voice, ways
from lending.web.tasks import KINDS

bp = Blueprint("today", __name__, url_prefix="/reports")


@bp.get("")
@bp.get("/today")
@allow(Act.SEE_TODAY)
def page() -> ResponseReturnValue:
    """What waits at the person's libraries, or at one of them."""
    choice = chosen()
    leads_several = choice.led_program_id is not None and len(choice.programs) > 1
    filters = ("branch", "program") if leads_several else ("branch",)
    return showing.page(_report(choice), choice, endpoint="today.page", filters=filters)


@bp.get("/today.<any(csv,xlsx):form>")
@allow(Act.EXPORT_STATISTICS)
def file(form: str) -> ResponseReturnValue:
    """The same numbers as a file."""
    return showing.file(_report(chosen()), form)


@bp.get("/today/<wait>")
@allow(Act.SEE_TODAY)
def rows(wait: str) -> ResponseReturnValue:
    """The things that a number counts, the most urgent first."""
    choice = chosen()
    if wait not in _shown(choice):
        abort(404)
    which = Wait(wait)
    with current.library().db.read() as session:
        found = queries.rows(session, which, choice.places, at=current.now(), program_id=choice.led_program_id)
    return render_template(
        "reports/waiting.html",
        title=_titles()[which],
        lines=[_line(row, which) for row in found],
        what_at=_instants()[which],
        has_codes=which in (Wait.PICK_UP, Wait.PULL),
        has_tasks=which is Wait.TASKS,
        work=_work(which),
        choice=choice,
        back=url_for(".page", **choice.narrowing),
        ways=ways("today.page", {}),
    )


def _report(choice: Choice) -> Report:
    reads = current.may_anywhere(Act.SEE_COUNTS)
    with current.library().db.read() as session:
        branch = choice.branch.code if choice.branch is not None else None
        found = queries.today(session, choice.places, branch=branch, at=current.now(), program_id=choice.led_program_id)
        sections = _sections(session, choice) if reads else ()
    reader = current.reader()
    return Report(
        name="today",
        title=_("Today"),
        period=_sentence(reader.weekday(choice.today)),
        made_at=current.now(),
        narrowed=choice.narrowed(),
        figures=_figures(found, choice),
        sections=sections,
        on=choice.today,
    )


def _sections(session: Session, choice: Choice) -> tuple[Section, ...]:
    """What a manager wants to know besides: how the months go, and how far the sessions under way have come."""
    return circulation.recent(session, choice), *funnels.under_way(session, choice)


def _shown(choice: Choice) -> frozenset[Wait]:
    """What the person is told of: a lead of their own program alone, and so not of the kits of a library."""
    return frozenset(Wait) if choice.led_program_id is None else OF_PROGRAMS


def _sentence(words: str) -> str:
    """A day at the beginning of a line; Spanish writes its days small."""
    return words[:1].upper() + words[1:]


def _figures(found: Today, choice: Choice) -> tuple[Figure, ...]:
    spoken, shown = voice(), _shown(choice)

    def wait(
        which: Wait, name: str, definition: str, note: str = "", *, unit: Unit = Unit.PEOPLE
    ) -> tuple[Figure, ...]:
        if which not in shown:
            return ()
        url = url_for(".rows", wait=which.value, **choice.narrowing)
        late = which is Wait.OVERDUE and found.waits[which] > 0
        return (Figure(name, Number(found.waits[which], unit, url=url), definition, note=note, late=late),)

    closing = spoken.ngettext(
        "%(num)s goes back by tomorrow evening", "%(num)s go back by tomorrow evening", found.closing
    )
    free = Figure(
        _("free"),
        Number(found.free, Unit.THINGS, url=url_for("kits.index", state="available", **choice.narrowing)),
        _("Kits that may be lent now. In service: all that belong here and are not lost, missing or withdrawn."),
        note=_("of %(kits)s in service", kits=spoken.count(found.in_service)),
    )
    return (
        *wait(
            Wait.PICK_UP,
            _("to pick up"),
            _("Kits on the hold shelf that somebody may collect."),
            closing % {"num": spoken.count(found.closing)} if found.closing else "",
        ),
        *wait(
            Wait.DUE,
            _("due today"),
            _("Kits that are out and due before the day is over, and are not overdue yet."),
        ),
        *wait(
            Wait.OVERDUE,
            _("overdue"),
            _("Kits that are out after they were due. Lost kits and those said to be returned are not among them."),
            _oldest(found),
        ),
        *wait(
            Wait.INSPECT,
            _("to inspect"),
            _("Kits that came back and wait for their inspection here."),
            _since(found),
            unit=Unit.THINGS,
        ),
        *(() if choice.led_program_id is not None else (free,)),
        *wait(
            Wait.PULL,
            _("to pull for the shelf"),
            _("People with the promise of a kit that is not on the shelf yet, up to a week before pick-up begins."),
        ),
        *wait(
            Wait.QUEUED,
            _("waiting for a kit"),
            _("People in a queue without the promise of a kit."),
        ),
        *wait(
            Wait.TASKS,
            _("tasks"),
            _("What a person has to see to: calls, repairs, lines, parts. Those that may wait are among them."),
            unit=Unit.THINGS,
        ),
    )


def _oldest(found: Today) -> str:
    if found.oldest_due is None:
        return ""
    # By the calendar, as the ladder counts: what was due last night is a day overdue this morning.
    due_on = found.oldest_due.astimezone(ZoneInfo(current.reader().zone)).date()
    days = (current.today() - due_on).days
    return str(_("oldest: %(days)s", days=voice().days(days))) if days else str(_("since today"))


def _since(found: Today) -> str:
    if found.inspect_since is None:
        return ""
    hours = (current.now() - found.inspect_since) / timedelta(hours=1)
    return str(_("the first for %(time)s", time=voice().hours(max(hours, 1))))


def _titles() -> dict[Wait, str]:
    return {
        Wait.PICK_UP: _("To pick up"),
        Wait.DUE: _("Due today"),
        Wait.OVERDUE: _("Overdue"),
        Wait.INSPECT: _("To inspect"),
        Wait.PULL: _("To pull for the shelf"),
        Wait.QUEUED: _("Waiting for a kit"),
        Wait.TASKS: _("Tasks"),
    }


def _instants() -> dict[Wait, str]:
    return {
        Wait.PICK_UP: _("On the shelf until"),
        Wait.DUE: _("Due"),
        Wait.OVERDUE: _("Due"),
        Wait.INSPECT: _("Back since"),
        Wait.PULL: _("Asked for"),
        Wait.QUEUED: _("Asked for"),
        Wait.TASKS: _("Since"),
    }


def _work(which: Wait) -> tuple[str, str] | None:
    """Where the work is done, for those who may do it."""
    where: dict[Wait, tuple[str, str, dict[str, Any]]] = {
        Wait.PICK_UP: (_("Shelf"), "shelf.shelf", {"tab": "ready"}),
        Wait.PULL: (_("Shelf"), "shelf.shelf", {}),
        Wait.OVERDUE: (_("Overdue calls"), "calls.show", {}),
        Wait.INSPECT: (_("Inspection"), "inspection.cart", {}),
        Wait.TASKS: (_("Tasks"), "tasks.index", {}),
    }
    if which not in where or not current.may_anywhere(Act.CIRCULATE):
        return None
    words, endpoint, values = where[which]
    return words, url_for(endpoint, **values)


def _line(row: Row, which: Wait) -> dict[str, str | None]:
    """A row as the list shows it: a day where the day matters, the moment where the hour does."""
    reader = Reader(current.reader().gettext, current.locale(), row.zone)
    moment = None
    if row.at is not None:
        days = which in (Wait.PULL, Wait.QUEUED, Wait.TASKS) or abs(current.now() - row.at) > timedelta(days=7)
        moment = reader.day_and_year(row.at.astimezone(ZoneInfo(row.zone))) if days else reader.moment(row.at)
    return {
        "kit": row.kit,
        "url": url_for("kits.show", barcode=row.kit) if row.kit is not None else None,
        "kit_type": row.kit_type,
        "session": row.session,
        "branch": row.branch,
        "code": row.code,
        "at": moment,
        "task": str(KINDS[row.task]) if row.task is not None else None,
    }
