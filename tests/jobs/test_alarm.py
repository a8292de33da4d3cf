"""When the jobs do not run, an administrator hears of it once, from whichever process sees it first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lending import settings
from lending.circulation.jobs import THE_JOBS, beat, begin_run, end_run, fail_run, lead
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.permissions import Role
from lending.jobs import alarm
from lending.jobs.alarm import Alarm
from lending.library import Library
from lending.models.people import Staff
from tests.cast import NOW, assemble
from tests.mail.peer import Peer, free_port, mail_server

MINUTE = timedelta(minutes=1)


class Watch:
    """A library with an administrator who reads mail, and two web processes that look."""

    def __init__(self, database: Database, folder: Path, url: str | None) -> None:
        self.clock = MovingClock(NOW)
        self.library = Library(database, self.clock, None, settings.load({}, instance=folder, given={"smtp_url": url}))
        self.web, self.other = Alarm(self.library), Alarm(self.library)
        assemble(database)
        database.act(
            lambda s: s.execute(update(Staff).where(Staff.role == Role.ADMIN).values(email="eli@library.example.org"))
        )

    def look(self, *, after: timedelta = MINUTE) -> list[tuple[str, ...]]:
        self.clock.move(after)
        return [self.web.look(), self.other.look()]

    def beat(self) -> None:
        def act(session: object) -> None:
            if not beat(session, "somebody", at=self.clock.now()):  # type: ignore[arg-type]  # a session, as act gives
                lead(session, "somebody", at=self.clock.now())  # type: ignore[arg-type]  # the same

        self.library.db.act(act)


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def watch(database: Database, tmp_path: Path, peer: Peer) -> Iterator[Watch]:
    with mail_server(peer) as url:
        yield Watch(database, tmp_path, url)


def test_silence_is_told_once_and_again_after_a_day(watch: Watch, peer: Peer) -> None:
    assert watch.look() == [(), ()], "a first look may have come in the middle of a start"
    assert watch.look() == [(THE_JOBS,), ()]
    assert watch.look() == [(), ()]
    (message,) = peer.taken
    assert (message["To"], message["Subject"]) == ("eli@library.example.org", "Public Library: Nobody runs the jobs")
    assert watch.look(after=timedelta(days=1)) == [(THE_JOBS,), ()]


def test_a_new_silence_is_told_anew(watch: Watch) -> None:
    watch.look()
    assert watch.look() == [(THE_JOBS,), ()]
    watch.beat()
    watch.beat()
    assert watch.look() == [(), ()]
    watch.look()
    assert watch.look() == [(THE_JOBS,), ()]


def test_a_late_job_is_named_in_the_administrators_language(watch: Watch, peer: Peer) -> None:
    watch.library.db.act(lambda s: begin_run(s, "overdue", at=watch.clock.now()))
    watch.library.db.act(lambda s: end_run(s, "overdue", done=0, of=watch.clock.now(), at=watch.clock.now()))
    watch.clock.move(timedelta(hours=1))
    watch.beat()
    assert watch.look() == [(), ()]
    watch.beat()
    assert watch.look() == [("overdue",), ()]
    body = peer.taken[0].get_body(("plain",))
    assert body is not None
    assert "overdue" in body.get_content()


def test_a_job_that_never_went_well_is_late_however_often_it_tries(watch: Watch) -> None:
    for _ in range(5):
        watch.library.db.act(lambda s: begin_run(s, "overdue", at=watch.clock.now()))
        watch.library.db.act(lambda s: fail_run(s, "overdue", "ValueError", at=watch.clock.now()))
        watch.clock.move(timedelta(minutes=15))
    watch.beat()
    watch.look()
    watch.beat()
    assert watch.look() == [("overdue",), ()]


def test_while_the_mail_server_is_away_the_telling_waits(database: Database, tmp_path: Path, peer: Peer) -> None:
    port = free_port()
    watch = Watch(database, tmp_path, f"smtp://127.0.0.1:{port}")
    watch.look()
    assert watch.look() == [(), ()]
    with mail_server(peer, port):
        assert watch.look() == [(THE_JOBS,), ()]
    assert len(peer.taken) == 1


def test_without_a_mail_server_the_log_says_it_once(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watch = Watch(database, tmp_path, None)
    for _ in range(4):
        watch.look()
    assert capsys.readouterr().out.count("jobs are late") == 1


def test_a_web_process_goes_on_looking_when_a_look_fails(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, enough = threading.Semaphore(0), threading.Event()

    def broken(_self: Alarm) -> tuple[str, ...]:
        looked.release()
        raise OSError

    monkeypatch.setattr(alarm, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(Alarm, "look", broken)
    thread = alarm.watch(Library(sqlite_database, MovingClock(NOW), None, settings.load({}, instance=tmp_path)), enough)
    assert thread.daemon
    assert all(looked.acquire(timeout=20) for _ in range(3))
    enough.set()
    thread.join(timeout=20)
    assert not thread.is_alive()
