"""The Spanish catalogue of the source tree, as it will be compiled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from lending import paths
from lending.notice_words import rendered


@contextmanager
def compiled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let notices be read in Spanish from a catalogue that is compiled into ``folder``."""
    target = folder / "es" / "LC_MESSAGES"
    target.mkdir(parents=True)
    source = paths.LOCALE / "es" / "LC_MESSAGES" / "messages.po"
    with source.open("rb") as po, (target / "messages.mo").open("wb") as mo:
        write_mo(mo, read_po(po, locale="es"))
    monkeypatch.setattr(paths, "LOCALE", folder)
    rendered.spoken.cache_clear()
    rendered.catalogue_of.cache_clear()
    try:
        yield
    finally:
        rendered.spoken.cache_clear()
        rendered.catalogue_of.cache_clear()
