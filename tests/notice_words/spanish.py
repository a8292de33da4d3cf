"""The Spanish catalogue of the source tree, as it will be compiled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from lending import paths
from lending.notice_words import rendered


@cache
def _catalogue() -> bytes:
    """Compiled once in a process: it takes longer than most tests that read it."""
    made = BytesIO()
    with (paths.LOCALE / "es" / "LC_MESSAGES" / "messages.po").open("rb") as po:
        write_mo(made, read_po(po, locale="es"))
    return made.getvalue()


@contextmanager
def compiled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let notices be read in Spanish from a catalogue that is compiled into ``folder``."""
    target = folder / "es" / "LC_MESSAGES"
    target.mkdir(parents=True)
    (target / "messages.mo").write_bytes(_catalogue())
    monkeypatch.setattr(paths, "LOCALE", folder)
    rendered.spoken.cache_clear()
    rendered.catalogue_of.cache_clear()
    try:
        yield
    finally:
        rendered.spoken.cache_clear()
        rendered.catalogue_of.cache_clear()
