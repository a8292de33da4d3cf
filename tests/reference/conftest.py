"""One library in which the published figures happened; it is fed once for a worker, and only read from then on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import assemble_in
from tests.databases import opened
from tests.reference.feed import Feed


@pytest.fixture(scope="session")
def fed(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    """The library as it is on the day after it all happened."""
    file = tmp_path_factory.mktemp("fed") / "library.db"
    shutil.copyfile(migrated_file, file)
    with opened(f"sqlite:///{file}") as database:
        feed = Feed(database, database.act(assemble_in))
        feed.everything()
        yield feed
