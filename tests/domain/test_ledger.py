"""What belongs in the ledger of ECF equipment, how long, and when it opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from lending.domain.ledger import ALONE_AFTER, OPEN_FOR, Opening, Stand, is_ecf, keep_until, opens_at, stand_of

ASKED = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPENING = Opening(ASKED, None, None, None)


@pytest.mark.parametrize("fund", ["ECF", "ECF 2021", "ecf window 2", "FCC/ECF", "ECF-1", "Emergency Connectivity Fund"])
def test_a_fund_with_the_word_ecf_is_federal_money(fund: str) -> None:
    assert is_ecf(fund)


@pytest.mark.parametrize("fund", [None, "", "Friends", "LSTA", "DECFUND", "ECFA"])
def test_any_other_is_not(fund: str | None) -> None:
    assert not is_ecf(fund)


def test_a_record_is_kept_ten_years_from_its_last_day() -> None:
    assert keep_until([date(2026, 3, 3), None, date(2026, 4, 14)]) == date(2036, 4, 14)
    assert keep_until([date(2028, 2, 29)]) == date(2038, 3, 1)


def test_nobody_opens_it_alone_at_once() -> None:
    assert opens_at(OPENING) is None
    assert stand_of(OPENING, ASKED + 100 * HOUR) is Stand.WAITING


def test_another_administrator_opens_it_at_once_and_for_a_day() -> None:
    approved = replace(OPENING, approved_at=ASKED + HOUR)
    assert stand_of(approved, ASKED + HOUR) is Stand.OPEN
    assert stand_of(approved, ASKED + HOUR + OPEN_FOR) is Stand.OVER


def test_one_alone_opens_it_a_day_after_the_others_were_told_and_for_a_day() -> None:
    told = replace(OPENING, told_at=ASKED + HOUR)
    assert stand_of(told, ASKED + HOUR + ALONE_AFTER - timedelta(seconds=1)) is Stand.WAITING
    assert stand_of(told, ASKED + HOUR + ALONE_AFTER) is Stand.OPEN
    assert stand_of(told, ASKED + HOUR + ALONE_AFTER + OPEN_FOR) is Stand.OVER


def test_what_was_taken_back_never_opens() -> None:
    closed = replace(OPENING, approved_at=ASKED, told_at=ASKED, closed_at=ASKED + HOUR)
    assert stand_of(closed, ASKED + HOUR) is Stand.CLOSED
