"""A survey as people answer it: one page, by its link, without signing in; nothing of who answers is kept.

The page has a mark drawn by chance, so that a second tap is the same answer. It asks as nobody, whoever is signed in to
this browser, and keeps neither the key nor the instant of an act. How many come from one address is counted in memory.
Source: SCREENS, "Survey without sign-in, 6 questions".
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from lending.domain.surveys import LEAST, LONGEST_ANSWER, MOST, QUESTIONS, STATEMENTS
from lending.errors import Reason, Refused
from lending.programs.surveys import answer_survey
from lending.queries.surveys import SurveyAsked, survey_asked
from lending.web import current, known
from lending.web.access import public
from lending.web.acting import key_of
from lending.web.forms import KeyedForm
from lending.web.pace import Pace
from lending.web.survey_words import SCALE, STATED
from lending.wording import status_of

bp = Blueprint("answering", __name__, url_prefix="/s")

FROM_ONE_ADDRESS = Pace(60, timedelta(minutes=10))
"""How many answers of one survey this process takes from one address: a class in one room, but no script."""

_SHORTER = Length(max=LONGEST_ANSWER)


def _statement(name: str) -> RadioField:
    choices = [SelectChoice(str(n), SCALE[n]) for n in range(LEAST, MOST + 1)]
    return RadioField(STATED[name], choices=choices, validators=[Optional()])


class SurveyForm(KeyedForm):
    """Four statements and two open questions; each may be left out."""

    learned = _statement("learned")
    confident = _statement("confident")
    intends = _statement("intends")
    aware = _statement("aware")
    helped = TextAreaField(lazy_gettext("What helped you most?"), validators=[Optional(), _SHORTER])
    better = TextAreaField(lazy_gettext("What could be better?"), validators=[Optional(), _SHORTER])


@bp.route("/<survey>", methods=["GET", "POST"])
@public
def page(survey: str) -> ResponseReturnValue:
    """The questions; or that no answers are taken now."""
    with current.library().db.read() as session:
        found = survey_asked(session, survey, at=current.now())
    if found is None:
        abort(404)
    if not found.is_open:
        return render_template("online/survey/closed.html", survey=found)
    form, status = SurveyForm(), 200
    if form.validate_on_submit():
        if not FROM_ONE_ADDRESS.keeps((survey, known.address()), current.now()):
            abort(429)
        try:
            _answer(form, survey)
        except Refused as refused:
            if any(block.reason is Reason.BUSY for block in refused.blocks):
                raise
            status = status_of(refused.blocks)
            form.form_errors.append(_why(refused))
        else:
            return redirect(url_for(".thanks"), 303)
    elif request.method == "POST":
        status = 422
    return _page(form, found), status


@bp.get("/thanks")
@public
def thanks() -> ResponseReturnValue:
    """That it has arrived; nothing here says what was answered, or about what."""
    return render_template("online/survey/thanks.html")


def _answer(form: Any, survey: str) -> None:
    given: dict[str, object] = {name: int(form[name].data) if form[name].data else None for name in STATEMENTS}
    given |= {name: form[name].data for name in QUESTIONS}
    mark, at, by = key_of(request.form), current.now(), current.nobody()
    current.library().db.act(lambda s: answer_survey(s, survey=survey, mark=mark, given=given, at=at, by=by))


def _why(refused: Refused) -> str:
    block = refused.blocks[0]
    if block.reason is Reason.VALUE_MISSING:
        return str(_("Answer one question at least."))
    return current.sentence_for_patron(block)


def _page(form: Any, found: SurveyAsked) -> str:
    return render_template(
        "online/survey/ask.html",
        form=form,
        survey=found,
        statements=[form[name] for name in STATEMENTS],
        questions=[form[name] for name in QUESTIONS],
    )
