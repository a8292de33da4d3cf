"""The languages the pages speak: English, and every one with a compiled catalogue."""

from __future__ import annotations

from functools import cache

from babel import Locale
from flask import request, session

from lending import paths
from lending.web import current

SOURCE = "en"


@cache
def codes() -> tuple[str, ...]:
    """The languages that are complete, English first."""
    found = sorted(path.parent.parent.name for path in paths.LOCALE.glob("*/LC_MESSAGES/messages.mo"))
    return (SOURCE, *(code for code in found if code != SOURCE))


@cache
def named() -> tuple[tuple[str, str], ...]:
    """Each language's code and its own name for itself."""
    return tuple((code, (Locale.parse(code).display_name or code).capitalize()) for code in codes())


def chosen() -> str:
    """The language of this request: chosen in this browser, else the account's, the browser's own, the library's."""
    kept = session.get("language")
    if kept in codes():
        return str(kept)
    person = current.staff()
    if person is not None and person.language in codes():
        return person.language
    wanted = request.accept_languages.best_match(codes())
    default = current.library().settings.default_locale
    return wanted or (default if default in codes() else SOURCE)


def direction(code: str) -> str:
    """``ltr`` or ``rtl``."""
    return str(Locale.parse(code).text_direction)
