"""What is said when a record cannot be erased yet, or the sealed ledger does not open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lending.errors import Reason
from lending.phrases import N_
from lending.wording.words import Tone, Words

PRIVACY: Final[Mapping[Reason, Words]] = {
    Reason.KIT_STILL_OUT: Words(
        409,
        Tone.STOP,
        N_("They still have %(codes)s. Take back what is out first, then erase the record."),
        N_("You still have %(codes)s. Bring that back first."),
    ),
    Reason.LOAN_NOT_SETTLED: Words(
        409,
        Tone.STOP,
        N_("The loan of %(codes)s is not settled yet. Inspect the kit or settle what is missing first."),
    ),
    Reason.BILL_OPEN: Words(
        409,
        Tone.STOP,
        N_("They owe %(cents)s. Take a payment or waive it first, then erase the record."),
        N_("You owe %(cents)s. Please ask at the desk."),
    ),
    Reason.REFUND_OPEN: Words(
        409,
        Tone.STOP,
        N_("The library owes them %(cents)s. Pay it back first, then erase the record."),
    ),
    Reason.LEDGER_NOT_OPEN: Words(
        409,
        Tone.STOP,
        N_(
            "The ledger is not open. Another administrator has to approve first, or a day has to pass after all of "
            "them were told."
        ),
    ),
    Reason.SAME_PERSON: Words(
        409, Tone.STOP, N_("Whoever asked cannot approve it as well. Ask another administrator.")
    ),
    Reason.LEDGER_KEY_LOST: Words(
        409,
        Tone.STOP,
        N_(
            "Names in the ledger were sealed with another key than the one on the server. Ask whoever keeps the server "
            "to put the right key back."
        ),
    ),
    Reason.AUTHORITY_NEEDED: Words(
        409,
        Tone.STOP,
        N_(
            "Records of patrons go to nobody without an order of the superior court, the patron's own written word, "
            "or the patron themselves."
        ),
    ),
}
