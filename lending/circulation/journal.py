"""The journal: every act that changes something writes here, in its own transaction.

A row about a patron's record names the patron by pseudonym; a row about a kit, a loan, a seat or a promise names that
thing and never the patron, because it could not be taken back: who had a kit is said by the loan's own row, until the
privacy clock cuts it (decision 16). Rows hold no free text about patrons but the note of an override, which belongs
here by RULES 2; so a patron can be erased and the journal stays whole. The sealing sweep (``seal``) chains rows by
hash afterwards, so that no act waits for the head.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import insert
from sqlalchemy.orm import Session

from lending.circulation.together import Write
from lending.domain.actors import Actor
from lending.models.base import table_of
from lending.models.journal import JournalEntry

UNCHANGED = "change_nothing"
"""What the journal calls an act that changed nothing."""

OF_A_RECORD: Final = frozenset(
    {
        "ask_for_erasure",
        "block_patron",
        "change_patron",
        "erase_patron",
        "forget_patron",
        "give_pin_code",
        "look_at_patron",
        "merge_patrons",
        "register_patron",
        "replace_card",
        "send_pin_code",
        "set_pin",
        "stop_texts",
        "unblock_patron",
        "verify_patron",
    }
)
"""The verbs whose rows name a patron. Of any other the pseudonym is left out, whoever gives it. Who registers online
asks for a kit in the same act, so that row names nobody either."""

_APPEND = insert(table_of(JournalEntry)).inline()


class About(TypedDict, total=False):
    """What a row is about. ``happened_at`` is an earlier instant, when the act reports the past.

    ``patron`` is the pseudonym, kept for verbs ``OF_A_RECORD`` alone. ``detail`` holds plain JSON values: instants and
    dates as ISO text, money as cents.
    """

    happened_at: datetime | None
    branch_id: int | None
    kit_id: int | None
    loan_id: int | None
    cohort_id: int | None
    patron: str | None
    detail: Mapping[str, Any] | None


_NOTHING: Mapping[str, Any] = dict.fromkeys(("branch_id", "kit_id", "loan_id", "cohort_id", "patron"))


def record(session: Session, verb: str, *, at: datetime, by: Actor, **about: Unpack[About]) -> None:
    """Append one row. ``at`` is now."""
    statement, row = entry(verb, at=at, by=by, **about)
    session.connection().execute(statement, row)


def entry(verb: str, *, at: datetime, by: Actor, **about: Unpack[About]) -> Write:
    """One row to append with the other writes of an act (``write_together``); its values are ``record``'s."""
    row: dict[str, Any] = {**_NOTHING, **_of_act(verb, at, by), **about, "detail": dict(about.get("detail") or {})}
    row["at"] = row.pop("happened_at", None) or at
    row["patron"] = _named(row)
    return _APPEND, row


def record_unchanged(session: Session, verb: str, *, at: datetime, by: Actor) -> None:
    """Append that ``verb`` was asked for and found all as it should be: an act that has a key is on the journal too.

    It names no kit and no patron, for nothing happened to them.
    """
    record(session, UNCHANGED, at=at, by=by, detail={"asked": verb})


def record_each(session: Session, verb: str, rows: Sequence[Mapping[str, Any]], *, at: datetime, by: Actor) -> None:
    """Append many rows of one act at once, each with its ``branch_id``, ``patron`` and ``detail``.

    A row may name a ``verb`` of its own, and its ``kit_id``, ``loan_id`` and ``cohort_id``.
    """
    if rows:
        common = _of_act(verb, at, by) | {"kit_id": None, "loan_id": None, "cohort_id": None}
        written = [{**common, **row} for row in rows]
        session.connection().execute(_APPEND, [{**row, "patron": _named(row)} for row in written])


def _named(row: Mapping[str, Any]) -> str | None:
    """The pseudonym that a row may keep for good."""
    return row.get("patron") if row["verb"] in OF_A_RECORD else None


def _of_act(verb: str, at: datetime, by: Actor) -> dict[str, Any]:
    """What all rows of one act have in common."""
    return {
        "act": by.act,
        "verb": verb,
        "at": at,
        "recorded_at": at,
        "door": by.door,
        "role": by.role,
        "staff_id": by.staff_id,
        "station_id": by.station_id,
    }
