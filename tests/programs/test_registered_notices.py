"""Whoever registered for one workshop is told of it, by e-mail or by text, until it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from lending import settings
from lending.circulation.forgetting import STEPS as FORGETTING
from lending.circulation.forgetting import Limits
from lending.circulation.notices import claim, give_up
from lending.circulation.stopping import stop_texts
from lending.clock import MovingClock
from lending.db import Database
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models import Base
from lending.models.cohorts import Cohort, WorkshopMode
from lending.models.journal import JournalEntry
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.outcomes import Registration, RegistrationWay
from lending.models.tasks import Task, TaskKind
from lending.programs.cancelling import cancel_cohort
from lending.programs.plans import CohortChange
from lending.programs.redating import change_cohort
from lending.programs.registrations import Registered, cancel_registration
from lending.programs.rescheduling import WorkshopChange, change_workshop, drop_workshop
from lending.programs.workshop_notices import tell_of_tomorrow
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import only, rows
from tests.mail.peer import Peer, mail_server
from tests.programs.meetings import meeting
from tests.programs.registering import OMID, YUKI, sign_up

NEXT_WEEK = NOW + timedelta(days=7)
AGREED = {**YUKI, "text_consent_wording": "I agree."}


def to_come(database: Database, cast: Cast, mode: WorkshopMode = WorkshopMode.HYBRID) -> str:
    return meeting(database, cast, mode, n=4, begins=NEXT_WEEK)


def claimed(database: Database, cast: Cast, channel: Channel = Channel.EMAIL, at: datetime = NOW) -> Any:
    return database.act(lambda session: claim(session, channel, at=at, by=cast.system))


def told(database: Database) -> list[tuple[str, Channel, NoticeState]]:
    return [(row.step, row.channel, row.state) for row in rows(database, Notice)]


def steps(database: Database) -> list[str]:
    return [row.step for row in rows(database, Notice) if row.registration_id is not None]


def cancel(database: Database, cast: Cast, done: Registered) -> None:
    by = cast.nobody
    database.act(lambda s: cancel_registration(s, registration=done.registration, at=NOW, by=by))


def moved(database: Database, cast: Cast, workshop: str, by: timedelta = timedelta(hours=1)) -> None:
    change = WorkshopChange(starts_at=NEXT_WEEK + by)
    database.act(lambda s: change_workshop(s, workshop=workshop, change=change, at=NOW, by=cast.dora))


def letters(database: Database, folder: Path, *, at: datetime = NOW) -> list[Any]:
    """What the mail server gets."""
    peer = Peer()
    with mail_server(peer) as url:
        given = {"smtp_url": url, "site_url": "https://kits.example.org"}
        SWEEPS["notices"](Library(database, MovingClock(at), None, settings.load({}, instance=folder, given=given)), at)
    return peer.taken


def test_a_confirmation_has_the_reference_the_link_to_cancel_and_a_file_for_the_calendar(
    database: Database, cast: Cast, tmp_path: Path
) -> None:
    done = sign_up(database, cast, to_come(database, cast))
    (message,) = letters(database, tmp_path)
    assert (message["To"], message["Subject"]) == ("omid@example.org", "You are registered")
    said = message.get_body(("plain",)).get_content()
    assert done.reference in said
    assert f"https://kits.example.org/workshops/registered/{done.registration}" in said.replace("\n", "")
    assert "Tue, Mar 10, 11:00" in said
    assert "East Los Angeles" in said
    (event,) = message.iter_attachments()
    assert f"UID:{done.registration}" in event.get_content().splitlines()
    assert "Omid" not in event.get_content()


def test_a_text_goes_to_who_agreed_to_texts_and_nothing_to_a_number_alone(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    sign_up(database, cast, workshop, details=YUKI)
    assert told(database) == []
    sign_up(database, cast, workshop, details={**AGREED, "name": "Kenji Tanaka"})
    assert told(database) == [("registered", Channel.TEXT, NoticeState.PENDING)]
    _, row = rows(database, Registration)
    assert (row.text_consent_at, row.text_consent_wording) == (NOW, "I agree.")
    notice = only(database, Notice)
    assert (notice.patron_id, notice.registration_id) == (None, row.id)


def test_a_consent_to_texts_without_a_number_is_none(database: Database, cast: Cast) -> None:
    sign_up(database, cast, to_come(database, cast), details={**OMID, "text_consent_wording": "I agree."})
    row = only(database, Registration)
    assert (row.text_consent_at, row.text_consent_wording) == (None, None)


def test_a_text_waits_for_the_morning_where_the_workshop_is_held(database: Database, cast: Cast) -> None:
    sign_up(database, cast, to_come(database, cast, WorkshopMode.VIRTUAL), way=RegistrationWay.VIRTUAL, details=AGREED)
    night = NOW.replace(hour=6)
    database.act(lambda s: s.execute(update(Notice).values(due_at=night)))
    assert claimed(database, cast, Channel.TEXT, night) is None
    assert only(database, Notice).due_at == NOW.replace(hour=16, minute=0)


def test_stop_ends_the_texts_and_what_waits(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    sign_up(database, cast, workshop, details=AGREED)
    sign_up(database, cast, workshop, details={**AGREED, **OMID, "phone": YUKI["phone"]})
    stopped = database.act(lambda s: stop_texts(s, phone="+12135550187", at=NOW, by=cast.system))
    assert stopped == 2
    assert told(database) == [
        ("registered", Channel.TEXT, NoticeState.CANCELLED),
        ("registered", Channel.EMAIL, NoticeState.PENDING),
    ]
    assert {row.text_consent_at for row in rows(database, Registration)} == {None}
    entries = rows(database, JournalEntry, JournalEntry.verb == "stop_texts")
    assert [entry.patron for entry in entries] == [None, None]
    moved(database, cast, workshop)
    assert steps(database) == ["registered", "registered", "registered_workshop_moved"]


def test_another_time_is_told_and_another_title_is_not(database: Database, cast: Cast, tmp_path: Path) -> None:
    workshop = to_come(database, cast)
    sign_up(database, cast, workshop)
    change = WorkshopChange(title="Letters")
    database.act(lambda s: change_workshop(s, workshop=workshop, change=change, at=NOW, by=cast.dora))
    assert steps(database) == ["registered"]
    moved(database, cast, workshop)
    assert [message["Subject"] for message in letters(database, tmp_path)] == [
        "You are registered",
        "Your workshop has a new time",
    ]


def test_a_session_that_moves_or_is_cancelled_tells_who_registered_for_its_workshops(
    database: Database, cast: Cast, tmp_path: Path
) -> None:
    sign_up(database, cast, to_come(database, cast))
    later = CohortChange(starts_on=only(database, Cohort, Cohort.code == "WR-7").starts_on + timedelta(days=14))
    database.act(lambda s: change_cohort(s, cohort="WR-7", change=later, at=NOW, by=cast.dora))
    assert steps(database) == ["registered", "registered_workshop_moved"]
    by = replace(cast.dora, act="cancelling")
    database.act(lambda s: cancel_cohort(s, cohort="WR-7", reason="No room", at=NOW, by=by))
    (message,) = letters(database, tmp_path)
    assert message["Subject"] == "A workshop will not be held", "what was told before holds no more"
    assert list(message.iter_attachments()) == []


def test_tomorrow_is_told_once_on_the_morning_before(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    gone = sign_up(database, cast, workshop, details={**OMID, "name": "Parisa Rahimi"})
    sign_up(database, cast, workshop)
    cancel(database, cast, gone)
    for days, number in ((2, 0), (1, 1), (1, 1)):
        at = NEXT_WEEK - timedelta(days=days)
        database.act(lambda s, at=at: tell_of_tomorrow(s, at=at, by=cast.system))
        assert steps(database).count("registered_workshop_tomorrow") == number


def test_whoever_cancelled_hears_no_more(database: Database, cast: Cast) -> None:
    done = sign_up(database, cast, to_come(database, cast))
    cancel(database, cast, done)
    assert claimed(database, cast) is None
    assert told(database) == [("registered", Channel.EMAIL, NoticeState.CANCELLED)]


def test_a_word_about_tomorrow_is_not_sent_of_a_workshop_that_moved(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    sign_up(database, cast, workshop)
    database.act(lambda s: s.execute(update(Notice).values(state=NoticeState.SENT)))
    morning = NEXT_WEEK - timedelta(days=1)
    database.act(lambda s: tell_of_tomorrow(s, at=morning, by=cast.system))
    moved(database, cast, workshop, timedelta(days=7))
    reminder = Notice.step == "registered_workshop_tomorrow"
    database.act(lambda s: s.execute(update(Notice).where(~reminder).values(state=NoticeState.SENT)))
    assert claimed(database, cast, at=morning) is None
    assert only(database, Notice, reminder).state is NoticeState.CANCELLED


def test_an_address_that_is_refused_becomes_work_under_the_reference(database: Database, cast: Cast) -> None:
    workshop = to_come(database, cast)
    done = sign_up(database, cast, workshop)
    one = claimed(database, cast)
    database.act(lambda s: give_up(s, one.id, "smtp 550", address_is_wrong=True, at=NOW, by=cast.system))
    task = only(database, Task)
    assert (task.kind, task.what, task.branch_id, task.patron_id) == (TaskKind.BOUNCE, done.reference, cast.ela, None)
    assert only(database, Registration).email_refused_at == NOW
    moved(database, cast, workshop)
    assert steps(database) == ["registered"], "nobody writes there again"


def test_after_the_workshop_nothing_leads_to_the_person(database: Database, cast: Cast) -> None:
    sign_up(database, cast, to_come(database, cast), details={**AGREED, **OMID, "phone": YUKI["phone"]})
    over = NEXT_WEEK + timedelta(days=31)
    limits = Limits(over, over - timedelta(days=30), over.date(), 200)
    assert database.act(lambda s: FORGETTING["registrations"](s, limits)) == 1
    assert only(database, Notice).registration_id is None
    assert claimed(database, cast, at=over) is None
    assert only(database, Notice).state is NoticeState.CANCELLED
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(table.select()):
                assert not any(word in str(tuple(row)) for word in ("Rahimi", "rahimi", "omid@", "5550187", "I agree."))


def test_a_workshop_that_is_dropped_takes_its_cancelled_registrations_and_leaves_their_notices(
    database: Database, cast: Cast
) -> None:
    workshop = to_come(database, cast)
    cancel(database, cast, sign_up(database, cast, workshop))
    database.act(lambda s: drop_workshop(s, workshop=workshop, at=NOW, by=cast.dora))
    assert rows(database, Registration) == []
    assert only(database, Notice, Notice.subject.like("registration:%")).registration_id is None


def test_a_notice_has_one_addressee(database: Database, cast: Cast) -> None:
    sign_up(database, cast, to_come(database, cast))
    with pytest.raises(IntegrityError):
        database.act(lambda s: s.execute(update(Notice).values(patron_id=cast.luis_id)))
