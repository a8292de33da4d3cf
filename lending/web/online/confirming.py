"""The last page before something is reserved, with everything once more, and the one that says that it is.

What is agreed to is read and signed here, once, whatever a thumb taps twice. Whoever had no card is signed in to their
own pages by it, for as long as anybody is. Source: issue "Patrons reserve online", Build 1 and 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation.acts import once
from lending.circulation.patrons import current_number
from lending.circulation.signing import TextToSign
from lending.domain.actors import Actor
from lending.domain.contacts import phone_as_written
from lending.errors import Reason, Refused
from lending.notice_words.rendered import language_for
from lending.programs.reserving_online import (
    Confirmed,
    Signature,
    Stranger,
    Wish,
    confirm,
    confirmed_before,
    texts_for,
)
from lending.queries import borrowers
from lending.queries.branches import branch_id
from lending.queries.offering import Offered, Place
from lending.web import current, guesses
from lending.web.access import public
from lending.web.acting import key_of
from lending.web.forms import AGREES_TO_TEXTS
from lending.web.online import wish
from lending.web.online.choosing import chosen, chosen_place, nobody_asks, own_contact, reach_is_known
from lending.web.online.reserve_forms import CHANNELS, CheckForm
from lending.web.online.reserve_words import dates_of, place_words
from lending.web.online.signing_in import begin
from lending.wording import status_of

bp = Blueprint("confirming", __name__, url_prefix="/reserve")


@bp.route("/check", methods=["GET", "POST"])
@public
def check() -> ResponseReturnValue:
    """Everything that was chosen, what is to be signed, and the button that does it."""
    one = None if nobody_asks() else chosen()
    place = None if one is None else chosen_place(one)
    if one is None or place is None:
        return _not_yet()
    if not reach_is_known():
        return redirect(url_for("reaching.page"))
    wanted = _wish(one, place)
    form = CheckForm()
    status, headers = 200, {}
    if form.validate_on_submit():
        try:
            done = _confirmed(form, wanted)
        except Refused as refused:
            if any(block.reason in (Reason.BUSY, Reason.NOT_PERMITTED) for block in refused.blocks):
                raise
            _tell(form, refused)
            status, headers = status_of(refused.blocks), guesses.retry_after(refused)
        else:
            return _go_on(done)
    elif request.method == "POST":
        status = 422
    texts = _texts(wanted)
    form.typed_name.flags.required = bool(texts)
    form.read.data = " ".join(text.name for text in texts)
    page = render_template(
        "online/reserve/check.html",
        form=form,
        person=wish.person(),
        lines=_lines(one, place),
        texts=[{"title": text.title, "language": text.language, "paragraphs": _paragraphs(text)} for text in texts],
    )
    return page, status, headers


def _tell(form: CheckForm, refused: Refused) -> None:
    """Put a refusal at the field it is about, or above, in the words for patrons."""
    for block in refused.blocks:
        sentence = current.sentence_for_patron(block)
        if block.detail.get("field") == "typed_name":
            form.typed_name.errors = [*form.typed_name.errors, sentence]
        else:
            form.form_errors.append(sentence)


def _not_yet() -> ResponseReturnValue:
    """To the first question without an answer; what was chosen may be offered no more."""
    if nobody_asks():
        return redirect(url_for("reserve.who"))
    if wish.get().get("choice") is not None and wish.get().get("place") is not None:
        flash(_("That is no longer offered. Please choose again."), "look")
        wish.forget("choice", "place", "answers")
    return redirect(url_for("reserve.where" if wish.get().get("choice") else "reserve.what"))


def _wish(one: Offered, place: Place) -> Wish:
    with current.library().db.read() as session:
        where = branch_id(session, place.branch)
    if where is None:
        raise Refused.because(Reason.NOT_FOUND)
    answers = wish.get().get("answers", {}) if one.cohort is not None else {}
    return Wish(kit_type=place.kit_type, branch_id=where, cohort=one.cohort, answers=answers)


def _texts(wanted: Wish) -> list[TextToSign]:
    me = current.borrower()
    with current.library().db.read() as session:
        patron_id = None if me is None else me.patron_id
        return texts_for(session, wanted, patron_id=patron_id, language=current.locale(), at=current.now())


def _paragraphs(text: TextToSign) -> list[str]:
    return [part.strip() for part in text.body.split("\n") if part.strip()]


def _confirmed(form: CheckForm, wanted: Wish) -> Confirmed:
    """Do it, once for the key of the form."""
    by, at, key, locale = _actor(), current.now(), key_of(request.form), current.locale()
    signature = Signature(form.typed_name.data or "", (form.read.data or "").split())
    stranger = _stranger(at)
    body = {"wish": [wanted.kit_type, wanted.branch_id, wanted.cohort], "signed": [*signature.read]}

    def do(session: Session) -> Confirmed:
        whose = stranger or current_number(session, current.myself().patron_id) or ""
        return confirm(session, wanted, whose=whose, signature=signature, language=locale, at=at, by=by)

    return current.library().db.act(
        lambda session: once(
            session,
            by=by,
            key=key,
            body=body,
            at=at,
            do=lambda: do(session),
            again=lambda act: confirmed_before(session, act),
        )
    )


def _actor() -> Actor:
    """The patron signed in, or somebody who is nobody's patron yet."""
    if current.borrower() is not None:
        return current.own_actor()
    return current.nobody()


def _stranger(at: datetime) -> Stranger | None:
    """Somebody without a card, with what they said, one try more; ``None`` for a patron who is signed in."""
    person, reach = wish.person(), wish.get().get("reach", {})
    if person is None:
        return None
    details: dict[str, object] = {**person, "language": reach.get("language"), "notice_channel": reach.get("channel")}
    if reach.get("channel") == "text":
        details["text_consent_wording"] = str(AGREES_TO_TEXTS)
    return Stranger(details, guesses.tried(at))


def _go_on(done: Confirmed) -> ResponseReturnValue:
    """To the page that says so; whoever had no card is signed in, for it is theirs alone."""
    wish.forget()
    if current.borrower() is None:
        with current.library().db.read() as session:
            account = borrowers.patron_account(session.connection(), done.patron)
        if account is not None:
            begin(account)
    return redirect(url_for("confirmed.page", made=done.made), 303)


def _lines(one: Offered, place: Place) -> list[dict[str, Any]]:
    """What was chosen, line by line, each with the page where it is changed."""
    lines = [
        {"label": _("Session") if one.cohort else _("Kit"), "words": [one.name, dates_of(one)], "url": "reserve.what"},
        {
            "label": _("Pick up at"),
            "words": [place.library, place_words(place, None, with_kit_type=False)["left"]],
            "url": "reserve.where",
        },
        {"label": _("We tell you"), "words": _reached(), "url": "reaching.page"},
    ]
    person = wish.person()
    if person is not None:
        lines.insert(0, {"label": _("You"), "words": _who(person), "url": "reserve.who"})
    return [{**line, "url": url_for(str(line["url"]))} for line in lines]


def _who(person: Mapping[str, str]) -> list[str]:
    born = current.reader().birthday(date.fromisoformat(person["birth_date"]))
    return [person["name"], str(_("born %(day)s", day=born)), _to(person)]


def _to(person: Mapping[str, str]) -> str:
    return person.get("email") or phone_as_written(person.get("phone") or "")


def _reached() -> list[str]:
    """By which way, to where and in which language."""
    person, reach = wish.person(), wish.get().get("reach", {})
    if person is not None:
        return [str(CHANNELS[reach["channel"]]), _to(person), current.reader().language(reach["language"])]
    own = own_contact()
    where = own.email if own.channel.value == "email" else phone_as_written(own.phone or "")
    spoken = language_for(own.language, current.library().settings.default_locale)
    return [str(CHANNELS[own.channel.value]), where or "", current.reader().language(spoken)]
