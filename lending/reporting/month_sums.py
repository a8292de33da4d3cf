"""Months of a table that lie within the report's period add up to the period's own number.

Whoever hides a small month has to know that, or it is worked out from the others. Source: RULES 8.
"""

from __future__ import annotations

from collections.abc import Mapping

from lending.domain.periods import Period
from lending.reporting.report import Adding


def month_measure(measure: str, month: Period) -> str:
    """What the number of a month is called, where ``measure`` is what is counted."""
    return f"{measure}:{month.name}"


def months_adding(total: str, n: int, period: Period, *, measure: str, months: Mapping[Period, int]) -> Adding:
    """``total`` (``n``, which a period came to) as the sum of its ``months`` and of what they leave, which stands
    nowhere. ``measure`` is what is counted.
    """
    within = {month: of for month, of in months.items() if period.first <= month.first and month.last <= period.last}
    rest = f"{total}:rest"
    parts = (*(month_measure(measure, month) for month in within), rest)
    return Adding(total, parts, ((rest, n - sum(within.values())),))
