"""By which channel a patron is told, and that nothing is told twice."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lending.circulation.telling import CHANNEL, CONTACT, channel_of, tell, untell
from lending.db import Database
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.people import Patron
from tests.cast import NOW, Cast, assemble
from tests.circulation.kits_in_hand import rows

MAIL, PHONE = {"email": "ada@example.org"}, {"phone": "+12135550142"}
AGREED = {"text_consent_at": NOW}


def told(database: Database, cast: Cast, **ada: Any) -> Channel:
    def act(session: Any) -> None:
        session.execute(update(Patron).where(Patron.id == cast.ada_id).values(note=None, **ada))
        tell(session, "ready", subject="reservation:x", patron_id=cast.ada_id, at=NOW)

    database.act(act)
    return rows(database, Notice)[0].channel


@pytest.mark.parametrize(
    ("ada", "channel"),
    [
        ({}, Channel.LETTER),
        (MAIL, Channel.EMAIL),
        (MAIL | PHONE | AGREED, Channel.EMAIL),
        (PHONE | AGREED, Channel.TEXT),
        (PHONE, Channel.LETTER),
        (MAIL | PHONE | AGREED | {"notice_channel": Channel.TEXT}, Channel.TEXT),
        (MAIL | PHONE | {"notice_channel": Channel.TEXT}, Channel.EMAIL),
        (MAIL | {"notice_channel": Channel.LETTER}, Channel.LETTER),
        (MAIL | PHONE | {"notice_channel": Channel.CALL}, Channel.CALL),
        (MAIL | {"notice_channel": Channel.CALL}, Channel.EMAIL),
        (MAIL | {"email_refused_at": NOW}, Channel.LETTER),
        (MAIL | PHONE | AGREED | {"email_refused_at": NOW}, Channel.TEXT),
    ],
)
def test_a_patron_is_told_as_they_asked_or_as_they_can_be(
    sqlite_database: Database, ada: dict[str, Any], channel: Channel
) -> None:
    assert told(sqlite_database, assemble(sqlite_database), **ada) is channel


def test_the_same_is_told_once_and_again_only_after_it_was_taken_back(database: Database, cast: Cast) -> None:
    told(database, cast, **MAIL)
    told(database, cast)
    (notice,) = rows(database, Notice)
    assert (notice.state, notice.due_at) == (NoticeState.PENDING, NOW)
    database.act(lambda session: untell(session, "ready", subject="reservation:x"))
    assert rows(database, Notice)[0].state is NoticeState.CANCELLED
    later = NOW + timedelta(days=1)
    database.act(lambda s: tell(s, "ready", subject="reservation:x", patron_id=cast.ada_id, at=later))
    (notice,) = rows(database, Notice)
    assert (notice.state, notice.due_at) == (NoticeState.PENDING, later)


def test_nobody_is_told_where_the_link_was_cut(database: Database, cast: Cast) -> None:
    database.act(lambda session: tell(session, "ready", subject="reservation:x", patron_id=None, at=NOW))
    assert rows(database, Notice) == []


def test_the_database_chooses_the_channel_that_the_verbs_choose(database: Database) -> None:
    cast = assemble(database)
    ways = product((None, *Channel), ("ada@example.org", None), (NOW, None), ("+12135550142", None), (NOW, None))
    for asked, email, refused, phone, consent in ways:
        given = {
            "notice_channel": asked,
            "email": email,
            "email_refused_at": refused,
            "phone": phone,
            "text_consent_at": consent,
        }

        def look(session: Session, given: dict[str, Any] = given) -> tuple[Channel, Channel]:
            session.execute(update(Patron).where(Patron.id == cast.ada_id).values(given))
            row = session.execute(select(*CONTACT, CHANNEL.label("said")).where(Patron.id == cast.ada_id)).one()
            return row.said, channel_of(row)

        said, chosen = database.act(look)
        assert said is chosen, given
