"""R12 in small: the process that sends is killed at every point of sending, and nobody misses a notice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.telling import new_notice, put_in_outbox
from lending.db import Database
from lending.models.loans import Loan
from lending.models.notices import Notice, NoticeState
from lending.models.people import Patron
from tests.cast import NOW, assemble
from tests.circulation.kits_in_hand import lend, rows
from tests.jobs.killing import IN_BETWEEN, POINTS, schedulers
from tests.mail.peer import Peer, mail_server

NOTICES = 100
TAKES_OVER_WITHIN = 30.0


def tell(database: Database) -> None:
    """Luis has a kit, and as many notices about it wait for him as if he had as many kits."""
    lend(database, assemble(database), at=NOW - timedelta(days=1))

    def act(session: Session) -> None:
        loan = session.scalars(select(Loan)).one()
        patron = session.get_one(Patron, loan.patron_id)
        patron.email = "luis@example.org"
        about = {"patron_id": patron.id, "loan_id": loan.id, "term": 1, "at": NOW}
        many = [new_notice("due_today", patron, subject=f"loan:{n}:1", **about) for n in range(NOTICES)]  # type: ignore[arg-type]  # a patron has the columns of a row
        put_in_outbox(session, many)

    database.act(act)


def test_killing_the_sender_at_any_point_loses_nothing_and_repeats_only_what_the_server_took_and_we_did_not_keep(
    database: Database, tmp_path: Path
) -> None:
    tell(database)
    peer = Peer()
    with mail_server(peer) as url, schedulers(database, tmp_path, peer, url, NOW, 2) as running:
        for point in POINTS:
            running.kill_at(point)
        running.settle()
    assert running.kills == dict.fromkeys(POINTS, 1)
    made = rows(database, Notice, Notice.step == "due_today")
    assert {notice.state for notice in made} == {NoticeState.SENT}
    sent = {f"<notice.{notice.public_id}@example.org>" for notice in made}
    assert sent <= {str(message["Message-ID"]) for message in peer.taken}, "somebody was not told"
    assert sum(running.twice().values()) <= len(IN_BETWEEN)
    assert max(running.takeovers) <= TAKES_OVER_WITHIN
