"""Inquiries: tallied in one key, taken back, counted by day, branch, topic and staff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lending.circulation.library_settings import change_settings
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.library_settings import INQUIRY_TOPICS
from lending.domain.periods import between, month_of
from lending.domain.permissions import Role
from lending.errors import Reason, Refused
from lending.models.inquiries import InquiryChannel, InquiryTally
from lending.programs.inquiries import Tallied, tally, undo_tally
from lending.queries.inquiries import inquiries, own_alone, tallied_today
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import journalled, only, rows, why
from tests.races import race, without_locks

TODAY = date(2026, 3, 3)
MARCH = month_of(TODAY)


def counsellor(cast: Cast) -> Actor:
    """Somebody who counsels at East Los Angeles."""
    return replace(cast.ben, role=Role.COUNSELLOR, staff_id=cast.dora_id)


def count(
    database: Database,
    by: Actor,
    branch_id: int,
    topic: str = "resume",
    *,
    n: int = 1,
    on: date | None = None,
    channel: InquiryChannel = InquiryChannel.UNSAID,
    at: datetime = NOW,
) -> Tallied:
    return database.act(
        lambda session: tally(session, branch_id=branch_id, topic=topic, channel=channel, n=n, on=on, at=at, by=by)
    )


def take_back(database: Database, by: Actor, branch_id: int, *, at: datetime = NOW) -> Tallied:
    return database.act(lambda session: undo_tally(session, branch_id=branch_id, at=at, by=by))


def test_one_more_of_a_topic_is_one_row_by_day_branch_topic_and_staff(database: Database, cast: Cast) -> None:
    for _ in range(3):
        count(database, cast.ben, cast.ela)
    row = only(database, InquiryTally)
    assert (row.day, row.branch_id, row.topic, row.staff_id, row.n) == (TODAY, cast.ela, "resume", cast.ben_id, 3)
    assert all(entry.patron is None for entry in journalled(database, "tally_inquiry"))


def test_an_evening_counts_on_its_own_day_at_the_branch(database: Database, cast: Cast) -> None:
    assert count(database, cast.ben, cast.ela, at=NOW + timedelta(hours=9)).on == TODAY


def test_by_telephone_and_in_person_are_apart_and_unsaid_is_neither(database: Database, cast: Cast) -> None:
    for channel in (InquiryChannel.PHONE, InquiryChannel.PHONE, InquiryChannel.IN_PERSON, InquiryChannel.UNSAID):
        count(database, cast.ben, cast.ela, channel=channel)
    with database.read() as session:
        found = inquiries(session, None, MARCH)
    assert found.total == 4
    assert found.by_channel == {InquiryChannel.PHONE: 2, InquiryChannel.IN_PERSON: 1, InquiryChannel.UNSAID: 1}


def test_a_sheet_of_paper_is_tallied_on_its_own_day_and_taken_off_again(database: Database, cast: Cast) -> None:
    count(database, cast.ben, cast.ela, n=40, on=date(2026, 2, 20))
    count(database, cast.ben, cast.ela, n=-4, on=date(2026, 2, 20))
    with database.read() as session:
        assert inquiries(session, None, between(date(2026, 2, 20), date(2026, 2, 20))).total == 36
        assert inquiries(session, None, MARCH).total is None


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        ({"topic": "gossip"}, [Reason.VALUE_WRONG]),
        ({"n": 0}, [Reason.VALUE_WRONG]),
        ({"n": -1}, [Reason.VALUE_WRONG]),
        ({"n": 1001, "on": date(2026, 3, 4)}, [Reason.VALUE_WRONG, Reason.DATE_IN_THE_FUTURE]),
        ({"on": date(2024, 12, 1)}, [Reason.VALUE_WRONG]),
    ],
)
def test_what_cannot_be_tallied_is_refused(
    database: Database, cast: Cast, given: dict[str, Any], reasons: list[Reason]
) -> None:
    asked = {"branch_id": cast.ela, "topic": "resume", "at": NOW, "by": cast.ben, **given}
    with pytest.raises(Refused) as refused:
        database.act(lambda session: tally(session, **asked))
    assert why(refused) == reasons
    assert rows(database, InquiryTally) == []


def test_the_last_one_is_taken_back_and_then_the_one_before(database: Database, cast: Cast) -> None:
    count(database, cast.ben, cast.ela, "resume")
    count(database, cast.ben, cast.ela, "training", n=2)
    assert take_back(database, cast.ben, cast.ela) == Tallied("training", InquiryChannel.UNSAID, 2, TODAY)
    assert take_back(database, cast.ben, cast.ela).topic == "resume"
    with pytest.raises(Refused) as refused:
        take_back(database, cast.ben, cast.ela)
    assert why(refused) == [Reason.NOTHING_TO_UNDO]
    assert [row.n for row in rows(database, InquiryTally)] == [0, 0]
    with database.read() as session:
        assert inquiries(session, None, MARCH).total is None


def test_nobody_takes_back_another_persons_or_after_ten_minutes(database: Database, cast: Cast) -> None:
    count(database, cast.ben, cast.ela)
    for by, at in ((counsellor(cast), NOW), (cast.ben, NOW + timedelta(minutes=11))):
        with pytest.raises(Refused) as refused:
            take_back(database, by, cast.ela, at=at)
        assert why(refused) == [Reason.NOTHING_TO_UNDO]


def test_another_branchs_desk_is_not_tallied_at_and_a_sweep_asks_nothing(database: Database, cast: Cast) -> None:
    for by, branch_id in ((cast.ben, cast.com), (cast.system, cast.ela), (cast.ada, cast.ela)):
        with pytest.raises(Refused) as refused:
            count(database, by, branch_id)
        assert why(refused) == [Reason.NOT_PERMITTED]


def test_a_counsellor_sees_their_own_and_a_manager_those_of_their_branches(database: Database, cast: Cast) -> None:
    count(database, counsellor(cast), cast.ela, "resume", n=3)
    count(database, cast.ben, cast.ela, "training", n=2)
    count(database, cast.cleo, cast.com, "other", n=5)
    with database.read() as session:
        own = inquiries(session, frozenset({cast.ela}), MARCH, staff_id=own_alone(counsellor(cast)))
        assert dict(own.by_topic) == {"resume": 3}
        assert inquiries(session, frozenset({cast.com}), MARCH, staff_id=own_alone(cast.cleo)).total == 5
        assert inquiries(session, frozenset(), MARCH).total is None
        everything = inquiries(session, None, MARCH, staff_id=own_alone(cast.eli))
        today = tallied_today(session, branch_id=cast.ela, staff_id=cast.ben_id, day=TODAY)
    assert (everything.total, dict(everything.by_branch)) == (10, {"COM": 5, "ELA": 5})
    assert everything.by_month == {date(2026, 3, 1): 10}
    assert today == {"training": 2}


def test_a_topic_of_the_librarys_own_is_tallied_and_one_given_up_keeps_its_tallies(
    database: Database, cast: Cast
) -> None:
    count(database, cast.ben, cast.ela, "resume")
    own = {INQUIRY_TOPICS: "career = Career plans"}
    database.act(lambda session: change_settings(session, given=own, at=NOW, by=cast.eli))
    count(database, cast.ben, cast.ela, "career")
    with pytest.raises(Refused):
        count(database, cast.ben, cast.ela, "resume")
    with database.read() as session:
        assert dict(inquiries(session, None, MARCH).by_topic) == {"career": 1, "resume": 1}


def one_more(cast: Cast) -> Callable[[Session], Tallied]:
    by = cast.ben
    return lambda session: tally(session, branch_id=cast.ela, topic="resume", at=NOW, by=by)


def undoing(cast: Cast) -> Callable[[Session], Tallied]:
    by = cast.ben
    return lambda session: undo_tally(session, branch_id=cast.ela, at=NOW, by=by)


def test_two_keys_at_once_are_two_tallies(database: Database, cast: Cast) -> None:
    outcome = race(database, one_more(cast), one_more(cast), before="INSERT")
    assert (len(outcome.done), outcome.broken) == (2, [])
    assert only(database, InquiryTally).n == 2


def test_one_tally_is_taken_back_once(database: Database, cast: Cast) -> None:
    count(database, cast.ben, cast.ela, n=2)
    outcome = race(database, undoing(cast), undoing(cast))
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.NOTHING_TO_UNDO]], [])
    assert only(database, InquiryTally).n == 0


def test_without_the_lock_one_tally_would_be_taken_back_twice(database: Database, cast: Cast) -> None:
    count(database, cast.ben, cast.ela, n=2, on=date(2026, 3, 2))
    count(database, cast.ben, cast.ela, n=2, on=date(2026, 3, 2))
    with without_locks(database):
        outcome = race(database, undoing(cast), undoing(cast))
    told = {entry.detail["undone"] for entry in journalled(database, "undo_tally_inquiry")}
    assert (len(outcome.done), len(told)) == (2, 1)
