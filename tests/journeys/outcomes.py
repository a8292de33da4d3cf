"""The pages of what desks tally, in their states; and a library with something in each of them, through the verbs.

``PAGES`` are rows of ``pages.py``: endpoint, state, path, and who looks or what they do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from playwright.sync_api import expect

from lending.circulation.in_library import use_kit
from lending.domain.hiring import EventTally, Figure
from lending.models.inquiries import InquiryChannel
from lending.models.referrals import OutcomeSource, ReferralOutcome
from lending.programs.hiring import EventPlan, cancel_event, plan_event, set_figures, tally_event
from lending.programs.inquiries import tally
from lending.programs.referrals import make_referral, record_outcome, withdraw_consent
from tests.cast import ADA, LUIS, kit
from tests.journeys.serving import Served
from tests.journeys.station import Station


def send_wrong(station: Station) -> None:
    """Send the page's own form as it stands."""
    station.page.locator("main form.card-plain[method=post] [type=submit]").first.click()
    expect(station.page.locator(".problem")).to_be_visible()


def write_in_tomorrow(station: Station) -> None:
    """Write a sheet of paper in that is of tomorrow."""
    station.page.locator("details summary").last.click()
    station.page.locator("#day").fill("2026-03-04")
    station.page.locator("#count").fill("5")
    station.page.locator("form[action$=sheets] [type=submit]").click()
    expect(station.page.locator(".problem")).to_be_visible()


def too_many_people(station: Station) -> None:
    """Say that more people had an offer than there were offers."""
    station.page.locator("#people_offered").fill("9")
    station.page.locator("form[action$=figures] [type=submit]").click()
    expect(station.page.locator(".problem")).to_be_visible()


def one_key(station: Station) -> None:
    """Press a key, and see it counted."""
    station.page.keyboard.press("2")
    expect(station.page.locator("#tally-says")).not_to_be_empty()


PAGES: tuple[tuple[tuple[str, str, str], dict[str, Any]], ...] = (
    (("inquiries.page", "full", "/inquiries"), {"do": one_key}),
    (("inquiries.page", "empty", "/inquiries"), {"who": "cleo"}),
    (("inquiries.page", "error", "/inquiries"), {"do": write_in_tomorrow}),
    (("referrals.index", "full", "/referrals"), {}),
    (("referrals.index", "empty", "/referrals"), {"who": "cleo"}),
    (("referrals.new", "empty", "/referrals/new"), {}),
    (("referrals.new", "error", "/referrals/new"), {"do": send_wrong}),
    (("referrals.show", "open", "/referrals/{referral}"), {}),
    (("referrals.show", "withdrawn", "/referrals/{withdrawn}"), {}),
    (("hiring.index", "full", "/hiring-events"), {}),
    (("hiring.index", "empty", "/hiring-events"), {"who": "cleo"}),
    (("hiring.new", "error", "/hiring-events/new"), {"do": send_wrong}),
    (("hiring.show", "full", "/hiring-events/{expo}"), {"do": one_key}),
    (("hiring.show", "error", "/hiring-events/{expo}"), {"do": too_many_people}),
    (("hiring.show", "cancelled", "/hiring-events/{cancelled_expo}"), {}),
    (("hiring.edit", "full", "/hiring-events/{expo}/edit"), {}),
    (("in_library.page", "full", "/in-library"), {}),
    (("in_library.page", "empty", "/in-library"), {"who": "cleo"}),
    (("in_library.at_workshop", "empty", "/workshops/{empty_workshop}/kits"), {}),
    (("in_library.at_hiring_event", "full", "/hiring-events/{expo}/kits"), {}),
    (("kits.show", "in use", "/kits/KIT-7001"), {}),
    (("outcome_lists.edit", "full", "/administration/outcomes"), {}),
)


def write_down(library: Served) -> dict[str, str]:
    """Inquiries of a morning, referrals of a year, two hiring events, and three kits in use, one since yesterday."""
    cast, now = library.cast, library.clock.now()
    for n, topic in enumerate(("job_search", "resume", "unemployment")):
        channel = InquiryChannel.PHONE if n else InquiryChannel.IN_PERSON
        library.act(tally, branch_id=cast.ela, topic=topic, channel=channel, n=7 * n + 3, by=cast.eli)
    made = []
    for days, card in ((0, ADA), (200, None), (30, LUIS), (8, None)):
        on = (now - timedelta(days=days)).date()
        given = {"sent_to": "jobsla", "reason": "job_search", "patron": card, "consented_on": on, "referred_on": on}
        made.append(library.act(make_referral, branch_id=cast.ela, **given).referral)
    answer = {"outcome": ReferralOutcome.ENROLLED, "source": OutcomeSource.CONFIRMED}
    library.act(record_outcome, referral=made[2], **answer)
    library.act(withdraw_consent, referral=made[3])
    begins = now + timedelta(hours=1)
    plan = EventPlan("Spring hiring expo", begins, begins + timedelta(hours=3), "work-ready", "Belvedere Park")
    expo = library.act(plan_event, branch_id=cast.ela, plan=plan).event
    for what in (EventTally.ATTENDEE, EventTally.OFFER, EventTally.ANOTHER_OFFER):
        library.act(tally_event, event=expo, what=what)
    library.act(set_figures, event=expo, figures={Figure.REGISTERED: 120})
    cancelled = library.act(plan_event, branch_id=cast.ela, plan=plan).event
    library.act(cancel_event, event=cancelled)
    for n in (1, 2, 3):
        library.database.act(lambda session, n=n: kit(session, f"KIT-700{n}", cast.laptop_hotspot, cast.ela) and None)
    library.act(use_kit, kit="KIT-7001", branch_id=cast.ela, at=now - timedelta(days=1))
    library.act(use_kit, kit="KIT-7002", branch_id=cast.ela, patron=ADA)
    library.act(use_kit, kit="KIT-7003", branch_id=cast.ela, hiring_event=expo)
    return {"referral": made[0], "withdrawn": made[3], "expo": expo, "cancelled_expo": cancelled}
