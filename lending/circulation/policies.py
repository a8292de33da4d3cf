"""The policy that applies: the most specific one that is valid, as a row of plain values; and all that there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, case, or_, select
from sqlalchemy.orm import Session

from lending.circulation.acts import digest_of
from lending.domain.policies import Rules, Scope
from lending.models.base import AnyRow, constant, table_of
from lending.models.policies import Policy

policies = table_of(Policy)
RULES = tuple(
    column.name for column in policies.c if column.name not in ("id", "kit_type_id", "branch_id", "valid_from")
)
"""Every rule that a policy holds, by its name."""
DEFAULTS: Rules = {name: getattr(policies.c[name].default, "arg", None) for name in RULES}
"""How the product comes."""


def applicable_policy_id(
    kit_type_id: ColumnElement[int], branch_id: ColumnElement[int], at: ColumnElement[datetime]
) -> ScalarSelect[int]:
    """The id of the policy for a kit type at a branch at an instant, as a part of a larger statement.

    Type and branch come before type alone, before branch alone, before neither; of equals the newest.
    """
    inner = policies.alias("candidate")
    return (
        select(inner.c.id)
        .where(
            or_(inner.c.kit_type_id == kit_type_id, inner.c.kit_type_id.is_(None)),
            or_(inner.c.branch_id == branch_id, inner.c.branch_id.is_(None)),
            inner.c.valid_from <= at,
        )
        .order_by(
            case((inner.c.kit_type_id.is_not(None), constant(0)), else_=constant(1)),
            case((inner.c.branch_id.is_not(None), constant(0)), else_=constant(1)),
            inner.c.valid_from.desc(),
            inner.c.id.desc(),
        )
        .limit(constant(1))
        .scalar_subquery()
    )


_POLICY = select(policies).where(
    policies.c.id
    == applicable_policy_id(
        bindparam("kit_type_id", type_=policies.c.id.type),
        bindparam("branch_id", type_=policies.c.id.type),
        bindparam("at", type_=policies.c.valid_from.type),
    )
)


def policy_for(session: Session, *, kit_type_id: int, branch_id: int, at: datetime) -> AnyRow:
    """The policy for ``kit_type_id`` lent at ``branch_id``, with the columns of ``models.policies.Policy``.

    Raises ``NoResultFound`` in a library without a policy: setting up always makes the general one.
    """
    return session.connection().execute(_POLICY, {"kit_type_id": kit_type_id, "branch_id": branch_id, "at": at}).one()


def ensure_general_policy(session: Session, *, at: datetime) -> None:
    """Make the policy that applies where no other does, in a library that has none yet. Part of setting up."""
    general = Policy.kit_type_id.is_(None) & Policy.branch_id.is_(None)
    if session.scalars(select(Policy.id).where(general)).first() is None:
        session.add(Policy(valid_from=at))


@dataclass(frozen=True, slots=True)
class Version:
    """The rules of a scope from an instant on, until a later version takes their place."""

    scope: Scope
    valid_from: datetime
    rules: Rules

    @property
    def digest(self) -> str:
        """Tells whether somebody who saw a version has seen this one."""
        whole: dict[str, Any] = {"scope": [self.scope.kit_type_id, self.scope.branch_id], "rules": dict(self.rules)}
        return digest_of({**whole, "valid_from": self.valid_from.isoformat()})


def versions(session: Session) -> list[Version]:
    """Every version of every scope's rules, in the order in which one takes the other's place."""
    rows = session.execute(select(policies).order_by(policies.c.valid_from, policies.c.id))
    return [_version(row) for row in rows]


def _version(row: AnyRow) -> Version:
    return Version(Scope(row.kit_type_id, row.branch_id), row.valid_from, {name: row._mapping[name] for name in RULES})
