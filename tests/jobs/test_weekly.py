"""Last week's figures arrive once, for whoever reads them, of what is theirs, in their language, none of them small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from lending import settings
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.counting import Counter
from lending.domain.jobs import JOBS
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.counts import DailyCount
from lending.models.people import Staff, StaffProgram
from lending.notice_words.rendered import spoken
from tests.cast import Cast, assemble
from tests.mail.peer import Peer, mail_server

MONDAY = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
"""Seven in the morning in Los Angeles, of the week after the cast's."""

WEEKLY = "weekly-mail"


@dataclass
class Readers:
    """A library whose manager, lead and administrator have addresses; Ben at the desk has one too."""

    library: Library
    cast: Cast
    peer: Peer

    def run(self, at: datetime = MONDAY) -> int:
        return SWEEPS[WEEKLY](self.library, at)

    def sent(self) -> dict[str, Any]:
        return {str(message["To"]): message for message in self.peer.taken}

    def set(self, username: str, **values: object) -> None:
        self.library.db.act(lambda s: s.execute(update(Staff).where(Staff.username == username).values(values)))


def count(session: Any, branch: int, day: date, n: int, *, cohort: int = 0, kit_type: int) -> None:
    row = {"day": day, "branch_id": branch, "kit_type_id": kit_type, "cohort_id": cohort}
    session.add(DailyCount(**row, counter=Counter.CHECK_OUT.value, n=n))


@pytest.fixture
def readers(sqlite_database: Database, tmp_path: Path) -> Iterator[Readers]:
    cast, peer = assemble(sqlite_database), Peer()

    def fill(session: Any) -> None:
        for staff in session.query(Staff):
            staff.email = f"{staff.username}@library.example.org"
        count(session, cast.ela, date(2026, 3, 2), 30, kit_type=cast.laptop_hotspot)
        count(session, cast.ela, date(2026, 3, 8), 12, cohort=cast.cohort, kit_type=cast.work_ready)
        count(session, cast.ela, date(2026, 3, 9), 99, kit_type=cast.laptop_hotspot)
        count(session, cast.ela, date(2026, 2, 23), 40, kit_type=cast.laptop_hotspot)
        count(session, cast.com, date(2026, 3, 3), 3, kit_type=cast.work_ready)

    sqlite_database.act(fill)
    with mail_server(peer) as url:
        chosen = settings.load({}, instance=tmp_path, given={"smtp_url": url})
        yield Readers(Library(sqlite_database, MovingClock(MONDAY), None, chosen), cast, peer)


def words(message: Any, kind: str = "plain") -> str:
    return str(message.get_body((kind,)).get_content())


def test_managers_leads_and_administrators_get_it_and_the_desk_does_not(readers: Readers) -> None:
    assert readers.run() == 3
    assert sorted(readers.sent()) == [f"{name}@library.example.org" for name in ("cleo", "dora", "eli")]


def test_it_comes_once_whatever_repeats(readers: Readers) -> None:
    assert [readers.run(), readers.run(), readers.run(MONDAY + timedelta(days=3))] == [3, 0, 0]
    assert len(readers.peer.taken) == 3
    assert readers.run(MONDAY + timedelta(days=7)) == 3, "a new week is over"


def test_it_tells_of_the_week_that_is_over_beside_the_one_before(readers: Readers) -> None:
    readers.run()
    message = readers.sent()["eli@library.example.org"]
    assert message["Subject"] == "Public Library: Last week: Mar 2 – 8, 2026"
    assert "Mar 2 – 8, 2026: check-outs rose 12% against Feb 23 – Mar 1, 2026, to 45" in words(message)
    assert "Check-outs: 45 (40 before)" in words(message)
    assert "A kit handed to a patron on a new loan" in words(message)


def test_html_and_plain_text_say_the_same(readers: Readers) -> None:
    readers.run()
    message = readers.sent()["eli@library.example.org"]
    html = words(message, "html")
    assert "check-outs rose 12% against Feb 23 – Mar 1, 2026, to 45" in html
    assert "East Los Angeles Library" in html
    assert "<script" not in html


def test_each_reads_of_what_is_theirs_and_no_small_count(readers: Readers) -> None:
    readers.run()
    sent = {name.partition("@")[0]: words(message) for name, message in readers.sent().items()}
    assert "Check-outs: under 5" in sent["cleo"], "Compton lent 3"
    assert "East Los Angeles" not in sent["cleo"]
    assert "Too few to tell without telling of single people" in sent["cleo"]
    assert "Check-outs: 12" in sent["dora"], "of Work Ready alone"
    assert "Compton Library: not shown" not in sent["dora"]


def test_a_lead_without_a_program_reads_of_nothing(readers: Readers) -> None:
    readers.library.db.act(lambda s: s.query(StaffProgram).delete())
    readers.run()
    assert "Check-outs: 0" in words(readers.sent()["dora@library.example.org"])


@pytest.mark.parametrize("values", [{"weekly_mail": False}, {"email": None}, {"active": False}])
def test_whoever_wants_none_or_is_not_there_gets_none(readers: Readers, values: dict[str, object]) -> None:
    readers.set("cleo", **values)
    assert readers.run() == 2
    assert "cleo@library.example.org" not in readers.sent()


def test_a_mail_that_could_not_be_sent_goes_with_the_next_run(readers: Readers) -> None:
    readers.peer.answer = lambda to, _message: "451 4.3.0 later" if to.startswith("cleo") else "250 2.0.0 taken"
    assert readers.run() == 2
    readers.peer.answer = lambda _to, _message: "250 2.0.0 taken"
    assert readers.run() == 1


def test_an_address_that_refuses_for_good_is_not_tried_again(readers: Readers) -> None:
    readers.peer.answer = lambda to, _message: "550 5.1.1 unknown" if to.startswith("cleo") else "250 2.0.0 taken"
    assert [readers.run(), readers.run()] == [2, 0]


def test_it_is_written_in_the_language_of_its_reader(readers: Readers) -> None:
    readers.set("cleo", language="es")
    readers.run()
    message = readers.sent()["cleo@library.example.org"]
    assert message["Content-Language"] == ("es" if "es" in spoken() else "en")


def test_without_a_mail_server_nobody_is_passed_over(readers: Readers, tmp_path: Path) -> None:
    silent = Library(readers.library.db, readers.library.clock, None, settings.load({}, instance=tmp_path))
    assert SWEEPS[WEEKLY](silent, MONDAY) == 0
    assert readers.run() == 3


def test_the_job_runs_in_the_morning(readers: Readers) -> None:
    (job,) = [job for job in JOBS if job.name == WEEKLY]
    assert job.time_of_day is not None
    assert job.time_of_day.hour == 6
