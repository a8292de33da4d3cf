"""The web door: pages for the people who work at the desk, and the scans their pages send."""

from __future__ import annotations

from flask import Blueprint

GUARDED = ("hooks",)
"""The pages' blueprints that guard themselves: programs call them and sign what they say."""


def blueprints() -> tuple[Blueprint, ...]:
    """Every group of pages, for ``create_app``."""
    from lending.web import (
        account,
        administration,
        agreements,
        branches,
        calls,
        camera,
        closures,
        demonstration,
        desk,
        forecast,
        health,
        help,
        holidays,
        hooks,
        imports,
        inspection,
        jobs,
        kit_types,
        kits,
        ladders,
        letters,
        lines,
        loans,
        new_kits,
        notice_log,
        notices,
        own_account,
        own_library,
        patrons,
        pictures,
        pin_at_desk,
        policies,
        programs,
        questions,
        reservations,
        roster,
        seats,
        second_factor,
        second_step,
        sessions,
        setup,
        setup_steps,
        shelf,
        sign_in_service,
        slips,
        staff,
        stocktakes,
        tasks,
        texts,
        transfers,
        verifying,
        webhooks,
        welcome,
        workshops,
    )
    from lending.web.online import (
        accessibility,
        answering,
        confirmed,
        confirming,
        my_data,
        my_kit,
        my_library,
        my_pin,
        my_place,
        my_workshops,
        pin_codes,
        preferences,
        reaching,
        registering,
        reserve,
        signing_in,
        start,
    )
    from lending.web.outcomes import (
        captains,
        hearing,
        hiring,
        in_library,
        inquiries,
        lists,
        referrals,
        registrations,
        stories,
        surveys,
    )
    from lending.web.privacy import erasing, ledger, requests, retention
    from lending.web.reports import circulation, funnels, impact, losses, months, official, rows, stock, today
    from lending.web.reports import outcomes as outcome_report

    reports = (today, circulation, funnels, losses, stock, outcome_report, months, rows, official, impact)
    pages = (account, desk, health, help, inspection, kits, loans, patrons, reservations, roster, seats, shelf, slips)
    # What there is to lend, and where.
    libraries = (branches, kit_types, new_kits, imports, setup, setup_steps, demonstration, holidays)

    planning = (agreements, closures, programs, questions, sessions, forecast)
    telling = (letters, notice_log, notices, texts, hooks, webhooks)
    work = (camera, jobs, tasks, calls, lines, ladders, policies)
    mine = (my_kit, my_place, my_library, my_workshops, preferences, my_data, my_pin, pin_codes)
    online = (start, accessibility, signing_in, *mine)
    setting_up = (pictures, pin_at_desk, staff, welcome)
    ways_in = (administration, own_library, own_account, second_factor, second_step, sign_in_service)
    reserving = (reserve, reaching, confirming, confirmed, verifying)
    counted = (inquiries, referrals, hiring, in_library, lists)
    told = (registrations, surveys, hearing, captains, stories)
    data = (erasing, ledger, requests, retention)
    everybodys = (registering, answering)
    planned = (*planning, *counted, *told, *data, *telling, *work)
    groups = (*online, *reserving, *everybodys, *pages, *planned, *setting_up, *ways_in, *libraries)
    return tuple(page.bp for page in (*groups, *reports, stocktakes, transfers, workshops))
