"""What all managers' pages have in common: the way from one to another, and the voice that reads numbers."""

from __future__ import annotations

from typing import Any

import flask_babel
from flask import current_app, url_for
from flask_babel import gettext as _

from lending.domain.permissions import Act
from lending.phrases import N_
from lending.reporting.voice import Voice
from lending.web import current

PAGES: tuple[tuple[str, str, Act], ...] = (
    ("today.page", N_("Today"), Act.SEE_TODAY),
    ("circulation.page", N_("Circulation"), Act.SEE_COUNTS),
    ("funnels.page", N_("Sessions"), Act.SEE_COUNTS),
    ("losses.page", N_("Overdue and loss"), Act.SEE_COUNTS),
    ("stock.page", N_("Stock and turnaround"), Act.SEE_COUNTS),
    ("outcomes.page", N_("Outcomes"), Act.SEE_COUNTS),
    ("official.page", N_("Official lists"), Act.SEE_COUNTS),
    ("impact.page", N_("Impact page"), Act.EXPORT_STATISTICS),
    ("months.page", N_("Months"), Act.CLOSE_MONTH),
)
"""Every page: its endpoint, what it is called, and what one has to be allowed to see it."""

KEPT = ("circulation", "funnels", "losses", "stock", "outcomes", "official", "impact")
"""Those that are limited to a period, which the way from one to another keeps."""


def voice() -> Voice:
    """The reader of this request."""
    translations = flask_babel.get_translations()
    return Voice(current.reader(), lambda one, many, n: str(translations.ngettext(one, many, n)))


def ways(active: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """The pages that the person may see; ``arguments`` are what this one is limited to, which the others keep."""
    return [
        {
            "url": url_for(endpoint, **(arguments if endpoint.partition(".")[0] in KEPT else {})),
            "name": _(name),
            "current": endpoint == active,
        }
        for endpoint, name, act in PAGES
        if endpoint in current_app.view_functions and current.may_anywhere(act)
    ]
