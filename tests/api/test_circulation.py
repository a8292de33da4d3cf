"""Check-outs, returns and what else happens to a loan, through the API."""

from __future__ import annotations

from tests.api.conftest import Door
from tests.cast import ADA, KIT


def test_a_check_out_answers_with_the_loan(both: Door) -> None:
    answer = both.ben.post("/checkouts", {"patron": ADA, "kit": KIT, "branch": "ELA"})
    assert answer.status_code == 201, answer.text
    loan = answer.json["loan"]
    assert len(loan.pop("id")) == 16
    assert loan == {
        "kit": KIT,
        "kit_type": "work-ready",
        "patron": ADA,
        "cohort": "WR-7",
        "branch": "ELA",
        "checked_out_at": "2026-03-03T10:00:00-08:00",
        "due_at": "2026-04-10T18:00:00-07:00",
        "received_at": None,
        "state": "out",
        "rule": "cohort_return_by",
    }
