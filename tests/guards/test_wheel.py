"""An installed library runs from any folder: the wheel carries its templates, migrations, defaults and languages.

The wheel is built from the files git has, as a fresh clone would, and installed into an environment of its own that
borrows only the dependencies of this one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.guards.tree import ROOT, files


def _run(command: list[str | Path], folder: Path, environ: Mapping[str, str] = os.environ) -> str:
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clone = tmp_path_factory.mktemp("clone")
    for path in files():
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, clone / path)
    out = tmp_path_factory.mktemp("dist")
    _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out], clone)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs folder of an environment that has this wheel and, by a .pth file, our dependencies."""
    home = tmp_path_factory.mktemp("environment")
    _run([sys.executable, "-m", "venv", "--without-pip", home], home)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))
    # A path line adds the folder itself; the editable install in it, which is a .pth of its own, stays unseen.
    borrowed = f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n"
    (packages / "borrowed.pth").write_text(borrowed, encoding="utf-8")
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", programs / "python"]
    _run([*pip, "install", "--quiet", "--no-deps", "--no-index", "--ignore-installed", wheel], home)
    return programs


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LENDING_", "PYTHON"))}
    return kept | {"LENDING_INSTANCE": str(tmp_path / "instance"), "LENDING_PROFILE": "testing"}


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    folder = tmp_path / "nowhere"
    folder.mkdir()
    return folder


def test_the_wheel_carries_what_stands_at_the_top(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    moved = {path for path in files() if path.parts[0] in {"templates", "migrations", "config.py"}}
    missing = {str(path) for path in moved if f"lending/_bundle/{path.as_posix()}" not in inside}
    assert not missing, f"{sorted(missing)} are not in the wheel: an installed library would answer with an error page."
    assert "lending/wsgi.py" in inside


def test_the_wheel_carries_the_whole_package_and_nothing_of_the_tests(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    package = {path.as_posix() for path in files() if path.parts[0] == "lending"}
    assert not package - inside, "git has these and the wheel has not: an installed library would miss them."
    assert not {name for name in inside if name.startswith(("tests/", "benchmarks/", "docs/")) or "__pycache__" in name}


def test_the_wheel_carries_every_language_compiled(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    sources = [path for path in files() if path.suffix == ".po"]
    missing = {path.as_posix() for path in sources if path.with_suffix(".mo").as_posix() not in inside}
    assert not missing, f"{missing} were not compiled: an installed library would speak English alone."


def test_the_command_runs_from_an_empty_folder(installed: Path, nowhere: Path, environ: dict[str, str]) -> None:
    assert "up" in _run([installed / "lending", "--help"], nowhere, environ)
    assert not list(nowhere.iterdir()), "the command leaves nothing where it was called"


def test_the_installed_library_finds_its_own_files(installed: Path, nowhere: Path, environ: dict[str, str]) -> None:
    program = (
        "from lending import paths; "
        "assert not paths.IN_CHECKOUT; "
        "assert paths.TEMPLATES.is_dir() and paths.MIGRATIONS.is_dir() and paths.CONFIG.is_file(); "
        "print(paths.CONFIG)"
    )
    config = Path(_run([installed / "python", "-c", program], nowhere, environ).strip())
    assert config.is_relative_to(installed.parent), (
        f"{config} belongs to the checkout: the wheel is not what was tried."
    )


def test_the_application_starts_from_an_empty_folder(installed: Path, nowhere: Path, environ: dict[str, str]) -> None:
    _run([installed / "lending", "db", "upgrade"], nowhere, environ)
    program = "from lending.wsgi import app; print(app.test_client().get('/healthz').status_code)"
    assert _run([installed / "python", "-c", program], nowhere, environ).strip().endswith("200")
