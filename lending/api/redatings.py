"""What an act moved, or would move: the same list for a cohort that is changed, cancelled, or a library that closes.

With ``?preview=1`` nothing changes. Its ``digest`` may be sent along with the act as ``seen``; if the list would be
another one by then, nothing is done either.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields

from lending.api import answers
from lending.api.fields import Text
from lending.circulation.redating import Moved, Redating, Stays, Thing, Why


class Preview(Schema):
    """preview=1 answers with what would change, and changes nothing."""

    preview = fields.Boolean(load_default=False)


class ChangedValue(Schema):
    """A value of a plan that changes, as text."""

    field = answers.text()
    was = answers.text()
    becomes = answers.text()


class MovedDate(Schema):
    """A date that moves: of a loan, a kit on the hold shelf, a promise's first day of pick-up, or a workshop."""

    thing = fields.Enum(Thing, by_value=True, required=True)
    id = answers.text()
    label = answers.text(metadata={"description": "The kit, the pick-up code or the workshop's title."})
    branch = answers.text()
    was = answers.instant()
    becomes = answers.instant()
    why = fields.Enum(Why, by_value=True, required=True)


class StayingDate(Schema):
    """A date that does not move with the others, and why."""

    thing = fields.Enum(Thing, by_value=True, required=True)
    id = answers.text()
    label = answers.text()
    branch = answers.text()
    at = answers.instant()
    why = fields.Enum(Why, by_value=True, required=True)


class Redated(Schema):
    """Everything that changes. closed_on are workshop days on which a library is closed."""

    digest = answers.text()
    changed = fields.List(fields.Nested(ChangedValue), required=True)
    moved = fields.List(fields.Nested(MovedDate), required=True)
    stays = fields.List(fields.Nested(StayingDate), required=True)
    closed_on = fields.List(fields.Date(), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class Seen(Schema):
    """A body that may confirm a preview."""

    seen = Text(64, metadata={"description": "The digest of the preview that is confirmed."})


def shown(found: Redating) -> dict[str, Any]:
    """The list, with its instants as the clock of each branch shows them."""
    return {
        "digest": found.digest,
        "changed": [asdict(line) for line in found.changed],
        "moved": [_local(line) for line in found.moved],
        "stays": [_local(line) for line in found.stays],
        "closed_on": found.closed_on,
        "counts": found.counts,
    }


def _local(line: Moved | Stays) -> dict[str, Any]:
    zone = ZoneInfo(line.zone)
    if isinstance(line, Moved):
        return asdict(line) | {"was": line.was.astimezone(zone), "becomes": line.becomes.astimezone(zone)}
    return asdict(line) | {"at": line.at.astimezone(zone)}
