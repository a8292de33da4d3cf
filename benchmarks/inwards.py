"""S9: a webhook at every hostile address, and a name that turns inwards after it was added: how many are reached."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

from sqlalchemy import select

from benchmarks.engines import Engine
from benchmarks.figures import Figure
from lending import settings
from lending.circulation.webhooks import add_webhook, try_webhook
from lending.clock import MovingClock
from lending.db import Database
from lending.errors import Refused
from lending.jobs.webhooks import Messenger
from lending.library import Library
from lending.mail.outward import places
from lending.models.webhooks import Webhook
from tests.cast import assemble
from tests.mail.doorkeeper import HOSTILE, doorkeeping, resolver

INWARDS = ("127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.1 93.184.215.14")


def inwards(engine: Engine, *, today: date) -> Iterator[Figure]:
    """Add them as if nobody had looked at the address, send to each, and count who knocks at this machine."""
    at = datetime.combine(today, time(12), UTC)
    database = Database.from_url(engine.migrated())
    cast, added, let_in = assemble(database), 0, 0
    with tempfile.TemporaryDirectory() as folder, doorkeeping() as keeper:
        chosen = settings.load({}, instance=Path(folder), given={"notices_a_second": 0})
        library = Library(database, MovingClock(at), None, chosen)
        key = chosen.secret_key
        urls = [f"{scheme}://{host}:{keeper.port}/" for host in HOSTILE for scheme in ("https", "http")]
        for url in [*urls, *(f"https://hooks.example.org:{keeper.port}/{n}" for n in range(len(INWARDS)))]:
            made = database.act(lambda s, url=url: add_webhook(s, url=url, events=["*"], key=key, at=at, by=cast.eli))
            database.act(lambda s, made=made: try_webhook(s, webhook=made.webhook, at=at, by=cast.eli))
            added += 1
        let_in = sum(_is_let_in(url) for url in urls)
        with database.read() as session:
            webhooks = session.execute(select(Webhook.id, Webhook.url).order_by(Webhook.id)).all()
        for webhook_id, url in webhooks:
            named = "example.org" in url
            names = resolver(INWARDS[int(url.rpartition("/")[2])]) if named else None
            Messenger(library, lambda: at, lambda: cast.system, resolve=names).send(webhook_id)
    database.close()
    beside = {"addresses": float(added)}
    yield Figure("S9", engine.name, "hostile addresses reached", len(keeper.knocks), "reached", reach=0, beside=beside)
    yield Figure("S9", engine.name, "hostile addresses that a door lets in", let_in, "let in", reach=0)


def _is_let_in(url: str) -> bool:
    try:
        places(url)
    except Refused:
        return False
    return True
