"""Workshops, stocktakes, a queue and webhooks, for the pages that show them; all made through the verbs."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from lending.circulation.deliveries import claim, mark_gone, mark_not_taken, mark_refused, mark_taken
from lending.circulation.stocktake import begin, end, see
from lending.circulation.webhooks import add_webhook, try_webhook
from lending.domain.barcodes import library_code
from lending.models.cohorts import AttendanceMode, HeadCountKind, WorkshopMode
from lending.models.webhooks import Webhook
from lending.programs.enrolment import enrol
from lending.programs.workshops import post_recording, record_views, set_head_count, sign_in
from tests.cast import ADA, COMPTON_KIT, KIT, MINA, OTHER_KIT
from tests.journeys.serving import Served
from tests.programs.meetings import BEGINS, meeting


def gather(library: Served) -> dict[str, str]:
    """Two workshops, one of them with all that can be told of it; two counts; more people than kits at Compton."""
    cast, now = library.cast, library.clock.now()
    last_week = meeting(library.database, cast, n=5, begins=BEGINS - timedelta(days=7))
    empty = meeting(library.database, cast, WorkshopMode.VIRTUAL, n=6)
    for card, mode in ((ADA, AttendanceMode.ONSITE), (MINA, AttendanceMode.VIRTUAL)):
        library.act(sign_in, workshop=last_week, patron=card, mode=mode)
    library.act(set_head_count, workshop=last_week, kind=HeadCountKind.DEVICES, n=12)
    posted_on = (now - timedelta(days=5)).date()
    library.act(post_recording, workshop=last_week, posted_on=posted_on)
    library.act(record_views, workshop=last_week, day=posted_on, views=20)
    ended = library.act(begin, branch_id=cast.ela, place="").stocktake
    for kit in (KIT, OTHER_KIT, COMPTON_KIT):
        library.act(see, stocktake=ended, kit=kit)
    library.act(end, stocktake=ended)
    counting = library.act(begin, branch_id=cast.ela, place="").stocktake
    library.act(see, stocktake=counting, kit=OTHER_KIT)
    library.act(see, stocktake=counting, kit=COMPTON_KIT)
    for card in (MINA, *(library_code("2", "9999", 3000 + place) for place in (1, 2, 3))):
        library.act(enrol, patron=card, cohort="WR-7", pickup_branch_id=cast.com, by=cast.eli)
    return {**listen(library), "workshop": last_week, "empty_workshop": empty, "stocktake": counting, "counted": ended}


KEY = "k" * 40
"""The library's own key (``tests/journeys/whole.py``)."""


def listen(library: Served) -> dict[str, str]:
    """A webhook with a message of every fate, one that switched itself off, and one that was never told of anything."""
    cast, by = library.cast, library.cast.system

    def add(host: str, *events: str) -> str:
        made = library.act(add_webhook, url=f"https://{host}/lending", events=events, key=KEY, by=cast.eli)
        return str(made.webhook)

    names = [
        add("carrier.example.org", "line.*", "kit.freed"),
        add("old.example.net:8443", "*"),
        add("quiet.example", "*"),
    ]
    with library.database.read() as session:
        ids = dict(session.execute(select(Webhook.public_id, Webhook.id)).all())
    fates = (
        lambda claimed: library.act(mark_taken, claimed=claimed, by=by),
        lambda claimed: library.act(mark_refused, claimed=claimed, problem="http 422", by=by),
        lambda claimed: library.act(
            mark_not_taken, claimed=claimed, problem="timeout", choked=False, retry_after=None, by=by
        ),
    )
    for fate in fates:
        library.act(try_webhook, webhook=names[0], by=cast.eli)
        fate(library.act(claim, webhook_id=ids[names[0]], key=KEY, by=by))
    library.act(try_webhook, webhook=names[1], by=cast.eli)
    gone = library.act(claim, webhook_id=ids[names[1]], key=KEY, by=by)
    library.act(mark_gone, claimed=gone, problem="http 410", by=by)
    return dict(zip(("webhook", "stopped_webhook", "silent_webhook"), names, strict=True))
