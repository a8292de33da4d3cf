"""Where the library's files lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from lending import paths


def test_a_checkout_reads_the_folders_beside_the_package() -> None:
    root = Path(__file__).resolve().parents[1]
    assert paths.IN_CHECKOUT
    assert root / "templates" == paths.TEMPLATES
    assert root / "migrations" == paths.MIGRATIONS
    assert root / "config.py" == paths.CONFIG
    assert paths.CONFIG.is_file()


def test_a_checkout_keeps_its_instance_beside_the_package() -> None:
    assert paths.instance_folder({}) == Path(__file__).resolve().parents[1] / "instance"


def test_the_variable_names_the_instance_folder(tmp_path: Path) -> None:
    assert paths.instance_folder({"LENDING_INSTANCE": str(tmp_path)}) == tmp_path


def test_a_relative_instance_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.instance_folder({"LENDING_INSTANCE": "here"}) == tmp_path / "here"


def test_an_installed_library_keeps_its_instance_in_the_users_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "IN_CHECKOUT", False)
    monkeypatch.setattr(paths.sys, "platform", "linux")
    assert paths.instance_folder({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "lending"
    assert paths.instance_folder({}) == Path.home() / ".local" / "state" / "lending"
