"""Claims about opening the sealed ledger: two people, or one and a day; and every reading is on the journal."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lending.circulation import ledger_openings as verbs
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.ledger import Stand
from lending.domain.permissions import Role
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.journal import JournalEntry
from lending.models.people import Staff
from lending.queries.ledger import openings, untold
from tests.cast import NOW, Cast, put
from tests.circulation.kits_in_hand import rows, why

HOUR = timedelta(hours=1)


@pytest.fixture
def fay(database: Database, cast: Cast) -> Actor:
    """Fay, who administers the library as Eli does."""
    person = {"username": "fay", "name": "Fay Okafor", "role": Role.ADMIN, "created_at": NOW}
    staff_id = database.act(lambda session: put(session, Staff(**person)).id)
    return replace(cast.eli, staff_id=staff_id, act=new_public_id())


def ask(database: Database, by: Actor, at: datetime = NOW) -> str:
    return database.act(lambda session: verbs.ask_to_open(session, reason="Audit of 2026", at=at, by=by)).opening


def approve(database: Database, opening: str, by: Actor, at: datetime = NOW) -> Stand:
    return database.act(lambda session: verbs.approve_opening(session, opening=opening, at=at, by=by)).stand


def read(database: Database, opening: str, by: Actor, at: datetime = NOW) -> Stand:
    return database.act(lambda session: verbs.note_reading(session, opening=opening, rows=3, at=at, by=by)).stand


def test_what_one_asks_and_another_approves_is_open_to_the_one_for_a_day(
    database: Database, cast: Cast, fay: Actor
) -> None:
    opening = ask(database, cast.eli)
    assert approve(database, opening, fay) is Stand.OPEN
    assert read(database, opening, cast.eli, NOW + 23 * HOUR) is Stand.OPEN
    with pytest.raises(Refused) as refused:
        read(database, opening, cast.eli, NOW + 24 * HOUR)
    assert why(refused) == [Reason.LEDGER_NOT_OPEN]


def test_nobody_reads_before_another_approved(database: Database, cast: Cast) -> None:
    opening = ask(database, cast.eli)
    with pytest.raises(Refused) as refused:
        read(database, opening, cast.eli, NOW + 100 * HOUR)
    assert why(refused) == [Reason.LEDGER_NOT_OPEN]


def test_whoever_asks_does_not_approve(database: Database, cast: Cast) -> None:
    opening = ask(database, cast.eli)
    with pytest.raises(Refused) as refused:
        approve(database, opening, cast.eli)
    assert why(refused) == [Reason.SAME_PERSON]


def test_it_is_open_to_nobody_but_whoever_asked(database: Database, cast: Cast, fay: Actor) -> None:
    opening = ask(database, cast.eli)
    approve(database, opening, fay)
    with pytest.raises(Refused) as refused:
        read(database, opening, fay)
    assert why(refused) == [Reason.NOT_FOUND]


def test_one_alone_reads_a_day_after_the_others_were_told(database: Database, cast: Cast) -> None:
    opening = ask(database, cast.eli)
    with database.read() as session:
        ((key, asker),) = untold(session, NOW)
    assert asker == cast.eli_id
    told = NOW + HOUR
    database.act(lambda session: verbs.note_told(session, opening_id=key, at=told, by=cast.system))
    with database.read() as session:
        assert untold(session, told) == []
    with pytest.raises(Refused):
        read(database, opening, cast.eli, told + 24 * HOUR - timedelta(seconds=1))
    assert read(database, opening, cast.eli, told + 24 * HOUR) is Stand.OPEN


def test_any_administrator_says_no(database: Database, cast: Cast, fay: Actor) -> None:
    opening = ask(database, cast.eli)
    closed = database.act(lambda session: verbs.close_opening(session, opening=opening, at=NOW, by=fay))
    assert closed.stand is Stand.CLOSED
    for act in (lambda: approve(database, opening, fay), lambda: read(database, opening, cast.eli)):
        with pytest.raises(Refused):
            act()


def test_it_is_asked_with_a_reason(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        database.act(lambda session: verbs.ask_to_open(session, reason="  ", at=NOW, by=cast.eli))
    assert why(refused) == [Reason.REASON_NEEDED]


def test_nobody_but_administrators_asks_and_no_machine(database: Database, cast: Cast) -> None:
    for by in (cast.ben, cast.cleo, cast.dora, cast.ada, cast.system):
        with pytest.raises(Refused) as refused:
            ask(database, by)
        assert why(refused) == [Reason.NOT_PERMITTED]


def test_every_step_and_every_reading_is_on_the_journal(database: Database, cast: Cast, fay: Actor) -> None:
    opening = ask(database, cast.eli)
    approve(database, opening, fay)
    read(database, opening, cast.eli)
    read(database, opening, cast.eli)
    found = [(row.verb, row.staff_id, row.detail) for row in rows(database, JournalEntry)]
    assert found == [
        ("ask_to_open_ledger", cast.eli_id, {"opening": opening}),
        ("approve_ledger_opening", fay.staff_id, {"opening": opening}),
        ("read_ledger", cast.eli_id, {"opening": opening, "rows": 3}),
        ("read_ledger", cast.eli_id, {"opening": opening, "rows": 3}),
    ]


def test_the_page_shows_who_asked_who_approved_and_since_when(database: Database, cast: Cast, fay: Actor) -> None:
    opening = ask(database, cast.eli)
    approve(database, opening, fay, NOW + HOUR)
    with database.read() as session:
        (shown,) = openings(session, at=NOW + HOUR)
    assert (shown.asked_by, shown.approved_by, shown.stand) == ("Eli Haddad", "Fay Okafor", Stand.OPEN)
    assert (shown.opens_at, shown.reason) == (NOW + HOUR, "Audit of 2026")


def test_what_is_approved_is_approved_once(database: Database, cast: Cast, fay: Actor) -> None:
    opening = ask(database, cast.eli)
    approve(database, opening, fay)
    with pytest.raises(Refused) as refused:
        approve(database, opening, fay)
    assert why(refused) == [Reason.WRONG_STATE]
