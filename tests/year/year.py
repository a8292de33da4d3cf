"""A Work Ready year: six cohorts one after another, and everything that happens to people and kits in it.

Each person has a plan of days, drawn from one seed; every step of it is a request. Cohorts are planned, filled, moved,
met by a closed branch; people drop out, change, go on into the next; kits come back short, late, elsewhere or never.
Source: RULES 0; the issue's "whole Work Ready year".
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from lending.cli.demonstration.names import Person
from lending.cli.demonstration.town import WORK_READY, Place
from tests.year.county import DAY, WEEK, County, weekly
from tests.year.tally import Tally

Step = Callable[[], None]


@dataclass(frozen=True)
class Plan:
    """How large the year is."""

    cohorts: int
    seats: int
    applicants: int
    kits: int
    branches: int
    kits_a_branch: int


FULL = Plan(cohorts=6, seats=200, applicants=220, kits=400, branches=20, kits_a_branch=8)
MINIATURE = Plan(cohorts=3, seats=8, applicants=10, kits=80, branches=4, kits_a_branch=2)


@dataclass(frozen=True)
class Session:
    """One cohort as it was planned."""

    code: str
    starts_on: date
    ends_on: date

    @property
    def pickup_from(self) -> date:
        return self.starts_on - WEEK


@dataclass
class Participant:
    """Somebody who wants to take part, and what came of it so far."""

    person: Person
    card: str
    place: Place
    session: Session
    enrolment: str | None = None
    state: str | None = None
    kit: str | None = None
    is_back: bool = False


@dataclass
class Year:
    """The year: what waits to happen, and what was counted."""

    county: County
    plan: Plan
    first_day: date
    tally: Tally = field(default_factory=Tally)
    chance: Random = field(default_factory=lambda: Random(2027))
    days: int = 0

    def __post_init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Step]] = []
        self._number = 0
        self._sequence = 600_000
        self._sessions: list[Session] = []
        self._set_aside: dict[str, int] = {}

    # --- The days -----------------------------------------------------------------------------------------------

    def play(self) -> Iterator[date]:
        """Play day after day; gives each day when it is over and the night's sweeps have run."""
        self._plan_sessions()
        today = self.first_day
        while self._waiting:
            while self._waiting and self.county.local_day(self._waiting[0][0]) <= today:
                at, _, step = heapq.heappop(self._waiting)
                self.county.clock.set(max(at, self.county.clock.now()))
                step()
            self.county.clock.set(datetime.combine(today + DAY, time(10), UTC))  # before any branch opens
            self.county.sweep()
            self.days += 1
            yield today
            today += DAY

    def _then(self, place: Place, on: date, part: float, step: Step) -> None:
        """Let something happen at a branch on its next open day, or at once where that has passed."""
        on = max(on, self.county.local_day(self.county.clock.now()))
        at = max(self.county.at(place, on, part), self.county.clock.now())
        self._number += 1
        heapq.heappush(self._waiting, (at, self._number, step))

    # --- Cohorts ------------------------------------------------------------------------------------------------

    def _plan_sessions(self) -> None:
        begins = self.first_day + 5 * WEEK
        for n in range(self.plan.cohorts):
            starts_on = begins + n * 7 * WEEK
            self._sessions.append(Session(f"WR-{n + 1}", starts_on, starts_on + 6 * WEEK - DAY))
        for n, session in enumerate(self._sessions):
            self._then(self.county.places[0], session.starts_on - 5 * WEEK, 0.1, lambda s=session: self._open(s))
            if n == 1 and self.plan.cohorts > 2:
                self._then(self.county.places[0], session.starts_on + 2 * WEEK, 0.2, lambda s=session: self._move(s))
            if n == 0:
                self._then(self.county.places[0], session.ends_on - 3 * DAY, 0.1, lambda s=session: self._close(s))

    def _pools(self, places: list[Place]) -> dict[str, int]:
        """The kits that a session asks for: never more than what is left beside the one before, which may yet be moved
        into it. What was lost meanwhile is nobody's to promise, and the library would refuse it.
        """
        there = self.county.in_service()
        free = {place.code: there[place.code] - self._set_aside.get(place.code, 0) for place in places}
        self._set_aside = {code: max(0, min(self.plan.kits_a_branch, left)) for code, left in free.items()}
        return self._set_aside

    def _open(self, session: Session) -> None:
        places = self.county.places[: self.plan.branches]
        pools = self._pools(places)
        self.county.must(
            "program",
            "POST",
            "/cohorts",
            {
                "code": session.code,
                "program": WORK_READY,
                "name": f"Work Ready {session.code[3:]}",
                "starts_on": session.starts_on.isoformat(),
                "ends_on": session.ends_on.isoformat(),
                "capacity": self.plan.seats,
                "pools": [{"branch": code, "kit_type": WORK_READY, "kits": kits} for code, kits in pools.items()],
                "workshops": weekly(session.starts_on + DAY),
            },
        )
        for _ in range(self.plan.applicants):
            place = self.chance.choice(places)
            on = session.starts_on - timedelta(days=self.chance.randint(5, 30))
            self._then(place, on, self.chance.random() * 0.9, lambda s=session, p=place: self._enrol(s, p))

    def _move(self, session: Session) -> None:
        """The last two weeks are put off by one: everything that follows the cohort moves with it."""
        later = {"ends_on": (session.ends_on + WEEK).isoformat(), "return_by": (session.ends_on + WEEK).isoformat()}
        seen = self.county.must("program", "PATCH", f"/cohorts/{session.code}", later, preview=1)
        seen_by = later | {"seen": seen["redated"]["digest"]}
        done = self.county.must("program", "PATCH", f"/cohorts/{session.code}", seen_by)
        assert done["redated"] == seen["redated"], "what was previewed is what was done"
        assert any(line["thing"] == "loan" for line in done["redated"]["moved"])

    def _close(self, session: Session) -> None:
        """A pipe bursts in the first branch: three days closed, over the day on which kits are due."""
        self.county.must(
            "admin",
            "POST",
            "/closures",
            {
                "branch": self.county.places[0].code,
                "starts_on": (session.ends_on - DAY).isoformat(),
                "ends_on": (session.ends_on + DAY).isoformat(),
                "reason": "Burst pipe",
                "emergency": True,
            },
        )

    # --- People -------------------------------------------------------------------------------------------------

    def _enrol(self, session: Session, place: Place) -> None:
        self._sequence += 1
        person = self.county.town.person(self._sequence, place, expires_on=self.first_day + timedelta(days=900))
        card = self.county.town.card(self._sequence).text
        desk = f"desk.{place.code.lower()}"
        self.county.must(
            desk,
            "POST",
            "/patrons",
            {
                "card": card,
                "name": person.name,
                "birth_date": person.birth_date.isoformat(),
                "home_branch": place.code,
                "email": person.email,
                "phone": person.phone,
                "expires_on": person.expires_on.isoformat(),
            },
        )
        who = Participant(person, card, place, session)
        body = {"patron": card, "kit": True, "pickup_branch": place.code, "agreement": True}
        answer = self.county.must(desk, "POST", f"/cohorts/{session.code}/enrolments", body)
        who.enrolment, who.state = answer["id"], answer["seat"]
        self.tally.enrolled[session.code] += 1
        self._foresee(who)

    def _ended(self, who: Participant, state: str) -> None:
        self.tally.left[who.session.code, state] += 1
        who.state = state

    def _foresee(self, who: Participant) -> None:
        """What this person will do, drawn once."""
        session, place, chance = who.session, who.place, self.chance
        pick_up = session.pickup_from + timedelta(days=chance.randint(0, 14))
        self._then(place, pick_up, 0.05 + 0.9 * chance.random(), lambda: self._pick_up(who, tries=3))
        fate = chance.random()
        if fate < 0.08:
            on = session.starts_on + timedelta(days=chance.randint(-4, 24))
            self._then(place, on, 0.3, lambda: self._leave(who))
        elif fate < 0.12 and self._next(session) is not None:
            on = session.starts_on + timedelta(days=chance.randint(8, 20))
            self._then(place, on, 0.4, lambda: self._go_on(who, roll_over=False))
        elif fate < 0.17 and self._next(session) is not None:
            self._then(place, session.ends_on - 3 * DAY, 0.5, lambda: self._go_on(who, roll_over=True))
        for week in range(6):
            if chance.random() < 0.7:
                on = session.starts_on + DAY + week * WEEK
                self._then(place, on, 0.8, lambda n=week + 1, s=session: self._attend(who, s, n))

    def _next(self, session: Session) -> Session | None:
        place = self._sessions.index(session) + 1
        return self._sessions[place] if place < len(self._sessions) else None

    def _pick_up(self, who: Participant, tries: int) -> None:
        if who.kit is not None or who.state not in ("enrolled", "waiting", "offered"):
            return
        free = self.county.must(
            self._desk(who.place), "GET", "/kits", branch=who.place.code, type=WORK_READY, state="available", limit=1
        )["items"]
        body = {"patron": who.card, "branch": who.place.code, "agreement": True}
        lent = free and self.county.done(
            self._desk(who.place), "POST", "/checkouts", {**body, "kit": free[0]["barcode"]}
        )
        if not lent:
            self.tally.refused["check_out"] += 1
            if tries:
                on = self.county.local_day(self.county.clock.now()) + timedelta(days=4)
                self._then(who.place, on, 0.5, lambda: self._pick_up(who, tries - 1))
            return
        assert lent["loan"]["cohort"] == who.session.code
        who.kit, who.is_back = free[0]["barcode"], False
        who.state = "enrolled"
        self.tally.note("check_out", who.place.code, who.session.code)
        self._plan_return(who, lent["loan"]["id"])

    def _plan_return(self, who: Participant, loan: str) -> None:
        fate = self.chance.random()
        if fate < 0.03:
            if self.chance.random() < 0.5:
                self._then(who.place, who.session.ends_on + 15 * DAY, 0.6, lambda: self._give_up(who))
            else:
                self._then(who.place, who.session.ends_on + 24 * DAY, 0.6, lambda: self._was_given_up(who, loan))
            return
        late = self.chance.randint(1, 10) if fate < 0.12 else -self.chance.randint(0, 4)
        self._then(who.place, who.session.ends_on + late * DAY, 0.5, lambda: self._come_back(who, loan, late))

    def _come_back(self, who: Participant, loan: str, late: int) -> None:
        """They come on the day that holds then: a moved cohort or a closed branch has moved it for them too."""
        shown = self.county.must("admin", "GET", f"/loans/{loan}")
        due_on = self.county.local_day(datetime.fromisoformat(shown["due_at"]))
        today = self.county.local_day(self.county.clock.now())
        if due_on + late * DAY > today + 4 * DAY:
            self._then(who.place, due_on + late * DAY, 0.5, lambda: self._come_back(who, loan, late))
        elif not who.is_back:
            self._return(who)

    def _return(self, who: Participant) -> None:
        kit = who.kit
        assert kit is not None
        elsewhere = self.chance.random() < 0.05
        place = self.chance.choice(self.county.places[: self.plan.branches]) if elsewhere else who.place
        returned = self.county.must(
            self._desk(place),
            "POST",
            "/returns",
            {"kit": kit, "branch": place.code, "book_drop": self.chance.random() < 0.1},
        )
        self.tally.note("return", place.code, returned["loan"]["cohort"])
        who.is_back = True
        today = self.county.local_day(self.county.clock.now())
        if returned["next"] == "transit":
            owner = next(place for place in self.county.places if place.name == returned["owner"])
            self._then(owner, today + 2 * DAY, 0.3, lambda: self._arrive(owner, kit))
        else:
            self._then(place, today + DAY, 0.1, lambda: self._inspect(place, kit))

    def _arrive(self, place: Place, kit: str) -> None:
        self.county.must(self._desk(place), "POST", "/arrivals", {"kit": kit, "branch": place.code})
        self._inspect(place, kit)

    def _inspect(self, place: Place, kit: str) -> None:
        desk = self._desk(place)
        steps = {"wiped": "powerwashed", "charged": True, "restocked": True}
        if self.chance.random() >= 0.06:
            seen = self.county.must(desk, "POST", "/inspections", {"kit": kit, "all_here": True, "steps": steps})
            if seen["kit"]["state"] == "turnaround":  # it was late: the carrier was asked to suspend its line
                today = self.county.local_day(self.county.clock.now())
                self._then(place, today + DAY, 0.2, lambda: self._see_the_line_work(place, kit))
            return
        shown = self.county.must(desk, "GET", f"/kits/{kit}")
        short = next(part["id"] for part in shown["parts"] if part["name"] == "Laptop charger")
        seen = [
            {"part": part["id"], "state": "missing" if part["id"] == short else "here"}
            for part in shown["parts"]
            if part["name"] not in ("Headphones", "Workbook", "Planner and notebook")
        ]
        self.county.must(desk, "POST", "/inspections", {"kit": kit, "parts": seen, "steps": steps})
        today = self.county.local_day(self.county.clock.now())
        if self.chance.random() < 0.6:
            self._then(place, today + 3 * DAY, 0.7, lambda: self._bring(place, kit, short))
        else:
            self._then(place, today + 12 * DAY, 0.7, lambda: self._replace(place, kit, short))

    def _see_the_line_work(self, place: Place, kit: str) -> None:
        """The carrier has restored it; one that ended with a lost kit stays as it is until it has a new one."""
        self.county.done(self._desk(place), "POST", f"/kits/{kit}/steps", {"step": "line_active"})

    def _bring(self, place: Place, kit: str, part: int) -> None:
        self.county.must(self._desk(place), "POST", "/found_parts", {"kit": kit, "part": part})

    def _replace(self, place: Place, kit: str, part: int) -> None:
        self.county.must(self._desk(place), "POST", f"/kits/{kit}/parts/{part}/replacement", {})

    def _give_up(self, who: Participant) -> None:
        """Nobody brought it: the manager lists it as lost."""
        if not who.is_back:
            answer = self.county.must("admin", "POST", f"/kits/{who.kit}/lost", {})
            self._is_lost(who, answer["loan"]["cohort"])

    def _was_given_up(self, who: Participant, loan: str) -> None:
        """Nobody brought it and nobody looked: three weeks after it was due the library itself lists it as lost."""
        if who.is_back:
            return
        shown = self.county.must("admin", "GET", f"/loans/{loan}")
        today = self.county.local_day(self.county.clock.now())
        due_on = self.county.local_day(datetime.fromisoformat(shown["due_at"]))
        if today <= due_on + 23 * DAY:  # a moved session or a closed branch has given them longer
            self._then(who.place, due_on + 24 * DAY, 0.6, lambda: self._was_given_up(who, loan))
            return
        assert shown["state"] == "lost", f"{who.kit} was due on {due_on} and is {shown['state']} on {today}"
        self._is_lost(who, shown["cohort"])

    def _is_lost(self, who: Participant, cohort: str) -> None:
        """Half of them turn up all the same."""
        self.tally.lost[cohort] += 1
        if self.chance.random() < 0.5:
            today = self.county.local_day(self.county.clock.now())
            self._then(who.place, today + 9 * DAY, 0.4, lambda: self._return(who))

    def _leave(self, who: Participant) -> None:
        if who.state not in ("enrolled", "waiting", "offered"):
            return
        asked = {"state": "withdrawn"}
        if self.county.done(self._desk(who.place), "PATCH", f"/enrolments/{who.enrolment}", asked) is None:
            self.tally.refused["leave"] += 1  # the session was over, and the library had ended the waiting itself
            return
        self._ended(who, "withdrawn")
        if who.kit is not None and not who.is_back:
            today = self.county.local_day(self.county.clock.now())
            self._then(who.place, today + 6 * DAY, 0.6, lambda: None if who.is_back else self._return(who))

    def _go_on(self, who: Participant, *, roll_over: bool) -> None:
        later = self._next(who.session)
        if later is None or who.state != "enrolled" or (roll_over and (who.kit is None or who.is_back)):
            return
        announced_on = later.starts_on - 5 * WEEK + DAY
        if self.county.local_day(self.county.clock.now()) < announced_on:
            self._then(who.place, announced_on, 0.4, lambda: self._go_on(who, roll_over=roll_over))
            return
        body: dict[str, Any] = {"move_to": later.code} | ({"roll_over": True} if roll_over else {})
        answer = self.county.done("program", "PATCH", f"/enrolments/{who.enrolment}", body)
        if answer is None:
            self.tally.refused["go_on"] += 1
            return
        if not roll_over:  # whoever goes on at the end has the old seat as well, and completes it
            self._ended(who, "transferred")
        if roll_over and answer["kit"] == "out":
            self.tally.note("staff_renewal", who.place.code, later.code)
        who.session, who.enrolment, who.state = later, answer["id"], answer["seat"]
        self.tally.enrolled[later.code] += 1

    def _attend(self, who: Participant, session: Session, n: int) -> None:
        if who.session is not session or who.state != "enrolled":
            return
        workshops = self.county.must("program", "GET", f"/cohorts/{session.code}/workshops")["items"]
        address = f"/workshops/{workshops[n - 1]['id']}/attendance"
        self.county.must(self._desk(who.place), "POST", address, {"patron": who.card, "mode": "virtual"})
        self.tally.attended[session.code] += 1

    def _desk(self, place: Place) -> str:
        return f"desk.{place.code.lower()}"
