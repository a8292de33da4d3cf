"""Branches, the days they open, and the stations of their desks."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from sqlalchemy import CheckConstraint, Dialect, ForeignKey, Index, String, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lending.domain.calendars import WeeklyHours
from lending.models.base import Base, Id


class WeeklyHoursType(TypeDecorator[WeeklyHours]):
    """Weekly opening hours, kept as the text of ``WeeklyHours.format()``."""

    impl = String(400)
    cache_ok = True

    def process_bind_param(self, value: WeeklyHours | None, dialect: Dialect) -> str | None:
        return None if value is None else value.format()

    def process_result_value(self, value: str | None, dialect: Dialect) -> WeeklyHours | None:
        return None if value is None else _parsed(value)


@lru_cache(maxsize=512)
def _parsed(text: str) -> WeeklyHours:
    """A branch's hours stay the same for months, and every act at its desk reads them."""
    return WeeklyHours.parse(text)


class Branch(Base):
    """A library building that lends kits.

    ``zone`` is an IANA time zone; ``hours`` are wall-clock times in it. ``floats``: a kit received here
    stays here instead of going back to its owner. ``equipment_keeper`` is the employee who answers for equipment
    that stays in the building (RULES 8, "the responsible employee for shared equipment").
    """

    __tablename__ = "branches"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(240), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")
    zone: Mapped[str] = mapped_column(String(64))
    hours: Mapped[WeeklyHours] = mapped_column(WeeklyHoursType())
    floats: Mapped[bool] = mapped_column(default=False)
    equipment_keeper: Mapped[str | None] = mapped_column(String(160))

    closures: Mapped[list[Closure]] = relationship(back_populates="branch", lazy="raise")
    stations: Mapped[list[Station]] = relationship(back_populates="branch", lazy="raise")


class Closure(Base):
    """Days on which a branch, or with no branch the whole library, keeps other hours than usual.

    ``hours`` holds the intervals it is open on these days (``10:00-13:00``), empty when it is closed.
    """

    __tablename__ = "closures"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="in_order"),
        Index("ix_closures_ends_on", "ends_on", "starts_on"),
    )

    id: Mapped[Id]
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    hours: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(String(120))
    emergency: Mapped[bool] = mapped_column(default=False)

    branch: Mapped[Branch | None] = relationship(back_populates="closures")


class Station(Base):
    """One place at a desk where staff scan. Undo belongs to the station that did the act."""

    __tablename__ = "stations"
    __table_args__ = (Index("uq_stations_branch_id_name", "branch_id", "name", unique=True),)

    id: Mapped[Id]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    name: Mapped[str] = mapped_column(String(60))

    branch: Mapped[Branch] = relationship(back_populates="stations")
