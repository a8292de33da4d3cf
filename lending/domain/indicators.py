"""The funder's list of indicators, each with its name and the one sentence that says what it is.

The list is LA County's own. Nothing is added up silently: check-outs are check-outs alone, and reach is never called
attendance. Source: RULES 7, "The funder's list".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique

from lending.domain.counting import N_


@unique
class Indicator(StrEnum):
    """What the funder asks for, in the order of the list."""

    HOUSEHOLDS = "households_served"
    ASSEMBLED = "kits_assembled"
    DISTRIBUTED = "kits_distributed"
    CHECK_OUTS = "check_outs"
    LOCATIONS = "locations"
    EVENTS = "events"
    REGISTERED = "registered"
    ATTENDED = "attended"
    REACH = "reach"
    READY = "kits_ready"
    QUEUED = "kits_queued"


NAMES: Mapping[Indicator, str] = {
    Indicator.HOUSEHOLDS: N_("Households served"),
    Indicator.ASSEMBLED: N_("Kits assembled, to date"),
    Indicator.DISTRIBUTED: N_("Kits lent at least once, to date"),
    Indicator.CHECK_OUTS: N_("Check-outs"),
    Indicator.LOCATIONS: N_("Libraries that lent a kit"),
    Indicator.EVENTS: N_("Workshops held"),
    Indicator.REGISTERED: N_("Registered"),
    Indicator.ATTENDED: N_("Attended live"),
    Indicator.REACH: N_("Reach"),
    Indicator.READY: N_("Kits ready on the hold shelf"),
    Indicator.QUEUED: N_("People waiting for a kit"),
}

PEOPLE = frozenset(
    {
        Indicator.HOUSEHOLDS,
        Indicator.CHECK_OUTS,
        Indicator.REGISTERED,
        Indicator.ATTENDED,
        Indicator.REACH,
        Indicator.READY,
        Indicator.QUEUED,
    }
)
"""Those that count people or what they did, of which a small number could tell of somebody. Each kit that is ready is
somebody's, who has not come for it yet.
"""

DEFINITIONS: Mapping[Indicator, str] = {
    Indicator.HOUSEHOLDS: N_(
        "Households with at least one check-out in the period, each once; known for a month and for a fiscal year."
    ),
    Indicator.ASSEMBLED: N_("Kits that were added by the end of the period, with those withdrawn since."),
    Indicator.DISTRIBUTED: N_("Of the kits assembled, those that were checked out at least once by then."),
    Indicator.CHECK_OUTS: N_(
        "Kits handed out on new loans. Renewals, exchanges and use in the library are counted apart and are not in it."
    ),
    Indicator.LOCATIONS: N_("Libraries with at least one check-out in the period."),
    Indicator.EVENTS: N_("Workshops that began in the period, each once; one that nobody came to counts."),
    Indicator.REGISTERED: N_(
        "People with a seat in the sessions of these workshops, and whoever registered for one workshop alone."
    ),
    Indicator.ATTENDED: N_("People in the room and online devices, live. Views of a recording are never in it."),
    Indicator.REACH: N_("Live attendance and all views of recordings in the period. It is not attendance."),
    Indicator.READY: N_("On the last day of the period that was counted."),
    Indicator.QUEUED: N_("People without a promised kit, on the last day of the period that was counted."),
}
"""Shown beside every number. English is the source text; doors translate it."""
