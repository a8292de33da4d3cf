"""Text messages that somebody wants no more, and e-mail that came back after it had left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from lending.circulation import notices
from lending.circulation.patrons import change
from lending.circulation.stopping import stop_texts
from lending.circulation.telling import tell
from lending.db import Database
from lending.models.journal import JournalEntry
from lending.models.notices import Carrier, Channel, Notice, NoticeState
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, Cast, assemble
from tests.circulation.kits_in_hand import only, rows

PHONE = "+12135550142"
LATER = NOW + timedelta(hours=1)
AGREED: dict[str, Any] = {"phone": PHONE, "text_consent_at": NOW, "text_consent_wording": "Text me."}


@pytest.fixture
def cast(database: Database) -> Cast:
    return assemble(database)


def changes(database: Database, patron_id: int, **values: object) -> None:
    database.act(lambda session: session.execute(update(Patron).where(Patron.id == patron_id).values(**values)))


def tell_luis(database: Database, cast: Cast, *, number: int = 1) -> None:
    def act(session: Any) -> None:
        for n in range(number):
            tell(session, "news", subject=f"programme:{n}", patron_id=cast.luis_id, at=NOW)

    database.act(act)


def stop(database: Database, cast: Cast, phone: str = PHONE) -> int:
    return database.act(lambda session: stop_texts(session, phone=phone, at=LATER, by=cast.system))


def came_back(database: Database, cast: Cast, notice: str, *, wrong: bool = True) -> bool:
    return database.act(
        lambda session: notices.bounced(session, notice, address_is_wrong=wrong, at=LATER, by=cast.system)
    )


def luis(database: Database, cast: Cast) -> Patron:
    with database.read() as session:
        return session.get_one(Patron, cast.luis_id)


def states(database: Database) -> list[tuple[Channel, NoticeState]]:
    return [(notice.channel, notice.state) for notice in sorted(rows(database, Notice), key=lambda one: one.id)]


def sent_by_mail(database: Database, cast: Cast) -> str:
    """Tell Luis by e-mail, and send it; the notice's public id."""
    changes(database, cast.luis_id, email="luis@example.org")
    tell_luis(database, cast)
    claimed = database.act(lambda session: notices.claim(session, Channel.EMAIL, at=NOW, by=cast.system))
    assert claimed is not None
    database.act(lambda session: notices.mark_sent(session, claimed.id, Carrier.SMTP, at=NOW, by=cast.system))
    return claimed.public_id


def test_stop_takes_the_consent_of_everybody_with_the_number_and_of_nobody_else(database: Database, cast: Cast) -> None:
    for patron_id in (cast.luis_id, cast.ada_id):
        changes(database, patron_id, **AGREED)
    changes(database, cast.mina_id, **{**AGREED, "phone": "+12135550143"})
    assert stop(database, cast) == 2
    stopped = {patron.id: (patron.text_consent_at, patron.text_stopped_at) for patron in rows(database, Patron)}
    assert stopped[cast.luis_id] == stopped[cast.ada_id] == (None, LATER)
    assert stopped[cast.mina_id] == (NOW, None)
    assert luis(database, cast).text_consent_wording is None


def test_what_waits_to_be_texted_goes_by_another_channel_at_once(database: Database, cast: Cast) -> None:
    changes(database, cast.luis_id, **AGREED, notice_channel=Channel.TEXT, email="luis@example.org")
    tell_luis(database, cast, number=2)
    stop(database, cast)
    text, mail = (Channel.TEXT, NoticeState.CANCELLED), (Channel.EMAIL, NoticeState.PENDING)
    assert states(database) == [text, text, mail, mail]


def test_stop_is_on_the_journal_by_pseudonym_and_twice_is_no_harm(database: Database, cast: Cast) -> None:
    changes(database, cast.luis_id, **AGREED)
    stop(database, cast)
    stop(database, cast)
    with database.read() as session:
        found = session.scalars(select(JournalEntry).where(JournalEntry.verb == "stop_texts")).all()
    assert [entry.patron for entry in found] == [luis(database, cast).pseudonym] * 2
    assert PHONE not in str([entry.detail for entry in found])


def test_a_number_that_nobody_has_stops_nobody(database: Database, cast: Cast) -> None:
    changes(database, cast.luis_id, **AGREED)
    assert stop(database, cast, "+12135550199") == 0
    assert luis(database, cast).text_consent_at == NOW


def test_a_text_whose_patron_no_longer_agrees_is_not_claimed(database: Database, cast: Cast) -> None:
    """It was on its way when the patron stopped, failed, and waits to be tried again."""
    changes(database, cast.luis_id, **AGREED)
    tell_luis(database, cast)
    first = database.act(lambda session: notices.claim(session, Channel.TEXT, at=NOW, by=cast.system))
    assert first is not None
    stop(database, cast)
    database.act(lambda session: notices.try_later(session, first.id, "http 503", at=LATER, by=cast.system))
    again = LATER + timedelta(hours=1)
    assert database.act(lambda session: notices.claim(session, Channel.TEXT, at=again, by=cast.system)) is None
    assert states(database) == [(Channel.TEXT, NoticeState.CANCELLED), (Channel.LETTER, NoticeState.PENDING)]


def test_mail_that_came_back_is_work_for_staff_and_goes_by_another_channel(database: Database, cast: Cast) -> None:
    notice = sent_by_mail(database, cast)
    changes(database, cast.luis_id, **AGREED)
    assert came_back(database, cast, notice)
    assert states(database) == [(Channel.EMAIL, NoticeState.FAILED), (Channel.TEXT, NoticeState.PENDING)]
    assert luis(database, cast).email_refused_at == LATER
    task = only(database, Task)
    assert (task.kind, task.subject) == (TaskKind.BOUNCE, f"notice:{notice}")


def test_the_same_report_again_is_no_news(database: Database, cast: Cast) -> None:
    notice = sent_by_mail(database, cast)
    assert came_back(database, cast, notice)
    before = states(database)
    assert not came_back(database, cast, notice)
    assert not came_back(database, cast, "nobody")
    assert states(database) == before
    assert len(rows(database, Task)) == 1


def test_a_full_mailbox_is_written_to_again(database: Database, cast: Cast) -> None:
    assert came_back(database, cast, sent_by_mail(database, cast), wrong=False)
    assert luis(database, cast).email_refused_at is None
    assert states(database) == [(Channel.EMAIL, NoticeState.FAILED)]


def test_a_new_address_has_refused_nothing_and_the_same_one_has(database: Database, cast: Cast) -> None:
    changes(database, cast.luis_id, email="luis@example.org", email_refused_at=NOW)
    _change(database, cast, email="luis@EXAMPLE.org")
    assert luis(database, cast).email_refused_at == NOW
    _change(database, cast, email="ramos@example.org")
    assert luis(database, cast).email_refused_at is None


def test_a_consent_goes_with_its_number_unless_it_is_given_anew(database: Database, cast: Cast) -> None:
    changes(database, cast.luis_id, **AGREED)
    _change(database, cast, phone=PHONE, city="Los Angeles")
    assert luis(database, cast).text_consent_at == NOW
    _change(database, cast, phone="213-555-0177", text_consent_wording="Text me.")
    assert luis(database, cast).text_consent_at == LATER
    _change(database, cast, phone="213-555-0178")
    assert (luis(database, cast).text_consent_at, luis(database, cast).text_consent_wording) == (None, None)


def test_the_same_wording_again_keeps_the_time_at_which_it_was_agreed_to(database: Database, cast: Cast) -> None:
    changes(database, cast.luis_id, **AGREED)
    _change(database, cast, text_consent_wording="Text me.")
    assert luis(database, cast).text_consent_at == NOW


def test_agreeing_anew_after_a_stop_counts(database: Database, cast: Cast) -> None:
    changes(database, cast.luis_id, **AGREED)
    stop(database, cast)
    _change(database, cast, text_consent_wording="Text me.", notice_channel="text")
    patron = luis(database, cast)
    assert (patron.text_consent_at, patron.text_stopped_at, patron.notice_channel) == (LATER, None, Channel.TEXT)


def _change(database: Database, cast: Cast, **details: object) -> None:
    patron = luis(database, cast).public_id
    database.act(lambda session: change(session, patron=patron, details=details, at=LATER, by=cast.ben))
