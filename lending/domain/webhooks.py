"""What other programs may be told, by names that stay, and when a message that did not get through is tried again.

An event is what the journal says of a verb; a program asks for events by name (``loan.returned``), by group
(``loan.*``) or for all (``*``). A message names kits, loans, sessions and lines by their codes and public ids, never
anybody: no name, no card, no pseudonym, no free text. Source: INTERFACES, "Webhooks"; RULES 8, "messages to carriers
name the line, never the patron".
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import Enum, unique

from lending.domain.kept_secrets import hidden, revealed

PING = "ping"
"""What is sent to try a webhook; everybody gets it."""

EVENTS: Mapping[str, tuple[str, ...]] = {
    "loan.checked_out": ("check_out",),
    "loan.check_out_undone": ("undo_check_out",),
    "loan.returned": ("return",),
    "loan.return_undone": ("undo_return",),
    "loan.renewed": ("renew",),
    "loan.due_date_changed": ("set_due_date", "move_due_date", "shorten", "transfer_loan"),
    "loan.exchanged_in": ("exchange_in",),
    "loan.exchanged_out": ("exchange",),
    "loan.claimed": ("claim_returned",),
    "loan.claim_withdrawn": ("take_claim_back",),
    "loan.lost": ("assume_lost", "declare_lost"),
    "kit.added": ("add_kit",),
    "kit.inspected": ("inspect",),
    "kit.freed": ("free",),
    "kit.sent": ("send_kit",),
    "kit.arrived": ("arrive_kit",),
    "kit.missing": ("declare_missing",),
    "kit.found": ("find_kit",),
    "kit.withdrawn": ("withdraw_kit",),
    "kit.reinstated": ("reinstate_kit",),
    "line.added": ("add_line",),
    "line.suspend_asked": ("ask_to_suspend",),
    "line.suspended": ("confirm_suspended",),
    "line.restore_asked": ("ask_to_restore",),
    "line.restored": ("confirm_restored",),
    "line.ended": ("end",),
    "line.reactivated": ("reactivate",),
    "cohort.planned": ("plan_cohort",),
    "cohort.changed": ("change_cohort",),
    "cohort.cancelled": ("cancel_cohort",),
    "closure.entered": ("enter_closure",),
    "closure.removed": ("remove_closure",),
}
"""Every event, with the verbs of the journal that it tells of. A name never changes its meaning."""

EVENT_OF: Mapping[str, str] = {verb: event for event, verbs in EVENTS.items() for verb in verbs}
GROUPS = tuple(dict.fromkeys(event.partition(".")[0] for event in EVENTS))
EVERYTHING = "*"

IN_GROUPS: Mapping[str, tuple[str, ...]] = {
    group: tuple(event for event in EVENTS if event.startswith(f"{group}.")) for group in GROUPS
}
NAMES = (EVERYTHING, *(name for group, events in IN_GROUPS.items() for name in (f"{group}.*", *events)))
"""All that can be asked for."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "loan": ("branch", "kit", "kit_type", "loan", "due_at", "cohort"),
    "kit": ("branch", "kit", "kit_type"),
    "line": ("branch", "kit", "line"),
    "cohort": ("cohort",),
    "closure": ("branch",),
}
"""What the message of each group says besides what all of them say. A carrier learns of a line, not of a loan."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)
MOST_TRIES = 25
"""With these pauses, tries for about three days."""
FAILING_FOR = timedelta(days=3)
"""A webhook that did nothing but fail for so long is switched off."""
IN_THE_WAY = 6
"""After so many tries, about half an hour, a message that the receiver itself chokes on lets those behind it by."""
REACHES_BACK = timedelta(days=7)
"""What is older is told no more: neither what happened while a webhook stood still nor what still waited in it."""
KEPT_FOR = timedelta(days=30)
"""How long a message that is done with stays in the list."""


_SECRET = 43
"""Letters of a secret. Hidden it has 80, so that the two are told apart."""

_PURPOSE = "webhook"


@unique
class Verdict(Enum):
    """What a receiver's answer means."""

    TAKEN = "taken"
    NOT_NOW = "not_now"
    """It cannot take anything now: everything waits."""
    CHOKED = "choked"
    """It failed at this message, which is tried again; others may fare better."""
    REFUSED = "refused"
    """It will not take this message."""
    GONE = "gone"
    """It wants no message any more."""


_NOT_NOW = frozenset({408, 425, 429, 502, 503, 504})


def verdict(status: int) -> Verdict:
    """What an HTTP status says. A redirect is followed nowhere, and so is a refusal."""
    if 200 <= status < 300:
        return Verdict.TAKEN
    if status in _NOT_NOW:
        return Verdict.NOT_NOW
    if status == 410:
        return Verdict.GONE
    return Verdict.CHOKED if status >= 500 else Verdict.REFUSED


def pause(tries: int, retry_after: timedelta | None = None) -> timedelta:
    """How long after the n-th try in vain the next one is: twice as long each time, and longer if the receiver asks."""
    own: timedelta = min(FIRST_PAUSE * 2 ** min(tries - 1, 20), LONGEST_PAUSE)
    return max(own, min(retry_after or own, LONGEST_PAUSE))


def is_wanted(event: str, asked_for: Collection[str]) -> bool:
    """Whether somebody who asked for these names, groups or everything is told of an event."""
    return bool({event, f"{event.partition('.')[0]}.*", EVERYTHING} & set(asked_for))


def read_events(given: Collection[str]) -> list[str]:
    """What somebody asks for, in the order of ``EVENTS``, without what a group or everything holds anyway.

    ``ValueError`` for nothing at all, and for a name that is not there.
    """
    if not given or set(given) - set(NAMES):
        raise ValueError("no events of the list")
    if EVERYTHING in given:
        return [EVERYTHING]
    whole = {f"{group}.*" for group in GROUPS} & set(given)
    return [name for name in NAMES if name in whole or (name in given and f"{name.partition('.')[0]}.*" not in whole)]


def new_secret() -> str:
    """What signs the messages of a webhook: 32 bytes in letters."""
    return secrets.token_urlsafe(32)


def as_kept(secret: str, *, key: str, webhook: str) -> str:
    """What is kept of a secret: hidden with ``key``, the library's own, for this webhook (its public id) alone."""
    return hidden(urlsafe_b64decode(f"{secret}="), key=key, purpose=_PURPOSE, owner=webhook)


def secret_in(kept: str, *, key: str, webhook: str) -> str | None:
    """The secret in what is kept; ``None`` where the library has another key by now: it needs a new secret."""
    if not is_hidden(kept):
        return kept
    secret = revealed(kept, key=key, purpose=_PURPOSE, owner=webhook)
    return None if secret is None else urlsafe_b64encode(secret).decode().rstrip("=")


def is_hidden(kept: str) -> bool:
    """Whether what is kept is hidden; what was kept before there was hiding is the secret itself."""
    return len(kept) != _SECRET
