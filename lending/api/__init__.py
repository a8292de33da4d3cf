"""The door for other programs: bearer tokens, JSON, one problem shape."""

from __future__ import annotations

from flask import Flask

PREFIX = "/api/v1"
"""What every call's address begins with."""


def register(app: Flask) -> None:
    """Add the calls to an application whose extensions hold the library.

    They answer a bearer token alone and never look at a cookie, so a form's CSRF token would protect nothing. Raises
    ``RuntimeError`` for a call without a declaration.
    """
    from lending.api import (
        access,
        agreements,
        availability,
        branches,
        captains,
        circulation,
        closures,
        cohorts,
        description,
        enrolments,
        forecast,
        hearing,
        hiring_events,
        indicators,
        inquiries,
        inspections,
        kits,
        ladders,
        ledger,
        library_settings,
        lines,
        loans,
        notice_texts,
        outcomes,
        patrons,
        policies,
        privacy,
        problems,
        programs,
        records_requests,
        referrals,
        registrations,
        reports,
        reservations,
        shelf,
        staff,
        stocktakes,
        stories,
        surveys,
        tasks,
        uses,
        webhooks,
        workshops,
    )
    from lending.api.calls import calls

    declared = (availability, branches, circulation, forecast, inspections, kits, loans, patrons, reservations)
    assert all((*declared, enrolments, shelf, stocktakes, tasks, workshops))  # noqa: S101 - each declares its calls
    assert all((agreements, closures, cohorts, indicators, ladders, lines, notice_texts, policies, programs, webhooks))  # noqa: S101 - the same
    assert all((hiring_events, inquiries, referrals, registrations, reports, surveys, uses))  # noqa: S101 - the same
    assert all((captains, hearing, ledger, library_settings, outcomes, privacy, records_requests, staff, stories))  # noqa: S101 - the same
    problems.install(app, prefix=PREFIX)
    description.describe(app)
    access.check(app, calls)
