"""The command line: the door of whoever keeps the server.

Every command opens the library that the settings describe, does one thing through the same verbs as the other doors,
and says what it did. Results go to standard output, everything else to standard error. A refusal is one sentence and
an exit code (``lending/wording``), never a traceback. Commands are imported when they are called, so that
``lending --help`` is instant. Source: INTERFACES, "Commands".
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Final

import click

from lending.cli.saying import saying

COMMANDS: Final[Mapping[str, str]] = {
    "counts": "lending.cli.counts:counts",
    "db": "lending.cli.database:db",
    "demo": "lending.cli.demo:demo",
    "import": "lending.cli.imports:import_",
    "invariants": "lending.cli.journal:invariants",
    "jobs": "lending.cli.jobs:jobs",
    "journal": "lending.cli.journal:journal",
    "ledger": "lending.cli.ledger:ledger",
    "labels": "lending.cli.labels:labels",
    "lines": "lending.cli.lines:lines",
    "notices": "lending.cli.notices:notices",
    "staff": "lending.cli.staff:staff",
    "up": "lending.cli.up:up",
    "web": "lending.cli.web:web",
}
"""Each command by name, and where it is written."""


class Commands(click.Group):
    """The commands, each imported when it is asked for; what they refuse is said in a sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        with saying():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lending")
def main() -> None:
    """Lend laptop and hotspot kits at public libraries.

    Settings come from config.py, a file named by LENDING_CONFIG, and variables LENDING_*.
    """
