"""Referrals: with written consent or not at all, an outcome by whom it is known, and consent taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.library_settings import change_settings
from lending.circulation.merging import merge
from lending.db import Database
from lending.domain.library_settings import REFERRAL_SERVICES
from lending.domain.periods import between, month_of
from lending.domain.permissions import Role
from lending.errors import Block, Reason, Refused
from lending.models.people import Patron
from lending.models.referrals import OutcomeSource, Referral, ReferralOutcome
from lending.programs.referrals import Referred, make_referral, record_outcome, withdraw_consent
from lending.queries.referrals import referral, referrals, referrals_listed, referrals_waiting
from tests.cast import LUIS, MINA, NOW, Cast
from tests.circulation.kits_in_hand import journalled, only, rows, why

TODAY = date(2026, 3, 3)
MARCH = month_of(TODAY)
SELF, CONFIRMED = OutcomeSource.SELF_REPORTED, OutcomeSource.CONFIRMED


def refer(database: Database, cast: Cast, **given: Any) -> Referred:
    """Ben refers somebody to JobsLA at East Los Angeles."""
    asked = {
        "branch_id": cast.ela,
        "sent_to": "jobsla",
        "reason": "job_search",
        "consented_on": TODAY,
        "at": NOW,
        "by": cast.ben,
    }
    return database.act(lambda session: make_referral(session, **{**asked, **given}))


def came(
    database: Database,
    cast: Cast,
    made: Referred,
    outcome: ReferralOutcome = ReferralOutcome.ENROLLED,
    source: OutcomeSource = SELF,
    on: date | None = None,
) -> Referred:
    return database.act(
        lambda session: record_outcome(
            session, referral=made.referral, outcome=outcome, source=source, on=on, at=NOW, by=cast.ben
        )
    )


def test_somebody_without_a_card_is_referred_without_a_name(database: Database, cast: Cast) -> None:
    made = refer(database, cast)
    row = only(database, Referral)
    assert made == Referred(row.public_id, None)
    assert (row.patron_id, row.sent_to, row.reason, row.referred_on) == (None, "jobsla", "job_search", TODAY)


def test_a_card_links_the_referral_to_its_holder_and_the_journal_names_nobody(database: Database, cast: Cast) -> None:
    assert refer(database, cast, patron=LUIS).patron_name == "Luis R."
    assert only(database, Referral).patron_id == cast.luis_id
    assert [entry.patron for entry in journalled(database, "make_referral")] == [None]


@pytest.mark.parametrize("consented_on", [None, TODAY + timedelta(days=1)], ids=["none", "after the referral"])
def test_nobody_is_referred_without_written_consent(database: Database, cast: Cast, consented_on: date | None) -> None:
    with pytest.raises(Refused) as refused:
        refer(database, cast, consented_on=consented_on)
    assert why(refused) == [Reason.CONSENT_NEEDED]
    assert rows(database, Referral) == []


def test_all_that_is_wrong_with_a_referral_is_told_at_once(database: Database, cast: Cast) -> None:
    tomorrow = TODAY + timedelta(days=1)
    with pytest.raises(Refused) as refused:
        refer(database, cast, sent_to="nowhere", reason="none", consented_on=None, referred_on=tomorrow)
    assert refused.value.blocks == (
        Block(Reason.VALUE_WRONG, {"field": "sent_to"}),
        Block(Reason.VALUE_WRONG, {"field": "reason"}),
        Block(Reason.CONSENT_NEEDED, {"field": "consented_on"}),
        Block(Reason.DATE_IN_THE_FUTURE, {"field": "referred_on", "on": tomorrow}),
    )
    with pytest.raises(Refused) as refused:
        refer(database, cast, referred_on=date(2024, 1, 2), consented_on=date(2024, 1, 2))
    assert why(refused) == [Reason.DATE_IN_THE_PAST]


def test_a_counsellor_refers_and_another_branch_or_a_patron_does_not(database: Database, cast: Cast) -> None:
    refer(database, cast, by=replace(cast.ben, role=Role.COUNSELLOR))
    for by in (cast.cleo, cast.ada):
        with pytest.raises(Refused) as refused:
            refer(database, cast, by=by)
        assert why(refused) == [Reason.NOT_PERMITTED]


def test_what_came_of_it_is_kept_with_who_said_so_and_may_be_corrected(database: Database, cast: Cast) -> None:
    made = refer(database, cast)
    came(database, cast, made)
    came(database, cast, made, ReferralOutcome.PLACED, CONFIRMED)
    row = only(database, Referral)
    assert (row.outcome, row.outcome_source, row.outcome_on) == (ReferralOutcome.PLACED, CONFIRMED, TODAY)
    before = [entry.detail["before"] for entry in journalled(database, "record_outcome")]
    assert before == [None, ["enrolled", "self_reported", "2026-03-03"]]


def test_nothing_comes_of_a_referral_before_it_was_made_or_tomorrow(database: Database, cast: Cast) -> None:
    made = refer(database, cast)
    for on, reason in (
        (TODAY - timedelta(days=1), Reason.DATE_IN_THE_PAST),
        (TODAY + timedelta(days=1), Reason.DATE_IN_THE_FUTURE),
    ):
        with pytest.raises(Refused) as refused:
            came(database, cast, made, on=on)
        assert why(refused) == [reason]


def test_consent_taken_back_cuts_the_link_at_once_and_the_referral_stays_counted(
    database: Database, cast: Cast
) -> None:
    made = refer(database, cast, patron=LUIS)
    for _ in range(2):
        database.act(lambda session: withdraw_consent(session, referral=made.referral, at=NOW, by=cast.ben))
    assert only(database, Referral).patron_id is None
    assert len(journalled(database, "withdraw_consent")) == 1
    with pytest.raises(Refused) as refused:
        came(database, cast, made)
    assert why(refused) == [Reason.CONSENT_WITHDRAWN]
    with database.read() as session:
        found = referrals(session, None, MARCH)
        assert referrals_waiting(session, None) == ([], None)
    assert (found.made, found.services[0].waiting) == (1, 0)


def test_another_branchs_referral_is_not_answered(database: Database, cast: Cast) -> None:
    made = refer(database, cast)
    with pytest.raises(Refused) as refused:
        database.act(lambda session: withdraw_consent(session, referral=made.referral, at=NOW, by=cast.cleo))
    assert why(refused) == [Reason.NOT_PERMITTED]
    with database.read() as session, pytest.raises(Refused) as refused:
        referral(session, made.referral, frozenset({cast.com}))
    assert why(refused) == [Reason.NOT_FOUND]


def test_those_that_wait_are_listed_by_age_page_by_page(database: Database, cast: Cast) -> None:
    days = [TODAY - timedelta(days=n) for n in (1, 30, 7, 30)]
    made = [refer(database, cast, referred_on=day, consented_on=day) for day in days]
    came(database, cast, made[2], ReferralOutcome.UNKNOWN)
    with database.read() as session:
        first, more = referrals_waiting(session, frozenset({cast.ela}), limit=2)
        rest, end = referrals_waiting(session, frozenset({cast.ela}), after=more, limit=2)
        everything, _ = referrals_listed(session, None)
        assert referrals_waiting(session, frozenset({cast.com})) == ([], None)
    assert [one.referral for one in (*first, *rest)] == [made[n].referral for n in (1, 3, 0)]
    assert end is None
    assert len(everything) == 4


def test_who_enrolled_with_jobsla_is_counted_on_the_day_it_happened(database: Database, cast: Cast) -> None:
    earlier = TODAY - timedelta(days=40)
    first = refer(database, cast, referred_on=earlier, consented_on=earlier)
    others = [refer(database, cast) for _ in range(4)]
    refer(database, cast, sent_to="worksource", reason="training")
    came(database, cast, first)
    came(database, cast, others[0], source=CONFIRMED)
    came(database, cast, others[1], ReferralOutcome.DID_NOT_GO)
    came(database, cast, others[2], ReferralOutcome.UNKNOWN)
    with database.read() as session:
        found = referrals(session, frozenset({cast.ela}), MARCH)
        nothing = referrals(session, None, between(date(2025, 1, 1), date(2025, 12, 31)))
    jobsla, worksource = found.services
    assert (found.made, jobsla.made, jobsla.waiting, worksource.waiting) == (5, 4, 1, 1)
    assert (found.enrolled_with("jobsla"), jobsla.confirmed) == (2, {ReferralOutcome.ENROLLED: 1})
    assert jobsla.outcomes[ReferralOutcome.UNKNOWN] == 1
    assert found.enrolled_with("worksource") == 0
    assert dict(found.by_reason) == {"job_search": 4, "training": 1}
    assert (nothing.made, nothing.enrolled_with("jobsla")) == (None, None)


def test_a_service_of_the_librarys_own_is_referred_to(database: Database, cast: Cast) -> None:
    own = {REFERRAL_SERVICES: "Adult school"}
    database.act(lambda session: change_settings(session, given=own, at=NOW, by=cast.eli))
    refer(database, cast, sent_to="adult_school")
    with pytest.raises(Refused):
        refer(database, cast)


def test_a_merged_record_takes_its_referrals_along(database: Database, cast: Cast) -> None:
    refer(database, cast, patron=MINA)
    with database.read() as session:
        ids = {row.id: row.public_id for row in session.execute(select(Patron.id, Patron.public_id))}
    loser, survivor = ids[cast.mina_id], ids[cast.luis_id]
    database.act(lambda session: merge(session, loser=loser, survivor=survivor, at=NOW, by=cast.eli))
    assert only(database, Referral).patron_id == cast.luis_id
    with pytest.raises(Refused) as refused:
        refer(database, cast, patron=MINA)
    assert why(refused) == [Reason.CARD_REPLACED]
