"""Documents tell the truth: their links lead somewhere and their commands exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.guards.tree import ROOT, files, found, text

LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
COMMAND = re.compile(r"\bmake ([a-z]+)\b(?=`|$)", re.MULTILINE)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
DOCUMENTS = tuple(path for path in files() if path.suffix == ".md")


def _dead_links(path: Path) -> list[str]:
    return [target for target in LINK.findall(text(path)) if not (ROOT / path.parent / target).exists()]


def _unknown_commands(source: str) -> set[str]:
    return set(COMMAND.findall(source)) - set(TARGET.findall(text(Path("Makefile"))))


def test_every_link_in_a_document_leads_to_a_file() -> None:
    dead = {str(path): links for path in DOCUMENTS if (links := _dead_links(path))}
    assert not dead, f"{dead}: a newcomer follows the documents' links first; move the link with the file."


def test_every_make_command_in_a_document_exists() -> None:
    unknown = found(_unknown_commands, DOCUMENTS)
    assert not unknown, f"{unknown}: the first command a newcomer types must exist in the Makefile."


def test_an_unknown_command_would_be_seen() -> None:
    assert _unknown_commands("say `make coffee`, then\nmake check\n") == {"coffee"}
