"""What every row of the library has in common: keys that are never reused, instants in UTC, named constraints.

Types are written as Python annotations and mean the same on SQLite and PostgreSQL: ``int`` is 64 bits, ``str`` is
text, ``datetime`` is an aware UTC instant, ``dict[str, object]`` is JSON. A ``StrEnum`` takes ``enum_column()``.
A ``dict`` is stored when it is assigned; changing one in place is not seen.
Source: ARCHITECTURE, "Rows" and "Time".
"""

from __future__ import annotations

import datetime as dt
import enum
import secrets
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Constraint,
    Date,
    DateTime,
    Dialect,
    Enum,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, MappedColumn, mapped_column

PUBLIC_ID_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
"""No look-alikes (0 o, 1 i l) and no vowels, so that no address spells a word."""

PUBLIC_ID_LENGTH = 16
_EVENLY = 256 // len(PUBLIC_ID_ALPHABET) * len(PUBLIC_ID_ALPHABET)
_LETTERS = bytes(ord(PUBLIC_ID_ALPHABET[byte % len(PUBLIC_ID_ALPHABET)]) for byte in range(256))
_UNEVEN = bytes(range(_EVENLY, 256))
"""Bytes that would make the first letters of the alphabet likelier than the others."""


def new_public_id() -> str:
    """A name for addresses and the API that can be neither counted nor guessed (76 bits)."""
    # One draw for all letters, turned into them at once: drawing each one was a tenth of a check-out. Of 24 bytes some
    # are left out; that fewer than 16 stay happens once in millions, and then more are drawn.
    letters = b""
    while len(letters) < PUBLIC_ID_LENGTH:
        letters += secrets.token_bytes(24).translate(_LETTERS, _UNEVEN)
    return letters[:PUBLIC_ID_LENGTH].decode("ascii")


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An instant: ``timestamptz`` on PostgreSQL, ISO text in UTC that sorts by time on SQLite.

    Takes any aware ``datetime`` and gives back one in UTC. A naive one raises ``ValueError``: nobody could say
    which instant it means.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse a naive value; SQLite's text has no offset, so it is written in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; give an aware datetime, such as one in UTC")
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """The stored instant, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _check_name(constraint: Constraint, table: Table) -> str:
    """A CHECK's own name, or for the one that an enumeration brings, its column's."""
    if isinstance(constraint.name, str):
        return constraint.name
    return "_".join(column.name for column in cast(CheckConstraint, constraint).columns)


def enum_column(kind: type[enum.StrEnum], name: str | None = None, **options: Any) -> MappedColumn[Any]:
    """A column for ``kind``, stored by its value, guarded by a CHECK named after the column.

    ``name`` is the column's where it differs from the attribute's, as in
    ``_state: Mapped[KitState] = enum_column(KitState, "state")``; ``options`` go to ``mapped_column``.
    """
    stored = Enum(
        kind,
        name=None,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=40,  # the same for all, so that a new value changes the CHECK and not the column
        values_callable=lambda members: [member.value for member in members],
    )
    return mapped_column(stored, **options) if name is None else mapped_column(name, stored, **options)


class Base(DeclarativeBase):
    """The parent of every row."""

    metadata = MetaData(
        naming_convention={
            "check_constraint_name": _check_name,
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(check_constraint_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger().with_variant(Integer(), "sqlite"),
        str: Text(),
        bytes: LargeBinary(),
        dt.datetime: UtcDateTime(),
        dt.date: Date(),
        dt.time: Time(),
        dict[str, object]: JSON().with_variant(JSONB(), "postgresql"),
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[str]: JSON().with_variant(JSONB(), "postgresql"),
    }

    def __init_subclass__(cls, **options: Any) -> None:
        """Map the class; on SQLite, never give a deleted row's key to another row."""
        super().__init_subclass__(**options)
        table = cls.__dict__.get("__table__")
        if not isinstance(table, Table):
            return
        if table.autoincrement_column is not None:
            table.kwargs["sqlite_autoincrement"] = True
        for column in table.columns:
            if isinstance(column.type, Enum) and column.type.native_enum:
                raise TypeError(f"{table.name}.{column.name}: give an enumeration its column with enum_column()")


Id = Annotated[int, mapped_column(Identity(), primary_key=True)]
"""A row's key. It never leaves the server, and is never reused: identity on PostgreSQL, AUTOINCREMENT on SQLite."""

PublicId = Annotated[str, mapped_column(String(PUBLIC_ID_LENGTH), unique=True, default=new_public_id)]
"""What addresses and the API show instead of a key."""


def table_of(row: type[Base]) -> Table:
    """The table of a row class, for the statements of the hot paths that are built once at module level."""
    return cast(Table, row.__table__)


def constant(value: enum.StrEnum | int) -> ColumnElement[Any]:
    """A state or number written into a statement as it is, for the statements of the hot paths.

    A bound one hides from both planners that a partial index fits, and makes SQLite prepare the statement at each run.
    """
    return literal_column(f"'{value.value}'" if isinstance(value, enum.StrEnum) else str(int(value)))


def whole_sum(column: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[int]:
    """The sum of whole numbers, as one: PostgreSQL makes a decimal of large ones, which nobody reads as cents."""
    return func.sum(column).cast(BigInteger)


def constants(values: Iterable[enum.StrEnum]) -> list[ColumnElement[Any]]:
    """Several of them, for ``in_``, in one order whatever order the set has in this process."""
    return [constant(value) for value in sorted(values)]


AnyRow = Row[*tuple[Any, ...]]
"""A row of a Core statement, whose columns are reached by name."""
