"""Survey pages for staff: how many agree, what people wrote, and the sheet with the link and the QR code for the room.

Results are told of five answers or more. What people wrote may name somebody all the same: it is not passed on.
Source: RULES 7, "Surveys"; RULES 8.
"""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lending.domain.permissions import Act
from lending.domain.small_cells import SMALLEST_SHOWN
from lending.domain.surveys import STATEMENTS
from lending.errors import Reason, hidden_as
from lending.programs.surveys import open_survey
from lending.queries.surveys import SurveyResults, open_answers, results_of, survey_asked, survey_results
from lending.web import current
from lending.web.access import allow
from lending.web.acting import act_once
from lending.web.outcomes.periods import chosen
from lending.web.survey_words import STATED

bp = Blueprint("surveys", __name__)


@bp.get("/outcomes/surveys")
@allow(Act.SEE_COUNTS)
def index() -> ResponseReturnValue:
    """What was answered about the workshops and sessions of a period."""
    asked = chosen()
    with current.library().db.read() as session:
        found = survey_results(session, current.branch_ids(), asked.period, program=asked.program)
        written = open_answers(session, current.branch_ids(), asked.period, program=asked.program)
    return render_template(
        "outcomes/surveys.html",
        asked=asked,
        results=found,
        lines=_lines(found),
        fewest=SMALLEST_SHOWN,
        helped=[one.helped for one in written if one.helped],
        better=[one.better for one in written if one.better],
    )


@bp.post("/workshops/<public_id>/survey")
@allow(Act.RECORD_ATTENDANCE)
def of_workshop(public_id: str) -> ResponseReturnValue:
    """Make the link of a workshop's survey, and go to its sheet."""
    return _made(workshop=public_id)


@bp.post("/sessions/<code>/survey")
@allow(Act.RECORD_ATTENDANCE)
def of_session(code: str) -> ResponseReturnValue:
    """The same of a whole session, at its end."""
    return _made(cohort=code)


@bp.get("/surveys/<survey>/sheet")
@allow(Act.RECORD_ATTENDANCE)
def sheet(survey: str) -> ResponseReturnValue:
    """The sheet for the room: the link, its QR code, and how many have answered."""
    with current.library().db.read() as session:
        found = survey_asked(session, survey, at=current.now())
        results = None if found is None else results_of(session, survey, by=current.actor())
    if found is None or results is None:
        abort(404)
    link = url_for("answering.page", survey=survey, _external=True)
    return render_template(
        "outcomes/survey_sheet.html", survey=found, results=results, lines=_lines(results), link=link
    )


@bp.get("/surveys/<survey>/qr.svg")
@allow(Act.RECORD_ATTENDANCE)
def qr(survey: str) -> ResponseReturnValue:
    """The link as a picture for telephones."""
    import segno

    with current.library().db.read() as session:
        if survey_asked(session, survey, at=current.now()) is None:
            abort(404)
    drawn = io.BytesIO()
    link = url_for("answering.page", survey=survey, _external=True)
    segno.make_qr(link, error="m").save(drawn, kind="svg", scale=8, svgclass=None, lineclass=None, light="white")
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


def _made(**what: str) -> ResponseReturnValue:
    with hidden_as(Reason.NOT_FOUND):  # another programme's session looks as if there were none
        done = act_once(lambda session, at, by: open_survey(session, at=at, by=by, **what))
    if done is None:  # its key did it before: it is there
        at, by = current.now(), current.whoever()
        done = current.library().db.act(lambda session: open_survey(session, at=at, by=by, **what))
    return redirect(url_for(".sheet", survey=done), 303)


def _lines(found: SurveyResults) -> list[dict[str, Any]]:
    """Each statement with how many agree; too few answers tell nothing."""
    lines = []
    for name in STATEMENTS:
        one = found.statements[name]
        agree = None if one.percent is None else current.reader().percent(one.percent)
        lines.append({"words": STATED[name], "n": one.n if one.is_shown else None, "agree": agree})
    return lines
