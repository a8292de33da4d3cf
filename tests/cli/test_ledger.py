"""``lending ledger``: the inventory without names, and a new key only where there is none."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from lending.db import Database
from tests.cast import assemble
from tests.circulation.kits_in_hand import lend
from tests.circulation.test_ledger import bought_with_ecf


def test_the_inventory_is_a_file_without_a_name(lending: Any, database: Database, tmp_path: Path) -> None:
    cast = assemble(database)
    bought_with_ecf(database)
    lend(database, cast)
    file = tmp_path / "devices.csv"
    done = lending("ledger", "inventory", "-o", str(file))
    assert (done.exit_code, done.stdout) == (0, f"1 rows in {file}.\n")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        (device,) = csv.DictReader(opened)
    assert (device["serial"], device["part_type"], device["delivered_on"]) == ("Sn-0", "Laptop", "2026-03-03")
    assert "Ramos" not in file.read_text(encoding="utf-8-sig")
    lines = tmp_path / "services.csv"
    assert lending("ledger", "inventory", "--services", "-o", str(lines)).exit_code == 0
    assert lines.read_text(encoding="utf-8-sig").startswith("carrier,plan")


def test_a_new_key_never_takes_the_place_of_one_that_is_there(lending: Any, tmp_path: Path) -> None:
    file = tmp_path / "key" / "ledger_key"
    made = lending("ledger", "new-key", LENDING_LEDGER_KEY_FILE=str(file))
    assert made.exit_code == 0, made.output
    key = file.read_text()
    again = lending("ledger", "new-key", LENDING_LEDGER_KEY_FILE=str(file))
    assert again.exit_code == 1
    assert file.read_text() == key
