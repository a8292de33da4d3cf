"""Claims about second factors of staff: set up, asked for, each code taken once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from lending.circulation import second_factors as verbs
from lending.domain.actors import Actor
from lending.errors import Reason
from lending.models.people import RecoveryCode, Staff
from tests.circulation.town import AT, Town

STEP = timedelta(seconds=30)
KEY = "the key of an invented library, long enough"


def _row(town: Town, by: Actor) -> Staff:
    found: Staff = town.one(select(Staff).where(Staff.id == by.staff_id))
    return found


def code_at(secret: str, clock: datetime) -> str:
    return pyotp.TOTP(secret).at(clock)


@pytest.fixture
def secret(town: Town) -> str:
    """Ben's, which waits for its first code."""
    return town.act(verbs.begin_second_factor, by=town.ben, key=KEY)


@pytest.fixture
def codes(town: Town, secret: str) -> list[str]:
    """Ben's recovery codes; his factor is in use."""
    return town.act(verbs.confirm_second_factor, by=town.ben, key=KEY, code=code_at(secret, AT), clock=AT)


def test_a_secret_counts_once_its_first_code_was_typed(town: Town, secret: str) -> None:
    assert _row(town, town.ben).totp_confirmed_at is None
    before = _row(town, town.ben).session_version
    given = {"by": town.ben, "key": KEY, "clock": AT}
    assert town.reasons(verbs.confirm_second_factor, code="000000", **given) == [Reason.SECOND_FACTOR_WRONG]
    made = town.act(verbs.confirm_second_factor, code=code_at(secret, AT), **given)
    row = _row(town, town.ben)
    assert (row.totp_confirmed_at, len(made)) == (AT, 10)
    assert row.session_version != before
    for entry in (*town.journal("begin_second_factor"), *town.journal("confirm_second_factor")):
        assert secret not in str(entry.detail)


def test_a_secret_begun_again_is_another_one(town: Town, secret: str) -> None:
    assert town.act(verbs.begin_second_factor, by=town.ben, key=KEY) != secret


def test_one_in_use_is_neither_begun_nor_confirmed_again(town: Town, secret: str, codes: list[str]) -> None:
    assert town.reasons(verbs.begin_second_factor, by=town.ben, key=KEY) == [Reason.WRONG_STATE]
    later = AT + 2 * STEP
    given = {"code": code_at(secret, later), "key": KEY, "clock": later}
    assert town.reasons(verbs.confirm_second_factor, by=town.ben, **given) == [Reason.WRONG_STATE]


def test_a_code_is_taken_once_and_the_first_one_was_taken_already(town: Town, secret: str, codes: list[str]) -> None:
    first, later = code_at(secret, AT), AT + STEP
    assert town.reasons(verbs.use_code, by=town.ben, key=KEY, code=first, clock=AT) == [Reason.SECOND_FACTOR_WRONG]
    town.act(verbs.use_code, by=town.ben, key=KEY, code=code_at(secret, later), clock=later)
    for clock in (later, later + STEP):
        refused = town.reasons(verbs.use_code, by=town.ben, key=KEY, code=code_at(secret, later), clock=clock)
        assert refused == [Reason.SECOND_FACTOR_WRONG]


def test_a_code_older_than_the_last_one_taken_opens_nothing(town: Town, secret: str, codes: list[str]) -> None:
    later = AT + 2 * STEP
    town.act(verbs.use_code, by=town.ben, key=KEY, code=code_at(secret, later), clock=later)
    older = code_at(secret, later - STEP)
    assert town.reasons(verbs.use_code, by=town.ben, key=KEY, code=older, clock=later) == [Reason.SECOND_FACTOR_WRONG]


def test_a_code_is_nobody_elses(town: Town, secret: str, codes: list[str]) -> None:
    later = AT + STEP
    for code in (code_at(secret, later), codes[0]):
        assert town.reasons(verbs.use_code, by=town.mona, key=KEY, code=code, clock=later) == [
            Reason.SECOND_FACTOR_WRONG
        ]


def test_a_factor_that_waits_to_be_confirmed_opens_nothing(town: Town, secret: str) -> None:
    code = code_at(secret, AT)
    assert town.reasons(verbs.use_code, by=town.ben, key=KEY, code=code, clock=AT) == [Reason.SECOND_FACTOR_WRONG]


def test_a_recovery_code_works_once_and_is_kept_as_a_digest(town: Town, codes: list[str]) -> None:
    kept = town.every(select(RecoveryCode.digest))
    assert len(kept) == 10
    assert not set(kept) & set(codes)
    town.act(verbs.use_code, by=town.ben, key=KEY, code=codes[3].upper(), clock=AT)
    assert town.reasons(verbs.use_code, by=town.ben, key=KEY, code=codes[3], clock=AT) == [Reason.SECOND_FACTOR_WRONG]
    town.act(verbs.use_code, by=town.ben, key=KEY, code=codes[4], clock=AT)
    assert [entry.staff_id for entry in town.journal("use_recovery_code")] == [town.ben.staff_id] * 2
    assert codes[3] not in str(town.journal("use_recovery_code")[0].detail)


def test_new_recovery_codes_end_the_old_ones(town: Town, codes: list[str]) -> None:
    made = town.act(verbs.renew_recovery_codes, by=town.ben)
    assert town.reasons(verbs.use_code, by=town.ben, key=KEY, code=codes[0], clock=AT) == [Reason.SECOND_FACTOR_WRONG]
    town.act(verbs.use_code, by=town.ben, key=KEY, code=made[0], clock=AT)
    assert town.reasons(verbs.renew_recovery_codes, by=town.mona) == [Reason.WRONG_STATE]


def test_an_administrator_takes_a_lost_factor_away_and_nobody_else_does(
    town: Town, secret: str, codes: list[str]
) -> None:
    ben, before = _row(town, town.ben).public_id, _row(town, town.ben).session_version
    assert town.reasons(verbs.remove_second_factor, by=town.mona, staff=ben) == [Reason.NOT_PERMITTED]
    town.act(verbs.remove_second_factor, by=town.ida, staff=ben)
    row = _row(town, town.ben)
    assert (row.totp_secret, row.totp_confirmed_at, row.totp_last_step) == (None, None, None)
    assert row.session_version != before
    assert town.every(select(RecoveryCode)) == []
    assert town.journal("remove_second_factor")[0].staff_id == town.ida.staff_id
    later = AT + STEP
    for code in (codes[0], code_at(secret, later)):
        assert town.reasons(verbs.use_code, by=town.ben, key=KEY, code=code, clock=later) == [
            Reason.SECOND_FACTOR_WRONG
        ]
    assert town.reasons(verbs.remove_second_factor, by=town.ida, staff=ben) == [Reason.NOT_FOUND]


def test_one_takes_ones_own_away(town: Town, codes: list[str]) -> None:
    town.act(verbs.remove_second_factor, by=town.ben, staff=_row(town, town.ben).public_id)
    assert _row(town, town.ben).totp_confirmed_at is None


def test_a_copy_of_the_database_tells_no_secret(town: Town, secret: str, codes: list[str]) -> None:
    kept = _row(town, town.ben).totp_secret or ""
    assert len(kept) == 64
    assert secret not in kept


def test_a_secret_in_somebody_elses_row_opens_nothing(town: Town, secret: str, codes: list[str]) -> None:
    kept = _row(town, town.ben).totp_secret
    _keep(town, town.mona, totp_secret=kept, totp_confirmed_at=AT)
    later = AT + STEP
    refused = town.reasons(verbs.use_code, by=town.mona, key=KEY, code=code_at(secret, later), clock=later)
    assert refused == [Reason.SECOND_FACTOR_WRONG]


def test_a_secret_from_before_there_was_hiding_is_hidden_by_its_next_code(
    town: Town, secret: str, codes: list[str]
) -> None:
    _keep(town, town.ben, totp_secret=secret)
    for turn in (1, 2):
        clock = AT + turn * STEP
        town.act(verbs.use_code, by=town.ben, key=KEY, code=code_at(secret, clock), clock=clock)
        assert len(_row(town, town.ben).totp_secret or "") == 64


def test_one_that_waited_since_before_is_hidden_when_it_is_confirmed(town: Town, secret: str) -> None:
    _keep(town, town.ben, totp_secret=secret)
    town.act(verbs.confirm_second_factor, by=town.ben, key=KEY, code=code_at(secret, AT), clock=AT)
    assert len(_row(town, town.ben).totp_secret or "") == 64


def test_under_another_key_the_phone_opens_nothing_and_the_paper_still_does(
    town: Town, secret: str, codes: list[str]
) -> None:
    given = {"by": town.ben, "key": "another key of the library, as long", "clock": AT + STEP}
    wrong = town.reasons(verbs.use_code, code=code_at(secret, AT + STEP), **given)
    assert wrong == [Reason.SECOND_FACTOR_WRONG]
    town.act(verbs.use_code, code=codes[0], **given)


def test_one_that_waits_under_another_key_is_begun_again(town: Town, secret: str) -> None:
    given = {"by": town.ben, "key": "another key of the library, as long", "clock": AT}
    assert town.reasons(verbs.confirm_second_factor, code=code_at(secret, AT), **given) == [Reason.WRONG_STATE]


def _keep(town: Town, whose: Actor, **values: object) -> None:
    town.database.act(lambda session: session.execute(update(Staff).where(Staff.id == whose.staff_id).values(**values)))
