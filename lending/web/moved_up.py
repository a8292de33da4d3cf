"""What became of a seat and a kit that somebody left, in sentences: who is next, or nobody, and when the kit is due.

Source: RULES 4, "Withdraw or dropped", "Transfer".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from lending.domain.states import HOLDS_A_SEAT
from lending.phrases import isolated, one_stop
from lending.programs.moving import Moved
from lending.programs.offers import PassedOn
from lending.programs.withdrawal import Left
from lending.queries import short_names
from lending.queries.enrolling import session_of_code
from lending.queries.enrolments import KitStanding, SeatShown
from lending.web import current
from lending.web.standing import enrolled_words

_PASSES_ON = frozenset({KitStanding.PROMISED, KitStanding.READY})
"""Whose promise goes to the next; who only stood in line leaves nothing behind."""


def left_words(before: SeatShown, left: Left) -> str:
    """What happened when somebody left a session in which they stood as ``before``."""
    up = PassedOn(left.seated, left.offered, left.promised)
    told = [_("%(patron)s has left the session.", patron=isolated(before.name)), *_passed_on(before, up)]
    return _told([*told, *_due(before, left.due_at)])


def moved_words(before: SeatShown, moved: Moved, *, stays: bool) -> str:
    """What happened when somebody went on to another session; who rolled over ``stays`` in the old one as well."""
    with current.library().db.read() as session:
        name = session_of_code(session, moved.now.cohort).name
    told = enrolled_words(moved.now, isolated(before.name), name)
    told += [current.sentence(block) for block in moved.why] or list(_due(before, moved.due_at))
    return _told(told if stays else [*told, *_passed_on(before, moved.moved_up)])


def _told(sentences: list[str]) -> str:
    return str(one_stop(" ".join(sentences)))


def _passed_on(before: SeatShown, up: PassedOn) -> Iterator[str]:
    by = current.actor()
    with current.library().db.read() as session:
        seated = short_names.of_seats(session, up.seated, by=by)
        offered = short_names.of_seats(session, up.offered, by=by)
        promised = short_names.of_kits(session, up.promised, by=by)
    if seated:
        yield _("The seat went to %(patrons)s.", patrons=_listed(seated))
    if offered:
        yield _("The seat is offered to %(patrons)s.", patrons=_listed(offered))
    if before.seat in HOLDS_A_SEAT and not (seated or offered):
        yield _("Nobody waits for the seat.")
    if promised:
        yield _("A kit is promised to %(patrons)s.", patrons=_listed(promised))
    elif before.kit in _PASSES_ON:
        yield _("Nobody waits for the kit.")


def _due(before: SeatShown, due_at: datetime | None) -> Iterator[str]:
    if due_at is not None and before.barcode is not None:
        yield _("%(kit)s is now due %(day)s.", kit=before.barcode, day=current.reader().day(due_at))


def _listed(names: list[str | None]) -> str:
    told = [_("somebody of another library") if name is None else isolated(name) for name in names]
    return current.reader().listed(told)
