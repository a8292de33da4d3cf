"""A plain model of kits that follow cohorts, written from the rules alone: lists, and no database.

It knows seats and kit promises, their queues, loans with their local due dates, and what a closed day does to them.
Source: RULES 3 and 4. What the library does is compared with it after every step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)
NOTICE = timedelta(days=7)
SUNDAY = 6


@dataclass
class Session:
    """A cohort: seats, kits set aside, and its dates."""

    capacity: int
    pool: int
    pickup_from: date
    ends_on: date
    return_by: date


@dataclass
class Seat:
    """Somebody's place in a cohort."""

    person: str
    session: str
    state: str
    wants_kit: bool = True

    @property
    def is_live(self) -> bool:
        return self.state in ("waiting", "enrolled")


@dataclass
class Promise:
    """Somebody's place in a queue for a kit, of a cohort or, with none, an open one."""

    person: str
    session: str | None
    state: str = "waiting"
    kit: str | None = None
    until: date | None = None

    @property
    def is_live(self) -> bool:
        return self.state in ("waiting", "promised", "ready")

    @property
    def is_owed(self) -> bool:
        return self.state in ("promised", "ready")


@dataclass
class Out:
    """A kit that somebody has."""

    person: str
    session: str | None
    due_on: date
    taken_from: str | None = None
    """The session whose kits it is one of: another than the borrower's, when that had none left as they went on; none
    for a spare one."""
    was_shortened: bool = False


@dataclass
class Model:
    """What should be so."""

    today: date
    sessions: dict[str, Session]
    kits: dict[str, str]
    """How each kit stands: free, out, in_use (in the library, without a loan), to_inspect, or on_shelf."""
    open_kits: frozenset[str]
    seats: list[Seat] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    out: dict[str, Out] = field(default_factory=dict)
    closed: set[date] = field(default_factory=set)

    # --- What is so ---------------------------------------------------------------------------------------------

    def next_open(self, on: date) -> date:
        """The first open day of the branch from ``on``: never a Sunday, never a closed day."""
        while on.weekday() == SUNDAY or on in self.closed:
            on += DAY
        return on

    def seat(self, person: str, session: str) -> Seat | None:
        """The live seat or place on the list."""
        live = [s for s in self.seats if (s.person, s.session) == (person, session) and s.is_live]
        return live[0] if live else None

    def promise(self, person: str, session: str | None) -> Promise | None:
        """The live promise or place in the queue."""
        live = [p for p in self.promises if (p.person, p.session) == (person, session) and p.is_live]
        return live[0] if live else None

    def has_kit(self, person: str) -> bool:
        return any(out.person == person for out in self.out.values())

    # --- What follows from it -----------------------------------------------------------------------------------

    def settle(self) -> None:
        """Nobody waits for what is free: seats first, then each pool, then what is open to all."""
        for code, session in self.sessions.items():
            taken = [s for s in self.seats if s.session == code and s.state == "enrolled"]
            waiting = [s for s in self.seats if s.session == code and s.state == "waiting"]
            for seat in waiting[: max(session.capacity - len(taken), 0)]:
                seat.state = "enrolled"
            self._promise(
                [p for p in self._queue(code) if self._is_seated(p)], session.pool - self._owed(code) - self._away(code)
            )
        here = self._here()
        self._promise(self._queue(None), here - self._owed(None))

    def _here(self) -> int:
        """How many of the kits that are open to all lie in the library."""
        return sum(self.kits[kit] in ("free", "on_shelf") for kit in self.open_kits)

    def _promise(self, queue: list[Promise], left: int) -> None:
        for promise in queue[: max(left, 0)]:
            promise.state = "promised"

    def _queue(self, session: str | None) -> list[Promise]:
        return [p for p in self.promises if p.session == session and p.state == "waiting"]

    def _owed(self, session: str | None) -> int:
        return sum(p.session == session and p.is_owed for p in self.promises)

    def _away(self, session: str) -> int:
        return sum(out.taken_from == session for out in self.out.values())

    def _is_seated(self, promise: Promise) -> bool:
        seat = None if promise.session is None else self.seat(promise.person, promise.session)
        return seat is not None and seat.state == "enrolled"

    # --- What people do -----------------------------------------------------------------------------------------

    def has_kit_besides(self, person: str, session: str) -> bool:
        """Whether they have a kit in another session, which are all of the same weeks, or wait for one there."""
        waits = any(p.is_live and p.session not in (session, None) for p in self.promises if p.person == person)
        theirs = [out.session for out in self.out.values() if out.person == person and out.session is not None]
        return waits or any(other != session and self.seat(person, other) is not None for other in theirs)

    def enrol(self, person: str, session: str, *, kit: bool = True) -> None:
        self.seats.append(Seat(person, session, "waiting", kit))
        if kit:
            self.promises.append(Promise(person, session))
        self.settle()

    def withdraw(self, person: str, session: str) -> None:
        seat, promise = self.seat(person, session), self.promise(person, session)
        assert seat is not None
        seat.state = "withdrawn"
        if promise is not None:
            promise.state = "cancelled"
        self._shorten(person, session)
        self.settle()

    def _shorten(self, person: str, session: str) -> None:
        for out in self._of(person, session):
            notice = self.next_open(self.today + NOTICE)
            if notice < out.due_on:
                out.due_on, out.was_shortened = notice, True

    def _of(self, person: str, session: str) -> list[Out]:
        return [out for out in self.out.values() if (out.person, out.session) == (person, session)]

    def transfer(self, person: str, old: str, new: str) -> None:
        """A kit goes along with a seat; who only gets on the list of the other session brings it back soon."""
        seat, promise = self.seat(person, old), self.promise(person, old)
        assert seat is not None
        seat.state = "transferred"
        if promise is not None:
            promise.state = "cancelled"
        taken = sum(s.session == new and s.is_live for s in self.seats)
        is_seated = taken < self.sessions[new].capacity
        self.seats.append(Seat(person, new, "enrolled" if is_seated else "waiting", seat.wants_kit))
        kits = self._of(person, old)
        if kits and is_seated:
            for out in kits:
                wanted = self.next_open(self.sessions[new].return_by)
                notice = self.next_open(self.today + NOTICE)
                out.due_on = wanted if wanted >= out.due_on else min(out.due_on, max(wanted, notice))
                out.session, out.was_shortened = new, False
                if self.sessions[new].pool - self._owed(new) - self._away(new) > 0:
                    out.taken_from = new
        else:
            self._shorten(person, old)
            if seat.wants_kit:
                self.promises.append(Promise(person, new))
        self.settle()

    def reserve(self, person: str) -> None:
        self.promises.append(Promise(person, None))
        self.settle()

    def cancel(self, promise: Promise) -> None:
        promise.state = "cancelled"
        self.settle()

    def capture(self, kit: str, promise: Promise, until: date) -> None:
        self.kits[kit] = "on_shelf"
        promise.state, promise.kit, promise.until = "ready", kit, until

    def put_back(self, kit: str) -> None:
        self.kits[kit] = "free"
        self.settle()

    def expire(self) -> None:
        for promise in self.promises:
            if promise.state == "ready" and promise.until is not None and promise.until < self.today:
                promise.state = "expired"
        self.settle()

    def left_on_the_shelf(self) -> list[str]:
        """Kits on the shelf that are kept for nobody."""
        kept = {promise.kit for promise in self.promises if promise.is_live}
        return sorted(kit for kit, state in self.kits.items() if state == "on_shelf" and kit not in kept)

    def check_out(self, kit: str, person: str, session: str | None, due_on: date) -> None:
        promise = self.promise(person, session)
        is_owed = promise is not None and promise.is_owed
        if promise is not None:
            promise.state = "picked_up"
        self.kits[kit] = "out"
        self.out[kit] = Out(person, session, due_on, taken_from=session if is_owed else None)
        self.settle()

    def take_back(self, kit: str) -> None:
        self.kits[kit] = "to_inspect"
        del self.out[kit]
        self.settle()

    def use(self, kit: str) -> None:
        """A kit that is free is used in the library; everybody who is owed one of the others can still have it."""
        self.kits[kit] = "in_use"
        assert self._owed(None) <= self._here()

    def end_use(self, kit: str) -> None:
        self.kits[kit] = "to_inspect"

    def inspect(self, kit: str) -> None:
        self.kits[kit] = "free"
        self.settle()

    def lengthen(self, session: str, days: int) -> None:
        moved = self.sessions[session]
        moved.ends_on += days * DAY
        moved.return_by += days * DAY
        for out in self.out.values():
            if out.session == session and not out.was_shortened:
                out.due_on = self.next_open(moved.return_by)

    def close(self, first: date, last: date) -> None:
        self.closed |= {first + n * DAY for n in range((last - first).days + 1)}
        for out in self.out.values():
            out.due_on = self.next_open(out.due_on)
