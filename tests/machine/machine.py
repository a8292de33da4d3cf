"""The machine: any acts in any order, each done by the library and by the model, which then say the same (R6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from lending.circulation.checkout import check_out
from lending.circulation.closures import ClosurePlan, enter_closure
from lending.circulation.in_library import end_use, use_kit
from lending.circulation.inspection import all_here, inspect
from lending.circulation.reserving import cancel, reserve
from lending.circulation.returns import return_kit
from lending.circulation.shelf import capture, expire_shelf, put_back
from lending.errors import Reason, Refused
from lending.models.reservations import Reservation
from lending.programs.enrolment import enrol
from lending.programs.moving import transfer
from lending.programs.plans import CohortChange
from lending.programs.redating import change_cohort
from lending.programs.withdrawal import withdraw
from lending.queries.invariants import INVARIANTS
from tests.circulation.kits_in_hand import DONE
from tests.machine.founded import Founded
from tests.machine.model import DAY, Promise
from tests.machine.world import (
    KITS,
    OPEN_KITS,
    PEOPLE,
    SESSIONS,
    as_modelled,
    compare,
    enrolment_of,
    local_day,
    reservation_of,
)

people, sessions = st.sampled_from(PEOPLE), st.sampled_from(SESSIONS)
kits = st.sampled_from(KITS)


class Library(RuleBasedStateMachine):
    """One library and one model of it, which is founded anew for every example."""

    founded: Founded

    def __init__(self) -> None:
        super().__init__()
        self.founded.put_back()
        self.database, self.cast = self.founded.database, self.founded.cast
        self.model = as_modelled()
        self.minutes = 0
        self.was_asked = True

    # --- Acts ---------------------------------------------------------------------------------------------------

    @rule(person=people, session=sessions)
    def enrol(self, person: str, session: str) -> None:
        enrolled = self._try(enrol, patron=person, cohort=session, pickup_branch_id=self.cast.ela)
        if self.model.seat(person, session) is not None:
            assert enrolled == [Reason.ALREADY_ENROLLED]
        elif self.model.has_kit_besides(person, session):
            assert enrolled == [Reason.HAS_A_KIT]
            without = self._try(enrol, patron=person, cohort=session, pickup_branch_id=self.cast.ela, wants_kit=False)
            assert not isinstance(without, list)
            self.model.enrol(person, session, kit=False)
        else:
            assert not isinstance(enrolled, list)
            self.model.enrol(person, session)

    @rule(person=people, session=sessions)
    def withdraw(self, person: str, session: str) -> None:
        if self.model.seat(person, session) is None:
            return
        assert not isinstance(self._try(withdraw, enrolment=self._enrolment(person, session)), list)
        self.model.withdraw(person, session)

    @rule(person=people)
    def reserve(self, person: str) -> None:
        reserved = self._try(reserve, patron=person, kit_type="laptop-hotspot", pickup_branch_id=self.cast.ela)
        if self.model.promise(person, None) is not None:
            assert reserved == [Reason.ALREADY_RESERVED]
        elif isinstance(reserved, list):
            assert self.model.has_kit(person), reserved
        else:
            self.model.reserve(person)

    @rule(person=people, session=st.sampled_from([*SESSIONS, None]))
    def cancel(self, person: str, session: str | None) -> None:
        promise = self.model.promise(person, session)
        if promise is None:
            return
        assert not isinstance(self._try(cancel, reservation=self._reservation(promise), reason="not needed"), list)
        self.model.cancel(promise)

    @rule(person=people, kit=kits)
    def check_out(self, person: str, kit: str) -> None:
        lent = self._try(check_out, kit=kit, patron=person, branch_id=self.cast.ela)
        if isinstance(lent, list):
            assert not self._must_lend(person, kit), lent
            return
        assert self.model.kits[kit] in ("free", "on_shelf")
        assert not self.model.has_kit(person), "one kit each"
        assert all(p.person == person for p in self.model.promises if p.is_live and p.kit == kit)
        session = next((code for code in SESSIONS if lent.cohort == f"Work Ready {code[3:]}"), None)
        if session is None:
            assert kit in OPEN_KITS
            assert self.model.today < lent.due_on <= self.model.next_open(self.model.today + 42 * DAY)
        else:
            seat = self.model.seat(person, session)
            assert seat is not None, "nobody gets a session's kit without a seat in it"
            assert seat.state == "enrolled"
            assert lent.due_on == self.model.next_open(self.model.sessions[session].return_by)
        self.model.check_out(kit, person, session, lent.due_on)

    @precondition(lambda self: self.model.out)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        kit = data.draw(st.sampled_from(sorted(self.model.out)))
        assert not isinstance(self._try(return_kit, kit=kit, branch_id=self.cast.ela), list)
        self.model.take_back(kit)

    @rule(kit=kits)
    def use(self, kit: str) -> None:
        used = self._try(use_kit, kit=kit, branch_id=self.cast.ela)
        if isinstance(used, list):
            assert self.model.kits[kit] != "free" or {Reason.NEEDED_FOR_PROMISES, Reason.NO_OPEN_DAY} & set(used), used
        else:
            assert self.model.kits[kit] == "free"
            self.model.use(kit)

    @precondition(lambda self: "in_use" in self.model.kits.values())
    @rule(data=st.data())
    def end_use(self, data: st.DataObject) -> None:
        kit = data.draw(st.sampled_from(sorted(kit for kit, state in self.model.kits.items() if state == "in_use")))
        assert not isinstance(self._try(end_use, kit=kit, branch_id=self.cast.ela), list)
        self.model.end_use(kit)

    @precondition(lambda self: "to_inspect" in self.model.kits.values())
    @rule(data=st.data())
    def inspect(self, data: st.DataObject) -> None:
        kit = data.draw(st.sampled_from(sorted(kit for kit, state in self.model.kits.items() if state == "to_inspect")))

        def look(session: Any, **options: Any) -> Any:
            return inspect(session, kit=kit, parts=all_here(session, kit=kit), steps=DONE, **options)

        assert not isinstance(self._try(look), list)
        self.model.inspect(kit)

    @rule(person=people)
    def transfer(self, person: str) -> None:
        old, new = SESSIONS
        if self.model.seat(person, old) is None:
            return
        moved = self._try(transfer, enrolment=self._enrolment(person, old), to_cohort=new)
        if self.model.seat(person, new) is not None:
            assert moved == [Reason.ALREADY_ENROLLED]
        else:
            assert not isinstance(moved, list)
            self.model.transfer(person, old, new)

    @rule(kit=kits)
    def capture(self, kit: str) -> None:
        before = set(self._waiting_for(kit))
        captured = self._try(capture, kit=kit, branch_id=self.cast.ela)
        free = self.model.kits[kit] == "free" or kit in self.model.left_on_the_shelf()
        if not before or not free or not self._is_open():
            assert isinstance(captured, list) or not self._is_open()
        if isinstance(captured, list):
            assert not (before and free and self._is_open()), captured
            return
        [promise] = [p for p in self.model.promises if p.is_live and self._reservation(p) == captured.reservation]
        assert id(promise) in before
        self.model.capture(kit, promise, local_day(captured.ready_until))

    @precondition(lambda self: self.model.left_on_the_shelf())
    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        kit = data.draw(st.sampled_from(self.model.left_on_the_shelf()))
        if self._waiting_for(kit):
            return  # it goes to them instead, as a capture does
        assert not isinstance(self._try(put_back, kit=kit, branch_id=self.cast.ela), list)
        self.model.put_back(kit)

    @rule(session=sessions, days=st.integers(1, 10))
    def lengthen(self, session: str, days: int) -> None:
        held = self.model.sessions[session]
        later = CohortChange(ends_on=held.ends_on + days * DAY, return_by=held.return_by + days * DAY)
        changed = self._try(change_cohort, cohort=session, change=later)
        if isinstance(changed, list):
            assert changed == [Reason.POOL_EXCEEDS_STOCK]
        else:
            self.model.lengthen(session, days)

    @rule(after=st.integers(1, 60), days=st.integers(1, 3))
    def close(self, after: int, days: int) -> None:
        """A burst pipe: the branch is closed for some days."""
        first = self.model.today + after * DAY
        last = first + (days - 1) * DAY
        plan = ClosurePlan(branch_id=self.cast.ela, starts_on=first, ends_on=last, reason="Burst pipe", emergency=True)
        closed = self._try(enter_closure, plan=plan)
        if isinstance(closed, list):
            assert closed == [Reason.ALREADY_EXISTS]
            return
        self.model.close(first, last)
        with self.database.read() as session:
            ready = select(Reservation.public_id, Reservation.ready_until).where(Reservation.ready_until.is_not(None))
            until = {row.public_id: local_day(row.ready_until) for row in session.execute(ready)}
        for promise in self.model.promises:
            if promise.state == "ready" and promise.until is not None:
                moved = until[self._reservation(promise)]
                assert moved >= self.model.next_open(promise.until), "never earlier, and on an open day"
                promise.until = moved

    @rule(days=st.integers(1, 4))
    def sleep(self, days: int) -> None:
        """Nothing happens for some days but the sweep of the shelf; no session ends meanwhile."""
        on = self.model.today + days * DAY
        if on < min(session.ends_on for session in self.model.sessions.values()):
            self.model.today, self.minutes = on, 0
            assert not isinstance(self._try(expire_shelf), list)
            self.model.expire()

    # --- What is always so --------------------------------------------------------------------------------------

    @invariant()
    def the_library_says_what_the_model_says(self) -> None:
        if self.was_asked:  # a step that asked nothing of the library changed nothing
            compare(self.model, self.database)
            self.was_asked = False

    def teardown(self) -> None:
        with self.database.snapshot() as session:
            assert {law.name: rows for law in INVARIANTS if (rows := law.find(session))} == {}

    # --- How ----------------------------------------------------------------------------------------------------

    def _try(self, verb: Callable[..., Any], **arguments: Any) -> Any:
        """What the verb gave, or the reasons for which it was refused."""
        self.was_asked = True
        at = self._now()
        try:
            return self.database.act(lambda session: verb(session, **arguments, at=at, by=self.cast.eli))
        except Refused as refused:
            return [block.reason for block in refused.blocks]

    def _now(self) -> datetime:
        """Late in the morning of the day, each act a minute after the one before."""
        self.minutes += 1
        return datetime.combine(self.model.today, time(18), UTC) + timedelta(minutes=self.minutes)

    def _must_lend(self, person: str, kit: str) -> bool:
        """Whether the first promise of this person is of such a kit, and nothing stands against it."""
        mine = [p for p in self.model.promises if p.is_live and p.person == person]
        mine = [p for p in mine if (p.session is None) == (kit in OPEN_KITS)]
        if not mine or not mine[0].is_owed or self.model.has_kit(person) or not self._is_open():
            return False
        first: Promise = mine[0]
        if first.kit is not None:
            return first.kit == kit
        session = None if first.session is None else self.model.sessions[first.session]
        in_time = session is None or session.pickup_from <= self.model.today
        return in_time and self.model.kits[kit] == "free"

    def _waiting_for(self, kit: str) -> list[int]:
        """The promises for which this kit may be pulled today."""
        is_open = kit in OPEN_KITS
        return [
            id(promise)
            for promise in self.model.promises
            if promise.state == "promised"
            and (promise.session is None) == is_open
            and (is_open or self.model.sessions[promise.session or ""].pickup_from <= self.model.today + 7 * DAY)
        ]

    def _is_open(self) -> bool:
        return self.model.next_open(self.model.today) == self.model.today

    def _enrolment(self, person: str, session: str) -> str:
        return enrolment_of(self.database, person, session)

    def _reservation(self, promise: Promise) -> str:
        return reservation_of(self.database, promise)
