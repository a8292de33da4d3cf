"""The questions of a programme: what is asked of whoever enrols, and which answers let them in.

Source: RULES 4, "Eligibility: ... questionnaire (settings)"; issue "Kits follow cohorts", Build 1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

from lending.domain.eligibility import Question, read_eligibility
from lending.domain.permissions import Act
from lending.models.base import new_public_id
from lending.programs.questions import put_question, remove_question
from lending.queries import cohorts as queries
from lending.queries.cohorts import ProgramShown
from lending.web import current, languages
from lending.web.access import allow
from lending.web.forms import KeyedForm, fill
from lending.web.posting import NotDone, posted, pressed, status

bp = Blueprint("questions", __name__, url_prefix="/programs")

_NEEDED = lazy_gettext("Fill this in.")
_TEXT = "text_"
ANSWERS = {
    "yes": lazy_gettext("Only a yes lets them in"),
    "no": lazy_gettext("Only a no lets them in"),
    "any": lazy_gettext("Any answer will do"),
}


class QuestionForm(KeyedForm):
    """A question and the answer that lets somebody in; its texts are added for each language of the pages."""

    code = StringField(
        lazy_gettext("Code"),
        description=lazy_gettext("Small letters, digits and hyphens. A question with the same code is replaced."),
        validators=[
            InputRequired(_NEEDED),
            Regexp(r"[a-z0-9][a-z0-9-]{0,31}\Z", message=lazy_gettext("Small letters, digits and hyphens only.")),
        ],
    )
    expected = RadioField(
        lazy_gettext("Which answer"), choices=[SelectChoice(*one) for one in ANSWERS.items()], default="yes"
    )

    def question(self) -> Question:
        """What the form asks; what is written in no other language is left to the first."""
        texts = {code: (self[_TEXT + code].data or "").strip() for code in languages.codes()}
        return Question(
            self.code.data,
            texts.pop(languages.SOURCE),
            must=self.expected.data != "any",
            answer=self.expected.data != "no",
            texts={code: text for code, text in texts.items() if text},
        )


def _form() -> Any:
    """The form with one text for each language, of which the first must be there."""
    fields = {
        _TEXT + code: StringField(
            _("Question (%(language)s)", language=current.reader().language(code)),
            validators=[InputRequired(_NEEDED) if code == languages.SOURCE else Optional(), Length(max=240)],
        )
        for code in languages.codes()
    }
    return type(QuestionForm.__name__, (QuestionForm,), fields)()


@bp.route("/<code>/questions", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def index(code: str) -> ResponseReturnValue:
    """The questions of a programme, and a form for another one or for one of them anew."""
    found, form = _program(code), _form()
    if request.method == "GET":
        _fill(form, found, request.args.get("change", ""))

    def do(session: Any, at: datetime, by: Any) -> None:
        put_question(session, program=found.code, question=form.question(), at=at, by=by)

    if posted(form, do):
        flash(_("The question is asked of whoever enrolls from now on."), "done")
        return redirect(url_for("questions.index", code=found.code), 303)
    return _page(found, form)


@bp.post("/<code>/questions/<question>/remove")
@allow(Act.PLAN_COHORT)
def remove(code: str, question: str) -> ResponseReturnValue:
    """Ask a question no more."""
    found = _program(code)
    not_done = pressed(
        lambda session, at, by: remove_question(session, program=found.code, code=question, at=at, by=by)
    )
    if not_done is not None:
        return _page(found, _form(), not_done)
    flash(_("The question is asked no more."), "done")
    return redirect(url_for("questions.index", code=found.code), 303)


def _program(code: str) -> ProgramShown:
    with current.library().db.read() as session:
        return queries.program(session, code, by=current.actor())


def _fill(form: Any, found: ProgramShown, code: str) -> None:
    """A question that there is, to be changed."""
    for question in read_eligibility(found.eligibility).questions:
        if question.code == code:
            texts = {languages.SOURCE: question.text, **question.texts}
            fill(form, {"code": code, "expected": _expected(question)})
            fill(form, {_TEXT + language: text for language, text in texts.items()})


def _expected(question: Question) -> str:
    return "any" if not question.must else "yes" if question.answer else "no"


def _page(found: ProgramShown, form: Any, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    page = render_template(
        "programs/questions.html",
        program={"name": found.name, "url": url_for("programs.edit", code=found.code)},
        questions=[_line(found, question) for question in read_eligibility(found.eligibility).questions],
        form=form,
        problems=not_done.sentences,
        key=new_public_id(),
    )
    return page, not_done.status if not_done.sentences else status(form)


def _line(found: ProgramShown, question: Question) -> dict[str, Any]:
    return {
        "code": question.code,
        "text": question.text_in(current.locale()),
        "languages": current.reader().listed(
            [current.reader().language(code) for code in (languages.SOURCE, *question.texts)]
        ),
        "expected": ANSWERS[_expected(question)],
        "change_url": url_for("questions.index", code=found.code, change=question.code, _anchor="question"),
        "remove_url": url_for("questions.remove", code=found.code, question=question.code),
    }
