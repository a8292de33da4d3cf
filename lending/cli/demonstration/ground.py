"""What a library has before the first patron comes: branches, hours, holidays, rules, staff, kit types, a programme.

Branches and rules are rows here because nothing has happened yet; everything after this goes through the verbs.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.kits import ExpectedPart, add_kit_type
from lending.circulation.staff import add_staff
from lending.cli.demonstration.town import LAPTOP_HOTSPOT, WORK_READY, Place, Town, acting
from lending.domain.actors import Actor, Door
from lending.domain.barcodes import CodeSpaces
from lending.domain.calendars import Calendar, Closure, WeeklyHours
from lending.domain.permissions import Role
from lending.models.branches import Branch, Station
from lending.models.branches import Closure as ClosureRow
from lending.models.cohorts import Program
from lending.models.people import Staff
from lending.models.policies import Agreement, Policy
from lending.programs.programs import plan_program

ZONE = "America/Los_Angeles"

_LARGE = WeeklyHours.parse(
    "mon 10:00-20:00; tue 10:00-20:00; wed 10:00-20:00; thu 10:00-20:00; fri 10:00-18:00; sat 10:00-17:00;"
    " sun 12:00-17:00"
)
_SMALL = WeeklyHours.parse(
    "mon closed; tue 12:00-20:00; wed 10:00-18:00; thu 12:00-20:00; fri 10:00-18:00; sat 10:00-17:00; sun closed"
)
_ORDINARY = WeeklyHours.parse(
    "mon 10:00-18:00; tue 11:00-20:00; wed 11:00-20:00; thu 11:00-20:00; fri 10:00-18:00; sat 09:00-17:00; sun closed"
)
_HOURS = {"ELA": _LARGE, "COM": _LARGE, "LAN": _LARGE, "LIT": _SMALL, "TOP": _SMALL, "LLA": _SMALL}
_WEIGHTS = {"ELA": 3, "COM": 2, "LAN": 2}
_OPEN_KITS_AT = {"ELA": 4, "COM": 4, "LAN": 2, "NOR": 1, "LEN": 1, "ROS": 1, "LAP": 1, "SFE": 1, "WIL": 1, "FLO": 1}
"""The ten libraries of the pilot, where kits are lent without a session, by how large each is there."""

_PARTS = (
    ExpectedPart("Chromebook", price_cents=30_000),
    ExpectedPart("Hotspot", price_cents=9_000),
    ExpectedPart("Laptop charger", price_cents=4_000),
    ExpectedPart("Hotspot charger", price_cents=1_500),
    ExpectedPart("Carrying case", price_cents=2_500, bills_alone=True),
)
_TO_KEEP = (
    ExpectedPart("Headphones", returnable=False, price_cents=1_200),
    ExpectedPart("Workbook", returnable=False, price_cents=1_800),
    ExpectedPart("Planner and notebook", returnable=False, price_cents=900),
)
_AGREEMENTS = {
    "en": ("Borrowing agreement", "I will bring the kit back to the desk by its due date, with every part in it."),
    "es": ("Acuerdo de préstamo", "Devolveré el kit en el mostrador antes de la fecha, con todas sus partes."),
}
_STAFF = (
    ("manager.ela", "Rosalind Achebe", Role.MANAGER, ("ELA",)),
    ("program", "Dorothea Lindqvist", Role.PROGRAM, None),
)
_FIRST = (
    "Benicio",
    "Yolanda",
    "Ignatius",
    "Perpetua",
    "Lorenzo",
    "Sunniva",
    "Obadiah",
    "Henrike",
    "Casimir",
    "Thandiwe",
)
_LAST = ("Okafor", "Sung", "Vale", "Moss", "Abdi", "Cruz", "Tran", "Lisle", "Navarrete")


def lay(
    session: Session,
    *,
    seed: int,
    today: date,
    spaces: CodeSpaces,
    password_hashes: Mapping[str, str],
    pin_hash: str,
) -> Town:
    """Make the ground of the town in an empty library. ``password_hashes`` are of the staff who may sign in."""
    began = datetime.combine(today - timedelta(days=400), time(17, 0), UTC)
    system = Actor(Role.SYSTEM, Door.CLI, "")
    closures = _holidays(today)
    session.add_all(
        ClosureRow(branch_id=None, starts_on=closure.starts_on, ends_on=closure.ends_on, reason=closure.reason)
        for closure in closures
    )
    session.add(Policy(valid_from=began))
    for language, (title, body) in _AGREEMENTS.items():
        session.add(
            Agreement(code="borrowing", version=1, language=language, title=title, body=body, published_on=began.date())
        )
    places = {place.code: place for place in (_branch(session, row, closures, began) for row in _rows("branches.csv"))}
    _kit_types(session, began, system)
    plan_program(
        session,
        code=WORK_READY,
        name="Work Ready",
        description="Six weeks of workshops on finding work, with a laptop and a hotspot for their length.",
        agreement_code="borrowing",
        at=began,
        by=acting(system),
    )
    admin = _hire(session, "admin", "Elias Haddad-Moreau", Role.ADMIN, (), began, system, password_hashes)
    everywhere = tuple(places)
    actors = {}
    for username, name, role, codes in _STAFF:
        chosen = [places[code].id for code in (everywhere if codes is None else codes)]
        actors[username] = _hire(session, username, name, role, chosen, began, admin, password_hashes)
    for number, place in enumerate(places.values()):
        name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number % len(_LAST)]}"
        username = f"desk.{place.code.lower()}"
        desk = _hire(session, username, name, Role.DESK, [place.id], began, admin, password_hashes)
        places[place.code] = replace(place, desk=replace(desk, station_id=place.desk.station_id))
    return Town(
        seed=seed,
        today=today,
        spaces=spaces,
        places=places,
        manager=actors["manager.ela"],
        lead=actors["program"],
        admin=admin,
        pin_hash=pin_hash,
    )


def open_kit_places(town: Town) -> list[Place]:
    """The branches that lend kits without a session, as large as they are in that."""
    return [replace(town.places[code], weight=weight) for code, weight in _OPEN_KITS_AT.items()]


def _rows(name: str) -> list[dict[str, str]]:
    with files(__package__).joinpath(name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _holidays(today: date) -> list[Closure]:
    """The public holidays of California, from the year before last to the next: here they are entered as closures."""
    import holidays

    years = range(today.year - 2, today.year + 2)
    found = holidays.country_holidays("US", subdiv="CA", years=years, language="en_US")
    return [Closure(on, on, name) for on, name in sorted(found.items())]


def _branch(session: Session, row: Mapping[str, str], closures: list[Closure], began: datetime) -> Place:
    hours = _HOURS.get(row["code"], _ORDINARY)
    branch = Branch(code=row["code"], name=row["name"], zone=ZONE, hours=hours)
    session.add(branch)
    session.flush()  # the stations need its id
    stations = [Station(branch_id=branch.id, name=name) for name in ("Desk 1", "Desk 2")]
    session.add_all(stations)
    session.flush()  # acts at the desk name their station
    return Place(
        id=branch.id,
        code=branch.code,
        name=branch.name,
        calendar=Calendar(ZONE, hours, tuple(closures)),
        desk=Actor(Role.DESK, Door.WEB, "", station_id=stations[0].id),
        weight=_WEIGHTS.get(branch.code, 1),
    )


def _kit_types(session: Session, began: datetime, system: Actor) -> None:
    add_kit_type(
        session,
        code=WORK_READY,
        name="Work Ready kit",
        description="Chromebook and hotspot with everything for six weeks of workshops.",
        whole_price_cents=47_000,
        parts=[*_PARTS, *_TO_KEEP],
        cohort_only=True,
        at=began,
        by=acting(system),
    )
    add_kit_type(
        session,
        code=LAPTOP_HOTSPOT,
        name="Laptop and hotspot",
        description="Chromebook and hotspot for six weeks.",
        whole_price_cents=47_000,
        parts=_PARTS,
        at=began,
        by=acting(system),
    )


def _hire(
    session: Session,
    username: str,
    name: str,
    role: Role,
    branch_ids: list[int] | tuple[int, ...],
    began: datetime,
    by: Actor,
    password_hashes: Mapping[str, str],
) -> Actor:
    """Add an account and give it as the one who acts at the web door."""
    program_ids = session.scalars(select(Program.id)).all() if role is Role.PROGRAM else []
    made = add_staff(
        session,
        username=username,
        name=name,
        role=role,
        password_hash=password_hashes.get(username),
        branch_ids=branch_ids,
        program_ids=program_ids,
        at=began,
        by=acting(by),
    )
    staff_id = session.scalars(select(Staff.id).where(Staff.public_id == made.staff)).one()
    return Actor(
        role,
        Door.WEB,
        "",
        staff_id=staff_id,
        branch_ids=frozenset(branch_ids),
        program_ids=frozenset(program_ids),
    )
