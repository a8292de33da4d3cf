"""The standing cast: a small library that every test may begin with.

East Los Angeles and Compton lend kits. Ada Morales and Luis Ramos are patrons; Ben works the desk at East Los Angeles,
Cleo manages Compton, Dora leads Work Ready, Eli administers. ``work-ready`` kits are for cohorts only, kits of type
``laptop-hotspot`` for open loans too. It is Tuesday, 3 March 2026, 10:00 in Los Angeles, unless a test says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, event, insert, select
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.calendars import WeeklyHours
from lending.domain.names import fold
from lending.domain.permissions import Role
from lending.domain.states import EnrolmentState, KitState, LineState, ReservationState
from lending.models.base import Base, new_public_id
from lending.models.branches import Branch, Station
from lending.models.cohorts import Cohort, Enrolment, Pool, Program
from lending.models.counts import PeriodKey
from lending.models.kits import Kit, KitType, KitTypePart, Part
from lending.models.lines import Line, LinePlacement
from lending.models.people import Card, Patron, Staff, StaffBranch, StaffProgram
from lending.models.policies import Agreement, AgreementAcceptance, Policy, Signing
from lending.models.reservations import Reservation
from lending.models.stock import Stock

Row = TypeVar("Row")

NOW = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
"""Tuesday, 3 March 2026, 10:00 in Los Angeles."""

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

HOURS = WeeklyHours.parse(
    "mon 10:00-18:00; tue 10:00-20:00; wed 10:00-20:00; thu 10:00-20:00; fri 10:00-18:00; sat 10:00-17:00; sun closed"
)

ADA, LUIS, MINA = "29999000000018", "29999000000026", "29999000000034"
KIT, OTHER_KIT, THIRD_KIT = "KIT-1042", "KIT-1043", "KIT-1044"
OPEN_KIT, OTHER_OPEN_KIT = "KIT-2001", "KIT-2002"
COMPTON_KIT = "KIT-1060"
IMEI = "490154203237518"


@dataclass(frozen=True)
class Cast:
    """The ids of the standing cast. Actors begin a new act each time they are asked for."""

    ela: int
    com: int
    desk_station: int
    com_station: int
    ben_id: int
    cleo_id: int
    dora_id: int
    eli_id: int
    ada_id: int
    luis_id: int
    mina_id: int
    work_ready: int
    laptop_hotspot: int
    program: int
    cohort: int
    policy: int

    @property
    def ben(self) -> Actor:
        """Ben, desk staff at East Los Angeles, at its first station."""
        return self._staff(Role.DESK, self.ben_id, {self.ela}, self.desk_station)

    @property
    def cleo(self) -> Actor:
        """Cleo, who manages Compton."""
        return self._staff(Role.MANAGER, self.cleo_id, {self.com}, self.com_station)

    @property
    def dora(self) -> Actor:
        """Dora, who leads Work Ready."""
        actor = self._staff(Role.PROGRAM, self.dora_id, {self.ela, self.com}, None)
        return replace(actor, program_ids=frozenset({self.program}))

    @property
    def eli(self) -> Actor:
        """Eli, who administers the library."""
        return self._staff(Role.ADMIN, self.eli_id, set(), None)

    @property
    def system(self) -> Actor:
        """A sweep."""
        return Actor(Role.SYSTEM, Door.JOBS, new_public_id())

    @property
    def ada(self) -> Actor:
        """Ada, on her own pages."""
        return self.patron(self.ada_id)

    @property
    def luis(self) -> Actor:
        """Luis, on his own pages."""
        return self.patron(self.luis_id)

    @property
    def nobody(self) -> Actor:
        """Somebody before the patrons' pages who is not signed in."""
        return Actor(Role.PATRON, Door.WEB, new_public_id())

    def patron(self, patron_id: int) -> Actor:
        """A patron, on their own pages."""
        return Actor(Role.PATRON, Door.WEB, new_public_id(), patron_id=patron_id)

    def _staff(self, role: Role, staff_id: int, branches: set[int], station_id: int | None) -> Actor:
        return Actor(
            role,
            Door.WEB,
            new_public_id(),
            staff_id=staff_id,
            branch_ids=frozenset(branches),
            station_id=station_id,
        )


def put(session: Session, row: Row) -> Row:
    """Add a row and give it its key."""
    session.add(row)
    session.flush()  # the next rows of the cast need its key
    return row


@dataclass
class _Assembled:
    """The cast of one database, its rows by table, and how the driver was given them."""

    cast: Cast
    rows: list[tuple[Table, list[dict[str, Any]]]]
    sent: list[tuple[str, Any]] = field(default_factory=list)


_ASSEMBLED: dict[str, _Assembled] = {}
"""By the address of a database."""


def assemble(database: Database) -> Cast:
    """Put the standing cast into an empty library.

    A library that a run empties and fills again and again gets the rows that were made the first time, a table at once
    and in the driver's own terms: to compile them anew took as long as many a test.
    """
    address = str(database.write_engine.url)
    kept = _ASSEMBLED.get(address)
    if kept is not None:
        database.act(lambda session: _write_again(session.connection(), kept))
        return kept.cast
    with database.read() as session:
        is_empty = not _all_rows(session)
    cast = database.act(assemble_in)
    if is_empty:
        with database.read() as session:
            _ASSEMBLED[address] = _Assembled(cast, _all_rows(session))
    return cast


def _write_again(connection: Connection, kept: _Assembled) -> None:
    if not kept.sent:
        with _overheard(connection) as sent:
            for table, rows in kept.rows:
                connection.execute(insert(table).inline(), rows)
        kept.sent = sent
        return
    cursor = connection.connection.cursor()
    for statement, rows in kept.sent:
        cursor.executemany(statement, rows)


@contextmanager
def _overheard(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """Each statement with its rows, as they are handed to the driver."""
    sent: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, rows: Any, _context: Any, many: bool) -> None:
        sent.append((statement, rows if many else [rows]))

    event.listen(connection, "before_cursor_execute", hear)
    try:
        yield sent
    finally:
        event.remove(connection, "before_cursor_execute", hear)


def _all_rows(session: Session) -> list[tuple[Table, list[dict[str, Any]]]]:
    found = [
        (table, [dict(row) for row in session.execute(select(table)).mappings()])
        for table in Base.metadata.sorted_tables
    ]
    return [(table, rows) for table, rows in found if rows]


def assemble_in(session: Session) -> Cast:
    """The same, in a transaction under way."""
    ela = put(session, Branch(code="ELA", name="East Los Angeles Library", zone="America/Los_Angeles", hours=HOURS))
    com = put(session, Branch(code="COM", name="Compton Library", zone="America/Los_Angeles", hours=HOURS))
    desk_station = put(session, Station(branch_id=ela.id, name="Station 1"))
    com_station = put(session, Station(branch_id=com.id, name="Station 1"))
    work_ready = _kit_type(session, "work-ready", "Work Ready kit", cohort_only=True)
    laptop_hotspot = _kit_type(session, "laptop-hotspot", "Laptop and hotspot", cohort_only=False)
    policy = put(session, Policy(valid_from=LONG_AGO))
    put(
        session,
        Agreement(
            code="borrowing",
            version=1,
            language="en",
            title="Borrowing agreement",
            body="I bring the kit back.",
            published_on=date(2020, 1, 1),
        ),
    )
    program = put(session, Program(code="work-ready", name="Work Ready"))
    cohort = put(
        session,
        Cohort(
            code="WR-7",
            program_id=program.id,
            name="Work Ready 7",
            starts_on=date(2026, 3, 3),
            ends_on=date(2026, 4, 10),
            return_by=date(2026, 4, 10),
            pickup_from=date(2026, 2, 24),
            capacity=20,
            created_at=LONG_AGO,
        ),
    )
    staff = {
        name: put(session, Staff(username=username, name=name, role=role, created_at=LONG_AGO, password_hash=None))
        for name, username, role in (
            ("Ben Okafor", "ben", Role.DESK),
            ("Cleo Vance", "cleo", Role.MANAGER),
            ("Dora Lindqvist", "dora", Role.PROGRAM),
            ("Eli Haddad", "eli", Role.ADMIN),
        )
    }
    ben, cleo, dora, eli = staff.values()
    put(session, StaffBranch(staff_id=ben.id, branch_id=ela.id))
    put(session, StaffBranch(staff_id=cleo.id, branch_id=com.id))
    put(session, StaffBranch(staff_id=dora.id, branch_id=ela.id))
    put(session, StaffBranch(staff_id=dora.id, branch_id=com.id))
    put(session, StaffProgram(staff_id=dora.id, program_id=program.id))
    ada = patron(session, ADA, "Ada Morales", ela.id)
    luis = patron(session, LUIS, "Luis Ramos", ela.id)
    mina = patron(session, MINA, "Mina Kaur", com.id)
    for code in (KIT, OTHER_KIT, THIRD_KIT):
        kit(session, code, work_ready.id, ela.id)
    for code in (OPEN_KIT, OTHER_OPEN_KIT):
        kit(session, code, laptop_hotspot.id, ela.id)
    kit(session, COMPTON_KIT, work_ready.id, com.id)
    pool = put(session, Pool(cohort_id=cohort.id, stock_id=stock(session, ela.id, work_ready.id), kits=2))
    put(session, Pool(cohort_id=cohort.id, stock_id=stock(session, com.id, work_ready.id), kits=1))
    cast = Cast(
        ela=ela.id,
        com=com.id,
        desk_station=desk_station.id,
        com_station=com_station.id,
        ben_id=ben.id,
        cleo_id=cleo.id,
        dora_id=dora.id,
        eli_id=eli.id,
        ada_id=ada,
        luis_id=luis,
        mina_id=mina,
        work_ready=work_ready.id,
        laptop_hotspot=laptop_hotspot.id,
        program=program.id,
        cohort=cohort.id,
        policy=policy.id,
    )
    promise(session, cast, patron_id=ada, pool_id=pool.id)
    for n, period in enumerate(("2026-03", "FY2025-07")):  # the sweep has made them before they began
        put(session, PeriodKey(period=period, key=bytes(range(n, n + 32)), made_at=LONG_AGO))
    return cast


def _kit_type(session: Session, code: str, name: str, *, cohort_only: bool) -> KitType:
    kit_type = put(session, KitType(code=code, name=name, whole_price_cents=45000, cohort_only=cohort_only))
    for position, (part, returnable, price, alone) in enumerate(
        (
            ("Laptop", True, 30000, False),
            ("Hotspot", True, 9000, False),
            ("Charger", True, 4000, False),
            ("Case", True, 2500, True),
            ("Notebook", False, 0, False),
        ),
        start=1,
    ):
        put(
            session,
            KitTypePart(
                kit_type_id=kit_type.id,
                position=position,
                name=part,
                returnable=returnable,
                price_cents=price,
                bills_alone=alone,
            ),
        )
    return kit_type


def stock(session: Session, branch_id: int, kit_type_id: int) -> int:
    """The stock row of a branch and kit type."""
    found = session.query(Stock).filter_by(branch_id=branch_id, kit_type_id=kit_type_id).one_or_none()
    return (found or put(session, Stock(branch_id=branch_id, kit_type_id=kit_type_id))).id


def kit(session: Session, code: str, kit_type_id: int, branch_id: int, *, state: KitState = KitState.AVAILABLE) -> int:
    """A kit with every part its type expects, and a line in its hotspot."""
    made = put(
        session,
        Kit(
            barcode=code,
            kit_type_id=kit_type_id,
            stock_id=stock(session, branch_id, kit_type_id),
            branch_id=branch_id,
            _state=state,
            created_at=LONG_AGO,
        ),
    )
    number = code.rpartition("-")[2]
    for kind in session.query(KitTypePart).filter_by(kit_type_id=kit_type_id).order_by(KitTypePart.position):
        part = put(
            session,
            Part(
                kit_id=made.id,
                kind_id=kind.id,
                tag=f"PT-{number}{kind.position}" if kind.returnable else None,
                manufacturer="Makers",
                model=f"{kind.name} 1",
                serial=f"S{number}{kind.position}" if kind.returnable else None,
                imei=IMEI if kind.name == "Hotspot" and code == KIT else None,
            ),
        )
        if kind.name == "Hotspot":
            line = put(
                session,
                Line(number=f"+1213555{number}", iccid=f"89{number:0>17}", carrier="Cellco", _state=LineState.ACTIVE),
            )
            put(session, LinePlacement(line_id=line.id, part_id=part.id, since=LONG_AGO.date()))
    return made.id


def patron(session: Session, card: str, name: str, branch_id: int, *, signed: bool = True) -> int:
    """A grown patron in good standing who, unless told otherwise, has signed the agreement."""
    made = put(
        session,
        Patron(
            name=name,
            name_key=fold(name),
            birth_date=date(1990, 5, 17),
            home_branch_id=branch_id,
            expires_on=date(2028, 6, 30),
            created_at=LONG_AGO,
        ),
    )
    put(session, Card(number=card, patron_id=made.id, issued_at=LONG_AGO))
    if signed:
        put(
            session,
            AgreementAcceptance(patron_id=made.id, accepted_at=LONG_AGO, how=Signing.AT_DESK),
        )
    return made.id


def promise(
    session: Session,
    cast: Cast,
    *,
    patron_id: int,
    pool_id: int | None,
    state: ReservationState = ReservationState.PROMISED,
    seat: EnrolmentState = EnrolmentState.ENROLLED,
) -> int:
    """A seat in Work Ready 7 with the promise of a kit at East Los Angeles; gives the reservation's id."""
    enrolment = put(
        session,
        Enrolment(
            cohort_id=cast.cohort,
            patron_id=patron_id,
            pickup_branch_id=cast.ela,
            _state=seat,
            created_at=NOW - timedelta(days=30),
            seated_at=NOW - timedelta(days=30),
        ),
    )
    reservation = put(
        session,
        Reservation(
            patron_id=patron_id,
            kit_type_id=cast.work_ready,
            stock_id=stock(session, cast.ela, cast.work_ready),
            pickup_branch_id=cast.ela,
            cohort_id=cast.cohort,
            pool_id=pool_id,
            enrolment_id=enrolment.id,
            _state=state,
            pickup_code="K7QD",
            queued_at=NOW - timedelta(days=30),
            promised_at=None if state is ReservationState.WAITING else NOW - timedelta(days=30),
        ),
    )
    return reservation.id


def seat(session: Session, cast: Cast, patron_id: int) -> int:
    """A seat in Work Ready 7 without the promise of a kit; gives the enrolment's id."""
    enrolment = Enrolment(
        cohort_id=cast.cohort,
        patron_id=patron_id,
        pickup_branch_id=cast.ela,
        _state=EnrolmentState.ENROLLED,
        created_at=NOW - timedelta(days=20),
        seated_at=NOW - timedelta(days=20),
    )
    return put(session, enrolment).id
