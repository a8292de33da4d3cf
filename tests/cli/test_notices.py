"""``lending notices``: a mail server's report from standard input."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from lending.circulation import notices
from lending.circulation.telling import tell
from lending.cli.saying import BAD_INPUT
from lending.db import Database
from lending.models.notices import Carrier, Channel, Notice, NoticeState
from lending.models.people import Patron
from tests.cast import NOW, assemble
from tests.circulation.kits_in_hand import only
from tests.mail.reports import report


def sent(database: Database) -> str:
    """A notice that left by e-mail; its public id."""
    cast = assemble(database)

    def act(session: Any) -> None:
        session.execute(update(Patron).where(Patron.id == cast.luis_id).values(email="luis@example.org"))
        tell(session, "news", subject="programme:1", patron_id=cast.luis_id, at=NOW)

    database.act(act)
    claimed = database.act(lambda session: notices.claim(session, Channel.EMAIL, at=NOW, by=cast.system))
    assert claimed is not None
    database.act(lambda session: notices.mark_sent(session, claimed.id, Carrier.SMTP, at=NOW, by=cast.system))
    return claimed.public_id


def test_a_report_marks_its_notice_once(lending: Any, database: Database) -> None:
    name = f"<notice.{sent(database)}@library.example.org>"
    said = [lending("notices", "bounced", input=report(name=name).decode()) for _ in range(2)]
    assert [done.exit_code for done in said] == [0, 0]
    assert "came back" in said[0].output
    assert said[1].output == "Nothing to note.\n"
    with database.read() as session:
        found = {notice.channel: notice.state for notice in session.query(Notice)}
    assert found[Channel.EMAIL] is NoticeState.FAILED


def test_a_report_of_a_delay_changes_nothing(lending: Any, database: Database) -> None:
    name = f"<notice.{sent(database)}@library.example.org>"
    late = report(name=name, action="delayed", status="4.4.1").decode()
    assert lending("notices", "bounced", input=late).output == "Nothing to note.\n"
    assert only(database, Notice).state is NoticeState.SENT


def test_what_is_no_report_is_said_so(lending: Any) -> None:
    done = lending("notices", "bounced", input="Subject: Hello\n\nIs the kit free?\n")
    assert done.exit_code == BAD_INPUT
    assert "no report" in done.output
