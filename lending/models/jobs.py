"""The jobs process as the others see it: who leads, when it was last alive, and how each job ran last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base


class JobsLeader(Base):
    """The process that runs the jobs now. One row at most, under the name ``jobs``.

    The lock that makes it the leader is not here: this row only tells the others that it lives.
    """

    __tablename__ = "jobs_leaders"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    since: Mapped[datetime]
    beat_at: Mapped[datetime]


class JobRun(Base):
    """The last run of one job. ``problem`` is the name of the error that ended it, never a patron's data.

    ``late_told_at``: when the administrators were told that a run is late; empty again after the next good one.
    """

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    done: Mapped[int | None]
    problem: Mapped[str | None] = mapped_column(String(200))
    late_told_at: Mapped[datetime | None]
