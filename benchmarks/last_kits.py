"""R1 and the pilot's rush: everybody asks for the last kits at once, before real web processes.

What is promised is exactly what there is, everybody else has a place, and nobody has the same one. The clients count
it themselves from what they were told.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from benchmarks.crowds import Asked, at_once, web
from benchmarks.engines import Engine
from benchmarks.figures import Figure, Times
from lending.circulation.patrons import register
from lending.cli.demonstration.town import LAPTOP_HOTSPOT, WORK_READY, Place, acting
from lending.db import Database
from lending.queries.availability import availability
from tests.year.county import DAY, WEEK, County

P95_SECONDS = 2.0


@dataclass(frozen=True)
class Crowd:
    """How many people, kits, rounds, and web processes on an engine that can have more than one."""

    people: int
    kits: int
    rounds: int
    workers: int

    def processes(self, engine: Engine) -> int:
        """SQLite is served by the threads of one process, which take turns to write."""
        return 1 if engine.name == "sqlite" else self.workers


R1 = Crowd(people=200, kits=20, rounds=20, workers=4)
RUSH = Crowd(people=360, kits=60, rounds=1, workers=4)


def last_kits_of_a_cohort(engine: Engine, *, today: date, crowd: Crowd = R1) -> Iterator[Figure]:
    """R1: ``crowd.people`` enrol at once for the last ``crowd.kits`` kits, one cohort a round."""
    url = engine.migrated()
    county = _county(url, today, work_ready=20 * crowd.kits, open_kits=0)
    place = county.town.places["ELA"]
    cards = _readers(county, [place] * crowd.people)
    wrong: list[str] = []
    told: list[Asked] = []
    with web(url, workers=crowd.processes(engine)) as port:
        for n in range(crowd.rounds):
            code = _cohort(county, place, n, today, crowd)
            asked = at_once(
                port,
                county.tokens["desk.ela"],
                [
                    ("POST", f"/cohorts/{code}/enrolments", {"patron": card, "kit": True, "pickup_branch": place.code})
                    for card in cards
                ],
            )
            wrong += _wrong([(one, one.answer.get("kit")) for one in asked], crowd.kits)
            told += asked
    county.library.db.close()
    p95 = Times.of([one.seconds for one in told]).p95 / 1000
    yield _faults("R1", engine, f"{crowd.people} people, the last {crowd.kits} kits, {crowd.rounds} rounds", wrong)
    yield Figure("R1", engine.name, "until they were told, p95", p95, "s", reach=P95_SECONDS)


def rush_of_the_pilot(engine: Engine, *, today: date, crowd: Crowd = RUSH) -> Iterator[Figure]:
    """60 kits at ten libraries and 360 people who reserve: exactly 60 promised, and places from 1 in each queue."""
    url = engine.migrated()
    county = _county(url, today, work_ready=0, open_kits=crowd.kits)
    free = {place.code: _free(county, place) for place in county.places}
    libraries = [place for place in county.places if free[place.code]]
    homes = [libraries[n % len(libraries)] for n in range(crowd.people)]
    cards = _readers(county, homes)
    with web(url, workers=crowd.processes(engine)) as port:
        asked = at_once(
            port,
            county.tokens["admin"],
            [
                ("POST", "/reservations", {"patron": card, "kit_type": LAPTOP_HOTSPOT, "pickup_branch": place.code})
                for card, place in zip(cards, homes, strict=True)
            ],
        )
    by_library: dict[str, list[tuple[Asked, str | None]]] = defaultdict(list)
    for one, place in zip(asked, homes, strict=True):
        by_library[place.code].append((one, one.answer.get("state")))
    wrong = [
        f"{place.code}: {fault}" for place in libraries for fault in _wrong(by_library[place.code], free[place.code])
    ]
    promised = sum(one.answer.get("state") == "promised" for one in asked)
    if promised != crowd.kits:
        wrong.append(f"{promised} promised")
    county.library.db.close()
    what = f"{crowd.people} people reserve {crowd.kits} kits at {len(libraries)} libraries"
    yield _faults("Rush", engine, what, wrong)
    p95 = Times.of([one.seconds for one in asked]).p95 / 1000
    yield Figure("Rush", engine.name, "until they were told, p95", p95, "s")


def _wrong(told: list[tuple[Asked, str | None]], kits: int) -> list[str]:
    """What is not as it should be in one queue: each answer with how the kit stands in it."""
    faults = [f"status {one.status}: {str(one.answer)[:120]}" for one, _ in told if one.status != 201]
    promised = sum(kit == "promised" for _, kit in told)
    places = sorted(one.answer.get("position") or 0 for one, kit in told if kit == "waiting")
    if promised != min(kits, len(told)):
        faults.append(f"{promised} of {kits} kits promised")
    if places != list(range(1, len(told) - kits + 1)):
        faults.append(f"places {places[:8]} ... of {len(places)}")
    return faults


def _faults(number: str, engine: Engine, what: str, wrong: list[str]) -> Figure:
    for fault in wrong[:10]:
        print(f"{number} on {engine.name}: {fault}")
    return Figure(number, engine.name, what, len(wrong), "faults", reach=0)


def _county(url: str, today: date, *, work_ready: int, open_kits: int) -> County:
    folder = Path(tempfile.mkdtemp(prefix="lending-battery-"))
    database = Database.from_url(url)
    return County.open(database, folder, first_day=today, kits=work_ready, open_kits=open_kits)


def _readers(county: County, homes: list[Place]) -> list[str]:
    """The cards of new patrons, each registered at home."""
    at = county.clock.now()
    sequences = range(700_001, 700_001 + len(homes))

    def do(session: object) -> list[str]:
        cards = []
        for sequence, place in zip(sequences, homes, strict=True):
            card = county.town.card(sequence)
            person = county.town.person(sequence, place, expires_on=county.town.today + timedelta(days=900))
            register(
                session,  # type: ignore[arg-type]  # the session of an act
                card=card,
                details=person.details(),
                home_branch_id=place.id,
                at=at,
                by=acting(county.town.admin),
            )
            cards.append(card.text)
        return cards

    return county.library.db.act(do)


def _cohort(county: County, place: Place, n: int, today: date, crowd: Crowd) -> str:
    """One cohort after another, so that each has the whole stock."""
    starts_on = today + timedelta(days=10 + 70 * n)
    code = f"R1-{n + 1}"
    county.must(
        "program",
        "POST",
        "/cohorts",
        {
            "code": code,
            "program": WORK_READY,
            "name": f"Round {n + 1}",
            "starts_on": starts_on.isoformat(),
            "ends_on": (starts_on + 6 * WEEK - DAY).isoformat(),
            "capacity": crowd.people,
            "pools": [{"branch": place.code, "kit_type": WORK_READY, "kits": crowd.kits}],
        },
    )
    return code


def _free(county: County, place: Place) -> int:
    with county.library.db.read() as session:
        found = availability(session, branch_ids={place.id}, at=county.clock.now())
    return sum(stock.free for stock in found if stock.kit_type == LAPTOP_HOTSPOT)
