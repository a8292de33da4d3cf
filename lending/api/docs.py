"""The page that tells people what the API can do. It is a page among the others; all it tells stands with the calls."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request

from lending.api import PREFIX
from lending.api.late import calls_of
from lending.errors import Reason
from lending.wording import WORDS

bp = Blueprint("api_docs", __name__)

_EXAMPLE = """\
POST %(prefix)s/checkouts HTTP/1.1
Host: %(host)s
Authorization: Bearer TOKEN
%(key)s: 2026-03-02-desk-1-0042
Content-Type: application/json

{"patron": "29999000000018", "kit": "KIT-1042", "branch": "ELA"}"""


@bp.get("/api/docs")
def page() -> str:
    """The description for people."""
    from lending.api import acts, description

    return render_template(
        "api/docs.html",
        spec=description.of(calls_of(current_app)),
        for_programs=f"{PREFIX}/openapi.json",
        reasons={reason.value: WORDS[reason] for reason in Reason},
        problems=description.PROBLEMS,
        example=_EXAMPLE % {"host": request.host, "key": acts.KEY, "prefix": PREFIX},
    )
