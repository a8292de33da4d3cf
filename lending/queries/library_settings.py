"""The library's own settings, as administrators left them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.library_settings import LibrarySettings, kept_settings
from lending.models.base import table_of
from lending.models.setting_up import LibrarySetting

_settings = table_of(LibrarySetting)
_KEPT = select(_settings.c.name, _settings.c.value)


def library_settings(session: Session, *, name: str) -> LibrarySettings:
    """The settings, in one statement; ``name`` is what the library is called where nobody said so on a page."""
    return kept_settings(dict(session.execute(_KEPT).all()), name=name)
