"""Claims about signing in: how many guesses are compared, by what they are counted, and sessions that ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from lending.circulation import sign_ins
from lending.circulation.sign_ins import Guess
from lending.db import Database
from lending.errors import Block, Reason, Refused
from lending.models.people import EndedSession, SignInLimit
from tests.circulation.town import AT

MINUTE = timedelta(minutes=1)
ACCOUNT = "staff:ben"
HERE, THERE = "where-ben-works", "where-a-stranger-sits"


def _guess(
    database: Database, at: datetime, account: str = ACCOUNT, address: str | None = None, browser: str | None = None
) -> bool:
    """Whether a guess may be compared."""
    guess = Guess(account, address, browser)
    try:
        database.act(lambda session: sign_ins.reserve_guess(session, guess, at=at))
    except Refused as refused:
        if refused.blocks[0].reason is not Reason.SIGN_IN_LOCKED:
            raise
        return False
    return True


def test_ten_guesses_are_compared_and_no_more(database: Database) -> None:
    assert [_guess(database, AT + n * MINUTE / 10) for n in range(12)] == [True] * 10 + [False] * 2


def test_in_no_quarter_of_an_hour_are_more_than_ten_compared(database: Database) -> None:
    """One guess every 20 seconds for two hours, by somebody who never gives up."""
    instants = [AT + n * MINUTE / 3 for n in range(360)]
    compared = [at for at in instants if _guess(database, at)]
    assert len(compared) > 40
    for begin in compared:
        assert sum(begin <= at < begin + sign_ins.GUESSING_TIME for at in compared) <= sign_ins.GUESSES


def test_the_owner_is_let_in_again_a_quarter_of_an_hour_after_the_last_guess(database: Database) -> None:
    for _ in range(10):
        assert _guess(database, AT)
    assert not _guess(database, AT + 14 * MINUTE)
    assert _guess(database, AT + 15 * MINUTE)


def test_the_refusal_says_until_when(database: Database) -> None:
    for _ in range(10):
        _guess(database, AT)
    with pytest.raises(Refused) as refused:
        database.act(lambda session: sign_ins.reserve_guess(session, Guess(ACCOUNT), at=AT + MINUTE))
    assert refused.value.blocks == (Block(Reason.SIGN_IN_LOCKED, {"until": AT + 15 * MINUTE}),)


def test_a_right_guess_forgets_the_wrong_ones(database: Database) -> None:
    for _ in range(9):
        _guess(database, AT)
    database.act(lambda session: sign_ins.guessed_right(session, Guess(ACCOUNT)))
    assert [_guess(database, AT) for _ in range(10)] == [True] * 10


def test_accounts_are_counted_apart_and_by_digest_whatever_the_case(database: Database) -> None:
    for name in ("staff:ben", "staff:BEN", "patron:ben", "staff:nobody"):
        _guess(database, AT, name)
    with database.read() as session:
        kept = {row.account: row.guesses for row in session.scalars(select(SignInLimit))}
    assert sorted(kept.values()) == [1, 1, 2]
    assert not [account for account in kept if "ben" in account or "nobody" in account]


def test_guesses_at_once_are_counted_one_by_one(database: Database) -> None:
    with ThreadPoolExecutor(8) as workers:
        compared = list(workers.map(lambda _: _guess(database, AT), range(40)))
    assert compared.count(True) == sign_ins.GUESSES


def test_old_guesses_are_forgotten(database: Database) -> None:
    _guess(database, AT, "staff:old")
    _guess(database, AT + 10 * MINUTE, "staff:new")
    assert database.act(lambda session: sign_ins.forget_guesses(session, at=AT + 15 * MINUTE)) == 1
    with database.read() as session:
        assert len(session.scalars(select(SignInLimit)).all()) == 1


def test_one_address_does_not_use_up_all_the_guesses_of_an_account(database: Database) -> None:
    assert [_guess(database, AT, address=THERE) for _ in range(10)] == [True] * 8 + [False] * 2
    assert [_guess(database, AT, address=HERE) for _ in range(4)] == [True] * 2 + [False] * 2
    assert not _guess(database, AT, address="elsewhere"), "ten are ten, from however many addresses"


def test_what_is_refused_by_one_counter_is_counted_by_none(database: Database) -> None:
    for _ in range(20):
        _guess(database, AT, address=THERE)
    with database.read() as session:
        assert set(session.scalars(select(SignInLimit.guesses))) == {sign_ins.FROM_ONE_ADDRESS}


def test_a_browser_that_is_known_waits_for_no_stranger(database: Database) -> None:
    for address in (HERE, THERE):
        for _ in range(9):
            _guess(database, AT, address=address)
    assert not _guess(database, AT, address=HERE)
    assert [_guess(database, AT, address=HERE, browser="bens") for _ in range(12)] == [True] * 10 + [False] * 2
    assert _guess(database, AT, "staff:cleo", browser="bens"), "its guesses are counted for each account"


def test_what_a_known_browser_gets_right_gives_strangers_no_new_guesses(database: Database) -> None:
    for address in (HERE, THERE):
        for _ in range(5):
            _guess(database, AT, address=address)
    mine = Guess(ACCOUNT, HERE, "bens")
    database.act(lambda session: sign_ins.reserve_guess(session, mine, at=AT))
    database.act(lambda session: sign_ins.guessed_right(session, mine))
    assert not _guess(database, AT, address=HERE)
    assert not _guess(database, AT, address="elsewhere")


def test_one_address_that_guesses_at_everybody_is_slowed(database: Database) -> None:
    tried = [_guess(database, AT, f"staff:nobody{n}", THERE) for n in range(60)]
    assert tried == [True] * sign_ins.OF_ONE_ADDRESS + [False] * 10
    assert _guess(database, AT, "staff:nobody99", HERE)
    assert _guess(database, AT + 15 * MINUTE, "staff:nobody99", THERE)


def test_an_account_of_ones_own_does_not_wash_guesses_off_an_address(database: Database) -> None:
    own = Guess("staff:mallory", THERE)
    tried = 0
    for n in range(80):
        tried += _guess(database, AT, f"staff:nobody{n}", THERE)
        if n % 4 == 0 and _guess(database, AT, own.account, THERE):
            database.act(lambda session: sign_ins.guessed_right(session, own))
    assert tried == sign_ins.OF_ONE_ADDRESS


def test_who_signs_in_rightly_is_not_counted_by_the_address_that_many_share(database: Database) -> None:
    for n in range(sign_ins.OF_ONE_ADDRESS + 10):
        guess = Guess(f"staff:desk{n}", HERE)
        database.act(lambda session, guess=guess: sign_ins.reserve_guess(session, guess, at=AT))
        database.act(lambda session, guess=guess: sign_ins.guessed_right(session, guess))
    assert _guess(database, AT, address=HERE)


def test_no_counter_tells_whose_it_is_or_where_from(database: Database) -> None:
    _guess(database, AT, address=THERE)
    _guess(database, AT, browser="bens")
    with database.read() as session:
        kept = " ".join(session.scalars(select(SignInLimit.account)))
    assert [word for word in ("ben", THERE) if word in kept] == []
    assert sorted(each.partition(":")[0] for each in kept.split()) == ["address", "browser", "from", "staff"]


def test_guesses_from_many_addresses_at_once_are_ten_in_all(database: Database) -> None:
    with ThreadPoolExecutor(8) as workers:
        compared = list(workers.map(lambda n: _guess(database, AT, address=f"network {n % 8}"), range(40)))
    assert compared.count(True) == sign_ins.GUESSES


def test_a_session_is_ended_once_however_often_it_is_asked_and_forgotten_after_a_shift(database: Database) -> None:
    shift = timedelta(hours=12)
    for at in (AT, AT + MINUTE):
        database.act(lambda session, at=at: sign_ins.end_session(session, digest="a" * 64, at=at))
    ended = select(EndedSession.ended_at)
    with database.read() as session:
        assert session.scalars(ended).all() == [AT]
    assert database.act(lambda s: sign_ins.forget_sessions(s, shift=shift, at=AT + shift - MINUTE)) == 0
    assert database.act(lambda s: sign_ins.forget_sessions(s, shift=shift, at=AT + shift)) == 1
