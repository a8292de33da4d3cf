"""Notices on their way out: claimed once, asked again whether they hold, tried later, given up, told another way."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from lending.circulation.lost import claim_returned
from lending.circulation.notice_ends import end_overtaken
from lending.circulation.notices import (
    LEASE,
    Claim,
    claim,
    give_up,
    letters_waiting,
    mark_printed,
    mark_sent,
    quiet_until,
    try_later,
)
from lending.circulation.renewal import renew
from lending.circulation.steps import keep_steps, tell_of_terms
from lending.circulation.telling import tell
from lending.db import Database
from lending.domain.calendars import Calendar
from lending.errors import Reason, Refused
from lending.models.loans import Loan
from lending.models.notices import Carrier, Channel, Notice, NoticeState
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from tests.cast import HOURS, NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import lend, only, receive, rows, why

MINUTE = timedelta(minutes=1)


def changes(database: Database, cast: Cast, **luis: Any) -> None:
    database.act(lambda s: s.execute(update(Patron).where(Patron.id == cast.luis_id).values(**luis)))


def told(database: Database, cast: Cast, subject: str = "programme:x", *, at: datetime = NOW) -> None:
    database.act(lambda session: tell(session, "news", subject=subject, patron_id=cast.luis_id, at=at))


def claimed(database: Database, cast: Cast, at: datetime = NOW, channel: Channel = Channel.EMAIL) -> Claim | None:
    return database.act(lambda session: claim(session, channel, at=at, by=cast.system))


@pytest.fixture
def luis(database: Database, cast: Cast) -> None:
    """Luis has an e-mail address."""
    changes(database, cast, email="luis@example.org")


def late(database: Database, cast: Cast) -> datetime:
    """Luis has a kit that is a day late, and a notice that says so waits."""
    lend(database, cast)
    loan = only(database, Loan)
    at = loan.due_at + timedelta(days=1)

    def say(session: Any) -> None:
        tell(session, "overdue", subject=f"loan:{loan.public_id}:1", patron_id=cast.luis_id, loan_id=loan.id, at=at)
        session.execute(update(Notice).where(Notice.step == "overdue").values(term=1))
        session.execute(update(Notice).where(Notice.step == "receipt").values(state=NoticeState.SENT))

    database.act(say)
    return at


@pytest.mark.usefixtures("luis")
def test_a_notice_is_claimed_once_and_marked(database: Database, cast: Cast) -> None:
    told(database, cast)
    assert claimed(database, cast, NOW - MINUTE) is None
    one = claimed(database, cast)
    assert one is not None
    assert claimed(database, cast) is None
    database.act(lambda s: mark_sent(s, one.id, Carrier.SMTP, at=NOW, by=cast.system))
    notice = only(database, Notice)
    assert (notice.state, notice.sent_at, notice.carrier, notice.tries) == (NoticeState.SENT, NOW, Carrier.SMTP, 1)


@pytest.mark.usefixtures("luis")
def test_a_claim_that_was_left_behind_is_taken_over_and_its_first_owner_marks_nothing(
    database: Database, cast: Cast
) -> None:
    told(database, cast)
    first = claimed(database, cast)
    assert first is not None
    assert claimed(database, cast, NOW + LEASE) is None
    second = claimed(database, cast, NOW + LEASE + MINUTE)
    assert second is not None
    assert (second.id, second.tries) == (first.id, 2)
    database.act(lambda s: mark_sent(s, second.id, Carrier.SMTP, at=NOW, by=cast.system))
    database.act(lambda s: try_later(s, first.id, "smtp 450", at=NOW, by=cast.system))
    assert only(database, Notice).state is NoticeState.SENT


@pytest.mark.usefixtures("luis")
def test_a_notice_about_a_kit_that_came_back_is_cancelled(database: Database, cast: Cast) -> None:
    at = late(database, cast)
    receive(database, cast, at=at)
    database.act(lambda s: s.execute(update(Notice).values(state=NoticeState.PENDING)))  # as if nobody had cancelled it
    assert only(database, Notice, Notice.step == "overdue").state is NoticeState.PENDING
    assert [claimed(database, cast, at) is not None for _ in range(2)] == [True, False], "the receipt alone"
    assert only(database, Notice, Notice.step == "overdue").state is NoticeState.CANCELLED


def climbed(database: Database, cast: Cast, *steps: tuple[str, int], channel: Channel = Channel.EMAIL) -> datetime:
    """Luis's loan has taken steps, so many days after its due day, and nothing could be sent; when the last one was."""
    lend(database, cast)
    loan = only(database, Loan)

    def take(session: Any) -> None:
        session.execute(update(Notice).values(state=NoticeState.SENT))  # the receipt
        for step, days in steps:
            taken(session, loan, step, channel, days)

    database.act(take)
    return loan.due_at + timedelta(days=steps[-1][1])


def taken(session: Any, loan: Loan, step: str, channel: Channel, days: int) -> None:
    at = loan.due_at + timedelta(days=days)
    keep_steps(session, [step], [loan.id], superseded=False, at=at)
    tell_of_terms(session, step, channel, [loan.id], at=at)


def states(database: Database) -> dict[str, NoticeState]:
    return {notice.step: notice.state for notice in rows(database, Notice) if notice.step != "receipt"}


@pytest.mark.usefixtures("luis")
def test_of_the_steps_that_waited_for_the_mail_server_only_the_latest_is_sent(database: Database, cast: Cast) -> None:
    at = climbed(database, cast, ("due_today", 0), ("overdue", 1), ("overdue_7_days", 7))
    assert [claimed(database, cast, at) is not None for _ in range(2)] == [True, False]
    assert states(database) == {
        "due_today": NoticeState.SUPERSEDED,
        "overdue": NoticeState.SUPERSEDED,
        "overdue_7_days": NoticeState.SENDING,
    }


@pytest.mark.usefixtures("luis")
def test_a_step_that_was_left_behind_in_a_claim_is_superseded_too(database: Database, cast: Cast) -> None:
    at = climbed(database, cast, ("due_today", 0))
    assert claimed(database, cast, at) is not None
    loan = only(database, Loan)
    database.act(lambda session: taken(session, loan, "overdue", Channel.EMAIL, 1))
    assert [claimed(database, cast, at + timedelta(days=1)) is not None for _ in range(2)] == [True, False]
    assert states(database) == {"due_today": NoticeState.SUPERSEDED, "overdue": NoticeState.SENDING}


@pytest.mark.usefixtures("luis")
def test_a_step_whose_follower_could_not_be_sent_is_sent(database: Database, cast: Cast) -> None:
    at = climbed(database, cast, ("due_today", 0), ("overdue", 1))
    failed = {"state": NoticeState.FAILED}
    database.act(lambda s: s.execute(update(Notice).where(Notice.step == "overdue").values(failed)))
    assert claimed(database, cast, at) is not None
    assert states(database)["due_today"] is NoticeState.SENDING


@pytest.mark.usefixtures("luis")
def test_what_is_told_at_one_time_is_sent_together(database: Database, cast: Cast) -> None:
    at = climbed(database, cast, ("assumed_lost", 50), ("bill_reminder", 50))
    assert [claimed(database, cast, at) is not None for _ in range(3)] == [True, True, False]


@pytest.mark.usefixtures("luis")
def test_a_heap_that_was_overtaken_is_superseded_at_once(database: Database, cast: Cast) -> None:
    at = climbed(database, cast, ("due_today", 0), ("overdue", 1), ("overdue_7_days", 7))
    found = [database.act(lambda session: end_overtaken(session, at=at, by=cast.system)) for _ in range(2)]
    assert found == [2, 0]
    assert list(states(database).values()) == [NoticeState.SUPERSEDED] * 2 + [NoticeState.PENDING]


@pytest.mark.usefixtures("luis")
def test_a_receipt_is_overtaken_by_no_step(database: Database, cast: Cast) -> None:
    at = late(database, cast)
    database.act(lambda s: s.execute(update(Notice).values(state=NoticeState.PENDING)))
    assert [claimed(database, cast, at) is not None for _ in range(3)] == [True, True, False]


def test_of_the_letters_that_nobody_printed_only_the_latest_is(database: Database, cast: Cast) -> None:
    at = climbed(database, cast, ("due_today", 0), ("overdue", 1), channel=Channel.LETTER)
    waiting = database.act(lambda session: letters_waiting(session, None, at=at, limit=9))
    every = [notice.public_id for notice in rows(database, Notice) if notice.step != "receipt"]
    assert waiting == every[-1:]
    assert database.act(lambda session: mark_printed(session, letters=every, at=at, by=cast.ben)) == 1
    assert states(database) == {"due_today": NoticeState.SUPERSEDED, "overdue": NoticeState.SENT}


@pytest.mark.usefixtures("luis")
@pytest.mark.parametrize("what", ["renewed", "claimed"])
def test_a_notice_about_a_date_that_no_longer_holds_is_cancelled(database: Database, cast: Cast, what: str) -> None:
    at = late(database, cast)
    if what == "renewed":
        database.act(lambda s: renew(s, kit=OPEN_KIT, at=at, by=cast.ben))
    else:
        database.act(lambda s: claim_returned(s, kit=OPEN_KIT, branch_id=cast.ela, at=at, by=cast.ben))
    database.act(lambda s: s.execute(update(Notice).where(Notice.step == "overdue").values(state=NoticeState.PENDING)))
    assert claimed(database, cast, at) is None
    assert only(database, Notice, Notice.step == "overdue").state is NoticeState.CANCELLED


@pytest.mark.usefixtures("luis")
def test_a_notice_that_holds_is_claimed(database: Database, cast: Cast) -> None:
    assert claimed(database, cast, late(database, cast)) is not None


@pytest.mark.usefixtures("luis")
def test_pauses_between_tries_double_and_end_after_four_days_as_work_for_staff(database: Database, cast: Cast) -> None:
    told(database, cast)
    at, pauses = NOW, []
    while True:
        one = claimed(database, cast, at)
        assert one is not None
        again = database.act(lambda s, one=one, at=at: try_later(s, one.id, "smtp 450", at=at, by=cast.system))
        if again is None:
            break
        pauses.append(again - at)
        at = again
    assert pauses[:7] == [n * MINUTE for n in (5, 10, 20, 40, 80, 160, 240)]
    assert set(pauses[7:]) == {240 * MINUTE}
    assert timedelta(days=3, hours=20) < at - NOW <= timedelta(days=4)
    notice, task = only(database, Notice), only(database, Task)
    assert (notice.state, notice.problem) == (NoticeState.FAILED, "smtp 450")
    assert (task.kind, task.patron_id, task.branch_id) == (TaskKind.BOUNCE, cast.luis_id, cast.ela)


def test_an_address_nobody_has_is_told_another_way_and_not_written_to_again(database: Database, cast: Cast) -> None:
    changes(database, cast, email="luis@example.org", phone="+12135550142", text_consent_at=NOW)
    told(database, cast)
    one = claimed(database, cast)
    assert one is not None
    instead = database.act(lambda s: give_up(s, one.id, "smtp 550", address_is_wrong=True, at=NOW, by=cast.system))
    assert instead is Channel.TEXT
    first, second = rows(database, Notice)
    assert (first.state, second.state, second.channel) == (NoticeState.FAILED, NoticeState.PENDING, Channel.TEXT)
    assert only(database, Task).kind is TaskKind.BOUNCE
    told(database, cast, "programme:y")
    assert rows(database, Notice)[-1].channel is Channel.TEXT


@pytest.mark.usefixtures("luis")
def test_a_refusal_for_another_reason_leaves_the_address_and_is_work_for_staff(database: Database, cast: Cast) -> None:
    told(database, cast)
    one = claimed(database, cast)
    assert one is not None
    instead = database.act(lambda s: give_up(s, one.id, "smtp 554", address_is_wrong=False, at=NOW, by=cast.system))
    assert instead is None
    assert only(database, Patron, Patron.id == cast.luis_id).email_refused_at is None
    assert only(database, Task).kind is TaskKind.BOUNCE


@pytest.mark.parametrize(
    ("local", "until"),
    [("20:59", None), ("21:00", (4, 8)), ("23:30", (4, 8)), ("00:30", (3, 8)), ("07:59", (3, 8)), ("08:00", None)],
)
def test_no_telephone_rings_at_night(local: str, until: tuple[int, int] | None) -> None:
    calendar = Calendar("America/Los_Angeles", HOURS)
    at = calendar.instant(date(2026, 3, 3), time.fromisoformat(local))
    expected = None if until is None else datetime(2026, 3, until[0], until[1] + 8, tzinfo=UTC)
    assert quiet_until(calendar, at) == expected


def test_a_text_that_is_due_at_night_waits_for_the_morning(database: Database, cast: Cast) -> None:
    changes(database, cast, phone="+12135550142", text_consent_at=NOW)
    night = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)  # ten in the evening in Los Angeles
    told(database, cast, at=night)
    assert claimed(database, cast, night, Channel.TEXT) is None
    morning = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
    assert only(database, Notice).due_at == morning
    assert claimed(database, cast, morning, Channel.TEXT) is not None


@pytest.mark.usefixtures("luis")
def test_only_the_library_itself_sends(database: Database, cast: Cast) -> None:
    told(database, cast)
    with pytest.raises(Refused) as refused:
        database.act(lambda session: claim(session, Channel.EMAIL, at=NOW, by=cast.ben))
    assert why(refused) == [Reason.NOT_PERMITTED]
