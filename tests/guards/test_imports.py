"""Who may import whom: the contracts in pyproject.toml hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.guards.tree import ROOT


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run(
        [*command, "--no-logo", "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_import_contracts_hold() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nA layer knows only the layers under it: so a rule can be read and tested without "
        "a database, and a verb serves every door. Move the code down, or hand the value in as an argument."
    )


def test_a_rule_that_imports_the_database_would_be_seen(tmp_path: Path) -> None:
    package = tmp_path / "lending"
    for layer in ("domain", "models"):
        (package / layer).mkdir(parents=True)
        (package / layer / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "domain" / "renewal.py").write_text("import lending.models\nimport sqlalchemy\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        "[tool.importlinter]\nroot_package = 'lending'\ninclude_external_packages = true\n"
        "[[tool.importlinter.contracts]]\nname = 'rules'\ntype = 'forbidden'\nsource_modules = ['lending.domain']\n"
        "forbidden_modules = ['lending.models', 'sqlalchemy']\n",
        encoding="utf-8",
    )
    done = _lint(tmp_path)
    assert done.returncode == 1
    assert "lending.domain.renewal -> lending.models" in done.stdout
    assert "lending.domain.renewal -> sqlalchemy" in done.stdout
