"""Where a reader may look: the branches of a staff member, in the query itself.

``None`` is every branch, which is an administrator's by the role; an empty set is none. Source: the permission sheet,
"own branches"; BATTERY S1, "no branch is never every branch".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from lending.domain.actors import Actor

Branches = Collection[int] | None
"""The ids of the branches that a reader may see; ``None`` for every branch."""


def within(
    column: ColumnElement[int] | InstrumentedAttribute[int] | InstrumentedAttribute[int | None], branch_ids: Branches
) -> ColumnElement[bool]:
    """Whether ``column`` names one of the reader's branches."""
    return true() if branch_ids is None else column.in_(sorted(branch_ids))


def branches_of(by: Actor) -> Branches:
    """The branches whose rows ``by`` may see."""
    return None if by.everywhere else by.branch_ids


def seen_by(by: Actor, *branch_ids: Any) -> ColumnElement[bool]:
    """Whether one of these columns names a branch of ``by``; an administrator's are all."""
    return or_(*(within(column, branches_of(by)) for column in branch_ids))
