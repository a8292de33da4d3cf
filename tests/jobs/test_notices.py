"""The post: what waits in the outbox is put into words and leaves by the way its patron chose."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import QueuePool, update

from lending import settings
from lending.circulation.telling import tell
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.texts import segments
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.mail.smtp import SmtpMailer
from lending.models.cohorts import Workshop
from lending.models.loans import Loan
from lending.models.notices import Carrier, Channel, Notice, NoticeState, NoticeText
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, Cast, assemble, seat
from tests.circulation.kits_in_hand import lend, only, rows
from tests.mail.http_peer import HttpPeer, http_server
from tests.mail.peer import Peer, mail_server


@pytest.fixture
def cast(database: Database) -> Cast:
    return assemble(database)


@pytest.fixture
def library(database: Database, tmp_path: Path) -> Library:
    return Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path))


def change(database: Database, patron_id: int, **values: object) -> None:
    database.act(lambda session: session.execute(update(Patron).where(Patron.id == patron_id).values(**values)))


def tell_luis(database: Database, cast: Cast, step: str = "due_in_3_days") -> None:
    """Put a notice about the kit in his hands into the outbox."""
    loan = only(database, Loan)
    database.act(
        lambda session: tell(
            session, step, subject=f"loan:{loan.public_id}", patron_id=cast.luis_id, at=NOW, loan_id=loan.id
        )
    )


def test_without_a_mail_server_a_notice_is_marked_as_sent_to_the_log_alone(
    database: Database, cast: Cast, library: Library
) -> None:
    change(database, cast.luis_id, email="luis@example.org")
    lend(database, cast)
    assert [SWEEPS["notices"](library, NOW) for _ in range(2)] == [1, 0]
    receipt = only(database, Notice)
    assert (receipt.step, receipt.state, receipt.carrier) == ("receipt", NoticeState.SENT, Carrier.LOG)


def test_a_mail_server_that_the_settings_name_gets_the_notice(database: Database, cast: Cast, tmp_path: Path) -> None:
    change(database, cast.luis_id, email="luis@example.org")
    lend(database, cast)
    peer = Peer()
    with mail_server(peer) as url:
        given = {"smtp_url": url, "library_name": "County Library", "mail_from": "kits@library.example.org"}
        opened = Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path, given=given))
        assert SWEEPS["notices"](opened, NOW) == 1
    (message,) = peer.taken
    assert (message["To"], message["From"]) == ("luis@example.org", "County Library <kits@library.example.org>")
    assert message["Subject"] == "Your kit is due Tue, Apr 14"
    assert message["Content-Language"] == "en"
    assert only(database, Notice).carrier is Carrier.SMTP


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.TEXT])
def test_while_a_message_travels_no_connection_is_in_use_and_others_write(
    database: Database, cast: Cast, tmp_path: Path, channel: Channel
) -> None:
    lend(database, cast)
    change(database, cast.luis_id, email="luis@example.org", phone="+12135550142", text_consent_at=NOW)
    change(database, cast.luis_id, notice_channel=channel)
    tell_luis(database, cast)
    found: list[int] = []

    def looks(*_: object) -> str:
        found.append(in_use(database))
        change(database, cast.luis_id, language="es")  # refused as busy, if the sender held the turn to write
        return "250 2.0.0 taken"

    peer, gateway = Peer(), HttpPeer(answer=lambda asked: (200, looks(asked).encode()))
    peer.answer = looks
    with mail_server(peer) as smtp, http_server(gateway) as url:
        given = {"smtp_url": smtp, "text_url": url, "text_secret": "a secret of the gateway and the library"}
        opened = Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path, given=given))
        assert SWEEPS["notices"](opened, NOW) == 1
    assert found == [0]
    assert database.act(lambda session: in_use(database, session.connection())) == 1, "an act is seen"


def in_use(database: Database, *_: object) -> int:
    """How many connections are in use, of those that write and those that read."""
    pools = (database.write_engine.pool, database.read_engine.pool)
    return sum(pool.checkedout() for pool in pools if isinstance(pool, QueuePool))


def test_a_text_without_a_gateway_goes_to_the_log_alone(database: Database, cast: Cast, library: Library) -> None:
    lend(database, cast)
    change(database, cast.luis_id, phone="+12135550142", text_consent_at=NOW, notice_channel=Channel.TEXT)
    tell_luis(database, cast)
    assert SWEEPS["notices"](library, NOW) == 1
    notice = only(database, Notice)
    assert (notice.channel, notice.state, notice.carrier) == (Channel.TEXT, NoticeState.SENT, Carrier.LOG)


def test_a_gateway_that_the_settings_name_gets_the_text(database: Database, cast: Cast, tmp_path: Path) -> None:
    lend(database, cast)
    change(database, cast.luis_id, phone="+12135550142", text_consent_at=NOW, notice_channel=Channel.TEXT)
    tell_luis(database, cast)
    peer = HttpPeer()
    with http_server(peer) as url:
        given = {"text_url": url, "text_secret": "a secret of the gateway and the library"}
        opened = Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path, given=given))
        assert SWEEPS["notices"](opened, NOW) == 1
    (asked,) = peer.asked
    notice, said = only(database, Notice), json.loads(asked.body)
    assert (said["id"], said["to"]) == (notice.public_id, "+12135550142")
    assert segments(said["text"]) == 1
    assert (notice.state, notice.carrier) == (NoticeState.SENT, Carrier.GATEWAY)


def test_a_gateway_that_knows_nobody_with_the_number_is_not_asked_again_for_it(
    database: Database, cast: Cast, tmp_path: Path
) -> None:
    lend(database, cast)
    change(database, cast.luis_id, phone="+12135550142", text_consent_at=NOW, text_consent_wording="Yes.")
    tell_luis(database, cast)
    with http_server(HttpPeer(answer=lambda _: (410, b"{}"))) as url:
        given = {"text_url": url, "text_secret": "a secret of the gateway and the library"}
        opened = Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path, given=given))
        assert SWEEPS["notices"](opened, NOW) == 0
    with database.read() as session:
        luis = session.get_one(Patron, cast.luis_id)
    assert (luis.text_consent_at, luis.text_consent_wording) == (None, None)
    found = {(one.channel, one.state) for one in rows(database, Notice) if one.step != "receipt"}
    assert found == {(Channel.TEXT, NoticeState.FAILED), (Channel.LETTER, NoticeState.PENDING)}


def test_a_call_becomes_work_for_a_person(database: Database, cast: Cast, library: Library) -> None:
    lend(database, cast)
    change(database, cast.luis_id, phone="+12135550142", notice_channel=Channel.CALL)
    tell_luis(database, cast)
    assert SWEEPS["notices"](library, NOW) == 1
    task, notice = only(database, Task), only(database, Notice)
    assert (task.kind, task.subject, task.patron_id) == (TaskKind.CALL, f"notice:{notice.public_id}", cast.luis_id)
    assert notice.carrier is Carrier.CALLED


def test_a_letter_waits_for_whoever_prints_it(database: Database, cast: Cast, library: Library) -> None:
    lend(database, cast)
    tell_luis(database, cast)
    assert SWEEPS["notices"](library, NOW) == 0
    assert only(database, Notice).state is NoticeState.PENDING


def test_an_address_that_was_taken_away_is_told_another_way(database: Database, cast: Cast, library: Library) -> None:
    change(database, cast.luis_id, email="luis@example.org")
    lend(database, cast)
    change(database, cast.luis_id, email=None)
    assert SWEEPS["notices"](library, NOW) == 0
    assert [(n.channel, n.state) for n in rows(database, Notice)] == [
        (Channel.EMAIL, NoticeState.FAILED),
        (Channel.LETTER, NoticeState.PENDING),
    ]


def test_a_text_that_has_become_wrong_is_not_sent_and_staff_hear_of_it(
    database: Database, cast: Cast, library: Library
) -> None:
    change(database, cast.luis_id, email="luis@example.org")
    lend(database, cast)
    wrong = NoticeText(
        step="receipt", channel=Channel.EMAIL, language="en", subject="Hello", body="{gone}", changed_at=NOW
    )
    database.act(lambda session: session.add(wrong))
    assert SWEEPS["notices"](library, NOW) == 0
    assert only(database, Notice).problem == "no fact: gone"
    assert only(database, Task).kind is TaskKind.BOUNCE


def test_a_workshop_is_told_of_on_the_day_before_with_a_file_for_the_calendar(
    database: Database, cast: Cast, library: Library
) -> None:
    change(database, cast.luis_id, email="luis@example.org")
    starts_at = NOW + timedelta(days=1, hours=8)

    def plan(session: Any) -> None:
        seat(session, cast, cast.luis_id)
        session.add(
            Workshop(
                cohort_id=cast.cohort,
                n=1,
                title="Applying; for, work",
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1),
            )
        )

    database.act(plan)
    night = datetime(2026, 3, 3, 15, 59, tzinfo=UTC)
    assert SWEEPS["workshops"](library, NOW - timedelta(days=1)) == 0
    assert SWEEPS["workshops"](library, night) == 0
    assert [SWEEPS["workshops"](library, NOW) for _ in range(2)] == [2, 0]
    peer = Peer()
    with mail_server(peer) as url:
        mailer = SmtpMailer(url)
        assert SWEEPS["notices"](Library(database, MovingClock(NOW), mailer, library.settings), NOW) == 1
        mailer.close()
    (message,) = peer.taken
    assert message["Subject"] == "Your workshop is tomorrow"
    (event,) = message.iter_attachments()
    assert (event.get_content_type(), event.get_filename()) == ("text/calendar", "workshop.ics")
    lines = event.get_content().splitlines()
    assert "SUMMARY:Applying\\; for\\, work" in lines
    assert "DTSTART:20260305T020000Z" in lines
