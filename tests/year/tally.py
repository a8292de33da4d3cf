"""What was fed in, counted plainly beside the library: one line an event, and no rule of the library in it.

Whatever the API acknowledged is noted here by whoever sent it. At the end the library must say the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import func, select

from lending.db import Database
from lending.domain.states import EnrolmentState
from lending.models.branches import Branch
from lending.models.cohorts import Attendance, Cohort, Enrolment, Workshop
from lending.models.counts import DailyCount
from lending.models.loans import Loan

FED = ("check_out", "return", "staff_renewal")
"""The counters that whoever feeds the year can keep beside the library; what follows from them is the journal's law."""


@dataclass
class Tally:
    """How often what happened, by branch and cohort."""

    circulation: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By counter, branch code and cohort code."""
    enrolled: Counter[str] = field(default_factory=Counter)
    """Enrolments by cohort code, whatever became of them."""
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Those who withdrew or were transferred, by cohort code and state."""
    attended: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def note(self, counter: str, branch: str, cohort: str, n: int = 1) -> None:
        """Something that circulated."""
        self.circulation[counter, branch, cohort] += n


def told(database: Database) -> Tally:
    """The same, as the library's own counts and rows tell it."""
    found = Tally()
    with database.snapshot() as session:
        counted = (
            select(DailyCount.counter, Branch.code, Cohort.code, func.sum(DailyCount.n))
            .join(Branch, Branch.id == DailyCount.branch_id)
            .join(Cohort, Cohort.id == DailyCount.cohort_id)
            .where(DailyCount.counter.in_(FED))
            .group_by(DailyCount.counter, Branch.code, Cohort.code)
        )
        for counter, branch, cohort, n in session.execute(counted):
            found.circulation[counter, branch, cohort] = int(n)
        seats = (
            select(Cohort.code, Enrolment.state, Enrolment.ended_reason.is_(None), func.count())
            .join(Cohort, Cohort.id == Enrolment.cohort_id)
            .group_by(Cohort.code, Enrolment.state, Enrolment.ended_reason.is_(None))
        )
        for cohort, state, of_their_own, n in session.execute(seats):
            found.enrolled[cohort] += n
            # Whoever still waits when a session is over is withdrawn by the library, which says why.
            if state is EnrolmentState.TRANSFERRED or (state is EnrolmentState.WITHDRAWN and of_their_own):
                found.left[cohort, state.value] += n
        attended = (
            select(Cohort.code, func.count())
            .select_from(Attendance)
            .join(Workshop, Workshop.id == Attendance.workshop_id)
            .join(Cohort, Cohort.id == Workshop.cohort_id)
            .group_by(Cohort.code)
        )
        for cohort, n in session.execute(attended):
            found.attended[cohort] = n
        lost = (
            select(Cohort.code, func.count())
            .select_from(Loan)
            .join(Cohort, Cohort.id == Loan.cohort_id)
            .where(Loan.lost_at.is_not(None))
            .group_by(Cohort.code)
        )
        for cohort, n in session.execute(lost):
            found.lost[cohort] = n
    return found
