"""The key of the sealed ledger: made once, for its owner alone, and missed in plain words."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from lending.ledger_key import KEY_BYTES, LedgerKeyLost, ledger_key, make_key


def test_the_key_is_made_when_it_is_first_needed_and_stays(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "ledger_key"
    key = ledger_key(file, may_make=True)
    assert len(key) == KEY_BYTES
    assert ledger_key(file, may_make=False) == ledger_key(file, may_make=True) == key
    make_key(file)
    assert ledger_key(file, may_make=False) == key


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "ledger_key"
    ledger_key(file, may_make=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["ledger_key"]


def test_a_key_that_is_gone_is_not_made_anew_while_names_are_sealed_with_it(tmp_path: Path) -> None:
    file = tmp_path / "ledger_key"
    with pytest.raises(LedgerKeyLost, match=r"Put the file back .* lending ledger new-key"):
        ledger_key(file, may_make=False)
    assert not file.exists()


@pytest.mark.parametrize("content", ["", "no key", "c2hvcnQ=", "é"])
def test_a_file_without_a_key_is_said_to_be_one(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ledger_key"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(LedgerKeyLost, match="holds no key"):
        ledger_key(file, may_make=True)


def test_two_that_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    file, keys, both = tmp_path / "ledger_key", list[bytes](), threading.Barrier(2)

    def make() -> None:
        both.wait()
        keys.append(ledger_key(file, may_make=True))

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys[0] == keys[1]
