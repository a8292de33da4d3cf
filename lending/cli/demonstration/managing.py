"""What managers of the demonstration did: they closed months, lent kits inside the building, and answered who asked.

A return that was found in a drawer after its month was closed is dated back into it: a restatement to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from lending.circulation.closing_months import close_month
from lending.circulation.in_library import end_use, use_kit
from lending.circulation.records_requests import decide_request, log_request
from lending.circulation.returns import return_kit
from lending.cli.demonstration.desk import free_kit, inspecting, lending, registering
from lending.cli.demonstration.names import Person
from lending.cli.demonstration.rehearsal import Do, Step, Story, once
from lending.cli.demonstration.town import LAPTOP_HOTSPOT, Place, Town, acting
from lending.domain.actors import Actor
from lending.domain.periods import Period, month_of
from lending.errors import Refused
from lending.models.privacy import Authority, RequestAbout, RequestDecision, RequestFrom

_DAY = timedelta(days=1)

_OWN_MONTHS = 11
"""How many months East Los Angeles has closed, all of a year but the last; the last of them was closed everywhere."""

_USES_FROM_DAYS_AGO = 63
_REQUESTS = (
    (203, RequestFrom.POLICE, RequestAbout.WHO_HAD_A_KIT, "Came without an order.", RequestDecision.REFUSED),
    (88, RequestFrom.PRESS, RequestAbout.STATISTICS, "Wanted a year's loans.", RequestDecision.STATISTICS_GIVEN),
    (2, RequestFrom.FAMILY, RequestAbout.WHO_ATTENDED, "Asked by telephone.", None),
)
"""Days ago, who asked for what, a note, and what was decided on the day after; nobody showed an authority."""


def done(town: Town, person: Callable[[Place], Person]) -> Iterator[Story]:
    """All of it. ``person`` gives the next one."""
    ela = town.places["ELA"]
    months = list(_months_to_close(town.today))
    for number, month in enumerate(months):
        places = town.places.values() if number == 0 else (ela,)
        yield once(Step(ela, month.last + 3 * _DAY, 0.1, _closing(places, month), by=town.admin))
    yield _dated_back(town, ela, person(ela), months[0])
    yield _used_inside(town, ela)
    for asked in _REQUESTS:
        yield _request(town, ela, *asked)


def _months_to_close(today: date) -> Iterator[Period]:
    """The month before the last one, and those before it: the last one is left to be closed."""
    month = month_of(today).before()
    for _ in range(_OWN_MONTHS):
        month = month.before()
        yield month


def _closing(places: Iterable[Place], month: Period) -> Do:
    def do(session: Session, at: datetime, by: Actor) -> None:
        for place in places:
            close_month(session, branch_id=place.id, month=month.first, at=at, by=acting(by))

    return do


def _dated_back(town: Town, place: Place, somebody: Person, month: Period) -> Story:
    """A kit was back before the month ended, and was written down after the month had been closed."""
    out_on = month.last - 30 * _DAY
    yield Step(place, out_on - 3 * _DAY, 0.4, registering(town, place, somebody))
    try:
        kit = yield Step(place, out_on, 0.5, lending(town, place, somebody, LAPTOP_HOTSPOT))
    except Refused:
        return  # all were out that day
    back_on = place.calendar.last_open_on_or_before(month.last, out_on) or month.last

    def do(session: Session, at: datetime, by: Actor) -> None:
        received_at = place.calendar.closing_at(back_on) - timedelta(hours=1)
        return_kit(session, kit=kit, branch_id=place.id, received_at=received_at, at=at, by=by)

    yield Step(place, month.last + 5 * _DAY, 0.3, do)
    yield Step(place, month.last + 6 * _DAY, 0.1, inspecting(kit))


def _used_inside(town: Town, place: Place) -> Story:
    """Every week or so somebody uses a kit in the building for two hours, and it is made ready again."""
    chance = town.chance("used inside", place.code)
    days = _USES_FROM_DAYS_AGO
    while days > 1:
        with suppress(Refused):  # none was to spare
            yield Step(place, town.days_ago(place, days), chance.uniform(0.05, 0.45), _using(place))
        days -= chance.randint(5, 11)


def _using(place: Place) -> Do:
    def do(session: Session, at: datetime, by: Actor) -> None:
        kit = free_kit(session, place.id, LAPTOP_HOTSPOT)
        use_kit(session, kit=kit, branch_id=place.id, at=at, by=by)
        back_at = at + timedelta(hours=2)
        end_use(session, kit=kit, branch_id=place.id, at=back_at, by=acting(by))
        inspecting(kit)(session, back_at + timedelta(minutes=15), acting(by))

    return do


def _request(
    town: Town,
    place: Place,
    days: int,
    kind: RequestFrom,
    about: RequestAbout,
    note: str,
    decision: RequestDecision | None,
) -> Story:
    def ask(session: Session, at: datetime, by: Actor) -> str:
        nothing = Authority.NONE
        return log_request(
            session, branch_id=place.id, kind=kind, about=about, authority=nothing, note=note, at=at, by=by
        ).request

    on = town.days_ago(place, days)
    request = yield Step(place, on, 0.4, ask)
    if decision is not None:

        def decide(session: Session, at: datetime, by: Actor) -> None:
            decide_request(session, request=request, decision=decision, authority=Authority.NONE, at=at, by=by)

        yield Step(place, on + _DAY, 0.5, decide, by=town.manager)
