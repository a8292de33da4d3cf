"""The web door: pages for the people who work at the desk, and the scans their pages send."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> tuple[Blueprint, ...]:
    """Every group of pages, for ``create_app``."""
    from lending.web import (
        account,
        agreements,
        calls,
        closures,
        desk,
        forecast,
        health,
        help,
        inspection,
        jobs,
        kits,
        ladders,
        lines,
        loans,
        patrons,
        programs,
        questions,
        reservations,
        roster,
        seats,
        sessions,
        shelf,
        slips,
        stocktakes,
        tasks,
        transfers,
        workshops,
    )

    pages = (account, desk, health, help, inspection, kits, loans, patrons, reservations, roster, seats, shelf, slips)
    planning = (agreements, closures, programs, questions, sessions, forecast)
    return tuple(
        page.bp for page in (*pages, *planning, stocktakes, transfers, workshops, jobs, tasks, calls, lines, ladders)
    )
