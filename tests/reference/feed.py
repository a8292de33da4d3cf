"""A library in which exactly the published figures happen, each of them an act that could have happened.

The county's month is March 2026: 386 of 400 kits go out openly in its first days, come back, are inspected, and go out
again to the session that begins on the 17th, so that 772 is check-outs alone and no kit is out twice; at its end
14 kits stand ready for the first of 577 people and 563 wait. Work Ready's 678 are that session's 386 and 292 of the
session before. Everything that is fed is written down besides (``Raw``), for a test to add up by itself.
Source: ``reference_figures.csv`` of the client; RULES 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.inspection import all_here, inspect
from lending.circulation.reserving import reserve
from lending.circulation.returns import return_kit
from lending.circulation.shelf import capture
from lending.db import Database
from lending.domain.barcodes import library_code
from lending.domain.hiring import EventTally
from lending.models.cohorts import Cohort, HeadCountKind, Workshop
from lending.models.referrals import OutcomeSource, ReferralOutcome
from lending.programs.cohorts import plan_cohort
from lending.programs.enrolment import enrol
from lending.programs.hiring import EventPlan, plan_event, tally_event
from lending.programs.inquiries import tally
from lending.programs.pools import PoolPlan
from lending.programs.referrals import make_referral, record_outcome
from lending.programs.timetable import WeeklyWorkshops
from lending.programs.workshops import post_recording, record_views, set_head_count
from tests.cast import OPEN_KIT, OTHER_OPEN_KIT, Cast, kit, patron
from tests.circulation.kits_in_hand import DONE

ZONE = ZoneInfo("America/Los_Angeles")
SINCE, MONTH = date(2025, 12, 1), date(2026, 3, 1)
KITS, FIRST_SESSION, SECOND_SESSION, ON_HOLD = 400, 292, 386, 577
NAMES = ("Amara Obi", "Bao Nguyễn", "Céline Dubois", "Dmitri Volkov", "Elif Yılmaz", "Farid Karimi", "Grace Mwangi")
KIT_TYPE = "laptop-hotspot"

T = TypeVar("T")


@dataclass
class Raw:
    """What was fed, each event a row: what, on which local day, and how many."""

    events: list[tuple[str, date, int]] = field(default_factory=list)

    def note(self, what: str, on: date, n: int = 1) -> None:
        self.events.append((what, on, n))

    def sum(self, *what: str, since: date = date.min, until: date = date.max) -> int:
        """How many in all, the plain way."""
        return sum(n for one, on, n in self.events if one in what and since <= on <= until)


@dataclass
class Feed:
    """Feeds one library; ``raw`` is what it did."""

    database: Database
    cast: Cast
    raw: Raw = field(default_factory=Raw)

    def everything(self) -> None:
        """In the order in which it happened."""
        with_kits, cards = self._people_and_kits()
        takers = iter(cards)
        self._sessions()
        first = self._join("WR-A", islice(takers, FIRST_SESSION), day(2025, 12, 15))
        self._out(first, with_kits, date(2026, 1, 5))
        second = self._join("WR-B", islice(takers, SECOND_SESSION), day(2026, 2, 20))
        self._back(with_kits[:FIRST_SESSION], date(2026, 2, 12))
        self._out(list(islice(takers, SECOND_SESSION)), with_kits, date(2026, 3, 3))
        self._back(with_kits[:SECOND_SESSION], date(2026, 3, 12))
        self._out(second, with_kits, date(2026, 3, 16))
        self._holds(list(islice(takers, ON_HOLD)), with_kits[SECOND_SESSION:], date(2026, 3, 27))
        self._workshops()
        self._desk()
        self._hiring()

    def _act(self, verbs: Iterable[Callable[[Session], T]]) -> list[T]:
        """Each verb in its turn; fifty to a transaction, for commits are not what is counted here."""
        done: list[T] = []
        for some in _by_fifty(verbs):
            done += self.database.act(lambda session, some=some: [verb(session) for verb in some])
        return done

    def _people_and_kits(self) -> tuple[list[str], list[str]]:
        cards = [library_code("2", "9999", 1000 + n) for n in range(FIRST_SESSION + 2 * SECOND_SESSION + ON_HOLD)]
        codes = [OPEN_KIT, OTHER_OPEN_KIT, *(f"KIT-{5000 + n}" for n in range(KITS - 2))]

        def write(session: Session) -> None:
            for n, card in enumerate(cards):
                patron(session, card, NAMES[n % len(NAMES)], self.cast.ela)
            for code in codes[2:]:
                kit(session, code, self.cast.laptop_hotspot, self.cast.ela)

        self.database.act(write)
        return codes, cards

    def _sessions(self) -> None:
        """Two with kits, and five that only meet, so that March has 28 workshops."""
        plans = [
            ("WR-A", date(2026, 1, 6), 6, FIRST_SESSION),
            ("WR-B", date(2026, 3, 17), 6, SECOND_SESSION),
            *((f"WR-{n}", date(2026, 3, 3), 5, 0) for n in "CDEFG"),
        ]
        for code, starts_on, meetings, kits in plans:
            self.database.act(
                lambda session, code=code, starts_on=starts_on, meetings=meetings, kits=kits: plan_cohort(
                    session,
                    code=code,
                    program="work-ready",
                    name=code,
                    starts_on=starts_on,
                    ends_on=starts_on + timedelta(days=38),
                    capacity=max(kits, 20),
                    pools=[PoolPlan(self.cast.ela, KIT_TYPE, kits)] if kits else [],
                    workshops=WeeklyWorkshops(starts_on, time(18), ZONE.key, count=meetings),
                    pickup_from=starts_on - timedelta(days=1),
                    at=day(2025, 12, 1),
                    by=self.cast.dora,
                )
            )

    def _join(self, cohort: str, cards: Iterable[str], at: datetime) -> list[str]:
        joined = list(cards)
        given = {"cohort": cohort, "pickup_branch_id": self.cast.ela, "at": at}
        self._act(lambda s, card=card: enrol(s, patron=card, **given, by=self.cast.ben) for card in joined)
        self.raw.note(f"seat {cohort}", at.date(), len(joined))
        return joined

    def _out(self, cards: list[str], codes: list[str], on: date) -> None:
        at, where = day(on.year, on.month, on.day), self.cast.ela
        self._act(
            lambda s, card=card, code=code: check_out(
                s, kit=code, patron=card, branch_id=where, at=at, by=self.cast.ben
            )
            for card, code in zip(cards, codes, strict=False)
        )
        for _ in cards:
            self.raw.note("check-out", on)

    def _back(self, codes: list[str], on: date) -> None:
        at = day(on.year, on.month, on.day)

        def back(session: Session, code: str) -> None:
            return_kit(session, kit=code, branch_id=self.cast.ela, at=at, by=self.cast.ben)
            inspect(session, kit=code, parts=all_here(session, kit=code), steps=DONE, at=at, by=self.cast.ben)

        self._act(lambda s, code=code: back(s, code) for code in codes)
        for _ in codes:
            self.raw.note("return", on)

    def _holds(self, cards: list[str], free: list[str], on: date) -> None:
        at, where = day(on.year, on.month, on.day), self.cast.ela
        self._act(
            lambda s, card=card: reserve(
                s, patron=card, kit_type=KIT_TYPE, pickup_branch_id=where, at=at, by=self.cast.ben
            )
            for card in cards
        )
        self._act(lambda s, code=code: capture(s, kit=code, branch_id=where, at=at, by=self.cast.ben) for code in free)
        self.raw.note("ready", on, len(free))
        self.raw.note("waiting", on, len(cards) - len(free))

    def _workshops(self) -> None:
        """2,907 devices and 8,064 registrations elsewhere on the 28 of March; before, 900 devices and 4,280 views."""
        with self.database.read() as session:
            held = session.scalars(
                select(Workshop).join(Cohort).where(Cohort.code != "WR-7").order_by(Workshop.starts_at)
            )
            workshops = [(one.public_id, one.starts_at) for one in held]
        march = 0
        for public_id, starts_at in workshops:
            on = starts_at.astimezone(ZONE).date()
            if on.month == MONTH.month:
                march += 1
                self._count(public_id, HeadCountKind.DEVICES, 126 if march == 1 else 103, starts_at, on)
                self._count(public_id, HeadCountKind.REGISTERED, 288, starts_at, on)
            elif on < MONTH:
                self._count(public_id, HeadCountKind.DEVICES, 150, starts_at, on)
                self._view(public_id, on)

    def _count(self, workshop: str, kind: HeadCountKind, n: int, at: datetime, on: date) -> None:
        given = {"workshop": workshop, "kind": kind, "n": n, "at": at, "by": self.cast.dora}
        self.database.act(lambda session: set_head_count(session, **given))
        self.raw.note(f"workshop {kind}", on, n)

    def _view(self, workshop: str, on: date) -> None:
        """Views of a recording that was posted on its day: 500 three days later, the rest on the last day of March."""
        by, at, last = self.cast.dora, day(2026, 3, 31), date(2026, 3, 31)
        self.database.act(lambda s: post_recording(s, workshop=workshop, posted_on=on, at=at, by=by))
        rest = 213 + 2 * (self.raw.sum("view") == 5 * 713)
        for watched, n in ((on + timedelta(days=3), 500), (last, rest)):
            given = {"workshop": workshop, "day": watched, "views": n, "at": at, "by": by}
            self.database.act(lambda s, given=given: record_views(s, **given))
            self.raw.note("view", watched, n)

    def _desk(self) -> None:
        """3,826 inquiries, 295 people referred to JobsLA who enrolled there, five who did not, and five elsewhere."""
        at, where = day(2026, 3, 10), self.cast.ela
        for topic, n in (("job_search", 1000), ("resume", 1000), ("worksource", 1000), ("job_search", 826)):
            given = {"branch_id": where, "topic": topic, "n": n, "at": at, "by": self.cast.ben}
            self.database.act(lambda session, given=given: tally(session, **given))
            self.raw.note("inquiry", at.date(), n)
        for n in range(305):
            service = "worksource" if n >= 300 else "jobsla"
            outcome = ReferralOutcome.DID_NOT_GO if 295 <= n < 300 else ReferralOutcome.ENROLLED
            self.database.act(lambda s, service=service, outcome=outcome: self._refer(s, service, outcome, at))
            self.raw.note(f"{service} {outcome}", at.date())

    def _refer(self, session: Session, service: str, outcome: ReferralOutcome, at: datetime) -> None:
        by, on = self.cast.ben, at.astimezone(ZONE).date()
        made = make_referral(
            session, branch_id=self.cast.ela, sent_to=service, reason="job_search", consented_on=on, at=at, by=by
        )
        record_outcome(session, referral=made.referral, outcome=outcome, source=OutcomeSource.CONFIRMED, at=at, by=by)

    def _hiring(self) -> None:
        """Six events with 253 people, at the last of which one person gets two offers."""
        for n, people in enumerate((43, 42, 42, 42, 42, 42)):
            at = day(2026, 3, 2 + n)
            plan = EventPlan(f"Hiring day {n + 1}", at, at + timedelta(hours=3))
            event = self.database.act(
                lambda s, plan=plan, at=at: plan_event(s, branch_id=self.cast.ela, plan=plan, at=at, by=self.cast.ben)
            ).event
            kinds = [EventTally.ATTENDEE] * people + ([EventTally.OFFER, EventTally.ANOTHER_OFFER] if n == 5 else [])
            self._act(
                lambda s, what=what, event=event, at=at: tally_event(s, event=event, what=what, at=at, by=self.cast.ben)
                for what in kinds
            )
            self.raw.note("hiring event", at.date())
            for what in kinds:
                self.raw.note(f"hiring {what}", at.date())


def day(year: int, month: int, on: int) -> datetime:
    """Noon in Los Angeles, when every library there is open."""
    return datetime(year, month, on, 12, tzinfo=ZONE).astimezone(UTC)


def _by_fifty(verbs: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(verbs)
    while some := list(islice(waiting, 50)):
        yield some
