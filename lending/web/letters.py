"""Letters to print: each on a page of its own, with the address where an envelope's window is.

Source: RULES 6, "Channels per patron"; issue "Nothing goes overdue unnoticed", Build 3.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from lending.circulation.notices import letters_waiting, mark_printed
from lending.domain.names import short_name
from lending.domain.permissions import Act
from lending.domain.placeholders import UnknownPlace
from lending.errors import Reason, hidden_as
from lending.models.base import new_public_id
from lending.models.notices import Channel
from lending.notice_words import code_of
from lending.notice_words.rendered import Rendered, language_for, linked, reader_of, rendered
from lending.queries.notice_texts import own_words
from lending.queries.notices import NoticeFacts, facts_of
from lending.web import current, languages
from lending.web.access import allow
from lending.web.posting import pressed

bp = Blueprint("letters", __name__, url_prefix="/notices/letters")

AT_ONCE = 50
"""Letters on one page of the browser, which prints them as one pile."""


@bp.get("")
@allow(Act.CIRCULATE)
def index() -> ResponseReturnValue:
    """The letters that wait here; those without an address stand apart."""
    return _page(())


@bp.post("")
@allow(Act.CIRCULATE)
def printed() -> ResponseReturnValue:
    """Mark the letters of the pile as printed."""
    names = [name for name in request.form.get("letters", "").split(",") if name]

    def mark(session: Any, at: Any, by: Any) -> None:
        with hidden_as(Reason.NOT_FOUND):  # a letter of another branch looks like none
            mark_printed(session, letters=names, at=at, by=by)

    not_done = pressed(mark)
    if not_done is not None:
        return _page(not_done.sentences), not_done.status
    flash(
        ngettext("%(num)s letter is marked as printed.", "%(num)s letters are marked as printed.", len(names)), "done"
    )
    return redirect(url_for(".index"), 303)


def _page(problems: tuple[str, ...]) -> str:
    at, station = current.now(), current.station()
    here = current.branch_ids() if station is None else {station.branch_id}
    letters: list[dict[str, Any]] = []
    homeless: list[NoticeFacts] = []
    with current.library().db.read() as session:
        for notice in letters_waiting(session, here, at=at, limit=AT_ONCE):
            facts = facts_of(session, notice, at=at)
            if facts is None or not facts.address:
                homeless += [] if facts is None else [facts]
            elif (words := _in_words(session, facts)) is not None:
                letters.append(_letter(facts, words))
    return render_template(
        "notices/letters.html",
        letters=letters,
        homeless=sorted({short_name(facts.name) for facts in homeless}),
        problems=problems,
        key=new_public_id(),
        paper="letter",
    )


def _in_words(session: Any, facts: NoticeFacts) -> Rendered | None:
    settings = current.library().settings
    code, language = code_of(facts), language_for(facts.language, settings.default_locale)
    if code is None:
        return None
    own = own_words(session, code, Channel.LETTER, language)
    reader = reader_of(language, facts.zone)
    try:
        facts = linked(facts, settings.site_url)
        return rendered(
            code, facts, own, library=current.library().own_settings().name, reader=reader, channel=Channel.LETTER
        )
    except UnknownPlace:
        return None


def _letter(facts: NoticeFacts, words: Rendered) -> dict[str, Any]:
    reader = reader_of(words.language, facts.zone)
    return {
        "notice": facts.notice,
        "lang": words.language,
        "direction": languages.direction(words.language),
        "from": ", ".join(line for line in (facts.branch, facts.branch_address) if line),
        "to": (facts.name, *facts.address),
        "day": reader.day_and_year(current.now()),
        "subject": words.subject,
        "paragraphs": [part.split("\n") for part in words.paragraphs],
    }
