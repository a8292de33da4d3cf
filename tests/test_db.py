from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pysqlite3.dbapi2
import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, make_url, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from lending.db import ATTEMPTS, LOCK_ORDER, CommitUnknown, Database, may_damage_wal
from lending.errors import Reason, Refused
from tests.databases import counting, opened

SHELF = Table(
    "shelf",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kits", Integer, nullable=False),
    Column("note", String),
)


def make_shelves(database: Database) -> None:
    """Two shelves with ten kits each."""
    with database.write_engine.begin() as connection:
        SHELF.metadata.create_all(connection)
        connection.execute(insert(SHELF), [{"id": 1, "kits": 10}, {"id": 2, "kits": 10}])


def kits(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.scalars(select(SHELF.c.kits).order_by(SHELF.c.id)))


def take(session: Session, shelf: int = 1) -> None:
    session.execute(update(SHELF).where(SHELF.c.id == shelf).values(kits=SHELF.c.kits - 1))


@pytest.fixture
def pauses() -> list[float]:
    """The seconds an act waited before it was run again; nothing really waits."""
    return []


@pytest.fixture
def shelves(bare_url: str, pauses: list[float]) -> Iterator[Database]:
    with opened(bare_url, sleep=pauses.append) as database:
        make_shelves(database)
        yield database


@pytest.fixture
def sqlite_shelves(bare_sqlite_url: str, pauses: list[float]) -> Iterator[Database]:
    with opened(bare_sqlite_url, sleep=pauses.append) as database:
        make_shelves(database)
        yield database


@pytest.fixture
def postgres_shelves(bare_postgres_url: str, pauses: list[float]) -> Iterator[Database]:
    with opened(bare_postgres_url, sleep=pauses.append) as database:
        make_shelves(database)
        yield database


# --- One act ---------------------------------------------------------------------------------------------------


def test_an_act_is_kept_and_its_answer_given_back(shelves: Database) -> None:
    assert shelves.act(lambda session: [take(session), "taken"][1]) == "taken"
    assert kits(shelves) == [9, 10]


def test_a_refused_act_changes_nothing_and_is_not_run_again(shelves: Database, pauses: list[float]) -> None:
    def refuse(session: Session) -> None:
        take(session)
        raise Refused.because(Reason.KIT_UNKNOWN)

    with pytest.raises(Refused, match="kit_unknown"):
        shelves.act(refuse)
    assert kits(shelves) == [10, 10]
    assert not pauses


def test_a_bug_changes_nothing_and_is_not_hidden(shelves: Database, pauses: list[float]) -> None:
    def stumble(session: Session) -> None:
        take(session)
        raise KeyError("bug")

    with pytest.raises(KeyError):
        shelves.act(stumble)
    assert kits(shelves) == [10, 10]
    assert not pauses


def test_a_broken_constraint_is_raised_at_once(shelves: Database, pauses: list[float]) -> None:
    with pytest.raises(IntegrityError):
        shelves.act(lambda session: session.execute(insert(SHELF).values(id=1, kits=1)))
    assert not pauses


def test_an_error_does_not_repeat_what_was_written(shelves: Database) -> None:
    with pytest.raises(IntegrityError) as broken:
        shelves.act(lambda session: session.execute(insert(SHELF).values(id=1, kits=29999018)))
    assert "29999018" not in str(broken.value)


def test_an_act_says_nothing_to_the_database_but_its_own_statements(shelves: Database) -> None:
    shelves.act(take)  # the first one opens a connection
    with counting(shelves) as statements:
        shelves.act(take)
        kits(shelves)
    assert [statement.split()[0] for statement in statements] == ["UPDATE", "SELECT"]


def test_reading_cannot_write(shelves: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), shelves.read() as session:
        take(session)
    assert kits(shelves) == [10, 10]


def test_acts_at_once_lose_nothing(shelves: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: shelves.act(take), range(10)))
    assert kits(shelves) == [0, 10]


def test_locks_are_taken_in_the_order_of_the_architecture() -> None:
    assert " ".join(LOCK_ORDER) == (
        "key station branch stocktake cohort program workshop household patron stock "
        "kit loan reservation enrolment roll-up"
    )


def test_statements_that_postgresql_has_prepared_stay_prepared_after_a_read(postgres_shelves: Database) -> None:
    for _ in range(10):  # psycopg prepares what it has sent five times
        kits(postgres_shelves)
    with postgres_shelves.read() as session:
        prepared = session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert len([statement for statement in prepared if "FROM shelf" in statement]) == 1


# --- Run again -------------------------------------------------------------------------------------------------


def test_two_acts_that_wait_for_each_other_both_happen(postgres_shelves: Database, pauses: list[float]) -> None:
    barrier = threading.Barrier(2, timeout=10)
    runs: list[int] = []

    def cross(first: int, second: int) -> Callable[[Session], None]:
        met = iter([barrier.wait])

        def act(session: Session) -> None:
            runs.append(first)
            take(session, first)
            for wait in met:  # in the first run alone, each holding what the other wants
                wait()
            take(session, second)

        return act

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(postgres_shelves.act, (cross(1, 2), cross(2, 1))))
    assert kits(postgres_shelves) == [8, 8]
    # Whoever runs again may be there before the other has woken, and they meet once more.
    assert len(runs) == 2 + len(pauses) > 2


def test_without_another_run_one_of_them_fails(postgres_shelves: Database) -> None:
    """The negative control: PostgreSQL does end one of two acts that wait for each other."""
    barrier = threading.Barrier(2, timeout=10)

    def cross(order: tuple[int, int]) -> str | None:
        try:
            with postgres_shelves.write_engine.begin() as connection:
                for shelf in order:
                    connection.execute(update(SHELF).where(SHELF.c.id == shelf).values(kits=0))
                    if shelf == order[0]:
                        barrier.wait()
        except DBAPIError as error:
            return str(getattr(error.orig, "sqlstate", None))
        return None

    with ThreadPoolExecutor(2) as threads:
        assert sorted(map(str, threads.map(cross, ((1, 2), (2, 1))))) == ["40P01", "None"]


def test_an_act_that_cannot_be_put_in_order_is_run_again(postgres_shelves: Database, pauses: list[float]) -> None:
    runs = iter(range(10))

    def count_then_take(session: Session) -> int:
        session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        found = session.scalars(select(SHELF.c.kits).where(SHELF.c.id == 1)).one()
        if next(runs) == 0:
            with postgres_shelves.write_engine.begin() as other:
                other.execute(update(SHELF).where(SHELF.c.id == 1).values(kits=5))
        session.execute(update(SHELF).where(SHELF.c.id == 1).values(kits=found - 1))
        return found

    assert postgres_shelves.act(count_then_take) == 5
    assert kits(postgres_shelves) == [4, 10]
    assert len(pauses) == 1


def test_an_act_that_never_gets_through_is_refused_as_busy(postgres_shelves: Database, pauses: list[float]) -> None:
    def fail(session: Session) -> None:
        session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"))

    with pytest.raises(Refused, match="busy"):
        postgres_shelves.act(fail)
    assert len(pauses) == ATTEMPTS - 1
    assert all(0 < pause <= 0.2 for pause in pauses)
    assert all(later > earlier / 2 for earlier, later in pairwise(pauses))


def test_a_lock_that_is_not_to_be_had_is_refused_as_busy(postgres_shelves: Database) -> None:
    def hurry(session: Session) -> None:
        session.execute(text("SET LOCAL lock_timeout = '50ms'"))  # the test does not wait three seconds
        take(session)

    with postgres_shelves.write_engine.begin() as holder:
        holder.execute(select(SHELF).with_for_update())
        with pytest.raises(Refused, match="busy"):
            postgres_shelves.act(hurry)


def test_a_lock_is_waited_for_three_seconds_in_utc(postgres_shelves: Database) -> None:
    with postgres_shelves.read() as session:
        shown = [session.scalars(text(f"SHOW {name}")).one() for name in ("lock_timeout", "TimeZone")]
        assert session.scalars(text("SHOW transaction_isolation")).one() == "read committed"
    assert shown == ["3s", "UTC"]


def test_another_process_at_the_file_makes_an_act_wait_and_then_refuse(
    sqlite_shelves: Database, bare_sqlite_url: str, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lending.db.LOCK_WAIT_SECONDS", 0.05)
    with (
        opened(bare_sqlite_url, sleep=pauses.append) as neighbour,
        sqlite_shelves.write_engine.begin(),
        pytest.raises(Refused, match="busy"),
    ):
        neighbour.act(take)
    assert len(pauses) == ATTEMPTS - 1
    assert kits(sqlite_shelves) == [10, 10]


# --- A connection that breaks ----------------------------------------------------------------------------------


def end_connections(database: Database, url: str) -> None:
    """What a server that restarts does to everybody."""
    with opened(url) as administrator, administrator.write_engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_connections_that_died_while_idle_are_not_used(
    postgres_shelves: Database, bare_postgres_url: str, pauses: list[float]
) -> None:
    kits(postgres_shelves)
    end_connections(postgres_shelves, bare_postgres_url)
    assert kits(postgres_shelves) == [10, 10]
    end_connections(postgres_shelves, bare_postgres_url)
    postgres_shelves.act(take)
    assert not pauses


def test_an_act_whose_connection_breaks_is_run_again(
    postgres_shelves: Database, bare_postgres_url: str, pauses: list[float]
) -> None:
    runs = iter(range(10))

    def act(session: Session) -> None:
        take(session)
        if next(runs) == 0:
            end_connections(postgres_shelves, bare_postgres_url)
        take(session)

    postgres_shelves.act(act)
    assert kits(postgres_shelves) == [8, 10]
    assert len(pauses) == 1


def test_an_act_whose_commit_is_lost_is_not_run_again(
    postgres_shelves: Database, bare_postgres_url: str, pauses: list[float]
) -> None:
    def act(session: Session) -> None:
        take(session)
        end_connections(postgres_shelves, bare_postgres_url)

    with pytest.raises(CommitUnknown):
        postgres_shelves.act(act)
    assert kits(postgres_shelves) == [10, 10]
    assert not pauses


# --- SQLite ----------------------------------------------------------------------------------------------------


def test_the_file_is_kept_as_the_architecture_says(bare_sqlite_url: str) -> None:
    database = Database.from_url(bare_sqlite_url)
    for engine in (database.write_engine, database.read_engine):
        with engine.connect() as connection:
            pragmas = ("journal_mode", "synchronous", "foreign_keys")
            assert [connection.scalar(text(f"PRAGMA {name}")) for name in pragmas] == ["wal", 2, 1]
    database.close()


def test_a_new_file_is_opened_while_another_process_opens_it(
    bare_sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lending.db.LOCK_WAIT_SECONDS", 2)  # of which SQLite itself waits a fifth
    reader = pysqlite3.dbapi2.connect(
        bare_sqlite_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    reader.execute("CREATE TABLE shelf (id)")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM shelf").fetchall()  # as long as it reads, nobody may begin a write-ahead log
    release = threading.Timer(0.8, reader.close)
    release.start()
    with opened(bare_sqlite_url) as database, database.write_engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    release.join()


def test_readers_do_not_wait_for_a_writer_and_do_not_see_half_an_act(sqlite_shelves: Database) -> None:
    def act(session: Session) -> list[int]:
        take(session)
        return kits(sqlite_shelves)

    assert sqlite_shelves.act(act) == [10, 10]
    assert kits(sqlite_shelves) == [9, 10]


def test_a_snapshot_shows_the_library_at_one_moment_and_can_be_streamed(shelves: Database) -> None:
    with shelves.snapshot() as session:
        chosen = select(SHELF.c.kits).execution_options(yield_per=1)
        before = list(session.scalars(chosen))
        shelves.act(take)
        assert list(session.scalars(chosen)) == before
    assert kits(shelves) == [9, 10]


def test_a_snapshot_cannot_write(shelves: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), shelves.snapshot() as session:
        take(session)


def test_reads_after_a_snapshot_see_each_statement_anew(shelves: Database) -> None:
    with shelves.snapshot() as session:
        session.scalars(select(SHELF.c.kits)).all()
    shelves.act(take)
    assert kits(shelves) == [9, 10]


def test_a_writer_does_not_wait_for_a_reader_who_goes_on_seeing_the_same(sqlite_shelves: Database) -> None:
    with sqlite_shelves.read() as session:
        before = session.scalars(select(SHELF.c.kits)).all()
        sqlite_shelves.act(take)
        assert session.scalars(select(SHELF.c.kits)).all() == before
    assert kits(sqlite_shelves) == [9, 10]


@pytest.mark.parametrize(
    ("version", "damages"),
    [((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False)],
)
def test_a_library_that_may_damage_the_file_is_known(version: tuple[int, int, int], damages: bool) -> None:
    assert may_damage_wal(version) is damages


def test_a_library_that_may_damage_the_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pysqlite3.dbapi2.sqlite_version_info", (3, 45, 1))
    with pytest.raises(RuntimeError, match=r"SQLite 3\.45\.1 can damage .* install the package pysqlite3"):
        Database.from_url("sqlite:///library.db")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:library?mode=memory&uri=true"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="names a file"):
        Database.from_url(url)


@pytest.mark.parametrize("url", ["mysql://host/library", "oracle://host/library"])
def test_another_engine_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=f"not {url.partition(':')[0]}"):
        Database.from_url(url)


def test_an_address_may_name_its_own_options(bare_postgres_url: str) -> None:
    url = make_url(bare_postgres_url).update_query_dict({"options": "-c work_mem=7MB"})
    with opened(url) as database, database.read() as session:
        assert session.scalars(text("SHOW work_mem")).one() == "7MB"
        assert session.scalars(text("SHOW lock_timeout")).one() == "3s"
