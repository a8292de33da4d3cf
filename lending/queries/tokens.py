"""Bearer tokens: whose they are, asked once for each request of the API.

Only a token's SHA-256 is kept. One statement finds the account with its role, branches and programmes; a revoked token,
an account that is no longer active and a token nobody was given are the same: nothing. Source: INTERFACES, "REST API".
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from lending.circulation.staff import token_digest
from lending.domain.permissions import Role
from lending.models.base import table_of
from lending.models.people import ApiToken, Staff, StaffBranch, StaffProgram

_staff, _tokens = table_of(Staff), table_of(ApiToken)
_staff_branches, _staff_programs = table_of(StaffBranch), table_of(StaffProgram)

# One row for each branch and programme of the account: few.
_BEARER = (
    select(_staff.c.id, _staff.c.role, _staff_branches.c.branch_id, _staff_programs.c.program_id)
    .select_from(
        _tokens.join(_staff, _staff.c.id == _tokens.c.staff_id)
        .outerjoin(_staff_branches, _staff_branches.c.staff_id == _staff.c.id)
        .outerjoin(_staff_programs, _staff_programs.c.staff_id == _staff.c.id)
    )
    .where(_tokens.c.digest == bindparam("digest"), _tokens.c.revoked_at.is_(None), _staff.c.active)
)


@dataclass(frozen=True, slots=True)
class Bearer:
    """The account that a token stands for: what it may do, and where."""

    staff_id: int
    role: Role
    branch_ids: frozenset[int]
    program_ids: frozenset[int]


def bearer(connection: Connection, token: str) -> Bearer | None:
    """The account behind ``token`` as it was sent; ``None`` when it opens nothing."""
    rows = connection.execute(_BEARER, {"digest": token_digest(token)}).all()
    if not rows:
        return None
    return Bearer(
        staff_id=rows[0].id,
        role=rows[0].role,
        branch_ids=frozenset(row.branch_id for row in rows if row.branch_id is not None),
        program_ids=frozenset(row.program_id for row in rows if row.program_id is not None),
    )
