"""``lending lines export``: what the carriers are to be asked, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lending.circulation.lines import move_line
from lending.db import Database
from lending.domain.states import LineVerb
from lending.models.lines import Line
from tests.cast import NOW, assemble
from tests.circulation.kits_in_hand import only


def test_what_is_asked_of_a_carrier_is_written_into_a_file(lending: Any, database: Database, tmp_path: Path) -> None:
    cast, file = assemble(database), tmp_path / "lines.csv"
    line = only(database, Line, Line.number.endswith("2001"))
    database.act(lambda s: move_line(s, number=line.number, verb=LineVerb.ASK_TO_SUSPEND, at=NOW, by=cast.ben) and None)
    done = lending("lines", "export", str(file))
    assert (done.exit_code, "1 line in" in done.output) == (0, True)
    assert file.read_text().splitlines() == [
        "number,iccid,carrier,plan,action",
        f"{line.number},{line.iccid},{line.carrier},,suspend",
    ]
    lending("lines", "export", str(file), "--carrier", "Nobody")
    assert len(file.read_text().splitlines()) == 1


def test_a_file_that_cannot_be_written_is_a_sentence(lending: Any, database: Database, tmp_path: Path) -> None:
    assemble(database)
    done = lending("lines", "export", str(tmp_path / "nowhere" / "lines.csv"))
    assert done.exit_code != 0
    assert "cannot be written" in done.output
