"""The webhooks' pages: which programs are told of what, what came of each message, and trying, stopping and mending it.

Source: issue "Nothing goes overdue unnoticed", Build 3; docs/webhooks.md.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from lending.circulation import webhooks as verbs
from lending.circulation.webhooks import Secret
from lending.domain.addresses import LONGEST_URL, read_url
from lending.domain.permissions import Act
from lending.domain.webhooks import EVERYTHING, IN_GROUPS, NAMES, PING, REACHES_BACK
from lending.errors import Refused
from lending.mail.outward import places
from lending.models.base import new_public_id
from lending.models.webhooks import DeliveryState, StoppedWhy
from lending.phrases import N_
from lending.queries.webhooks import (
    DeliveryShown,
    WebhookShown,
    deliveries_shown,
    webhook_shown,
    webhooks_shown,
)
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm, fill
from lending.web.outgoing import DELIVERIES
from lending.web.posting import Doing, NotDone, posted, pressed, status

bp = Blueprint("webhooks", __name__, url_prefix="/administration/webhooks")

PAGE = 50
GROUPS = {
    "loan": N_("Loans"),
    "kit": N_("Kits"),
    "line": N_("Hotspot lines"),
    "cohort": N_("Sessions"),
    "closure": N_("Closings"),
}
STOPPED = {
    StoppedWhy.GONE: N_("It was switched off: the program answered that it wants no more messages."),
    StoppedWhy.FAILING: N_("It was switched off: nothing got through to it for three days."),
}
_NEEDED = lazy_gettext("Fill this in.")


class WebhookForm(KeyedForm):
    """Where messages go, and what they tell of."""

    url = StringField(
        lazy_gettext("Address"),
        description=lazy_gettext("Where the program listens, beginning with https://"),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_URL)],
        render_kw={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"},
    )
    events = SelectMultipleField(
        lazy_gettext("What it is told of"),
        choices=[SelectChoice(name, name) for name in NAMES],
        validators=[InputRequired(lazy_gettext("Choose at least one."))],
    )


@bp.get("")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """Every webhook, and how it fares."""
    with current.library().db.read() as session:
        found = webhooks_shown(session)
    return render_template("webhooks/list.html", webhooks=[_line(one) for one in found])


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def new() -> ResponseReturnValue:
    """Tell another program of something; the page behind it alone shows the secret."""
    form, made = WebhookForm(), list[Secret]()

    def do(session: Any, at: Any, by: Any) -> None:
        given = {"url": _url(form), "events": form.events.data, "key": current.library().settings.secret_key}
        made.append(verbs.add_webhook(session, **given, at=at, by=by))

    if _may_go_there(form) and posted(form, do):
        return _secret(made[-1]) if made else redirect(url_for(".index"), 303)
    return _form(form, _("New webhook"), _("Add"), url_for(".index"))


@bp.route("/<public_id>/edit", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def edit(public_id: str) -> ResponseReturnValue:
    """Another address, or other events."""
    found, form = _found(public_id), WebhookForm()
    if request.method == "GET":
        fill(form, {"url": found.url, "events": list(found.events)})

    def do(session: Any, at: Any, by: Any) -> None:
        given = {"url": _url(form), "events": form.events.data}
        verbs.change_webhook(session, webhook=public_id, **given, at=at, by=by)

    if _may_go_there(form) and posted(form, do):
        flash(_("Saved."), "done")
        return redirect(url_for(".show", public_id=public_id), 303)
    return _form(form, _("Change the webhook"), _("Save"), url_for(".show", public_id=public_id))


@bp.get("/<public_id>")
@allow(Act.ADMINISTER)
def show(public_id: str) -> ResponseReturnValue:
    """One webhook with its messages, the newest first."""
    return _page(_found(public_id))


@bp.post("/<public_id>/<any(test,stop,start,secret,remove):deed>")
@allow(Act.ADMINISTER)
def press(public_id: str, deed: str) -> ResponseReturnValue:
    """Try a webhook, stop it or start it again, give it a new secret, or take it away."""
    found, made, key = _found(public_id), list[Secret](), current.library().settings.secret_key
    doing: dict[str, tuple[Doing, str]] = {
        "test": (
            lambda session, at, by: verbs.try_webhook(session, webhook=public_id, at=at, by=by),
            _("A ping is on its way. Within a minute its line below says what came of it."),
        ),
        "stop": (
            lambda session, at, by: verbs.change_webhook(session, webhook=public_id, active=False, at=at, by=by),
            _("It is stopped. Started again within a week, it is told what happened meanwhile."),
        ),
        "start": (
            lambda session, at, by: verbs.change_webhook(session, webhook=public_id, active=True, at=at, by=by),
            _("It is started, and is told what happened meanwhile."),
        ),
        "secret": (
            lambda session, at, by: made.append(verbs.renew_secret(session, webhook=public_id, key=key, at=at, by=by)),
            _("It has a new secret already."),
        ),
        "remove": (
            lambda session, at, by: verbs.remove_webhook(session, webhook=public_id, at=at, by=by),
            _("The webhook is gone."),
        ),
    }
    do, told = doing[deed]
    not_done = pressed(do)
    if not_done is not None:
        return _page(found, not_done)
    if made:
        return _secret(made[-1])
    flash(told, "done")
    return redirect(url_for(".index") if deed == "remove" else url_for(".show", public_id=public_id), 303)


@bp.post("/<public_id>/messages/<delivery>/again")
@allow(Act.ADMINISTER)
def again(public_id: str, delivery: str) -> ResponseReturnValue:
    """Send a message once more."""
    found = _found(public_id)
    not_done = pressed(
        lambda session, at, by: verbs.send_again(session, webhook=public_id, delivery=delivery, at=at, by=by)
    )
    if not_done is not None:
        return _page(found, not_done)
    flash(_("The message is sent again within a minute."), "done")
    return redirect(url_for(".show", public_id=public_id), 303)


def _found(public_id: str) -> WebhookShown:
    with current.library().db.read() as session:
        found = webhook_shown(session, public_id)
    if found is None:
        abort(404)
    return found


def _url(form: WebhookForm) -> str:
    return (form.url.data or "").strip()


def _may_go_there(form: WebhookForm) -> bool:
    """Whether messages may go to the address of a form that was sent; asked before the act, for it takes its time."""
    if not form.validate_on_submit():
        return False
    try:
        places(_url(form), current.library().settings.webhook_networks)
    except Refused as refused:
        form.refuse(refused)
        return False
    return True


def _form(form: WebhookForm, heading: str, submit: str, back_url: str) -> ResponseReturnValue:
    page = render_template(
        "webhooks/edit.html",
        form=form,
        heading=heading,
        submit=submit,
        back_url=back_url,
        everything=EVERYTHING,
        groups=[
            {"name": f"{group}.*", "title": _(title), "events": IN_GROUPS[group]} for group, title in GROUPS.items()
        ],
        chosen=set(form.events.data or ()),
    )
    return page, status(form)


def _secret(made: Secret) -> ResponseReturnValue:
    """What signs the messages, shown this once."""
    with current.library().db.read() as session:
        found = webhook_shown(session, made.webhook)
    assert found is not None  # noqa: S101 - it was made or changed a moment ago
    url = url_for(".show", public_id=made.webhook)
    return render_template("webhooks/secret.html", url=found.url, secret=made.secret, next_url=url)


def _page(one: WebhookShown, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    before = request.args.get("before", "")
    with current.library().db.read() as session:
        found = deliveries_shown(
            session,
            one.webhook,
            before=int(before) if before.isdecimal() and len(before) < 16 else None,
            limit=PAGE + 1,
        )
    older = url_for(".show", public_id=one.webhook, before=found[PAGE - 1].id) if len(found) > PAGE else None
    page = render_template(
        "webhooks/show.html",
        webhook=_line(one),
        problems=not_done.sentences,
        actions=_actions(one),
        messages=[_message(one, message) for message in found[:PAGE]],
        older_url=older,
        key=new_public_id(),
    )
    return page, not_done.status


def _line(one: WebhookShown) -> dict[str, Any]:
    reader = current.reader()
    tone, state = ("done", _("works")) if one.active else ("rest", _("stopped"))
    if one.stopped_why is not None:
        tone, state = "stop", _("switched off")
    elif one.active and one.failing_since is not None:
        tone, state = "look", _("does not get through")
    return {
        "url": url_for(".show", public_id=one.webhook),
        "host": read_url(one.url).named,
        "address": one.url,
        "events": [_("everything") if name == EVERYTHING else name for name in one.events],
        "tone": tone,
        "state": state,
        "why": None if one.stopped_why is None else _(STOPPED[one.stopped_why]),
        "failing_since": None if one.failing_since is None else reader.moment(one.failing_since),
        "waiting": one.waiting,
        "sent": None if one.sent_at is None else reader.moment(one.sent_at),
        "made": reader.day_and_year(one.made_at),
    }


def _actions(one: WebhookShown) -> list[dict[str, Any]]:
    words = [
        ("test", _("Send a ping"), ""),
        ("stop", _("Stop"), "") if one.active else ("start", _("Start again"), ""),
        ("secret", _("New secret"), ""),
        ("remove", _("Remove"), "stop"),
    ]
    change = {"label": _("Change"), "url": url_for(".edit", public_id=one.webhook)}
    return [change] + [
        {"post": True, "label": label, "tone": tone, "url": url_for(".press", public_id=one.webhook, deed=deed)}
        for deed, label, tone in words
    ]


def _message(webhook: WebhookShown, one: DeliveryShown) -> dict[str, Any]:
    reader, (tone, words) = current.reader(), DELIVERIES[one.state]
    waits = one.state is DeliveryState.PENDING
    again = one.state is not DeliveryState.SENDING and one.made_at >= current.now() - REACHES_BACK
    label = _("Try now") if waits else _("Send again")
    return {
        "id": one.delivery,
        "event": _("ping, to try it") if one.event == PING else one.event,
        "tone": tone,
        "state": _(words),
        "problem": one.problem,
        "tries": one.tries,
        "at": reader.moment(one.sent_at or one.made_at),
        "next": reader.moment(one.due_at) if waits and one.tries else None,
        "actions": [
            {
                "post": True,
                "label": label,
                "url": url_for(".again", public_id=webhook.webhook, delivery=one.delivery),
            }
        ]
        if again
        else [],
    }
