"""The pages about people's data in their states: an erasure, the sealed ledger, requests for records.

``PAGES`` are rows of ``pages.py``: endpoint, state, path, who looks, what they do, the answer's status.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from lending.circulation.ledger_openings import ask_to_open
from lending.circulation.records_requests import decide_request, log_request
from lending.models.people import Patron
from lending.models.privacy import Authority, RequestAbout, RequestDecision, RequestFrom
from tests.journeys.serving import Served
from tests.journeys.station import Station


def send_wrong(station: Station) -> None:
    """Send the page's own form as it stands."""
    station.page.locator("main form.card-plain[method=post] [type=submit]").first.click()
    expect(station.page.locator(".problem")).to_be_visible()


def disclose(station: Station) -> None:
    """Disclose for a subpoena, which the law does not allow."""
    station.page.locator("input[name=decision][value=disclosed]").check()
    send_wrong(station)


LEDGER = "/administration/ledger"
PAGES: tuple[tuple[Any, ...], ...] = (
    ("erasing.page", "refused", "/patrons/{ada}/erasure"),
    ("erasing.page", "free", "/patrons/{mina}/erasure"),
    ("ledger.index", "full", LEDGER),
    ("ledger.index", "error", LEDGER, "eli", send_wrong),
    ("ledger.keepers", "full", f"{LEDGER}/keepers"),
    ("records_requests.index", "full", "/records-requests"),
    ("records_requests.index", "empty", "/records-requests", "cleo"),
    ("records_requests.new", "empty", "/records-requests/new"),
    ("records_requests.new", "error", "/records-requests/new", "eli", send_wrong),
    ("records_requests.show", "waiting", "/records-requests/{asked}"),
    ("records_requests.show", "error", "/records-requests/{asked}", "eli", disclose),
    ("records_requests.show", "decided", "/records-requests/{answered}"),
)


def write_down(library: Served) -> dict[str, str]:
    """Two requests, one of them answered, and a wish to open the ledger."""
    cast = library.cast
    police = {"kind": RequestFrom.POLICE, "about": RequestAbout.WHO_HAD_A_KIT, "authority": Authority.SUBPOENA}
    press = {"kind": RequestFrom.PRESS, "about": RequestAbout.STATISTICS, "authority": Authority.NONE}
    said = {"asker": "Officer Lee Park", "note": "KIT-1042, by telephone", "routed_to": "County Counsel"}
    asked = library.act(log_request, branch_id=cast.ela, **police, **said).request
    answered = library.act(log_request, branch_id=cast.ela, **press).request
    given = {"decision": RequestDecision.STATISTICS_GIVEN, "authority": Authority.NONE}
    library.act(decide_request, request=answered, **given, by=cast.eli)
    library.act(ask_to_open, reason="Audit of 2026, asked for by the county", by=cast.eli)
    with library.database.read() as session:
        mina = session.get_one(Patron, cast.mina_id).public_id
    return {"asked": asked, "answered": answered, "mina": mina}
