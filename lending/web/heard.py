"""How somebody heard of a session or a workshop: the choices, in words, wherever it is asked.

Source: issue "Managers see what circulated", Build 3, "how people heard of it".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext

from lending.models.outcomes import HeardFrom
from lending.programs.hearing import Heard

ASKED = lazy_gettext("How did you hear about it?")
WORDS: Mapping[HeardFrom, Any] = {
    HeardFrom.FRIEND: lazy_gettext("From a friend who took part"),
    HeardFrom.STAFF: lazy_gettext("From library staff"),
    HeardFrom.WEBSITE: lazy_gettext("From the library's website"),
    HeardFrom.FLYER: lazy_gettext("From a flyer or poster"),
    HeardFrom.SOCIAL_MEDIA: lazy_gettext("On social media"),
    HeardFrom.PARTNER: lazy_gettext("From WorkSource or another partner"),
    HeardFrom.OTHER: lazy_gettext("Another way"),
}


def choices(nothing: Any) -> list[tuple[str, Any]]:
    """What a form offers; the first one, worded as ``nothing``, is no answer."""
    return [("", nothing), *((source.value, words) for source, words in WORDS.items())]


def read(value: str | None, friend_cohort: str | None = None) -> Heard | None:
    """What a form sent; ``None`` for no answer and for what is none of the choices."""
    if value not in {source.value for source in HeardFrom}:
        return None
    return Heard(HeardFrom(value), friend_cohort or None)
