"""What a build adds to the package: compiled catalogues, and in a wheel the folders that stand at the top in git.

Run by hatchling for every build (``[tool.hatch.build.targets.wheel.hooks.custom]``), also for ``pip install .`` from a
fresh clone, where no Makefile has run. No part of the program at run time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLED = {
    "templates": "lending/_bundle/templates",
    "migrations": "lending/_bundle/migrations",
    "config.py": "lending/_bundle/config.py",
    "wsgi.py": "lending/wsgi.py",
}


class Bundle(BuildHookInterface[Any]):
    """Makes a wheel whole."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile every catalogue; for a real wheel, map the top level into the package."""
        for source in sorted(Path(self.root, "lending", "locale").glob("*/LC_MESSAGES/*.po")):
            with source.open("rb") as po, source.with_suffix(".mo").open("wb") as mo:
                write_mo(mo, read_po(po, locale=source.parent.parent.name))
        # An editable install reads them where they are; a copy would only go stale.
        if version != "editable":
            build_data["force_include"].update(BUNDLED)
