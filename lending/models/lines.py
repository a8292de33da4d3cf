"""Mobile lines: the number, the SIM and the plan that a hotspot or a laptop uses."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from lending.domain.states import LINE_MOVES, LineState, LineVerb, after
from lending.models.base import Base, Id, enum_column


class Line(Base):
    """A line with its carrier. Speeds are megabits a second, the cap gigabytes a month; none means unlimited."""

    __tablename__ = "lines"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(32), unique=True)
    iccid: Mapped[str] = mapped_column(String(20), unique=True)
    carrier: Mapped[str] = mapped_column(String(80))
    plan: Mapped[str] = mapped_column(String(80), default="")
    upload_mbps: Mapped[int | None]
    download_mbps: Mapped[int | None]
    data_cap_gb: Mapped[int | None]
    fund: Mapped[str | None] = mapped_column(String(60))
    _state: Mapped[LineState] = enum_column(LineState, "state", default=LineState.ACTIVE)

    @hybrid_property
    def state(self) -> LineState:
        """Where the line stands with the carrier."""
        return self._state

    def move(self, verb: LineVerb) -> None:
        """Go where ``LINE_MOVES`` leads; ``NoSuchMove`` when the table does not have it."""
        self._state = after(LINE_MOVES, self._state, verb)


class LinePlacement(Base):
    """Which part held a line's SIM, from when to when. A line sits in one part at a time."""

    __tablename__ = "line_placements"
    __table_args__ = (
        Index(
            "uq_line_placements_current_line_id",
            "line_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_line_placements_part_id", "part_id"),
    )

    id: Mapped[Id]
    line_id: Mapped[int] = mapped_column(ForeignKey("lines.id"))
    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id"))
    since: Mapped[date]
    until: Mapped[date | None]
