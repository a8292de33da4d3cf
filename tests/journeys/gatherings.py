"""Workshops, a stocktake and a queue, for the pages that show them; all made through the verbs."""

from __future__ import annotations

from datetime import timedelta

from lending.circulation.stocktake import begin, end, see
from lending.domain.barcodes import library_code
from lending.models.cohorts import AttendanceMode, HeadCountKind, WorkshopMode
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
    return {"workshop": last_week, "empty_workshop": empty, "stocktake": counting, "counted": ended}
