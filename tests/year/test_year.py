"""A whole year of sessions in small: every law of the data holds each night, and the counts are what was fed in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from lending.db import Database
from tests.year.county import County
from tests.year.tally import told
from tests.year.year import MINIATURE, Year

FIRST_DAY = date(2026, 1, 12)


def test_every_night_the_laws_hold_and_in_the_end_the_counts_are_what_was_fed_in(
    database: Database, tmp_path: Path
) -> None:
    county = County.open(database, tmp_path, first_day=FIRST_DAY, kits=MINIATURE.kits)
    year = Year(county, MINIATURE, FIRST_DAY)
    for n, day in enumerate(year.play()):
        # On PostgreSQL all the laws take longer than the day does: there they are asked once a week, and at the end.
        if database.is_sqlite or n % 7 == 0:
            assert county.broken() == {}, f"in the night after {day}"
    assert county.broken() == {}
    fed, kept = year.tally, told(database)
    assert kept.circulation == fed.circulation
    assert (kept.enrolled, kept.left) == (fed.enrolled, fed.left)
    assert (kept.attended, kept.lost) == (fed.attended, fed.lost)
    assert sum(fed.circulation.values()) > 40, "too little happened to say anything"
