"""Roll-ups: what managers read, written in the same transaction as the act.

None of these rows names a person, and none is added up from what it does not hold: medians come from the histograms
of durations, households from distinct tokens of one period. Source: RULES 7 and 8.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum, unique

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, enum_column


class DailyCount(Base):
    """How often something happened on a local day at a branch, for a kit type and cohort (0: no cohort).

    Rebuildable from the journal. Locked last of all rows.
    """

    __tablename__ = "daily_counts"
    __table_args__ = (Index("ix_daily_counts_branch_id_day", "branch_id", "day"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(primary_key=True)
    kit_type_id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(primary_key=True, default=0)
    counter: Mapped[str] = mapped_column(String(24), primary_key=True)
    n: Mapped[int]


@unique
class Measure(StrEnum):
    """Which duration a histogram is of."""

    TURNAROUND = "turnaround"
    HOLD_WAIT = "hold_wait"


class DailyDuration(Base):
    """How many durations of a measure ended on a local day within a bucket (``domain/counting.py``).

    A turnaround belongs to the branch where the kit became free, a wait to the branch where it was to be collected.
    Rebuildable from the journal.
    """

    __tablename__ = "daily_durations"

    day: Mapped[date] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(primary_key=True)
    kit_type_id: Mapped[int] = mapped_column(primary_key=True)
    measure: Mapped[Measure] = enum_column(Measure, primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int]


class DailyPartCount(Base):
    """How many parts of a kind were found missing or damaged, or were brought back, on a local day at a branch.

    Rebuildable from the journal.
    """

    __tablename__ = "daily_part_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(primary_key=True)
    kind_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    counter: Mapped[str] = mapped_column(String(24), primary_key=True)
    n: Mapped[int]


class StockDay(Base):
    """The kits of one type that belong to a branch, as they stood when a local day of that branch was over.

    ``in_service`` is all that are not withdrawn, lost or missing: ``out``, in ``turnaround`` (with those that wait for
    inspection, a part or a repair), ``ready`` on the hold shelf, and ``free``. ``overdue`` are those of ``out`` that
    were due before. ``waiting`` are the people without a promise. On the journal as well, as it was counted.
    """

    __tablename__ = "stock_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(primary_key=True)
    kit_type_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    in_service: Mapped[int]
    out: Mapped[int]
    overdue: Mapped[int]
    turnaround: Mapped[int]
    ready: Mapped[int]
    free: Mapped[int]
    waiting: Mapped[int]


class PeriodKey(Base):
    """What the tokens of a period (``domain/periods.py``, its name) are made with; destroyed when it is over.

    Without its key nobody can say any more whose token one is, nor follow anybody from one period into another.
    """

    __tablename__ = "period_keys"

    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]


@unique
class Whom(StrEnum):
    """Whom a token stands for. Somebody without a household of their own is one by themselves."""

    HOUSEHOLD = "household"
    PATRON = "patron"


class PeriodToken(Base):
    """How many check-outs a household or a patron had in a period, under a token that names neither.

    ``program_id`` is 0 for open loans. Distinct tokens are counted, within one period alone.
    """

    __tablename__ = "period_tokens"

    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    whom: Mapped[Whom] = enum_column(Whom, primary_key=True)
    branch_id: Mapped[int] = mapped_column(primary_key=True)
    kit_type_id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    n: Mapped[int]


class ClosedMonth(Base):
    """A month (its first day) of a branch whose figures were reported, by whom and when. Closed once."""

    __tablename__ = "closed_months"

    month: Mapped[date] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    closed_at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


class ReportedCount(Base):
    """A figure of a closed month as it was reported; it never changes, and what is counted now is compared with it.

    ``counter`` is one of ``DailyCount`` or a name of ``circulation/closing_months.py``, such as households.
    """

    __tablename__ = "reported_counts"

    month: Mapped[date] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(primary_key=True)
    kit_type_id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(primary_key=True)
    counter: Mapped[str] = mapped_column(String(24), primary_key=True)
    n: Mapped[int]
