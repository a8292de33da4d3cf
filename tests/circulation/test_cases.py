"""Cases a circulation librarian would try, through the verbs: those that stand in no other module of this folder.

Cases 1, 6, 8, 9 and 12 are with inspection, transfers, renewal and lost kits; 3 and 4 with check-out.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from lending.circulation.checkout import CheckedOut, Override, check_out
from lending.circulation.missing_parts import report_missing_part
from lending.circulation.parts import resolve_part_code
from lending.circulation.patrons import replace_card
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.barcodes import CodeSpaces, Kind, read
from lending.errors import Reason, Refused
from lending.models.branches import Closure
from lending.models.cohorts import Cohort
from lending.models.loans import Loan, LoanPart
from lending.models.people import Household, Patron
from lending.models.policies import Policy
from tests.cast import ADA, IMEI, KIT, LUIS, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast

SPRING = datetime(2026, 4, 14, 18, 0, tzinfo=UTC)
MEMORIAL_DAY = date(2026, 5, 25)
NO_OVERRIDE = Override()


def _out(
    database: Database,
    cast: Cast,
    kit: str,
    card: str,
    at: datetime = NOW,
    by: Actor | None = None,
    override: Override = NO_OVERRIDE,
) -> CheckedOut:
    return database.act(
        lambda s: check_out(s, kit=kit, patron=card, branch_id=cast.ela, at=at, by=by or cast.ben, override=override)
    )


def _ends_on_memorial_day(database: Database, cast: Cast) -> None:
    def change(session: object) -> None:
        session.execute(  # type: ignore[attr-defined]  # the session that Database.act gives
            update(Cohort).values(
                starts_on=date(2026, 4, 14),
                ends_on=MEMORIAL_DAY,
                return_by=MEMORIAL_DAY,
                pickup_from=date(2026, 4, 7),
            )
        )
        session.add(  # type: ignore[attr-defined]  # the same
            Closure(starts_on=MEMORIAL_DAY, ends_on=MEMORIAL_DAY, reason="Memorial Day")
        )

    database.act(change)


def test_case_2_a_cohort_that_ends_on_memorial_day_is_due_on_tuesday(database: Database, cast: Cast) -> None:
    _ends_on_memorial_day(database, cast)
    answer = _out(database, cast, KIT, ADA, SPRING)
    assert answer.due_on == date(2026, 5, 26)
    assert answer.due_at == datetime(2026, 5, 27, 3, 0, tzinfo=UTC)  # Tuesday 20:00 in Los Angeles


def test_case_2_when_tuesday_is_closed_too_it_is_the_next_open_day(database: Database, cast: Cast) -> None:
    _ends_on_memorial_day(database, cast)
    tuesday = date(2026, 5, 26)
    database.act(lambda s: s.add(Closure(branch_id=cast.ela, starts_on=tuesday, ends_on=tuesday, reason="Staff day")))
    assert _out(database, cast, KIT, ADA, SPRING).due_on == date(2026, 5, 27)


def _same_household(database: Database, cast: Cast, *, exempt: bool) -> None:
    def change(session: object) -> None:
        session.add(Household(id=1, address_key="12 oak st #3", exempt=exempt))  # type: ignore[attr-defined]  # as above
        session.flush()  # type: ignore[attr-defined]  # the patrons below need its key
        session.execute(update(Patron).values(household_id=1))  # type: ignore[attr-defined]  # as above
        session.execute(update(Policy).values(household_limit=1))  # type: ignore[attr-defined]  # as above

    database.act(change)


def test_case_7_a_second_card_at_the_same_address_is_refused_and_overridden_with_a_reason(
    database: Database, cast: Cast
) -> None:
    _same_household(database, cast, exempt=False)
    _out(database, cast, OPEN_KIT, LUIS)
    with pytest.raises(Refused) as refused:
        _out(database, cast, KIT, ADA)
    assert [block.reason for block in refused.value.blocks] == [Reason.HOUSEHOLD_LIMIT]
    assert not refused.value.blocks[0].overridable
    override = Override(frozenset({Reason.HOUSEHOLD_LIMIT}), "two students in one home")
    _out(database, cast, KIT, ADA, by=cast.eli, override=override)
    with database.read() as session:
        kept = session.scalars(select(Loan.override).order_by(Loan.id.desc())).first()
    assert kept == {"reasons": ["household_limit"], "note": "two students in one home"}


def test_case_7_a_shelter_is_exempt(database: Database, cast: Cast) -> None:
    _same_household(database, cast, exempt=True)
    _out(database, cast, OPEN_KIT, LUIS)
    assert _out(database, cast, KIT, ADA).kit == KIT


def test_case_10_the_hotspots_imei_names_its_kit_and_lends_nothing(database: Database, cast: Cast) -> None:
    code = read(IMEI, CodeSpaces())
    assert code.kind is Kind.IMEI
    with database.read() as session:
        found = resolve_part_code(session, code.text)
    assert found is not None
    assert found.kit == KIT
    with pytest.raises(Refused) as refused:
        _out(database, cast, IMEI, ADA)
    assert [block.reason for block in refused.value.blocks] == [Reason.KIT_UNKNOWN]


def test_case_12_new_loan_rules_leave_the_due_dates_of_loans_alone(database: Database, cast: Cast) -> None:
    before = _out(database, cast, OPEN_KIT, LUIS)
    database.act(lambda s: s.add(Policy(valid_from=NOW + timedelta(hours=1), loan_days=7)))
    after = _out(database, cast, OTHER_OPEN_KIT, ADA, NOW + timedelta(hours=2))
    assert after.due_on == date(2026, 3, 10)
    with database.read() as session:
        assert session.scalars(select(Loan.due_at).where(Loan.public_id == before.loan)).one() == before.due_at


def test_a_replaced_card_says_so_and_the_loan_follows_the_patron(database: Database, cast: Cast) -> None:
    _out(database, cast, OPEN_KIT, LUIS)
    new = read("29999000000042", CodeSpaces())
    with database.read() as session:
        luis = session.scalars(select(Patron.public_id).where(Patron.id == cast.luis_id)).one()
    database.act(lambda s: replace_card(s, patron=luis, card=new, at=NOW, by=cast.ben))
    with pytest.raises(Refused) as refused:
        _out(database, cast, OTHER_OPEN_KIT, LUIS)
    assert [block.reason for block in refused.value.blocks] == [Reason.CARD_REPLACED]
    with pytest.raises(Refused) as refused:
        _out(database, cast, OTHER_OPEN_KIT, new.text)
    assert [block.reason for block in refused.value.blocks] == [Reason.LIMIT_REACHED]


def test_a_part_reported_missing_within_48_hours_is_kept_as_not_the_patrons(database: Database, cast: Cast) -> None:
    _out(database, cast, KIT, ADA)
    with database.read() as session:
        charger = session.scalars(select(LoanPart.part_id).where(LoanPart.name == "Charger")).one()
    at = NOW + timedelta(hours=47)
    database.act(lambda s: report_missing_part(s, kit=KIT, part_id=charger, at=at, by=cast.ben))
    with database.read() as session:
        assert session.scalars(select(LoanPart.reported_missing_at).where(LoanPart.part_id == charger)).one() == at


def test_after_48_hours_a_part_can_no_longer_be_reported(database: Database, cast: Cast) -> None:
    _out(database, cast, KIT, ADA)
    with database.read() as session:
        charger = session.scalars(select(LoanPart.part_id).where(LoanPart.name == "Charger")).one()
    with pytest.raises(Refused):
        database.act(
            lambda s: report_missing_part(s, kit=KIT, part_id=charger, at=NOW + timedelta(hours=49), by=cast.ben)
        )
