from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import Enum, StrEnum, unique
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Enum as EnumType
from sqlalchemy import MetaData, delete, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Mapped, mapped_column

from lending.db import Database
from lending.models.base import PUBLIC_ID_ALPHABET, Base, Id, PublicId, enum_column, new_public_id
from tests.databases import opened


@unique
class Light(StrEnum):
    RED = "red"
    DEEP_GREEN = "deep_green"


class Own(Base):
    """Rows of this test, apart from the library's."""

    __abstract__ = True
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Lamp(Own):
    __tablename__ = "lamps"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    _light: Mapped[Light] = enum_column(Light, "light")
    before: Mapped[Light | None] = enum_column(Light)
    lit_at: Mapped[dt.datetime | None]
    notes: Mapped[dict[str, object] | None]


@pytest.fixture
def lamps(bare_url: str) -> Iterator[Database]:
    """A database with the table of this test, on each engine."""
    with opened(bare_url) as database:
        with database.write_engine.begin() as connection:
            Own.metadata.create_all(connection)
        yield database


def test_the_key_of_a_deleted_row_is_never_given_again(lamps: Database) -> None:
    statement = insert(Lamp).values(_light=Light.RED).returning(Lamp.id)
    first, last = lamps.act(lambda session: [session.scalars(statement).one() for _ in range(2)])
    lamps.act(lambda session: session.execute(delete(Lamp).where(Lamp.id == last)))
    after = lamps.act(lambda session: session.scalars(statement).one())
    assert first < last < after


def test_an_instant_comes_back_as_the_same_instant_in_utc(lamps: Database) -> None:
    at = dt.datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/Los_Angeles"), fold=1)
    lamps.act(lambda session: session.add(Lamp(_light=Light.RED, lit_at=at)))
    with lamps.read() as session:
        found = session.scalars(select(Lamp.lit_at)).one()
    assert found == dt.datetime(2026, 11, 1, 9, 30, tzinfo=dt.UTC)
    assert found.tzinfo is dt.UTC


def test_instants_sort_by_time_whatever_zone_they_were_given_in(lamps: Database) -> None:
    noon = dt.datetime(2026, 5, 26, 12, tzinfo=dt.UTC)
    later = dt.datetime(2026, 5, 26, 11, 0, 0, 1, tzinfo=dt.timezone(dt.timedelta(hours=-1)))
    lamps.act(lambda session: session.add_all(Lamp(_light=Light.RED, lit_at=at) for at in (later, noon)))
    with lamps.read() as session:
        assert list(session.scalars(select(Lamp.lit_at).order_by(Lamp.lit_at))) == [noon, later]
        assert session.scalars(select(Lamp.lit_at).where(Lamp.lit_at > noon)).all() == [later]


def test_a_naive_instant_is_refused_before_it_is_sent(lamps: Database) -> None:
    naive = dt.datetime(2026, 5, 26, 12)  # noqa: DTZ001 - the mistake under test
    with pytest.raises(StatementError, match="has no time zone") as refusal:
        lamps.act(lambda session: session.add(Lamp(_light=Light.RED, lit_at=naive)))
    assert isinstance(refusal.value.orig, ValueError)


def test_an_enumeration_is_stored_by_its_value_and_read_as_its_member(lamps: Database) -> None:
    lamps.act(lambda session: session.add(Lamp(_light=Light.DEEP_GREEN)))
    with lamps.read() as session:
        assert session.scalars(text("SELECT light FROM lamps")).one() == "deep_green"
        assert session.scalars(select(Lamp._light)).one() is Light.DEEP_GREEN


@pytest.mark.parametrize("column", ["light", "before"])
def test_the_database_refuses_a_value_outside_the_enumeration_and_names_the_column(
    lamps: Database, column: str
) -> None:
    values = {"light": "red", "before": "red", column: "blue"}
    statement = text("INSERT INTO lamps (public_id, light, before) VALUES ('x', :light, :before)")
    with pytest.raises(IntegrityError, match=f"ck_lamps_{column}"):
        lamps.act(lambda session: session.execute(statement, values))


def test_a_mapping_is_stored_as_json(lamps: Database) -> None:
    notes: dict[str, object] = {"name": "Þóra", "days": [1, 2]}
    lamps.act(lambda session: session.add(Lamp(_light=Light.RED, notes=notes)))
    with lamps.read() as session:
        assert session.scalars(select(Lamp.notes)).one() == notes


def test_an_enumeration_without_its_column_is_refused_when_the_class_is_made() -> None:
    class Shape(Enum):
        ROUND = 1

    with pytest.raises(TypeError, match=r"shades\.shape: .*enum_column"):
        type(
            "Shade",
            (Own,),
            {
                "__tablename__": "shades",
                "__annotations__": {"id": Mapped[int]},
                "id": mapped_column(primary_key=True),
                "shape": mapped_column(EnumType(Shape)),
            },
        )
    Own.metadata.remove(Own.metadata.tables["shades"])


def test_a_public_id_cannot_be_counted_misread_or_met_twice() -> None:
    ids = {new_public_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(found) == 16 and set(found) <= set(PUBLIC_ID_ALPHABET) for found in ids)
    assert not set("01oilaeuy") & set(PUBLIC_ID_ALPHABET)
