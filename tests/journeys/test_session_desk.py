"""A session's morning: handed out by card and kit, collected by kits alone, without a click."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect
from sqlalchemy import update

from lending.clock import SystemClock
from lending.domain.barcodes import library_code
from lending.domain.states import LoanState
from lending.models.cohorts import Pool
from lending.programs.enrolment import enrol
from tests.cast import ADA, KIT, LUIS, kit, patron
from tests.journeys.conftest import Enter
from tests.journeys.crowd import NAMES
from tests.journeys.serving import Served

PEOPLE = 18


def full_session(library: Served) -> tuple[list[str], list[str]]:
    """Work Ready 7 with Ada and 17 others, each promised a kit of East Los Angeles; gives their cards and kits."""
    cast, at = library.cast, library.clock.now()
    cards = [library_code("2", "9999", 5000 + n) for n in range(PEOPLE - 1)]
    kits = [f"KIT-{5000 + n}" for n in range(PEOPLE - 1)]

    def write(session: Any) -> None:
        session.execute(update(Pool).where(Pool.cohort_id == cast.cohort).values(kits=PEOPLE))
        for card, name, code in zip(cards, NAMES, kits, strict=False):
            kit(session, code, cast.work_ready, cast.ela)
            patron(session, card, name, cast.ela)
            enrol(session, patron=card, cohort="WR-7", pickup_branch_id=cast.ela, at=at, by=cast.ben)

    library.database.act(write)
    return [ADA, *cards], [KIT, *kits]


def test_a_session_of_18_is_handed_out_by_36_scans_without_a_click(library: Served, enter: Enter) -> None:
    cards, kits = full_session(library)
    desk = enter("ben", "/sessions/WR-7/desk")
    desk.page.evaluate("() => { window.clicks = 0; addEventListener('click', () => window.clicks++, true); }")
    began = SystemClock().now()
    desk.scan_all([code for pair in zip(cards, kits, strict=True) for code in pair], seed=18)
    desk.counts(out=PEOPLE, not_done=0, waiting=0)
    seconds = (SystemClock().now() - began).total_seconds()
    assert [(loan.state, loan.cohort_id) for loan in library.loans()] == [(LoanState.OUT, library.cast.cohort)] * PEOPLE
    assert (len(desk.sent), desk.page.evaluate("window.clicks")) == (36, 0)
    assert seconds < 60
    assert desk.log()[0].endswith("18 of 18 out.")
    expect(desk.page.locator("#roster")).to_contain_text("18 of 18 kits out")
    assert desk.focus() == "code"


def test_kits_alone_collect_them_again(library: Served, enter: Enter) -> None:
    cards, kits = full_session(library)
    for card, code in list(zip(cards, kits, strict=True))[:3]:
        library.act(_hand_out, card=card, code=code)
    desk = enter("ben", "/session-desk")
    desk.scan_all(kits[:3], seed=3).counts(in_=3, out=3, not_done=0, waiting=0)
    assert {loan.state for loan in library.loans()} == {LoanState.RECEIVED}
    assert desk.log()[0].endswith("0 of 18 out.")
    expect(desk.page.locator("#roster")).to_contain_text("0 of 18 kits out")


def test_the_roster_beside_the_scans_shows_who_is_missing(library: Served, enter: Enter) -> None:
    full_session(library)
    desk = enter("ben", "/sessions/WR-7/desk")
    row = desk.page.locator("#roster li", has_text="Ada M.")
    expect(row).to_contain_text("promised")
    desk.scan(ADA).scan(KIT).counts(out=1, waiting=0)
    expect(row).to_contain_text(KIT)
    desk.press("Alt+Z").counts(out=0, waiting=0)
    expect(row).to_contain_text("promised")


def test_two_scans_enrol_somebody(library: Served, enter: Enter) -> None:
    desk = enter("ben", "/enrol")
    desk.scan(LUIS).scan("CO-WR-7").says("Luis R. has a seat in Work Ready 7. A kit is promised.")
    assert len(desk.sent) == 2
    assert desk.focus() == "code"


def _hand_out(session: Any, *, card: str, code: str, at: Any, by: Any) -> None:
    from lending.circulation.checkout import check_out

    check_out(session, kit=code, patron=card, branch_id=next(iter(by.branch_ids)), at=at, by=by)
