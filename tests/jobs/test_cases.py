"""Cases 1, 5, 9 and 15 of RULES 10 with a moving clock: the messages as a mail server got them, word for word.

The words stand in ``letters/``, one file for each case and language, as the patron read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from lending import settings
from lending.circulation.shelf import capture
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.states import ChargeState, LineState, LoanState
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.branches import Branch
from lending.models.charges import Charge
from lending.models.lines import Line
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.models.reservations import Reservation
from lending.models.tasks import Task, TaskKind
from tests.cast import ADA, LUIS, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, assemble
from tests.circulation.kits_in_hand import back_without, lend, look, only, receive, rows, seen
from tests.circulation.test_reserving import ask, mended
from tests.mail.peer import Peer, mail_server
from tests.notice_words.spanish import compiled

LETTERS = Path(__file__).parent / "letters"
ZONE = ZoneInfo("America/Los_Angeles")


@dataclass
class County:
    """A library whose jobs run every morning at half past eight, and what its mail server was given."""

    library: Library
    clock: MovingClock
    peer: Peer
    cast: Cast

    def live(self, until: datetime) -> None:
        """Let the mornings come and go, each with every job twice, as if two processes ran them."""
        while self.clock.now() < until:
            local = self.clock.now().astimezone(ZONE) + timedelta(days=1)
            self.clock.set(local.replace(hour=8, minute=30))
            self.run()

    def run(self) -> None:
        """Run every job that tells patrons something, twice."""
        for name in ("overdue", "shelf", "incomplete", "notices", "overdue", "notices"):
            SWEEPS[name](self.library, self.clock.now())

    def letters(self) -> str:
        """What was sent so far, as its readers saw it."""
        text = "".join(map(_read, self.peer.taken))
        for reservation in rows(self.library.db, Reservation):
            text = text.replace(reservation.pickup_code, "CODE")
        return text


def _read(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    text = body.get_content().replace("\r\n", "\n").replace("\u202f", " ").replace("\xa0", " ")
    return f"To: {message['To']}\nSubject: {message['Subject']}\n\n{text}\n---\n"


@pytest.fixture(params=["en", "es"])
def language(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with compiled(tmp_path / "locale", monkeypatch):
        yield str(request.param)


@pytest.fixture
def county(database: Database, tmp_path: Path, language: str) -> Iterator[County]:
    cast, clock, peer = assemble(database), MovingClock(NOW), Peer()

    def reachable(session: Any) -> None:
        session.execute(update(Branch).values(phone="(323) 555-0100"))
        for patron_id, name in ((cast.ada_id, "ada"), (cast.luis_id, "luis")):
            reached = {"email": f"{name}@example.org", "language": language}
            session.execute(update(Patron).where(Patron.id == patron_id).values(**reached))

    database.act(reachable)
    with mail_server(peer) as url:
        given = {"smtp_url": url, "library_name": "County Library"}
        library = Library(database, clock, None, settings.load({}, instance=tmp_path, given=given))
        yield County(library, clock, peer, cast)


@pytest.fixture
def expected(language: str) -> Callable[[int], str]:
    return lambda case: (LETTERS / f"case_{case}_{language}.txt").read_text(encoding="utf-8")


def test_case_1_a_kit_without_its_charger(database: Database, county: County, expected: Callable[[int], str]) -> None:
    lend(database, county.cast)
    county.run()
    back_without(database, county.cast, "Charger")
    county.live(NOW + timedelta(days=12))
    assert county.letters() == expected(1)
    assert only(database, Loan).state is LoanState.CLOSED
    assert only(database, Charge).amount_cents == 4000
    county.live(NOW + timedelta(days=60))
    assert len(county.peer.taken) == 2, "nobody is chased for a kit that is back"


def test_case_5_one_day_overdue(database: Database, county: County, expected: Callable[[int], str]) -> None:
    lend(database, county.cast)
    due_at = only(database, Loan).due_at
    county.run()
    county.live(due_at + timedelta(days=2))
    assert county.letters() == expected(5)
    assert [task.kind for task in rows(database, Task)] == [TaskKind.SUSPEND_LINE]
    receive(database, county.cast, at=county.clock.now())
    county.live(due_at + timedelta(days=40))
    assert county.letters() == expected(5)


def test_case_9_from_pick_up_to_billed_back_and_cleared(
    database: Database, county: County, expected: Callable[[int], str]
) -> None:
    lend(database, county.cast)
    due_at = only(database, Loan).due_at
    county.run()
    county.live(due_at + timedelta(days=37))
    assert county.letters() == expected(9)
    assert only(database, Loan).state is LoanState.LOST
    assert [charge.amount_cents for charge in rows(database, Charge)] == [45000]
    assert {line.state for line in rows(database, Line, Line.number.endswith("2001"))} == {LineState.ENDED}
    receive(database, county.cast, at=county.clock.now())
    look(database, county.cast, seen(database), at=county.clock.now())
    assert ChargeState.CANCELLED in {charge.state for charge in rows(database, Charge)}
    assert ChargeState.OWED not in {charge.state for charge in rows(database, Charge)}
    county.live(due_at + timedelta(days=80))
    assert county.letters() == expected(9)


def test_case_15_a_reservation_that_nobody_collects(
    database: Database, county: County, expected: Callable[[int], str]
) -> None:
    mended(database, OTHER_OPEN_KIT)
    ask(database, county.cast, ADA)
    ask(database, county.cast, LUIS)
    county.run()
    database.act(
        lambda s: capture(s, kit=OPEN_KIT, branch_id=county.cast.ela, at=NOW + timedelta(hours=1), by=county.cast.ben)
    )
    county.live(NOW + timedelta(days=12))
    assert county.letters() == expected(15)
