"""A whole year of sessions in small: every law of the data holds each night, and the counts are what was fed in.

On SQLite: on PostgreSQL it takes three minutes of the checks, and the battery plays the whole of it on both.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from lending.db import Database
from tests.year.county import County
from tests.year.tally import told
from tests.year.year import MINIATURE, Year

FIRST_DAY = date(2026, 1, 12)


def test_every_night_the_laws_hold_and_in_the_end_the_counts_are_what_was_fed_in(
    sqlite_database: Database, tmp_path: Path
) -> None:
    county = County.open(sqlite_database, tmp_path, first_day=FIRST_DAY, kits=MINIATURE.kits)
    year = Year(county, MINIATURE, FIRST_DAY)
    for day in year.play():
        assert county.broken() == {}, f"in the night after {day}"
    fed, kept = year.tally, told(sqlite_database)
    assert kept.circulation == fed.circulation
    assert (kept.enrolled, kept.left) == (fed.enrolled, fed.left)
    assert (kept.attended, kept.lost) == (fed.attended, fed.lost)
    assert sum(fed.circulation.values()) > 40, "too little happened to say anything"
