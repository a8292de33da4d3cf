"""A patron whose name, card, addresses and number are like nobody else's: whatever is done about them, no log has any.

Notices that arrive and notices that are refused by servers which repeat what they were told, tasks, calls, letters,
hooks, searches and statements. Source: RULES 8, "No card number, name, address, e-mail, phone or PIN in any log".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from lending import logs
from lending.circulation.overdue import Stretch, climb
from lending.circulation.telling import tell
from lending.db import Database
from lending.domain.ladders import DEFAULT
from lending.domain.signatures import signed
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.base import Base
from lending.models.loans import Loan
from lending.models.notices import Channel
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from tests.cast import LUIS, NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import lend, only, receive
from tests.mail.http_peer import Asked, HttpPeer, http_server
from tests.mail.peer import Peer, mail_server
from tests.web.browsers import Browser
from tests.web.test_tasks import LATE

CANARY = {
    "name": "Zebulon Quaggaworth",
    "email": "zebulon.canary@quagga.example",
    "phone": "+12135550177",
    "street": "77 Canary Lane",
    "postal_code": "90177",
    "note": "keeps a quagga",
}
SECRET = "the secret of a gateway, 40 signs long.."
KEPT_FOR_LONG = ("notices", "job_runs", "journal", "webhook_deliveries")
"""Rows that outlive a patron's link, or that an administrator reads as a log."""


@pytest.fixture
def sung(app: Flask, sqlite_database: Database, cast: Cast) -> Iterator[Library]:
    """A library with a mail server and a gateway, both of which refuse and say whom; the canary has a kit."""
    mail, gateway = Peer(), HttpPeer(answer=echo)
    mail.to_address = lambda address: f"550 5.1.1 <{address}> {CANARY['name']} is unknown here"
    change(sqlite_database, cast, **CANARY, name_key="zebulon quaggaworth", text_consent_at=NOW)
    with mail_server(mail) as smtp_url, http_server(gateway) as text_url:
        library: Library = app.extensions["lending"]
        given = {"smtp_url": smtp_url, "text_url": text_url, "text_secret": SECRET, "bounce_secret": SECRET}
        opened = replace(library, settings=replace(library.settings, **given))
        app.extensions["lending"] = opened
        logs.configure("DEBUG")
        yield opened
        assert gateway.asked
        logs.configure(library.settings.log_level)


def echo(asked: Asked) -> tuple[int, bytes]:
    """A gateway's refusal that repeats what it was sent."""
    return 400, json.dumps({"problem": asked.body.decode()}).encode()


def change(database: Database, cast: Cast, **values: Any) -> None:
    database.act(lambda session: session.execute(update(Patron).where(Patron.id == cast.luis_id).values(**values)))


def tell_by(database: Database, cast: Cast, channel: Channel, step: str) -> None:
    change(database, cast, notice_channel=channel)
    loan = only(database, Loan)
    subject = f"loan:{loan.public_id}"
    database.act(
        lambda session: tell(session, step, subject=subject, patron_id=cast.luis_id, at=NOW, loan_id=loan.id) and None
    )


def task(database: Database, kind: TaskKind) -> str:
    with database.read() as session:
        return session.scalars(select(Task.public_id).where(Task.kind == kind, Task.closed_at.is_(None))).first() or ""


def hear(app: Flask, path: str, said: dict[str, Any]) -> None:
    body = json.dumps(said).encode()
    for secret, status in (("another secret that is as long as it", 401), (SECRET, 200)):
        headers = signed(secret, body, at=app.extensions["lending"].clock.now())
        assert app.test_client().post(f"/hooks/{path}", data=body, headers=headers).status_code == status


def test_no_log_names_a_patron(
    app: Flask,
    sung: Library,
    sqlite_database: Database,
    cast: Cast,
    ben: Browser,
    eli: Browser,
    capfd: pytest.CaptureFixture[str],
) -> None:
    lend(sqlite_database, cast)
    with sqlite_database.read() as session:
        patron = session.get_one(Patron, cast.luis_id).public_id
    for channel, step in ((Channel.EMAIL, "due_in_7_days"), (Channel.TEXT, "due_in_3_days"), (Channel.CALL, "overdue")):
        tell_by(sqlite_database, cast, channel, step)
        SWEEPS["notices"](sung, NOW)
        change(sqlite_database, cast, **CANARY, text_consent_at=NOW, text_consent_wording="Yes.")
    for browser in (ben, eli):
        for page in (
            "/tasks",
            "/calls",
            "/notices/letters",
            f"/patrons/{patron}",
            f"/slips/patrons/{patron}/statement",
        ):
            assert browser.get(page).status_code == 200, page
        for asked in ("Quaggaworth", CANARY["email"], CANARY["phone"], LUIS):
            browser.get("/search", query_string={"q": asked})
            browser.get(f"/patrons/{asked}")
            browser.get(f"/kits/{asked}?q={asked}")
    eli.get("/administration/notices/log")
    ben.post(f"/tasks/{task(sqlite_database, TaskKind.BOUNCE)}/finish", {"key": "f" * 16, "outcome": "asked them"})
    ben.post("/calls", {"key": "c" * 16, "task": task(sqlite_database, TaskKind.CALL), "outcome": "wrong_number"})
    change(sqlite_database, cast, **CANARY)
    hear(app, "texts", {"from": CANARY["phone"], "text": f"STOP {CANARY['name']}"})
    hear(app, "texts", {"from": CANARY["phone"], "text": "STOP"})
    hear(app, "bounces", {"message_id": f"<{CANARY['email']}>", "permanent": True})
    ben.scan(LUIS)
    ben.scan(LUIS, screen="returns")
    stretch = Stretch(cast.ela, cast.laptop_hotspot)
    sqlite_database.act(lambda s: climb(s, stretch, DEFAULT, at=LATE, by=cast.system, limit=10) and None)
    SWEEPS["notices"](sung, LATE)
    SWEEPS["overdue"](sung, LATE)
    receive(sqlite_database, cast, OPEN_KIT, at=LATE)
    out, err = capfd.readouterr()
    assert '"rule": "/calls"' in out, "the log was read"
    kept = out + err + rows_kept(sqlite_database)
    assert [text for text in (*CANARY.values(), "Quagga", "quagga", "555-0177", LUIS) if text in kept] == []


def rows_kept(database: Database) -> str:
    with database.read() as session:
        tables = (Base.metadata.tables[name] for name in KEPT_FOR_LONG)
        return " ".join(str(dict(row._mapping)) for table in tables for row in session.execute(select(table)))
