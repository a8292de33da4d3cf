"""Whether a kit may be handed to a patron: every reason alone, in pairs and all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from lending.domain.checkout import CheckOutFacts, KitFacts, PatronFacts, PolicyFacts, PromiseFacts, blocks
from lending.domain.permissions import Role, may_override
from lending.domain.states import KitState, LineState
from lending.errors import Block, Reason

AT = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
TODAY = date(2026, 3, 3)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)

CLEAR = CheckOutFacts(
    at=AT,
    today=TODAY,
    patron=PatronFacts(
        birth_date=date(1990, 5, 17),
        guardian_agreed=False,
        expires_on=date(2028, 6, 30),
        blocked_reason=None,
        agreement_signed=True,
        unreceived=0,
        overdue=0,
        owes_cents=0,
        last_received_at=None,
        household_unreceived=None,
        is_provisional=False,
    ),
    kit=KitFacts(
        barcode="KIT-1042",
        state=KitState.AVAILABLE,
        cohort_only=True,
        held_by_this_patron=False,
        promised_to_another=False,
        at_branch="East Los Angeles Library",
        here=True,
        in_transit=False,
        steps_missing=(),
        line_state=LineState.ACTIVE,
    ),
    promise=PromiseFacts(
        has_promise=True,
        cohort="Work Ready 7",
        in_cohort=True,
        pickup_from=date(2026, 2, 24),
        last_borrow_on=date(2026, 12, 18),
        free_for_walk_ins=None,
        waiting_before=0,
    ),
    policy=PolicyFacts(
        kit_limit=1,
        household_limit=None,
        cool_down_hours=0,
        owes_limit_cents=2000,
        adult_age=18,
        agreement_needed=True,
    ),
)
"""Ada, in good standing and within the window, scans a free kit that her cohort was promised."""


def facts(
    *,
    patron: Mapping[str, Any] | None = None,
    kit: Mapping[str, Any] | None = None,
    promise: Mapping[str, Any] | None = None,
    policy: Mapping[str, Any] | None = None,
) -> CheckOutFacts:
    """The clear case, with something changed."""
    return replace(
        CLEAR,
        patron=replace(CLEAR.patron, **(patron or {})),
        kit=replace(CLEAR.kit, **(kit or {})),
        promise=replace(CLEAR.promise, **(promise or {})),
        policy=replace(CLEAR.policy, **(policy or {})),
    )


def found(said: CheckOutFacts, role: Role = Role.DESK) -> list[Block]:
    return blocks(said, lambda reason: may_override(role, reason))


def why(said: CheckOutFacts) -> list[Reason]:
    return [block.reason for block in found(said)]


@dataclass(frozen=True)
class Against:
    """One reason against the clear case: what is changed for it, and what it tells."""

    reason: Reason
    detail: Mapping[str, Any] = field(default_factory=dict)
    patron: Mapping[str, Any] = field(default_factory=dict)
    kit: Mapping[str, Any] = field(default_factory=dict)
    promise: Mapping[str, Any] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)

    @property
    def change(self) -> dict[str, Mapping[str, Any]]:
        return {"patron": self.patron, "kit": self.kit, "promise": self.promise, "policy": self.policy}

    def clashes(self, other: Against) -> bool:
        """Whether both change the same fact, so that they cannot hold together."""
        return any(mine.keys() & other.change[part].keys() for part, mine in self.change.items())


THE_KIT = {"kit": "KIT-1042"}
KIT_STATES = [
    Against(reason, detail, kit={"state": state, **more})
    for reason, state, detail, more in (
        (Reason.ON_LOAN_TO_ANOTHER, KitState.ON_LOAN, THE_KIT, {}),
        (Reason.IN_USE, KitState.IN_USE, THE_KIT, {}),
        (Reason.NOT_INSPECTED, KitState.TO_INSPECT, THE_KIT, {}),
        (
            Reason.NOT_WIPED,
            KitState.TURNAROUND,
            {**THE_KIT, "steps": ["wiped", "charged"]},
            {"steps_missing": ("wiped", "charged")},
        ),
        (Reason.NOT_READY, KitState.TURNAROUND, {**THE_KIT, "steps": ["charged"]}, {"steps_missing": ("charged",)}),
        (Reason.INCOMPLETE, KitState.INCOMPLETE, THE_KIT, {}),
        (Reason.IN_REPAIR, KitState.REPAIR, THE_KIT, {}),
        (Reason.MISSING, KitState.MISSING, THE_KIT, {}),
        (Reason.LOST, KitState.LOST, THE_KIT, {}),
        (Reason.WITHDRAWN, KitState.WITHDRAWN, THE_KIT, {}),
    )
]
ELSEWHERE = {"here": False, "at_branch": "Compton Library"}
OTHERS = [
    Against(Reason.PROMISED_TO_ANOTHER, THE_KIT, kit={"promised_to_another": True}),
    Against(Reason.IN_TRANSIT, THE_KIT, kit={"in_transit": True, "here": False}),
    Against(Reason.AT_ANOTHER_BRANCH, {**THE_KIT, "branch": "Compton Library"}, kit=ELSEWHERE),
    Against(Reason.LINE_SUSPENDED, THE_KIT, kit={"line_state": LineState.SUSPENDED}),
    Against(Reason.NOT_VERIFIED, patron={"is_provisional": True}),
    Against(Reason.CARD_BLOCKED, {"note": "Ask the manager"}, patron={"blocked_reason": "Ask the manager"}),
    Against(Reason.CARD_EXPIRED, {"on": TODAY - DAY}, patron={"expires_on": TODAY - DAY}),
    Against(Reason.UNDER_AGE, {"age": 18}, patron={"birth_date": date(2010, 1, 1)}),
    Against(Reason.AGREEMENT_NOT_SIGNED, patron={"agreement_signed": False}),
    Against(Reason.LIMIT_REACHED, {"limit": 1, "out": 1}, patron={"unreceived": 1}),
    Against(Reason.HOUSEHOLD_LIMIT, {"limit": 2}, patron={"household_unreceived": 2}, policy={"household_limit": 2}),
    Against(Reason.OWES, {"cents": 2001, "limit_cents": 2000}, patron={"owes_cents": 2001}),
    Against(Reason.OVERDUE_ELSEWHERE, {"count": 1}, patron={"overdue": 1}),
    Against(
        Reason.COOL_DOWN,
        {"until": AT + SECOND},
        patron={"last_received_at": AT - DAY + SECOND},
        policy={"cool_down_hours": 24},
    ),
    Against(Reason.NOT_IN_COHORT, promise={"in_cohort": False}),
    Against(
        Reason.BEFORE_PICKUP_WINDOW,
        {"cohort": "Work Ready 7", "from": TODAY + DAY},
        promise={"pickup_from": TODAY + DAY},
    ),
    Against(Reason.AFTER_LAST_BORROW_DATE, {"on": TODAY - DAY}, promise={"last_borrow_on": TODAY - DAY}),
    Against(Reason.NEEDED_FOR_PROMISES, THE_KIT, promise={"has_promise": False, "free_for_walk_ins": 0}),
    Against(
        Reason.OTHERS_WAIT_BEFORE,
        {"cohort": "Work Ready 7", "place": 3},
        promise={"has_promise": False, "waiting_before": 2},
    ),
]
ALONE = [*KIT_STATES, *OTHERS]
IN_NO_LIBRARY = {Reason.ON_LOAN_TO_ANOTHER, Reason.IN_USE, Reason.MISSING, Reason.LOST, Reason.WITHDRAWN}


def _together() -> list[Any]:
    return [
        pytest.param(one, other, id=f"{one.reason}-{other.reason}")
        for one, other in combinations(ALONE, 2)
        if not one.clashes(other) and not (one.reason in IN_NO_LIBRARY and other.reason is Reason.AT_ANOTHER_BRANCH)
    ]


def test_nothing_stands_against_a_promised_kit() -> None:
    assert found(CLEAR) == []


@pytest.mark.parametrize("against", ALONE, ids=lambda against: against.reason.value)
def test_a_reason_alone_is_told_with_its_detail(against: Against) -> None:
    (block,) = found(facts(**against.change))
    assert (block.reason, block.detail) == (against.reason, against.detail)


@pytest.mark.parametrize(("one", "other"), _together())
def test_two_reasons_are_told_together_the_kits_first(one: Against, other: Against) -> None:
    both = {part: {**mine, **other.change[part]} for part, mine in one.change.items()}
    assert why(facts(**both)) == sorted((one.reason, other.reason), key=ORDER.index)


ORDER = [against.reason for against in ALONE]


def test_all_reasons_are_told_at_once() -> None:
    everything: dict[str, dict[str, Any]] = {"patron": {}, "kit": {}, "promise": {}, "policy": {}}
    for against in [ALONE[0], *OTHERS]:
        for part, changed in against.change.items():
            everything[part].update(changed)
    told = why(facts(**everything))
    # On loan, a kit is at no branch; being at one and in transit are two states of one fact.
    assert told == [Reason.ON_LOAN_TO_ANOTHER, *(o.reason for o in OTHERS if o.reason is not Reason.AT_ANOTHER_BRANCH)]


def test_a_double_scan_is_told_alone_whatever_else_is_wrong() -> None:
    (block,) = found(
        facts(
            kit={"held_by_this_patron": True, "state": KitState.ON_LOAN, "line_state": LineState.SUSPENDED},
            patron={"unreceived": 1, "overdue": 1, "owes_cents": 9000, "blocked_reason": "Ask the manager"},
        ),
        Role.ADMIN,
    )
    assert (block.reason, block.detail, block.overridable) == (Reason.ON_LOAN_TO_THIS_PATRON, THE_KIT, False)


def test_a_lost_kit_that_its_own_borrower_brings_to_the_desk_is_told_as_lost_and_nothing_else() -> None:
    theirs = {"held_by_this_patron": True, "state": KitState.LOST}
    (block,) = found(facts(kit=theirs, patron={"unreceived": 1, "owes_cents": 45000}), Role.ADMIN)
    assert (block.reason, block.detail, block.overridable) == (Reason.LOST, THE_KIT, False)


# --- Overrides ---


@pytest.mark.parametrize("against", ALONE, ids=lambda against: against.reason.value)
@pytest.mark.parametrize("role", Role)
def test_a_block_says_whether_this_role_may_override_it(role: Role, against: Against) -> None:
    (block,) = found(facts(**against.change), role)
    assert block.overridable is may_override(role, against.reason)


def test_the_desk_may_set_aside_paper_and_a_lead_the_limits() -> None:
    paper = {Reason.AGREEMENT_NOT_SIGNED, Reason.BEFORE_PICKUP_WINDOW}
    limits = {Reason.NOT_IN_COHORT, Reason.LIMIT_REACHED, Reason.HOUSEHOLD_LIMIT, Reason.COOL_DOWN, Reason.OWES}
    expected = {Role.DESK: paper, Role.PROGRAM: paper | limits, Role.COUNSELLOR: set(), Role.SYSTEM: set()}
    for role, reasons in expected.items():
        overridable = {a.reason for a in ALONE if found(facts(**a.change), role)[0].overridable}
        assert overridable == reasons, role


# --- The kit ---


@pytest.mark.parametrize("state", [KitState.AVAILABLE, KitState.ON_SHELF])
def test_a_free_kit_and_one_on_the_shelf_for_this_patron_may_go(state: KitState) -> None:
    assert why(facts(kit={"state": state})) == []


def test_every_state_but_free_and_on_the_shelf_is_a_reason() -> None:
    stands = {state for state in KitState if why(facts(kit={"state": state}))}
    assert stands == set(KitState) - {KitState.AVAILABLE, KitState.ON_SHELF}


def test_a_kit_whose_steps_are_done_is_not_free_before_somebody_frees_it() -> None:
    assert why(facts(kit={"state": KitState.TURNAROUND, "steps_missing": ()})) == [Reason.NOT_READY]


GONE = {KitState.MISSING, KitState.LOST, KitState.WITHDRAWN}


@pytest.mark.parametrize(
    ("state", "told"),
    [(state, state not in {KitState.ON_LOAN, KitState.IN_USE, *GONE}) for state in KitState],
)
def test_a_kit_in_another_library_is_told_so_in_whatever_state_it_is_there(state: KitState, told: bool) -> None:
    assert (Reason.AT_ANOTHER_BRANCH in why(facts(kit={**ELSEWHERE, "state": state}))) is told


@pytest.mark.parametrize("state", LineState)
def test_a_kit_goes_out_only_with_an_active_line(state: LineState) -> None:
    ended = Reason.LINE_ENDED if state is LineState.ENDED else Reason.LINE_SUSPENDED
    expected = [] if state is LineState.ACTIVE else [ended]
    assert why(facts(kit={"line_state": state})) == expected


def test_a_kit_without_a_line_may_go() -> None:
    assert why(facts(kit={"line_state": None})) == []


# --- The patron ---


@pytest.mark.parametrize(
    ("born", "today", "too_young"),
    [
        (date(2008, 3, 4), date(2026, 3, 3), True),  # the day before the eighteenth birthday
        (date(2008, 3, 3), date(2026, 3, 3), False),
        (date(2008, 3, 2), date(2026, 3, 3), False),
        (date(2008, 12, 31), date(2026, 12, 30), True),
        (date(2009, 1, 1), date(2026, 12, 31), True),
        (date(2009, 1, 1), date(2027, 1, 1), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),  # no 29th that year: the day after February
        (date(2008, 2, 29), date(2026, 3, 1), False),
        (date(2010, 2, 28), date(2028, 2, 28), False),
        (date(2026, 3, 3), date(2026, 3, 3), True),
        (None, date(2026, 3, 3), False),  # asked for at registration, not at the desk
    ],
)
def test_a_patron_is_grown_on_the_birthday(born: date | None, today: date, too_young: bool) -> None:
    said = replace(
        facts(patron={"birth_date": born}, promise={"pickup_from": None, "last_borrow_on": None}), today=today
    )
    assert why(said) == ([Reason.UNDER_AGE] if too_young else [])


def test_a_guardians_agreement_opens_the_desk_to_the_young() -> None:
    assert why(facts(patron={"birth_date": date(2010, 1, 1), "guardian_agreed": True})) == []


@pytest.mark.parametrize(
    ("expires_on", "expected"), [(TODAY - DAY, [Reason.CARD_EXPIRED]), (TODAY, []), (TODAY + DAY, []), (None, [])]
)
def test_a_card_is_good_to_the_end_of_its_last_day(expires_on: date | None, expected: list[Reason]) -> None:
    assert why(facts(patron={"expires_on": expires_on})) == expected


def test_an_agreement_is_asked_for_only_where_the_policy_wants_one() -> None:
    assert why(facts(patron={"agreement_signed": False}, policy={"agreement_needed": False})) == []


@pytest.mark.parametrize(
    ("out", "limit", "refused"), [(0, 1, False), (1, 1, True), (2, 1, True), (1, 2, False), (2, 2, True), (3, 2, True)]
)
def test_the_limit_counts_kits_that_are_not_back(out: int, limit: int, refused: bool) -> None:
    said = facts(patron={"unreceived": out}, policy={"kit_limit": limit})
    assert why(said) == ([Reason.LIMIT_REACHED] if refused else [])


@pytest.mark.parametrize(
    ("others", "own", "limit", "refused"),
    [
        (None, 0, 1, False),  # no address, or one that is exempt
        (None, 0, None, False),
        (5, 0, None, False),  # the rule is off
        (0, 0, 1, False),
        (1, 0, 1, True),
        (1, 0, 2, False),
        (1, 1, 2, True),  # the patron's own kit is the household's too
        (0, 1, 2, False),
        (3, 0, 2, True),
    ],
)
def test_the_household_counts_all_who_live_there(
    others: int | None, own: int, limit: int | None, refused: bool
) -> None:
    said = facts(
        patron={"household_unreceived": others, "unreceived": own}, policy={"household_limit": limit, "kit_limit": 5}
    )
    assert why(said) == ([Reason.HOUSEHOLD_LIMIT] if refused else [])


@pytest.mark.parametrize(("cents", "refused"), [(0, False), (2000, False), (2001, True)])
def test_a_debt_stands_against_a_loan_only_above_the_limit(cents: int, refused: bool) -> None:
    assert why(facts(patron={"owes_cents": cents})) == ([Reason.OWES] if refused else [])


@pytest.mark.parametrize(
    ("received_at", "hours", "refused"),
    [
        (None, 24, False),
        (AT, 0, False),
        (AT, 1, True),
        (AT - timedelta(hours=24) + SECOND, 24, True),
        (AT - timedelta(hours=24), 24, False),  # over to the second
        (AT - timedelta(hours=25), 24, False),
    ],
)
def test_the_cool_down_is_over_to_the_second(received_at: datetime | None, hours: int, refused: bool) -> None:
    said = facts(patron={"last_received_at": received_at}, policy={"cool_down_hours": hours})
    assert why(said) == ([Reason.COOL_DOWN] if refused else [])


# --- The promise ---


def test_a_kit_for_open_loans_asks_for_no_cohort() -> None:
    walk_in = {"has_promise": False, "cohort": None, "in_cohort": False, "pickup_from": None, "last_borrow_on": None}
    assert why(facts(kit={"cohort_only": False}, promise={**walk_in, "free_for_walk_ins": 1})) == []


@pytest.mark.parametrize(("free", "refused"), [(1, False), (0, True), (-3, True), (None, False)])
def test_a_walk_in_gets_only_what_no_promise_needs(free: int | None, refused: bool) -> None:
    said = facts(promise={"has_promise": False, "free_for_walk_ins": free})
    assert why(said) == ([Reason.NEEDED_FOR_PROMISES] if refused else [])


def test_a_promise_is_kept_even_when_everything_is_promised() -> None:
    assert why(facts(promise={"has_promise": True, "free_for_walk_ins": 0})) == []


@pytest.mark.parametrize(("opens", "refused"), [(TODAY - DAY, False), (TODAY, False), (TODAY + DAY, True)])
def test_the_pick_up_window_opens_on_its_day(opens: date, refused: bool) -> None:
    assert why(facts(promise={"pickup_from": opens})) == ([Reason.BEFORE_PICKUP_WINDOW] if refused else [])


@pytest.mark.parametrize(
    ("last", "refused"), [(TODAY + DAY, False), (TODAY, False), (TODAY - DAY, True), (None, False)]
)
def test_a_programme_lends_to_the_end_of_its_last_day(last: date | None, refused: bool) -> None:
    assert why(facts(promise={"last_borrow_on": last})) == ([Reason.AFTER_LAST_BORROW_DATE] if refused else [])
