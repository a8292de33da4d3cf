"""What answers GET and is no page for people, and why. What is a page stands in ``pages.py``."""

from __future__ import annotations

from collections.abc import Mapping

NO_PAGES: Mapping[str, str] = {
    "static": "style sheets, scripts and pictures",
    "bootstrap.static": "the same of Bootstrap",
    "second_factor.qr": "the picture of a secret, inside a page",
    "own_library.style": "the library's own colors",
    "sign_in_service.go": "leads to the sign-in service",
    "sign_in_service.back": "comes back from the sign-in service",
    "staff.subject": "there only with a sign-in service; the same form as a token's",
    "pictures.show": "a picture of a kit, a part or the logo",
    "my_workshops.file": "a calendar's file",
    "my_workshops.feed": "the same, fetched by calendars",
    "my_place.file": "the same, of a pick-up",
    "confirmed.calendar": "the same",
    "registering.calendar": "the same, of a workshop",
    "surveys.qr": "a picture of a link, inside a page",
    "my_data.download": "JSON for the patron to keep",
    "health.healthz": "for monitors",
    "health.readyz": "for monitors",
    "health.numbers": "for monitors",
    "kits.label": "a PDF, tested by scanning it",
    "setup_steps.go_on": "leads to another page",
    "imports.template": "a file to fill in",
    "new_kits.test_page": "a PDF, looked at by its tests",
    "slips.commands": "a PDF, tested by scanning it",
    "lines.export": "CSV for a carrier",
    "ledger.workbook": "a workbook, read by its tests",
    "ledger.plain": "CSV, read by its tests",
    "records_requests.export": "CSV, read by its tests",
    "retention.report": "CSV, read by its tests",
    **dict.fromkeys(
        (f"{report}.file" for report in ("today", "circulation", "funnels", "losses", "months", "outcomes", "stock")),
        "a report as a file, read by its tests",
    ),
    **dict.fromkeys(("impact.file", "official.file"), "a report as a file, read by its tests"),
    "roster.rows": "a part of the session's desk, read again after each scan",
}
