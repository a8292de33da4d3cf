"""What the library refuses, by name.

``Refused`` is the only failure a verb may raise on purpose. It carries every reason at once, so that
the desk can tell a patron everything in one breath. Each ``Reason`` has one row of sentences in
``lending/wording``; a test asserts that none is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum, unique


@unique
class Reason(StrEnum):
    """Every "no" of the product. The value is what the API shows; it never changes its meaning."""

    # Who asks
    NOT_PERMITTED = "not_permitted"
    NOT_FOUND = "not_found"
    KEY_REUSED = "key_reused"
    BUSY = "busy"
    # Reading a code (RULES 1)
    CODE_EMPTY = "code_empty"
    CODE_UNKNOWN = "code_unknown"
    CODE_MISREAD = "code_misread"
    CODE_NOT_A_KIT = "code_not_a_kit"
    CODE_NOT_A_CARD = "code_not_a_card"
    CODE_IS_A_PART = "code_is_a_part"
    CODE_IS_A_DEVICE_NUMBER = "code_is_a_device_number"
    CODE_TAKEN = "code_taken"
    CODE_SPACE = "code_space"
    PHOTO_NOT_READ = "photo_not_read"
    PHOTO_NOT_OURS = "photo_not_ours"
    PHOTO_SEVERAL = "photo_several"
    PHOTOS_TOO_OFTEN = "photos_too_often"
    # The patron (RULES 2)
    CARD_UNKNOWN = "card_unknown"
    CARD_REPLACED = "card_replaced"
    CARD_EXPIRED = "card_expired"
    CARD_BLOCKED = "card_blocked"
    UNDER_AGE = "under_age"
    AGREEMENT_NOT_SIGNED = "agreement_not_signed"
    NOT_IN_COHORT = "not_in_cohort"
    LIMIT_REACHED = "limit_reached"
    HOUSEHOLD_LIMIT = "household_limit"
    COOL_DOWN = "cool_down"
    OWES = "owes"
    OVERDUE_ELSEWHERE = "overdue_elsewhere"
    # People without a card yet (RULES 4; issue "Patrons reserve online")
    NOT_VERIFIED = "not_verified"
    ONE_UNTIL_VERIFIED = "one_until_verified"
    ASKED_BEFORE = "asked_before"
    TOO_MANY_FROM_HERE = "too_many_from_here"
    AGREEMENT_CHANGED = "agreement_changed"
    # The kit (RULES 2)
    KIT_UNKNOWN = "kit_unknown"
    ON_LOAN_TO_THIS_PATRON = "on_loan_to_this_patron"
    ON_LOAN_TO_ANOTHER = "on_loan_to_another"
    IN_USE = "in_use"
    PROMISED_TO_ANOTHER = "promised_to_another"
    NOT_INSPECTED = "not_inspected"
    NOT_READY = "not_ready"
    NOT_WIPED = "not_wiped"
    INCOMPLETE = "incomplete"
    IN_REPAIR = "in_repair"
    IN_TRANSIT = "in_transit"
    AT_ANOTHER_BRANCH = "at_another_branch"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    MISSING = "missing"
    LINE_SUSPENDED = "line_suspended"
    LINE_ENDED = "line_ended"
    NEEDED_FOR_PROMISES = "needed_for_promises"
    OTHERS_WAIT_BEFORE = "others_wait_before"
    # The time (RULES 2, 3)
    BEFORE_PICKUP_WINDOW = "before_pickup_window"
    AFTER_LAST_BORROW_DATE = "after_last_borrow_date"
    NO_OPEN_DAY = "no_open_day"
    DATE_IN_THE_PAST = "date_in_the_past"
    DATE_IN_THE_FUTURE = "date_in_the_future"
    BEFORE_CHECK_OUT = "before_check_out"
    # Returns, inspection, renewal, undo
    NOT_ON_LOAN = "not_on_loan"
    PARTS_NOT_COUNTED = "parts_not_counted"
    PART_UNKNOWN = "part_unknown"
    PART_NOT_MISSING = "part_not_missing"
    PART_IN_KITS = "part_in_kits"
    TOO_LATE_TO_REPORT = "too_late_to_report"
    NOT_TO_INSPECT = "not_to_inspect"
    STEPS_NOT_DONE = "steps_not_done"
    IN_QUARANTINE = "in_quarantine"
    ON_HOLD_FOR_ANOTHER = "on_hold_for_another"
    RENEWALS_USED_UP = "renewals_used_up"
    RENEWAL_GAINS_NOTHING = "renewal_gains_nothing"
    COHORT_LOAN = "cohort_loan"
    EXCHANGE_SAME_KIT = "exchange_same_kit"
    EXCHANGE_OTHER_TYPE = "exchange_other_type"
    NOTHING_TO_UNDO = "nothing_to_undo"
    TOO_LATE_TO_UNDO = "too_late_to_undo"
    CHANGED_SINCE = "changed_since"
    # Stock and people
    WRONG_STATE = "wrong_state"
    REASON_NEEDED = "reason_needed"
    SAME_PATRON = "same_patron"
    VALUE_MISSING = "value_missing"
    VALUE_WRONG = "value_wrong"
    ALREADY_EXISTS = "already_exists"
    OWN_DATA = "own_data"
    # Sessions
    COHORT_OVER = "cohort_over"
    NO_MORE_KITS = "no_more_kits"
    PROGRAM_OVER = "program_over"
    OFFER_LAPSED = "offer_lapsed"
    ALREADY_ENROLLED = "already_enrolled"
    ALREADY_RESERVED = "already_reserved"
    NO_SUCH_POOL = "no_such_pool"
    POOL_EXCEEDS_STOCK = "pool_exceeds_stock"
    POOL_BELOW_PROMISES = "pool_below_promises"
    CAPACITY_BELOW_SEATS = "capacity_below_seats"
    COHORT_CANCELLED = "cohort_cancelled"
    PREVIEW_OUTDATED = "preview_outdated"
    NOT_ELIGIBLE = "not_eligible"
    HAS_A_KIT = "has_a_kit"
    NO_KIT_TO_ROLL_OVER = "no_kit_to_roll_over"
    BEGINS_TOO_LATE = "begins_too_late"
    ATTENDANCE_NOT_TAKEN = "attendance_not_taken"
    KIT_TYPE_NEEDS_COHORT = "kit_type_needs_cohort"
    NOBODY_WAITS = "nobody_waits"
    # Workshops and stocktakes
    WORKSHOP_TO_COME = "workshop_to_come"
    WORKSHOP_OUTSIDE_SESSION = "workshop_outside_session"
    WORKSHOP_HELD = "workshop_held"
    HAS_REGISTRATIONS = "has_registrations"
    REGISTRATION_CLOSED = "registration_closed"
    WORKSHOP_FULL = "workshop_full"
    REGISTERED_BEFORE = "registered_before"
    SURVEY_CLOSED = "survey_closed"
    STOCKTAKE_OPEN = "stocktake_open"
    STOCKTAKE_ENDED = "stocktake_ended"
    # Referrals and hiring events
    CONSENT_NEEDED = "consent_needed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    EVENT_OVER = "event_over"
    EVENT_TO_COME = "event_to_come"
    # Work for people, and ladders
    ALREADY_TOLD = "already_told"
    TASK_CLOSES_ITSELF = "task_closes_itself"
    STEP_ON_THE_SAME_DAY = "step_on_the_same_day"
    STEP_TWICE = "step_twice"
    STEP_TOO_EARLY = "step_too_early"
    STEP_AFTER_GIVING_UP = "step_after_giving_up"
    # Lending rules
    NUMBER_OUTSIDE = "number_outside"
    AMOUNT_OUTSIDE = "amount_outside"
    CHANGE_PLANNED = "change_planned"
    # Months that are reported (RULES 7)
    MONTH_NOT_OVER = "month_not_over"
    MONTH_CLOSED = "month_closed"
    # Words of notices
    PLACE_UNKNOWN = "place_unknown"
    PLACE_PRIVATE = "place_private"
    # Pictures, colours and ways in, as administrators set them up
    PICTURE_UNREADABLE = "picture_unreadable"
    PICTURE_TOO_BIG = "picture_too_big"
    COLOUR_CONTRAST = "colour_contrast"
    LAST_ADMINISTRATOR = "last_administrator"
    LINK_SPENT = "link_spent"
    SECOND_FACTOR_WRONG = "second_factor_wrong"
    # Where messages to other programs may go
    ADDRESS_UNKNOWN = "address_unknown"
    ADDRESS_FORBIDDEN = "address_forbidden"
    # Erasing a record, the sealed ledger, requests for records
    KIT_STILL_OUT = "kit_still_out"
    LOAN_NOT_SETTLED = "loan_not_settled"
    BILL_OPEN = "bill_open"
    REFUND_OPEN = "refund_open"
    LEDGER_NOT_OPEN = "ledger_not_open"
    SAME_PERSON = "same_person"
    LEDGER_KEY_LOST = "ledger_key_lost"
    AUTHORITY_NEEDED = "authority_needed"
    # Sign-in
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_LOCKED = "sign_in_locked"
    SIGN_IN_SERVICE_FAILED = "sign_in_service_failed"
    SIGN_IN_SERVICE_UNKNOWN = "sign_in_service_unknown"
    PIN_CODE_WRONG = "pin_code_wrong"
    PIN_UNFIT = "pin_unfit"
    PASSWORD_TOO_SHORT = "password_too_short"  # noqa: S105 - a reason, not a password


@dataclass(frozen=True, slots=True)
class Block:
    """One reason against an act.

    ``detail`` fills the sentence's placeholders; it holds plain values (kit code, date, amount in cents),
    never a patron's data beyond the short name staff may see. ``overridable`` tells whether *this actor*
    may override it, with a reason, as ``domain/permissions.py`` says.
    """

    reason: Reason
    detail: Mapping[str, object] = field(default_factory=dict)
    overridable: bool = False


class Refused(Exception):
    """An act was refused, for all of ``blocks``; nothing was changed."""

    def __init__(self, *blocks: Block) -> None:
        if not blocks:
            raise ValueError("a refusal names at least one block")
        super().__init__(", ".join(block.reason for block in blocks))
        self.blocks = blocks

    @classmethod
    def because(cls, reason: Reason, **detail: object) -> Refused:
        """A refusal for one reason that nobody may override."""
        return cls(Block(reason, detail))


@contextmanager
def hidden_as(reason: Reason, **detail: object) -> Iterator[None]:
    """What the role may do, but not at the branch of this thing, looks as if the thing did not exist."""
    try:
        yield
    except Refused as refused:
        if [block.reason for block in refused.blocks] == [Reason.NOT_PERMITTED]:
            raise Refused.because(reason, **detail) from None
        raise
