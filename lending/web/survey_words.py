"""The statements of a survey and the scale, in words, as people answer them and as reports name them.

Source: RULES 7, "Surveys".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext

STATED: Mapping[str, Any] = {
    "learned": lazy_gettext("I learned something that helps me."),
    "confident": lazy_gettext("I feel more confident about what I learned."),
    "intends": lazy_gettext("I will use what I learned."),
    "aware": lazy_gettext("I know more about what the library and others offer."),
}
"""By the names of ``domain/surveys.STATEMENTS``."""

SCALE: Mapping[int, Any] = {
    1: lazy_gettext("Not true at all"),
    2: lazy_gettext("Rather not true"),
    3: lazy_gettext("In between"),
    4: lazy_gettext("Rather true"),
    5: lazy_gettext("Very true"),
}
