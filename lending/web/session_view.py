"""A session as its pages show it to this person: in a list, and by itself with what may be done with it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _

from lending.domain.permissions import Act
from lending.models.cohorts import CohortStatus
from lending.phrases import Reader
from lending.queries.cohorts import CohortShown
from lending.web import current
from lending.web.names import names
from lending.web.session_forms import MODES


def line(found: CohortShown) -> dict[str, Any]:
    """One row of the list."""
    reader = current.reader()
    return {
        "code": found.code,
        "name": found.name,
        "url": url_for("sessions.show", code=found.code),
        "program": found.program_name,
        "starts_on": reader.day_and_year(found.starts_on),
        "return_by": reader.day_and_year(found.return_by),
        "seats": _("%(taken)s of %(all)s", taken=found.seats, all=found.capacity),
        "waiting": found.waiting,
        "kits": _("%(out)s of %(all)s", out=found.kits_out, all=found.kits),
        "cancelled": found.status is CohortStatus.CANCELLED,
    }


def page_of(found: CohortShown, closed: Collection[str]) -> dict[str, Any]:
    """Everything the page of a session shows to this person; ``closed`` are workshops on closed days."""
    reader = Reader(current.reader().gettext, current.locale(), found.zone)
    known, is_planned = names(), found.status is CohortStatus.PLANNED
    may_plan = current.may_anywhere(Act.PLAN_COHORT) and is_planned
    return {
        **line(found),
        "facts": [
            (_("First day"), reader.day_and_year(found.starts_on)),
            (_("Last day"), reader.day_and_year(found.ends_on)),
            (_("Kits are picked up from"), reader.day_and_year(found.pickup_from)),
            (_("Kits come back on"), reader.day_and_year(found.return_by)),
            (_("Seats taken"), _("%(taken)s of %(all)s", taken=found.seats, all=found.capacity)),
            (_("Waiting for a seat"), found.waiting),
            (_("Kits out"), _("%(out)s of %(all)s", out=found.kits_out, all=found.kits)),
            (_("Languages"), reader.languages(found.languages)),
            (_("Partners"), found.partners),
            (_("Captains"), found.captains),
            (_("Materials"), found.materials),
            (_("First day"), _("mandatory")) if found.first_day_mandatory else (_("First day"), ""),
        ],
        "pools": [
            {
                "branch_name": pool.branch_name,
                "kit_type": known.kit_type(pool.kit_type),
                "kits": pool.kits,
                "promised": pool.promised,
                "waiting": pool.waiting,
                "out": pool.out,
            }
            for pool in found.pools
        ],
        "workshops": [
            {
                "n": held.n,
                "title": held.title,
                "when": reader.moment(held.starts_at),
                "how": MODES[held.mode],
                "branch": known.branch(held.branch),
                "closed": held.id in closed,
                "edit_url": url_for("sessions.workshop", code=found.code, public_id=held.id) if may_plan else None,
            }
            for held in found.workshops
        ],
        "actions": _actions(found, may_plan=may_plan),
    }


def _actions(found: CohortShown, *, may_plan: bool) -> list[tuple[str, str]]:
    """What may be done with it: the words and the addresses."""
    words = {"roster.show": _("Roster"), "roster.desk": _("Hand out and collect")}
    here = [(words[name], url_for(name, code=found.code)) for name in words if name in current_app.view_functions]
    if may_plan:
        here += [
            (_("Change or move"), url_for("sessions.edit", code=found.code)),
            (_("Copy"), url_for("sessions.copy", code=found.code)),
            (_("Captains"), url_for("captains.page", code=found.code)),
            (_("Cancel"), url_for("sessions.cancel", code=found.code)),
        ]
    return here
