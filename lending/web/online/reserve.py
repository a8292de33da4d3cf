"""Reserving, one question a page: who, which session or kit, which library, how we tell you, and everything once more.

Five pages and a confirmation at most, with or without JavaScript; each shows what was chosen before, so that going back
is safe. What is asked for is asked by the person alone, for themselves. Source: SCREENS, "Reserve"; issue "Patrons
reserve online", Build 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from lending.domain.eligibility import Question
from lending.errors import Block
from lending.queries.branches import branches
from lending.queries.offering import Offered, Place
from lending.web import current
from lending.web.access import public
from lending.web.online import wish
from lending.web.online.choosing import choice_of, choices, chosen, nobody_asks, place_name, reach_is_known
from lending.web.online.reserve_forms import ChoiceForm, NewcomerForm, contact_of, place_form
from lending.web.online.reserve_words import offered_words, place_words, question_words
from lending.web.online.signing_in import CardForm

bp = Blueprint("reserve", __name__, url_prefix="/reserve")


@bp.route("", methods=["GET", "POST"])
@public
def who() -> ResponseReturnValue:
    """Who asks: a patron with card and PIN, or somebody without a card yet. Who is signed in is not asked."""
    if current.borrower() is not None:
        return redirect(url_for("reserve.what", choice=request.args.get("choice")))
    known = wish.get().get("person")
    form = NewcomerForm(data=None if known is None else _shown_again(known))
    if form.validate_on_submit():
        person = {"name": form.name.data.strip(), "birth_date": form.birth_date.data.isoformat()}
        wish.keep(person=person | contact_of(form.contact.data))
        wish.forget("reach")
        return redirect(url_for("reserve.what", choice=request.args.get("choice")), 303)
    card = CardForm(formdata=None)
    card.next.data = url_for("reserve.what", choice=request.args.get("choice"))
    page = render_template(
        "online/reserve/who.html",
        form=form,
        card=card,
        is_newcomer=request.method == "POST" or known is not None,
        person=known,
    )
    return page, 422 if request.method == "POST" else 200


@bp.post("/forget")
@public
def start_over() -> ResponseReturnValue:
    """Forget what somebody typed who goes away without reserving: the next one sits at the same computer."""
    wish.forget()
    return redirect(url_for("start.page"), 303)


def _shown_again(known: dict[str, str]) -> dict[str, Any]:
    contact = known.get("email") or known.get("phone")
    return {"name": known["name"], "birth_date": date.fromisoformat(known["birth_date"]), "contact": contact}


@bp.route("/session", methods=["GET", "POST"])
@public
def what() -> ResponseReturnValue:
    """The session or the kind of kit, with what is left of it and what stands against each."""
    if nobody_asks():
        return redirect(url_for("reserve.who", choice=request.args.get("choice")))
    form = ChoiceForm()
    found = choice_of(form.choice.data or "") if request.method == "POST" else None
    if found is not None and not found[1]:
        form.choice.choices = [SelectChoice(found[0].choice, found[0].name)]
        if form.validate_on_submit():
            return _go_on_with(found[0])
    options = choices()
    form.choice.choices = [SelectChoice(one.choice, one.name) for one, _blocks in options]
    if request.method == "GET":
        form.choice.data = wish.get().get("choice") or request.args.get("choice")
    elif form.validate_on_submit() and found is not None:
        form.choice.errors = _sentences(found[1])
    shown = [offered_words(one, _sentences(blocks), form.choice.data) for one, blocks in options]
    return _page("what", form, options=shown)


def _go_on_with(one: Offered) -> ResponseReturnValue:
    """To the libraries that have it; another one than before has other libraries."""
    if wish.get().get("choice") != one.choice:
        wish.forget("place", "answers")
    wish.keep(choice=one.choice)
    return redirect(url_for("reserve.where"), 303)


@bp.route("/library", methods=["GET", "POST"])
@public
def where() -> ResponseReturnValue:
    """The library where the kit is picked up, and what the session's programme asks of everybody."""
    one = None if nobody_asks() else chosen()
    if one is None:
        return redirect(url_for("reserve.what"))
    asked = [(question.code, question.text_in(current.locale())) for question in one.questions]
    form = place_form(asked)
    form.place.choices = [SelectChoice(place_name(place), place.library) for place in one.places]
    if request.method == "GET":
        _show_again(form, one)
    if form.validate_on_submit():
        answers = form.answers()
        unmet = [question for question in one.questions if _keeps_out(question, answers)]
        if not unmet:
            wish.keep(place=form.place.data, answers=answers)
            return redirect(url_for("confirming.check" if reach_is_known() else "reaching.page"), 303)
        form.form_errors.extend(question_words(question) for question in unmet)
    several = len({place.kit_type for place in one.places}) > 1
    shown = [place_words(place, form.place.data, with_kit_type=several) for place in one.places]
    return _page(
        "where",
        form,
        options=shown,
        session_name=one.name,
        questions=[form[form.QUESTION + code] for code, _text in asked],
    )


def _show_again(form: Any, one: Offered) -> None:
    """What was chosen before, else the patron's own library, else the only one there is."""
    before, me = wish.get(), current.borrower()
    names = [place_name(place) for place in one.places]
    home = None if me is None else _home_of(me.home_branch_id, one.places)
    form.place.data = before.get("place") or home or (names[0] if len(names) == 1 else None)
    for code, answer in before.get("answers", {}).items():
        if form.QUESTION + code in form:
            form[form.QUESTION + code].data = "yes" if answer else "no"


def _home_of(branch_id: int, places: Iterable[Place]) -> str | None:
    with current.library().db.read() as session:
        code = next((one.code for one in branches(session) if one.branch_id == branch_id), None)
    return next((place_name(place) for place in places if place.branch == code), None)


def _keeps_out(question: Question, answers: dict[str, bool]) -> bool:
    return question.must and answers.get(question.code) is not question.answer


def _page(name: str, form: Any, **given: Any) -> ResponseReturnValue:
    status = 200 if request.method == "GET" else 422
    return render_template(f"online/reserve/{name}.html", form=form, person=wish.person(), **given), status


def _sentences(blocks: Iterable[Block]) -> list[str]:
    return [current.sentence_for_patron(block) for block in blocks]
