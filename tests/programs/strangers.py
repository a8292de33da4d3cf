"""People who have nothing to do with Work Ready 7, and what of it they might name.

Hawaiian Gardens lends no kits to it, and Job Skills is another programme. Whoever is of neither is told of a thing of
Work Ready 7 what they are told of a thing that does not exist (BATTERY S2).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from lending.circulation.stocktake import begin
from lending.db import Database
from lending.domain.permissions import Role
from lending.models.base import new_public_id
from lending.models.branches import Branch, Station
from lending.models.cohorts import Enrolment, Program
from lending.models.people import Staff, StaffBranch, StaffProgram
from lending.models.reservations import Reservation
from tests.cast import ADA, HOURS, NOW, Cast, put
from tests.programs.meetings import come, meeting, public_id_of

NO_CARD = "29999000000067"
LEADS = ("lead_of_another", "lead_of_another_here")
DESKS = ("desk_elsewhere", "desk_elsewhere_with_a_programme")
STRANGERS = (*LEADS, *DESKS)
"""A lead of Job Skills without a branch and with East Los Angeles; desks of Hawaiian Gardens without and with it."""


def hire_strangers(database: Database, cast: Cast) -> None:
    """Give the strangers accounts, without passwords and tokens."""

    def write(session: Any) -> None:
        elsewhere = put(session, Branch(code="HAW", name="Hawaiian Gardens Library", zone="UTC", hours=HOURS)).id
        put(session, Station(branch_id=elsewhere, name="Station 1"))
        program = put(session, Program(code="job-skills", name="Job Skills")).id
        accounts: tuple[tuple[Role, int | None, int | None], ...] = (
            (Role.PROGRAM, None, program),
            (Role.PROGRAM, cast.ela, program),
            (Role.DESK, elsewhere, None),
            (Role.DESK, elsewhere, program),
        )
        for username, (role, branch_id, program_id) in zip(STRANGERS, accounts, strict=True):
            staff = put(session, Staff(username=username, name=username, role=role, created_at=NOW)).id
            if branch_id is not None:
                session.add(StaffBranch(staff_id=staff, branch_id=branch_id))
            if program_id is not None:
                session.add(StaffProgram(staff_id=staff, program_id=program_id))

    database.act(write)


def things_of_work_ready(database: Database, cast: Cast) -> dict[str, str]:
    """Names of what hangs on Work Ready 7 at East Los Angeles, where Ada has a seat and came to a workshop."""
    workshop = meeting(database, cast)
    come(database, cast, workshop, ADA)
    by = cast.ben
    stocktake = database.act(lambda session: begin(session, branch_id=cast.ela, at=NOW, by=by)).stocktake
    with database.read() as session:
        enrolment = session.scalars(select(Enrolment.public_id)).one()
        reservation = session.scalars(select(Reservation.public_id)).one()
    return {
        "code": "WR-7",
        "program": "work-ready",
        "card": ADA,
        "enrolment": enrolment,
        "reservation": reservation,
        "workshop": workshop,
        "attendee": public_id_of(database, cast.ada_id),
        "stocktake": stocktake,
    }


def things_of_nobody(things: dict[str, str]) -> dict[str, str]:
    """The same names of things that there are not."""
    made_up = {name: new_public_id() for name in things}
    return made_up | {"code": "WR-9", "program": "no-program", "card": NO_CARD}
