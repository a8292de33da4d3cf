"""The state machines: one table each, and nothing else may move a state.

A table maps ``(state, verb)`` to the next state. What is not in the table is refused. The tests run every
state against every verb, and ``docs/states.md`` is generated from these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import TypeVar


@unique
class KitState(StrEnum):
    """Where a kit stands in its round from the shelf to a patron and back. Branch and transit are apart."""

    AVAILABLE = "available"
    ON_SHELF = "on_shelf"
    ON_LOAN = "on_loan"
    IN_USE = "in_use"
    """In the building until closing, or at an event: out of nobody's loan."""
    TO_INSPECT = "to_inspect"
    TURNAROUND = "turnaround"
    INCOMPLETE = "incomplete"
    REPAIR = "repair"
    MISSING = "missing"
    LOST = "lost"
    WITHDRAWN = "withdrawn"


@unique
class KitVerb(StrEnum):
    """What moves a kit."""

    CAPTURE = "capture"
    PUT_BACK = "put_back"
    CHECK_OUT = "check_out"
    UNDO_CHECK_OUT = "undo_check_out"
    UNDO_CHECK_OUT_FROM_SHELF = "undo_check_out_from_shelf"
    USE = "use"
    UNDO_USE = "undo_use"
    UNDO_END_OF_USE = "undo_end_of_use"
    RETURN = "return"
    UNDO_RETURN = "undo_return"
    UNDO_RETURN_OF_LOST = "undo_return_of_lost"
    PASS_INSPECTION = "pass_inspection"  # noqa: S105 - a verb, not a password
    FIND_INCOMPLETE = "find_incomplete"
    FIND_DAMAGED = "find_damaged"
    UNDO_INSPECTION = "undo_inspection"
    COMPLETE = "complete"
    FREE = "free"
    UNDO_FREE = "undo_free"
    REPAIR = "repair"
    DECLARE_MISSING = "declare_missing"
    DECLARE_LOST = "declare_lost"
    FIND = "find"
    WITHDRAW = "withdraw"
    REINSTATE = "reinstate"


_K, _V = KitState, KitVerb

KIT_MOVES: Mapping[tuple[KitState, KitVerb], KitState] = {
    (_K.AVAILABLE, _V.CAPTURE): _K.ON_SHELF,
    (_K.AVAILABLE, _V.CHECK_OUT): _K.ON_LOAN,
    (_K.AVAILABLE, _V.USE): _K.IN_USE,
    (_K.AVAILABLE, _V.FIND_INCOMPLETE): _K.INCOMPLETE,
    (_K.AVAILABLE, _V.FIND_DAMAGED): _K.REPAIR,
    (_K.AVAILABLE, _V.DECLARE_MISSING): _K.MISSING,
    (_K.AVAILABLE, _V.UNDO_FREE): _K.TURNAROUND,
    (_K.AVAILABLE, _V.WITHDRAW): _K.WITHDRAWN,
    (_K.ON_SHELF, _V.PUT_BACK): _K.AVAILABLE,
    (_K.ON_SHELF, _V.CHECK_OUT): _K.ON_LOAN,
    (_K.ON_SHELF, _V.FIND_INCOMPLETE): _K.INCOMPLETE,
    (_K.ON_SHELF, _V.FIND_DAMAGED): _K.REPAIR,
    (_K.ON_SHELF, _V.DECLARE_MISSING): _K.MISSING,
    (_K.ON_LOAN, _V.RETURN): _K.TO_INSPECT,
    (_K.ON_LOAN, _V.UNDO_CHECK_OUT): _K.AVAILABLE,
    (_K.ON_LOAN, _V.UNDO_CHECK_OUT_FROM_SHELF): _K.ON_SHELF,
    (_K.ON_LOAN, _V.DECLARE_LOST): _K.LOST,
    (_K.IN_USE, _V.RETURN): _K.TO_INSPECT,
    (_K.IN_USE, _V.UNDO_USE): _K.AVAILABLE,
    (_K.IN_USE, _V.DECLARE_MISSING): _K.MISSING,
    (_K.TO_INSPECT, _V.UNDO_RETURN): _K.ON_LOAN,
    (_K.TO_INSPECT, _V.UNDO_END_OF_USE): _K.IN_USE,
    (_K.TO_INSPECT, _V.UNDO_RETURN_OF_LOST): _K.LOST,
    (_K.TO_INSPECT, _V.PASS_INSPECTION): _K.TURNAROUND,
    (_K.TO_INSPECT, _V.FIND_INCOMPLETE): _K.INCOMPLETE,
    (_K.TO_INSPECT, _V.FIND_DAMAGED): _K.REPAIR,
    (_K.TO_INSPECT, _V.DECLARE_MISSING): _K.MISSING,
    (_K.TURNAROUND, _V.FREE): _K.AVAILABLE,
    (_K.TURNAROUND, _V.FIND_INCOMPLETE): _K.INCOMPLETE,
    (_K.TURNAROUND, _V.FIND_DAMAGED): _K.REPAIR,
    (_K.TURNAROUND, _V.DECLARE_MISSING): _K.MISSING,
    (_K.TURNAROUND, _V.UNDO_INSPECTION): _K.TO_INSPECT,
    (_K.TURNAROUND, _V.WITHDRAW): _K.WITHDRAWN,
    (_K.INCOMPLETE, _V.COMPLETE): _K.TURNAROUND,
    (_K.INCOMPLETE, _V.FIND_DAMAGED): _K.REPAIR,
    (_K.INCOMPLETE, _V.UNDO_INSPECTION): _K.TO_INSPECT,
    (_K.INCOMPLETE, _V.DECLARE_MISSING): _K.MISSING,
    (_K.INCOMPLETE, _V.WITHDRAW): _K.WITHDRAWN,
    (_K.REPAIR, _V.REPAIR): _K.TURNAROUND,
    (_K.REPAIR, _V.FIND_INCOMPLETE): _K.INCOMPLETE,
    (_K.REPAIR, _V.UNDO_INSPECTION): _K.TO_INSPECT,
    (_K.REPAIR, _V.DECLARE_MISSING): _K.MISSING,
    (_K.REPAIR, _V.WITHDRAW): _K.WITHDRAWN,
    (_K.MISSING, _V.FIND): _K.TO_INSPECT,
    (_K.MISSING, _V.WITHDRAW): _K.WITHDRAWN,
    (_K.LOST, _V.RETURN): _K.TO_INSPECT,
    (_K.LOST, _V.WITHDRAW): _K.WITHDRAWN,
    (_K.WITHDRAWN, _V.REINSTATE): _K.TO_INSPECT,
}


@unique
class LoanState(StrEnum):
    """What a loan still waits for. Overdue is derived from the due date, never a state."""

    OUT = "out"
    RECEIVED = "received"
    INCOMPLETE = "incomplete"
    CLAIMED = "claimed"
    LOST = "lost"
    CLOSED = "closed"
    UNDONE = "undone"


@unique
class LoanVerb(StrEnum):
    """What moves a loan."""

    RETURN = "return"
    UNDO = "undo"
    UNDO_RETURN = "undo_return"
    UNDO_RETURN_OF_LOST = "undo_return_of_lost"
    FIND_INCOMPLETE = "find_incomplete"
    SETTLE = "settle"
    UNDO_INSPECTION = "undo_inspection"
    CLAIM_RETURNED = "claim_returned"
    TAKE_CLAIM_BACK = "take_claim_back"
    DECLARE_LOST = "declare_lost"


_L, _M = LoanState, LoanVerb

LOAN_MOVES: Mapping[tuple[LoanState, LoanVerb], LoanState] = {
    (_L.OUT, _M.RETURN): _L.RECEIVED,
    (_L.OUT, _M.UNDO): _L.UNDONE,
    (_L.OUT, _M.CLAIM_RETURNED): _L.CLAIMED,
    (_L.OUT, _M.DECLARE_LOST): _L.LOST,
    (_L.RECEIVED, _M.SETTLE): _L.CLOSED,
    (_L.RECEIVED, _M.FIND_INCOMPLETE): _L.INCOMPLETE,
    (_L.RECEIVED, _M.UNDO_RETURN): _L.OUT,
    (_L.RECEIVED, _M.UNDO_RETURN_OF_LOST): _L.LOST,
    (_L.INCOMPLETE, _M.SETTLE): _L.CLOSED,
    (_L.INCOMPLETE, _M.UNDO_INSPECTION): _L.RECEIVED,
    (_L.CLOSED, _M.UNDO_INSPECTION): _L.RECEIVED,
    (_L.CLAIMED, _M.RETURN): _L.RECEIVED,
    (_L.CLAIMED, _M.TAKE_CLAIM_BACK): _L.OUT,
    (_L.CLAIMED, _M.DECLARE_LOST): _L.LOST,
    (_L.LOST, _M.RETURN): _L.RECEIVED,
}


@unique
class ReservationState(StrEnum):
    """How far the promise of a kit has come. A cohort's kit promise is a reservation too."""

    WAITING = "waiting"
    PROMISED = "promised"
    PULLING = "pulling"
    IN_TRANSIT = "in_transit"
    READY = "ready"
    PICKED_UP = "picked_up"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@unique
class ReservationVerb(StrEnum):
    """What moves a reservation."""

    PROMISE = "promise"
    UNPROMISE = "unpromise"
    PULL = "pull"
    SEND = "send"
    MAKE_READY = "make_ready"
    UNDO_READY = "undo_ready"
    PICK_UP = "pick_up"
    UNDO_PICK_UP_OF_WAITING = "undo_pick_up_of_waiting"
    UNDO_PICK_UP = "undo_pick_up"
    UNDO_PICK_UP_FROM_SHELF = "undo_pick_up_from_shelf"
    EXPIRE = "expire"
    CANCEL = "cancel"


_R, _W = ReservationState, ReservationVerb

RESERVATION_MOVES: Mapping[tuple[ReservationState, ReservationVerb], ReservationState] = {
    (_R.WAITING, _W.PROMISE): _R.PROMISED,
    (_R.WAITING, _W.PICK_UP): _R.PICKED_UP,
    (_R.WAITING, _W.CANCEL): _R.CANCELLED,
    (_R.WAITING, _W.EXPIRE): _R.EXPIRED,
    (_R.PROMISED, _W.UNPROMISE): _R.WAITING,
    (_R.PROMISED, _W.PULL): _R.PULLING,
    (_R.PROMISED, _W.SEND): _R.IN_TRANSIT,
    (_R.PROMISED, _W.MAKE_READY): _R.READY,
    (_R.PROMISED, _W.PICK_UP): _R.PICKED_UP,
    (_R.PROMISED, _W.EXPIRE): _R.EXPIRED,
    (_R.PROMISED, _W.CANCEL): _R.CANCELLED,
    (_R.PULLING, _W.UNPROMISE): _R.WAITING,
    (_R.PULLING, _W.SEND): _R.IN_TRANSIT,
    (_R.PULLING, _W.MAKE_READY): _R.READY,
    (_R.PULLING, _W.PICK_UP): _R.PICKED_UP,
    (_R.PULLING, _W.EXPIRE): _R.EXPIRED,
    (_R.PULLING, _W.CANCEL): _R.CANCELLED,
    (_R.IN_TRANSIT, _W.UNPROMISE): _R.WAITING,
    (_R.IN_TRANSIT, _W.MAKE_READY): _R.READY,
    (_R.IN_TRANSIT, _W.PICK_UP): _R.PICKED_UP,
    (_R.IN_TRANSIT, _W.CANCEL): _R.CANCELLED,
    (_R.READY, _W.PICK_UP): _R.PICKED_UP,
    (_R.READY, _W.UNDO_READY): _R.PROMISED,
    (_R.READY, _W.UNPROMISE): _R.WAITING,
    (_R.READY, _W.EXPIRE): _R.EXPIRED,
    (_R.READY, _W.CANCEL): _R.CANCELLED,
    (_R.PICKED_UP, _W.UNDO_PICK_UP_OF_WAITING): _R.WAITING,
    (_R.PICKED_UP, _W.UNDO_PICK_UP): _R.PROMISED,
    (_R.PICKED_UP, _W.UNDO_PICK_UP_FROM_SHELF): _R.READY,
}

PROMISED_RESERVATIONS = frozenset(
    {ReservationState.PROMISED, ReservationState.PULLING, ReservationState.IN_TRANSIT, ReservationState.READY}
)
"""A kit is owed to these: a walk-in never gets it."""

LIVE_RESERVATIONS = PROMISED_RESERVATIONS | {ReservationState.WAITING}


@unique
class EnrolmentState(StrEnum):
    """A person's seat in a cohort. Their kit promise is apart."""

    WAITING = "waiting"
    OFFERED = "offered"
    ENROLLED = "enrolled"
    WITHDRAWN = "withdrawn"
    DROPPED = "dropped"
    TRANSFERRED = "transferred"
    COMPLETED = "completed"


@unique
class EnrolmentVerb(StrEnum):
    """What moves an enrolment."""

    OFFER = "offer"
    SEAT = "seat"
    LAPSE = "lapse"
    WITHDRAW = "withdraw"
    DROP = "drop"
    TRANSFER = "transfer"
    COMPLETE = "complete"


_E, _N = EnrolmentState, EnrolmentVerb

ENROLMENT_MOVES: Mapping[tuple[EnrolmentState, EnrolmentVerb], EnrolmentState] = {
    (_E.WAITING, _N.OFFER): _E.OFFERED,
    (_E.WAITING, _N.SEAT): _E.ENROLLED,
    (_E.WAITING, _N.WITHDRAW): _E.WITHDRAWN,
    (_E.OFFERED, _N.SEAT): _E.ENROLLED,
    (_E.OFFERED, _N.LAPSE): _E.WITHDRAWN,
    (_E.OFFERED, _N.WITHDRAW): _E.WITHDRAWN,
    (_E.ENROLLED, _N.WITHDRAW): _E.WITHDRAWN,
    (_E.ENROLLED, _N.DROP): _E.DROPPED,
    (_E.ENROLLED, _N.TRANSFER): _E.TRANSFERRED,
    (_E.ENROLLED, _N.COMPLETE): _E.COMPLETED,
    (_E.WAITING, _N.TRANSFER): _E.TRANSFERRED,
    (_E.OFFERED, _N.TRANSFER): _E.TRANSFERRED,
}

LIVE_ENROLMENTS = frozenset({EnrolmentState.WAITING, EnrolmentState.OFFERED, EnrolmentState.ENROLLED})
HOLDS_A_SEAT = frozenset({EnrolmentState.OFFERED, EnrolmentState.ENROLLED, EnrolmentState.COMPLETED})
"""A seat that was offered is kept until it is taken or lapses."""


@unique
class LineState(StrEnum):
    """A hotspot's mobile line with its carrier."""

    ACTIVE = "active"
    SUSPENDING = "suspending"
    SUSPENDED = "suspended"
    RESTORING = "restoring"
    ENDED = "ended"


@unique
class LineVerb(StrEnum):
    """What moves a line."""

    ASK_TO_SUSPEND = "ask_to_suspend"
    CONFIRM_SUSPENDED = "confirm_suspended"
    ASK_TO_RESTORE = "ask_to_restore"
    CONFIRM_RESTORED = "confirm_restored"
    END = "end"
    REACTIVATE = "reactivate"


_S, _C = LineState, LineVerb

LINE_MOVES: Mapping[tuple[LineState, LineVerb], LineState] = {
    (_S.ACTIVE, _C.ASK_TO_SUSPEND): _S.SUSPENDING,
    (_S.ACTIVE, _C.END): _S.ENDED,
    (_S.SUSPENDING, _C.CONFIRM_SUSPENDED): _S.SUSPENDED,
    (_S.SUSPENDING, _C.ASK_TO_RESTORE): _S.RESTORING,
    (_S.SUSPENDING, _C.END): _S.ENDED,
    (_S.SUSPENDED, _C.ASK_TO_RESTORE): _S.RESTORING,
    (_S.SUSPENDED, _C.END): _S.ENDED,
    (_S.RESTORING, _C.CONFIRM_RESTORED): _S.ACTIVE,
    (_S.RESTORING, _C.ASK_TO_SUSPEND): _S.SUSPENDING,
    (_S.RESTORING, _C.END): _S.ENDED,
    (_S.ENDED, _C.REACTIVATE): _S.ACTIVE,
}


@unique
class ChargeState(StrEnum):
    """What became of a charge. A charge is never deleted; its history is on the journal."""

    OWED = "owed"
    PAID = "paid"
    WAIVED = "waived"
    CANCELLED = "cancelled"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"


@unique
class ChargeVerb(StrEnum):
    """What moves a charge."""

    PAY = "pay"
    WAIVE = "waive"
    CANCEL = "cancel"
    OWE_REFUND = "owe_refund"
    REFUND = "refund"


_H, _G = ChargeState, ChargeVerb

CHARGE_MOVES: Mapping[tuple[ChargeState, ChargeVerb], ChargeState] = {
    (_H.OWED, _G.PAY): _H.PAID,
    (_H.OWED, _G.WAIVE): _H.WAIVED,
    (_H.OWED, _G.CANCEL): _H.CANCELLED,
    (_H.PAID, _G.OWE_REFUND): _H.REFUND_DUE,
    (_H.REFUND_DUE, _G.REFUND): _H.REFUNDED,
}

State = TypeVar("State", bound=StrEnum)
Verb = TypeVar("Verb", bound=StrEnum)


class NoSuchMove(Exception):
    """The table has no such move. A verb turns it into a ``Refused``; reaching a door it is a bug."""

    def __init__(self, state: StrEnum, verb: StrEnum) -> None:
        super().__init__(f"{state.value} cannot {verb.value}")
        self.state = state
        self.verb = verb


def after(moves: Mapping[tuple[State, Verb], State], state: State, verb: Verb) -> State:
    """The state that ``verb`` leads to from ``state``; ``NoSuchMove`` when the table does not have it."""
    try:
        return moves[state, verb]
    except KeyError:
        raise NoSuchMove(state, verb) from None
