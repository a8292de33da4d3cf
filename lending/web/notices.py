"""The notice editor: the words of every step by channel and language, shown as a patron would get them.

Source: SCREENS, "notice editor per step × channel × language with a live preview and the number of text segments".
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from lending.circulation.notice_texts import LONGEST_BODY, LONGEST_SUBJECT, restore_notice_text, set_notice_text
from lending.domain.permissions import Act
from lending.domain.placeholders import UnknownPlace
from lending.domain.texts import segments
from lending.models.base import new_public_id
from lending.models.notices import Channel
from lending.notice_words import MESSAGES
from lending.notice_words.rendered import places_of, reader_of, rendered, words_of
from lending.notice_words.samples import sample
from lending.phrases import N_
from lending.queries.notice_texts import OwnWords, all_own_words, own_words
from lending.web import current, languages
from lending.web.access import allow
from lending.web.forms import KeyedForm, fill
from lending.web.posting import posted, pressed, status

bp = Blueprint("notices", __name__, url_prefix="/administration/notices")

CHANNELS = {Channel.EMAIL: N_("E-mail"), Channel.TEXT: N_("Text message"), Channel.LETTER: N_("Letter")}
"""What has words of its own. Whoever telephones reads a script."""

_NEEDED = lazy_gettext("Fill this in.")


class WordsForm(KeyedForm):
    """A notice in the library's own words."""

    subject = StringField(
        lazy_gettext("Subject line"),
        description=lazy_gettext("Others may read it: no name, no device, no session."),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_SUBJECT)],
    )
    body = TextAreaField(
        lazy_gettext("Text"),
        description=lazy_gettext("An empty line begins a paragraph. A name in braces is filled in for each patron."),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST_BODY)],
        render_kw={"rows": 14},
    )


@bp.get("")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """Every step, and where the library says it in its own words."""
    with current.library().db.read() as session:
        own = all_own_words(session)
    steps = [
        {
            "code": code,
            "title": _(message.title),
            "channels": [
                {
                    "name": _(name),
                    "texts": [
                        {
                            "language": language,
                            "own": (code, channel, lang) in own,
                            "url": url_for(".edit", step=code, channel=channel.value, language=lang),
                        }
                        for lang, language in languages.named()
                    ],
                }
                for channel, name in CHANNELS.items()
            ],
        }
        for code, message in MESSAGES.items()
    ]
    return render_template("notices/list.html", steps=steps)


@bp.route("/<step>/<channel>/<language>", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def edit(step: str, channel: str, language: str) -> ResponseReturnValue:
    """The words of one step by a channel and in a language, with how they look."""
    by_channel = _known(step, channel, language)
    form = WordsForm()
    if by_channel is Channel.TEXT:
        del form.subject
        form.body.render_kw = {"rows": 4}
    with current.library().db.read() as session:
        own = own_words(session, step, by_channel, language)
    shown = own or words_of(MESSAGES[step], by_channel, reader_of(language, "UTC"))
    if request.method == "GET":
        fill(form, {"subject": shown.subject, "body": shown.body})

    def do(session: Any, at: Any, by: Any) -> None:
        set_notice_text(
            session,
            step=step,
            channel=by_channel,
            language=language,
            subject=_typed(form).subject,
            body=_typed(form).body,
            places=MESSAGES[step].places,
            at=at,
            by=by,
        )

    if "preview" not in request.form and posted(form, do):
        flash(_("Saved. Notices that are sent from now on say it like this."), "done")
        return redirect(url_for(".edit", step=step, channel=channel, language=language), 303)
    page = render_template(
        "notices/edit.html",
        form=form,
        title=_(MESSAGES[step].title),
        channel=_(CHANNELS[by_channel]),
        language=current.reader().language(language),
        lang_of_text=language,
        direction_of_text=languages.direction(language),
        own=own is not None,
        restore_url=url_for(".restore", step=step, channel=channel, language=language),
        restore_key=new_public_id(),
        places=_places(step, by_channel, language),
        preview=_preview(step, by_channel, language, _typed(form)),
    )
    return page, 200 if "preview" in request.form else status(form)


@bp.post("/<step>/<channel>/<language>/restore")
@allow(Act.ADMINISTER)
def restore(step: str, channel: str, language: str) -> ResponseReturnValue:
    """Back to the words that come with the product."""
    by_channel = _known(step, channel, language)
    pressed(
        lambda session, at, by: restore_notice_text(
            session, step=step, channel=by_channel, language=language, at=at, by=by
        )
    )
    flash(_("The words that come with the product are back."), "done")
    return redirect(url_for(".edit", step=step, channel=channel, language=language), 303)


def _known(step: str, channel: str, language: str) -> Channel:
    """The channel of a text that there is; 404 otherwise."""
    if step not in MESSAGES or channel not in CHANNELS or language not in languages.codes():
        abort(404)
    return Channel(channel)


def _typed(form: WordsForm) -> OwnWords:
    subject = form.subject.data if "subject" in form else ""
    return OwnWords(subject or "", (form.body.data or "").replace("\r\n", "\n"))


def _places(step: str, channel: Channel, language: str) -> list[tuple[str, str]]:
    """What may stand in this text, each with what it would say."""
    facts = sample(step, channel, language)
    values = places_of(facts, reader_of(language, facts.zone), current.library().own_settings().name)
    return [(f"{{{name}}}", values[name]) for name in sorted(MESSAGES[step].places)]


def _preview(step: str, channel: Channel, language: str, own: OwnWords) -> dict[str, Any] | None:
    """The text as a patron of the sample data gets it; ``None`` where a place cannot be filled."""
    facts = sample(step, channel, language)
    reader = reader_of(language, facts.zone)
    library = current.library().own_settings().name
    try:
        words = rendered(step, facts, own, library=library, reader=reader, channel=channel)
    except UnknownPlace:
        return None
    if channel is Channel.TEXT:
        return {"text": words.short, "characters": len(words.short), "segments": segments(words.short)}
    return {"subject": words.subject, "paragraphs": [part.split("\n") for part in words.paragraphs]}
