"""Lending rules as an administrator sets them: a new version from an instant on, and never a change to a past one.

So no loan's due date moves: its term names the version that applied. A version that is planned may be taken back until
it begins. Source: RULES, introduction, "(setting)"; 3, "Changing a rule never changes an existing loan's due date".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from lending.circulation.journal import record, record_unchanged
from lending.circulation.policies import Version, policies, versions
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.policies import EVERYWHERE, Rules, Scope, after_change, against, differences, stands_on
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.kits import KitType
from lending.models.policies import AgreementRule, Policy


@dataclass(frozen=True, slots=True)
class RulesSet:
    """From when rules hold, and of how many exceptions some follow them."""

    valid_from: datetime
    following: int


def set_rules(
    session: Session,
    *,
    kit_type: str | None,
    branch: str | None,
    rules: Rules,
    seen: str,
    valid_from: datetime | None = None,
    at: datetime,
    by: Actor,
) -> RulesSet:
    """Set rules (by their names) for a kit type and a branch (their codes), or without them for all; now, or later.

    ``seen`` is the digest of the version that was changed: of the scope itself or, for a new exception, of what it
    stands on. What an exception says like the rules that it stands on follows them. Raises ``Refused``:
    ``NOT_PERMITTED``, ``NOT_FOUND``, ``CHANGED_SINCE``, ``DATE_IN_THE_PAST``, ``CHANGE_PLANNED`` for an instant before
    a version that is planned, and every block of ``domain.policies.against``.
    """
    by.permit(Act.ADMINISTER)
    scope = find_scope(session, kit_type, branch)
    book = _locked_book(session)
    blocks = [*against(rules), *_agreement(rules), *_untimely(book, scope, seen, valid_from or at, at)]
    if blocks:
        raise Refused(*blocks)
    return _write(session, book, scope, rules, valid_from or at, at=at, by=by)


def restore_rules(
    session: Session, *, kit_type: str | None, branch: str | None, seen: str, at: datetime, by: Actor
) -> RulesSet:
    """End an exception: from now on it says nothing of its own, and follows what it stands on.

    Raises ``Refused`` as ``set_rules`` does; ``NOT_FOUND`` for a scope without rules, and for everywhere.
    """
    by.permit(Act.ADMINISTER)
    scope = find_scope(session, kit_type, branch)
    book = _locked_book(session)
    if scope == EVERYWHERE or scope not in book:
        raise Refused.because(Reason.NOT_FOUND)
    blocks = _untimely(book, scope, seen, at, at)
    if blocks:
        raise Refused(*blocks)
    return _write(session, book, scope, book[stands_on(scope, book)].rules, at, at=at, by=by)


def take_back_planned(session: Session, *, valid_from: datetime, at: datetime, by: Actor) -> int:
    """Take back the change that was planned last, for ``valid_from``; of how many scopes it set the rules.

    Raises ``Refused``: ``NOT_PERMITTED``; ``CHANGED_SINCE`` where another change is the last, or this one has begun.
    """
    by.permit(Act.ADMINISTER)
    book = _locked_book(session)
    if valid_from <= at or valid_from != _latest(book.values()):
        raise Refused.because(Reason.CHANGED_SINCE)
    gone = session.execute(
        delete(policies)
        .where(policies.c.valid_from == valid_from)
        .returning(policies.c.kit_type_id, policies.c.branch_id)
    ).all()
    scopes = dict.fromkeys(Scope(row.kit_type_id, row.branch_id) for row in gone)
    for scope in scopes:
        _journal(session, "take_back_rules", scope, valid_from, at=at, by=by)
    return len(scopes)


def find_scope(session: Session, kit_type: str | None, branch: str | None) -> Scope:
    """The scope of a kit type and a branch, by their codes. Raises ``Refused``: ``NOT_FOUND``."""
    branch = None if branch is None else branch.strip().upper()
    kit_type_id = None if kit_type is None else session.scalar(select(KitType.id).where(KitType.code == kit_type))
    branch_id = None if branch is None else session.scalar(select(Branch.id).where(Branch.code == branch))
    if (kit_type is not None and kit_type_id is None) or (branch is not None and branch_id is None):
        raise Refused.because(Reason.NOT_FOUND)
    return Scope(kit_type_id, branch_id)


def _locked_book(session: Session) -> dict[Scope, Version]:
    """The last version of every scope.

    Who changes rules locks the library's first policy, which is always there, and nothing else: it has no place in the
    order of locks.
    """
    first = select(Policy.id).where(Policy.kit_type_id.is_(None), Policy.branch_id.is_(None)).order_by(Policy.id)
    session.execute(first.limit(1).with_for_update(key_share=True)).one()
    return {version.scope: version for version in versions(session)}


def _untimely(
    book: Mapping[Scope, Version], scope: Scope, seen: str, valid_from: datetime, at: datetime
) -> list[Block]:
    """Why rules cannot begin now: others were set meanwhile, the instant has passed, or a later change is planned."""
    blocks = []
    stands = book[scope] if scope in book else book[stands_on(scope, book)]
    if stands.digest != seen:
        blocks.append(Block(Reason.CHANGED_SINCE))
    if valid_from < at:
        blocks.append(Block(Reason.DATE_IN_THE_PAST, {"on": valid_from}))
    elif valid_from < (planned := _latest(book.values())):
        blocks.append(Block(Reason.CHANGE_PLANNED, {"at": planned}))
    return blocks


def _agreement(rules: Rules) -> list[Block]:
    known = {rule.value for rule in AgreementRule}
    wrong = "agreement" in rules and rules["agreement"] not in known
    return [Block(Reason.VALUE_WRONG, {"field": "agreement"})] if wrong else []


def _latest(book: Iterable[Version]) -> datetime:
    return max(version.valid_from for version in book)


def _write(
    session: Session,
    book: Mapping[Scope, Version],
    scope: Scope,
    rules: Rules,
    valid_from: datetime,
    *,
    at: datetime,
    by: Actor,
) -> RulesSet:
    """Write the new version of a scope, and those of the exceptions that follow it."""
    known = {each: version.rules for each, version in book.items()}
    before = {each: known[each] if each in known else known[stands_on(each, known)] for each in (*known, scope)}
    written = after_change(known, scope, {**before[scope], **rules})
    for each, whole in written.items():
        where = {"kit_type_id": each.kit_type_id, "branch_id": each.branch_id, "valid_from": valid_from}
        values = {**whole, "agreement": AgreementRule(str(whole["agreement"]))}
        session.execute(insert(policies).values(**where, **values))
        changes = {name: list(change) for name, change in differences(before[each], whole).items()}
        verb = "set_rules" if each == scope else "follow_rules"
        _journal(session, verb, each, valid_from, changes=changes, at=at, by=by)
    if not written:
        record_unchanged(session, "set_rules", at=at, by=by)
    return RulesSet(valid_from, max(len(written) - 1, 0))


def _journal(
    session: Session, verb: str, scope: Scope, valid_from: datetime, *, at: datetime, by: Actor, **more: object
) -> None:
    """Rules are the library's, also those of a branch: the row belongs to none."""
    detail = {"kit_type_id": scope.kit_type_id, "branch_id": scope.branch_id, "valid_from": valid_from.isoformat()}
    record(session, verb, at=at, by=by, detail={**detail, **more})
