"""How accessible the pages are: what was tested and how, what no person has tested yet, and whom to tell.

Public, in every language. Each figure is one that the tests hold the pages to (``tests/journeys/test_accessibility.py``
and beside it); a test compares this page with them. Source: SCREENS, "Accessibility".
"""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from lending.queries.branches import branches
from lending.web import current
from lending.web.access import public

bp = Blueprint("accessibility", __name__)

WRITTEN_ON = date(2026, 11, 22)
PAGES = 200
"""How many pages and states of pages the tests open, at least."""
WIDTHS = (1366, 390, 320)
"""Pixels of the windows in which they are looked at."""
TEXT, CONTROLS = "4.5", "3"
"""Contrast, to one, of words and of what surrounds a control or shows the focus."""
PATRONS_TARGET, STAFF_TARGET, RING = 44, 24, 2
"""Pixels of what is pressed on patrons' and on staff's pages, and of the ring around what has the focus."""
TEXT_SIZE, LONGER = 200, 40
"""Percent: how large a reader may make the text, and how much longer another language may be."""


@bp.get("/accessibility")
@public
def statement() -> ResponseReturnValue:
    """The statement."""
    with current.library().db.read() as session:
        places = [(one.name, one.phone) for one in branches(session) if one.phone]
    return render_template(
        "online/accessibility.html",
        written=current.reader().day_and_year(WRITTEN_ON),
        places=places,
        pages=PAGES,
        widths=current.reader().listed([str(width) for width in WIDTHS]),
        text=TEXT,
        controls=CONTROLS,
        patrons_target=PATRONS_TARGET,
        staff_target=STAFF_TARGET,
        ring=RING,
        text_size=TEXT_SIZE,
        longer=LONGER,
    )
