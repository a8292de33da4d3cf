"""Letters: they wait until somebody prints them, and one that no longer holds is never marked as printed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import pytest
from sqlalchemy import update

from lending.circulation.notices import letters_waiting, mark_printed
from lending.circulation.telling import tell
from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.notices import Carrier, Channel, Notice, NoticeState
from lending.models.people import Patron
from tests.cast import NOW, Cast, assemble
from tests.circulation.kits_in_hand import journalled, only, receive, rows, why
from tests.circulation.test_notices import late


@pytest.fixture
def cast(database: Database) -> Cast:
    return assemble(database)


def write(database: Database, patron_id: int, name: str = "news") -> str:
    """Put a letter to somebody without e-mail and telephone into the outbox."""
    database.act(lambda session: tell(session, name, subject=f"programme:{patron_id}", patron_id=patron_id, at=NOW))
    notice = only(database, Notice, Notice.subject == f"programme:{patron_id}", Notice.step == name)
    assert notice.channel is Channel.LETTER
    return notice.public_id


def waiting(database: Database, *branch_ids: int) -> list[str]:
    with database.read() as session:
        return letters_waiting(session, branch_ids, at=NOW, limit=50)


def mark(database: Database, by: Actor, letters: Collection[str]) -> int:
    return database.act(lambda session: mark_printed(session, letters=letters, at=NOW + timedelta(hours=1), by=by))


def test_a_branch_prints_the_letters_of_its_own_patrons(database: Database, cast: Cast) -> None:
    ada, mina = write(database, cast.ada_id), write(database, cast.mina_id)
    assert (waiting(database, cast.ela), waiting(database, cast.com)) == ([ada], [mina])
    assert [mark(database, cast.ben, [ada]) for _ in range(2)] == [1, 0]
    printed = only(database, Notice, Notice.public_id == ada)
    assert (printed.state, printed.carrier) == (NoticeState.SENT, Carrier.PRINTED)
    assert waiting(database, cast.ela) == []
    assert [entry.detail for entry in journalled(database, "print_letters")] == [{"letters": 1}]


def test_another_branchs_letter_and_one_that_nobody_knows_are_refused(database: Database, cast: Cast) -> None:
    ada, mina = write(database, cast.ada_id), write(database, cast.mina_id)
    for letters, reason in (
        ([ada, mina], Reason.NOT_PERMITTED),
        ([ada, "x" * 16], Reason.NOT_FOUND),
        ([], Reason.NOT_FOUND),
    ):
        with pytest.raises(Refused) as refused:
            mark(database, cast.ben, letters)
        assert why(refused) == [reason]
    assert {notice.state for notice in rows(database, Notice)} == {NoticeState.PENDING}


def test_who_has_an_address_comes_first(database: Database, cast: Cast) -> None:
    ada, luis = write(database, cast.ada_id), write(database, cast.luis_id)
    database.act(lambda s: s.execute(update(Patron).where(Patron.id == cast.luis_id).values(street="12 Elm Street")))
    assert waiting(database, cast.ela) == [luis, ada]


def test_a_letter_about_a_kit_that_is_back_is_not_printed(database: Database, cast: Cast) -> None:
    at = late(database, cast)
    letter = only(database, Notice).public_id
    receive(database, cast, at=at)
    database.act(lambda s: s.execute(update(Notice).values(state=NoticeState.PENDING)))  # as if nobody had cancelled it
    with database.read() as session:
        assert letters_waiting(session, None, at=at, limit=50) == []
    assert mark(database, cast.ben, [letter]) == 0
    assert only(database, Notice, Notice.public_id == letter).state is NoticeState.CANCELLED
