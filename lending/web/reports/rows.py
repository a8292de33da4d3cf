"""The acts behind a figure: each kit that was lent, brought back, renewed, lost; with no word of by whom.

Source: issue "Managers see what circulated", Build 2, "every number linked to its list".
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.domain.counting import Counter
from lending.domain.permissions import Act
from lending.phrases import N_, Reader
from lending.queries.counts import By, circulated
from lending.queries.report_rows import VERBS, Happened, Of, happened, session_names
from lending.reporting import words
from lending.web import current
from lending.web.access import allow
from lending.web.reports.choosing import Choice, chosen, period_words
from lending.web.reports.frame import ways

bp = Blueprint("rows", __name__, url_prefix="/reports")

OPEN_LOANS = "none"
"""What an address says instead of a session's code for loans of no session."""

OF_LOSSES = frozenset({Counter.LATE_RETURN, Counter.LOST, Counter.BILLED, Counter.UNFILLED})
"""What stands on the page of what is late and lost, where the way back leads; the others stand with circulation."""

_CIRCULATION = N_("Circulation"), "circulation.page"
_LOSSES = N_("Overdue and loss"), "losses.page"


@bp.get("/rows")
@allow(Act.SEE_COUNTS)
def page() -> ResponseReturnValue:
    """The acts of one counter in a period, the earliest first, a page at a time."""
    counter = request.args.get("counter", "")
    if counter not in {each.value for each in VERBS}:
        abort(404)
    of, choice = Counter(counter), chosen()
    asked = request.args.get("after", "")
    after = int(asked) if asked.isdecimal() and len(asked) < 16 else 0
    with current.library().db.read() as session:
        asked_for = _asked(of, choice)
        found = happened(session, asked_for, after=after)
        whole = _figure(session, asked_for, choice)
        narrowed = (*choice.narrowed(), *_of_session(session, asked_for.cohort))
    name, definition = words.COUNTERS[of]
    page, endpoint = _LOSSES if of in OF_LOSSES else _CIRCULATION
    given = {**choice.arguments, **{key: request.args[key] for key in ("counter", "cohort") if key in request.args}}
    return render_template(
        "reports/rows.html",
        title=_(name),
        definition=_(definition),
        period=period_words(choice.period, current.reader()),
        narrowed=narrowed,
        whole=whole,
        rows=[_line(row) for row in found.rows],
        several=len(choice.places) > 1,
        next_url=url_for(".page", **given, after=found.after) if found.after else None,
        first_url=url_for(".page", **given) if after else None,
        back=(_(page), url_for(endpoint, **choice.arguments)),
        ways=ways("rows.page", choice.arguments),
    )


def _asked(counter: Counter, choice: Choice) -> Of:
    cohort = request.args.get("cohort")
    return Of(
        counter,
        choice.period,
        choice.places,
        kit_type_id=choice.kit_type_id,
        program_id=choice.program_id,
        cohort="" if cohort == OPEN_LOANS else cohort,
    )


def _figure(session: Session, of: Of, choice: Choice) -> int:
    """The figure that leads here, which the list can be compared with."""
    by = () if of.cohort is None else (By.COHORT,)
    counted = circulated(
        session, choice.branch_ids, of.period, by, kit_type_id=of.kit_type_id, program_id=of.program_id
    )
    return sum(row.n(of.counter) for row in counted if of.cohort is None or row.at[By.COHORT] == of.cohort)


def _of_session(session: Session, cohort: str | None) -> tuple[tuple[str, str], ...]:
    """The session whose acts alone are listed, in words."""
    if cohort is None:
        return ()
    name = session_names(session, {cohort}).get(cohort, cohort) if cohort else str(_("Open loans"))
    return ((_("Session"), name),)


def _line(row: Happened) -> dict[str, Any]:
    reader = Reader(current.reader().gettext, current.locale(), row.zone)
    late = reader.day_and_year(row.recorded_at) != reader.day_and_year(row.at)
    return {
        "at": f"{reader.day_and_year(row.at)}, {reader.hour(row.at)}",
        "written": reader.day_and_year(row.recorded_at) if late else "",
        "kit": row.kit,
        "url": url_for("kits.show", barcode=row.kit) if row.kit is not None else None,
        "kit_type": row.kit_type,
        "session": row.session or "",
        "session_url": url_for("roster.show", code=row.session_code) if row.session_code else None,
        "branch": row.branch,
    }
