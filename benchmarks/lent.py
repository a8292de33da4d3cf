"""A library all of whose kits are out, for the outbox: what must be told is worked out from the due days alone.

It is the library of the figures of speed; each patron has one kit and an e-mail address, and each kit is due on another
day. The branch is open every day, so that a step acts on its own day and nobody has to reckon with a calendar here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from benchmarks import rows
from benchmarks.engines import Engine
from lending.db import Database
from lending.domain.ladders import DEFAULT
from lending.domain.states import KitState, LoanState, ReservationState
from lending.models.base import new_public_id, table_of
from lending.models.branches import Closure
from lending.models.kits import Kit
from lending.models.ladders import StepTaken
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.reservations import Reservation
from tests.mail.peer import Peer

EVERY_DAY = "; ".join(f"{day} 00:30-23:30" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
CLOSING = time(23, 30)
Steps = frozenset[tuple[int, str]]
"""Steps of loans: the loan's id and the step's code."""


@dataclass(frozen=True)
class Lent:
    """``loans`` kits that are out, due one after another over ``days`` days, the first a week before ``first``.

    A loan's id is its number, from 1.
    """

    database: Database
    first: date
    zone: ZoneInfo
    days: int
    loans: int

    @classmethod
    def at(
        cls, engine: Engine, first: date, *, days: int, zone: str = "America/Los_Angeles", loans: int = rows.KITS
    ) -> Lent:
        """In a new database."""
        database = Database.from_url(engine.migrated())
        rows.fill(database, today=first)
        made = cls(database, first, ZoneInfo(zone), days, loans)
        database.act(made._lend)
        return made

    def instant(self, day: int, wall: time = time(9)) -> datetime:
        """A time on the branch's clock, so many days after the first day."""
        return datetime.combine(self.first + timedelta(days=day), wall, self.zone).astimezone(UTC)

    def due(self, n: int) -> date:
        """When the ``n``-th loan is due."""
        return self.first + timedelta(days=n % self.days - 7)

    def came(self, since: int, until: int) -> dict[int, list[str]]:
        """The steps of each loan that act after the day ``since`` and up to ``until``, from the first day; in order."""
        found: dict[int, list[str]] = {}
        for n in range(1, self.loans + 1):
            due = (self.due(n) - self.first).days
            if codes := [step.code for step in DEFAULT if since < due + step.days <= until]:
                found[n] = codes
        return found

    def told_by(self, peer: Peer) -> Steps:
        """The steps that arrived at a mail server and are marked as sent."""
        arrived = {public_id_of(str(message["Message-ID"])) for message in peer.taken}
        chosen = select(Notice.loan_id, Notice.step, Notice.public_id).where(Notice.state == NoticeState.SENT)
        with self.database.read() as session:
            return frozenset((row.loan_id, row.step) for row in session.execute(chosen) if row.public_id in arrived)

    def superseded(self) -> Steps:
        """The steps that are kept as overtaken by a later one: not told at all, or not sent."""
        untold = select(StepTaken.loan_id, StepTaken.step).where(StepTaken.superseded.is_(True))
        unsent = select(Notice.loan_id, Notice.step).where(Notice.state == NoticeState.SUPERSEDED)
        with self.database.read() as session:
            return frozenset((row[0], row[1]) for chosen in (untold, unsent) for row in session.execute(chosen))

    def states(self) -> Counter[NoticeState]:
        """The e-mails by what became of them."""
        with self.database.read() as session:
            return Counter(session.scalars(select(Notice.state).where(Notice.channel == Channel.EMAIL)))

    def _lend(self, session: Session) -> None:
        out = self.instant(-60)
        session.execute(delete(Closure))
        hours = rows.WeeklyHours.parse(EVERY_DAY)
        session.execute(update(table_of(rows.Branch)).values(hours=hours, zone=self.zone.key))
        session.execute(update(table_of(Reservation)).values(state=ReservationState.PICKED_UP))
        session.execute(update(table_of(Kit)).values(state=KitState.ON_LOAN))
        loans = [self._loan(n, out) for n in range(1, self.loans + 1)]
        session.connection().execute(insert(table_of(Loan)), loans)
        session.connection().execute(insert(table_of(LoanTerm)), [_term(loan) for loan in loans])

    def _loan(self, n: int, out: datetime) -> dict[str, Any]:
        return {
            "id": n,
            "public_id": new_public_id(),
            "kit_id": n,
            "kit_type_id": 1,
            "patron_id": n,
            "branch_id": 1,
            "checked_out_at": out,
            "recorded_at": out,
            "door": "web",
            "state": LoanState.OUT,
            "term": 1,
            "due_at": datetime.combine(self.due(n), CLOSING, self.zone).astimezone(UTC),
            "renewals": 0,
            "book_drop": False,
        }


def latest(came: Mapping[int, list[str]]) -> Steps:
    """Of the steps that came for each loan at once, the one that is told."""
    return frozenset((n, codes[-1]) for n, codes in came.items())


def every(came: Mapping[int, list[str]]) -> Steps:
    """All of them."""
    return frozenset((n, code) for n, codes in came.items() for code in codes)


def public_id_of(message_id: str) -> str:
    """The public id of the notice that a message carries in its name."""
    return message_id.partition(".")[2].partition("@")[0]


def _term(loan: dict[str, Any]) -> dict[str, Any]:
    return {
        "loan_id": loan["id"],
        "n": 1,
        "kind": TermKind.CHECK_OUT,
        "due_at": loan["due_at"],
        "policy_id": 1,
        "rule": "loan_period",
        "made_at": loan["checked_out_at"],
    }
