"""The jobs' page: who runs what the library does by itself, how each job ran last, and what is late.

Source: SCREENS, "jobs and notices log that turns red when a run is late".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from lending.domain.permissions import Act
from lending.queries.jobs import RunShown, jobs_shown
from lending.web import current
from lending.web.access import allow

bp = Blueprint("jobs", __name__)

WHAT = {
    "overdue": lazy_gettext("Due dates: reminders, overdue notices, lines to suspend, calls, lost kits"),
    "notices": lazy_gettext("Sends the notices that wait"),
    "shelf": lazy_gettext("Ends what nobody picked up, and promises what is free"),
    "offers": lazy_gettext("Passes seats on that nobody took"),
    "workshops": lazy_gettext("Reminds people of tomorrow's workshops"),
    "quarantine": lazy_gettext("Frees the kits that have rested"),
    "cohorts": lazy_gettext("Ends the sessions that are over"),
    "counts": lazy_gettext("Counts the kits of each day that is over"),
    "incomplete": lazy_gettext("Bills the parts that were not brought back"),
    "renewals": lazy_gettext("Renews loans by itself, where the rules say so"),
    "webhooks": lazy_gettext("Tells other programs what happened"),
    "weekly-mail": lazy_gettext("Mails last week's figures on Mondays"),
    "seals": lazy_gettext("Seals the journal"),
    "sign-ins": lazy_gettext("Forgets old sign-ins"),
    "keys": lazy_gettext("Forgets the keys by which a form that is sent twice does its act once"),
    "imports": lazy_gettext("Forgets files that were imported, and those that never were"),
    "privacy": lazy_gettext("Cuts the links between people and what they had, after their days"),
    "ledger": lazy_gettext("Tells administrators that somebody asks to open the sealed ledger"),
    "ping": lazy_gettext("Tells a watchman elsewhere that all is well"),
    "journal-head": lazy_gettext("Keeps the journal's head outside the database"),
    "backup": lazy_gettext("Copies the database"),
}
"""What each job does, for those who do not know it by name."""


@bp.get("/administration/jobs")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """Who leads, and every job."""
    with current.library().db.read() as session:
        found = jobs_shown(session, at=current.now())
    return render_template(
        "jobs/list.html",
        silent=found.silent,
        leader=None if found.holder is None else _leader(found.holder, found.since, found.beat_at),
        jobs=[_line(run) for run in found.runs],
        late=found.late,
        time_of_day=current.reader().moment(current.now()),
    )


def _leader(holder: str, since: datetime | None, beat_at: datetime | None) -> list[tuple[str, str | None]]:
    return [(_("Process"), holder), (_("Since"), _moment(since)), (_("Last sign of life"), _moment(beat_at))]


def _line(run: RunShown) -> dict[str, Any]:
    return {
        "name": run.job.name,
        "what": WHAT.get(run.job.name),
        "every": _("once a day, at %(time)s", time=f"{run.job.time_of_day:%H:%M}")
        if run.job.time_of_day
        else _minutes(run.job.every),
        "began": _moment(run.began_at),
        "succeeded": _moment(run.succeeded_at),
        "done": run.done,
        "problem": run.problem,
        "late": run.late,
    }


def _minutes(every: timedelta) -> str:
    minutes = max(1, round(every / timedelta(minutes=1)))
    said: str = ngettext("every minute", "every %(num)s minutes", minutes)
    return said


def _moment(at: datetime | None) -> str | None:
    return None if at is None else current.reader().moment(at)
