"""What the guards read: the files of this project, as git would hand them to a stranger."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Every file that is tracked, or new and not ignored, relative to the root."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(sorted(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()))


def modules(*folders: str) -> tuple[Path, ...]:
    """The Python modules under the top-level ``folders``, relative to the root."""
    return tuple(path for path in files() if path.suffix == ".py" and path.parts[0] in folders)


def text(path: Path) -> str:
    """The whole text of a file given relative to the root."""
    return (ROOT / path).read_text(encoding="utf-8")


def found(look: Callable[[str], Collection[Any]], paths: Iterable[Path]) -> dict[str, list[Any]]:
    """What ``look`` finds in the text of each of ``paths``, by path; those without a breach are left out."""
    return {str(path): sorted(set(breaches)) for path in paths if (breaches := look(text(path)))}
