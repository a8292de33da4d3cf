"""Rows: facts and their invariants. Importing this package knows every table."""

from lending.models import (
    branches,
    charges,
    cohorts,
    counts,
    journal,
    kits,
    lines,
    loans,
    notices,
    people,
    policies,
    reservations,
    stock,
    stocktakes,
    tasks,
)
from lending.models.base import Base

__all__ = [
    "Base",
    "branches",
    "charges",
    "cohorts",
    "counts",
    "journal",
    "kits",
    "lines",
    "loans",
    "notices",
    "people",
    "policies",
    "reservations",
    "stock",
    "stocktakes",
    "tasks",
]
