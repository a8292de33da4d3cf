"""A generated document says what the code says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lending.domain import states
from tests.guards.generated_documents import DOCUMENTS, MACHINES
from tests.guards.tree import text


@pytest.mark.parametrize(("path", "document"), DOCUMENTS.items(), ids=DOCUMENTS.keys())
def test_a_generated_document_is_up_to_date(path: str, document: Callable[[], str]) -> None:
    assert text(Path(path)) == document(), f"{path} is behind the code: say `make docs` and commit what it wrote."


def test_every_machine_is_documented() -> None:
    tables = {id(table) for name, table in vars(states).items() if name.endswith("_MOVES")}
    assert tables == {id(moves) for moves, _ in MACHINES.values()}
