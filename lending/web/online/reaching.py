"""How somebody who reserves is told, and in which language: asked of whoever the library does not reach yet.

What a patron says here changes their record at once; what somebody without a card says is kept with their wish.
Source: RULES 6, "text (consent with time and wording)"; SCREENS, "how to reach you and in which language".
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from lending.circulation.patrons import change
from lending.domain.contacts import phone_as_written
from lending.web import current, languages
from lending.web.access import public
from lending.web.online import proof, wish
from lending.web.online.choosing import nobody_asks, own_contact
from lending.web.online.reserve_forms import CHANNELS, TEXTS_HINT, ReachForm, contact_of
from lending.web.posting import posted, status

bp = Blueprint("reaching", __name__, url_prefix="/reserve")


@bp.route("/reach", methods=["GET", "POST"])
@public
def page() -> ResponseReturnValue:
    """E-mail, text or a call; where only one of them fits, it is said and not asked."""
    if nobody_asks():
        return redirect(url_for("reserve.who"))
    return _of_newcomer() if current.borrower() is None else _of_patron()


def _of_newcomer() -> ResponseReturnValue:
    person, before = wish.person() or {}, wish.get().get("reach", {})
    ways = ["email"] if "email" in person else ["text", "call"]
    form = _form(ways, before.get("channel"), before.get("language") or current.locale())
    del form.contact  # it was asked with their name
    del form.pin
    if form.validate_on_submit():
        wish.keep(reach={"channel": form.channel.data, "language": form.language.data})
        return redirect(url_for("confirming.check"), 303)
    return _page(form, ways, to=person.get("email") or phone_as_written(person.get("phone") or ""))


def _of_patron() -> ResponseReturnValue:
    known = own_contact()
    form = _form(list(CHANNELS), known.channel.value if known.is_reached else None, known.language)
    if request.method == "GET":
        form.contact.data = known.phone if known.channel.value in ("text", "call") else known.email or known.phone
    proof.ask_if_needed(form)
    addresses = {"email": known.email, "phone": known.phone}

    def do(session: Any, at: Any, by: Any) -> None:
        change(session, patron=current.myself().public_id, details=_details(form), at=at, by=by)

    given = contact_of(form.contact.data) if form.validate_on_submit() else {}
    if proof.is_given(form, known=addresses, given=given) and posted(form, do):
        return redirect(url_for("confirming.check"), 303)
    return _page(form, list(CHANNELS), to="")


def _form(ways: list[str], channel: str | None, language: str) -> Any:
    form = ReachForm()
    form.channel.choices = [SelectChoice(way, CHANNELS[way]) for way in ways]
    form.language.choices = [SelectChoice(code, name) for code, name in languages.named()]
    if request.method == "GET":
        form.channel.data = channel if channel in ways else ways[0]
        form.language.data = language if language in languages.codes() else languages.SOURCE
    return form


def _details(form: Any) -> dict[str, Any]:
    channel = form.channel.data
    details = {"notice_channel": channel, "language": form.language.data, **contact_of(form.contact.data)}
    if channel == "text":
        details["text_consent_wording"] = str(TEXTS_HINT)
    return details


def _page(form: Any, ways: list[str], *, to: str) -> ResponseReturnValue:
    given = {"ways": ways, "to": to, "texts_hint": TEXTS_HINT, "person": wish.person()}
    page = render_template("online/reserve/reach.html", form=form, **given)
    return page, status(form)
