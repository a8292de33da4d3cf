"""The people behind "Had a seat": as many as the figure says, of the libraries that it counts."""

from __future__ import annotations

import re
from html import unescape

from lending.db import Database
from lending.programs.withdrawal import withdraw
from tests.cast import LUIS, NOW, Cast
from tests.programs.members import join
from tests.web.browsers import Browser
from tests.web.reports.reading import rows, table, text
from tests.web.test_roster import seat_of

SEATS = "/sessions/WR-7/roster?who=seats"


def luis_joins_and_leaves(database: Database, cast: Cast) -> None:
    join(database, cast, LUIS)
    seat = seat_of(database, cast.luis_id).public_id
    database.act(lambda session: withdraw(session, enrolment=seat, at=NOW, by=cast.ben))


def test_the_figure_leads_to_everybody_whom_it_counts_also_to_who_left(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    luis_joins_and_leaves(sqlite_database, cast)
    for narrowed, people in (("", 2), ("?branch=ELA", 2), ("?branch=COM", 0)):
        page = text(eli.get(f"/reports/sessions{narrowed}"))
        assert table(page, "Session by session")["Work Ready 7"][0] == str(people)
        (leads,) = (unescape(url) for url in re.findall(r'href="(/sessions/WR-7/roster[^"]*)"', page))
        listed = text(eli.get(leads))
        assert len(rows(listed)) == people
        assert f"People: {people}" in listed
    assert "Luis" in text(eli.get(SEATS))
    assert "Luis" not in text(eli.get("/sessions/WR-7/roster")), "the desk deals with him no more"


def test_of_another_library_nobody_is_listed(cleo: Browser, sqlite_database: Database, cast: Cast) -> None:
    luis_joins_and_leaves(sqlite_database, cast)
    assert rows(text(cleo.get(SEATS))) == []
    assert cleo.get(f"{SEATS}&branch=ELA").status_code == 404
    assert cleo.get("/sessions/NONE/roster?who=seats").status_code == 404
