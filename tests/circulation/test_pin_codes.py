"""Codes for a new PIN, on both engines: sent to what the library has, good once, for minutes, and not to be guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lending.circulation.notices import claim, give_up
from lending.circulation.pin_codes import CodeGiven, forget_codes, give_code, send_code, use_code
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.domain.pins import CODE_TRIES, code_digest, code_named
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.journal import JournalEntry
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.people import Patron, PinCode
from tests.cast import ADA, LUIS, NOW, Cast
from tests.circulation.kits_in_hand import only, rows
from tests.races import race, without_locks

KEY = "k" * 40
PIN, HASH = "739120", "a hash"


def system() -> Actor:
    return Actor(Role.SYSTEM, Door.WEB, new_public_id())


def reach(database: Database, cast: Cast, **values: object) -> None:
    database.act(lambda s: s.execute(update(Patron).where(Patron.id == cast.luis_id).values(**values)))


def send(database: Database, card: str = LUIS, at: datetime = NOW) -> None:
    database.act(lambda s: send_code(s, card=card, key=KEY, at=at, by=system()))


def sent(database: Database) -> str:
    """The newest code on its way."""
    return code_named(KEY, rows(database, Notice)[-1].subject.removeprefix("pin:"))


def using(code: str, card: str = LUIS, *, pin: str = PIN, at: datetime = NOW) -> Callable[[Session], str | None]:
    return lambda s: use_code(s, card=card, code=code, pin=pin, pin_hash=HASH, key=KEY, at=at, by=system())


def luis(database: Database, cast: Cast) -> Patron:
    return only(database, Patron, Patron.id == cast.luis_id)


@pytest.fixture
def code(database: Database, cast: Cast) -> str:
    """A code that was sent to Luis."""
    reach(database, cast, email="luis@example.org")
    send(database)
    return sent(database)


def test_the_right_code_gives_a_new_pin_and_ends_old_sessions(database: Database, cast: Cast, code: str) -> None:
    before = luis(database, cast)
    assert database.act(using(code)) == before.public_id
    after = luis(database, cast)
    assert after.pin_hash == HASH
    assert after.session_version != before.session_version


def test_it_goes_by_e_mail_or_by_text_to_who_agreed_and_never_by_letter(database: Database, cast: Cast) -> None:
    reach(database, cast, email="luis@example.org", notice_channel=Channel.LETTER)
    send(database)
    assert only(database, Notice).channel is Channel.EMAIL
    reach(database, cast, email=None, phone="+12135550148", text_consent_at=NOW)
    send(database)
    assert [notice.channel for notice in rows(database, Notice)] == [Channel.EMAIL, Channel.TEXT]


@pytest.mark.parametrize(
    "values",
    [{"email": None}, {"phone": "+12135550148"}, {"email": "luis@example.org", "email_refused_at": NOW}],
)
def test_who_cannot_be_reached_gets_none(database: Database, cast: Cast, values: dict[str, object]) -> None:
    reach(database, cast, **values)
    send(database)
    send(database, "29999000009999")
    assert (rows(database, PinCode), rows(database, Notice)) == ([], [])


def test_a_code_is_good_once(database: Database, cast: Cast, code: str) -> None:
    database.act(using(code))
    assert database.act(using(code)) is None


@pytest.mark.parametrize(("minutes", "opens"), [(14, True), (15, False), (60, False)])
def test_a_code_is_good_for_a_quarter_of_an_hour(
    database: Database, cast: Cast, code: str, minutes: int, opens: bool
) -> None:
    assert (database.act(using(code, at=NOW + timedelta(minutes=minutes))) is not None) is opens


def test_after_five_wrong_ones_the_right_one_opens_nothing(database: Database, cast: Cast, code: str) -> None:
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(CODE_TRIES):
        assert database.act(using(wrong)) is None
    assert only(database, PinCode).tries == CODE_TRIES
    assert database.act(using(code)) is None
    assert luis(database, cast).pin_hash is None


def test_a_new_code_makes_the_one_before_worthless(database: Database, cast: Cast, code: str) -> None:
    send(database, at=NOW + timedelta(minutes=1))
    later = NOW + timedelta(minutes=2)
    assert database.act(using(code, at=later)) is None
    assert database.act(using(sent(database), at=later)) is not None


def test_anothers_code_opens_nothing(database: Database, cast: Cast, code: str) -> None:
    assert database.act(using(code, ADA)) is None
    assert database.act(using(code, "29999000009999")) is None


def test_a_birthday_is_no_pin_and_the_code_stays_good(database: Database, cast: Cast, code: str) -> None:
    with pytest.raises(Refused) as refused:
        database.act(using(code, pin="051790"))
    assert refused.value.blocks[0].reason is Reason.PIN_UNFIT
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert database.act(using(wrong, pin="051790")) is None, "whose birthday it is, is told to the right code alone"
    assert database.act(using(code)) is not None


def test_neither_row_nor_journal_holds_the_code(database: Database, cast: Cast, code: str) -> None:
    database.act(using(code))
    kept = only(database, PinCode)
    digests = [code_digest(key, luis(database, cast).public_id, code) for key in (KEY, "another key" * 4)]
    assert [kept.digest == digest for digest in digests] == [True, False], "the code alone makes no digest"
    assert not [entry for entry in rows(database, JournalEntry) if code in str(entry.detail)]
    assert code not in only(database, Notice).subject
    assert code_named("another key" * 4, only(database, Notice).subject.removeprefix("pin:")) != code


def test_the_desk_gives_one_to_patrons_of_its_own_branch(database: Database, cast: Cast) -> None:
    whose = luis(database, cast).public_id

    def give(by: Actor) -> CodeGiven:
        return database.act(lambda s: give_code(s, patron=whose, key=KEY, at=NOW, by=by))

    for stranger in (cast.cleo, cast.dora, Actor(Role.PATRON, Door.WEB, new_public_id(), patron_id=cast.luis_id)):
        with pytest.raises(Refused):
            give(stranger)
    given = give(cast.ben)
    assert given.until == NOW + timedelta(minutes=15)
    assert rows(database, Notice) == []
    assert database.act(using(given.code)) == whose


def test_a_code_that_was_asked_for_at_night_leaves_at_once(database: Database, cast: Cast) -> None:
    night = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
    reach(database, cast, phone="+12135550148", text_consent_at=NOW)
    send(database, at=night)
    claimed = database.act(lambda s: claim(s, Channel.TEXT, at=night, by=cast.system))
    assert claimed is not None


def test_what_opens_nothing_any_more_is_forgotten_after_a_day(database: Database, cast: Cast, code: str) -> None:
    assert database.act(lambda s: forget_codes(s, at=NOW + timedelta(hours=24))) == 0
    assert database.act(lambda s: forget_codes(s, at=NOW + timedelta(hours=24, minutes=15))) == 1


def test_of_two_who_type_it_at_once_one_gets_in(database: Database, cast: Cast, code: str) -> None:
    outcome = race(database, using(code), using(code))
    assert outcome.broken == []
    assert sorted(answer is None for answer in outcome.done) == [False, True]


def test_without_the_lock_both_would(database: Database, cast: Cast, code: str) -> None:
    with without_locks(database):
        outcome = race(database, using(code), using(code))
    assert [answer is None for answer in outcome.done] == [False, False]


def test_a_code_that_opens_nothing_any_more_is_not_sent(database: Database, cast: Cast, code: str) -> None:
    """A mail server was away for a quarter of an hour."""
    late = NOW + timedelta(minutes=15)
    assert database.act(lambda s: claim(s, Channel.EMAIL, at=late, by=system())) is None
    assert only(database, Notice).state is NoticeState.CANCELLED


def test_of_two_codes_the_newer_one_alone_is_sent(database: Database, cast: Cast, code: str) -> None:
    later = NOW + timedelta(minutes=1)
    send(database, at=later)
    claimed = [database.act(lambda s: claim(s, Channel.EMAIL, at=later, by=system())) for _ in range(2)]
    newest = rows(database, Notice)[-1].public_id
    assert [one and one.public_id for one in claimed] == [newest, None]


@pytest.mark.parametrize(
    ("values", "instead"),
    [
        ({}, []),
        ({"phone": "+12135550148", "notice_channel": Channel.CALL}, []),
        ({"phone": "+12135550148", "text_consent_at": NOW}, [(Channel.TEXT, NOW)]),
    ],
)
def test_a_code_that_mail_refuses_is_texted_as_old_as_it_is_and_never_printed_or_read_aloud(
    database: Database, cast: Cast, code: str, values: dict[str, object], instead: list[tuple[Channel, datetime]]
) -> None:
    if values:
        reach(database, cast, **values)
    later = NOW + timedelta(minutes=5)
    claimed = database.act(lambda s: claim(s, Channel.EMAIL, at=later, by=system()))
    assert claimed is not None
    database.act(lambda s: give_up(s, claimed.id, "smtp 550", address_is_wrong=True, at=later, by=system()))
    assert [(notice.channel, notice.made_at) for notice in rows(database, Notice)[1:]] == instead
