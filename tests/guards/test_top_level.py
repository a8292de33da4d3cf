"""The tree's top level is fixed by the client; what is beside it is what every Python project has."""

from __future__ import annotations

from pathlib import Path

from tests.guards.tree import files

FIXED = {"lending", "migrations", "templates", "tests", "config.py", "wsgi.py", "pyproject.toml", "README.md"}
BESIDE = {"Makefile", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "docs", "benchmarks", ".ci", ".gitignore"}
LOCK = {"requirements.lock"}


def _strays(paths: tuple[Path, ...]) -> set[str]:
    return {path.parts[0] for path in paths} - FIXED - BESIDE - LOCK


def test_nothing_new_stands_at_the_top() -> None:
    strays = _strays(files())
    assert not strays, (
        f"{sorted(strays)} at the top of the tree. The client fixed the top level, so that a stranger finds everything "
        "where every Flask project has it: put code in lending/, words in docs/, measuring in benchmarks/."
    )


def test_everything_the_client_fixed_is_there() -> None:
    present = {path.parts[0] for path in files()}
    missing = (FIXED | BESIDE | LOCK) - present
    assert not missing, f"{sorted(missing)} should stand at the top of the tree: scripts and people rely on the names."


def test_a_stray_folder_would_be_seen() -> None:
    assert _strays((Path("utils/helpers.py"), Path("lending/app.py"))) == {"utils"}
