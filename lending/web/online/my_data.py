"""What the library keeps about the patron: to read, to take away as a file, and to ask that it be erased.

Source: RULES 8, "Patron export and erasure"; SCREENS, "Preferences, consent, history kept or not, my data".
"""

from __future__ import annotations

import json
from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation.privacy_requests import ask_for_erasure
from lending.models.base import new_public_id
from lending.queries.borrowers_data import everything
from lending.web import current
from lending.web.access import own
from lending.web.posting import NotDone, pressed

bp = Blueprint("my_data", __name__, url_prefix="/my/data")


@bp.get("")
@own
def page() -> ResponseReturnValue:
    """What is kept, in few words, and how much of it there is."""
    return _page()


def _page(not_done: NotDone = NotDone()) -> ResponseReturnValue:
    with current.library().db.read() as session:
        kept = everything(session, current.myself().patron_id)
    (about,) = kept["patron"]
    reader = current.reader()
    born = None if about["birth_date"] is None else reader.birthday(date.fromisoformat(about["birth_date"]))
    address = ", ".join(text for text in (about["street"], about["unit"], about["city"], about["postal_code"]) if text)
    page = render_template(
        "online/data.html",
        about={**about, "birth_date": born, "address": address, "language": reader.language(about["language"])},
        counts={name: len(rows) for name, rows in kept.items()},
        problems=not_done.sentences,
    )
    return page, not_done.status


@bp.get("/download.json")
@own
def download() -> ResponseReturnValue:
    """All of it, as a file that other programs read."""
    with current.library().db.read() as session:
        kept = everything(session, current.myself().patron_id)
    document = {"library": current.library().own_settings().name, "made_at": current.now().isoformat(), **kept}
    answer = Response(json.dumps(document, ensure_ascii=False, indent=2) + "\n", content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-library-data.json"'
    return answer


@bp.route("/erasure", methods=["GET", "POST"])
@own
def erase() -> ResponseReturnValue:
    """Ask that all of it be erased; the page before says what that means."""
    me = current.myself()
    if request.method == "POST":
        not_done = pressed(lambda session, at, by: ask_for_erasure(session, patron=me.public_id, at=at, by=by))
        if not_done is not None:
            return _page(not_done)
        flash(_("We got your request. Someone from the library answers you."), "done")
        return redirect(url_for("my_data.page"), 303)
    return render_template(
        "online/sure.html",
        heading=_("Ask us to erase your data?"),
        sentences=[
            _("Someone from the library looks at your request and answers you."),
            _("While you have a kit, or owe something, we have to keep what belongs to it."),
            _("After that you can no longer sign in here, and you lose your place in every queue."),
        ],
        button=_("Yes, ask for it"),
        back=url_for("my_data.page"),
        key=new_public_id(),
        tab="me",
    )
