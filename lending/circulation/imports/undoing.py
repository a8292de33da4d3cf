"""Undoing an import within a day: rows that nobody used since go, records that nobody changed since are as before.

Source: SCREENS, "imports ... undo within 24 h".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Table, delete, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from lending.circulation.imports.runs import lock_to_undo
from lending.circulation.journal import record, record_each
from lending.circulation.locks import lock_patrons
from lending.circulation.patrons import household_of, reached
from lending.domain.actors import Actor
from lending.domain.names import fold
from lending.models.base import Base, table_of
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType, KitTypePart, Part
from lending.models.people import Card, Patron, PatronStatus
from lending.models.setting_up import ImportRow, ImportState

MOST_NAMED: Final = 200
"""Rows that stay are named one by one; of more, their number says enough."""

_DAYS: Final = frozenset({"birth_date", "expires_on", "guardian_agreed_on"})


@dataclass(frozen=True, slots=True)
class _Kind:
    """What an import adds: its table, what a row is called, and the tables of what goes with a row."""

    model: type[Base]
    label: InstrumentedAttribute[str]
    belongs: Mapping[type[Base], InstrumentedAttribute[Any]]


_KINDS: Mapping[str, _Kind] = {
    "patrons": _Kind(Patron, Card.number, {Card: Card.patron_id}),
    "kits": _Kind(Kit, Kit.barcode, {Part: Part.kit_id}),
    "branches": _Kind(Branch, Branch.code, {}),
    "kit-types": _Kind(KitType, KitType.code, {KitTypePart: KitTypePart.kit_type_id}),
}


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undoing came to. ``kept`` names added rows that were used since, ``changed_since`` records left alone."""

    removed: int
    restored: int
    kept: tuple[str, ...]
    changed_since: tuple[str, ...]


def undo_import(session: Session, *, run: str, at: datetime, by: Actor) -> Undone:
    """Undo an import of the last 24 hours. Raises ``Refused`` as ``runs.lock_to_undo`` does."""
    row = lock_to_undo(session, run=run, at=at, by=by)
    kind = _KINDS[row.kind]
    added = _keys(session, row.id, is_new=True)
    used = _used(session, row.id, kind)
    names = _names(session, kind, used)
    free = sorted(added - used)
    for model, owner in kind.belongs.items():
        _delete(session, table_of(model), owner, free)
    _delete(session, table_of(kind.model), kind.model.__table__.c.id, free)
    restored, changed_since = _restore(session, row.id, at=at, by=by) if row.kind == "patrons" else (0, ())
    row.state, row.undone_at = ImportState.UNDONE, at
    done = Undone(len(free), restored, names, changed_since)
    detail = {"run": run, "kind": row.kind, "removed": done.removed, "restored": restored, "kept": len(used)}
    record(session, "undo_import", at=at, by=by, detail=detail)
    row.report = {"kept": list(names[:MOST_NAMED]), "changed_since": list(changed_since[:MOST_NAMED])} | {
        "removed": done.removed,
        "restored": restored,
        "kept_count": len(used),
    }
    return done


def _keys(session: Session, run_id: int, *, is_new: bool) -> set[int]:
    chosen = select(ImportRow.row_id).where(ImportRow.import_run_id == run_id)
    before = ImportRow.before.is_(None) if is_new else ImportRow.before.is_not(None)
    return set(session.scalars(chosen.where(before)))


def _used(session: Session, run_id: int, kind: _Kind) -> set[int]:
    """The keys of added rows that anything names besides what belongs to them, or that is named by what names that."""
    table = table_of(kind.model)
    own = {table_of(model) for model in kind.belongs}
    found: set[int] = set()
    for column, key in _naming(table, own):
        named = select(ImportRow.row_id).where(
            ImportRow.import_run_id == run_id, ImportRow.before.is_(None), exists().where(column == key)
        )
        found |= set(session.scalars(named))
    for model, owner in kind.belongs.items():
        part = table_of(model)
        for column, _key in _naming(part, own):
            named = (
                select(ImportRow.row_id)
                .join(part, owner == ImportRow.row_id)
                .where(
                    ImportRow.import_run_id == run_id, ImportRow.before.is_(None), exists().where(column == part.c.id)
                )
            )
            found |= set(session.scalars(named))
    if kind.model is Patron:  # a card that was given since is the library's own
        more = select(Card.patron_id).group_by(Card.patron_id).having(func.count() > 1)
        ours = (ImportRow.import_run_id == run_id) & ImportRow.before.is_(None)
        found |= set(session.scalars(select(ImportRow.row_id).where(ImportRow.row_id.in_(more), ours)))
    return found


def _naming(table: Table, besides: set[Table]) -> list[tuple[Any, Any]]:
    """Every column of other tables that names a row of ``table``, with the key of an import's row."""
    return [
        (column, ImportRow.row_id)
        for other in Base.metadata.sorted_tables
        if other not in besides
        for column in other.columns
        if any(key.column is table.c.id for key in column.foreign_keys)
    ]


def _names(session: Session, kind: _Kind, keys: set[int]) -> tuple[str, ...]:
    """What rows are called: a patron by the number of their card, never by their name."""
    chosen = select(kind.label).where(
        (Card.patron_id if kind.model is Patron else kind.model.__table__.c.id).in_(sorted(keys)[:MOST_NAMED])
    )
    return tuple(session.scalars(chosen.order_by(kind.label)))


def _delete(session: Session, table: Table, column: Any, keys: Sequence[int]) -> None:
    for start in range(0, len(keys), 5_000):
        session.execute(delete(table).where(column.in_(keys[start : start + 5_000])))


def _restore(session: Session, run_id: int, *, at: datetime, by: Actor) -> tuple[int, tuple[str, ...]]:
    """Give patrons back what their records said; those that say something else by now stay as they are."""
    chosen = select(ImportRow.row_id, ImportRow.before).where(
        ImportRow.import_run_id == run_id, ImportRow.before.is_not(None)
    )
    befores = {row.row_id: row.before for row in session.execute(chosen)}
    patrons = lock_patrons(session, list(befores))
    journal, left = [], []
    for patron_id, before in sorted(befores.items()):
        patron = patrons.get(patron_id)
        if patron is None or patron.status is not PatronStatus.ACTIVE or not _is_as_imported(patron, before["became"]):
            left.append(patron_id)
            continue
        was = {
            name: date.fromisoformat(value) if value and name in _DAYS else value
            for name, value in before["was"].items()
        }
        for name, value in (was | reached(patron, was, at)).items():
            setattr(patron, name, value)
        patron.name_key = fold(patron.name)[:160]
        patron.household_id = household_of(session, patron)
        journal.append(
            {
                "branch_id": patron.home_branch_id,
                "patron": patron.pseudonym,
                "detail": {"fields": sorted(before["was"])},
            }
        )
    session.flush()  # the journal follows what was restored
    record_each(session, "change_patron", journal, at=at, by=by)
    numbers = select(Card.number).where(Card.patron_id.in_(left[:MOST_NAMED]), Card.ended_at.is_(None))
    return len(journal), tuple(session.scalars(numbers.order_by(Card.number))) if left else ()


def _is_as_imported(patron: Patron, became: Mapping[str, Any]) -> bool:
    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    return all(plain(getattr(patron, name)) == value for name, value in became.items())
