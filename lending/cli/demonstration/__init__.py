"""The demonstration: a made-up county library with a past, to look at and to try every screen on.

Its shape is that of LA County Library's Work Ready programme: twenty branches, six cohorts of six weeks one after
another and the next to come, four hundred kits. Everything that happened in it went through the verbs, on simulated
days up to yesterday, so that it never ages; nobody in it exists. Source: RULES 0; INTERFACES, ``lending demo``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from lending.cli.saying import Said

if TYPE_CHECKING:
    from lending.cli.demonstration.town import Town
    from lending.library import Library

PASSWORD: Final = "demonstration"  # noqa: S105 - told to everybody who starts a demonstration
"""The password of everyone who may sign in."""

SIGN_INS: Final = (
    ("desk.ela", "desk, East Los Angeles Library"),
    ("desk.com", "desk, Compton Library"),
    ("manager.ela", "branch manager, East Los Angeles Library"),
    ("program", "programme lead, Work Ready"),
    ("admin", "administrator"),
)
"""Who may sign in, and as what. The other branches' desks have accounts without a password."""

PIN: Final = "246810"
"""The PIN of every card, for the pages of patrons."""


class NotEmpty(Said):
    """The library has data already; the sentence says so."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a demonstration is: kits of each type, people in each cohort, open loans, and readers without one."""

    work_ready_kits: int
    open_kits: int
    seats: tuple[int, ...]
    open_loans: int
    readers: int


SIZES: Final[Mapping[str, Size]] = {
    "tiny": Size(93, 80, (3, 4, 4, 5, 6, 14), 10, 4),
    "small": Size(400, 112, (50, 60, 70, 80, 90, 110), 110, 40),
    "county": Size(1600, 448, (200, 240, 280, 320, 360, 440), 440, 17_700),
}
"""``small`` is the programme as it was; ``county`` four times that, with 20,000 patrons; ``tiny`` is for tests."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was made. ``hints`` say what to try, each with the code to scan."""

    branches: int
    kits: int
    patrons: int
    acts: int
    refused: int
    hints: tuple[tuple[str, str], ...]


def make_demonstration(
    library: Library, *, seed: int = 7, size: str = "small", progress: Callable[[float, str], None] | None = None
) -> Summary:
    """Make the demonstration in a library whose tables are empty: the same for the same seed and day.

    ``progress`` hears how much is done, from 0 to 1, and what is being made. Raises ``NotEmpty`` for a library that has
    branches already, and ``KeyError`` for an unknown ``size``.
    """
    from sqlalchemy import select

    from lending.circulation.demonstration import mark
    from lending.cli.demonstration import ground, plot, stock
    from lending.cli.demonstration.rehearsal import Rehearsal
    from lending.models.branches import Branch
    from lending.passwords import hash_password, hash_secret

    chosen = SIZES[size]
    say = progress or (lambda done, what: None)
    with library.db.read() as session:
        if session.scalars(select(Branch.id).limit(1)).first() is not None:
            raise NotEmpty("This library has branches already; the demonstration is made in an empty library alone.")
    zone = ZoneInfo(ground.ZONE)
    today = library.clock.now().astimezone(zone).date()
    hashes, pin_hash = {username: hash_password(PASSWORD) for username, _ in SIGN_INS}, hash_secret(PIN)
    say(0.0, "Branches and staff")
    town = library.db.act(
        lambda session: ground.lay(
            session, seed=seed, today=today, spaces=library.spaces, password_hashes=hashes, pin_hash=pin_hash
        )
    )
    boxes = list(stock.deliveries(town, chosen.work_ready_kits, chosen.open_kits))
    for n, box in enumerate(boxes):
        say(0.2 * n / len(boxes), "Kits")
        library.db.act(lambda session, box=box: stock.unpack(session, town, box))  # type: ignore[misc]  # mypy and loops
    stories = plot.of(town, chosen)
    calendar = town.places["ELA"].calendar
    rehearsal = Rehearsal(library.db, calendar, datetime.combine(today, time(0), zone).astimezone(UTC))
    rehearsal.play(stories.told, lambda done: say(0.2 + 0.8 * done, "A year of lending"))
    library.db.act(lambda session: mark(session, at=library.clock.now()))
    return Summary(
        branches=len(town.places),
        kits=sum(len(box) for box in boxes),
        patrons=stories.people,
        acts=rehearsal.acts,
        refused=rehearsal.refused,
        hints=(*_free_kits(library, town), *stories.hints),
    )


def _free_kits(library: Library, town: Town) -> list[tuple[str, str]]:
    """A kit of each type that may be lent at the first desk today."""
    from lending.cli.demonstration.desk import free_kit
    from lending.cli.demonstration.town import LAPTOP_HOTSPOT, WORK_READY

    place = town.places["ELA"]
    with library.db.read() as session:
        return [
            (f"{place.name}: a free kit {whom}", free_kit(session, place.id, kit_type))
            for kit_type, whom in ((LAPTOP_HOTSPOT, "for anybody"), (WORK_READY, "for Work Ready alone"))
        ]
