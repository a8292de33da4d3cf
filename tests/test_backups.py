from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pysqlite3.dbapi2
import pytest
from sqlalchemy import inspect, text

from lending.db import Database
from tests.databases import opened


@pytest.fixture
def library(bare_url: str) -> Iterator[Database]:
    """A library with one table of its own, which nothing else in the tests shares."""
    with opened(bare_url) as database:
        database.upgrade()
        database.act(lambda session: session.execute(text("CREATE TABLE books (title TEXT)")))
        yield database


def shelve(database: Database, title: str) -> None:
    database.act(lambda session: session.execute(text("INSERT INTO books VALUES (:title)"), {"title": title}))


def titles(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(text("SELECT title FROM books ORDER BY title")))


def test_a_restored_backup_holds_what_was_there_and_nothing_since(library: Database, tmp_path: Path) -> None:
    shelve(library, "سمرقند")
    library.backup(tmp_path / "backup")
    shelve(library, "Later")
    library.act(lambda session: session.execute(text("CREATE TABLE later (id INTEGER)")))
    library.restore(tmp_path / "backup")
    assert titles(library) == ["سمرقند"]
    with library.read() as session:
        assert "later" not in inspect(session.connection()).get_table_names()
    shelve(library, "Again")
    assert library.check().problems == ()


def test_a_restored_library_can_be_backed_up_and_restored_again(library: Database, tmp_path: Path) -> None:
    shelve(library, "Beloved")
    for name in ("first", "second"):
        library.backup(tmp_path / name)
        library.restore(tmp_path / name)
    assert titles(library) == ["Beloved"]


def test_a_backup_restores_into_an_empty_database(library: Database, tmp_path: Path) -> None:
    shelve(library, "Kintu")
    library.backup(tmp_path / "backup")
    if library.is_sqlite:
        with opened(f"sqlite:///{tmp_path / 'new' / 'library.db'}") as other:
            other.restore(tmp_path / "backup")
            assert titles(other) == ["Kintu"]
    else:
        library.act(lambda session: session.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public")))
        library.restore(tmp_path / "backup")
        assert titles(library) == ["Kintu"]


def test_a_backup_holds_everything_acknowledged_before_it_began(library: Database, tmp_path: Path) -> None:
    done = threading.Event()
    acknowledged: list[str] = []

    def work() -> None:
        while not done.is_set():
            title = f"{len(acknowledged):06}"
            shelve(library, title)
            acknowledged.append(title)

    desk = threading.Thread(target=work)
    desk.start()
    try:
        while len(acknowledged) < 20:
            done.wait(0.001)
        before = list(acknowledged)
        library.backup(tmp_path / "backup")
    finally:
        done.set()
        desk.join()
    library.restore(tmp_path / "backup")
    kept = titles(library)
    assert kept[: len(before)] == before
    assert kept == acknowledged[: len(kept)] or kept == [*acknowledged, f"{len(acknowledged):06}"]


def test_a_backup_is_one_file_for_its_owner_alone(library: Database, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    library.backup(folder / "backup")
    assert [file.name for file in folder.iterdir()] == ["backup"]
    assert (folder / "backup").stat().st_mode & 0o777 == 0o600


def test_a_backup_that_fails_leaves_the_one_before(library: Database, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("the one before")
    library.act(lambda session: session.execute(text("DROP TABLE alembic_version")))
    with pytest.raises(RuntimeError, match=r"not a .*copy of a library"):
        library.backup(tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "the one before"
    assert not (tmp_path / "backup.partial").exists()


@pytest.mark.parametrize("content", [b"", b"no backup at all" * 500])
def test_what_is_no_backup_is_refused_and_changes_nothing(library: Database, tmp_path: Path, content: bytes) -> None:
    shelve(library, "Ficciones")
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(RuntimeError):
        library.restore(tmp_path / "file")
    assert titles(library) == ["Ficciones"]


def test_a_backup_cut_short_is_refused_and_changes_nothing(library: Database, tmp_path: Path) -> None:
    library.act(
        lambda session: session.execute(
            text("INSERT INTO books VALUES (:title)"), [{"title": f"{number:0500}"} for number in range(500)]
        )
    )
    library.backup(tmp_path / "backup")
    whole = (tmp_path / "backup").read_bytes()
    (tmp_path / "backup").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RuntimeError):
        library.restore(tmp_path / "backup")
    assert len(titles(library)) == 500


def test_somebody_elses_file_is_refused(bare_sqlite_url: str, tmp_path: Path) -> None:
    connection = pysqlite3.dbapi2.connect(tmp_path / "photos.db")
    connection.execute("CREATE TABLE photos (id INTEGER)")
    connection.close()
    with opened(bare_sqlite_url) as library, pytest.raises(RuntimeError, match="not a whole copy of a library"):
        library.restore(tmp_path / "photos.db")


def test_a_missing_file_is_refused(library: Database, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="There is no file"):
        library.restore(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_tools_older_than_the_server_are_named(
    bare_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "")
    with opened(bare_postgres_url) as library, pytest.raises(RuntimeError, match=r"pg_dump \d+ or newer is needed"):
        library.backup(tmp_path / "backup")
