"""The outbox against a real mail server that greylists, refuses, hangs and is away; and what it leaves to others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from lending import settings
from lending.circulation.notices import Claim
from lending.circulation.telling import tell
from lending.clock import MovingClock
from lending.db import Database
from lending.jobs.sending import Way, send_all
from lending.library import Library
from lending.mail.messages import Letterhead, email
from lending.mail.smtp import SmtpMailer
from lending.models.notices import Carrier, Channel, Notice, NoticeState
from lending.models.people import Patron
from lending.models.tasks import Task
from tests.cast import NOW, Cast, assemble
from tests.circulation.kits_in_hand import rows
from tests.mail.hanging import NOTHING, UNTIL_DATA, hanging_server
from tests.mail.peer import Peer, free_port, mail_server

PEOPLE = 6
SILENCE = 2.0
"""Seconds until a server that says nothing counts as away."""


class Office:
    """A library with notices to send, its mailer, and a clock that is moved by hand."""

    def __init__(self, database: Database, cast: Cast, folder: Path, mailer: SmtpMailer) -> None:
        self.database, self.cast, self.mailer = database, cast, mailer
        self.clock = MovingClock(NOW)
        self.library = Library(database, self.clock, None, settings.load({}, instance=folder))

    def tell(self, number: int) -> None:
        def act(session: Any) -> None:
            session.execute(update(Patron).where(Patron.id == self.cast.ada_id).values(email="ada@example.org"))
            for n in range(number):
                tell(session, "news", subject=f"programme:{n}", patron_id=self.cast.ada_id, at=NOW)

        self.database.act(act)

    def carry(self, claimed: Claim, at: datetime) -> None:
        self.mailer.send(
            email(
                public_id=claimed.public_id,
                to="ada@example.org",
                subject="News",
                text="News.",
                html="<p>News.</p>",
                language="en",
                sender=Letterhead("Library", "kits@library.example.org"),
                at=at,
            )
        )

    def send(self, *, after: timedelta = timedelta(0)) -> int:
        self.clock.move(after)
        way = {Channel.EMAIL: Way(self.carry, Carrier.SMTP)}
        return send_all(self.library, way, now=self.clock.now, by=lambda: self.cast.system)

    def states(self) -> Counter[NoticeState]:
        return Counter(notice.state for notice in rows(self.database, Notice))


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def office(database: Database, tmp_path: Path, port: int) -> Iterator[Office]:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", timeout=SILENCE)
    yield Office(database, assemble(database), tmp_path, mailer)
    mailer.close()


def test_everything_that_waits_is_sent_once(office: Office, port: int) -> None:
    office.tell(PEOPLE)
    peer = Peer()
    with mail_server(peer, port):
        assert [office.send(), office.send()] == [PEOPLE, 0]
    assert len(set(peer.asked)) == PEOPLE == len(peer.taken)
    assert office.states() == {NoticeState.SENT: PEOPLE}


def test_what_is_greylisted_is_sent_later_under_the_same_name(office: Office, port: int) -> None:
    office.tell(PEOPLE)
    peer = Peer()
    seen: set[str] = set()

    def greylist(_to: str, message: Any) -> str:
        name = str(message["Message-ID"])
        known = name in seen
        seen.add(name)
        return "250 taken" if known else "451 4.7.1 later"

    peer.answer = greylist
    with mail_server(peer, port):
        assert office.send() == 0
        assert office.send(after=timedelta(minutes=1)) == 0
        assert office.send(after=timedelta(minutes=5)) == PEOPLE
    assert sorted(str(message["Message-ID"]) for message in peer.taken) == sorted(seen)


def test_a_refusal_stops_nobody_else_and_is_work_for_staff(office: Office, port: int) -> None:
    office.tell(PEOPLE)
    peer = Peer()
    first: list[str] = []

    def refuse_one(_to: str, message: Any) -> str:
        first.append(str(message["Message-ID"]))
        return "554 5.7.1 no" if len(first) == 1 else "250 taken"

    peer.answer = refuse_one
    with mail_server(peer, port):
        assert office.send() == PEOPLE - 1
    assert office.states() == {NoticeState.SENT: PEOPLE - 1, NoticeState.FAILED: 1}
    assert len(rows(office.database, Task)) == 1


def test_a_notice_that_no_words_can_be_made_of_keeps_no_other_and_is_given_to_staff(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.tell(PEOPLE)
    broken = rows(office.database, Notice)[0].public_id

    def carry(claimed: Claim, _at: datetime) -> None:
        if claimed.public_id == broken:
            raise KeyError("a fact")

    monkeypatch.setattr(office, "carry", carry)
    assert office.send() == PEOPLE - 1
    assert office.states() == {NoticeState.SENT: PEOPLE - 1, NoticeState.PENDING: 1}
    for _ in range(5):
        assert office.send(after=timedelta(days=1)) == 0
    assert office.states() == {NoticeState.SENT: PEOPLE - 1, NoticeState.FAILED: 1}
    assert len(rows(office.database, Task)) == 1


def test_a_server_that_is_away_for_36_hours_costs_one_try_a_run_and_nothing_is_lost(office: Office, port: int) -> None:
    office.tell(PEOPLE)
    for _ in range(36):
        assert office.send(after=timedelta(hours=1)) == 0
    assert office.states() == {NoticeState.PENDING: PEOPLE}
    peer = Peer()
    with mail_server(peer, port):
        office.send(after=timedelta(hours=4))
    assert len({str(message["Message-ID"]) for message in peer.taken}) == PEOPLE == len(peer.taken)


@pytest.mark.parametrize("answers", [NOTHING, UNTIL_DATA])
def test_a_server_that_hangs_costs_one_try_a_run_and_nothing_is_lost_or_sent_twice(
    office: Office, port: int, answers: int
) -> None:
    office.tell(PEOPLE)
    with hanging_server(answers, port) as server:
        assert [office.send(after=timedelta(minutes=1)) for _ in range(2)] == [0, 0]
    assert server.came == 2
    assert office.states() == {NoticeState.PENDING: PEOPLE}
    peer = Peer()
    with mail_server(peer, port):
        office.send(after=timedelta(hours=1))
    assert len(set(peer.asked)) == PEOPLE == len(peer.taken)


def test_a_heap_leaves_at_its_pace_and_a_few_at_once(
    office: Office, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []
    monkeypatch.setattr("lending.jobs.sending.time.sleep", paused.append)
    monkeypatch.setattr("lending.jobs.sending.AT_ONCE", PEOPLE // 2)
    office.tell(PEOPLE)
    with mail_server(Peer(), port):
        assert office.send() == PEOPLE
    assert len(paused) == PEOPLE - PEOPLE // 2 + 1
    assert all(0 <= pause <= 1 / office.library.settings.notices_a_second for pause in paused)


def test_a_run_ends_after_its_turn_and_the_next_goes_on(
    office: Office, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lending.jobs.sending.TURN_SECONDS", 0.0)
    office.tell(2)
    with mail_server(Peer(), port):
        assert [office.send() for _ in range(3)] == [1, 1, 0]


def test_a_process_that_dies_between_the_servers_answer_and_the_mark_sends_twice_at_most(
    office: Office, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.tell(1)
    peer = Peer()
    with mail_server(peer, port):
        monkeypatch.setattr("lending.jobs.sending._sent", lambda *_: (_ for _ in ()).throw(SystemExit(9)))
        with pytest.raises(SystemExit):
            office.send()
        monkeypatch.undo()
        assert office.send(after=timedelta(minutes=9)) == 0
        assert office.send(after=timedelta(minutes=2)) == 1
        assert office.send(after=timedelta(days=1)) == 0
    assert len(peer.taken) == 2
    assert len(set(peer.asked)) == 1
